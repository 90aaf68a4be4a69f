"""The clock where people live: delays until a moment, the hours in which a journey sends, and the days on which people enter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hudhud.journeys import actions, queries
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.running import planner
from hudhud.journeys.times import clocks, rules
from hudhud.journeys.types import InvalidJourney, JourneyNotReady
from hudhud.journeys.why.explain import why
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since, send

TRIGGER = {"kind": "event", "name": "Go"}
NINE = {"kind": "time", "at": "09:00"}
WORKDAY = {"from": "09:00", "to": "18:00"}
LIVE = Query(
    "live",
    "UPDATE person SET time_zone = %(zone)s, country = %(country)s, provenance = jsonb_build_object('time_zone', %(told_by)s::text), "
    "attributes = attributes || %(attributes)s::text::jsonb WHERE id = %(id)s",
)
MOVE_SHOP = Query("move_shop", "UPDATE workspace SET time_zone = %(zone)s WHERE id = %(id)s")
NIGHT = {"from": "22:00", "to": "04:00"}
SHIFT = Query("shift", "UPDATE run_position SET due_at = due_at + interval '1 hour' WHERE person_id = %(id)s")
AUDIT = Query(
    "audit",
    "SELECT action, object, detail FROM audit_log WHERE workspace_id = %(workspace_id)s AND action = 'journey.clocks_changed' ORDER BY id",
)
TO_NEWEST = Query("to_newest", "UPDATE run_position p SET version_id = j.version_id FROM journey j WHERE j.workspace_id = p.workspace_id")
FORGET = Query("forget", "DELETE FROM person WHERE id = %(id)s")
POSITIONS = Query("positions", "SELECT person_id, node, due_at FROM run_position ORDER BY person_id, run_id")


def live(
    stage: Stage, person_id: int, zone: str | None, *, country: str | None = None, told_by: str = "stated", attributes: str = "{}"
) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LIVE, id=person_id, zone=zone, country=country, told_by=told_by, attributes=attributes)


def here(stage: Stage) -> list[tuple[Any, ...]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return list(ws.rows(POSITIONS))


def journey(nodes: dict[str, Any], start: str, **more: object) -> dict[str, Any]:
    return {"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": start, **more}


def resting(until: dict[str, Any], **more: object) -> dict[str, Any]:
    rest = {"kind": "delay", "until": until, "next": "mail", **more}
    return journey({"rest": rest, "mail": send("hello", "end"), "end": END, "never": {"kind": "exit", "reason": "no_date"}}, "rest")


def resting_only(until: dict[str, Any], **more: object) -> dict[str, Any]:
    raw = resting(until, **more)
    return {**raw, "nodes": {node_id: node for node_id, node in raw["nodes"].items() if node_id != "never"}}


def sent_at(stage: Stage) -> list[tuple[int, datetime]]:
    return [(row[0], row[4]) for row in stage.log() if row[3] in {"message_planned", "window_opened"}]


def keep_up(stage: Stage, now: datetime) -> int:
    with stage.db.everywhere() as everywhere:
        return rules.keep_up(everywhere, stage.db, now, lambda: None)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_each_person_is_written_to_at_nine_where_they_live(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(MOVE_SHOP, id=stage.workspace_id, zone="America/New_York")
    live(stage, ann, "Europe/Tallinn")
    live(stage, bob, "Asia/Tehran")
    stage.publish(resting_only(NINE))
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    assert stage.tick(T0 + HOUR) == 0
    assert stage.tick(T0 + DAY) == 9
    # Who lives nobody knows where lives where the shop is.
    assert sent_at(stage) == [(ann, utc(2026, 1, 2, 7)), (bob, utc(2026, 1, 2, 5, 30)), (cid, utc(2026, 1, 1, 14))]


def test_a_span_comes_before_the_moment(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(resting_only(NINE, amount=2, unit="days"))
    stage.take(stage.event(ann, "Go", T0))
    stage.tick(T0 + 9 * DAY)
    assert sent_at(stage) == [(ann, utc(2026, 1, 4, 9))]


def test_who_has_no_such_date_ahead_goes_otherwise(stage: Stage) -> None:
    ann, bob, cid = stage.people({"renews_on": "2026-02-10"}, {}, {"renews_on": "2026-01-02"})
    before = {"kind": "date", "attribute": "renews_on", "days": -3, "at": "10:00"}
    stage.publish(resting(before, otherwise="never"))
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    stage.tick(T0 + 60 * DAY)
    assert sent_at(stage) == [(ann, utc(2026, 2, 7, 10))]
    assert [row[2:] for row in stage.log() if row[0] == bob and row[1] == "rest"] == [("otherwise", "no_date_ahead", T0)]
    assert [row[2:] for row in stage.log() if row[0] == cid and row[1] == "rest"] == [("otherwise", "no_date_ahead", T0)]


def test_who_moves_or_whose_date_changes_waits_for_the_new_moment(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {"renews_on": "2026-01-20"}, {"renews_on": "2026-01-20"})
    stage.publish(resting_only(NINE))
    on = {"kind": "date", "attribute": "renews_on", "at": "09:00"}
    stage.publish({**resting(on, otherwise="never"), "key": "k"})
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    stage.tick(T0)
    live(stage, ann, "Asia/Tokyo")
    live(stage, bob, None, attributes='{"renews_on": "2026-01-10"}')
    stage.take(*(stage.event(one, "Identified", T0 + MINUTE, kind="identify") for one in (ann, bob)))
    # Nobody tells of this one: what counts is the date as it is when the moment comes.
    live(stage, cid, None, attributes='{"renews_on": "2026-01-25"}')
    stage.tick(T0 + 30 * DAY)
    assert sorted(sent_at(stage)) == sorted(
        [
            (ann, utc(2026, 1, 2, 0)), (bob, utc(2026, 1, 2, 9)), (cid, utc(2026, 1, 2, 9)),
            (bob, utc(2026, 1, 10, 9)), (cid, utc(2026, 1, 25, 9)),
        ]
    )  # fmt: skip


def test_new_rules_of_time_zones_move_the_moments_of_all_who_wait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    live(stage, ann, "Europe/Tallinn")
    live(stage, bob, "Asia/Tehran")
    stage.publish(resting_only(NINE))
    stage.publish({**journey({"mail": send("hello", "end"), "end": END}, "mail", send_window=NIGHT), "key": "k"})
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    stage.tick(T0)
    assert keep_up(stage, T0) == 0
    # As if Estonia had put its clocks forward, Iran had done nothing, and this were another process.
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(SHIFT, id=ann)
    monkeypatch.setattr(rules, "rules_digest", lambda: "others")
    monkeypatch.setattr(clocks, "PAGE", 1)
    assert keep_up(stage, T0 + HOUR) == 2
    assert keep_up(stage, T0 + HOUR) == 0
    assert [row[2] for row in here(stage) if row[0] == ann] == [utc(2026, 1, 2, 7), utc(2026, 1, 1, 20)]
    with stage.db.workspace(stage.workspace_id) as ws:
        told = [(row["action"], row["object"], row["detail"]["runs"]) for row in ws.all(AUDIT)]
    assert told == [("journey.clocks_changed", "journey:j", 1), ("journey.clocks_changed", "journey:k", 1)]


def test_a_message_waits_till_the_window_opens_and_why_says_so(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    live(stage, ann, "Europe/Tallinn")
    live(stage, bob, "Asia/Tokyo", told_by="device")
    stage.publish(journey({"mail": send("hello", "end"), "end": END}, "mail", send_window=WORKDAY))
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    stage.tick(T0 + MINUTE)
    assert here(stage) == [(bob, "mail", utc(2026, 1, 2, 0))]
    with stage.db.workspace(stage.workspace_id) as ws:
        (run,) = why(ws, stage.ch, "j", bob, T0 + MINUTE).runs
    assert run["waits"]["code"] == "window"
    assert run["waits"]["data"] == {
        "at": "2026-01-02T00:00:00+00:00", "local": "2026-01-02 09:00", "zone": "Asia/Tokyo", "told_by": "device",
    }  # fmt: skip
    assert "as their device said" in run["waits"]["text"]
    stage.tick(T0 + 13 * HOUR)
    assert [row[1:] for row in stage.log() if row[0] == bob][1:] == [
        ("mail", "next", "window_opened", utc(2026, 1, 2, 0)),
        ("end", "end", "end_reached", utc(2026, 1, 2, 0)),
    ]
    assert len(stage.messages()) == 3


def test_goals_and_exits_act_while_a_message_waits(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    left = {"kind": "attribute", "name": "left", "op": "is", "value": True}
    nodes = {"mail": send("hello", "end"), "end": END}
    stage.publish(journey(nodes, "mail", send_window={"from": "02:00", "to": "03:00"}, goal=event_since("Order"), exit_on=[left]))
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    stage.tick(T0 + HOUR)
    stage.take(stage.event(ann, "Order", T0 + 2 * HOUR))
    stage.mirror({bob: {"left": True}}, version=2)
    stage.tick(T0 + 14.5 * HOUR)
    assert stage.outcomes() == [(ann, "goal"), (bob, "exited"), (cid, "finished")]
    assert sent_at(stage) == [(cid, utc(2026, 1, 2, 2))]


def test_a_late_worker_never_sends_when_the_window_is_closed(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    nodes = {"mail": send("hello", "end"), "end": END}
    stage.publish(journey(nodes, "mail", send_window=WORKDAY))
    stage.take(stage.event(ann, "Go", T0), stage.event(bob, "Go", T0 + 7 * HOUR))
    # The worker was down from noon till nine in the evening: Ann's noon has passed, and so has the window.
    stage.tick(T0 + 9 * HOUR)
    assert stage.messages() == []
    # And it was down again, till noon: the story is told as if it had been there at nine.
    stage.tick(T0 + DAY)
    assert sent_at(stage) == [(ann, utc(2026, 1, 2, 9)), (bob, utc(2026, 1, 2, 9))]


def test_a_window_on_weekdays(stage: Stage) -> None:
    (ann,) = stage.people({})
    nodes = {"mail": send("hello", "end"), "end": END}
    stage.publish(journey(nodes, "mail", send_window={"weekdays": ["mon", "tue"]}))
    stage.take(stage.event(ann, "Go", T0))  # a Thursday
    stage.tick(T0 + 4 * DAY)
    assert sent_at(stage) == [(ann, utc(2026, 1, 5))]


def test_only_who_fulfils_the_entry_condition_at_the_trigger_enters(stage: Stage) -> None:
    ann, bob, cid = stage.people({"plan": "pro"}, {"plan": "free"}, {"plan": "free"})
    entry = {"kind": "or", "of": [{"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}, {"kind": "event", "name": "Paid"}]}
    stage.publish(journey({"rest": delay(1, "days", "end"), "end": END}, "rest", entry=entry))
    stage.take(stage.event(cid, "Paid", T0 + 2 * MINUTE))
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob, cid)))
    assert stage.outcomes() == [(ann, None)]
    stage.take(stage.event(cid, "Go", T0 + 5 * MINUTE))
    assert stage.outcomes() == [(ann, None), (cid, None)]
    with stage.db.workspace(stage.workspace_id) as ws:
        rules = {rule.code: rule.holds for rule in why(ws, stage.ch, "j", bob, T0 + HOUR).rules}
    assert rules == {"journey_running": True, "trigger_event": True, "entry": False, "reentry": None}


def test_further_triggers_gather_even_where_they_could_not_begin(stage: Stage) -> None:
    (ann,) = stage.people({})
    entry = {"kind": "not", "of": {"kind": "event", "name": "Go", "count": {"op": "at_least", "value": 2}}}
    nodes = {"rest": delay(1, "hours", "mail"), "mail": send("cart", "end"), "end": END}
    stage.publish(journey(nodes, "rest", entry=entry, run_key="cart"))
    stage.take(stage.event(ann, "Go", T0, cart="a", name="Tea"))
    stage.take(stage.event(ann, "Go", T0 + 2 * MINUTE, cart="a", name="Pot"), stage.event(ann, "Go", T0 + 2 * MINUTE, cart="b"))
    stage.tick(T0 + 2 * HOUR)
    assert [[item["name"] for item in message["event"]["items"]] for message in stage.messages()] == [["Tea", "Pot"]]


def test_nobody_enters_before_the_start_or_from_the_end_on(stage: Stage) -> None:
    ann, bob, cid, dee = stage.people({}, {}, {}, {})
    span = {"starts_at": "2026-01-02T14:00:00+02:00", "ends_at": "2026-01-03T12:00:00Z"}
    stage.publish(journey({"rest": delay(3, "days", "end"), "end": END}, "rest", **span))
    for one, at in ((ann, T0 + DAY - MINUTE), (bob, T0 + DAY), (cid, T0 + 2 * DAY - MINUTE), (dee, T0 + 2 * DAY)):
        stage.take(stage.event(one, "Go", at))
    assert stage.outcomes() == [(bob, None), (cid, None)]
    with stage.db.everywhere() as everywhere:
        assert actions.find_over(everywhere, T0 + 2 * DAY - MINUTE) == []
        assert (stage.workspace_id, "j") in actions.find_over(everywhere, T0 + 2 * DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.drain(ws, "j", T0 + 2 * DAY, by="hudhud")
        assert queries.get_journey(ws, "j")["status"] == "draining"
        with pytest.raises(JourneyNotReady, match="ended at"):
            actions.start(ws, "j", T0 + 2 * DAY, by="test")
    stage.tick(T0 + 9 * DAY)
    assert stage.outcomes() == [(bob, "finished"), (cid, "finished")]


def test_a_journey_that_runs_out_lets_nobody_in_and_who_is_inside_go_on(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    stage.publish(journey({"rest": delay(1, "days", "end"), "end": END}, "rest"))
    stage.take(stage.event(ann, "Go", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", T0 + HOUR, by="test")
        actions.drain(ws, "j", T0 + 3 * HOUR, by="test")
    stage.take(stage.event(bob, "Go", T0 + 4 * HOUR))
    assert stage.tick(T0 + DAY) == 0
    assert stage.tick(T0 + DAY + 2 * HOUR) == 2
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + 2 * DAY, by="test")
    stage.take(stage.event(cid, "Go", T0 + 3 * DAY))
    assert stage.outcomes() == [(ann, "finished"), (cid, None)]


def test_a_pause_does_not_shift_a_moment_by_the_clock(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(resting_only(NINE))
    stage.publish({**resting_only({"kind": "time", "weekdays": ["sun"]}), "key": "k"})
    stage.take(*(stage.event(one, "Go", T0) for one in (ann, bob)))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        for key in ("j", "k"):
            actions.pause(ws, key, T0 + HOUR, by="test")
            actions.start(ws, key, T0 + DAY, by="test")  # after nine: the next nine o'clock counts; before Sunday: Sunday
    stage.tick(T0 + 9 * DAY)
    assert sorted({at for _, at in sent_at(stage)}) == [utc(2026, 1, 3, 9), utc(2026, 1, 4)]


def test_a_rehearsal_keeps_the_hours_too(stage: Stage) -> None:
    people = stage.people(*[{}] * 6)
    zones = ("Europe/Tallinn", "Asia/Tokyo", "America/New_York")
    for i, person_id in enumerate(people):
        live(stage, person_id, zones[i % 3])
    nodes = {
        "rest": {"kind": "delay", "until": {"kind": "business_day", "at": "08:00", "days": 1}, "next": "mail"},
        "mail": send("hello", "end"),
        "end": END,
    }
    span = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}
    stage.publish(journey(nodes, "rest", send_window=WORKDAY, **span))
    for i, person_id in enumerate(people):
        stage.take(stage.event(person_id, "Go", T0 + i * HOUR))
    for step in range(1, 24 * 6):
        stage.tick(T0 + step * HOUR, planner.Pace(resolution=timedelta(0)))
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
        live_numbers = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 6 * DAY)
    assert (found.nodes, found.edges, found.finished) == (*live_numbers, 6)
    assert "time_zones_as_now" in found.assumptions
    days: dict[str, int] = {}
    for _, at in sent_at(stage):
        days[at.date().isoformat()] = days.get(at.date().isoformat(), 0) + 1
    assert {one["day"]: one["count"] for one in found.messages} == days


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"send_window": {"from": "20:00", "to": "20:00"}}, "same time"),
        ({"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"}, "is not after starts_at"),
        ({"starts_at": "2026-01-02"}, "starts_at"),
        ({"starts_at": "2026-01-02T00:00:00"}, "starts_at"),
        ({"entry": event_since("Order")}, "entry"),
    ],
)
def test_rules_that_cannot_hold_are_refused(stage: Stage, more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJourney, match=said):
        stage.publish(journey({"end": END}, "end", **more))


def test_who_waited_by_a_clock_that_there_is_no_more_goes_on(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    nodes = {"mail": send("hello", "end"), "end": END}
    stage.publish(journey(nodes, "mail", send_window=NIGHT))
    stage.take(stage.event(ann, "Go", T0))
    stage.tick(T0)
    # Moved to a version without hours for sending, as it stands.
    stage.publish(journey(nodes, "mail"), start=False)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(TO_NEWEST)
    stage.take(stage.event(bob, "Go", T0))
    stage.tick(T0 + DAY)
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]


def test_a_run_whose_person_is_gone_holds_nobody_up(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(resting_only(NINE))
    stage.take(stage.event(ann, "Go", T0), stage.event(bob, "Go", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(FORGET, id=ann)
    stage.tick(T0 + 9 * DAY)
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]
