"""Commands about journeys: `hudhud journey install|start|pause|drain`, `hudhud rehearse`; those on files: journey_files.py."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from hudhud.accounts.queries import get_workspace
from hudhud.app import journey_files
from hudhud.app.commands import ACTOR, Data, Json, WorkspaceId, choose_workspace, opened
from hudhud.app.journey_files import as_text
from hudhud.app.journey_scope import attach, say
from hudhud.content.sandbox import Sandbox
from hudhud.journeys import actions, queries, recipes
from hudhud.journeys.installing.questions import read_book
from hudhud.journeys.rehearsing.rehearsal import read_instant, rehearse
from hudhud.kit import clickhouse, clock
from hudhud.kit.errors import InvalidInput

journey = typer.Typer(name="journey", no_args_is_help=True, help="Journeys as files, and their state.")

Key = Annotated[str, typer.Argument(help="The journey's key.")]
Answer = Annotated[list[str] | None, typer.Option(help="The answer to a question, as KEY=VALUE; may be given twice.")]


journey.command()(journey_files.lint)
journey.command()(journey_files.diff)
journey.command()(journey_files.publish)
journey.command()(journey_files.export)
journey.command("import")(journey_files.import_)
journey.command("rehearse")(journey_files.rehearse_file)


@journey.command()
def install(key: Key, *, answer: Answer = None, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Install a ready journey with its mails, not yet started. Example: hudhud journey install cart --answer order="Order Paid"."""
    sandbox = Sandbox()
    try:
        with attach(data, workspace) as (chosen, ws):
            number = recipes.install(ws, sandbox, key, clock.from_setting(chosen.clock).now(), by=ACTOR, answers=read_answers(answer or []))
    finally:
        sandbox.close()
    say({"key": key, "number": number}, f"{key}: version {number}; start it with `hudhud journey start {key}`", json=json)


def read_answers(given: list[str]) -> dict[str, str | int]:
    """Read KEY=VALUE; a number is one where a number is asked for: an event may be called 404. Raises `InvalidInput`."""
    answers: dict[str, str | int] = {}
    for one in given:
        key, mark, value = one.partition("=")
        if not mark:
            raise InvalidInput("--answer", one, 'write KEY=VALUE, such as order="Order Paid"')
        question = read_book().questions.get(key)
        is_number = question is not None and question.kind in {"days", "segment"} and re.fullmatch("[0-9]{1,18}", value)
        answers[key] = int(value) if is_number else value
    return answers


@journey.command()
def start(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Let a journey run. Example: hudhud journey start welcome."""
    with attach(data, workspace) as (chosen, ws):
        actions.start(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    say({"key": key, "status": "running"}, f"{key}: running", json=json)


@journey.command()
def drain(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Let a journey run out: nobody enters, who is inside goes on. Example: hudhud journey drain welcome."""
    with attach(data, workspace) as (chosen, ws):
        actions.drain(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    say({"key": key, "status": "draining"}, f"{key}: draining", json=json)


@journey.command()
def pause(key: Key, *, workspace: WorkspaceId = None, data: Data = None, json: Json = False) -> None:
    """Stop a journey: nobody enters, nobody moves, no mail of it leaves. Example: hudhud journey pause welcome."""
    with attach(data, workspace) as (chosen, ws):
        actions.pause(ws, key, clock.from_setting(chosen.clock).now(), by=ACTOR)
    say({"key": key, "status": "paused"}, f"{key}: paused", json=json)


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
    say(found, as_text(found), json=json)
