"""Journeys as code: `hudhud journey lint|diff|publish|export|import|rehearse`, on files and folders. Exit codes: 0, 1 an error, 2 it differs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudhud.accounts.queries import get_workspace
from hudhud.app.commands import ACTOR, Data, Json, WorkspaceId
from hudhud.app.journey_saved import Check, Save, check_saved, save_rehearsal
from hudhud.app.journey_scope import attach, say
from hudhud.app.journey_words import say_changes, say_impact
from hudhud.journeys import actions, queries
from hudhud.journeys.checks import find_problems
from hudhud.journeys.editing.diff import compare
from hudhud.journeys.editing.impact import assess
from hudhud.journeys.editing.placing import read_rule
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.rehearsing.rehearsal import read_instant, rehearse
from hudhud.journeys.running.version import Version
from hudhud.journeys.types import InvalidJourney, JourneyNotFound
from hudhud.kit import clickhouse, clock
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

DIFFERENT = 2
SUFFIX = ".json"
MANY = 10_000
File = Annotated[Path, typer.Argument(help="A journey as JSON.", exists=True, dir_okay=False, readable=True)]
Files = Annotated[list[Path], typer.Argument(help="Journeys as JSON.", exists=True, dir_okay=False, readable=True)]
Folder = Annotated[Path, typer.Argument(help="A folder of journeys, KEY.json each.", file_okay=False)]
Runs = Annotated[str, typer.Option("--runs", help="What becomes of people under way: keep (run out on their version) or move.")]
Incomplete = Annotated[bool, typer.Option("--incomplete", help="Publish, although templates or topics are missing.")]


def read(file: Path) -> Graph:
    """Read a journey; raises `InvalidJourney`, `InvalidInput` for a file that cannot be read."""
    try:
        return parse(file.read_bytes())
    except OSError as error:
        raise InvalidInput("FILE", str(file), str(error.strerror)) from None


def lint(
    files: Files,
    *,
    installed: Annotated[bool, typer.Option("--installed", help="Also ask this installation for the templates and topics.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write sound files in their canonical form.")] = False,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Check journeys, without a database; each problem names the node and the remedy. Example: hudhud journey lint journeys/*.json."""
    found = [_lint(file, write=write) for file in files]
    if installed:
        with attach(data, workspace) as (_, ws):
            for one in found:
                if (graph := one["graph"]) is not None:
                    one["problems"] = [vars(problem) for problem in find_problems(ws, graph)]
    for one in found:
        del one["graph"]
        lines = [f"{one['file']}: {p['node'] or 'journey'}: {p['message']}; {p['remedy']}" for p in one["problems"]]
        sound = f"{one['file']}: {one['key']}: sound, {one['nodes']} nodes" + (
            "" if one["canonical"] else "; not in canonical form (--write)"
        )
        say(one, "\n".join(lines) or sound, json=json)
    if any(one["problems"] for one in found):
        raise typer.Exit(1)


def _lint(file: Path, *, write: bool) -> dict[str, Any]:
    try:
        graph = read(file)
    except InvalidJourney as error:
        return {"file": str(file), "key": None, "nodes": 0, "canonical": False, "problems": error.data["problems"], "graph": None}
    text = canonical(graph)
    is_canonical = file.read_text("utf-8") == text
    if write and not is_canonical:
        file.write_text(text, "utf-8")
    return {
        "file": str(file),
        "key": graph.key,
        "nodes": len(graph.nodes),
        "canonical": is_canonical or write,
        "problems": [],
        "graph": graph,
    }


def diff(
    file: File,
    *,
    against: Annotated[str | None, typer.Option("--against", help="Compare with this journey instead of the one of the same key.")] = None,
    runs: Runs = "keep",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 2 where there is a difference.")] = False,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Compare a file with the published version, and say what publishing would do. Example: hudhud journey diff cart.json --runs move."""
    graph, rule = read(file), read_rule(runs)
    with attach(data, workspace) as (chosen, ws):
        version, number = queries.get_version(ws, against or graph.key)
        changes = compare(version.graph, graph)
        events = clickhouse.connect(chosen.clickhouse_url)
        try:
            impact = assess(ws, events, version.key, graph, rule, clock.from_setting(chosen.clock).now())
        finally:
            events.close()
    lines = list(
        difflib.unified_diff(version.text.splitlines(), canonical(graph).splitlines(), f"version {number}", str(file), lineterm="")
    )
    told = {"key": graph.key, "number": number, "same": not changes, "diff": lines, "people": impact.totals()}
    said = [f"compared with version {number} of {version.key}:", *(f"  {line}" for line in say_changes(changes)), *say_impact(impact)]
    same = f"same as version {number}"
    say({**told, "words": say_changes(changes)}, "\n".join(said) if changes else same, json=json)
    if exit_code and changes:
        raise typer.Exit(DIFFERENT)


def publish(
    file: File,
    *,
    runs: Runs = "keep",
    start_it: Annotated[bool, typer.Option("--start", help="Let it run at once.")] = False,
    incomplete: Incomplete = False,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Publish a version; people under way stay on theirs, or move. Example: hudhud journey publish second_order.json --runs move."""
    graph, rule = read(file), read_rule(runs)
    with attach(data, workspace) as (chosen, ws):
        now = clock.from_setting(chosen.clock).now()
        _check_complete(ws, [graph], incomplete=incomplete)
        number = actions.publish(ws, graph, now, by=ACTOR, rule=rule)
        if start_it:
            actions.start(ws, graph.key, now, by=ACTOR)
        state = queries.get_journey(ws, graph.key)["status"]
    say({"key": graph.key, "number": number, "status": state}, f"{graph.key}: version {number}, {state}", json=json)


def _check_complete(ws: Scope, graphs: list[Graph], *, incomplete: bool) -> None:
    """Raise `InvalidJourney` where templates or topics are missing."""
    problems = [] if incomplete else [problem for graph in graphs for problem in find_problems(ws, graph)]
    if problems:
        raise InvalidJourney(problems)


def export(
    folder: Folder,
    key: Annotated[str | None, typer.Option("--key", help="Only this journey.")] = None,
    *,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write the published journeys, each as KEY.json in its canonical form. Example: hudhud journey export journeys/."""
    with attach(data, workspace) as (_, ws):
        keys = [key] if key else [row["key"] for row in queries.find_journeys(ws, limit=MANY)]
        texts = {one: queries.get_version(ws, one)[0].text for one in keys}
    folder.mkdir(parents=True, exist_ok=True)
    for one, text in texts.items():
        _file(folder, one).write_text(text, "utf-8")
        say({"key": one, "file": str(_file(folder, one))}, str(_file(folder, one)), json=json)


def _file(folder: Path, key: str) -> Path:
    """Return where a journey is written; raises `InvalidInput` for a key that is no name of a file."""
    if key != Path(key).name or key.startswith("."):
        raise InvalidInput("KEY", key, "it is no name of a file; give the journey another key")
    return folder / f"{key}{SUFFIX}"


def import_(
    folder: Folder,
    *,
    runs: Runs = "keep",
    incomplete: Incomplete = False,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Publish every journey of a folder that has changed: all, or none. Example: hudhud journey import journeys/ --runs move."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    if not files:
        raise InvalidInput("FOLDER", str(folder), f"there is no *{SUFFIX} in it")
    graphs = {file: read(file) for file in files}
    for file, graph in graphs.items():
        if file.stem != graph.key:
            raise InvalidInput("FILE", str(file), f"its key is {graph.key!r}: call it {graph.key}{SUFFIX}")
    rule = read_rule(runs)
    with attach(data, workspace) as (chosen, ws):
        now = clock.from_setting(chosen.clock).now()
        _check_complete(ws, list(graphs.values()), incomplete=incomplete)
        # A journey may ask for one that comes later in the alphabet.
        actions.make_journeys(ws, [graph.key for graph in graphs.values()], now)
        made = [(graph.key, _number(ws, graph.key), actions.publish(ws, graph, now, by=ACTOR, rule=rule)) for graph in graphs.values()]
    for key, before, number in made:
        said = f"{key}: version {number}" + (", unchanged" if before == number else "")
        say({"key": key, "number": number, "changed": before != number}, said, json=json)


def _number(ws: Scope, key: str) -> int | None:
    try:
        return queries.get_version(ws, key)[1]
    except JourneyNotFound:
        return None


def rehearse_file(  # noqa: PLR0913 -- one for each option
    file: File,
    *,
    since: Annotated[str, typer.Option("--from", help="First day or instant, e.g. 1997-01-01.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day (to its end) or instant.")] = "",
    save: Save = None,
    people: Annotated[int, typer.Option("--people", help="With --save: how many people it holds at most.")] = 200,
    check: Check = None,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Drive a journey that is only a file through history; nothing is written. Example: hudhud journey rehearse cart.json --from … --to …."""
    graph = read(file)
    if check is not None:
        check_saved(graph, check, data=data, json=json)
        return
    if not (since and until):
        raise InvalidInput("--from", since, "say --from and --to, or --check with a saved rehearsal")
    if save is not None:
        save_rehearsal(graph, save, since=since, until=until, people=people, workspace=workspace, data=data, json=json)
        return
    with attach(data, workspace) as (chosen, ws):
        assert ws.workspace_id is not None
        zone = get_workspace(ws).time_zone
        begin, end = read_instant("--from", since, zone), read_instant("--to", until, zone, end_of_day=True)
        version = Version(
            id=0,
            workspace_id=ws.workspace_id,
            journey_id=0,
            key=graph.key,
            status="running",
            started_at=begin,
            segment_id=None,
            is_current=True,
            text=canonical(graph),
        )
    events = clickhouse.connect(chosen.clickhouse_url)
    try:
        found = rehearse(chosen.database_url, events, version, 0, begin, end).to_dict()
    finally:
        events.close()
    say(found, as_text(found), json=json)


def as_text(found: dict[str, Any]) -> str:
    """Return a rehearsal as lines."""
    ended = f"{found['finished']} to the end, {found['goal']} reached the goal, {found['exited']} left, {found['waiting']} still in it"
    version = f" version {found['version']}" if found["version"] else ""
    head = [
        f"{found['journey']}{version}, {found['from']} … {found['to']}",
        f"{found['people']} people entered: {ended}",
        f"{found['sends']} messages planned, {found['deliverable']} of them deliverable",
    ]
    skips = [f"  {count} would be skipped: {reason}" for reason, count in found["skips"].items()]
    edges = [f"  {edge['from'] or 'entry'} ─{edge['edge']}→ {edge['to'] or 'out'}: {edge['count']}" for edge in found["edges"]]
    return "\n".join([*head, *skips, *edges, f"assumed: {', '.join(found['assumptions'])}"])
