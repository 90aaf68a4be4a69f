"""Writes about warehouses. What would change the meaning of a reading under way waits for its end: both hold the warehouse's row.

What asks their server takes its time, and no transaction of ours is open meanwhile: such functions are given what opens one (`Scopes`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from cryptography.fernet import InvalidToken

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_workspace
from hudhud.consent.queries import find_topics
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput
from hudhud.kit.seal import cipher
from hudhud.transfer.guess import is_name_of_digits, understand_table, without_unknown
from hudhud.transfer.plans import mapping_of
from hudhud.transfer.types import Reading
from hudhud.transfer.values import to_text
from hudhud.warehouses import pipe
from hudhud.warehouses.protocol import Ask, Columns
from hudhud.warehouses.queries import find_warehouses, get_warehouse
from hudhud.warehouses.schedule import next_at
from hudhud.warehouses.types import MOST_WAREHOUSES, Access, AlreadyReading, NothingToRead, Schedule, WarehouseNotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope
    from hudhud.transfer.types import Kind, Plan, Seen, Understanding
    from hudhud.warehouses.protocol import Sort
    from hudhud.warehouses.types import Selection, Warehouse

    Scopes = Callable[[], AbstractContextManager[Scope]]

QUERIES = sql.load("hudhud.warehouses")
PURPOSE = "warehouse"
LOOK_ROWS = 200
# Somebody waits for the answer.
LOOK_S = 20


def ask_of(access: Access, selection: Selection | None = None, place: str | None = None) -> Ask:
    """Return what the reading process is told; without a selection it only connects."""
    at = access.connection
    where = (at.host, at.port, at.database, at.user, access.password, at.tls, access.networks)
    if selection is None:
        return Ask(*where, query="", cursor="", place=None, overlap=0, limit=0, longest_s=LOOK_S)
    what = (selection.query, selection.cursor, place, selection.overlap, selection.most_rows, selection.longest_s)
    return Ask(*where, *what)


def create_warehouse(scopes: Scopes, keys: Keys, name: str, kind: Kind, access: Access, *, now: datetime, actor: str) -> Warehouse:
    """Keep a database that can be reached; raises `InvalidInput` with the field that keeps us from it."""
    with scopes() as ws:
        _check_number(ws)
    pipe.try_connection(ask_of(access))
    given = {"name": name, "kind": kind, "connection": _json(access.connection), "password": _sealed(keys, access.password)}
    with scopes() as ws:
        _check_number(ws)
        warehouse_id = ws.value(QUERIES.create_warehouse, **given, now=now, actor=actor)
        record_audit(ws, now, actor, "warehouse.create", f"warehouse:{warehouse_id}", name=name, host=access.connection.host)
        return get_warehouse(ws, warehouse_id)


def _check_number(ws: Scope) -> None:
    if len(find_warehouses(ws)) >= MOST_WAREHOUSES:
        raise Conflict(f"A workspace may have {MOST_WAREHOUSES} warehouses; delete one that is not used.")


def _sealed(keys: Keys, password: str) -> bytes:
    return cipher(keys, PURPOSE).encrypt(password.encode())


def get_password(ws: Scope, keys: Keys, warehouse_id: int) -> str:
    """Return the password, for the reading process alone; raises `InvalidInput`, `WarehouseNotFound`."""
    sealed = ws.value(QUERIES.get_password, warehouse_id=warehouse_id)
    if sealed is None:
        raise WarehouseNotFound
    return unseal(keys, sealed)


def unseal(keys: Keys, sealed: bytes) -> str:
    """Return a password; raises `InvalidInput` where the key that sealed it is gone."""
    try:
        return cipher(keys, PURPOSE).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise InvalidInput("password", "…", "the key that sealed it is not in HUDHUD_SECRET_KEYS; give the connection anew") from None


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def rename(ws: Scope, warehouse_id: int, name: str, *, now: datetime, actor: str) -> None:
    """Call it otherwise; raises `WarehouseNotFound`."""
    if not ws.run(QUERIES.set_name, warehouse_id=warehouse_id, name=name):
        raise WarehouseNotFound
    record_audit(ws, now, actor, "warehouse.change", f"warehouse:{warehouse_id}", name=name)


def set_connection(scopes: Scopes, keys: Keys, warehouse_id: int, access: Access, *, now: datetime, actor: str) -> None:
    """Go elsewhere, or as somebody else. The password is asked for again: nobody may send it to another server who does not know it."""
    with scopes() as ws:
        get_warehouse(ws, warehouse_id)
    pipe.try_connection(ask_of(access))
    with scopes() as ws:
        _hold(ws, warehouse_id)
        sealed = _sealed(keys, access.password)
        ws.run(QUERIES.set_connection, warehouse_id=warehouse_id, connection=_json(access.connection), password=sealed)
        record_audit(ws, now, actor, "warehouse.connect", f"warehouse:{warehouse_id}", host=access.connection.host)


def _hold(ws: Scope, warehouse_id: int) -> None:
    if ws.value(QUERIES.hold, warehouse_id=warehouse_id) is None:
        raise WarehouseNotFound
    if ws.value(QUERIES.has_run, warehouse_id=warehouse_id):
        raise AlreadyReading


def look(scopes: Scopes, keys: Keys, warehouse_id: int, selection: Selection, *, networks: str) -> Understanding:
    """Read the first rows, and say what their columns seem to mean; raises `InvalidInput` with the field that is wrong. Nothing is kept."""
    with scopes() as ws:
        known = get_warehouse(ws, warehouse_id)
        access = Access(known.connection, get_password(ws, keys, warehouse_id), networks)
        topics = [topic.key for topic in find_topics(ws)]
    short = replace(selection, most_rows=min(selection.most_rows, LOOK_ROWS), longest_s=min(selection.longest_s, LOOK_S))
    columns: list[str] = []
    sorts: list[Sort] = []
    rows: list[list[str]] = []
    with closing(pipe.read(ask_of(access, short), lambda: None)) as answers:
        for found in answers:
            if isinstance(found, Columns):
                columns, sorts = found.names, found.sorts
            else:
                rows += [list(map(to_text, cells)) for cells in found.cells]
    # Typed columns: of what may be said of a file's, only dates in texts, decimals in texts and phones are of use.
    seen = understand_table(known.kind, Reading("parquet"), columns, rows, None)
    seen = replace(seen, columns=[_sorted(one, sort) for one, sort in zip(seen.columns, sorts, strict=True)])
    return without_unknown(seen, topics)


def _sorted(one: Seen, sort: Sort) -> Seen:
    """Read a column as what the database says it is: a text of digits stays a text. Times stay as they look: an endless one is no date."""
    if one.type == "own" or sort == "time" or is_name_of_digits(one.name):
        return one
    return replace(one, type="number" if sort == "decimal" else sort)


def set_plan(
    scopes: Scopes, keys: Keys, warehouse_id: int, selection: Selection, plan: Plan, *, networks: str, now: datetime, actor: str
) -> None:
    """Say what is read and what its columns mean; raises `InvalidInput` for what cannot work, `AlreadyReading`."""
    columns = [one.name for one in look(scopes, keys, warehouse_id, selection, networks=networks).columns]
    if columns != [one.name for one in plan.columns]:
        raise InvalidInput("columns", len(plan.columns), f"the query has {', '.join(columns)}; look at it again")
    with scopes() as ws:
        mapping_of(get_warehouse(ws, warehouse_id).kind, plan, columns, find_topics(ws))
        _hold(ws, warehouse_id)
        ws.run(QUERIES.set_plan, warehouse_id=warehouse_id, selection=_json(selection), plan=_json(plan))
        ws.run(QUERIES.forget_checks, warehouse_id=warehouse_id)
        record_audit(ws, now, actor, "warehouse.plan", f"warehouse:{warehouse_id}", cursor=selection.cursor)


def set_schedule(ws: Scope, warehouse_id: int, schedule: Schedule | None, *, is_paused: bool, now: datetime, actor: str) -> None:
    """Say when it is read; raises `InvalidInput`, `WarehouseNotFound`."""
    if schedule and schedule.every == "day" and schedule.at is None:
        raise InvalidInput("at", None, "say at which time of the day, e.g. 06:00")
    if schedule and schedule.at and schedule.at.tzinfo:
        raise InvalidInput("at", schedule.at.isoformat(), "it is the workspace's clock: leave the zone out, e.g. 06:00")
    planned = None if is_paused else next_at(schedule, get_workspace(ws).time_zone, now)
    if not ws.run(QUERIES.set_schedule, warehouse_id=warehouse_id, schedule=_json(schedule), is_paused=is_paused, next_at=planned):
        raise WarehouseNotFound
    told = {"every": schedule.every, "amount": schedule.amount} if schedule else {"every": "never"}
    record_audit(ws, now, actor, "warehouse.schedule", f"warehouse:{warehouse_id}", **told, is_paused=is_paused)


def ask_check(ws: Scope, warehouse_id: int, *, now: datetime, actor: str) -> int:
    """Let a worker count what a reading would do; returns the dry run's id. Raises `NothingToRead`, `WarehouseNotFound`."""
    get_warehouse(ws, warehouse_id)
    ws.run(QUERIES.forget_checks, warehouse_id=warehouse_id)
    return _begin(ws, warehouse_id, "checking", now, actor)


def ask_run(ws: Scope, warehouse_id: int, *, now: datetime, actor: str) -> int:
    """Let a worker read it now, paused or not; returns the run's id. Raises `AlreadyReading`, `NothingToRead`, `WarehouseNotFound`."""
    _hold(ws, warehouse_id)
    run_id = _begin(ws, warehouse_id, "running", now, actor)
    record_audit(ws, now, actor, "warehouse.run", f"warehouse:{warehouse_id}", run=run_id)
    return run_id


def _begin(ws: Scope, warehouse_id: int, state: str, now: datetime, actor: str) -> int:
    run_id = ws.value(QUERIES.begin_run, warehouse_id=warehouse_id, state=state, now=now, actor=actor)
    if run_id is None:
        raise NothingToRead
    return int(run_id)


def begin_due(everywhere: Scope, now: datetime) -> int:
    """Begin what is due, in all workspaces; return how many. Whatever was missed while nobody looked is one reading."""
    found = everywhere.all(QUERIES.find_due, now=now)
    for row in found:
        with everywhere.within(row["workspace_id"]) as ws:
            _begin(ws, row["id"], "running", now, "schedule")
            schedule = msgspec.convert(row["schedule"], Schedule | None)
            ws.run(QUERIES.set_next, warehouse_id=row["id"], next_at=next_at(schedule, get_workspace(ws).time_zone, now))
    return len(found)


def begin_anew(ws: Scope, warehouse_id: int, *, now: datetime, actor: str) -> None:
    """Let the next reading take everything: people's rows count again, events that are in stay one. Raises `AlreadyReading`, `WarehouseNotFound`."""
    _hold(ws, warehouse_id)
    ws.run(QUERIES.begin_anew, warehouse_id=warehouse_id)
    record_audit(ws, now, actor, "warehouse.anew", f"warehouse:{warehouse_id}")


def delete_warehouse(ws: Scope, warehouse_id: int, *, now: datetime, actor: str) -> None:
    """Forget where it is, and its password; what it brought stays. Raises `AlreadyReading`, `WarehouseNotFound`."""
    _hold(ws, warehouse_id)
    ws.run(QUERIES.forget_checks, warehouse_id=warehouse_id)
    name = ws.value(QUERIES.delete_warehouse, warehouse_id=warehouse_id)
    record_audit(ws, now, actor, "warehouse.delete", f"warehouse:{warehouse_id}", name=name)
