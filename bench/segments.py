"""Segments: "a page viewed in 7 days and no order in 30" over 10 M events of 1 M people, beside the best query written by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.figures import Figure
from bench.shapes import SHAPES
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.segments import actions, queries
from hudhud.segments.types import Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clickhouse_connect.driver.client import Client

    from bench.shapes import Shape
    from hudhud.kit.db import Database, Scope

NOW = datetime(2026, 3, 31, tzinfo=UTC)
EVENTS, PEOPLE = 10_000_000, 1_000_000
ROUNDS = 7
PAGE = {"kind": "event", "name": "Page Viewed", "window": {"kind": "last", "amount": 7, "unit": "days"}}
ORDER = {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 30, "unit": "days"}}
LAPSING = from_json({"kind": "and", "of": [PAGE, {"kind": "not", "of": ORDER}]})

MAKE_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, language, country, created_at, subscriptions, reachable)
SELECT {w:UInt64}, number + 1, 1, 0,
       concat('{"city":"', ['Tallinn', 'Tartu', 'Tehran', 'Cairo'][number % 4 + 1], '","age":', toString(number % 80),
              ',"born":"', toString(toDate32('1950-01-01') + intHash32(number) % 20000), '","renewal":"',
              toString(toDate32('2025-10-01') + intHash32(number + 7) % 400), '"}')::JSON,
       'en', 'EE', toDateTime64('2026-01-01 00:00:00', 3, 'UTC'), ['newsletter:email:subscribed'], ['email']
FROM numbers({people:UInt64})
"""
# Six in ten are pages, two carts, one checkout, one order of one to three things; spread over ninety days and all people.
MAKE_EVENTS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
SELECT {w:UInt64},
       ['Page Viewed', 'Page Viewed', 'Page Viewed', 'Page Viewed', 'Page Viewed', 'Page Viewed',
        'Product Added', 'Product Added', 'Checkout Started', 'Order Completed'][number % 10 + 1],
       toDateTime64('2026-03-31 00:00:00', 3, 'UTC') - toIntervalMillisecond(cityHash64(number, 2) % 7776000000),
       intHash64(number) % {people:UInt64} + 1, toString(number), 'track', toDateTime64('2026-03-31 00:00:00', 3, 'UTC'),
       concat('{"price":', toString(number % 100), if(number % 10 = 9, concat(',"products":[', arrayStringConcat(arrayMap(n ->
              concat('{"category":"', ['shoes', 'hats', 'books', 'tea'][cityHash64(number, n) % 4 + 1], '","price":', toString(cityHash64(number, n, 1) % 200), '}'),
              range(1 + number % 30 % 3)), ','), ']'), ''), '}')::JSON, '{}'
FROM numbers({events:UInt64})
"""
# What was done by people is read by person.
COPY_EVENTS = """
INSERT INTO person_event (workspace_id, actor_id, at, name, kind, message_id, properties)
SELECT workspace_id, actor_id, at, name, kind, message_id, toJSONString(properties) FROM event WHERE workspace_id = {w:UInt64}
"""
_PAGES = "workspace_id = {w:UInt64} AND name = 'Page Viewed' AND at > '2026-03-24 00:00:00' AND at <= '2026-03-31 00:00:00'"
_ORDERS = "workspace_id = {w:UInt64} AND name = 'Order Completed' AND at > '2026-03-01 00:00:00' AND at <= '2026-03-31 00:00:00'"
# What people who know ClickHouse write for this; the quickest is the floor. None asks whether the person still exists, ours does.
BY_HAND = {
    "anti IN": f"SELECT uniqExact(actor_id) FROM event WHERE {_PAGES} AND actor_id NOT IN (SELECT actor_id FROM event WHERE {_ORDERS})",
    "HAVING": (
        f"SELECT count() FROM (SELECT actor_id FROM event WHERE ({_PAGES}) OR ({_ORDERS}) GROUP BY actor_id"
        " HAVING countIf(name = 'Page Viewed') > 0 AND countIf(name = 'Order Completed') = 0)"
    ),
    "bitmaps": (
        f"SELECT bitmapAndnotCardinality((SELECT groupBitmapState(actor_id) FROM event WHERE {_PAGES}),"
        f" (SELECT groupBitmapState(actor_id) FROM event WHERE {_ORDERS}))"
    ),
}


def make_data(ch: Client, workspace_id: int, *, events: int = EVENTS, people: int = PEOPLE) -> None:
    """Write the people and their events, made by ClickHouse itself from hashes: the same every time."""
    ch.command(MAKE_PEOPLE, {"w": workspace_id, "people": people})
    ch.command(MAKE_EVENTS, {"w": workspace_id, "people": people, "events": events})
    ch.command(COPY_EVENTS, {"w": workspace_id})


def measure(*, events: int = EVENTS, people: int = PEOPLE) -> list[Figure]:
    """Count by hand and by us, over the same events."""
    with Stack() as stack, stack.ch() as ch:
        workspace_id, _ = open_shop(stack)
        make_data(ch, workspace_id, events=events, people=people)
        found, floor, way = _by_hand(ch, workspace_id, BY_HAND)
        with stack.db.workspace(workspace_id) as ws:
            ours = queries.count(ws, ch, LAPSING, NOW)
            took = _best(lambda: queries.count(ws, ch, LAPSING, NOW))
            preview = _best(lambda: queries.preview(ws, ch, LAPSING, NOW))
            sample = queries.choose_sample(ch, workspace_id)
            estimated = _best(lambda: queries.preview(ws, ch, LAPSING, NOW, sample=sample))
            shapes = [_beside(ws, ch, shape) for shape in SHAPES]
        refresh = _refresh(stack.db, ch, workspace_id, people)
        memory = stack.clickhouse_mb()
    if ours != found:
        message = f"ours counts {ours}, by hand {found}"
        raise AssertionError(message)
    note = f"{ours:,} of {people:,} people, {events:,} events"
    return [
        Figure("segment count", took * 1000, "ms", at_least=False, floor=floor * 1000, floor_name=way, ratio_target=2.0, note=note),
        Figure(
            "segment count, as the builder shows it", preview * 1000, "ms", target=500, at_least=False, note="each condition, reachable"
        ),
        Figure("  the same, estimated from a sample", estimated * 1000, "ms", target=300, at_least=False, note="while somebody edits"),
        *shapes,
        Figure("memory of ClickHouse after these queries", memory, "MB", target=1536, at_least=False, note=f"{events:,} events"),
        Figure("segment refresh, 1,000 people", refresh * 1000, "ms", note="2 segments of 2 windows each"),
    ]


def _beside(ws: Scope, ch: Client, shape: Shape) -> Figure:
    """Count a shape by hand and by us."""
    found, floor, way = _by_hand(ch, ws.workspace_id or 0, shape.by_hand)
    tree = from_json(shape.tree)
    ours = queries.count(ws, ch, tree, NOW)
    if ours != found:
        message = f"{shape.name}: ours counts {ours}, by hand {found}"
        raise AssertionError(message)
    took = _best(lambda: queries.count(ws, ch, tree, NOW))
    name = f"segment count: {shape.name}"
    return Figure(name, took * 1000, "ms", at_least=False, floor=floor * 1000, floor_name=way, ratio_target=2.0, note=f"{ours:,} people")


def _by_hand(ch: Client, workspace_id: int, queries_by_hand: Mapping[str, str]) -> tuple[int, float, str]:
    answers = {way: ch.query(text, parameters={"w": workspace_id}).result_rows[0][0] for way, text in queries_by_hand.items()}
    if len(set(answers.values())) != 1:
        message = f"the queries by hand disagree: {answers}"
        raise AssertionError(message)
    times = {way: _best(lambda text=text: ch.query(text, parameters={"w": workspace_id})) for way, text in queries_by_hand.items()}
    way = min(times, key=lambda name: times[name])
    return int(answers[way]), times[way], way


def _refresh(db: Database, ch: Client, workspace_id: int, people: int) -> float:
    """Time a batch that touches a thousand people spread over the base."""
    some = Touched(frozenset(range(1, people, max(people // 1000, 1))), frozenset({"Page Viewed", "Order Completed"}))
    with db.workspace(workspace_id) as ws:
        for name, tree in (("Lapsing", LAPSING), ("Buying", from_json({"kind": "and", "of": [PAGE, ORDER]}))):
            actions.create_segment(ws, name, tree, NOW, by="cli")
    with db.workspace(workspace_id) as ws:
        actions.build(ws, ch, NOW)
    with db.workspace(workspace_id) as ws:
        return _best(lambda: actions.refresh(ws, ch, some, NOW))


def _best(work: Callable[[], Any]) -> float:
    """Return the shortest of several rounds, in seconds: the machine is shared, the work is not random."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
