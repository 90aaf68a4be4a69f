"""Ready journeys: `ready/<key>.json`, their templates in `hudhud/content/ready`, installed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from msgspec import structs

from hudhud.accounts.queries import get_workspace
from hudhud.consent.actions import create_default_topics
from hudhud.content import actions as content
from hudhud.coupons.actions import create_pool
from hudhud.coupons.queries import find_pools
from hudhud.coupons.types import PoolWishes
from hudhud.journeys import actions
from hudhud.journeys.graph import parse
from hudhud.journeys.installing.fitting import fit, settle
from hudhud.journeys.installing.questions import look, read_book
from hudhud.journeys.queries import get_version
from hudhud.journeys.types import JourneyNotFound
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
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
    return sorted({key for node in graph.nodes.values() if node.kind == "send" for key in node.templates()})


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


def install(ws: Scope, sandbox: Sandbox, key: str, now: datetime, *, by: str, answers: Mapping[str, str | int] | None = None) -> int:
    """Publish a ready journey with its templates, topics and pool, not yet started; return the version's number. Again: nothing happens.

    Templates of these keys that were written or changed here stay as they are, and are what it sends.
    `answers` by the keys of its questions (installing/questions.py); where none is given, what is guessed for sure stands.
    Raises `JourneyNotFound` for a key that is none of ours, `AnswersNeeded`, and `InvalidInput` for an answer that does not do.
    """
    graph = find_ready().get(key)
    if graph is None:
        raise JourneyNotFound(f"There is no ready journey {key!r}; there are {', '.join(find_ready())}.", key=key)
    try:
        # Both it and its mails may have been edited since.
        return get_version(ws, key)[1]
    except JourneyNotFound:
        create_default_topics(ws, now)
    known = look(ws, now)
    fitted = fit(graph, settle(key, answers or {}, known), known, now.date())
    _make_pools(ws, fitted.pools, {str(one.value) for one in known.pools}, now, by)
    for template in templates(graph):
        names, languages = content.read_ready(resources.files("hudhud.content.ready").joinpath(template))
        copies = {language: {part: fitted.rewrite(text) for part, text in copy.items()} for language, copy in languages.items()}
        content.publish_ready(ws, sandbox, template, names, copies, actor=by, now=now)
    return actions.publish(ws, _dated(fitted.graph, now), now, by=by)


def _make_pools(ws: Scope, wanted: Mapping[str, str], there: Collection[str], now: datetime, by: str) -> None:
    """Make the pools that there are not, without codes: only the shop knows which ones its till takes. Raises `InvalidInput` for one that is put away."""
    language = get_workspace(ws).language
    archived = {one.key for one in find_pools(ws, now, archived=True)}
    for question, pool in wanted.items():
        if pool in archived:
            raise InvalidInput(f"answers.{question}", pool, "this pool is archived: take it out again, or name another one")
        if pool not in there:
            one = read_book().questions[question]
            create_pool(ws, pool, PoolWishes(one.names.get(language, one.names["en"]), valid_days=one.valid_days), now, by=by)


def _dated(graph: Graph, now: datetime) -> Graph:
    """Let the target be due a quarter after the installation: the date in the file is that of an example."""
    if graph.target is None:
        return graph
    by = (now + QUARTER).date()
    return structs.replace(graph, target=structs.replace(graph.target, by=by))
