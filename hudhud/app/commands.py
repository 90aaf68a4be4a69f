"""Commands about accounts and the sample shop: `hudhud owner create | password`, `hudhud key create`, `hudhud demo`."""

from __future__ import annotations

import json as jsonlib
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hudhud.accounts import actions, queries, types
from hudhud.accounts.passwords import hash_password
from hudhud.app.furnishing import furnish
from hudhud.content.sandbox import Sandbox
from hudhud.demo import actions as sample
from hudhud.demo import goods
from hudhud.engines.attach import attached
from hudhud.kit import clickhouse, clock
from hudhud.kit.config import Settings, settings
from hudhud.kit.db import Database
from hudhud.kit.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

owner = typer.Typer(name="owner", no_args_is_help=True, help="Owners of workspaces.")
key = typer.Typer(name="key", no_args_is_help=True, help="Keys for sites, apps and programs.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder for databases, keys and logs; default $HUDHUD_DATA or .hudhud.")]
WorkspaceId = Annotated[int | None, typer.Option("--workspace", help="Id of the workspace; default: the oldest.")]
ACTOR = "cli"


@contextmanager
def opened(data: Path | None) -> Iterator[tuple[Settings, Database]]:
    """Yield settings and database of the Hudhud on this folder, running or not."""
    given = settings() if data is None else settings().model_copy(update={"data": data})
    with attached(given) as chosen:
        database = Database(chosen.database_url).open()
        try:
            yield chosen, database
        finally:
            database.close()


def choose_workspace(database: Database, wanted: int | None) -> int:
    """Return the id of an existing workspace: the given or the oldest; raises `NotFound`."""
    with database.everywhere() as everywhere:
        known = [each.workspace_id for each in queries.find_workspaces(everywhere)]
    if not known:
        raise NotFound("There is no workspace yet: make the first owner with `hudhud owner create`.")
    if wanted is not None and wanted not in known:
        raise InvalidInput("--workspace", wanted, f"there are {', '.join(map(str, known))}")
    return known[0] if wanted is None else wanted


@owner.command("create")
def create_owner(
    *,
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    password: Annotated[str, typer.Option(help="At least 8 characters.", prompt=True, hide_input=True)],
    name: Annotated[str, typer.Option(help="How to call this person.")] = "",
    workspace: Annotated[str, typer.Option(help="Name of the first workspace, when there is none yet.")] = "My shop",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make an owner; the first one gets a workspace. Example: hudhud owner create --email you@example.com --password …."""
    password_hash = hash_password(password)
    with opened(data) as (chosen, database):
        now = clock.from_setting(chosen.clock).now()
        with database.everywhere() as everywhere:
            is_first = not queries.has_owner(everywhere)
        if is_first:
            first = types.FirstOwner(email=email, password_hash=password_hash, name=name, workspace=workspace)
            workspace_id, user_id = actions.create_first_owner(database, first, now, lambda ws: furnish(ws, now))
        else:
            workspace_id = choose_workspace(database, None)
            with database.workspace(workspace_id) as ws:
                user_id = actions.create_owner(ws, email=email, password_hash=password_hash, name=name, now=now, actor=ACTOR)
    made = {"user_id": user_id, "workspace_id": workspace_id, "email": email}
    typer.echo(jsonlib.dumps(made) if json else f"{email} owns workspace {workspace_id}")


@owner.command("password")
def change_password(
    *,
    email: Annotated[str, typer.Option(help="Whose password.")],
    password: Annotated[str, typer.Option(help="The new one, at least 8 characters.", prompt=True, hide_input=True)],
    data: Data = None,
    json: Json = False,
) -> None:
    """Set a user's password, for when it is lost; ends their sessions. Example: hudhud owner password --email you@example.com."""
    password_hash = hash_password(password)
    with opened(data) as (chosen, database), database.everywhere() as everywhere:
        user_id = actions.set_password(
            everywhere, email=email, password_hash=password_hash, now=clock.from_setting(chosen.clock).now(), actor=ACTOR
        )
    typer.echo(jsonlib.dumps({"user_id": user_id}) if json else f"{email} has a new password")


@key.command("create")
def create_key(
    *,
    kind: Annotated[str, typer.Option(help="collect (sites and apps send events) or api (programs use the API).")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="For kind api: read, write, admin; default read and write.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="For kind collect: the only events that it may send; default all.")] = None,
    workspace: WorkspaceId = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key and print it; it is shown this once. Example: hudhud key create --kind collect."""
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        now = clock.from_setting(chosen.clock).now()
        made, secret = actions.create_key(ws, kind=kind, name=name, scopes=scope, events=event, now=now, actor=ACTOR)
    typer.echo(jsonlib.dumps({"key": secret, **asdict(made)}, default=str) if json else secret)


def demo(
    *,
    workspace: WorkspaceId = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away again.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Fill an empty workspace with a sample shop: 5,000 people, 90 days, two journeys. Example: hudhud demo."""
    with opened(data) as (chosen, database):
        workspace_id, now = choose_workspace(database, workspace), clock.from_setting(chosen.clock).now()
        ch = clickhouse.connect(chosen.clickhouse_url)
        if remove:
            sample.settle(database, workspace_id)
            with database.workspace(workspace_id) as ws:
                sample.clear(ws, ch, now, actor=ACTOR)
            typer.echo(jsonlib.dumps({"removed": True}) if json else "the sample shop is gone")
            return
        sandbox = Sandbox()
        try:
            with database.workspace(workspace_id) as ws:
                made = sample.fill(ws, ch, sandbox, now, pictures=chosen.base_url + goods.PICTURES, actor=ACTOR)
        finally:
            sandbox.close()
    said = f"{made.people} people, {made.events} events, {made.orders} orders, journeys {' and '.join(made.journeys)} in {made.seconds} s"
    typer.echo(jsonlib.dumps(asdict(made)) if json else said)
