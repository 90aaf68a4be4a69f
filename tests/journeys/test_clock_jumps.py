"""A worker's clock that somebody sets: nothing goes out before its time, and nothing is late for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.steady import SteadyClock
from hudhud.workers import journeys as worker
from hudhud.workers.context import Context
from tests.journeys.stage import END, HOUR, T0, Stage, delay, send

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("set_by", [3_600.0, -3_600.0, 365 * 86_400.0], ids=["hour", "hour back", "year"])
def test_a_worker_whose_clock_jumps_sends_nothing_early_and_nothing_late(stage: Stage, tmp_path: Path, set_by: float) -> None:
    nodes = {"rest": delay(1, "hours", "mail"), "mail": send("hello", "later"), "later": delay(9, "days", "end"), "end": END}
    stage.publish({"key": "j", "trigger": {"kind": "event", "name": "Go"}, "nodes": nodes, "start": "rest"})
    people = stage.people({}, {}, {})
    stage.take(*(stage.event(one, "Go", T0) for one in people))
    wall, passed = [T0.timestamp()], [0.0]
    clock = SteadyClock(wall=lambda: wall[0], passed=lambda: passed[0])
    context = Context("tester", Settings(data=tmp_path), stage.db, clock, Keys((b"key",)))
    for seconds, jump, sent in ((600, set_by, 0), (1_800, 0.0, 0), (1_201, 0.0, 3)):
        passed[0] += seconds
        wall[0] += seconds + jump
        worker.work_once(context, stage.ch, context.clock.now())
        assert len(stage.messages()) == sent
    assert {one[4] for one in stage.log() if one[1] == "mail"} == {T0 + HOUR}
