"""Runs that ought to have moved and have not are found, each with its cause; what rests, waits or is paused is not among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from psycopg.errors import UniqueViolation

from hudhud.events.actions import append_rows
from hudhud.events.types import Row
from hudhud.journeys import actions
from hudhud.journeys.running import planner
from hudhud.journeys.why import stuck as stuck_runs
from hudhud.journeys.why.stuck import Cause, Stuck, find_stuck
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
LEASE = Query(
    "lease",
    "INSERT INTO delivery_lease (worker, until, message_ids) VALUES ('other', clock_timestamp() + make_interval(secs => %(until)s), '{}')",
)
UNLEASE = Query("unlease", "DELETE FROM delivery_lease WHERE worker = 'other'")
OTHERS = Query(
    "others",
    "INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)"
    " SELECT %(workspace_id)s, 'campaign', n, 'c', '', 1, n, 'email', 'newsletter', 'hello', '{}', %(at)s, %(at)s, %(at)s FROM generate_series(1, %(count)s) n",
)
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


def test_runs_that_somebody_holds_for_long(waiting: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        ws.run(LOCK)
        # A worker at work holds them, too, and for less.
        assert causes(waiting, LATE) == [("rest", Cause.BUSY, 2)]
        monkeypatch.setattr(stuck_runs, "HELD_S", 0.0)
        assert causes(waiting, LATE) == [("rest", Cause.HELD, 2)]
    assert causes(waiting, LATE) == [("rest", Cause.BUSY, 2)]


def test_a_look_holds_nothing(waiting: Stage) -> None:
    with waiting.db.workspace(waiting.workspace_id) as ws:
        assert [one.cause for one in find_stuck(ws, LATE)] == [Cause.BUSY]
        assert waiting.tick(LATE) == 4


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


def test_delivery_that_is_busy_with_others_is_no_trouble_of_ours(waiting: Stage) -> None:
    waiting.tick(T0 + HOUR)
    with waiting.db.everywhere() as everywhere:
        everywhere.run(LEASE, until=30)
    assert causes(waiting, LATE) == []
    with waiting.db.everywhere() as everywhere:
        everywhere.run(UNLEASE)


def test_many_other_messages_do_not_hide_those_of_a_journey(waiting: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting.tick(T0 + HOUR)
    with waiting.db.workspace(waiting.workspace_id) as ws:
        ws.run(OTHERS, at=T0, count=5)
    monkeypatch.setattr(stuck_runs, "MOST", 3)
    assert causes(waiting, LATE) == [("mail", Cause.MESSAGE, 2)]


class Trouble:
    """A journey's own beginning that fails, or all of ClickHouse."""

    def __init__(self, stage: Stage, key: str, error: Exception) -> None:
        """Fail at this stage's journey with this key."""
        self.key, self.error = (stage.workspace_id, key), error

    def __call__(self, _context: Any, _ch: Any, version: Any, *_: Any) -> int:  # noqa: ANN401
        """Fail, or let nobody in."""
        if (version.workspace_id, version.key) == self.key:
            raise self.error
        return 0


def test_a_journey_that_cannot_let_in_holds_up_no_other(waiting: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nodes = {"rest": delay(1, "hours", "end"), "end": END}
    waiting.publish({"key": "k", "trigger": {"kind": "event", "name": "Come"}, "nodes": nodes, "start": "rest"})
    monkeypatch.setattr(worker, "_take_ticks", Trouble(waiting, "k", DatabaseError("Code: 60. UNKNOWN_TABLE")))
    context = Context("tester", Settings(data=tmp_path), waiting.db, FixedClock(LATE), Keys((b"key",)))
    failures = worker.Failures()
    worker.work_once(context, waiting.ch, LATE, failures)
    assert len(waiting.messages()) == 2
    assert list(failures.errors().values()) == ["DatabaseError"]
    # Put aside, it is not tried, and still said to fail; once it does not any more, that is said as well.
    worker.work_once(context, waiting.ch, LATE, failures)
    with waiting.db.everywhere() as everywhere:
        assert len(everywhere.rows(stuck_runs.QUERIES.find_failing)) == 1
    monkeypatch.undo()
    failures.known = {pair: failure._replace(again_at=0.0) for pair, failure in failures.known.items()}
    worker.work_once(context, waiting.ch, LATE, failures)
    with waiting.db.everywhere() as everywhere:
        assert everywhere.rows(stuck_runs.QUERIES.find_failing) == []


def test_a_server_without_memory_is_no_journeys_fault(waiting: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    full = DatabaseError("Code: 241. DB::Exception: (total) memory limit exceeded: would use 3.62 GiB. (MEMORY_LIMIT_EXCEEDED)")
    own = DatabaseError("Code: 241. DB::Exception: Query memory limit exceeded: would use 3.62 GiB. (MEMORY_LIMIT_EXCEEDED)")
    context = Context("tester", Settings(data=tmp_path), waiting.db, FixedClock(LATE), Keys((b"key",)))
    monkeypatch.setattr(worker, "_take_ticks", Trouble(waiting, "j", full))
    with pytest.raises(DatabaseError, match="total"):
        worker.work_once(context, waiting.ch, LATE)
    with waiting.db.everywhere() as everywhere:
        assert everywhere.rows(stuck_runs.QUERIES.find_failing) == []
    monkeypatch.setattr(worker, "_take_ticks", Trouble(waiting, "j", own))
    failures = worker.Failures()
    worker.work_once(context, waiting.ch, LATE, failures)
    assert list(failures.errors().values()) == ["DatabaseError"]


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
