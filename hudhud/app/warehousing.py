"""Commands about databases that are read on a schedule: `hudhud warehouse add | list | read | pause | go-on | delete`."""

from __future__ import annotations

import json as jsonlib
import time
from dataclasses import replace
from datetime import time as time_of_day
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec
import typer
from pydantic import TypeAdapter, ValidationError

from hudhud.app.commands import ACTOR, Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.app.importing import Erased, Proof, Refused, why_of
from hudhud.kit import clock
from hudhud.kit.crypto import load_keys
from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.transfer import runner
from hudhud.transfer.types import Column, Kind, Plan, Reading
from hudhud.warehouses import actions, queries
from hudhud.warehouses.types import Access, Connection, Run, Schedule, Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.db import Database
    from hudhud.transfer.types import Understanding

group = typer.Typer(name="warehouse", no_args_is_help=True, help="Databases of yours that are read on a schedule.")
Number = Annotated[int, typer.Argument(help="Number of the source.", min=1)]
POLL_S = 0.2


@group.command("add")
def add(  # noqa: PLR0913 -- one for each option
    name: Annotated[str, typer.Argument(help="How to call it.")],
    *,
    host: Annotated[str, typer.Option(help="Where PostgreSQL answers.")],
    database: Annotated[str, typer.Option(help="Name of the database.")],
    user: Annotated[str, typer.Option(help="Who reads: a role that may read what is needed, and nothing else.")],
    password: Annotated[str, typer.Option(help="Asked for when it is not given.", prompt=True, hide_input=True)],
    query: Annotated[str, typer.Option(help="A SELECT, or the name of a table.")],
    port: Annotated[int, typer.Option(help="Its port.")] = 5432,
    tls: Annotated[str, typer.Option(help="off, require or verify.")] = "require",
    kind: Annotated[str, typer.Option(help="What a row is: people, events, consent or suppressions.")] = "people",
    cursor: Annotated[str, typer.Option(help="Column that grows with every change; without one everything is read each time.")] = "",
    overlap: Annotated[
        int | None, typer.Option(help="How far each reading looks back for what was written late: seconds, or numbers; default 600.")
    ] = None,
    most_rows: Annotated[int | None, typer.Option(help="Of one reading; default 200000. The next one follows at once.")] = None,
    longest_s: Annotated[int | None, typer.Option(help="Seconds that the database may take for the query; default 300.")] = None,
    maps: Annotated[list[str] | None, typer.Option("--map", help="FIELD=COLUMN where the guess is wrong; =COLUMN leaves one out.")] = None,
    event: Annotated[str, typer.Option(help="Name of all events, when no column has it.")] = "",
    source: Proof = "",
    refused: Refused = "",
    take_erased: Erased = False,
    every: Annotated[
        str, typer.Option(help='When: "15 minutes", "2 hours", or a time of the day as 06:00; default: only when asked.')
    ] = "",
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add a source. Example: hudhud warehouse add Shop --host db.shop.ee --database shop --user reader --query customers --cursor updated_at --every "15 minutes"."""
    connection = _converted({"host": host, "port": port, "database": database, "user": user, "tls": tls}, Connection)
    limits = {
        name: value for name, value in (("overlap", overlap), ("most_rows", most_rows), ("longest_s", longest_s)) if value is not None
    }
    selection, schedule = _converted({"query": query, "cursor": cursor, **limits}, Selection), _schedule(every)
    if kind not in get_args(Kind):
        raise InvalidInput("--kind", kind, f"use one of {', '.join(get_args(Kind))}")
    said = Plan(Reading("parquet"), (), event, consent_source=source, refused=why_of(refused), takes_erased=take_erased)
    with opened(data) as (chosen, database_of_ours):
        now = clock.from_setting(chosen.clock).now()
        keys = load_keys(chosen.secret_keys, chosen.data)
        scopes = partial(database_of_ours.workspace, choose_workspace(database_of_ours, workspace))
        access = Access(connection, password, chosen.private_networks)
        made = actions.create_warehouse(scopes, keys, name, kind, access, now=now, actor=ACTOR)  # type: ignore[arg-type]
        try:
            seen = actions.look(scopes, keys, made.id, selection, networks=chosen.private_networks)
            plan = _plan(seen, maps or (), said)
            actions.set_plan(scopes, keys, made.id, selection, plan, networks=chosen.private_networks, now=now, actor=ACTOR)
        except HudhudError:
            # Added as a whole, or not at all.
            with scopes() as ws:
                actions.delete_warehouse(ws, made.id, now=now, actor=ACTOR)
            raise
        with scopes() as ws:
            actions.set_schedule(ws, made.id, schedule, is_paused=False, now=now, actor=ACTOR)
    columns = {one.name: one.field for one in plan.columns}
    told = "".join(f"\n  {column} → {field or '(left out)'}" for column, field in columns.items())
    typer.echo(
        jsonlib.dumps({"id": made.id, "columns": columns})
        if json
        else f"Source {made.id} reads:{told}\nRead it now: hudhud warehouse read {made.id}"
    )


def _converted(given: dict[str, Any], kind: type[Any]) -> Any:  # noqa: ANN401 -- a `kind`
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"--{first['loc'][0]}", first["input"], first["msg"]) from None


def _schedule(text: str) -> Schedule | None:
    amount, _, unit = text.partition(" ")
    if not text:
        return None
    try:
        if unit.rstrip("s") in {"minute", "hour"} and 1 <= int(amount) <= 1440:  # noqa: PLR2004 -- as the API
            return Schedule("minutes" if unit.startswith("minute") else "hours", int(amount))
        return Schedule("day", at=time_of_day.fromisoformat(text))
    except ValueError:
        raise InvalidInput("--every", text, 'write "15 minutes", "2 hours" or 06:00') from None


def _plan(seen: Understanding, maps: Sequence[str], said: Plan) -> Plan:
    fields = {}
    for text in maps:
        field, mark, column = text.partition("=")
        if not mark or column not in {one.name for one in seen.columns}:
            raise InvalidInput("--map", text, f"write FIELD=COLUMN; the columns are {', '.join(one.name for one in seen.columns)}")
        fields[column] = field
    return replace(
        said, reading=seen.reading, columns=tuple(Column(one.name, fields.get(one.name, one.field), one.type) for one in seen.columns)
    )


@group.command("list")
def list_all(*, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Show every source with its last reading. Example: hudhud warehouse list --json."""
    with opened(data) as (_, database), database.workspace(choose_workspace(database, workspace)) as ws:
        found = queries.find_warehouses(ws)
    if json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        state = "paused" if one.is_paused else f"next {one.next_at:%Y-%m-%d %H:%M} UTC" if one.next_at else "read when asked"
        typer.echo(f"{one.id}  {one.name}  {one.connection.host}/{one.connection.database}  {state}; {_told(one.last)}")


def _told(run: Run | None) -> str:
    if run is None:
        return "never read"
    return f"last {run.started_at:%Y-%m-%d %H:%M} UTC: {run.state}, {run.accepted} rows taken, {run.rejected} refused{'; ' if run.problem else ''}{run.problem}"


@group.command("read")
def read(
    number: Number,
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done.")] = True,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Read a source now. Example: hudhud warehouse read 1."""
    with opened(data) as (chosen, database):
        workspace_id = choose_workspace(database, workspace)
        with database.workspace(workspace_id) as ws:
            run_id = actions.ask_run(ws, number, now=clock.from_setting(chosen.clock).now(), actor=ACTOR)
        found = _until_read(database, workspace_id, number, run_id, wait=wait)
    if json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        typer.echo(_told(found) if found.state != "running" else "It is asked for, and will be read when Hudhud runs: hudhud up")
    if found.state == "failed":
        raise typer.Exit(1)


def _until_read(database: Database, workspace_id: int, number: int, run_id: int, *, wait: bool) -> Run:
    while True:
        with database.workspace(workspace_id) as ws:
            (found,) = (one for one in queries.find_runs(ws, number) if one.id == run_id)
        with database.everywhere() as everywhere:
            if found.state != "running" or not wait or not runner.has_workers(everywhere):
                return found
        time.sleep(POLL_S)


@group.command("pause")
def pause(number: Number, *, workspace: WorkspaceId = None, data: Data = None) -> None:
    """Let a source's schedule rest. Example: hudhud warehouse pause 1."""
    _rest(number, workspace, data, is_paused=True)


@group.command("go-on")
def go_on(number: Number, *, workspace: WorkspaceId = None, data: Data = None) -> None:
    """Let a source's schedule count again. Example: hudhud warehouse go-on 1."""
    _rest(number, workspace, data, is_paused=False)


def _rest(number: int, workspace: int | None, data: Any, *, is_paused: bool) -> None:  # noqa: ANN401 -- a path, or nothing
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        known = queries.get_warehouse(ws, number)
        actions.set_schedule(ws, number, known.schedule, is_paused=is_paused, now=clock.from_setting(chosen.clock).now(), actor=ACTOR)
    typer.echo(f"{known.name} {'rests' if is_paused else 'goes on'}")


@group.command("delete")
def delete(number: Number, *, workspace: WorkspaceId = None, data: Data = None) -> None:
    """Forget a source and its password; what it brought stays. Example: hudhud warehouse delete 1."""
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        actions.delete_warehouse(ws, number, now=clock.from_setting(chosen.clock).now(), actor=ACTOR)
    typer.echo("It is forgotten")
