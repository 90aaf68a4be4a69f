"""What amounts, sequences, dates and shares mean where it is easy to be wrong: cases told one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.db import Scope
from hudhud.segments import queries
from hudhud.segments.types import from_json
from tests.segments.oracle import Event, Person, World, members
from tests.segments.worlds import write

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NOW = datetime(2027, 2, 28, 12, tzinfo=UTC)  # in a year without a 29th of February
ORDER, SEEN, LEFT = "Order Completed", "Product Viewed", "Cart Cleared"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def orders(person: int, *totals: object) -> list[Event]:
    return [Event(person, ORDER, ago(hours=9 - place), {"total": total}) for place, total in enumerate(totals)]


def amount(take: str, op: str, value: object = None, **rest: object) -> dict[str, Any]:
    leaf = {"kind": "amount", "name": ORDER, "property": "total", "take": take, "op": op, "window": {"kind": "ever"}, "where": []}
    return {**leaf, **({} if value is None else {"value": value}), **rest}


def sequence(*names: str, **rest: object) -> dict[str, Any]:
    steps = [{"name": name, "where": []} for name in names or (SEEN, ORDER)]
    return {"kind": "sequence", "steps": steps, "within": None, "without": None, "window": {"kind": "ever"}, **rest}


def day(op: str, days: int = 0, *, yearly: bool = True, name: str = "born") -> dict[str, Any]:
    return {"kind": "date", "name": name, "op": op, "days": days, "yearly": yearly}


# 1: a tenth thrice and text; 2: not one number; 3: no order; 4: two orders at one instant; 5 and 6: as told by their dates.
PEOPLE = [
    Person(1, {"born": "1990-02-28"}),
    Person(2, {"born": "2000-02-29"}),
    Person(3, {"born": "--03-07", "renewal": "2027-03-07"}),
    Person(4, {"born": "1990-03-01T00:00:00Z", "renewal": "2027-02-31"}),
    Person(5, {"born": "28.02.1990", "renewal": "2027-02-21 10:00"}),
    Person(6, {"born": 19900228, "renewal": "2027-02-20"}, created_at=datetime(2024, 2, 28, 23, 59, tzinfo=UTC)),
]
EVENTS = [
    *orders(1, 0.1, 0.1, 0.1, "12.5"),
    *orders(2, "soon", None, True),
    Event(4, ORDER, ago(days=1), {"total": 5, "colour": "red"}),
    Event(4, ORDER, ago(days=1), {"total": 7, "colour": "blue", "sizes": [1, 2]}),
    *orders(5, 1e300, 3),
    # 6 looks, and buys a millisecond after seven days; looks and buys at one instant; and clears the cart in between once.
    Event(6, SEEN, ago(days=20)),
    Event(6, ORDER, ago(days=13) + timedelta(milliseconds=1)),
    Event(3, SEEN, ago(days=5)),
    Event(3, ORDER, ago(days=5)),
    Event(1, SEEN, ago(days=3)),
    Event(1, LEFT, ago(days=2)),
]
WEEK = {"amount": 7, "unit": "days"}
CASES = [
    (amount("sum", "is", 12.8), {1}),  # 0.1 + 0.1 + 0.1 is 0.3 here
    (amount("sum", "is", 0.3, where=[{"property": "total", "op": "less_than", "value": 1}]), {1}),
    (amount("sum", "at_least", 0), {1, 4, 5}),  # nothing is not 0; 1e300 is not added
    (amount("sum", "is_not_set"), {2, 3, 6}),
    (amount("average", "is", 6), {4}),
    (amount("average", "is_not", 6), {1, 2, 3, 5, 6}),
    (amount("min", "less_than", 1), {1}),
    (amount("max", "more_than", 1e18), {5}),
    (amount("last", "is", 5), {4}),  # one of two at the same instant is enough
    (amount("last", "is_not", 5), {1, 2, 3, 5, 6}),
    (amount("last", "one_of", ["blue"], property="colour"), {4}),
    (amount("first", "is", "soon"), {2}),
    (amount("last", "is_set", property="colour"), {4}),
    (amount("last", "has_any", [1], property="sizes"), {4}),
    (amount("last", "has_none", [1], property="sizes"), {1, 2, 3, 5, 6}),  # nobody else has bought something of size 1
    (sequence(), {1, 6}),  # 3 did both at once
    (sequence(within=WEEK), {1}),
    (sequence(within={"amount": 7 * 24 * 60 + 1, "unit": "minutes"}), {1, 6}),
    (sequence(without={"name": LEFT, "where": []}), {6}),
    (sequence(ORDER, ORDER), {1, 2, 5}),
    (sequence(ORDER, ORDER, ORDER, ORDER), {1}),
    (sequence(SEEN, LEFT, ORDER), {1}),
    (sequence(SEEN, LEFT, ORDER, within={"amount": 2, "unit": "days"}), {1}),
    (sequence(SEEN, LEFT, ORDER, within={"amount": 2, "unit": "days", "after": "first"}), set()),
    (day("in"), {1, 2}),  # who was born on the 29th has it today
    (day("in", 1), {4}),
    (day("within_next", 7), {1, 2, 3, 4}),
    (day("within_next", 7, yearly=False, name="renewal"), {3}),  # there is no 31st of February
    (day("within_last", 7, yearly=False, name="renewal"), {5}),
    (day("more_than_ago", 7, yearly=False, name="renewal"), {6}),
    (day("in", name="@created_at"), {6}),
    ({"kind": "share", "percent": 100, "salt": "a"}, {1, 2, 3, 4, 5, 6}),
]


def test_each_case_is_as_told(ch: Client) -> None:
    world = World(PEOPLE, EVENTS)
    write(ch, 1, world)
    trees = {place: from_json(tree) for place, (tree, _) in enumerate(CASES)}
    found = queries.matches(Scope(None, 1), ch, trees, [person.id for person in PEOPLE], NOW)  # type: ignore[arg-type]
    for place, (tree, expected) in enumerate(CASES):
        assert (tree, found[place]) == (tree, expected)
        assert (tree, members(world, tree, NOW)) == (tree, expected)


@pytest.mark.parametrize("name", ["products", "prod`ucts"])
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"op": "is_set"}, {1, 2}),
        ({"op": "is_not_set"}, {2, 3}),
        ({"op": "is_not", "value": "new"}, {2, 3}),
        ({"op": "has_none", "value": ["new"]}, {1, 2, 3}),
    ],
)
def test_only_an_object_of_a_list_has_values_or_lacks_them(ch: Client, name: str, where: dict[str, Any], expected: set[int]) -> None:
    lists: list[list[Any]] = [
        [{"state": "new"}, 5],
        [[], {}, "x", {"state": "new"}],
        [None, {"other": 1}],
        [5, "x"],
        [[{"a": 1}], [1]],
        [None],
    ]
    people = [Person(number) for number in range(1, len(lists) + 1)]
    world = World(people, [Event(number, ORDER, NOW, {name: listed}) for number, listed in enumerate(lists, 1)])
    write(ch, 1, world)
    count = {"op": "at_least", "value": 1}
    tree = {"kind": "event", "name": ORDER, "count": count, "window": {"kind": "ever"}, "where": [{"property": f"{name}[].state", **where}]}
    some = queries.matches(Scope(None, 1), ch, {0: from_json(tree)}, [person.id for person in people], NOW)[0]  # type: ignore[arg-type]
    assert some == everybody(ch, tree) == members(world, tree, NOW) == expected


def everybody(ch: Client, tree: dict[str, Any]) -> set[int]:
    return set(queries.members(Scope(None, 1), ch, from_json(tree), NOW, limit=100))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"op": "is", "value": 5}, {1}),
        ({"op": "is", "value": "5"}, {1}),
        ({"op": "one_of", "value": [5, "acme"]}, {1, 2}),
        ({"op": "at_least", "value": 4}, {1, 3}),
        ({"op": "is_not", "value": 5}, {2, 3}),
        ({"op": "is", "value": True}, set()),
    ],
)
def test_a_company_s_key_that_is_a_number_compares_as_one(ch: Client, where: dict[str, Any], expected: set[int]) -> None:
    keys = ["5", "acme", "12.5"]
    world = World([Person(number, companies=[key]) for number, key in enumerate(keys, 1)], [], companies={key: {} for key in keys})
    write(ch, 1, world)
    tree = {"kind": "company", "where": [{"property": "@key", **where}]}
    assert everybody(ch, tree) == members(world, tree, NOW) == expected


def test_a_share_is_as_large_as_it_says_and_grows_by_adding(ch: Client) -> None:
    people = [Person(number) for number in range(1, 20_001)]
    write(ch, 1, World(people, []))
    shares = {percent: from_json({"kind": "share", "percent": percent, "salt": "spring"}) for percent in (0.5, 10, 50)}
    everyone = [person.id for person in people]
    found = queries.matches(Scope(None, 1), ch, shares, everyone, NOW)  # type: ignore[arg-type]
    for percent, drawn in found.items():
        assert len(drawn) == pytest.approx(200 * percent, abs=4 * (2 * percent * (100 - percent)) ** 0.5)
    assert found[0.5] < found[10] < found[50]
    other = {0: from_json({"kind": "share", "percent": 10, "salt": "autumn"})}
    assert len(queries.matches(Scope(None, 1), ch, other, everyone, NOW)[0] & found[10]) == pytest.approx(200, abs=60)  # type: ignore[arg-type]
