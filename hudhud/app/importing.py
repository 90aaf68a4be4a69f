"""Commands that bring files in: `hudhud import people|events|consent|suppressions FILE`, and take an import back."""

from __future__ import annotations

import json as jsonlib
import time
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hudhud.app.commands import Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.kit import clock
from hudhud.kit.crypto import load_keys
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import actions, runner
from hudhud.transfer.export import rejects
from hudhud.transfer.plans import Options
from hudhud.transfer.queries import get_import, reject_pages
from hudhud.transfer.source import ENCODINGS, from_path
from hudhud.transfer.types import Reading, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hudhud.kit.db import Database
    from hudhud.transfer.runner import Job, Report
    from hudhud.transfer.types import Import, Kind

group = typer.Typer(
    name="import", no_args_is_help=True, help="Bring people, events, consent or addresses never to be written to in from a file."
)

File = Annotated[
    Path,
    typer.Argument(
        help="CSV, XLSX, Parquet, or JSON lines (.ndjson: one Segment message a line); each may be .gz.", exists=True, dir_okay=False
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="FIELD=COLUMN, FIELD={COLUMN}@example.com or FIELD==TEXT; FIELD is user_id, anonymous_id, at, event, traits.NAME, properties.NAME.",
    ),
]
Subscribe = Annotated[list[str] | None, typer.Option(help="Topic that all of them agreed to; needs --source.")]
Proof = Annotated[str, typer.Option("--source", help="Where and how they agreed: kept as proof.")]
Refused = Annotated[
    str,
    typer.Option(
        help="Why nobody in this file is to be written to: unsubscribed, hard_bounce, complaint or manual; where no column says it."
    ),
]
Erased = Annotated[bool, typer.Option("--take-erased", help="Take rows about people who were erased here, too; default: they are refused.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until the workers have processed it.")]
Dates = Annotated[str, typer.Option(help="How dates are written: iso, dmy or mdy.")]
Encoding = Annotated[str, typer.Option(help="Encoding of the text; default: found out.")]
Delimiter = Annotated[str, typer.Option(help="What stands between two cells; default: found out.")]
POLL_S = 0.1


@group.command("events")
def import_events(  # noqa: PLR0913 -- one for each option
    file: File,
    *,
    maps: Map = None,
    at_time: Annotated[str, typer.Option(help="Time of day (UTC) of dates without one.")] = "00:00",
    dates: Dates = "iso",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    take_erased: Erased = False,
    workspace: WorkspaceId = None,
    wait: Wait = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import events. Example: hudhud import events orders.csv --map user_id=customer_id --map at=ordered_on --map event="Order Completed"."""
    given = _reading(dates, encoding, delimiter)
    _bring(
        "events", file, Options(maps or (), at_time, takes_erased=take_erased), given, workspace=workspace, wait=wait, data=data, json=json
    )


@group.command("people")
def import_people(  # noqa: PLR0913 -- one for each option
    file: File,
    *,
    maps: Map = None,
    subscribe: Subscribe = None,
    source: Proof = "",
    refused: Refused = "",
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", help="FIELD=RULE where there is a value already: overwrite, if_empty, new_only, append or newest."),
    ] = None,
    newest_by: Annotated[str, typer.Option(help="Field with the date that `newest` goes by, e.g. traits.updated_at.")] = "",
    dates: Dates = "iso",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    take_erased: Erased = False,
    workspace: WorkspaceId = None,
    wait: Wait = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import people. Example: hudhud import people list.csv --map user_id=id --map email=Mail --subscribe newsletter --source "shop, 2024"."""
    given = _reading(dates, encoding, delimiter)
    options = Options(
        maps or (),
        subscribe=subscribe or (),
        consent_source=source,
        rules=rules or (),
        newest_by=newest_by,
        refused=why_of(refused),
        takes_erased=take_erased,
    )
    _bring("people", file, options, given, workspace=workspace, wait=wait, data=data, json=json)


@group.command("consent")
def import_consent(  # noqa: PLR0913 -- one for each option
    file: File,
    *,
    maps: Map = None,
    subscribe: Subscribe = None,
    source: Proof = "",
    refused: Refused = "",
    dates: Dates = "iso",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    take_erased: Erased = False,
    workspace: WorkspaceId = None,
    wait: Wait = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import who agreed to what, with date, source and wording. Example: hudhud import consent list.csv --map topic.newsletter=Status --source "fair, 2024"."""
    given = _reading(dates, encoding, delimiter)
    options = Options(maps or (), subscribe=subscribe or (), consent_source=source, refused=why_of(refused), takes_erased=take_erased)
    _bring("consent", file, options, given, workspace=workspace, wait=wait, data=data, json=json)


@group.command("suppressions")
def import_suppressions(  # noqa: PLR0913 -- one for each option
    file: File,
    *,
    maps: Map = None,
    refused: Refused = "",
    dates: Dates = "iso",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    take_erased: Erased = False,
    workspace: WorkspaceId = None,
    wait: Wait = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import addresses that must not be written to. Example: hudhud import suppressions cleaned.csv --map email="Email Address" --refused hard_bounce."""
    given = _reading(dates, encoding, delimiter)
    options = Options(maps or (), refused=why_of(refused), takes_erased=take_erased)
    _bring("suppressions", file, options, given, workspace=workspace, wait=wait, data=data, json=json)


def _bring(
    kind: Kind, file: Path, options: Options, given: Reading, *, workspace: int | None, wait: bool, data: Path | None, json: bool
) -> None:
    with opened(data) as (chosen, database):
        now = clock.from_setting(chosen.clock).now
        keys, known = load_keys(chosen.secret_keys, chosen.data), from_path(file)
        job = runner.prepare(database, choose_workspace(database, workspace), kind, known, options, now, time.sleep, given, keys=keys)
        _run(job, file, wait=wait, json=json)


@group.command("undo")
def undo_import(
    number: Annotated[int, typer.Argument(help="Number of the import.", min=1)],
    *,
    count: Annotated[bool, typer.Option("--count", help="Only say what it would do.")] = False,
    workspace: WorkspaceId = None,
    wait: Wait = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Take back what an import alone did, within 30 days. Example: hudhud import undo 7 --count."""
    with opened(data) as (chosen, database):
        workspace_id = choose_workspace(database, workspace)
        now = clock.from_setting(chosen.clock).now()
        with database.workspace(workspace_id) as ws:
            actions.ask_undo(ws, number, now, only_count=count, actor="cli")
        found = _until_undone(database, workspace_id, number, wait=wait)
    if json:
        typer.echo(jsonlib.dumps({"state": found.state, "problem": found.problem, "undo": asdict(found.undo) if found.undo else None}))
    elif found.state in UNDER_WAY:
        typer.echo("It is asked for, and will be done when Hudhud runs: hudhud up")
    else:
        typer.echo(_told(found))
    if found.state == "failed":
        raise typer.Exit(1)


UNDER_WAY = frozenset({"weighing", "undoing"})


def _until_undone(database: Database, workspace_id: int, number: int, *, wait: bool) -> Import:
    while True:
        with database.workspace(workspace_id) as ws:
            found = get_import(ws, number)
        with database.everywhere() as everywhere:
            if found.state not in UNDER_WAY or not wait or not runner.has_workers(everywhere):
                return found
        time.sleep(POLL_S)


def _told(found: Import) -> str:
    done = found.undo
    if found.state == "failed" or done is None:
        return found.problem
    would = "" if found.state == "undone" else "would be "
    return (
        f"{done.people_removed} people {would}removed, {done.people_kept} kept (others had to do with them); "
        f"{done.values_back} values {would}put back, {done.values_left} kept (changed since); "
        f"{done.words_back} consents {would}withdrawn; {done.events} events {would}removed; "
        f"{done.suppressed} addresses {would}no longer suppressed"
    )


def why_of(text: str) -> Why | Literal[""]:
    """Read why nobody is to be written to; raises `InvalidInput`."""
    if text and text not in get_args(Why):
        raise InvalidInput("--refused", text, f"use one of {', '.join(get_args(Why))}")
    return text  # type: ignore[return-value]


def _reading(dates: str, encoding: str, delimiter: str) -> Reading:
    if dates not in {"iso", "dmy", "mdy"}:
        raise InvalidInput("--dates", dates, "use iso, dmy or mdy")
    if encoding and encoding not in ENCODINGS:
        raise InvalidInput("--encoding", encoding, f"use one of {', '.join(ENCODINGS)}")
    if len(delimiter.replace("\\t", "\t")) > 1:
        raise InvalidInput("--delimiter", delimiter, "use one character")
    return Reading(encoding=encoding, delimiter=delimiter.replace("\\t", "\t"), dates=dates)  # type: ignore[arg-type]


def _run(job: Job, file: Path, *, wait: bool, json: bool) -> None:
    began = time.monotonic()
    with _progress(quiet=json) as phase:
        report = runner.run_file(job, phase("Reading", job.source.size))
        report.rejects = _write_rejects(job, report, file)
        processed = wait and _until_processed(job.db, report, phase)
    seconds = round(time.monotonic() - began, 3)
    if json:
        told = asdict(report) | {"processed": processed, "seconds": seconds}
        typer.echo(jsonlib.dumps({name: value for name, value in told.items() if name != "last_txid"}))
        return
    again = " (it was imported before; nothing was done)" if report.already else ""
    typer.echo(f"{report.accepted} rows taken, {report.rejected} refused{again}, {seconds:.1f} s")
    if report.rejected:
        typer.echo(f"The refused rows with their reasons: {report.rejects}")
    if wait and not processed:
        typer.echo("They are safe in the log and will be processed when Hudhud runs: hudhud up")


def _write_rejects(job: Job, report: Report, file: Path) -> str:
    """Write the bad rows beside the file; return where, or nothing when there are none."""
    if not report.rejected:
        return ""
    form = "csv" if job.mapping else "ndjson"
    path = file.with_name(f"{file.name}.rejects.{form}")
    pages = reject_pages(partial(job.db.workspace, job.workspace_id), report.id)
    with job.db.workspace(job.workspace_id) as ws:
        gone = get_import(ws, report.id).rejects_gone
    with path.open("wb") as out:
        out.writelines(rejects(pages, job.columns, form, gone))  # type: ignore[arg-type]
    return str(path)


def _until_processed(database: Database, report: Report, phase: Callable[[str, int | None], Callable[[int], None]]) -> bool:
    phase("Processing", None)
    while True:
        with database.everywhere() as everywhere:
            if runner.is_processed(everywhere, report):
                return True
            if not runner.has_workers(everywhere):
                return False
        time.sleep(POLL_S)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int | None], Callable[[int], None]]]:
    """Yield what begins a phase: it is given a name and a total, and returns what is told the progress."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:

        def phase(name: str, total: int | None) -> Callable[[int], None]:
            task = bar.add_task(name, total=total)
            return lambda done: bar.update(task, completed=done)

        yield phase
