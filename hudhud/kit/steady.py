"""The wall clock of whatever acts when its time has come: followed as long as it goes as time does, not when somebody sets it.

Were it followed blindly, a clock that is set an hour (or a year) ahead would send everything of that hour at once, and nothing brings that back.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from hudhud.kit.clock import LiveClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.kit.clock import Clock

# What is off by more is no correction of a clock that runs well, but another time.
MOST_S = 300.0
# A clock that is being brought right by small steps (NTP slews by 0.5 ‰ at most) is followed so quickly.
SLEW = 0.001

log = structlog.get_logger()


def since_start() -> float:
    """Return the seconds of a clock that nobody sets; the sleep of the machine counts as well, where its system tells (CLOCK_BOOTTIME)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class SteadyClock:
    """The wall clock without its jumps. After one of more than `MOST_S`, ahead or back, time goes on from where it was; each is logged.

    A new time that is right is believed when the process is started again; a wrong one that is taken back needs nothing.
    """

    wall: Callable[[], float] = time.time
    passed: Callable[[], float] = since_start
    _at: float = field(init=False)
    _offset: float = field(init=False)
    _ignored: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Believe the clock as it is found."""
        self._at = self.passed()
        self._offset = self.wall() - self._at

    def now(self) -> datetime:
        """Return the present, by what has passed since the start."""
        with self._lock:
            passed = self.passed()
            offset = self.wall() - passed - self._ignored
            step, followed = offset - self._offset, SLEW * (passed - self._at)
            self._at = passed
            if abs(step) > MOST_S:
                self._ignored += step
                offset = self._offset
                self._say(step)
            else:
                self._offset += max(-followed, min(followed, step))
            return datetime.fromtimestamp(passed + offset, UTC)

    def ignored(self) -> float:
        """Return by how many seconds the wall clock was set ahead (back: less than none) and is not believed; 0: it is."""
        return self._ignored

    def real_seconds(self, virtual: timedelta) -> float:
        """One second is one second."""
        return virtual.total_seconds()

    def _say(self, step: float) -> None:
        remedy = "what is due goes on as if nothing had happened; if the new time is right, start the workers again, and all that is due by it goes out"
        log.error("clock.jumped", seconds=round(step, 1), ignored=round(self._ignored, 1), remedy=remedy)


def steady(clock: Clock) -> Clock:
    """Keep the wall clock from jumping; any other clock is what it is told to be."""
    return SteadyClock() if isinstance(clock, LiveClock) else clock
