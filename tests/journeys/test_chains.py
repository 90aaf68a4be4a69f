"""A chain of fallbacks: another mail for who does not answer the one before, each exactly once, stopped by whatever ends the run or answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import queries
from hudhud.journeys.editing.placing import Rule, To
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.types import InvalidJourney
from hudhud.journeys.why.ahead import find_ahead
from hudhud.journeys.why.explain import why
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, event_since
from tests.journeys.test_changeover import publish

if TYPE_CHECKING:
    from datetime import datetime

    from tests.journeys.stage import Stage

FALLBACKS = [
    {"template": "again", "after": {"amount": 4, "unit": "hours"}},
    {"template": "last", "after": {"amount": 1, "unit": "days"}, "unless": "clicked"},
]
MAIL = {"kind": "send", "template": "hello", "topic": "newsletter", "fallbacks": FALLBACKS, "next": "end"}
CHAIN: dict[str, Any] = {
    "key": "chain",
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"mail": MAIL, "end": END},
    "start": "mail",
}
LEFT = Query(
    "left",
    """WITH sent AS (UPDATE message SET state = 'accepted', due_at = NULL, state_at = %(at)s WHERE state = 'planned' RETURNING id, workspace_id)
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) SELECT workspace_id, id, 1, 'accepted', %(at)s FROM sent""",
)
HIT = Query(
    "hit",
    """INSERT INTO engagement (workspace_id, message_id, kind, at, method, verdict)
    SELECT workspace_id, id, %(kind)s, %(at)s, 'GET', %(verdict)s FROM message WHERE person_id = %(person_id)s ORDER BY id DESC LIMIT 1""",
)
SKIPPED = Query("skipped", "UPDATE message SET state = 'skipped', reason = %(reason)s, due_at = NULL WHERE person_id = %(person_id)s")
HEARD = Query("heard", "SELECT source_id FROM message WHERE person_id = %(person_id)s LIMIT 1")


def leave(stage: Stage, at: datetime) -> None:
    """Let all planned mails leave."""
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LEFT, at=at)


def hit(stage: Stage, person_id: int, kind: str, at: datetime, verdict: str | None = "human") -> None:
    """Let a person, or a machine, answer the last mail."""
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(HIT, kind=kind, at=at, verdict=verdict, person_id=person_id)


def sent(stage: Stage, person_id: int) -> list[str]:
    return [row["template"] for row in stage.messages() if row["person_id"] == person_id]


def steps(stage: Stage, person_id: int) -> list[tuple[str, str, str]]:
    return [row[1:4] for row in stage.log() if row[0] == person_id]


def begin(stage: Stage, count: int = 1, graph: dict[str, Any] = CHAIN) -> list[int]:
    people = stage.people(*[{}] * count)
    stage.publish(graph)
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    stage.tick(T0)
    leave(stage, T0)
    return people


def test_chains_are_written_short_and_bounded() -> None:
    graph = parse({**CHAIN, "names": {"en": "Chain"}})
    assert json.loads(canonical(graph))["nodes"]["mail"]["fallbacks"] == FALLBACKS
    assert parse(canonical(graph)) == graph
    for wrong, said in (
        ({"fallbacks": [*FALLBACKS, FALLBACKS[0]]}, "length"),
        ({"fallbacks": [{**FALLBACKS[0], "channel": "pigeon"}]}, "pigeon"),
        ({"fallbacks": [{**FALLBACKS[0], "unless": "delivered"}]}, "unless"),
        ({"fallbacks": [{"template": "again"}]}, "after"),
    ):
        with pytest.raises(InvalidJourney, match=said):
            parse({**CHAIN, "names": {"en": "Chain"}, "nodes": {"mail": {**MAIL, **wrong}, "end": END}})


def test_who_answers_gets_no_more_and_who_does_not_gets_each_fallback_once(stage: Stage) -> None:
    silent, opens, clicks, robot, later = begin(stage, 5)
    hit(stage, opens, "open", T0 + HOUR)
    hit(stage, clicks, "click", T0 + HOUR)
    hit(stage, robot, "open", T0 + HOUR, "machine")
    stage.tick(T0 + 4 * HOUR - MINUTE)
    assert all(sent(stage, one) == ["hello"] for one in (silent, opens, clicks, robot, later))
    for _ in range(2):
        stage.tick(T0 + 4 * HOUR)
    leave(stage, T0 + 4 * HOUR)
    assert [sent(stage, one) for one in (silent, opens, clicks, robot)] == [["hello", "again"], ["hello"], ["hello"], ["hello", "again"]]
    # The last one waits for a click: to open is not enough.
    hit(stage, robot, "open", T0 + 5 * HOUR)
    hit(stage, later, "click", T0 + 5 * HOUR)
    stage.tick(T0 + 3 * DAY)
    assert [sent(stage, one) for one in (silent, robot, later)] == [
        ["hello", "again", "last"],
        ["hello", "again", "last"],
        ["hello", "again"],
    ]
    assert steps(stage, silent)[1:] == [
        ("mail", "fallback.1", "message_planned"),
        ("mail", "fallback.2", "fallback_planned"),
        ("mail", "next", "fallback_planned"),
        ("end", "end", "end_reached"),
    ]
    assert steps(stage, opens)[1:] == [
        ("mail", "fallback.1", "message_planned"),
        ("mail", "next", "engaged"),
        ("end", "end", "end_reached"),
    ]
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "chain")
        numbers, edges = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    assert numbers["mail"] == {"entered": 5, "here": 0, "left": 5, "fallback_1": 3, "fallback_2": 2}
    assert {(one["edge"], one["to"]): one["count"] for one in edges if one["from"] == "mail"} == {
        ("next", "end"): 5, ("fallback.1", "mail"): 5, ("fallback.2", "mail"): 3,
    }  # fmt: skip


def test_an_answer_lets_the_run_go_on_at_once(stage: Stage) -> None:
    (ann,) = begin(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        run_id = ws.value(HEARD, person_id=ann)
    told = {"source_kind": "journey", "source_id": run_id, "step": "mail", "verdict": "human"}
    stage.take(stage.event(ann, "Message Opened", T0 + HOUR, **told | {"verdict": "machine"}))
    stage.tick(T0 + HOUR)
    assert len(steps(stage, ann)) == 2
    hit(stage, ann, "open", T0 + HOUR)
    stage.take(stage.event(ann, "Message Opened", T0 + HOUR, **told))
    stage.tick(T0 + HOUR)
    assert [row[2:] for row in stage.log()][-1] == ("end", "end_reached", T0 + HOUR)


def test_the_wait_counts_from_when_the_mail_left_and_an_open_just_come_in_is_judged_first(stage: Stage) -> None:
    people = stage.people({}, {})
    stage.publish(CHAIN)
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    stage.tick(T0)
    # A cap or the quiet hours hold it back: a fallback to what nobody got would be absurd.
    stage.tick(T0 + 5 * HOUR)
    assert [sent(stage, one) for one in people] == [["hello"], ["hello"]]
    leave(stage, T0 + 6 * HOUR)
    stage.tick(T0 + 9 * HOUR)
    assert [sent(stage, one) for one in people] == [["hello"], ["hello"]]
    hit(stage, people[0], "open", T0 + 10 * HOUR - MINUTE / 60, None)
    stage.tick(T0 + 10 * HOUR)
    assert [sent(stage, one) for one in people] == [["hello"], ["hello", "again"]]
    stage.tick(T0 + 10 * HOUR + MINUTE)
    assert len(sent(stage, people[0])) == 1


def test_who_answers_while_the_hours_for_sending_are_closed_goes_on_at_once_too(stage: Stage) -> None:
    (ann,) = begin(stage, 1, {**CHAIN, "send_window": {"from": "09:00", "to": "14:00"}})
    # Due at four in the afternoon, held till nine in the morning.
    stage.tick(T0 + 5 * HOUR)
    hit(stage, ann, "open", T0 + 6 * HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        told = {"source_kind": "journey", "source_id": ws.value(HEARD, person_id=ann), "step": "mail", "verdict": "human"}
    stage.take(stage.event(ann, "Message Opened", T0 + 6 * HOUR, **told))
    stage.tick(T0 + 6 * HOUR)
    assert [row[1:] for row in stage.log()][-2:] == [
        ("mail", "next", "engaged", T0 + 6 * HOUR),
        ("end", "end", "end_reached", T0 + 6 * HOUR),
    ]


def test_whose_mail_was_skipped_as_they_had_got_it_meanwhile_gets_no_fallback_to_it(stage: Stage) -> None:
    people = stage.people({}, {})
    stage.publish(CHAIN)
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(SKIPPED, person_id=people[0], reason="already_seen")
        ws.run(SKIPPED, person_id=people[1], reason="quiet_hours")
    stage.tick(T0 + 4 * HOUR)
    assert [sent(stage, one) for one in people] == [["hello"], ["hello", "again"]]
    assert steps(stage, people[0])[-2:] == [("mail", "next", "already_seen"), ("end", "end", "end_reached")]


def test_the_goal_ends_a_chain_and_why_tells_what_comes(stage: Stage) -> None:
    buyer, other = begin(stage, 2, {**CHAIN, "goal": event_since("Order")})
    with stage.db.workspace(stage.workspace_id) as ws:
        found = why(ws, stage.ch, "chain", other, T0 + HOUR)
        ahead = find_ahead(ws, other, T0 + HOUR)
    assert found.runs[0]["waits"]["data"] == {
        "at": (T0 + 4 * HOUR).isoformat(), "template": "again", "channel": "email", "unless": "opened",
    }  # fmt: skip
    assert (ahead[0]["code"], ahead[0]["at"]) == ("fallback", (T0 + 4 * HOUR).isoformat())
    stage.take(stage.event(buyer, "Order", T0 + HOUR))
    stage.tick(T0 + 3 * DAY)
    assert (sent(stage, buyer), len(sent(stage, other))) == (["hello"], 2)


@pytest.mark.parametrize(
    ("fallbacks", "gets"),
    [([{**FALLBACKS[0], "template": "news", "after": {"amount": 6, "unit": "hours"}}], ["hello", "news"]), ([], ["hello"])],
)
def test_who_stays_for_a_fallback_keeps_their_place_in_another_version(stage: Stage, fallbacks: list[Any], gets: list[str]) -> None:
    (ann,) = begin(stage)
    changed = {**CHAIN, "names": {"en": "Chain"}, "nodes": {"mail": {**MAIL, "fallbacks": fallbacks}, "end": END}}
    publish(stage, changed, Rule(runs="move"), T0 + HOUR)
    stage.tick(T0 + 5 * HOUR)
    assert sent(stage, ann) == ["hello"]
    stage.tick(T0 + 6 * HOUR)
    assert sent(stage, ann) == gets


def test_who_stays_for_a_fallback_does_not_get_the_first_mail_again_from_the_step_by_another_name(stage: Stage) -> None:
    (ann,) = begin(stage)
    changed = {**CHAIN, "names": {"en": "Chain"}, "nodes": {"letter": MAIL, "end": END}, "start": "letter"}
    publish(stage, changed, Rule(runs="move", nodes={"mail": To("letter")}), T0 + HOUR)
    stage.tick(T0 + 9 * DAY)
    assert sent(stage, ann) == ["hello"]


@pytest.mark.long
def test_a_rehearsal_lets_so_many_answer_as_is_assumed(stage: Stage) -> None:
    people = stage.people(*[{}] * 200)
    stage.publish(CHAIN)
    stage.record([stage.event(one, "Signed Up", T0) for one in people])
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "chain")
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 3 * DAY)
    again, last = found.nodes["mail"]["fallback_1"], found.nodes["mail"]["fallback_2"]
    # A quarter opens the first, three in a hundred click behind the second: give or take three standard deviations.
    assert 131 <= again <= 169
    assert 0.9 * again <= last < again
    assert found.sends == 200 + again + last
    assert "answers_to_mails_assumed" in found.assumptions
    assert rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 3 * DAY) == found
