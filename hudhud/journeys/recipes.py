"""Ready journeys: `ready/<key>.json`, their templates in `hudhud/content/ready`, installed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from msgspec import structs

from hudhud.consent.actions import create_default_topics
from hudhud.content import actions as content
from hudhud.journeys import actions
from hudhud.journeys.graph import parse
from hudhud.journeys.queries import get_version
from hudhud.journeys.types import JourneyNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

QUARTER = timedelta(days=90)


@lru_cache(maxsize=1)
def find_ready() -> Mapping[str, Graph]:
    """Return the ready journeys by key."""
    files = sorted(resources.files("hudhud.journeys.ready").iterdir(), key=lambda file: file.name)
    graphs = [parse(file.read_bytes()) for file in files if file.name.endswith(".json")]
    return {graph.key: graph for graph in graphs}


def templates(graph: Graph) -> list[str]:
    """Return the keys of the templates that a journey sends."""
    return sorted({node.template for node in graph.nodes.values() if node.kind == "send"})


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """A mail of a ready journey: its names and subjects (Liquid) by language."""

    key: str
    names: dict[str, str]
    subjects: dict[str, str]


@lru_cache(maxsize=64)
def get_mail(template: str) -> ReadyMail:
    """Return what a ready template is called and says in its subject."""
    names, languages = content.read_ready(resources.files("hudhud.content.ready").joinpath(template))
    return ReadyMail(template, names, {language: copy["subject"] for language, copy in languages.items()})


def install(ws: Scope, sandbox: Sandbox, key: str, now: datetime, *, by: str) -> int:
    """Publish a ready journey with its templates and topics, not yet started; return the version's number. Again: nothing happens.

    Raises `JourneyNotFound` for a key that is none of ours.
    """
    graph = find_ready().get(key)
    if graph is None:
        raise JourneyNotFound(f"There is no ready journey {key!r}; there are {', '.join(find_ready())}.", key=key)
    try:
        # Both it and its mails may have been edited since.
        return get_version(ws, key)[1]
    except JourneyNotFound:
        create_default_topics(ws, now)
    for template in templates(graph):
        names, languages = content.read_ready(resources.files("hudhud.content.ready").joinpath(template))
        content.publish(ws, sandbox, template, names, languages, actor=by, now=now)
    return actions.publish(ws, _dated(graph, now), now, by=by)


def _dated(graph: Graph, now: datetime) -> Graph:
    """Let the target be due a quarter after the installation: the date in the file is that of an example."""
    if graph.target is None:
        return graph
    by = (now + QUARTER).date()
    return structs.replace(graph, target=structs.replace(graph.target, by=by))
