"""Whom a batch may move: who is in what more events only let into is not asked about again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pyroaring import BitMap64

from hudhud.segments.asking.happened import Happened
from hudhud.segments.keeping.concern import find_concerned
from hudhud.segments.types import Touched, from_json
from tests.segments.worlds import MS, NOW

PAGE: dict[str, Any] = {"kind": "event", "name": "Page"}
ORDER: dict[str, Any] = {"kind": "event", "name": "Order", "window": {"kind": "last", "amount": 7, "unit": "days"}}
TARTU: dict[str, Any] = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
TOTAL: dict[str, Any] = {"kind": "amount", "name": "Order", "property": "total"}
# 1 and 2 are in, the others are not; 1 and 3 viewed a page, 2 and 4 ordered, 5 moved to Tartu.
MEMBERS = BitMap64([1, 2])
TOUCHED = Touched(
    frozenset({1, 2, 3, 4, 5}), frozenset({"Page", "Order"}), frozenset({"city"}), doers={"Page": [1, 3], "Order": [2, 4]}, changed=[5]
)


def at_most(leaf: dict[str, Any], value: int) -> dict[str, Any]:
    return {**leaf, "count": {"op": "at_most", "value": value}}


@pytest.mark.parametrize(
    ("tree", "concerned"),
    [
        (PAGE, {3}),
        ({"kind": "not", "of": PAGE}, {1}),
        (at_most(PAGE, 2), {1}),
        ({"kind": "not", "of": at_most(PAGE, 2)}, {3}),
        ({"kind": "and", "of": [PAGE, {"kind": "not", "of": ORDER}]}, {3, 2}),
        ({"kind": "or", "of": [PAGE, ORDER]}, {3, 4}),
        ({"kind": "or", "of": [PAGE, at_most(PAGE, 2)]}, {1, 3}),
        ({**PAGE, "count": {"op": "exactly", "value": 2}}, {1, 3}),
        ({**TOTAL, "take": "sum", "op": "more_than", "value": 9}, {2, 4}),
        ({**TOTAL, "take": "max", "op": "at_least", "value": 9}, {4}),
        ({**TOTAL, "take": "max", "op": "less_than", "value": 9}, {2, 4}),
        ({"kind": "not", "of": {**TOTAL, "take": "min", "op": "less_than", "value": 9}}, {2}),
        ({**TOTAL, "take": "sum", "op": "is_set"}, {4}),
        ({**TOTAL, "take": "average", "op": "is_not_set"}, {2}),
        ({**TOTAL, "take": "last", "op": "is_set"}, {2, 4}),
        ({"kind": "and", "of": [PAGE, TARTU]}, {3, 5}),
    ],
)
def test_only_whom_more_events_may_move_is_asked_about(tree: dict[str, Any], concerned: set[int]) -> None:
    assert find(tree, TOUCHED, by_facts="city" in str(tree)) == concerned


def find(tree: dict[str, Any], touched: Touched, *, by_facts: bool = False) -> set[int]:
    return set(find_concerned(from_json(tree), {}, touched, Happened(touched, NOW), MEMBERS, by_facts=by_facts))


def over(value: float, **more: object) -> dict[str, Any]:
    return {**ORDER, "where": [{"property": "total", "op": "more_than", "value": value}], **more}


def total(take: str, op: str, value: float) -> dict[str, Any]:
    return {**TOTAL, "take": take, "op": op, "value": value}


# 2 is in and ordered for 40, 3 for nobody knows how much, 4 for 5, 5 without a total; 6 for 40, eight days ago.
SAID = [(2, b'{"total":40}'), (3, b""), (4, b'{"total":5}'), (5, b'{"total":"none"}'), (6, b'{"total":40}')]
ORDERED = Touched(
    frozenset({2, 3, 4, 5, 6}),
    frozenset({"Order"}),
    instants={"Order": [NOW - (8 * timedelta(days=1) if person == 6 else MS) for person, _ in SAID]},
    doers={"Order": [person for person, _ in SAID]},
    changed=(),
    properties={"Order": [raw for _, raw in SAID]},
)


@pytest.mark.parametrize(
    ("tree", "concerned"),
    [
        (over(30), {3}),
        (over(30, window={"kind": "ever"}), {3, 6}),
        ({"kind": "not", "of": over(30)}, {2}),
        (over(30, count={"op": "exactly", "value": 1}), {2, 3}),
        (over(1), {3, 4}),
        (total("sum", "more_than", 100), {3, 4, 6}),
        (total("sum", "less_than", 100), {2, 3, 4, 6}),
        ({"kind": "not", "of": total("sum", "at_least", 100)}, {2, 3}),
        (total("average", "more_than", 100), {2, 3, 4, 6}),
        (total("max", "more_than", 30), {3, 6}),
        (total("min", "at_most", 7), {3, 4}),
        ({**TOTAL, "take": "sum", "op": "is_set"}, {3, 4, 6}),
        ({**TOTAL, "take": "first", "op": "is_set"}, {2, 3, 4, 5, 6}),
    ],
)
def test_what_a_condition_does_not_count_moves_nobody(tree: dict[str, Any], concerned: set[int]) -> None:
    assert find(tree, ORDERED) == concerned
    # Who does not say what, or when, may be anybody.
    assert find(tree, replace(ORDERED, properties=None)) >= concerned
    assert find(tree, replace(ORDERED, instants=None)) >= concerned


def test_less_than_nothing_lets_people_out_of_a_sum() -> None:
    touched = replace(ORDERED, properties={"Order": [b'{"total":-1}'] * len(SAID)})
    assert find(total("sum", "more_than", 100), touched) == {2, 3, 4, 5, 6}


def test_where_it_is_not_known_who_did_what_everybody_is() -> None:
    assert find(PAGE, Touched(frozenset({1, 2, 3}), frozenset({"Page"}))) == {1, 2, 3}
