"""Saved rehearsals on the command line: `hudhud journey rehearse FILE --save FIXTURE`, and `--check FIXTURE` as a test. Exit codes: 0, 1 an error, 2 it differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hudhud.accounts.queries import get_workspace
from hudhud.app.commands import choose_workspace, opened
from hudhud.app.journey_scope import say
from hudhud.journeys.rehearsing import fixtures
from hudhud.journeys.rehearsing.performing import Stage
from hudhud.journeys.rehearsing.rehearsal import read_instant
from hudhud.kit import clickhouse
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph

DIFFERENT = 2
Save = Annotated[
    Path | None, typer.Option("--save", help="Save the rehearsal, with the few people it needs, to this file.", dir_okay=False)
]
Check = Annotated[Path | None, typer.Option("--check", help="Perform a saved rehearsal again, and say what is different.", dir_okay=False)]


def save_rehearsal(
    graph: Graph, file: Path, *, since: str, until: str, people: int, workspace: int | None, data: Path | None, json: bool
) -> None:
    """Freeze what the journey needs of a span, and what comes of it."""
    with opened(data) as (chosen, database):
        chosen_id = choose_workspace(database, workspace)
        with database.workspace(chosen_id) as ws:
            zone = get_workspace(ws).time_zone
        span = read_instant("--from", since, zone), read_instant("--to", until, zone, end_of_day=True)
        with clickhouse.connect(chosen.clickhouse_url) as events:
            found = fixtures.save(Stage(database, chosen.clickhouse_url), events, chosen_id, graph, *span, people)
    raw = fixtures.write(found)
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise InvalidInput("--save", str(file), str(error.strerror)) from None
    told = {"file": str(file), "people": len(found.people), "events": len(found.events)}
    say(told, f"{file}: {told['people']} people, {told['events']} events, {len(raw):,} bytes", json=json)


def check_saved(graph: Graph, file: Path, *, data: Path | None, json: bool) -> None:
    """Perform a saved rehearsal with this journey; exit with 2 where figures differ."""
    try:
        saved = fixtures.read(file.read_bytes())
    except OSError as error:
        raise InvalidInput("--check", str(file), str(error.strerror)) from None
    with opened(data) as (chosen, database):
        differences = fixtures.check(Stage(database, chosen.clickhouse_url), saved, graph)
    say({"file": str(file), "differences": differences}, "\n".join(differences) or f"{file}: the same", json=json)
    if differences:
        raise typer.Exit(DIFFERENT)
