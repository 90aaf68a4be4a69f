"""A clock that is set is not followed: ahead or back, at once or by running too fast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing

from hudhud.kit.clock import FixedClock, LiveClock
from hudhud.kit.steady import SteadyClock, steady

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR_S = 365 * 86_400.0


@dataclass
class Machine:
    """A machine with two clocks: one that people set, and one that nobody sets."""

    wall: float = START.timestamp()
    passed: float = 1_000.0

    def pass_by(self, seconds: float, *, set_by: float = 0.0) -> None:
        """Let time go by; somebody sets the wall clock meanwhile."""
        self.passed += seconds
        self.wall += seconds + set_by

    def clock(self) -> SteadyClock:
        """Return a clock that looks at both."""
        return SteadyClock(wall=lambda: self.wall, passed=lambda: self.passed)


def after(clock: SteadyClock) -> float:
    return (clock.now() - START).total_seconds()


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0, YEAR_S, -10 * YEAR_S], ids=["hour", "hour back", "year", "ten years back"])
def test_a_jump_is_not_followed_and_said_once(jump: float) -> None:
    machine = Machine()
    clock = machine.clock()
    with structlog.testing.capture_logs() as told:
        machine.pass_by(10, set_by=jump)
        assert after(clock) == pytest.approx(10)
        machine.pass_by(20)
        assert after(clock) == pytest.approx(30)
        assert [(one["event"], one["seconds"]) for one in told] == [("clock.jumped", jump)]
        # Set right again: nothing is off any more.
        machine.pass_by(1, set_by=-jump)
        assert after(clock) == pytest.approx(31)
        assert [(one["event"], one["ignored"]) for one in told[1:]] == [("clock.jumped", 0.0)]
    # What is started again believes the clock as it finds it.
    assert machine.clock().now().timestamp() == machine.wall


def test_a_correction_is_followed_and_so_is_a_machine_that_slept() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_by(60, set_by=-4.0)
    assert after(clock) == pytest.approx(56)
    machine.pass_by(8 * 3_600)
    assert after(clock) == pytest.approx(8 * 3_600 + 56)


def test_a_clock_that_runs_twice_as_fast_leads_by_minutes_and_not_by_hours() -> None:
    machine = Machine()
    clock = machine.clock()
    leads = []
    for second in range(0, 4 * 3_600, 10):
        machine.pass_by(10, set_by=10)
        leads.append(after(clock) - second - 10)
    assert 0 <= min(leads) <= max(leads) <= 330


def test_only_the_wall_clock_is_kept_from_jumping() -> None:
    told = FixedClock(START)
    assert steady(told) is told
    found = steady(LiveClock())
    assert isinstance(found, SteadyClock)
    assert abs(found.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert found.real_seconds(timedelta(minutes=1)) == 60
