from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from hudhud.kit.errors import InvalidInput
from hudhud.segments.types import canonical, from_json, to_json
from tests.segments.worlds import trees

ORDERED = {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 30, "unit": "days"}}
IN_TARTU = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "or", "of": []}, "of"),
    ({"kind": "zodiac"}, "kind"),
    ({"kind": "sequence"}, "steps"),
    ({"kind": "and", "of": [{**IN_TARTU, "op": "resembles"}]}, "of[0].op"),
    ({"kind": "and", "of": [{**IN_TARTU, "colour": 1}]}, "of[0].colour"),
    ({**IN_TARTU, "op": "more_than", "value": True}, "value"),
    ({**IN_TARTU, "op": "is_set"}, "value"),
    ({**IN_TARTU, "name": "@zodiac"}, "name"),
    ({**IN_TARTU, "name": "a..b"}, "name"),
    ({**ORDERED, "window": {"kind": "since_entry"}}, "window.kind"),
    ({**ORDERED, "window": {"kind": "last", "amount": 0}}, "window.amount"),
    ({**ORDERED, "count": {"op": "at_least", "value": 0}}, "count.value"),
    ({**ORDERED, "name": "Segment Entered"}, "name"),
    ({**ORDERED, "where": [{"property": "x", "op": "one_of", "value": []}]}, "where[0].value"),
]


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = IN_TARTU
    for _ in range(depth):
        tree = {"kind": "not", "of": tree}
    return tree


SPENT = {"kind": "amount", "name": "Order Completed", "property": "total", "take": "sum", "op": "more_than", "value": 100}
THEN = {"kind": "sequence", "steps": [{"name": "Product Viewed"}, {"name": "Order Completed"}]}
BIRTHDAY = {"kind": "date", "name": "born", "op": "in", "yearly": True}
BAD += [
    ({**SPENT, "take": "median"}, "take"),
    ({**SPENT, "op": "contains"}, "op"),
    ({**SPENT, "value": "100"}, "value"),
    ({**SPENT, "value": True}, "value"),
    ({**SPENT, "property": ""}, "property"),
    ({**SPENT, "property": "products[].price"}, "property"),
    *(({**ORDERED, "where": [{"property": name, "op": "is_set"}]}, "where[0].property") for name in ("a[]", "[].a", "a[].", "a[].b[].c")),
    ({**SPENT, "op": "is_set"}, "value"),
    ({**SPENT, "window": {"kind": "since_entry"}}, "window.kind"),
    ({**THEN, "steps": [{"name": "A"}, {"name": ""}]}, "steps[1].name"),
    ({**THEN, "steps": [{"name": "A"}]}, "steps"),
    ({**THEN, "steps": [{"name": "A"}] * 7}, "steps"),
    ({**THEN, "within": {"amount": 1, "after": "last"}}, "within.after"),
    ({**THEN, "without": {"name": "Segment Left"}}, "without.name"),
    ({**THEN, "within": {"amount": 0}}, "within.amount"),
    ({**THEN, "steps": [{"name": "A", "where": [{"property": "x", "op": "one_of", "value": []}]}] * 2}, "steps[0].where[0].value"),
    ({**BIRTHDAY, "op": "resembles"}, "op"),
    ({**BIRTHDAY, "op": "more_than_ago"}, "op"),
    ({**BIRTHDAY, "days": 366}, "days"),
    ({**BIRTHDAY, "days": -1}, "days"),
    ({**BIRTHDAY, "name": "@language"}, "name"),
    ({"kind": "message", "did": "delivered"}, "did"),
    ({"kind": "message", "did": "opened", "template": " "}, "template"),
    ({"kind": "message", "did": "sent", "journey": ""}, "journey"),
    ({"kind": "journey"}, "journey"),
    ({"kind": "journey", "journey": "cart", "did": "finished"}, "did"),
    ({"kind": "journey", "journey": "cart", "did": "is_in", "window": {"kind": "last", "amount": 1}}, "window"),
    ({"kind": "message", "did": "bounced", "channel": "\0"}, "channel"),
    ({"kind": "message", "did": "clicked", "count": {"op": "at_least", "value": 0}}, "count.value"),
    ({"kind": "company", "where": [{"property": "@name", "op": "is_set"}]}, "where[0].property"),
    ({"kind": "company", "where": [{"property": "offices[].city", "op": "is_set"}]}, "where[0].property"),
    ({"kind": "company", "where": [{"property": "plan", "op": "one_of", "value": []}]}, "where[0].value"),
    ({"kind": "place"}, "countries"),
    ({"kind": "place", "countries": ["Estonia"]}, "countries[0]"),
    ({"kind": "place", "cities": [" "]}, "cities[0]"),
    ({"kind": "place", "near": {"latitude": 90.1, "longitude": 0, "km": 1}}, "near.latitude"),
    ({"kind": "place", "near": {"latitude": 90, "longitude": -181, "km": 1}}, "near.longitude"),
    ({"kind": "place", "near": {"latitude": 90, "longitude": 0, "km": 0}}, "near.km"),
    ({"kind": "place", "near": {"latitude": 90, "longitude": 0}}, "near.km"),
    ({"kind": "share", "percent": 0, "salt": "a"}, "percent"),
    ({"kind": "share", "percent": 0.001, "salt": "a"}, "percent"),
    ({"kind": "share", "percent": 101, "salt": "a"}, "percent"),
    ({"kind": "share", "percent": 10, "salt": " "}, "salt"),
    (nested(11), "of"),
    (nested(100_000), "of"),
    ({"kind": "and", "of": [IN_TARTU] * 201}, "of"),
    ({**IN_TARTU, "op": "has_any"}, "value"),
    ({**IN_TARTU, "op": "has_all", "value": ["a", True]}, "value[1]"),
    ({**IN_TARTU, "name": "@language", "op": "has_none", "value": ["en"]}, "op"),
    ({**SPENT, "op": "has_any", "value": [5]}, "op"),
    ({**IN_TARTU, "value": {"a": 1}}, "value"),
    ({**IN_TARTU, "value": float("nan")}, "value"),
    ({**IN_TARTU, "value": 10**400}, "value"),
    ({**IN_TARTU, "value": "\0"}, "value"),
    ({**IN_TARTU, "value": "\ud800"}, "value"),
    ({**IN_TARTU, "value": "x" * 1001}, "value"),
    ({**ORDERED, "window": {"kind": "between", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}, "window.to"),
    ({**ORDERED, "window": {"kind": "between", "from": "2026-02-01", "to": "2026-03-01"}}, "window.from"),
    ({**ORDERED, "window": {"kind": "last", "amount": 36_501}}, "window.amount"),
    ({"version": 2, **IN_TARTU}, "version"),
    ({"kind": "attribute", "name": "@created_at", "op": "is", "value": "2026-01-01T00:00:00Z"}, "op"),
    ({"kind": "attribute", "name": "@created_at", "op": "at_least", "value": "yesterday"}, "value"),
    ({"kind": "segment", "segment_id": 0}, "segment_id"),
    ({"kind": "consent", "topic": "news", "channel": "e:mail"}, "channel"),
]


@pytest.mark.parametrize(("tree", "field"), BAD, ids=range(len(BAD)))
def test_what_is_wrong_is_named(tree: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(tree)
    assert caught.value.data["field"] == field
    assert caught.value.data["remedy"]


@pytest.mark.parametrize("data", [None, 5, "and", [], {}])
def test_what_is_no_tree_is_refused(data: object) -> None:
    with pytest.raises(InvalidInput):
        from_json(data)


def test_a_tree_says_its_version() -> None:
    assert from_json({"version": 1, **IN_TARTU}) == from_json(IN_TARTU)


@given(tree=trees())
@settings(max_examples=100, deadline=None)
def test_a_tree_is_the_same_after_a_round_trip(tree: dict[str, Any]) -> None:
    once = from_json(tree)
    assert canonical(from_json(to_json(once))) == canonical(once)
