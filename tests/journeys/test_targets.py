"""Targets: what is reached, what it takes, and where it leads; each with its denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.measuring import progress
from hudhud.journeys.types import InvalidJourney
from tests.journeys.stage import DAY, END, HOUR, T0, Stage, delay, event_since

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.journeys.measuring.progress import Progress


def journey(target: dict[str, Any], **more: object) -> dict[str, Any]:
    nodes = {"rest": delay(20, "days", "end"), "end": END}
    trigger = {"kind": "event", "name": "Cart"}
    return {"key": "j", "trigger": trigger, "nodes": nodes, "start": "rest", "goal": event_since("Order"), "target": target} | more


def far(stage: Stage, now: datetime) -> Progress:
    with stage.db.workspace(stage.workspace_id) as ws:
        found = progress.find_progress(ws, stage.ch, "j", now)
        assert found is not None
        return found


def test_a_rate_is_of_those_whose_window_is_over(stage: Stage) -> None:
    people = stage.people(*[{}] * 50)
    week = {"amount": 7, "unit": "days"}
    stage.publish(journey({"kind": "percent", "percent": 15, "by": "2026-01-31", "window": week}))
    stage.take(*(stage.event(one, "Cart", T0) for one in people[:40]))
    # Six in time, one too late; of those who came yesterday nobody counts yet, though one has reached it.
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in people[:6]))
    stage.take(stage.event(people[6], "Order", T0 + 7 * DAY + HOUR))
    stage.take(*(stage.event(one, "Cart", T0 + 9 * DAY) for one in people[40:]))
    stage.take(stage.event(people[40], "Order", T0 + 9 * DAY + HOUR))
    found = far(stage, T0 + 10 * DAY)
    assert (found.of, found.reached, found.waiting, found.now) == (40, 6, 10, 0.15)
    # 50 in 11 days since the start; until the 25th those count who have a week left: 13.5 days (the workspace is in UTC).
    assert found.pace == pytest.approx(50 / 11)
    ahead = 10 + 50 / 11 * 13.5
    assert found.needed == pytest.approx((0.15 * (40 + ahead) - 6) / ahead)
    assert found.forecast is not None
    assert found.forecast.low < 0.15 < found.forecast.high
    assert 0.3 < found.forecast.chance < 0.8
    with stage.db.workspace(stage.workspace_id) as ws:
        (listed,) = progress.find_all(ws, stage.ch, T0 + 10 * DAY)
    assert (listed["journey"], listed["now"], listed["target"]) == ("j", 0.15, 0.15)
    # The day has come: nothing is forecast of those who come later.
    over = far(stage, T0 + 60 * DAY)
    assert (over.of, over.reached, over.needed) == (50, 7, None)
    assert over.forecast is not None
    assert over.forecast.low == over.forecast.high == pytest.approx(0.14)


def test_before_anybody_has_come_it_takes_what_the_target_says(stage: Stage) -> None:
    stage.publish(journey({"kind": "percent", "percent": 15, "by": "2026-01-25"}))
    assert (far(stage, T0 + HOUR).of, far(stage, T0 + HOUR).needed) == (0, pytest.approx(0.15))
    assert far(stage, T0 + 60 * DAY).needed is None


def test_goals_are_counted_up_to_the_day_and_go_on_at_their_pace(stage: Stage) -> None:
    people = stage.people(*[{}] * 10)
    stage.publish(journey({"kind": "count", "count": 20, "by": "2026-01-20"}))
    stage.take(*(stage.event(one, "Cart", T0) for one in people))
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in people[:8]))
    found = far(stage, T0 + 3 * DAY)
    left = 16.5
    assert (found.reached, found.pace) == (8, 2)
    assert found.needed == pytest.approx(12 / left)
    assert found.forecast is not None
    assert found.forecast.middle == pytest.approx(8 + 2 * left)
    assert found.forecast.low >= 8
    assert found.forecast.chance > 0.9


def test_revenue_counts_once_though_runs_overlap(stage: Stage) -> None:
    people = stage.people(*[{}] * 3)
    week = {"amount": 7, "unit": "days"}
    target = {"kind": "revenue", "amount": 1_000, "name": "Order", "property": "total", "by": "2026-03-31", "window": week}
    stage.publish(journey(target, run_key="cart", reentry={"kind": "always"}, goal=None))
    stage.take(stage.event(people[0], "Cart", T0, cart="one"), stage.event(people[0], "Cart", T0 + 3 * DAY, cart="two"))
    stage.take(stage.event(people[1], "Cart", T0 + 40 * DAY, cart="three"))
    stage.record(
        [
            stage.event(people[0], "Order", T0 - HOUR, total=500),
            stage.event(people[0], "Order", T0 + 4 * DAY, total=50),
            stage.event(people[0], "Order", T0 + 9 * DAY, total=30),
            stage.event(people[0], "Order", T0 + 11 * DAY, total=500),
            stage.event(people[1], "Order", T0 + 41 * DAY, total="20.5"),
            stage.event(people[2], "Order", T0 + 41 * DAY, total=500),
        ]
    )
    found = far(stage, T0 + 42 * DAY)
    assert (found.reached, found.of) == (100.5, 3)
    # 20.50 in the last 28 days.
    assert found.pace == pytest.approx(20.5 / 28)


def test_what_is_paid_back_is_forecast_and_one_sum_beyond_reason_counts_nothing(stage: Stage) -> None:
    people = stage.people(*[{}] * 3)
    target = {
        "kind": "revenue",
        "amount": 1_000,
        "name": "Order",
        "property": "total",
        "by": "2026-01-20",
        "window": {"amount": 7, "unit": "days"},
    }
    stage.publish(journey(target, goal=None))
    stage.take(*(stage.event(one, "Cart", T0) for one in people))
    stage.record(
        [
            stage.event(people[0], "Order", T0 + DAY, total=-50),
            stage.event(people[1], "Order", T0 + DAY, total=30),
            stage.event(people[2], "Order", T0 + DAY, total=1e308),
        ]
    )
    found = far(stage, T0 + 2 * DAY)
    assert found.reached == -20
    assert found.forecast is not None
    assert found.forecast.low < found.forecast.middle < found.reached < found.forecast.high


def test_of_a_journey_that_runs_out_nobody_more_is_expected(stage: Stage) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(journey({"kind": "percent", "percent": 15, "by": "2026-03-31"}))
    stage.take(*(stage.event(one, "Cart", T0) for one in people[:30]))
    stage.take(*(stage.event(one, "Cart", T0 + 9 * DAY) for one in people[30:]))
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in people[:3]))
    now = T0 + 10 * DAY
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.drain(ws, "j", now, by="test")
    found = far(stage, now)
    assert (found.of, found.waiting) == (30, 10)
    # 15 in 100 of 40 are 6: the ten who wait must bring three.
    assert found.needed == pytest.approx(0.3)


def test_the_targets_of_a_workspace_are_all_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PAGE", 1)
    for key in ("a", "b", "c"):
        stage.publish(journey({"kind": "count", "count": 5, "by": "2026-03-31"}, key=key))
    with stage.db.workspace(stage.workspace_id) as ws:
        assert [one["journey"] for one in progress.find_all(ws, stage.ch, T0)] == ["a", "b", "c"]


def test_a_target_that_cannot_be_is_refused_and_one_that_can_comes_back_as_it_was() -> None:
    named = {"names": {"en": "J"}}
    graph = parse(named | journey({"kind": "count", "count": 5, "by": "2026-03-31"}))
    assert parse(canonical(graph)) == graph
    assert '"by": "2026-03-31"' in canonical(graph)
    for target, more, said in [
        ({"kind": "count", "count": 5, "by": "2026-03-31"}, {"goal": None}, "no goal to reach"),
        ({"kind": "count", "count": 5, "by": "9999-12-31"}, {}, "target.by: 9999-12-31 is too far away"),
        ({"kind": "count", "count": 5, "by": "2026-03-31", "since": "0001-01-01"}, {}, "from 1900 to 2299"),
        ({"kind": "count", "count": 5, "by": "2026-03-31", "since": "2026-04-01"}, {}, "after it begins"),
        ({"kind": "percent", "percent": 101, "by": "2026-03-31"}, {}, "percent"),
        ({"kind": "percent", "percent": 5, "by": "2026-03-31", "window": {"amount": 91, "unit": "days"}}, {}, "at most 90 days"),
    ]:
        with pytest.raises(InvalidJourney, match=said):
            parse(named | journey(target) | more)
