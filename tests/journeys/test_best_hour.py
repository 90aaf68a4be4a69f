"""The best hour: learned of each person by their own clock, filled up with what is known of everybody, kept within the hours for sending, and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.clocks.besthour import HOURS, NOTHING, USUAL, Learned, choose, open_hours
from hudhud.clocks.learning import find_learned, learn
from hudhud.delivery import actions as delivery
from hudhud.journeys import queries
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.why.ahead import find_ahead
from hudhud.journeys.why.explain import why
from hudhud.kit.localtime import Hours
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, T0, send

if TYPE_CHECKING:
    from tests.journeys.stage import Stage

LIVE = Query("live", "UPDATE person SET time_zone = %(zone)s WHERE id = %(id)s")
JOURNEY: dict[str, Any] = {
    "key": "evening", "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"rest": {"kind": "delay", "until": {"kind": "best_hour"}, "next": "mail"}, "mail": send("hello", "end"), "end": END}, "start": "rest",
}  # fmt: skip


def quietly() -> None:
    """Give no sign of life."""


def at_hours(**counts: int) -> Learned:
    hours = [0] * HOURS
    for hour, count in counts.items():
        hours[int(hour[1:])] = count
    return Learned(hours, 1, 1)


def test_what_a_person_shows_outweighs_what_is_usual_and_little_does_not() -> None:
    evening, night = at_hours(h19=30), at_hours(h3=3)
    assert choose(Learned(), Learned(), ()).hour == max(range(HOURS), key=USUAL.__getitem__) == 10
    assert choose(Learned(), evening, ()) == (19, "everybody", 1, 1)
    assert choose(at_hours(h3=15), evening, ())[:2] == (3, "person")
    # One opened mail at night is no habit.
    assert choose(night, evening, ()).hour == 19
    # Neighbours count together, and an hour that is closed never wins.
    assert choose(at_hours(h13=8, h20=5, h21=6, h22=5), Learned(), ()).hour == 21
    assert choose(at_hours(h3=12), evening, range(9, 17)).hour in range(9, 17)


def test_hours_that_are_open_at_their_beginning_are_allowed() -> None:
    assert open_hours(Hours(since="09:30", until="12:00"), None) == [10, 11]
    assert open_hours(Hours(since="22:00", until="02:00")) == [0, 1, 22, 23]
    assert open_hours(None, Hours(weekdays=("mon",))) == list(range(HOURS))


def learned_world(stage: Stage) -> tuple[int, int]:
    """Let Ann open mails at seven in the evening in New York, across a change of clocks, and machines at noon; nobody knows Bob."""
    ann, bob = stage.people({}, {})
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LIVE, id=ann, zone="America/New_York")
    stage.ch.raw_insert(
        "person",
        insert_block=f'{{"workspace_id": {stage.workspace_id}, "person_id": {ann}, "version": 2, "time_zone": "America/New_York", "created_at": "2026-01-01"}}',
        fmt="JSONEachRow",
    )
    # New York leaves summer time on 1 November 2025: seven in the evening is 23:00 before, midnight after.
    opens = [datetime(2025, 10, 20, 23, 10, tzinfo=UTC) + number * DAY for number in range(5)]
    opens += [datetime(2025, 11, 20, 0, 10, tzinfo=UTC) + number * DAY for number in range(4)]
    events = [stage.event(ann, "Message Opened", at + minutes, verdict="human") for at in opens for minutes in (0 * HOUR, HOUR / 4)]
    events += [
        stage.event(ann, "Message Opened", at + 17 * HOUR + number * DAY / 24, verdict="machine") for at in opens for number in range(3)
    ]
    events += [
        stage.event(ann, "Page Viewed", datetime(2025, 12, 1, 13, tzinfo=UTC), kind="page"),
        stage.event(ann, "Segment Entered", T0 - DAY),
    ]
    stage.record(events)
    return ann, bob


def test_hours_are_learned_by_the_clock_of_each_and_decide_when_a_run_goes_on(stage: Stage) -> None:
    ann, bob = learned_world(stage)
    assert learn(stage.db, stage.ch, stage.workspace_id, T0, quietly) == 1
    assert learn(stage.db, stage.ch, stage.workspace_id, T0 + HOUR, quietly) == 0
    with stage.db.workspace(stage.workspace_id) as ws:
        found, everybody = find_learned(ws, [ann, bob])
    assert (set(found), found[ann].answers, found[ann].others) == ({ann}, 9, 1)
    assert {hour: weight for hour, weight in enumerate(found[ann].hours) if weight} == {19: 27, 8: 1}
    assert everybody.hours != NOTHING
    stage.publish(JOURNEY)
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        waits = why(ws, stage.ch, "evening", ann, T0).runs[0]["waits"]
        ahead = find_ahead(ws, ann, T0)[0]["clock"]
        version, number = queries.get_version(ws, "evening")
    assert (waits["data"]["local"], waits["data"]["best"]) == (
        "2026-01-01 19:00", {"hour": 19, "learned_from": "person", "answers": 9, "others": 1},
    )  # fmt: skip
    assert "most often about 19:00: learned from 9 hours with opens or clicks" in waits["text"]
    assert ahead["best"] == waits["data"]["best"]
    # Bob is unknown: as everybody here, by the workspace's clock.
    sent: dict[int, int] = {}
    for hour in range(36):
        stage.tick(T0 + hour * HOUR)
        sent |= {row["person_id"]: hour for row in stage.messages() if row["person_id"] not in sent}
    assert sent == {ann: 12, bob: 7}
    found_again = rehearse(stage.db.url, stage.ch, version, number, T0 - HOUR, T0 + 2 * DAY)
    assert (found_again.sends, "best_hours_as_now" in found_again.assumptions) == (2, True)
    assert {(row["day"], row["count"]) for row in found_again.messages} == {("2026-01-01", 1), ("2026-01-02", 1)}


@pytest.mark.parametrize("by", ["window", pytest.param("quiet", marks=pytest.mark.long)])
def test_the_best_hour_lies_within_the_hours_for_sending(stage: Stage, by: str) -> None:
    ann, _ = learned_world(stage)
    learn(stage.db, stage.ch, stage.workspace_id, T0, quietly)
    stage.publish({**JOURNEY, **({"send_window": {"from": "08:00", "to": "18:00"}} if by == "window" else {})})
    if by == "quiet":
        with stage.db.workspace(stage.workspace_id) as ws:
            delivery.put_quiet_hours(ws, "18:00", "08:00", T0)
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        best = find_ahead(ws, ann, T0)[0]["clock"]["best"]
    assert best["hour"] in range(8, 18)


def test_people_are_learned_of_in_lumps_with_whom_was_merged_into_them(stage: Stage) -> None:
    old, ann, bob, cem, new = stage.people({}, {}, {}, {}, {})
    stage.mirror({old: {}}, version=2, gone=1)
    # The merged one's history lies far from the survivor's: in another lump.
    stage.ch.raw_insert("person_override", insert_block=f"{stage.workspace_id}\t{old}\t{new}\t1", fmt="TabSeparated")
    stage.record([stage.event(one, "Page Viewed", T0 - number * DAY, kind="page") for number, one in enumerate((old, ann, bob, new), 1)])
    assert learn(stage.db, stage.ch, stage.workspace_id, T0, quietly, lump=2) == 3
    with stage.db.workspace(stage.workspace_id) as ws:
        found, everybody = find_learned(ws, [old, ann, bob, cem, new])
    assert {one: known.others for one, known in found.items()} == {ann: 1, bob: 1, new: 2}
    assert everybody.others == 4


@pytest.mark.long
def test_who_has_done_nothing_for_long_is_forgotten(stage: Stage) -> None:
    ann, _ = learned_world(stage)
    assert learn(stage.db, stage.ch, stage.workspace_id, T0, quietly) == 1
    assert learn(stage.db, stage.ch, stage.workspace_id, T0 + timedelta(days=120), quietly) == 0
    with stage.db.workspace(stage.workspace_id) as ws:
        assert find_learned(ws, [ann])[0] == {}
