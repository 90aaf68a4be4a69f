"""Every kind of node in a rehearsal: reached, and nothing live is touched, whatever it does live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from hudhud.consent import actions as consent
from hudhud.coupons import actions as coupons
from hudhud.coupons.types import PoolWishes
from hudhud.journeys import queries
from hudhud.journeys.nodes.kinds import Kind
from hudhud.journeys.rehearsing.rehearsal import rehearse
from tests.journeys.stage import DAY, END, T0, delay, event_since, send
from tests.journeys.test_rehearsing import checksums

if TYPE_CHECKING:
    from tests.journeys.wire import Wire

ALL = {kind.__struct_config__.tag for kind in get_args(Kind)}
ARMS = [{"name": "A", "percent": 50, "next": "kept"}, {"name": "B", "percent": 50, "next": "kept"}]
OTHER: dict[str, Any] = {"key": "other", "trigger": {"kind": "event", "name": "Never"}, "nodes": {"end": END}, "start": "end"}


def graph_of_all(wire: Wire) -> dict[str, Any]:
    """Write one way through a node of each kind."""
    nodes: dict[str, Any] = {
        "ask": wire.node(next="code", failed="code", sample={"status": 200, "body": {"points": 3}}),
        "code": {"kind": "coupon", "pool": "spring", "next": "note", "otherwise": "note"},
        "note": {"kind": "update", "changes": [{"do": "increment", "attribute": "acts"}], "next": "say"},
        "say": {"kind": "topic", "do": "subscribe", "topic": "newsletter", "next": "begin"},
        "begin": {"kind": "start", "journey": "other", "next": "stop"},
        "stop": {"kind": "leave", "journeys": ["other"], "next": "mail"},
        "mail": {**send("hello", "rest"), "value": 5, "expires_after": {"amount": 2, "unit": "days"}},
        "rest": delay(1, "days", "try"),
        "try": {"kind": "test", "metric": {"kind": "goal"}, "arms": ARMS, "window": {"amount": 1, "unit": "days"}},
        "kept": {"kind": "holdout", "percent": 1, "next": "half", "held": "end"},
        "half": {"kind": "split", "shares": [{**arm, "next": "who"} for arm in ARMS]},
        "who": {"kind": "branch", "branches": [{"if": {"kind": "event", "name": "Signed Up"}, "next": "wait"}], "otherwise": "end"},
        "wait": {"kind": "wait", "until": event_since("Paid"), "timeout": {"amount": 1, "unit": "days"}, "met": "end", "timed_out": "won"},
        "won": {"kind": "goal", "reason": "stayed"},
        "end": END,
    }
    target = {"kind": "percent", "percent": 10, "by": "2026-12-31"}
    head = {"key": "all", "trigger": {"kind": "event", "name": "Signed Up"}, "goal": event_since("Order"), "target": target}
    return {**head, "priority": "high", "nodes": nodes, "start": "ask"}


def test_no_kind_of_node_touches_anything_live(wire: Wire) -> None:
    stage = wire.stage
    people = stage.people(*[{}] * 12)
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0)
        coupons.create_pool(ws, "spring", PoolWishes("Spring"), T0 - DAY, by="test")
        coupons.add_codes(ws, "spring", [(f"C{n}", None) for n in range(20)], T0 - DAY, by="test")
    graph = graph_of_all(wire)
    assert {node["kind"] for node in graph["nodes"].values()} == ALL
    stage.publish(OTHER)
    stage.publish(graph)
    events = [stage.event(one, "Signed Up", T0) for one in people]
    stage.record(
        [*events, *(stage.event(one, "Paid", T0 + DAY + DAY / 2) for one in people[:6]), stage.event(people[11], "Order", T0 + DAY / 2)]
    )
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "all")
    before = checksums(stage)
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 9 * DAY)
    assert checksums(stage) == before
    assert wire.fake.got == []
    assert {node: numbers["entered"] for node, numbers in found.nodes.items() if not numbers["entered"]} == {}
    assert (found.runs, found.goal > 1, found.sends) == (12, True, 12)
