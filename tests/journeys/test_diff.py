"""What is different between two versions: in closed words, by step and way, and as sentences for a terminal."""

from __future__ import annotations

from typing import Any

from hudhud.app.journey_words import say_changes
from hudhud.journeys.editing.diff import compare, mark
from hudhud.journeys.graph import parse
from tests.journeys.stage import END, delay, event_since, send

OLD: dict[str, Any] = {
    "key": "j",
    "names": {"en": "Hello", "fa": "سلام"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "goal": event_since("Order"),
    "nodes": {"hello": send("hello", "rest"), "rest": delay(2, "days", "end"), "end": END},
    "start": "hello",
}
WHO = {"kind": "branch", "branches": [{"if": event_since("Order"), "next": "end"}], "otherwise": "end"}
NEW: dict[str, Any] = {
    **OLD,
    "names": {"en": "Hello"},
    "trigger": {"kind": "event", "name": "Order"},
    "goal": None,
    "nodes": {"hello": send("hi", "who"), "who": WHO, "end": END},
}
WHOLE = event_since("Order", count={"op": "at_least", "value": 1}, window={"kind": "since_entry", "later_day": False}, where=[])


def test_a_difference_is_told_by_step_and_way() -> None:
    changes = compare(parse(OLD), parse(NEW))
    assert [(one.kind, one.node, one.field, one.before, one.after) for one in changes if one.kind != "node_added"] == [
        ("head_changed", "", "names", {"en": "Hello", "fa": "سلام"}, {"en": "Hello"}),
        (
            "head_changed",
            "",
            "trigger",
            {"kind": "event", "name": "Signed Up", "where": []},
            {"kind": "event", "name": "Order", "where": []},
        ),
        ("head_changed", "", "goal", WHOLE, None),
        ("node_changed", "hello", "template", "hello", "hi"),
        ("rewired", "hello", "next", "rest", "who"),
        ("node_removed", "rest", "", {"kind": "delay", "amount": 2, "unit": "days", "next": "end"}, None),
    ]
    assert mark(changes) == {"who": "added", "rest": "removed", "hello": "changed"}
    assert compare(parse(NEW), parse(NEW)) == []


def test_a_step_of_another_kind_and_one_that_only_leads_elsewhere() -> None:
    new = {**OLD, "nodes": {**OLD["nodes"], "rest": {**WHO, "otherwise": "more"}, "more": send("more", "end")}}
    changes = compare(parse(OLD), parse(new))
    assert [(one.kind, one.node, one.field) for one in changes] == [
        ("node_changed", "rest", "kind"),
        ("rewired", "rest", "next"),
        ("rewired", "rest", "0"),
        ("rewired", "rest", "otherwise"),
        ("node_added", "more", ""),
    ]
    elsewhere = {**OLD, "nodes": {**OLD["nodes"], "hello": send("hello", "end")}, "start": "rest"}
    assert mark(
        compare(
            parse({**OLD, "start": "rest", "nodes": {"rest": delay(1, "days", "hello"), "hello": send("hello", "end"), "end": END}}),
            parse({**elsewhere, "nodes": {"rest": delay(1, "days", "end"), "end": END}}),
        )
    ) == {"hello": "removed", "rest": "rewired"}


def test_each_change_is_a_sentence() -> None:
    assert say_changes(compare(parse(OLD), parse(NEW)))[3:] == [
        "hello: template: hi instead of hello",
        "hello: `next` leads to who instead of rest",
        'who: new step: branch (branches if did "Order" since entry, next end, otherwise end)',
        "rest: step removed: delay (amount 2, unit days, next end)",
    ]
