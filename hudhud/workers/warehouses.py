"""The warehouses role: begins what is due, and reads customers' databases, one at a time; a lease each, so that any number of these may run."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from hudhud.consent.queries import find_topics
from hudhud.events.queries import find_taken
from hudhud.kit import sql
from hudhud.kit.failpoint import reach
from hudhud.transfer.actions import KEPT
from hudhud.transfer.check import check, to_json
from hudhud.transfer.plans import mapping_of
from hudhud.transfer.runner import LEASE_S, MAX_BACKLOG_BEFORE, Job, Report, renew, wait_for_room
from hudhud.transfer.runner import run as run_import
from hudhud.transfer.source import Source
from hudhud.transfer.types import Plan
from hudhud.warehouses import actions
from hudhud.warehouses.place import Place
from hudhud.warehouses.rows import WarehouseRows
from hudhud.warehouses.types import Access, Connection, Selection
from hudhud.workers.transfers import MAX_ATTEMPTS, end, go_on, take_up, waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hudhud.warehouses.protocol import Ask
    from hudhud.workers.context import Context

QUERIES = sql.load("hudhud.warehouses")
IDLE_S = 2.0
RENEW_S = LEASE_S / 4
TIDY_EVERY = timedelta(hours=1)
STUCK = f"It was begun {MAX_ATTEMPTS} times and never got further; look at the log of the workers, then read it again."
UNKNOWN = "It could not be read to its end ({}); what is in stays in, and the next reading goes on from there."


def run(context: Context) -> None:
    """Work until told to stop."""
    tidied: datetime | None = None
    while not context.stop.is_set():
        now = context.clock.now()
        if tidied is None or now - tidied > TIDY_EVERY:
            with context.db.everywhere() as everywhere:
                everywhere.run(QUERIES.expire_runs, before=now - KEPT)
            tidied = now
        if not work_once(context):
            context.wait("warehouses", IDLE_S)


def work_once(context: Context) -> bool:
    """Begin what is due, and take up one reading, if there is any; return whether there was."""
    context.beat()
    with context.db.everywhere() as everywhere:
        actions.begin_due(everywhere, context.clock.now())
        reach("warehouse.due")
    with context.db.everywhere() as everywhere:
        row = everywhere.one(QUERIES.claim_run, worker=context.name, lease_s=LEASE_S)
    if row is None:
        return False
    take_up(context, row, _read, stuck=STUCK, unknown=UNKNOWN)
    return True


def _read(context: Context, row: dict[str, Any]) -> None:
    job, rows = _job(context, row)
    renew(job)
    if row["state"] == "checking":
        end(context, row, "checked", numbers=to_json(check(job)))
        return
    if rows.place is None and row["line"]:
        with context.db.workspace(row["workspace_id"]) as ws:
            ws.run(QUERIES.begin_again, import_id=row["id"], fence=row["fence"])
        row |= {"line": 0, "accepted": 0, "rejected": 0}
        rows.line = 0
    wait_for_room(job, MAX_BACKLOG_BEFORE)
    report = Report(row["id"], row["accepted"], row["rejected"], "", row["line"])
    run_import(job, report, lambda _: None)
    reach("warehouse.read")
    with context.db.workspace(row["workspace_id"]) as ws:
        ws.run(QUERIES.end_run, warehouse_id=row["warehouse_id"], is_behind=rows.is_full, now=context.clock.now())
    context.count("warehouses", "rows", rows.taken)


def _job(context: Context, row: dict[str, Any]) -> tuple[Job, WarehouseRows]:
    with context.db.workspace(row["workspace_id"]) as ws:
        topics = find_topics(ws)
        found = ws.one(QUERIES.get_source, warehouse_id=row["warehouse_id"])
    assert found is not None
    plan, selection = msgspec.convert(row["plan"], Plan), msgspec.convert(found["selection"], Selection)
    if found["is_behind"]:
        # A backlog is read from place to place, at once: what is written late stands near its end, and is looked for when that is reached.
        selection = replace(selection, overlap=0)
    columns = [one.name for one in plan.columns]
    place = Place(found["place"], bytes(found["recent"]), selection.overlap) if selection.cursor else None
    mapping = mapping_of(row["kind"], plan, columns, topics)
    rows = WarehouseRows(
        row["warehouse_id"],
        _ask(context, found, selection, place),
        columns,
        frozenset(part for rule in mapping.rules for part, _ in rule.parts),
        _name(row, found["epoch"], place),
        place,
        selection.most_rows,
        row["line"],
        lambda: None,
        partial(_find_taken, context, row["workspace_id"]),
    )
    source = Source(str(row["warehouse_id"]), 0, _no_file)
    known = (
        context.db,
        row["workspace_id"],
        row["kind"],
        source,
        plan.reading,
        columns,
        mapping,
        context.clock.now,
        row["id"],
        row["fence"],
    )
    job = Job(*known, rows=rows, takes_erased=plan.takes_erased, keys=context.keys, wait=waiter(context))
    rows.wait = _keeper(context, job)
    return job, rows


def _find_taken(context: Context, workspace_id: int, message_ids: Sequence[str]) -> set[str]:
    with context.db.workspace(workspace_id) as ws:
        return find_taken(ws, message_ids)


def _ask(context: Context, found: dict[str, Any], selection: Selection, place: Place | None) -> Ask:
    password = actions.unseal(context.keys, found["password"])
    connection = msgspec.convert(found["connection"], Connection)
    known = len(place.before) if place else 0
    # Rows that are read again and not taken do not count; one more shows that there are more.
    asked = replace(selection, most_rows=selection.most_rows + known + 1)
    return actions.ask_of(Access(connection, password, context.settings.private_networks), asked, place.text if place else None)


def _name(row: dict[str, Any], epoch: int, place: Place | None) -> str:
    """Return what the ids of messages begin with: an event is one for ever; a person's row counts again when it is to be read anew."""
    name = f"warehouse:{row['warehouse_id']}"
    if row["kind"] == "events":
        return name
    return f"{name}:{epoch}" if place else f"{name}:run{row['id']}"


def _keeper(context: Context, job: Job) -> Callable[[], None]:
    """Return what gives signs of life while the database is silent, and keeps the lease; raises `Stopped`."""
    renewed = time.monotonic()

    def wait() -> None:
        nonlocal renewed
        go_on(context)
        if time.monotonic() - renewed > RENEW_S:
            renew(job)
            renewed = time.monotonic()

    return wait


def _no_file() -> NoReturn:
    raise AssertionError
