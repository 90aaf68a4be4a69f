"""A large base: a million people, fifty million events, two hundred live segments (BENCH_PEOPLE, BENCH_EVENTS: fewer). Takes half an hour, so it is not among all.

People and names of events are drawn by Zipf's law, people with a shift of a thousand: the busiest do some eighty things a day.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, percentile
from bench.segments import COPY_EVENTS
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.events.queries import find_timeline
from hudhud.people.queries import get_profile, search_people
from hudhud.segments import actions, queries
from hudhud.segments.types import Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PEOPLE, EVENTS = int(os.environ.get("BENCH_PEOPLE", "1000000")), int(os.environ.get("BENCH_EVENTS", "50000000"))
SEGMENTS, BATCH, SECOND, BATCHES = 200, 1000, 5000, 5  # SECOND: the events of one second at the rate that is aimed at
STEP = 5_000_000  # events made by one statement
NOW = datetime(2026, 3, 31, tzinfo=UTC)
SHIFT = 1000
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
WITH made AS (
    INSERT INTO person (workspace_id, attributes, created_at, updated_at, mirrored)
    SELECT %(w)s, jsonb_build_object('name', 'Ann' || n %% 9973 || ' Lee' || n), %(now)s, %(now)s, 1 FROM generate_series(1, %(people)s) AS n RETURNING id
)
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(w)s, i.namespace, i.value, made.id, %(now)s
FROM made, LATERAL (VALUES ('email', 'person' || made.id || '@example.com'), ('phone', '+3725' || lpad(made.id::text, 7, '0'))) AS i (namespace, value)
"""
MIRROR_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at, reachable)
WITH intHash32(toUInt32(number)) AS h
SELECT {w:UInt64}, {first:UInt64} + number, 1, 0, concat('{"city":"', {cities:Array(String)}[h % 4 + 1], '","age":', toString(h % 80), '}')::JSON, {now:DateTime64(3, 'UTC')},
       if(h % 10 = 0, [], ['email']) FROM numbers({people:UInt64})
"""
MAKE_EVENTS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
WITH intHash32(toUInt32(number)) AS h, cityHash64(number, 'who') / 18446744073709551616. AS who,
     {now:DateTime64(3, 'UTC')} - toIntervalMillisecond(cityHash64(number, 'at') % 7776000000) AS happened
SELECT {w:UInt64}, {names:Array(String)}[toUInt32(pow(49, cityHash64(number, 'name') / 18446744073709551616.))], happened,
       {first:UInt64} + least(toUInt64({shift:UInt64} * (pow(({people:UInt64} + {shift:UInt64}) / {shift:UInt64}, who) - 1)), {people:UInt64} - 1),
       lower(hex(cityHash64(number, 'message'))), 'track', happened + toIntervalMillisecond(h % 900),
       concat('{"price":', toString(h % 200), ',"product":"sku-', toString(h % 5000), '"}')::JSON, concat('{"page":{"url":"https://shop.example/p/', toString(h % 5000), '"}}')
FROM numbers({start:UInt64}, {events:UInt64})
"""
BYTES = "SELECT sum(bytes_on_disk) / {events:UInt64} FROM system.parts WHERE active AND table IN ('event', 'person_event')"


def measure(*, people: int = PEOPLE, events: int = EVENTS) -> list[Figure]:
    """Make the base and a tenth of it: what a batch costs must not depend on how many people there are beside its own."""
    with Stack() as stack, stack.ch() as ch:
        small, _ = _make(stack, ch, people // 10, events // 10)
        _make_segments(stack.db, ch, small)
        small_s, _ = _batches(stack, ch, small, BATCH)
        workspace_id, first = _make(stack, ch, people, events)
        _make_segments(stack.db, ch, workspace_id)
        batch_s, _ = _batches(stack, ch, workspace_id, BATCH)
        second_s, second_cpu_s = _batches(stack, ch, workspace_id, SECOND)
        figures = [*_asked(stack, ch, workspace_id, first, people), _recheck(stack.db, ch, workspace_id)]
        size = float(ch.query(BYTES, parameters={"events": events + events // 10}).result_rows[0][0])
        memory = stack.clickhouse_mb()
    base = f"{people:,} people, {events:,} events, {SEGMENTS} segments"
    return [
        Figure(f"segment refresh, {BATCH:,} events", batch_s * 1000, "ms", target=2000, at_least=False, floor=small_s * 1000, floor_name="a tenth of the base", ratio_target=2.0, note=base),
        Figure(f"segment refresh, {SECOND:,} events", second_s * 1000, "ms", target=1000, at_least=False, note=f"{second_cpu_s:.2f} s of processor time, ours and ClickHouse's"),
        *figures,
        Figure("disk of an event, both tables", size, "bytes", target=60, at_least=False),
        Figure("memory of ClickHouse, large base", memory, "MB", target=1536, at_least=False, note=base),
    ]  # fmt: skip


def _make(stack: Stack, ch: Client, people: int, events: int) -> tuple[int, int]:
    """Make a workspace with its people and events; return its id and the first person's."""
    workspace_id, _ = open_shop(stack)
    with stack.admin() as admin:
        admin.execute(MAKE_PEOPLE, {"w": workspace_id, "now": NOW, "people": people})
        row = admin.execute("SELECT min(id) FROM person WHERE workspace_id = %s", (workspace_id,)).fetchone()
    assert row is not None
    stack.analyze()
    given = {"w": workspace_id, "first": row[0], "people": people, "now": NOW}
    ch.command(MIRROR_PEOPLE, {**given, "cities": list(CITIES)})
    for start in range(0, events, STEP):
        ch.command(MAKE_EVENTS, {**given, "names": list(NAMES), "shift": SHIFT, "start": start, "events": min(STEP, events - start)})
    ch.command(COPY_EVENTS, {"w": workspace_id})
    return workspace_id, row[0]


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


def _batches(stack: Stack, ch: Client, workspace_id: int, events: int) -> tuple[float, float]:
    """Return the median seconds of a batch of events that are there already, of people as busy as they are, and of its processor time."""
    lots, took, worked = random.Random(1), [], []
    for number in range(BATCHES):
        where = {"w": workspace_id, "skip": lots.randrange(1 << 20), "batch": events}
        rows = ch.query("SELECT name, actor_id FROM event WHERE workspace_id = {w:UInt64} ORDER BY intHash64(cityHash64(message_id) + {skip:UInt64}) LIMIT {batch:UInt64}", parameters=where).result_rows  # fmt: skip
        at = NOW + timedelta(seconds=number)
        doers = {name: [actor for one, actor in rows if one == name] for name, _ in rows}
        touched = Touched(
            frozenset(actor for _, actor in rows), frozenset(doers), instants={name: [at] for name in doers}, doers=doers, changed=()
        )
        began, before = time.perf_counter(), stack.clickhouse_s() + time.process_time()
        with stack.db.workspace(workspace_id) as ws:
            actions.refresh(ws, ch, touched, at)
        took.append(time.perf_counter() - began)
        worked.append(stack.clickhouse_s() + time.process_time() - before)
    return percentile(took, 0.5), percentile(worked, 0.5)


def _asked(stack: Stack, ch: Client, workspace_id: int, first: int, people: int) -> list[Figure]:
    """Time what somebody at a screen waits for."""
    lots = random.Random(2)
    trees = [from_json(_tree(number)) for number in range(30)]
    ids = [first + lots.randrange(people) for _ in range(50)]
    words = [f"{start}{lots.randrange(people)}"[: lots.randrange(3, 14)] for start in ("person", "+3725", "Ann", "lee") for _ in range(25)]
    with stack.db.workspace(workspace_id) as ws:
        sample = queries.choose_sample(ch, workspace_id)
        estimates = [_timed(partial(queries.preview, ws, ch, tree, NOW, sample=sample)) for tree in trees]
        counts = [_timed(partial(queries.count, ws, ch, tree, NOW)) for tree in trees]
        searches = [_timed(partial(search_people, ws, word)) for word in words]
        pages = [_timed(partial(get_profile, ws, one)) + _timed(partial(find_timeline, ws, ch, one)) for one in ids]
    return [
        Figure("builder's estimate, 30 segments, slowest", max(estimates) * 1000, "ms", target=300, at_least=False),
        Figure("segment count, 30 segments, slowest", max(counts) * 1000, "ms", target=1000, at_least=False),
        Figure("search by a beginning, p95", percentile(searches, 0.95) * 1000, "ms", target=200, at_least=False),
        Figure("person with timeline, p95", percentile(pages, 0.95) * 1000, "ms", target=150, at_least=False),
    ]


def _recheck(db: Database, ch: Client, workspace_id: int) -> Figure:
    now = NOW + timedelta(seconds=BATCHES)
    began = time.perf_counter()
    with db.workspace(workspace_id) as ws:
        actions.suspect(ws, ch, now, lambda: None)
    with db.workspace(workspace_id) as ws:
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
