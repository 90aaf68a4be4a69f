"""Nodes that act on people: what each of them does, once; what it must not do; nothing of it in a rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.queries import find_entries, find_states
from hudhud.consent.types import ConsentChange
from hudhud.journeys import queries
from hudhud.journeys.graph import parse
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.types import SETTLE, InvalidJourney, JourneyLoop
from hudhud.journeys.why.explain import why
from hudhud.kit.sql import Query
from hudhud.people import actions as people_actions
from hudhud.people.history import find_changes
from hudhud.people.queries import find_some
from hudhud.people.unmerge import undo_merge
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, send

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIGGER = {"kind": "event", "name": "Signed Up"}
EFFECTS = Query("effects", "SELECT count(*) FROM journey_effect")
DETAILS = Query(
    "details",
    "SELECT r.person_id, l.node, l.detail FROM run_log l JOIN run r ON r.id = l.run_id WHERE l.reason = 'action_planned' ORDER BY r.id, l.visit",
)
MERGED = Query("merged", "SELECT id FROM person_merge WHERE merged_id = %(merged_id)s")
ADDRESS = Query(
    "address",
    "INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) VALUES (%(workspace_id)s, 'email', 'no@example.com', %(person_id)s, %(now)s)",
)
ERASE = Query("erase", "UPDATE person SET erased_at = %(now)s WHERE id = %(person_id)s")


def journey(nodes: dict[str, Any], start: str = "first", **more: object) -> dict[str, Any]:
    return {"key": "j", "trigger": TRIGGER, "nodes": {**nodes, "end": END}, "start": start, **more}


def update(*changes: dict[str, Any], then: str = "end") -> dict[str, Any]:
    return {"kind": "update", "changes": list(changes), "next": then}


def topic(do: str, then: str = "end") -> dict[str, Any]:
    return {"kind": "topic", "do": do, "topic": "newsletter", "next": then}


def attributes(stage: Stage, person_id: int) -> dict[str, Any]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return find_some(ws, [person_id])[person_id].attributes


def notes(stage: Stage) -> list[tuple[int, str, Any]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return [tuple(row) for row in ws.rows(DETAILS)]


def run(stage: Stage, graph: dict[str, Any], people: Sequence[int], **properties: object) -> None:
    stage.publish(graph)
    stage.take(*(stage.event(person_id, "Signed Up", T0, **properties) for person_id in people))
    stage.tick(T0)
    stage.act(T0 + MINUTE)
    stage.tick(T0 + HOUR)


def topics(stage: Stage, **states: list[int]) -> None:
    """Make topics, and let people say something about the newsletter."""
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0 - DAY)
        said = [(person_id, state) for state, some in states.items() for person_id in some]
        consent.record(ws, [ConsentChange(one, "newsletter", "email", state, T0 - DAY, "server", {}) for one, state in said])  # type: ignore[arg-type]


def test_an_update_sets_copies_counts_and_removes(stage: Stage) -> None:
    ann, bob = stage.people({"plan": "free", "left": 2, "trial": True}, {"left": "two", "name": "Bob"})
    changes = (
        {"do": "set", "attribute": "plan", "value": "pro"},
        {"do": "copy", "attribute": "cart", "from": "event.cart.id"},
        {"do": "copy", "attribute": "called", "from": "person.name"},
        {"do": "increment", "attribute": "left", "by": -1},
        {"do": "increment", "attribute": "mails", "by": 0.1},
        {"do": "increment", "attribute": "vast", "by": 1e300},
        {"do": "remove", "attribute": "trial"},
    )
    run(stage, journey({"first": update(*changes)}), [ann, bob], cart={"id": "c7"})
    assert attributes(stage, ann) == {"plan": "pro", "left": 1, "cart": "c7", "mails": 0.1}
    assert attributes(stage, bob) == {"plan": "pro", "left": "two", "name": "Bob", "called": "Bob", "cart": "c7", "mails": 0.1}
    vast = {"reason": "not_a_number", "name": "vast"}
    nothing = {"effect": "done", "notes": [{"reason": "no_value", "name": "called"}, vast]}
    assert notes(stage) == [
        (ann, "first", nothing),
        (bob, "first", {"effect": "done", "notes": [{"reason": "not_a_number", "name": "left"}, vast]}),
    ]
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert {change.source for change in find_changes(ws, ann)[0]} == {"journey:j"}


def test_counting_is_exact_however_many_runs_of_a_person_count_at_once(stage: Stage) -> None:
    (ann,) = stage.people({"carts": 1})
    graph = journey({"first": update({"do": "increment", "attribute": "carts"})}, run_key="cart_id")
    stage.publish(graph)
    stage.take(*(stage.event(ann, "Signed Up", T0, cart_id=f"c{i}") for i in range(40)))
    stage.tick(T0)
    assert (stage.act(T0), stage.act(T0)) == (40, 0)
    assert attributes(stage, ann) == {"carts": 41}


def test_what_comes_next_waits_till_the_change_is_known(stage: Stage) -> None:
    (ann,) = stage.people({})
    pro = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
    nodes = {
        "first": update({"do": "set", "attribute": "plan", "value": "pro"}, then="who"),
        "who": {"kind": "branch", "branches": [{"if": pro, "next": "mail"}], "otherwise": "end"},
        "mail": send("pro", "end"),
    }
    stage.publish(journey(nodes))
    stage.take(stage.event(ann, "Signed Up", T0))
    assert stage.tick(T0 + SETTLE - MINUTE / 60_000) == 1
    stage.act(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        people_actions.mirror(ws, stage.ch, [ann])
    stage.tick(T0 + SETTLE)
    assert [message["step"] for message in stage.messages()] == ["mail"]


def test_of_one_run_what_comes_first_is_done_first(stage: Stage) -> None:
    (ann,) = stage.people({})
    nodes = {
        "z": update({"do": "set", "attribute": "step", "value": 1}, then="a"),
        "a": update({"do": "set", "attribute": "step", "value": 2}, then="end"),
    }
    stage.publish(journey(nodes, "z"))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0 + HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.value(EFFECTS) == 2
    assert stage.act(T0 + HOUR) == 2
    assert attributes(stage, ann) == {"step": 2}


def test_a_journey_turns_no_no_into_a_yes(stage: Stage) -> None:
    new, no, asked, yes = stage.people({}, {}, {}, {})
    topics(stage, unsubscribed=[no], pending=[asked], subscribed=[yes])
    run(stage, journey({"first": topic("subscribe")}), [new, no, asked, yes])
    with stage.db.workspace(stage.workspace_id) as ws:
        states = find_states(ws, "newsletter", [new, no, asked, yes])
        (word,) = [entry for entry in find_entries(ws, new) if entry.state == "subscribed"]
    assert states == {new: "subscribed", no: "unsubscribed", asked: "pending", yes: "subscribed"}
    assert (word.source, word.proof["journey"], word.proof["node"]) == ("journey:j", "j", "first")
    assert notes(stage) == [
        (new, "first", {"effect": "done"}),
        (no, "first", {"effect": "refused", "notes": [{"reason": "unsubscribed"}]}),
        (asked, "first", {"effect": "refused", "notes": [{"reason": "not_confirmed"}]}),
        (yes, "first", {"effect": "done"}),
    ]
    assert [outcome for _, outcome in stage.outcomes()] == ["finished"] * 4


def test_a_yes_that_was_refused_makes_nobody_deliverable_in_a_rehearsal(stage: Stage) -> None:
    (no,) = stage.people({})
    topics(stage, unsubscribed=[no])
    run(stage, journey({"first": topic("subscribe")}), [no])
    stage.publish({**journey({"first": send("hello", "end")}), "key": "other", "trigger": {**TRIGGER, "name": "Else"}})
    stage.record([stage.event(no, "Else", T0 + HOUR)])
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(ADDRESS, person_id=no, now=T0)
        version, number = queries.get_version(ws, "other")
    found = rehearse(stage.db.url, stage.ch, version, number, T0, T0 + DAY)
    assert (found.deliverable, found.skips) == (0, {"unsubscribed": 1})


def test_a_journey_unsubscribes_unless_the_person_said_yes_since(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    topics(stage, subscribed=[ann, bob])
    stage.publish(journey({"first": topic("unsubscribe")}))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob)))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.record(ws, [ConsentChange(bob, "newsletter", "email", "subscribed", T0 + MINUTE, "server", {})])
    stage.act(T0 + HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert find_states(ws, "newsletter", [ann, bob]) == {ann: "unsubscribed", bob: "subscribed"}
    assert [detail["effect"] for _, _, detail in notes(stage)] == ["done", "refused"]


def test_a_started_journey_sees_the_trigger_and_keeps_its_own_rules(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(
        {
            **journey({"first": delay(1, "days", "mail"), "mail": send("hello", "end")}),
            "key": "other",
            "trigger": {**TRIGGER, "name": "Else"},
        }
    )
    stage.take(stage.event(bob, "Else", T0 - MINUTE))
    run(stage, journey({"first": {"kind": "start", "journey": "other", "next": "end"}}), [ann, bob], plan="pro")
    stage.tick(T0 + 2 * DAY)
    assert [(message["person_id"], message["event"]) for message in stage.messages()] == [(bob, {}), (ann, {"plan": "pro"})]
    assert [detail for _, _, detail in notes(stage)] == [{"effect": "done"}, {"effect": "refused", "notes": [{"reason": "not_admitted"}]}]


def test_a_journey_that_does_not_run_is_not_started(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish({**journey({"first": send("hello", "end")}), "key": "other"}, start=False)
    run(stage, journey({"first": {"kind": "start", "journey": "other", "next": "end"}}), [ann])
    assert [detail["notes"] for _, _, detail in notes(stage)] == [[{"reason": "not_running"}]]
    assert stage.outcomes() == [(ann, "finished")]


def test_leaving_ends_runs_elsewhere_and_tells_why(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(
        {
            **journey({"first": delay(9, "days", "mail"), "mail": send("hello", "end")}),
            "key": "other",
            "trigger": {**TRIGGER, "name": "Else"},
        }
    )
    stage.take(*(stage.event(one, "Else", T0 - HOUR) for one in (ann, bob)))
    run(stage, journey({"first": {"kind": "leave", "journeys": ["other"], "next": "end"}}), [ann])
    assert sorted(stage.outcomes()) == [(ann, "exited"), (ann, "finished"), (bob, None)]
    with stage.db.workspace(stage.workspace_id) as ws:
        found = why(ws, stage.ch, "other", ann, T0 + DAY)
        version, _ = queries.get_version(ws, "other")
        numbers = queries.node_numbers(ws, version)["first"]
    assert found.state == "exited"
    assert (found.runs[0]["steps"][-1]["code"], found.runs[0]["steps"][-1]["data"]["journey"]) == ("other_journey", "j")
    assert numbers == {"entered": 2, "here": 1, "left": 1}


def test_leaving_ends_no_run_that_began_only_later(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    other = {**journey({"first": delay(9, "days", "end")}), "key": "other", "trigger": {**TRIGGER, "name": "Else"}}
    stage.publish(other)
    stage.publish(journey({"first": {"kind": "leave", "journeys": ["other"], "next": "end"}}))
    stage.take(stage.event(bob, "Else", T0 - HOUR))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob)))
    stage.tick(T0)
    # The effects role was away for a while.
    stage.take(stage.event(ann, "Else", T0 + MINUTE))
    stage.act(T0 + HOUR)
    assert [detail["effect"] for _, node, detail in notes(stage) if node == "first"] == ["refused", "done"]
    assert sorted(stage.outcomes(), key=str) == [(ann, None), (ann, None), (bob, "exited"), (bob, None)]


def test_what_was_planned_before_people_were_taken_apart_is_done_to_whose_run_it_is(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey({"first": delay(1, "days", "count"), "count": update({"do": "increment", "attribute": "n"})}))
    stage.take(stage.event(bob, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        people_actions.join(ws, ann, bob, frozenset(), T0 + HOUR, "test")
        merge_id = ws.value(MERGED, merged_id=bob)
    stage.take(stage.event(ann, "Seen", T0 + HOUR, kind="alias"))
    assert stage.outcomes() == [(ann, None)]
    stage.tick(T0 + DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        undo_merge(ws, merge_id, T0 + DAY, "test")
    stage.act(T0 + DAY)
    assert (attributes(stage, ann), attributes(stage, bob)) == ({}, {"n": 1})


def test_what_a_rule_may_not_change_is_refused_when_it_is_written() -> None:
    for change in (
        {"do": "set", "attribute": "email", "value": "x@example.com"},
        {"do": "set", "attribute": "subscriptions", "value": "all"},
        {"do": "copy", "attribute": "plan", "from": "workspace.name"},
        {"do": "copy", "attribute": "plan", "from": "event"},
        {"do": "set", "attribute": "plan", "value": 2**60},
        {"do": "set", "attribute": "plan", "value": ["a"]},
    ):
        with pytest.raises(InvalidJourney) as caught:
            parse({**journey({"first": update(change)}), "names": {"en": "J"}})
        assert caught.value.data["problems"][0]["code"] == "invalid_field"  # type: ignore[index]


def test_what_there_is_not_is_refused_when_it_is_published(stage: Stage) -> None:
    nodes = {
        "first": topic("subscribe", "second"),
        "second": {"kind": "start", "journey": "nowhere", "next": "third"},
        "third": {"kind": "leave", "journeys": ["j", "elsewhere"], "next": "end"},
    }
    with pytest.raises(InvalidJourney) as caught:
        stage.publish(journey(nodes))
    found = [(one["node"], one["code"]) for one in caught.value.data["problems"]]  # type: ignore[index]
    assert sorted(found) == [("first", "unknown_topic"), ("second", "unknown_journey"), ("third", "unknown_journey")]


def test_journeys_must_not_set_each_other_off_for_ever(stage: Stage) -> None:
    start = {"first": {"kind": "start", "journey": "a", "next": "end"}}
    always = {"reentry": {"kind": "always"}}
    stage.publish({**journey({"first": send("hello", "end")}, **always), "key": "a"})
    stage.publish({**journey(start, **always), "key": "b"})
    with pytest.raises(JourneyLoop, match="a → b → a"):
        stage.publish({**journey({"first": {"kind": "start", "journey": "b", "next": "end"}}, **always), "key": "a"})
    stage.publish(
        {**journey({"first": {"kind": "start", "journey": "b", "next": "end"}}, reentry={"kind": "after", "days": 1}), "key": "a"}
    )
    free = {"trigger": {"kind": "segment_enter", "segment": {"kind": "attribute", "name": "plan", "op": "is", "value": "free"}}}
    flip = {"first": update({"do": "set", "attribute": "plan", "value": "free"})}
    with pytest.raises(JourneyLoop, match="c → c"):
        stage.publish({**journey(flip, **always, **free), "key": "c"})
    stage.publish({**journey(flip, **free), "key": "c"})


def test_no_message_of_a_journey_begins_it_for_ever(stage: Stage) -> None:
    def heard(key: str, template: str, *where: dict[str, Any], **more: object) -> dict[str, Any]:
        trigger = {"kind": "event", "name": ["Else", "Message Sent"], "where": list(where)}
        return {**journey({"first": send(template, "end")}, reentry={"kind": "always"}), "key": key, "trigger": trigger, **more}

    hello = {"property": "template", "op": "is", "value": "hello"}
    with pytest.raises(JourneyLoop, match="a → a"):
        stage.publish(heard("a", "hello", hello))
    stage.publish(heard("a", "hello", reentry={"kind": "never"}))
    stage.publish(heard("b", "bye", hello))
    with pytest.raises(JourneyLoop, match="b → c → b"):
        stage.publish(heard("c", "hello", {"property": "template", "op": "one_of", "value": ["bye", "other"]}))
    stage.publish(heard("c", "hello", {"property": "template", "op": "is_not", "value": "bye"}, {**hello, "op": "is_not"}))


def test_erased_people_are_left_alone_and_the_run_goes_on(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(journey({"first": update({"do": "set", "attribute": "plan", "value": "pro"})}))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(ERASE, person_id=ann, now=T0)
    stage.act(T0)
    assert [detail["notes"] for _, _, detail in notes(stage)] == [[{"reason": "person_gone"}]]


def test_a_rehearsal_counts_what_would_be_done_and_does_nothing(stage: Stage) -> None:
    people = stage.people({}, {}, {})
    topics(stage)
    nodes = {
        "first": update({"do": "increment", "attribute": "n"}, then="topic"),
        "topic": topic("subscribe", "leave"),
        "leave": {"kind": "leave", "journeys": ["j"], "next": "start"},
        "start": {"kind": "start", "journey": "j", "next": "end"},
    }
    stage.publish(journey(nodes))
    events = [stage.event(person_id, "Signed Up", T0) for person_id in people]
    stage.record(events)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + DAY)
    assert found.finished == 3
    assert {one["left"] for one in found.nodes.values()} == {3}
    assert "actions_not_done" in found.assumptions
    assert stage.act(T0) == 0
    assert stage.log() == []
    assert [attributes(stage, one) for one in people] == [{}, {}, {}]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert find_states(ws, "newsletter", people) == {}
    stage.take(*events)
    stage.tick(T0 + HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        live = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    assert (found.nodes, found.edges) == live
