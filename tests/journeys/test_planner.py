from __future__ import annotations

from typing import Any

from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since, send

TRIGGER = {"kind": "event", "name": "Signed Up"}


def journey(nodes: dict[str, Any], start: str, **more: object) -> dict[str, Any]:
    return {"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": start, **more}


def test_runs_go_through_delay_branch_and_send_once_each(stage: Stage) -> None:
    ann, bob = stage.people({"city": "Tartu"}, {"city": "Tallinn"})
    tartu = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
    nodes = {
        "hello": send("hello", "rest"),
        "rest": delay(2, "days", "where"),
        "where": {"kind": "branch", "branches": [{"if": tartu, "next": "local"}], "otherwise": "end"},
        "local": send("local", "end"),
        "end": END,
    }
    stage.publish(journey(nodes, "hello"))
    stage.take(stage.event(ann, "Signed Up", T0, plan="pro"), stage.event(bob, "Signed Up", T0 + MINUTE))
    assert stage.tick(T0 - MINUTE) == 0
    assert stage.tick(T0 + HOUR) == 2
    assert stage.tick(T0 + HOUR) == 0
    assert stage.tick(T0 + 2 * DAY) == 4
    assert stage.tick(T0 + 9 * DAY) == 3
    assert [(m["step"], m["visit"], m["person_id"], m["event"]) for m in stage.messages()] == [
        ("hello", 1, ann, {"plan": "pro"}),
        ("hello", 1, bob, {}),
        ("local", 4, ann, {"plan": "pro"}),
    ]
    assert [row for row in stage.log() if row[0] == bob] == [
        (bob, "", "start", "triggered", T0 + MINUTE),
        (bob, "hello", "next", "message_planned", T0 + MINUTE),
        (bob, "rest", "next", "delay_over", T0 + MINUTE + 2 * DAY),
        (bob, "where", "otherwise", "no_branch_true", T0 + MINUTE + 2 * DAY),
        (bob, "end", "end", "end_reached", T0 + MINUTE + 2 * DAY),
    ]
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]


def test_a_fact_at_exactly_the_deadline_counts_and_one_millisecond_later_does_not(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    wait = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 1, "unit": "days"}, "met": "end", "timed_out": "remind"}
    stage.publish(journey({"wait": wait, "remind": send("remind", "end"), "end": END}, "wait"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    stage.tick(T0 + DAY - MINUTE)
    stage.take(stage.event(ann, "Order", T0 + DAY), stage.event(bob, "Order", T0 + DAY + MINUTE / 60_000))
    stage.tick(T0 + 2 * DAY)
    assert [m["person_id"] for m in stage.messages()] == [bob]
    assert [row[1:] for row in stage.log() if row[0] == ann and row[1] == "wait"] == [("wait", "met", "condition_met", T0 + DAY)]


def test_a_slow_condition_keeps_the_deadline_too(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    twice = event_since("Order", count={"op": "at_least", "value": 2})
    wait = {"kind": "wait", "until": twice, "timeout": {"amount": 1, "unit": "days"}, "met": "end", "timed_out": "remind"}
    stage.publish(journey({"wait": wait, "remind": send("remind", "end"), "end": END}, "wait"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    stage.tick(T0 + HOUR)
    stage.take(*(stage.event(one, "Order", T0 + HOUR) for one in (ann, bob)))
    stage.take(stage.event(ann, "Order", T0 + DAY), stage.event(bob, "Order", T0 + DAY + MINUTE / 60_000))
    stage.tick(T0 + 2 * DAY)
    assert [m["person_id"] for m in stage.messages()] == [bob]


def test_what_happened_on_the_way_to_a_wait_is_seen_on_arrival(stage: Stage) -> None:
    (ann,) = stage.people({})
    wait = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 1, "unit": "days"}, "met": "thank", "timed_out": "end"}
    stage.publish(journey({"rest": delay(1, "hours", "wait"), "wait": wait, "thank": send("thank", "end"), "end": END}, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.take(stage.event(ann, "Order", T0 + MINUTE))
    stage.tick(T0 + HOUR)
    assert [m["step"] for m in stage.messages()] == ["thank"]


def test_goal_and_exit_act_anywhere(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    big = event_since("Order", where=[{"property": "total", "op": "at_least", "value": 100}])
    nodes = {"rest": delay(3, "days", "remind"), "remind": send("remind", "end"), "end": END}
    stage.publish(journey(nodes, "rest", goal=big, exit_on=[event_since("Order")]))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob, cid)))
    stage.take(stage.event(ann, "Order", T0 + HOUR, total="120.50"), stage.event(bob, "Order", T0 + HOUR, total=20))
    stage.tick(T0 + 9 * DAY)
    assert stage.outcomes() == [(ann, "goal"), (bob, "exited"), (cid, "finished")]
    assert [m["person_id"] for m in stage.messages()] == [cid]


def test_an_exit_condition_about_attributes_is_asked_before_each_step(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    left = {"kind": "attribute", "name": "left", "op": "is", "value": True}
    nodes = {"rest": delay(3, "days", "remind"), "remind": send("remind", "end"), "end": END}
    stage.publish(journey(nodes, "rest", exit_on=[left]))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob)))
    stage.mirror({ann: {"left": True}}, version=2)
    stage.tick(T0 + 9 * DAY)
    assert stage.outcomes() == [(ann, "exited"), (bob, "finished")]


def test_re_entry(stage: Stage) -> None:
    ann, *_ = stage.people({})
    nodes = {"rest": delay(1, "hours", "end"), "end": END}
    for key, reentry in (("never", {"kind": "never"}), ("always", {"kind": "always"}), ("after", {"kind": "after", "days": 2})):
        stage.publish({"key": key, "trigger": TRIGGER, "nodes": nodes, "start": "rest", "reentry": reentry})
    for at in (T0, T0 + MINUTE, T0 + DAY, T0 + 2 * DAY):
        event = stage.event(ann, "Signed Up", at)
        stage.take(event)
        stage.take(event)  # the batch is repeated
        stage.tick(at + 2 * HOUR) if at != T0 else None
    begun = [row[4] for row in stage.log() if row[2] == "start"]
    assert sorted(begun) == sorted([T0, T0, T0 + DAY, T0 + 2 * DAY, T0, T0 + 2 * DAY])


def test_each_cart_is_a_run_and_gathers_its_items(stage: Stage) -> None:
    (ann,) = stage.people({})
    trigger = {"kind": "event", "name": ["Product Added", "Checkout Started"]}
    nodes = {"rest": delay(1, "hours", "remind"), "remind": send("cart", "end"), "end": END}
    stage.publish({"key": "cart", "trigger": trigger, "run_key": "cart_id", "nodes": nodes, "start": "rest"})
    first, second, other = (
        stage.event(ann, "Product Added", T0, cart_id="a", name="Tea"),
        stage.event(ann, "Product Added", T0 + MINUTE, cart_id="a", name="Pot"),
        stage.event(ann, "Product Added", T0 + MINUTE, cart_id="b", name="Cup"),
    )
    stage.take(first, second, other)
    late = stage.event(ann, "Product Added", T0 + 2 * MINUTE, cart_id="a", name="Milk")
    stage.take(late)
    stage.take(late)
    stage.tick(T0 + 2 * HOUR)
    assert [(m["event"]["name"], [item["name"] for item in m["event"]["items"]]) for m in stage.messages()] == [
        ("Milk", ["Tea", "Pot", "Milk"]),
        ("Cup", ["Cup"]),
    ]


def test_history_from_before_the_start_begins_nothing(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(journey({"hello": send("hello", "end"), "end": END}, "hello"), T0)
    stage.take(stage.event(ann, "Signed Up", T0 - MINUTE))
    assert stage.outcomes() == []


def test_an_order_that_was_told_late_stops_the_mail(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    wait = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 1, "unit": "days"}, "met": "end", "timed_out": "remind"}
    stage.publish(journey({"wait": wait, "remind": send("remind", "end"), "end": END}, "wait"))
    mail = {"rest": delay(1, "days", "remind"), "remind": send("remind", "end"), "end": END}
    stage.publish({**journey(mail, "rest"), "key": "k", "goal": event_since("Order")})
    stage.take(stage.event(ann, "Order", T0 + MINUTE))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    stage.tick(T0 + 2 * DAY)
    assert [m["person_id"] for m in stage.messages()] == [bob, bob]
    assert sorted(stage.outcomes()) == [(ann, "finished"), (ann, "goal"), (bob, "finished"), (bob, "finished")]
