"""Segments over the real orders of 23,570 people, checked against plain Python over the file."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.db import Scope
from hudhud.segments import queries
from hudhud.segments.types import from_json
from tests.acceptance import cdnow
from tests.segments.oracle import Event, Person
from tests.segments.worlds import write_events, write_people

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

Orders = list[tuple[date, int]]  # day, cents
NAME = "Order Completed"
NOW = datetime(1998, 6, 30, 23, tzinfo=UTC)
NEW_YEAR = date(1998, 1, 1)
YEAR = {"kind": "between", "from": "1997-01-01T00:00:00Z", "to": "1998-01-01T00:00:00Z"}


def counted(op: str, value: int, **rest: object) -> dict[str, Any]:
    return {"kind": "event", "name": NAME, "count": {"op": op, "value": value}, **rest}


def amount(take: str, op: str, value: float, **rest: object) -> dict[str, Any]:
    return {"kind": "amount", "name": NAME, "property": "total", "take": take, "op": op, "value": value, **rest}


def again(days: int, **rest: object) -> dict[str, Any]:
    return {"kind": "sequence", "steps": [{"name": NAME}, {"name": NAME}], "within": {"amount": days}, **rest}


def began(op: str, days: int, *, yearly: bool = False) -> dict[str, Any]:
    return {"kind": "date", "name": "first", "op": op, "days": days, "yearly": yearly}


def cents(orders: Orders) -> int:
    return sum(paid for _, paid in orders)


def in_1997(orders: Orders) -> Orders:
    return [order for order in orders if order[0] < NEW_YEAR]


def came_again(orders: Orders, days: int) -> bool:
    return any((later - earlier).days <= days for earlier, later in pairwise(sorted({day for day, _ in orders})))


def on_edge(orders: Orders, edge: Callable[[list[date]], date]) -> list[int]:
    """Return what was paid on the first or the last day; orders have no time of day."""
    day = edge([on for on, _ in orders])
    return [paid for on, paid in orders if on == day]


def away(orders: Orders) -> int:
    return (orders[0][0] - NOW.date()).days


def is_anniversary(orders: Orders, days: int) -> bool:
    first = orders[0][0]
    ahead = (NOW.date() + timedelta(days=number) for number in range(days + 1))
    return any((day.month, day.day) == (first.month, first.day) for day in ahead)


SEGMENTS: list[tuple[dict[str, Any], Callable[[Orders], bool]]] = [
    (
        {"kind": "and", "of": [counted("at_least", 3, window=YEAR), amount("sum", "more_than", 100, window=YEAR)]},
        lambda orders: len(in_1997(orders)) >= 3 and cents(in_1997(orders)) > 10_000,
    ),
    (counted("exactly", 1), lambda orders: len(orders) == 1),
    (counted("at_most", 1, window=YEAR), lambda orders: len(in_1997(orders)) <= 1),
    (amount("sum", "is", 29.92), lambda orders: cents(orders) == 2992),
    (amount("sum", "is_not", 11.77), lambda orders: cents(orders) != 1177),
    (amount("sum", "at_most", 20, window=YEAR), lambda orders: cents(in_1997(orders)) <= 2000),
    (
        amount("sum", "at_least", 50, where=[{"property": "total", "op": "less_than", "value": 20}]),
        lambda orders: cents([order for order in orders if order[1] < 2000]) >= 5000,
    ),
    (amount("average", "at_least", 40, window=YEAR), lambda orders: cents(in_1997(orders)) >= 4000 * len(in_1997(orders))),
    (amount("average", "less_than", 14.99), lambda orders: cents(orders) < 1499 * len(orders)),
    (amount("average", "is", 14.5), lambda orders: cents(orders) == 1450 * len(orders)),
    (amount("max", "more_than", 200), lambda orders: max(paid for _, paid in orders) > 20_000),
    (amount("max", "at_most", 11.77), lambda orders: max(paid for _, paid in orders) <= 1177),
    (amount("min", "is", 0), lambda orders: min(paid for _, paid in orders) == 0),
    (amount("first", "more_than", 50), lambda orders: any(paid > 5000 for paid in on_edge(orders, min))),
    (amount("last", "less_than", 20), lambda orders: any(paid < 2000 for paid in on_edge(orders, max))),
    (again(30), lambda orders: came_again(orders, 30)),
    (again(7, window=YEAR), lambda orders: came_again(in_1997(orders), 7)),
    ({"kind": "not", "of": again(400)}, lambda orders: not came_again(orders, 400)),
    (began("ago", 500), lambda orders: away(orders) == -500),
    (began("more_than_ago", 520), lambda orders: away(orders) < -520),
    (began("within_last", 480), lambda orders: -480 <= away(orders) <= 0),
    (began("within_next", 200, yearly=True), lambda orders: is_anniversary(orders, 200)),
]


@pytest.mark.long
def test_segments_of_real_orders_are_what_plain_python_finds(ch: Client) -> None:
    theirs: dict[int, Orders] = defaultdict(list)
    for order in cdnow.orders():
        theirs[int(order.customer)].append((order.on, round(order.amount * 100)))
    at = {day: datetime.combine(day, cdnow.NOON) for orders in theirs.values() for day, _ in orders}
    write_people(
        ch, 1, [Person(person, {"first": orders[0][0].isoformat()}, created_at=at[orders[0][0]]) for person, orders in theirs.items()]
    )
    write_events(ch, 1, [Event(person, NAME, at[day], {"total": paid / 100}) for person, orders in theirs.items() for day, paid in orders])
    trees = {place: from_json(tree) for place, (tree, _) in enumerate(SEGMENTS)}
    found = queries.matches(Scope(None, 1), ch, trees, theirs, NOW)  # type: ignore[arg-type]
    for place, (tree, belongs) in enumerate(SEGMENTS):
        assert found[place] == {person for person, orders in theirs.items() if belongs(orders)}, tree
    assert len(found[0]) == 4126
