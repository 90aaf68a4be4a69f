"""The transfers role: dry runs and imports of files that came by the API, one at a time; a lease each, so that any number of these may run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.consent.queries import find_topics
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError
from hudhud.transfer import undo
from hudhud.transfer.actions import KEPT, Pieces, drop_oldest_rejects
from hudhud.transfer.check import check, to_json
from hudhud.transfer.runner import LEASE_S, Job, Report, Stopped, from_plan, renew
from hudhud.transfer.runner import run as run_import
from hudhud.transfer.source import Source
from hudhud.transfer.types import Plan, Undone
from hudhud.workers.quarantine import explain, is_poison

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hudhud.kit.db import Database
    from hudhud.workers.context import Context

QUERIES = sql.load("hudhud.transfer")
IDLE_S = 1.0
TIDY_EVERY = timedelta(hours=1)
# An import that was taken up so often without getting further takes its worker down with it, or finds the engines away each time.
MAX_ATTEMPTS = 5
UNKNOWN = "The file could not be read to its end ({}). Save it again, or as CSV, and import that; what is in already stays in."
UNDO_STOPPED = "It could not be taken back to its end ({}); what is taken back stays so. Ask for it again."
STUCK = f"It was begun {MAX_ATTEMPTS} times and never got further; cut the file in parts, or save it as CSV, and start it again."

log = structlog.get_logger()


class Draining(Stopped):
    """This process ends; another one goes on."""


def run(context: Context) -> None:
    """Work until told to stop."""
    tidied: datetime | None = None
    while not context.stop.is_set():
        now = context.clock.now()
        if tidied is None or now - tidied > TIDY_EVERY:
            tidy(context.db, now)
            tidied = now
        if not work_once(context):
            context.wait("transfers", IDLE_S)


def tidy(db: Database, now: datetime) -> None:
    """Forget files that nobody imported, and bad rows that nobody mended."""
    with db.everywhere() as everywhere:
        # Files last: what hangs on them is found by them.
        everywhere.run(QUERIES.expire_people, before=now - KEPT)
        everywhere.run(QUERIES.expire_rejects, before=now - KEPT)
        drop_oldest_rejects(everywhere)
        everywhere.run(QUERIES.expire, before=now - KEPT)


def work_once(context: Context) -> bool:
    """Take up one import, if there is any; return whether there was."""
    context.beat()
    with context.db.everywhere() as everywhere:
        row = everywhere.one(QUERIES.claim, worker=context.name, lease_s=LEASE_S)
    if row is None:
        return False
    stuck, unknown = (UNDO_STOPPED.format(f"begun {MAX_ATTEMPTS} times"), UNDO_STOPPED) if _is_undo(row) else (STUCK, UNKNOWN)
    take_up(context, row, _work_on, stuck=stuck, unknown=unknown)
    return True


def take_up(context: Context, row: dict[str, Any], act: Callable[[Context, dict[str, Any]], None], *, stuck: str, unknown: str) -> None:
    """Do what was claimed. Whatever goes wrong but an engine that is away ends it with a reason: `stuck` for what never gets further, `unknown` with a place for the error."""
    if row["attempts"] > MAX_ATTEMPTS:
        log.error("import.stuck", id=row["id"], attempts=row["attempts"])
        end(context, row, "failed", problem=stuck)
        return
    try:
        act(context, row)
    except Draining:
        release(context, row)
    except Stopped:
        log.info("import.stopped", id=row["id"])
    except HudhudError as error:
        end(context, row, "failed", problem=error.message)
    except Exception as error:
        if is_passing(error):
            raise
        # PostgreSQL's own text quotes the row, which is about a person.
        log.exception("import.failed", id=row["id"], error=explain(error), exc_info=None if isinstance(error, psycopg.Error) else error)
        end(context, row, "failed", problem=unknown.format(explain(error)))


def is_passing(error: Exception) -> bool:
    """Say whether the engines are away or busy: another try may succeed, and is counted."""
    return isinstance(error, psycopg.Error | PoolTimeout) and not is_poison(error)


def _work_on(context: Context, row: dict[str, Any]) -> None:
    if _is_undo(row):
        _undo(context, row)
        return
    job = _job(context, row)
    if row["state"] == "checking":
        end(context, row, "checked", numbers=to_json(check(job)))
        return
    report = Report(row["id"], row["accepted"], row["rejected"], "", row["line"])
    run_import(job, report, lambda _: go_on(context))
    context.count("transfers", "rows", report.accepted)


def _is_undo(row: dict[str, Any]) -> bool:
    return row["state"] in {"weighing", "undoing"}


def _undo(context: Context, row: dict[str, Any]) -> None:
    ch = context.ch()
    try:
        done = msgspec.convert(row["undo"] or {}, Undone)
        place = (row["workspace_id"], row["id"], row["fence"], row["state"] == "undoing", done, row["undo_after"])
        undo.run(undo.Undo(context.db, ch, *place, now=context.clock.now, wait=waiter(context)))
    finally:
        ch.close()


def _job(context: Context, row: dict[str, Any]) -> Job:
    db, workspace_id, import_id = context.db, row["workspace_id"], row["id"]
    plan = msgspec.convert(row["plan"], Plan)

    def fetch(place: int) -> bytes:
        go_on(context)
        with db.workspace(workspace_id) as ws:
            return bytes(ws.value(QUERIES.get_piece, import_id=import_id, place=place) or b"")

    with db.workspace(workspace_id) as ws:
        topics = find_topics(ws)
    source = Source(row["name"], row["size"], lambda: Pieces(row["size"], fetch))
    known, columns, mapping = from_plan(source, row["kind"], plan, topics)
    now = context.clock.now
    what = (known, plan.reading, columns, mapping, now, import_id, row["fence"])
    job = Job(db, workspace_id, row["kind"], *what, takes_erased=plan.takes_erased, keys=context.keys, wait=waiter(context))
    renew(job)
    return job


def waiter(context: Context) -> Any:  # noqa: ANN401 -- a function of seconds
    """Return what sleeps, gives signs of life, and raises `Draining` when it is time to stop."""

    def wait(seconds: float) -> None:
        go_on(context)
        context.wait("transfers", seconds)

    return wait


def go_on(context: Context) -> None:
    """Give a sign of life; raises `Draining`."""
    context.beat()
    if context.stop.is_set():
        raise Draining


def end(context: Context, row: dict[str, Any], state: str, *, numbers: str | None = None, problem: str = "") -> None:
    """Write down what became of an import."""
    with context.db.workspace(row["workspace_id"]) as ws:
        now = context.clock.now()
        ws.run(QUERIES.end_import, import_id=row["id"], fence=row["fence"], state=state, now=now, problem=problem, numbers=numbers)


def release(context: Context, row: dict[str, Any]) -> None:
    """Let another worker go on with it."""
    with context.db.workspace(row["workspace_id"]) as ws:
        ws.run(QUERIES.release, import_id=row["id"], fence=row["fence"])
