"""Commands about journeys: `hudhud journey publish|lint|diff|install|start|pause`, `hudhud rehearse`."""

from __future__ import annotations

import difflib
import json as jsonlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudhud.accounts.queries import get_workspace
from hudhud.app.commands import ACTOR, Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.content.sandbox import Sandbox
from hudhud.journeys import actions, queries, recipes
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.rehearsal import read_instant, rehearse
from hudhud.kit import clickhouse, clock
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.journeys.graph import Graph
    from hudhud.kit.config import Settings
    from hudhud.kit.db import Scope

journey = typer.Typer(name="journey", no_args_is_help=True, help="Journeys as files, and their state.")

File = Annotated[Path, typer.Argument(help="A journey as JSON.", exists=True, dir_okay=False, readable=True)]
Key = Annotated[str, typer.Argument(help="The journey's key.")]


@contextmanager
def _scope(data: Path | None, workspace: int | None) -> Iterator[tuple[Settings, Scope]]:
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        yield chosen, ws


def _read(file: Path) -> Graph:
    try:
        return parse(file.read_bytes())
    except OSError as error:
        raise InvalidInput("FILE", str(file), str(error.strerror)) from None


def _say(answer: dict[str, Any], text: str, *, json: bool) -> None:
    typer.echo(jsonlib.dumps(answer, ensure_ascii=False) if json else text)


@journey.command()
def publish(
    file: File,
    *,
    start_it: Annotated[bool, typer.Option("--start", help="Let it run at once.")] = False,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Publish a version; people under way stay on theirs. Example: hudhud journey publish second_order.json --start."""
    graph = _read(file)
    with _scope(data, workspace) as (chosen, ws):
        now = clock.from_setting(chosen.clock).now()
        number = actions.publish(ws, graph, now, by=ACTOR)
        if start_it:
            actions.start(ws, graph.key, now, by=ACTOR)
        state = queries.get_journey(ws, graph.key)["status"]
    _say({"key": graph.key, "number": number, "status": state}, f"{graph.key}: version {number}, {state}", json=json)


@journey.command()
def lint(file: File, *, json: Json = False) -> None:
    """Check a journey without a database; every problem names the node and the remedy. Example: hudhud journey lint cart.json."""
    graph = _read(file)
    is_canonical = file.read_text("utf-8") == canonical(graph)
    text = f"{graph.key}: sound, {len(graph.nodes)} nodes" + ("" if is_canonical else "; not in canonical form")
    _say({"key": graph.key, "nodes": len(graph.nodes), "canonical": is_canonical}, text, json=json)


@journey.command()
def diff(file: File, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Compare a file with the published version. Example: hudhud journey diff cart.json."""
    graph = _read(file)
    with _scope(data, workspace) as (_, ws):
        version, number = queries.get_version(ws, graph.key)
    lines = list(
        difflib.unified_diff(version.text.splitlines(), canonical(graph).splitlines(), f"version {number}", str(file), lineterm="")
    )
    _say({"key": graph.key, "number": number, "same": not lines, "diff": lines}, "\n".join(lines) or f"same as version {number}", json=json)


@journey.command()
def install(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Install a ready journey with its mails, not yet started. Example: hudhud journey install welcome."""
    sandbox = Sandbox()
    try:
        with _scope(data, workspace) as (chosen, ws):
            number = recipes.install(ws, sandbox, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    finally:
        sandbox.close()
    _say({"key": key, "number": number}, f"{key}: version {number}; start it with `hudhud journey start {key}`", json=json)


@journey.command()
def start(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Let a journey run. Example: hudhud journey start welcome."""
    with _scope(data, workspace) as (chosen, ws):
        actions.start(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    _say({"key": key, "status": "running"}, f"{key}: running", json=json)


@journey.command()
def drain(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Let a journey run out: nobody enters, who is inside goes on. Example: hudhud journey drain welcome."""
    with _scope(data, workspace) as (chosen, ws):
        actions.drain(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    _say({"key": key, "status": "draining"}, f"{key}: draining", json=json)


@journey.command()
def pause(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Stop a journey: nobody enters, nobody moves. Example: hudhud journey pause welcome."""
    with _scope(data, workspace) as (chosen, ws):
        actions.pause(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    _say({"key": key, "status": "paused"}, f"{key}: paused", json=json)


def rehearse_journey(
    key: Key,
    *,
    since: Annotated[str, typer.Option("--from", help="First day or instant, e.g. 1997-01-01.")],
    until: Annotated[str, typer.Option("--to", help="Last day (to its end) or instant.")],
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Drive a journey through history; nothing is written or sent. Example: hudhud rehearse cart --from 2026-01-01 --to 2026-03-31."""
    with opened(data) as (chosen, database):
        with database.workspace(choose_workspace(database, workspace)) as ws:
            version, number = queries.get_version(ws, key)
            zone = get_workspace(ws).time_zone
        begin, end = read_instant("--from", since, zone), read_instant("--to", until, zone, end_of_day=True)
        events = clickhouse.connect(chosen.clickhouse_url)
        try:
            found = rehearse(chosen.database_url, events, version, number, begin, end).to_dict()
        finally:
            events.close()
    _say(found, _as_text(found), json=json)


def _as_text(found: dict[str, Any]) -> str:
    ended = f"{found['finished']} to the end, {found['goal']} reached the goal, {found['exited']} left, {found['waiting']} still in it"
    head = [
        f"{found['journey']} version {found['version']}, {found['from']} … {found['to']}",
        f"{found['people']} people entered: {ended}",
        f"{found['sends']} messages planned, {found['deliverable']} of them deliverable",
    ]
    skips = [f"  {count} would be skipped: {reason}" for reason, count in found["skips"].items()]
    edges = [f"  {edge['from'] or 'entry'} ─{edge['edge']}→ {edge['to'] or 'out'}: {edge['count']}" for edge in found["edges"]]
    return "\n".join([*head, *skips, *edges, f"assumed: {', '.join(found['assumptions'])}"])
