"""The registry tells what events look like, what has changed about them, and what breaks their rules; never who somebody is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.events.actions import resubmit_all, set_rules
from hudhud.events.errors import EventNameNotFound
from hudhud.events.queries import find_rejects, find_samples, get_name
from hudhud.events.registry import is_personal
from hudhud.events.types import Reason
from hudhud.kit.errors import InvalidInput
from tests.make import NOW
from tests.workers.line import Line, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

RULES = {"type": "object", "properties": {"price": {"type": "number"}, "items": {"items": {"required": ["sku"]}}}, "required": ["currency"]}


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def order(number: int, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return track(f"u{number}", "Order", messageId=f"o{number}", properties=properties, timestamp=NOW.isoformat())


def test_the_registry_knows_kinds_samples_and_what_has_changed(line: Line) -> None:
    person = {"email": "ada@example.com", "shippingAddress": "Pikk 1", "note": "+372 5555 5555", "contact": "ada@example.com"}
    line.put(*[order(n, price=n, colour="red", **person) for n in range(60)])
    line.work()
    later = line.clock.at = NOW + timedelta(days=2)
    line.put(*[{**order(n, price="9.90", **person), "timestamp": later.isoformat()} for n in range(60, 120)])
    line.work()
    with line.db.workspace(line.shop) as ws:
        found = get_name(ws, "Order", later)
        assert (found.count, found.first_seen_at, found.last_seen_at) == (120, NOW, later)
        kinds = {one.name: [(kind.kind, kind.last_seen_at) for kind in one.kinds] for one in found.details}
        assert (kinds["price"], kinds["colour"]) == ([("number", NOW), ("text", later)], [("text", NOW)])
        assert [(one.kind, one.property, one.was, one.now, one.since) for one in found.warnings] == [
            ("vanished", "colour", "", "", NOW), ("new_kind", "price", "number", "text", later),
        ]  # fmt: skip
        samples = {one.name: [value for kind in one.kinds for value in kind.samples] for one in found.details}
        assert samples.pop("colour") == ["red"]
        assert "9.90" in samples.pop("price")
        assert samples == {"email": [], "shippingAddress": [], "note": [], "contact": []}
        assert {one.name for one in found.details if one.is_personal} == {"email", "shippingAddress"}
        assert [one.kind for one in get_name(ws, "Order", later + timedelta(days=30)).warnings] == ["vanished", "stopped"]
        shown = find_samples(ws, line.ch, "Order")
        assert len(shown) == 10
        assert {(one.properties["email"], one.properties["price"]) for one in shown} == {("•••", "9.90")}
        with pytest.raises(EventNameNotFound):
            get_name(ws, "Nothing", NOW)


@pytest.mark.parametrize(("name", "expected"), [
    ("email", True), ("customerEmail", True), ("first_name", True), ("firstName", True), ("product_name", True), ("phone2", True), ("ip", True),
    ("price", False), ("shipping", False), ("mailing", False), ("EMAIL", True), ("Billing Address", True), ("zip-code", True),
    ("shippingAddress1", True), ("Perekonnanimi", True), ("نام\u200cخانوادگی", True), ("رقم الهاتف", True), ("تعداد", False), ("color2", False),
])  # fmt: skip
def test_what_tells_who_somebody_is(name: str, *, expected: bool) -> None:
    assert is_personal(name) is expected


def test_rules_warn_or_refuse_and_what_was_refused_counts_once_they_are_mended(line: Line) -> None:
    line.put(order(0, price=1, currency="EUR"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        set_rules(ws, "Order", RULES, "warn")
    line.put(
        order(1, price="1", currency="EUR"),
        order(2, items=[{"sku": 1}, {}, {}]),
        order(2, items=[{"sku": 1}, {}, {}]),
        order(3, price=2, currency="EUR"),
    )
    line.work()
    with line.db.workspace(line.shop) as ws:
        broken = [(one.path, one.rule, one.expected, one.count) for one in get_name(ws, "Order", NOW).violations]
        assert sorted(broken) == [("currency", "required", "", 1), ("items.*.sku", "required", "", 2), ("price", "type", '"number"', 1)]
        set_rules(ws, "Order", RULES, "reject")
    line.put(order(4, price="4"), order(5, price=5, currency="EUR"), order(1, price="1", currency="EUR"), track("u1", "Other"))
    line.work()
    assert len(line.events()) == 6
    with line.db.workspace(line.shop) as ws:
        ((reason, detail, message_id),) = [(one.reason, one.detail, json.loads(one.body)["messageId"]) for one in find_rejects(ws)]
        assert (reason, detail, message_id) == ("schema", 'currency: required; price: type "number"', "o4")
        assert [one.count for one in get_name(ws, "Order", NOW).violations] == [1, 1]
        set_rules(ws, "Order", None, "warn")
        resubmit_all(ws, Reason.SCHEMA, NOW)
    line.put(order(4, price="4"))
    line.work()
    assert [message_id for _, message_id in line.events()].count("o4") == 1
    assert len(line.events()) == 7


@pytest.mark.parametrize(
    "rules", [{"type": "objekt"}, {"$ref": "file:///etc/hostname"}, {"$ref": "http://127.0.0.1:1/x"}, {"const": "x" * 40_000}]
)
def test_what_is_no_schema_or_lies_elsewhere_is_refused(db: Database, rules: dict[str, Any]) -> None:
    with db.workspace(1) as ws, pytest.raises(InvalidInput, match="rules"):
        set_rules(ws, "Order", rules, "warn")
