"""Commands about segments as text: `hudhud segment list|show|check|save`."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from hudhud.app.commands import ACTOR, Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.journeys import actions as journey_actions
from hudhud.kit import clock
from hudhud.kit.errors import InvalidInput
from hudhud.segments import actions, queries
from hudhud.segments.types import Condition, from_text, to_json, to_text

segment = typer.Typer(name="segment", no_args_is_help=True, help="Segments as text (docs/guide/segments.md).")

File = Annotated[Path, typer.Argument(help="Conditions as text.", exists=True, dir_okay=False, readable=True)]


def _read(file: Path) -> Condition:
    try:
        return from_text(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("FILE", str(file), f"give a file with UTF-8 text ({error})") from None


@segment.command("list")
def find(*, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """List segments with their numbers. Example: hudhud segment list."""
    with opened(data) as (_, database), database.workspace(choose_workspace(database, workspace)) as ws:
        found = queries.find_segments(ws, limit=queries.count_segments(ws))
    if json:
        typer.echo(jsonlib.dumps([{"id": one.id, "name": one.name, "count": one.count} for one in found], ensure_ascii=False))
    else:
        typer.echo("\n".join(f"{one.id}\t{one.count}\t{one.name}" for one in found))


@segment.command()
def show(
    segment_id: Annotated[int, typer.Argument(help="The segment's number.")],
    *,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print a segment's conditions as text. Example: hudhud segment show 7 > loyal.segment."""
    with opened(data) as (_, database), database.workspace(choose_workspace(database, workspace)) as ws:
        found = queries.get_segment(ws, segment_id)
    text = to_text(found.tree)
    typer.echo(jsonlib.dumps({"id": found.id, "name": found.name, "text": text}, ensure_ascii=False) if json else text)


@segment.command()
def check(file: File, *, json: Json = False) -> None:
    """Read conditions and print them in their one form; needs no database. Example: hudhud segment check loyal.segment."""
    tree = _read(file)
    text = to_text(tree)
    typer.echo(jsonlib.dumps({"tree": to_json(tree), "text": text}, ensure_ascii=False) if json else text)


@segment.command()
def save(
    file: File,
    *,
    name: Annotated[str | None, typer.Option(help="What to call it; a new segment needs a name.")] = None,
    segment_id: Annotated[
        int | None, typer.Option("--id", help="The number of the segment to change; without it a new one is made.")
    ] = None,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a segment of a file's conditions, or give them to one that there is. Example: hudhud segment save loyal.segment --name "Loyal"."""
    tree = _read(file)
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        now = clock.from_setting(chosen.clock).now()
        if segment_id is None:
            saved = actions.create_segment(ws, name or "", tree, now, by=ACTOR)
        else:
            saved = segment_id
            actions.update_segment(ws, saved, now, by=ACTOR, name=name, tree=tree)
        journey_actions.check_segment(ws, tree)
    typer.echo(jsonlib.dumps({"id": saved}) if json else f"saved as segment {saved}")
