"""Fill a workspace with the sample shop, and empty it again. Sets straight through the modules' own actions, never row by row."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec
import psycopg
from psycopg import sql as compose

from hudhud.accounts.actions import record_audit, update_workspace
from hudhud.accounts.queries import get_workspace
from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.demo import ready
from hudhud.demo.history import DAYS, Shop
from hudhud.events import actions as events
from hudhud.events.append import append
from hudhud.events.types import Event
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, Unavailable
from hudhud.lifecycle import actions as lifecycle
from hudhud.people import actions as people
from hudhud.people.types import Identity
from hudhud.segments.actions import forget_tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.content.sandbox import Sandbox
    from hudhud.demo.shopper import Happening, Shopper
    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.demo")
SEED = 20
PEOPLE = 5_000
SOURCE = "import:demo"
# How finely the past of the lifecycle is looked at.
LOOK_EVERY = timedelta(days=9)
SETTLE_S, LOOK_EVERY_S = 10.0, 0.1
DEADLOCKS = 4
T = TypeVar("T")
# What makes a workspace itself; everything else goes with the sample.
KEPT = ["workspace", "member", "api_key", "audit_log"]
# Who writes, as long as nobody has said so: every marketing mail needs an address to answer to and a postal one.
SENDER = {"sender_name": "Hoopoe & Co", "sender_email": "hello@shop.example", "postal_address": "Hoopoe & Co, Linnu 1, 10111 Tallinn"}
CONTEXT = b'{"library":{"name":"hudhud-demo"}}'


class NotEmpty(Conflict):
    """This workspace holds people or events already; the sample shop needs an empty one."""

    code = "not_empty"


class NotSample(Conflict):
    """This workspace is no sample; nothing was removed."""

    code = "not_sample"


@dataclass(frozen=True, slots=True)
class Filled:
    """What the sample shop consists of."""

    people: int
    events: int
    orders: int
    segments: int
    journeys: list[str]
    seconds: float


def fill(ws: Scope, ch: Client, sandbox: Sandbox, now: datetime, *, pictures: str, actor: str, people_count: int = PEOPLE) -> Filled:
    """Make people, their ninety days, segments and running journeys; raises `NotEmpty`.

    The past starts nothing: journeys begin with what happens after `now`. `pictures` is the address of the pictures' folder.
    """
    return _beside_workers(ws, lambda: _fill(ws, ch, sandbox, now, pictures, actor, people_count))


def _beside_workers(ws: Scope, work: Callable[[], T]) -> T:
    """Do it; again from the start where it and a worker waited for each other and PostgreSQL chose us to give way."""
    for _ in range(DEADLOCKS):
        with suppress(psycopg.errors.DeadlockDetected), ws.conn.transaction():
            return work()
    with ws.conn.transaction():
        return work()


def _fill(ws: Scope, ch: Client, sandbox: Sandbox, now: datetime, pictures: str, actor: str, people_count: int) -> Filled:
    began = time.perf_counter()
    ws.run(QUERIES.lock)
    if not ws.value(QUERIES.is_empty):
        raise NotEmpty
    ws.run(QUERIES.set_sample, is_sample=True)
    _set_sender(ws, now, actor, dict.fromkeys(SENDER, ""), SENDER)
    shop = Shop(SEED, now, pictures)
    shoppers = shop.shoppers(people_count)
    history = shop.history(shoppers)
    ids = _join(ws, shoppers, now)
    made = [
        to_event(ws.workspace_id or 0, happening, ids[happening.number - 1], f"demo-{index}") for index, happening in enumerate(history)
    ]
    try:
        with ThreadPoolExecutor(1) as beside:
            # ClickHouse takes the events while PostgreSQL takes the rest.
            written = beside.submit(append, ch, made, f"demo:{ws.workspace_id}:{uuid.uuid4().hex}")
            ws.run(QUERIES.analyse)
            _agree(ws, ids, shoppers, now)
            events.record_names(ws, made)
            events.keep(ws, events.pack(made), now)
            ws.run(QUERIES.analyse)
            people.mirror(ws, ch, ids)
            segments, journeys = ready.install(ws, sandbox, now, actor)
            written.result()
            forget_tallies(ws)
            _look_back(ws, ch, dict(zip(ids, (shopper.joined_at for shopper in shoppers), strict=True)), now)
    except BaseException:
        clear_events(ch, ws.workspace_id or 0)  # it cannot roll back
        raise
    orders = sum(happening.name == "Order Completed" for happening in history)
    record_audit(ws, now, actor, "demo.fill", people=len(ids), events=len(history))
    return Filled(len(ids), len(history), orders, segments, journeys, round(time.perf_counter() - began, 2))


def _set_sender(ws: Scope, now: datetime, actor: str, old: dict[str, str], new: dict[str, str]) -> None:
    """Replace the sender's fields that are as in `old`; what somebody wrote there stays."""
    workspace = get_workspace(ws)
    changes = {field: value for field, value in new.items() if getattr(workspace, field) == old[field]}
    if changes:
        update_workspace(ws, now, actor, **changes)


def user_id(number: int) -> str:
    """Return what the shop calls its n-th customer."""
    return f"demo-{number}"


def _join(ws: Scope, shoppers: Sequence[Shopper], now: datetime) -> list[int]:
    """Make the people; return their ids in order."""
    claims = [
        Identity(
            (("user_id", user_id(shopper.number)), ("email", shopper.attributes["email"])),
            "import",
            shopper.joined_at,
            attributes=shopper.attributes,
        )
        for shopper in shoppers
    ]
    return people.resolve(ws, claims, now).person_ids


def _look_back(ws: Scope, ch: Client, joined: dict[int, datetime], now: datetime) -> None:
    """Let the lifecycle begin with the ninety days."""
    instants = [now - timedelta(days=DAYS) + number * LOOK_EVERY for number in range(DAYS // LOOK_EVERY.days + 1)]
    lifecycle.look_back(ws, ch, joined, instants)


def _agree(ws: Scope, ids: Sequence[int], shoppers: Sequence[Shopper], now: datetime) -> None:
    """Record what the people said about the newsletter when they joined."""
    consent.create_default_topics(ws, now)
    words = [
        ConsentChange(person_id, "newsletter", "email", "subscribed" if shopper.reads else "unsubscribed", shopper.joined_at, SOURCE)
        for person_id, shopper in zip(ids, shoppers, strict=True)
    ]
    consent.record(ws, words)


def to_event(workspace_id: int, happening: Happening, person_id: int, message_id: str) -> Event:
    """Return a happening as the inside form of an event."""
    return Event(
        workspace_id=workspace_id,
        lane_id=0,
        message_id=message_id,
        kind=happening.kind,
        name=happening.name,
        at=happening.at,
        received_at=happening.at,
        user_id=user_id(happening.number),
        anonymous_id=None,
        properties=msgspec.json.encode(happening.properties),
        context=CONTEXT,
        source=SOURCE,
        actor_id=person_id,
        person_id=person_id,
    )


def stop(ws: Scope) -> None:
    """Let nothing new happen in the sample shop; raises `NotSample`."""
    if not ws.value(QUERIES.is_sample):
        raise NotSample
    ws.run(QUERIES.lock)
    ws.run(QUERIES.set_clearing, is_clearing=True)


def resume(ws: Scope) -> None:
    """Take `stop` back."""
    ws.run(QUERIES.set_clearing, is_clearing=False)


def is_at_work(ws: Scope) -> bool:
    """Tell whether something of this workspace is still on its way through the intake log."""
    return bool(ws.value(QUERIES.is_at_work))


def settle(db: Database, workspace_id: int) -> None:
    """Stop the trickle, and wait until the intake is through with it (else it would write into the emptied workspace)."""
    with db.workspace(workspace_id) as ws:
        stop(ws)
    deadline = time.monotonic() + SETTLE_S
    while True:
        with db.workspace(workspace_id) as ws:
            if not is_at_work(ws):
                # Durable before its events go from ClickHouse: killed in between, workers would hold ClickHouse for lost.
                events.forget_kept(ws)
                return
        if time.monotonic() > deadline:
            with db.workspace(workspace_id) as ws:
                resume(ws)
            raise Unavailable("The workers have not taken in all events yet; try again shortly.")
        time.sleep(LOOK_EVERY_S)


def clear(ws: Scope, ch: Client, now: datetime, *, actor: str) -> None:
    """Remove everything but workspace, members, keys and audit log; until that is done it stays a sample that can be removed."""
    _beside_workers(ws, lambda: _clear(ws, ch, now, actor))


def _clear(ws: Scope, ch: Client, now: datetime, actor: str) -> None:
    ws.run(QUERIES.lock)
    tables = [row[0] for row in ws.rows(QUERIES.find_tables, kept=KEPT)]
    # One statement: foreign keys are looked at when all tables are empty, whatever their order.
    deletes = compose.SQL(", ").join(
        compose.SQL("{} AS (DELETE FROM {} WHERE workspace_id = %(workspace_id)s)").format(
            compose.Identifier(f"from_{table}"), compose.Identifier(table)
        )
        for table in tables
    )
    ws.conn.execute(compose.SQL("WITH {} SELECT 1").format(deletes), {"workspace_id": ws.workspace_id})
    consent.create_default_topics(ws, now)
    lifecycle.install(ws, now)
    _set_sender(ws, now, actor, SENDER, dict.fromkeys(SENDER, ""))
    ws.run(QUERIES.set_sample, is_sample=False)
    clear_events(ch, ws.workspace_id or 0)
    record_audit(ws, now, actor, "demo.clear")


def clear_events(ch: Client, workspace_id: int) -> None:
    """Remove a workspace from every table of ClickHouse."""
    tables = ch.query(
        "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'workspace_id' ORDER BY table"
    ).result_rows
    for (table,) in tables:
        ch.command(
            "DELETE FROM {table:Identifier} WHERE workspace_id = {workspace_id:UInt64}", {"table": table, "workspace_id": workspace_id}
        )
