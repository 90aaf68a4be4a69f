"""Whom a batch may move: who is in what more events only let into is not asked about again."""

from __future__ import annotations

from typing import Any

import pytest
from pyroaring import BitMap64

from hudhud.segments.keeping.concern import find_concerned
from hudhud.segments.types import Touched, from_json

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
    ("tree", "events", "concerned"),
    [
        (PAGE, ["Page"], {3}),
        ({"kind": "not", "of": PAGE}, ["Page"], {1}),
        (at_most(PAGE, 2), ["Page"], {1}),
        ({"kind": "not", "of": at_most(PAGE, 2)}, ["Page"], {3}),
        ({"kind": "and", "of": [PAGE, {"kind": "not", "of": ORDER}]}, ["Page", "Order"], {3, 2}),
        ({"kind": "or", "of": [PAGE, ORDER]}, ["Page", "Order"], {3, 4}),
        ({"kind": "or", "of": [PAGE, at_most(PAGE, 2)]}, ["Page"], {1, 3}),
        ({**PAGE, "count": {"op": "exactly", "value": 2}}, ["Page"], {1, 3}),
        ({**TOTAL, "take": "sum", "op": "more_than", "value": 9}, ["Order"], {2, 4}),
        ({**TOTAL, "take": "max", "op": "at_least", "value": 9}, ["Order"], {4}),
        ({**TOTAL, "take": "max", "op": "less_than", "value": 9}, ["Order"], {2, 4}),
        ({"kind": "not", "of": {**TOTAL, "take": "min", "op": "less_than", "value": 9}}, ["Order"], {2}),
        ({**TOTAL, "take": "sum", "op": "is_set"}, ["Order"], {4}),
        ({**TOTAL, "take": "average", "op": "is_not_set"}, ["Order"], {2}),
        ({**TOTAL, "take": "last", "op": "is_set"}, ["Order"], {2, 4}),
        ({"kind": "and", "of": [PAGE, TARTU]}, ["Page"], {3, 5}),
    ],
)
def test_only_whom_more_events_may_move_is_asked_about(tree: dict[str, Any], events: list[str], concerned: set[int]) -> None:
    by_facts = "city" in str(tree)
    assert set(find_concerned(from_json(tree), {}, TOUCHED, events, MEMBERS, by_facts=by_facts)) == concerned


def test_where_it_is_not_known_who_did_what_everybody_is() -> None:
    touched = Touched(frozenset({1, 2, 3}), frozenset({"Page"}))
    assert set(find_concerned(from_json(PAGE), {}, touched, ["Page"], MEMBERS, by_facts=False)) == {1, 2, 3}
