"""Journeys that begin by the clock: everybody once on their day, at the time where they live, whatever crashes or sleeps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.journeys import actions, queries
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.running import entries, planner, timed
from hudhud.journeys.times.ticks import check_trigger, next_tick
from hudhud.journeys.types import InvalidJourney, OnDate, OnSchedule
from hudhud.journeys.why.explain import why
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from hudhud.workers import journeys as worker
from hudhud.workers.context import Context
from tests.journeys.stage import DAY, END, FACTS, T0, Stage, delay
from tests.journeys.test_clocks import live
from tests.kit.slow_clock import slow_instant

if TYPE_CHECKING:
    from pathlib import Path

BIRTHDAY = {"kind": "date", "attribute": "born", "at": "09:00", "yearly": True}
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
MONDAYS = {"kind": "schedule", "segment": PRO, "rule": "FREQ=WEEKLY;BYDAY=MO", "first": "2026-01-01", "at": "09:00"}


A_YEAR_ON = Query("a_year_on", "UPDATE journey SET ticked_at = ticked_at + interval '350 days' WHERE workspace_id = %(workspace_id)s")


def journey(trigger: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"key": "j", "trigger": trigger, "nodes": {"rest": delay(1, "hours", "end"), "end": END}, "start": "rest", **more}


def settle(stage: Stage, person_id: int, zone: str, attributes: dict[str, Any]) -> None:
    """Let a person live somewhere, for both engines."""
    live(stage, person_id, zone)
    row = {
        "workspace_id": stage.workspace_id, "person_id": person_id, "version": 2, "gone": 0, "attributes": attributes,
        "created_at": "2026-01-01", "time_zone": zone,
    }  # fmt: skip
    stage.ch.raw_insert("person", insert_block=json.dumps(row), fmt="JSONEachRow", settings=FACTS)


def tick(stage: Stage, until: datetime, most: int = 1_000) -> int:
    """Let ticks come as the worker does; return how many runs began."""
    begun = 0
    for _ in range(most):
        with stage.db.workspace(stage.workspace_id) as ws:
            (version,) = planner.find_versions(ws)
            if not timed.is_due(version, until):
                return begun
            some, is_more = timed.take_tick(ws, stage.ch, version, until)
        begun += some
        if not is_more:
            return begun
    raise AssertionError("ticks without end")


def entered(stage: Stage) -> list[tuple[int, datetime]]:
    return [(row[0], row[4]) for row in stage.log() if row[2] == "start"]


def test_everybody_is_greeted_at_nine_on_their_birthday_where_they_live(stage: Stage) -> None:
    born = [{"born": "1990-01-03"}, {"born": "--01-03"}, {"born": "1990-01-04"}, {}]
    people = stage.people(*born)
    for person_id, zone, attributes in zip(people, ("Asia/Tokyo", "America/New_York", "UTC", "UTC"), born, strict=True):
        settle(stage, person_id, zone, attributes)
    stage.publish(journey(BIRTHDAY))
    assert tick(stage, T0) == 0
    assert tick(stage, T0 + 9 * DAY) == 3
    assert tick(stage, T0 + 9 * DAY) == 0
    assert entered(stage) == [
        (people[0], datetime(2026, 1, 3, 0, tzinfo=UTC)),
        (people[1], datetime(2026, 1, 3, 14, tzinfo=UTC)),
        (people[2], datetime(2026, 1, 4, 9, tzinfo=UTC)),
    ]
    stage.tick(T0 + 9 * DAY)
    # Once a year, though "never again" is the rule of re-entry: each year's day is a key of its own.
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(A_YEAR_ON)
    assert tick(stage, T0 + 374 * DAY) == 3


def test_who_moves_west_on_their_day_enters_once(stage: Stage) -> None:
    (ann,) = stage.people({"born": "1990-01-03"})
    settle(stage, ann, "Asia/Tokyo", {"born": "1990-01-03"})
    stage.publish(journey(BIRTHDAY))
    assert tick(stage, datetime(2026, 1, 3, 1, tzinfo=UTC)) == 1
    stage.tick(T0 + 9 * DAY)
    settle(stage, ann, "America/New_York", {"born": "1990-01-03"})
    assert tick(stage, T0 + 9 * DAY) == 0


def test_a_crash_between_the_entries_and_their_note_repeats_the_tick_without_doubling_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = stage.people(*[{"plan": "pro"}] * 5)
    stage.publish(journey(MONDAYS))
    original = entries.enter

    def crash(*given: Any) -> int:  # noqa: ANN401 -- as they come
        original(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(entries, "enter", crash)
    with pytest.raises(KeyboardInterrupt):
        tick(stage, T0 + 8 * DAY)
    assert entered(stage) == []
    monkeypatch.setattr(entries, "enter", original)
    assert tick(stage, T0 + 8 * DAY) == 5
    assert entered(stage) == [(one, datetime(2026, 1, 5, 9, tzinfo=UTC)) for one in people]


def test_a_schedule_lets_a_segment_in_each_time_and_catches_up(stage: Stage) -> None:
    ann, bob, cid = stage.people({"plan": "pro"}, {"plan": "pro"}, {"plan": "free"})
    live(stage, bob, "Asia/Tokyo")
    stage.publish(journey(MONDAYS, ends_at="2026-01-19T00:00:00Z"))
    # No worker for three weeks; the last Monday is after the end, except in Tokyo's morning of Sunday's UTC.
    assert tick(stage, T0 + 30 * DAY) == 4
    assert entered(stage) == [
        (bob, datetime(2026, 1, 5, 0, tzinfo=UTC)), (ann, datetime(2026, 1, 5, 9, tzinfo=UTC)),
        (bob, datetime(2026, 1, 12, 0, tzinfo=UTC)), (ann, datetime(2026, 1, 12, 9, tzinfo=UTC)),
    ]  # fmt: skip
    with stage.db.workspace(stage.workspace_id) as ws:
        rules = {rule.code: (rule.holds, rule.data.get("next")) for rule in why(ws, stage.ch, "j", cid, T0).rules}
    assert rules["trigger_schedule"] == (False, "2026-01-05T09:00:00+00:00")


def test_a_worker_that_comes_back_after_the_end_lets_in_whom_the_clock_let_in_before(stage: Stage, tmp_path: Path) -> None:
    """The journey is over when the worker looks again; what it slept through was not."""
    (ann,) = stage.people({"plan": "pro"})
    stage.publish(journey(MONDAYS, ends_at="2026-01-14T00:00:00Z"))
    now = T0 + 20 * DAY
    context = Context("tester", Settings(data=tmp_path), stage.db, FixedClock(now), Keys((b"key",)))
    worker.work_once(context, stage.ch, now)
    assert entered(stage) == [(ann, datetime(2026, 1, 5, 9, tzinfo=UTC)), (ann, datetime(2026, 1, 12, 9, tzinfo=UTC))]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.get_journey(ws, "j")["status"] == "draining"


def test_what_came_during_a_pause_is_missed(stage: Stage) -> None:
    stage.people({"plan": "pro"})
    stage.publish(journey(MONDAYS))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", T0 + DAY, by="test")
        actions.start(ws, "j", T0 + 8 * DAY, by="test")
    assert tick(stage, T0 + 12 * DAY) == 1


@pytest.mark.parametrize("trigger", [BIRTHDAY, MONDAYS])
def test_a_rehearsal_lets_in_the_same_people(stage: Stage, trigger: dict[str, Any]) -> None:
    zones = ("Asia/Tokyo", "America/New_York", "Europe/Tallinn")
    told = [{"born": f"1990-01-{3 + i:02}", "plan": "pro" if i % 2 else "free"} for i in range(6)]
    for i, person_id in enumerate(people := stage.people(*told)):
        settle(stage, person_id, zones[i % 3], told[i])
    stage.publish(journey(trigger), T0)
    begun = tick(stage, T0 + 7 * DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    found = rehearse(stage.db.url, stage.ch, version, number, T0, T0 + 7 * DAY)
    assert (found.runs, begun) == (begun, 6 if trigger is BIRTHDAY else 3)
    assert len(people) == 6


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Paris", "Africa/Cairo", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    begin=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    minutes=st.integers(0, 95).map(lambda quarter: quarter * 15),
)
def test_each_day_ticks_once_also_when_clocks_change(zone: str, begin: date, minutes: int) -> None:
    at = time(minutes // 60, minutes % 60)
    trigger = OnDate(attribute="born", at=f"{at:%H:%M}", yearly=True)
    after = datetime.combine(begin, time(), ZoneInfo(zone)).astimezone(UTC) - timedelta(microseconds=1)
    for number in range(40):
        tick = next_tick(trigger, after, frozenset({zone}))
        assert tick is not None
        day = begin + number * timedelta(days=1)
        assert (tick.at, tick.days) == (slow_instant(day, at, zone), {zone: day})
        after = tick.at


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-01-13", "2026-01-27", "2026-02-10"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-01", "2026-01-02"]),
        ("FREQ=DAILY;UNTIL=20260102", ["2026-01-01", "2026-01-02"]),
        ("FREQ=MONTHLY;BYDAY=2MO,-1FR", ["2026-01-12", "2026-01-30", "2026-02-09"]),
    ],
)
def test_days_of_rules(rule: str, days: list[str]) -> None:
    trigger = OnSchedule(segment=1, rule=rule, first=date(2026, 1, 1), at="09:00")
    assert check_trigger(trigger) == []
    after, found = datetime(2025, 12, 1, tzinfo=UTC), []
    while len(found) < 3 and (tick := next_tick(trigger, after, frozenset({"UTC"}))) is not None:
        found.append(tick.days["UTC"].isoformat())
        after = tick.at
    assert found == days


@pytest.mark.parametrize(
    ("trigger", "more", "said"),
    [
        ({**MONDAYS, "rule": "FREQ=HOURLY"}, {}, "names no days"),
        ({**MONDAYS, "rule": "every Monday"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=WEEKLY;BYDAY=XX"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, {}, "names no days"),
        # Each of these would be looked for without end, or for seconds, or breaks the search.
        ({**MONDAYS, "rule": "FREQ=DAILY;INTERVAL=0"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=DAILY;INTERVAL=1;INTERVAL=0"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;UNTIL=99991231"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=MONTHLY;BYDAY=MO,7MO"}, {}, "names no days"),
        ({**MONDAYS, "rule": "FREQ=DAILY;COUNT=3;UNTIL=20270101"}, {}, "names no days"),
        ({**MONDAYS, "first": "0001-01-01"}, {}, "too far away"),
        ({**MONDAYS, "first": "9999-12-31"}, {}, "too far away"),
        ({**MONDAYS, "first": "soon"}, {}, "trigger.first"),
        ({**MONDAYS, "segment": {"kind": "event", "name": "Order", "window": {"kind": "since_entry"}}}, {}, "trigger.segment"),
        ({**BIRTHDAY, "days": 4000}, {}, "trigger.days"),
        ({**BIRTHDAY, "days": 400}, {}, "days"),
        (BIRTHDAY, {"reentry": {"kind": "always"}}, "reentry"),
        (BIRTHDAY, {"run_key": "cart"}, "run_key"),
    ],
)
def test_triggers_without_days_are_refused(trigger: dict[str, Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJourney, match=said):
        parse({"names": {"en": "J"}, **journey(trigger, **more)})


@pytest.mark.parametrize("trigger", [BIRTHDAY, MONDAYS, {**BIRTHDAY, "days": -7}])
def test_triggers_by_the_clock_are_written_in_one_way(trigger: dict[str, Any]) -> None:
    text = canonical(parse({"names": {"en": "J"}, **journey(trigger)}))
    assert canonical(parse(text)) == text
