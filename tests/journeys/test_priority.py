"""A journey's priority, a send's value and expiry: one written form, and what they put on its messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent.actions import create_default_topics
from hudhud.delivery import actions as delivery
from hudhud.journeys.checks import find_problems
from hudhud.journeys.editing.diff import compare
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.types import InvalidJourney
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, MINUTE, T0

if TYPE_CHECKING:
    from tests.journeys.stage import Stage

ORDER = Query("order_of", "SELECT priority, value, expires_at FROM message WHERE workspace_id = %(workspace_id)s")
GRAPH: dict[str, Any] = {
    "key": "cart",
    "names": {"en": "Cart"},
    "trigger": {"kind": "event", "name": "Product Added"},
    "nodes": {
        "mail": {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"},
        "end": {"kind": "exit", "reason": "end"},
    },
    "start": "mail",
}


def test_what_is_normal_is_not_written_and_what_is_not_is_told_as_a_change() -> None:
    plain, normal, high = (parse(GRAPH | extra) for extra in ({}, {"priority": "normal"}, {"priority": "high"}))
    assert canonical(plain) == canonical(normal)
    assert "priority" not in canonical(plain)
    assert parse(canonical(high)) == high
    assert [(one.kind, one.field, one.before, one.after) for one in compare(plain, high)] == [("head_changed", "priority", None, "high")]
    with pytest.raises(InvalidJourney, match="priority"):
        parse(GRAPH | {"priority": "urgent"})


def test_value_and_expiry_of_a_send_are_written_and_bounded() -> None:
    worth = {"value": 3.5, "expires_after": {"amount": 2, "unit": "days"}}
    graph = parse(_with(worth))
    assert json.loads(canonical(graph))["nodes"]["mail"] == {"kind": "send", **GRAPH["nodes"]["mail"], **worth}
    assert "value" not in canonical(parse(GRAPH))
    for wrong in ({"value": -1}, {"expires_after": {"amount": 0, "unit": "days"}}):
        with pytest.raises(InvalidJourney):
            parse(_with(wrong))


@pytest.mark.parametrize(("priority", "number"), [("low", -1), ("normal", 0), ("high", 1)])
def test_messages_carry_what_orders_them(stage: Stage, priority: str, number: int) -> None:
    (ann,) = stage.people({})
    stage.publish(_with({"value": 3.5, "expires_after": {"amount": 2, "unit": "days"}}) | {"priority": priority})
    stage.take(stage.event(ann, "Product Added", T0))
    # The worker is late; the message is worth something until two days after it was due.
    stage.tick(T0 + 90 * MINUTE)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.rows(ORDER) == [(number, 3.5, T0 + 2 * DAY)]


def test_a_journey_that_sends_in_quiet_hours_only_is_told_of(stage: Stage) -> None:
    receipt = {"kind": "send", "template": "hello", "topic": "transactional", "next": "mail"}
    with stage.db.workspace(stage.workspace_id) as ws:
        create_default_topics(ws, T0)
        delivery.put_quiet_hours(ws, "21:00", "08:00", T0)

        def told(**window: object) -> list[str]:
            nodes = GRAPH["nodes"] | {"receipt": receipt}
            found = find_problems(ws, parse(GRAPH | {"nodes": nodes, "start": "receipt", "send_window": window}))
            return [one.node for one in found if one.code == "always_quiet"]

        assert told(**{"from": "22:00", "to": "08:00"}) == told(**{"from": "05:00", "to": "06:30", "weekdays": ["mon"]}) == ["mail"]
        assert told(**{"from": "22:00", "to": "08:01"}) == told(**{"from": "20:59", "to": "23:00"}) == told(weekdays=["mon"]) == []
        delivery.drop_quiet_hours(ws, T0)
        assert told(**{"from": "22:00", "to": "08:00"}) == []


def _with(extra: dict[str, Any]) -> dict[str, Any]:
    return GRAPH | {"nodes": GRAPH["nodes"] | {"mail": GRAPH["nodes"]["mail"] | extra}}
