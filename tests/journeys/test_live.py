"""Journeys in the stream of facts: triggers, merges, pauses, and replayed history beside its rehearsal."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.journeys import actions, queries
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.running import calls, planner
from hudhud.journeys.types import JourneyNotFound, JourneyNotReady
from hudhud.kit.errors import InvalidInput, NotFound
from hudhud.kit.sql import Query
from hudhud.segments.actions import create_list
from hudhud.segments.types import Change
from tests.acceptance import cdnow
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since, send
from tests.journeys.test_cdnow import FROM, ORDER, SECOND_ORDER

TRIGGER = {"kind": "event", "name": "Signed Up"}
REST = {"rest": delay(2, "days", "mail"), "mail": send("hello", "end"), "end": END}
MERGE = Query("merge", "UPDATE person SET merged_into = %(survivor)s WHERE id = %(gone)s")
ERASE = Query("erase", "UPDATE person SET erased_at = now() WHERE id = %(gone)s")
LOGGED = Query("logged", "SELECT body FROM intake WHERE workspace_id = %(workspace_id)s")
HOLDERS = Query("holders", "SELECT r.person_id, p.person_id FROM run r LEFT JOIN run_position p ON p.run_id = r.id ORDER BY r.id")


SUBSCRIBE = {
    "key": "j",
    "trigger": {"kind": "subscribe", "topic": "newsletter"},
    "nodes": REST,
    "start": "rest",
    "reentry": {"kind": "always"},
}
UNREAD = Query(
    "unread",
    "SELECT count(*) FROM consent_log c, journey j WHERE c.workspace_id = j.workspace_id AND (c.txid, c.id) > (j.consent_txid, j.consent_id)",
)


def say(stage: Stage, *words: tuple[int, str, datetime]) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0)
        consent.record(ws, [ConsentChange(who, "newsletter", "email", state, at, "api", {}) for who, state, at in words])


def take_subscribers(stage: Stage, *, unread: int = 0) -> int:
    """Read the consent log as the worker does, page by page, until so much is unread (other databases' open transactions hold it back)."""
    begun = 0
    for _ in range(1_000):
        with stage.db.workspace(stage.workspace_id) as ws:
            (version,) = (version for version in planner.find_versions(ws) if version.is_current)
            begun += actions.take_subscribers(ws, stage.ch, version)[0]
            if ws.value(UNREAD) == unread:
                return begun
        time.sleep(0.01)
    raise AssertionError("the consent log is not read on")


def test_a_subscription_by_any_door_begins_a_run_once(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(SUBSCRIBE)
    say(stage, (ann, "subscribed", T0), (ann, "subscribed", T0 + MINUTE), (bob, "subscribed", T0 - 9 * DAY))
    assert take_subscribers(stage) == 1
    assert take_subscribers(stage) == 0
    say(stage, (bob, "unsubscribed", T0 + HOUR))
    say(stage, (bob, "subscribed", T0 + 2 * HOUR))
    assert take_subscribers(stage) == 1
    assert [(row[0], row[4]) for row in stage.log()] == [(ann, T0), (bob, T0 + 2 * HOUR)]


def test_subscribers_come_in_pages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    people = stage.people(*[{}] * 8)
    stage.publish(SUBSCRIBE)
    monkeypatch.setattr(actions, "PAGE_ROWS", 3)
    say(stage, *[(person_id, "subscribed", T0) for person_id in people])
    assert take_subscribers(stage) == 8
    assert sorted(person_id for person_id, _ in stage.outcomes()) == people


def test_a_word_that_is_committed_late_is_not_passed_over(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(SUBSCRIBE)
    say(stage)
    with stage.db.workspace(stage.workspace_id) as late:
        consent.record(late, [ConsentChange(ann, "newsletter", "email", "subscribed", T0, "api", {})])
        say(stage, (bob, "subscribed", T0 + MINUTE))
        with stage.db.workspace(stage.workspace_id) as ws:
            (version,) = planner.find_versions(ws)
            assert actions.take_subscribers(ws, stage.ch, version) == (0, False)
    assert take_subscribers(stage) == 2


def test_who_subscribes_during_a_pause_does_not_enter_afterwards(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(SUBSCRIBE)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", T0, by="test")
    say(stage, (ann, "subscribed", T0 + MINUTE))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + HOUR, by="test")
    say(stage, (bob, "subscribed", T0 + 2 * HOUR))
    assert take_subscribers(stage) == 1
    assert stage.outcomes() == [(bob, None)]


def test_a_new_trigger_does_not_take_in_who_subscribed_before_it(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish({**SUBSCRIBE, "trigger": TRIGGER})
    say(stage, (ann, "subscribed", T0))
    stage.publish(SUBSCRIBE, T0 + HOUR, start=False)
    say(stage, (bob, "subscribed", T0 + 2 * HOUR))
    assert take_subscribers(stage) == 1
    assert stage.outcomes() == [(bob, None)]
    # The same trigger again, with another way behind it: nobody who waits is passed over.
    say(stage, (ann, "unsubscribed", T0 + 3 * HOUR))
    say(stage, (ann, "subscribed", T0 + 4 * HOUR))
    stage.publish({**SUBSCRIBE, "nodes": {**REST, "rest": delay(3, "days", "mail")}}, T0 + 5 * HOUR, start=False)
    assert take_subscribers(stage) == 1


def test_entering_a_segment_begins_a_run(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    with stage.db.workspace(stage.workspace_id) as ws:
        guests, others = (create_list(ws, name, T0, by="user:1") for name in ("Guests", "Others"))
    stage.publish({"key": "j", "trigger": {"kind": "segment_enter", "segment": guests}, "nodes": REST, "start": "rest"})
    changes = [
        Change(guests, ann, entered=True, at=T0),
        Change(guests, bob, entered=False, at=T0),
        Change(others, bob, entered=True, at=T0),
    ]
    assert stage.take(changes=changes) == 1
    assert stage.take(changes=changes) == 0
    assert stage.outcomes() == [(ann, None)]


CALLED = {"key": "j", "trigger": {"kind": "api"}, "nodes": REST, "start": "rest"}


def test_a_call_goes_to_the_log_as_our_own_event_and_lets_the_person_in_once(stage: Stage) -> None:
    ann, gone = stage.people({}, {})
    stage.publish(CALLED)
    stage.publish({**CALLED, "key": "k"})
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(MERGE, survivor=ann, gone=gone)
        assert calls.call(ws, "j", gone, {"total": 5, "journey": "k"}, "order-7", T0 + MINUTE) is False
        (body,) = [json.loads(row[0]) for row in ws.rows(LOGGED)]
    said = {name: body[name] for name in ("type", "event", "messageId", "properties")}
    assert said == {"type": "track", "event": "Journey Called", "messageId": said["messageId"], "properties": {"total": 5, "journey": "j"}}
    event = structs.replace(stage.event(ann, "Journey Called", T0 + MINUTE, total=5, journey="j"), message_id=body["messageId"])
    assert stage.take(event) == 1
    assert stage.take(event) == 0
    stage.tick(T0 + 9 * DAY)
    assert [(message["person_id"], message["event"]["total"]) for message in stage.messages()] == [(ann, 5)]
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    assert rehearse(stage.db.url, stage.ch, version, number, T0, T0 + DAY).runs == 1


def test_calls_that_begin_nothing_say_why(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish({**CALLED, "trigger": TRIGGER})
    stage.publish({**CALLED, "key": "k"}, start=False)
    stage.publish({**CALLED, "key": "l"})
    with stage.db.workspace(stage.workspace_id) as ws:
        for key, who, properties, error in (
            ("none", ann, {}, JourneyNotFound),
            ("j", ann, {}, JourneyNotReady),
            ("k", ann, {}, JourneyNotReady),
            ("l", ann + 1_000_000, {}, NotFound),
            ("l", "nobody", {}, NotFound),
            ("l", ann, {"long": "x" * 32_000}, InvalidInput),
        ):
            with pytest.raises(error):
                calls.call(ws, key, who, properties, "key", T0)
        assert list(ws.rows(LOGGED)) == []


def test_leaving_a_segment_begins_a_run_unless_it_is_because_there_is_nobody_any_more(stage: Stage) -> None:
    ann, bob, cid, eve = stage.people({}, {}, {}, {})
    with stage.db.workspace(stage.workspace_id) as ws:
        guests = create_list(ws, "Guests", T0, by="user:1")
        ws.run(MERGE, survivor=ann, gone=cid)
        ws.run(ERASE, gone=eve)
    stage.publish({"key": "j", "trigger": {"kind": "segment_leave", "segment": guests}, "nodes": REST, "start": "rest"})
    changes = [Change(guests, who, entered=who == bob, at=T0) for who in (ann, bob, cid, eve)]
    assert stage.take(changes=changes) == 1
    assert stage.take(changes=changes) == 0
    assert stage.outcomes() == [(ann, None)]


def test_a_rehearsal_lets_in_who_left_a_segment(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    busy = {"kind": "event", "name": "Visit", "window": {"kind": "last", "amount": 3, "unit": "days"}}
    stage.publish({"key": "j", "trigger": {"kind": "segment_leave", "segment": busy}, "nodes": REST, "start": "rest"})
    stage.record([stage.event(ann, "Visit", T0), stage.event(bob, "Visit", T0), stage.event(bob, "Visit", T0 + 3 * DAY)])
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    assert rehearse(stage.db.url, stage.ch, version, number, T0 + DAY, T0 + 5 * DAY).people == 1
    assert rehearse(stage.db.url, stage.ch, version, number, T0 + DAY, T0 + 9 * DAY).people == 2


def test_conditions_as_a_trigger_get_a_segment_of_their_own(stage: Stage) -> None:
    tree = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
    stage.publish({"key": "j", "trigger": {"kind": "segment_enter", "segment": tree}, "nodes": REST, "start": "rest"})
    (ann,) = stage.people({"plan": "pro"})
    with stage.db.workspace(stage.workspace_id) as ws:
        segment_id = queries.get_journey(ws, "j")["segment_id"]
    assert stage.take(changes=[Change(segment_id, ann, entered=True, at=T0)]) == 1


def test_a_merged_persons_run_goes_on_under_the_survivor(stage: Stage) -> None:
    ann, guest, other = stage.people({}, {}, {})
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": REST, "start": "rest"})
    stage.take(stage.event(guest, "Signed Up", T0), stage.event(other, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        for gone in (guest, other):
            ws.run(MERGE, survivor=ann, gone=gone)
    stage.take(stage.event(ann, "Identified", T0 + HOUR, kind="identify"))
    with stage.db.workspace(stage.workspace_id) as ws:
        assert list(ws.rows(HOLDERS)) == [(ann, ann), (other, None)]
    assert stage.outcomes() == [(ann, None), (other, "merged")]
    stage.tick(T0 + 9 * DAY)
    assert [message["person_id"] for message in stage.messages()] == [ann]


def test_a_pause_stops_everything_and_leaves_as_long_to_rest_as_before(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": REST, "start": "rest"})
    stage.take(stage.event(ann, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", T0 + DAY, by="test")
    stage.take(stage.event(bob, "Signed Up", T0 + DAY))
    assert stage.tick(T0 + 9 * DAY) == 0
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + 10 * DAY, by="test")
    assert stage.tick(T0 + 11 * DAY - MINUTE) == 0
    assert stage.tick(T0 + 11 * DAY) == 3
    assert stage.outcomes() == [(ann, "finished")]


def test_people_under_way_stay_on_their_version(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": REST, "start": "rest"})
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": REST | {"mail": send("other", "end")}, "start": "rest"})
    stage.take(stage.event(bob, "Signed Up", T0))
    stage.tick(T0 + 9 * DAY)
    assert [(message["person_id"], message["template"]) for message in stage.messages()] == [(ann, "hello"), (bob, "other")]


def play(stage: Stage, orders: list[cdnow.Order], people: dict[str, int]) -> None:
    """Let each day's orders come in at noon, and the timers of that noon after them, as the worker's horizon does."""
    noon = datetime.combine(min(order.on for order in orders), cdnow.NOON)
    days = cdnow.by_day(orders)
    while noon <= FROM + timedelta(days=545, hours=12):
        events = [stage.event(people[order.customer], ORDER, noon) for order in days.get(noon.date(), [])]
        if events:
            with stage.db.workspace(stage.workspace_id) as ws:
                actions.take(ws, stage.ch, events, [], noon)
        stage.tick(noon)
        noon += DAY


def replay(stage: Stage, every: int) -> tuple[set[str], int]:
    orders = cdnow.orders(every=every)
    customers = sorted({order.customer for order in orders})
    people = dict(zip(customers, stage.people(*[{}] * len(customers)), strict=True))
    stage.publish(SECOND_ORDER, FROM)
    play(stage, orders, people)
    numbers = {number: customer for customer, number in people.items()}
    sent = [numbers[message["person_id"]] for message in stage.messages()]
    return set(sent), len(sent)


def test_replayed_history_reaches_exactly_the_people_without_a_second_order(stage: Stage) -> None:
    expected = cdnow.without_second_order(cdnow.orders(every=40))
    assert replay(stage, 40) == (expected, len(expected))


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_all_of_replayed_history_reaches_17641_people(stage: Stage) -> None:
    expected = cdnow.without_second_order(cdnow.orders())
    assert replay(stage, 1) == (expected, 17_641)


def test_a_rehearsal_tells_what_the_live_run_did(stage: Stage) -> None:
    people = stage.people(*({"plan": "pro" if i % 3 else "free"} for i in range(12)))
    pro = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
    nodes: dict[str, Any] = {
        "hello": send("hello", "wait"),
        "wait": {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 2, "unit": "days"}, "met": "end", "timed_out": "who"},
        "who": {"kind": "branch", "branches": [{"if": pro, "next": "offer"}], "otherwise": "end"},
        "offer": send("offer", "rest"),
        "rest": delay(2, "days", "end"),
        "end": END,
    }
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": "hello", "exit_on": [event_since("Left")]})
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0)
        said = [ConsentChange(person_id, "newsletter", "email", "subscribed", T0 + DAY, "api", {}) for person_id in people]
        consent.record(ws, said)
    for i, person_id in enumerate(people):
        at = T0 + i * HOUR
        stage.take(stage.event(person_id, "Signed Up", at))
        stage.tick(at)
    for i, name in ((0, "Order"), (1, "Order"), (4, "Left"), (7, "Left")):
        stage.take(stage.event(people[i], name, T0 + DAY))
    stage.tick(T0 + 3 * DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
        live = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 3 * DAY)
    assert (found.nodes, found.edges) == live
    assert (found.sends, found.exited, found.finished, found.waiting) == (len(stage.messages()), 2, 5, 5)
    assert found.skips == {"no_address": found.sends}


def test_a_rehearsal_backwards_is_refused(stage: Stage) -> None:
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": REST, "start": "rest"})
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    with pytest.raises(InvalidInput):
        rehearse(stage.db.url, stage.ch, version, number, T0, T0)
