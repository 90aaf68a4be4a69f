"""A large base: a million people, fifty million events, two hundred live segments (BENCH_PEOPLE, BENCH_EVENTS: fewer). Takes half an hour, so it is not among all.

People and names of events are drawn by Zipf's law, people with a shift of a thousand: the busiest do some eighty things a day.
"""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, percentile
from bench.shop import open_shop
from bench.stack import Stack, wait_until
from hudhud.events.queries import find_timeline
from hudhud.people.queries import get_profile, search_people
from hudhud.segments import actions, queries
from hudhud.segments.flips import LONGEST_PAUSE
from hudhud.segments.types import MILLISECOND, Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PEOPLE, EVENTS = int(os.environ.get("BENCH_PEOPLE", "1000000")), int(os.environ.get("BENCH_EVENTS", "50000000"))
SEGMENTS, BATCH, SECOND, BATCHES = 200, 1000, 5000, 6  # SECOND: the events of one second at the rate that is aimed at
STEP = 5_000_000  # events made by one statement
NOW = datetime(2026, 3, 31, tzinfo=UTC)
SPAN = timedelta(days=90)
SHIFT, APART = 1000, 7_368_787  # APART shares no divisor with the number of people
NAMES = (
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    *(f"Event {n}" for n in range(7, 50)),
)
CITIES = ("Tallinn", "Tartu", "Tehran", "Cairo")
MAKE_PEOPLE = """
INSERT INTO person (id, workspace_id, attributes, created_at, updated_at, mirrored) OVERRIDING SYSTEM VALUE
SELECT %(first)s + n, %(w)s, jsonb_build_object('name', 'Ann' || n %% 9973 || ' Lee' || n), %(now)s, %(now)s, 1 FROM generate_series(0, %(people)s - 1) AS n
"""
MAKE_IDENTIFIERS = """
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(w)s, i.namespace, i.value, n, %(now)s
FROM generate_series(%(first)s, %(first)s + %(people)s - 1) AS n,
     LATERAL (VALUES ('email', 'person' || n || '@example.com'), ('phone', '+3725' || lpad(n::text, 7, '0'))) AS i (namespace, value)
"""
MIRROR_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at, reachable)
WITH intHash32(toUInt32(number)) AS h
SELECT {w:UInt64}, {first:UInt64} + number, 1, 0, concat('{"city":"', {cities:Array(String)}[h % 4 + 1], '","age":', toString(h % 80), '}')::JSON, {now:DateTime64(3, 'UTC')},
       if(h % 10 = 0, [], ['email']) FROM numbers({people:UInt64})
"""
# One row of the log: the numbers from `start` on happened one after another, between `since` and `until`. Who is busy has nothing to do with who came first.
EVENT = """
WITH intHash32(toUInt32(number)) AS h, cityHash64(number, 'who') / 18446744073709551616. AS lot,
     {since:DateTime64(3, 'UTC')} + toIntervalMillisecond(cityHash64(number, 'at') % {span_ms:UInt64}) AS happened,
     least(toUInt64({shift:UInt64} * (pow(({people:UInt64} + {shift:UInt64}) / {shift:UInt64}, lot) - 1)), {people:UInt64} - 1) AS place,
     {first:UInt64} + place * {apart:UInt64} % {people:UInt64} AS actor,
     concat('{"price":', toString(h % 200), ',"product":"sku-', toString(h % 5000), '"}') AS said
SELECT {w:UInt64} AS workspace_id, {names:Array(String)}[toUInt32(pow(49, cityHash64(number, 'name') / 18446744073709551616.))] AS name, happened AS at, actor AS actor_id,
       lower(hex(cityHash64(number, 'message'))) AS message_id, 'track' AS kind, COLUMNS FROM numbers({start:UInt64}, {events:UInt64})
"""
MAKE_EVENTS = {
    "event": "INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)"
    + EVENT.replace(
        "COLUMNS",
        'happened + toIntervalMillisecond(h % 900), said::JSON, concat(\'{"page":{"url":"https://shop.example/p/\', toString(h % 5000), \'"}}\')',
    ),
    "person_event": "INSERT INTO person_event (workspace_id, name, at, actor_id, message_id, kind, properties)"
    + EVENT.replace("COLUMNS", "said"),
}
READ_EVENTS = EVENT.replace("COLUMNS", "1")
BYTES = "SELECT sum(bytes_on_disk) / {events:UInt64} FROM system.parts WHERE active AND table IN ('event', 'person_event')"


@dataclass
class Base:
    """A workspace with people and events, so many so far."""

    workspace_id: int
    first: int
    people: int
    events: int
    now: datetime = NOW

    def take(self, events: int) -> int:
        """Return the number of the first of so many further events."""
        self.events += events
        return self.events - events

    def next_second(self) -> datetime:
        """Let a second pass."""
        self.now += timedelta(seconds=1)
        return self.now


def measure(*, people: int = PEOPLE, events: int = EVENTS) -> list[Figure]:
    """Make the base and a tenth of it: what a batch costs must not depend on how many people there are beside its own."""
    with Stack() as stack, stack.ch() as ch:
        small = make_base(stack, ch, people // 10, events // 10)
        _make_segments(stack.db, ch, small.workspace_id)
        _, small_cpu_s = run_batches(stack, ch, small, BATCH)
        base = make_base(stack, ch, people, events)
        _make_segments(stack.db, ch, base.workspace_id)
        size = float(ch.query(BYTES, parameters={"events": events + events // 10}).result_rows[0][0])
        return [
            *_refreshed(stack, ch, base, small_cpu_s),
            *_asked(stack, ch, base),
            _flips(stack, ch, base),
            _recheck(stack.db, ch, base),
            Figure("disk of an event, both tables", size, "bytes", target=60, at_least=False),
            Figure("memory of ClickHouse, large base", stack.clickhouse_mb(), "MB", target=1536, at_least=False, note=_told(base)),
        ]


def _refreshed(stack: Stack, ch: Client, base: Base, small_cpu_s: float) -> list[Figure]:
    batch_s, batch_cpu_s = run_batches(stack, ch, base, BATCH)
    second_s, second_cpu_s = run_batches(stack, ch, base, SECOND)
    return [
        Figure(f"segment refresh, {BATCH:,} events", batch_s * 1000, "ms", target=2000, at_least=False, note=_told(base)),
        Figure("  the same, processor time", batch_cpu_s * 1000, "ms", at_least=False, floor=small_cpu_s * 1000, floor_name="a tenth of the base", ratio_target=2.0),
        Figure(f"segment refresh, {SECOND:,} events", second_s * 1000, "ms", target=1000, at_least=False, note=f"{second_cpu_s:.2f} s of processor time, ours and ClickHouse's"),
    ]  # fmt: skip


def _told(base: Base) -> str:
    return f"{base.people:,} people, {base.events:,} events, {SEGMENTS} segments"


def make_base(stack: Stack, ch: Client, people: int, events: int) -> Base:
    """Make a workspace with its people and events, by both engines at once."""
    workspace_id, _ = open_shop(stack)
    with stack.admin() as admin:
        row = admin.execute("SELECT coalesce(max(id), 0) + 1 FROM person").fetchone()
    assert row is not None
    given = {"w": workspace_id, "first": row[0], "people": people, "now": NOW}
    with ThreadPoolExecutor(2) as beside:
        made = [beside.submit(_make_people, stack, given), beside.submit(_make_events, stack, given, events, "person_event")]
        ch.command(MIRROR_PEOPLE, {**given, "cities": list(CITIES)})
        _make_events(stack, given, events, "event")
        for one in made:
            one.result()
    wait_until(
        lambda: ch.query("SELECT count() FROM system.merges").result_rows[0][0] == 0, 900, every_s=1, what="merges to come to an end"
    )
    return Base(workspace_id, row[0], people, events)


def _make_people(stack: Stack, given: dict[str, Any]) -> None:
    with stack.admin() as admin:
        admin.execute("SET session_replication_role = replica")  # each identifier has its person: no need to look
        admin.execute(MAKE_PEOPLE, given)
        admin.execute(MAKE_IDENTIFIERS, given)
        admin.execute("SELECT setval(pg_get_serial_sequence('person', 'id'), (SELECT max(id) FROM person))")
        admin.execute("VACUUM ANALYZE person, identifier")


def _make_events(stack: Stack, given: dict[str, Any], events: int, table: str) -> None:
    """Make them in the order in which they happened, as they would have come."""
    with stack.ch() as ch:
        for start in range(0, events, STEP):
            some = min(STEP, events - start)
            since = NOW - SPAN + SPAN * (start / events)
            ch.command(MAKE_EVENTS[table], {**given, **_slice(start, some, since, SPAN * (some / events))})


def _slice(start: int, events: int, since: datetime, span: timedelta) -> dict[str, Any]:
    return {
        "names": list(NAMES),
        "shift": SHIFT,
        "apart": APART,
        "start": start,
        "events": events,
        "since": since,
        "span_ms": max(span // MILLISECOND, 1),
    }


def _make_segments(db: Database, ch: Client, workspace_id: int) -> None:
    with db.workspace(workspace_id) as ws:
        for number in range(SEGMENTS):
            actions.create_segment(ws, f"Segment {number}", from_json(_tree(number)), NOW, by="cli")
    with db.workspace(workspace_id) as ws:
        actions.build(ws, ch, NOW)


def _tree(number: int) -> dict[str, Any]:
    """Return one of ten shapes over one or two of the names."""
    name, other = NAMES[number % len(NAMES)], NAMES[(number * 7 + 3) % len(NAMES)]
    event = {"kind": "event", "name": name, "window": {"kind": "last", "amount": (1, 7, 30, 90)[number // 7 % 4], "unit": "days"}}
    second = {"kind": "event", "name": other, "window": {"kind": "last", "amount": (7, 30)[number // 3 % 2], "unit": "days"}}
    city = {"kind": "attribute", "name": "city", "op": "is", "value": CITIES[number % 4]}
    return (
        event,
        {"kind": "and", "of": [event, {"kind": "not", "of": second}]},
        {**event, "count": {"op": "at_least", "value": 3}},
        {"kind": "and", "of": [event, city]},
        {"kind": "or", "of": [event, second]},
        {**event, "where": [{"property": "price", "op": "more_than", "value": 150}]},
        {"kind": "amount", "take": "sum", "name": name, "property": "price", "op": "more_than", "value": 300, "window": event["window"]},
        {"kind": "and", "of": [city, second, {"kind": "not", "of": event}]},
        {"kind": "and", "of": [city, {**event, "count": {"op": "exactly", "value": 1}}]},
        {"kind": "and", "of": [city, event, {"kind": "attribute", "name": "age", "op": "more_than", "value": number % 80}]},
    )[number % 10]


def run_batches(stack: Stack, ch: Client, base: Base, events: int) -> tuple[float, float]:
    """Return the median seconds of a batch of new events of people as busy as they are, and of its processor time."""
    took, worked = [], []
    for number in range(BATCHES):
        at = base.next_second()
        given = {"w": base.workspace_id, "first": base.first, "people": base.people, **_slice(base.take(events), events, at, MILLISECOND)}
        for statement in MAKE_EVENTS.values():
            ch.command(statement, given)
        doers: dict[str, list[int]] = defaultdict(list)
        for _, name, _, actor, *_ in ch.query(READ_EVENTS, parameters=given).result_rows:
            doers[name].append(actor)
        people = frozenset(actor for some in doers.values() for actor in some)
        instants = {name: [at] * len(some) for name, some in doers.items()}
        touched = Touched(people, frozenset(doers), instants=instants, doers=doers, changed=())
        began, before = time.perf_counter(), stack.clickhouse_s() + time.process_time()
        with stack.db.workspace(base.workspace_id) as ws:
            actions.refresh(ws, ch, touched, at)
        if number:  # the first one reads whole sets, as a process that has just begun
            took.append(time.perf_counter() - began)
            worked.append(stack.clickhouse_s() + time.process_time() - before)
    return percentile(took, 0.5), percentile(worked, 0.5)


def _asked(stack: Stack, ch: Client, base: Base) -> list[Figure]:
    """Time what somebody at a screen waits for."""
    lots = random.Random(2)
    trees = [from_json(_tree(number)) for number in range(30)]
    ids = [base.first + lots.randrange(base.people) for _ in range(50)]
    words = [
        f"{start}{lots.randrange(base.people)}"[: lots.randrange(3, 14)] for start in ("person", "+3725", "Ann", "lee") for _ in range(25)
    ]
    with stack.db.workspace(base.workspace_id) as ws:
        sample = queries.choose_sample(ch, base.workspace_id)
        estimates = [_timed(partial(queries.preview, ws, ch, tree, base.now, sample=sample)) for tree in trees]
        counts = [_timed(partial(queries.count, ws, ch, tree, base.now)) for tree in trees]
        searches = [_timed(partial(search_people, ws, word)) for word in words]
        pages = [_timed(partial(get_profile, ws, one)) + _timed(partial(find_timeline, ws, ch, one)) for one in ids]
    return [
        Figure("builder's estimate, 30 segments, slowest", max(estimates) * 1000, "ms", target=300, at_least=False),
        Figure("segment count, 30 segments, slowest", max(counts) * 1000, "ms", target=1000, at_least=False),
        Figure("search by a beginning, p95", percentile(searches, 0.95) * 1000, "ms", target=200, at_least=False),
        Figure("person with timeline, p95", percentile(pages, 0.95) * 1000, "ms", target=150, at_least=False),
    ]


def _flips(stack: Stack, ch: Client, base: Base) -> Figure:
    """Time the looks at what the passage of a minute has changed: all segments at once. What is due waits for a pause before."""
    base.now += timedelta(minutes=1)
    changed = 0
    began, before = time.perf_counter(), stack.clickhouse_s() + time.process_time()
    while True:
        with stack.db.workspace(base.workspace_id) as ws:
            found = len(actions.check_due(ws, ch, base.now))
        changed += found
        if not found:
            break
    took = LONGEST_PAUSE.total_seconds() + time.perf_counter() - began
    worked = stack.clickhouse_s() + time.process_time() - before
    note = f"{changed} changes, {worked:.1f} s of processor time; a pause of {LONGEST_PAUSE.seconds} s counted"
    return Figure("from an edge of time to its flips, at most", took, "s", target=60, at_least=False, note=note)


def _recheck(db: Database, ch: Client, base: Base) -> Figure:
    now = base.next_second()
    began = time.perf_counter()
    with db.workspace(base.workspace_id) as ws:
        actions.suspect(ws, ch, now, lambda: None)
    with db.workspace(base.workspace_id) as ws:
        wrong = len(actions.settle(ws, ch, now))
    return Figure(
        "nightly check of all memberships: differences",
        wrong,
        "people",
        target=0,
        at_least=False,
        note=f"{time.perf_counter() - began:.0f} s",
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
