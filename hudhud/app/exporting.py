"""Commands that write files: `hudhud export people|events|consent|suppressions`."""

from __future__ import annotations

import json as jsonlib
import sys
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from hudhud.accounts.queries import get_workspace
from hudhud.app.commands import Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.kit import clickhouse, clock
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import consent_export, export
from hudhud.transfer.writing import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

group = typer.Typer(
    name="export",
    no_args_is_help=True,
    help="Write people, events, consent or suppressed addresses into a file that `hudhud import` reads back.",
)
Format = Annotated[
    str, typer.Option("--format", help="csv, ndjson (Segment messages), xlsx or parquet; default: as --out is called, else csv.")
]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="Name of a column, as the header has it; again for each. Default: all.")
]
Out = Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.", dir_okay=False)]


@group.command("people")
def export_people(
    *,
    segment: Annotated[int | None, typer.Option(help="Id of a segment: its members only.")] = None,
    form: Format = "",
    columns: Columns = None,
    out: Out = None,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Export people with attributes, identifiers and consent. Example: hudhud export people --out people.csv."""
    checked = _form(form, out)
    with opened(data) as (_, database):
        workspace_id = choose_workspace(database, workspace)
        _write(export.people(partial(database.workspace, workspace_id), checked, segment, columns or ()), out, json=json)


@group.command("events")
def export_events(
    *,
    begin: Annotated[
        str, typer.Option("--from", help="Day or time of the workspace, or an instant with an offset; default: 30 days ago.")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="The same, not included; default: now.")] = "",
    form: Format = "",
    columns: Columns = None,
    out: Out = None,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Export events of a period. Example: hudhud export events --from 2026-01-01 --to 2026-02-01 --out january.csv."""
    checked = _form(form, out)
    with opened(data) as (chosen, database):
        workspace_id = choose_workspace(database, workspace)
        with database.workspace(workspace_id) as ws:
            zone = get_workspace(ws).time_zone
        first, last = export.period(zone, _instant("--from", begin), _instant("--to", end), clock.from_setting(chosen.clock).now())
        ch = clickhouse.connect(chosen.clickhouse_url)
        _write(
            export.events(partial(database.workspace, workspace_id), ch, workspace_id, checked, first, last, columns or ()), out, json=json
        )


@group.command("consent")
def export_consent(
    *, form: Format = "", columns: Columns = None, out: Out = None, workspace: WorkspaceId = None, data: Data = None, json: Json = False
) -> None:
    """Export where everybody stands on each topic, with date, source and wording. Example: hudhud export consent --out consent.xlsx."""
    checked = _form(form, out)
    with opened(data) as (_, database):
        pages = partial(database.workspace, choose_workspace(database, workspace))
        _write(consent_export.consent(pages, checked, columns or ()), out, json=json)


@group.command("suppressions")
def export_suppressions(
    *, form: Format = "", columns: Columns = None, out: Out = None, workspace: WorkspaceId = None, data: Data = None, json: Json = False
) -> None:
    """Export every address that must not be written to, and why. Example: hudhud export suppressions --out suppressions.csv."""
    checked = _form(form, out)
    with opened(data) as (_, database):
        pages = partial(database.workspace, choose_workspace(database, workspace))
        _write(consent_export.suppressions(pages, checked, columns or ()), out, json=json)


def _form(text: str, out: Path | None) -> Form:
    forms = get_args(Form)
    ending = out.suffix.removeprefix(".") if out else ""
    found = text or (ending if ending in forms else "csv")
    if found not in forms:
        raise InvalidInput("--format", text, f"use one of {', '.join(forms)}")
    return found  # type: ignore[return-value]


def _instant(option: str, text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(option, text, "use ISO 8601, e.g. 2026-01-31") from None


def _write(pieces: Iterable[bytes], out: Path | None, *, json: bool) -> None:
    size = 0
    with _target(out) as file:
        for piece in pieces:
            file.write(piece)
            size += len(piece)
    if out:
        typer.echo(jsonlib.dumps({"file": str(out), "bytes": size}) if json else f"{out}: {size} bytes")


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """Yield where to write; a file takes its name only when it is whole."""
    if out is None:
        yield sys.stdout.buffer
        return
    unfinished = out.with_name(out.name + ".part")
    with unfinished.open("wb") as file:
        yield file
    unfinished.replace(out)
