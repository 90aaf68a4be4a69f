"""Runs that ought to have moved and have not are found, each with its cause; what rests, waits or is paused is not among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg.errors import UniqueViolation

from hudhud.events.actions import append_rows
from hudhud.events.types import Row
from hudhud.journeys import actions, planner
from hudhud.journeys.stuck import Cause, Stuck, find_stuck
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from hudhud.workers import journeys as worker
from hudhud.workers.context import Context
from hudhud.workers.watch import work_once
from tests.journeys.stage import END, HOUR, MINUTE, T0, Stage, delay, send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

BEAT = Query(
    "beat",
    "INSERT INTO worker_heartbeat (worker, role, started_at, beat_at) SELECT 'test', r, clock_timestamp(), clock_timestamp()"
    " FROM unnest(ARRAY['journeys', 'effects', 'delivery']) r ON CONFLICT (worker, role) DO UPDATE SET beat_at = excluded.beat_at",
)
QUIET = Query("quiet", "DELETE FROM worker_heartbeat")
BREAK = Query("break", "UPDATE journey_version SET graph = replace(graph, '\"delay\"', '\"nap\"') WHERE workspace_id = %(workspace_id)s")
LOCK = Query("lock", "SELECT FROM run_position WHERE workspace_id = %(workspace_id)s FOR UPDATE")
EMPTY = Query("empty", "DELETE FROM intake WHERE workspace_id = %(workspace_id)s")
SET = {"kind": "update", "changes": [{"do": "set", "attribute": "seen", "value": True}], "next": "rest"}
LATE = T0 + HOUR + 2 * MINUTE


@pytest.fixture
def waiting(stage: Stage) -> Iterator[Stage]:
    """Two people whose hour is over at T0 + 1 h, and workers that give signs of life."""
    with stage.db.everywhere() as everywhere:
        everywhere.run(BEAT)
    nodes: dict[str, Any] = {
        "rest": delay(1, "hours", "mail"),
        "mail": send("hello", "later"),
        "later": delay(9, "days", "end"),
        "end": END,
    }
    stage.publish({"key": "j", "trigger": {"kind": "event", "name": "Go"}, "nodes": nodes, "start": "rest"})
    stage.take(*(stage.event(one, "Go", T0) for one in stage.people({}, {})))
    yield stage
    with stage.db.everywhere() as everywhere:
        everywhere.run(QUIET)


def stuck(stage: Stage, now: datetime) -> list[Stuck]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return find_stuck(ws, now)


def causes(stage: Stage, now: datetime) -> list[tuple[str, str, int]]:
    return [(one.node, one.cause, one.runs) for one in stuck(stage, now)]


def test_who_rests_is_not_stuck_and_who_is_due_is_after_a_minute(waiting: Stage) -> None:
    assert causes(waiting, T0 + HOUR) == causes(waiting, T0 + HOUR + MINUTE) == []
    (one,) = stuck(waiting, LATE)
    assert (one.journey, one.version, one.node, one.cause, one.runs, one.since) == ("j", 1, "rest", Cause.BUSY, 2, T0 + HOUR)
    assert "another worker" in one.remedy
    waiting.tick(LATE)
    assert [one for one in stuck(waiting, LATE) if one.cause is not Cause.MESSAGE] == []


def test_a_pause_explains_it(waiting: Stage) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        actions.pause(ws, "j", T0, by="test")
    assert causes(waiting, LATE) == []


def test_no_worker(waiting: Stage) -> None:
    with waiting.db.everywhere() as everywhere:
        everywhere.run(QUIET)
    assert causes(waiting, LATE) == [("rest", Cause.NO_WORKER, 2)]


def test_a_version_that_cannot_be_read(waiting: Stage) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        ws.run(BREAK)
    (one,) = stuck(waiting, LATE)
    assert (one.node, one.cause, one.runs) == ("rest", Cause.BROKEN, 2)
    assert "nap" in one.detail


def test_runs_that_somebody_holds(waiting: Stage) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        ws.run(LOCK)
        assert causes(waiting, LATE) == [("rest", Cause.HELD, 2)]


def test_facts_that_are_not_taken_in_hold_timers_back(waiting: Stage) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        append_rows(ws, [Row(waiting.workspace_id, 0, "collect", b"{}")], T0 + MINUTE)
    assert causes(waiting, LATE) == [("rest", Cause.INTAKE_BEHIND, 2)]
    with waiting.db.everywhere() as everywhere:
        everywhere.run(EMPTY, workspace_id=waiting.workspace_id)


def test_an_effect_that_nobody_does(waiting: Stage) -> None:
    nodes = {"set": SET, "rest": delay(9, "days", "end"), "end": END}
    waiting.publish({"key": "k", "trigger": {"kind": "event", "name": "Come"}, "nodes": nodes, "start": "set"})
    (ann,) = waiting.people({})
    waiting.take(waiting.event(ann, "Come", T0))
    waiting.tick(T0)
    assert causes(waiting, T0 + 2 * MINUTE) == [("set", Cause.EFFECT, 1)]
    waiting.act(T0 + 2 * MINUTE)
    assert causes(waiting, T0 + 2 * MINUTE) == []


def test_messages_that_nobody_takes_up(waiting: Stage) -> None:
    waiting.tick(T0 + HOUR)
    assert causes(waiting, LATE) == [("mail", Cause.MESSAGE, 2)]


def test_one_failing_journey_holds_up_no_other_and_says_so(waiting: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waiting.publish(
        {"key": "k", "trigger": {"kind": "event", "name": "Come"}, "nodes": {"rest": delay(1, "hours", "end"), "end": END}, "start": "rest"}
    )
    (ann,) = waiting.people({})
    waiting.take(waiting.event(ann, "Come", T0))
    step = planner.step

    def fail_at_j(world: Any, version: Any, *more: Any) -> Any:  # noqa: ANN401
        if version.key == "j":
            raise UniqueViolation
        return step(world, version, *more)

    monkeypatch.setattr(planner, "step", fail_at_j)
    context = Context("tester", Settings(data=tmp_path), waiting.db, FixedClock(LATE), Keys((b"key",)))
    worker.work_once(context, waiting.ch, LATE)
    assert [(one.journey, one.cause, one.detail) for one in stuck(waiting, LATE)] == [("j", Cause.FAILING, "UniqueViolation")]
    assert [one.journey for one in work_once(context) if one.workspace_id == waiting.workspace_id] == ["j"]
    monkeypatch.undo()
    worker.work_once(context, waiting.ch, LATE)
    assert [one for one in stuck(waiting, LATE) if one.cause is not Cause.MESSAGE] == []
    assert waiting.outcomes()[-1] == (ann, "finished")
