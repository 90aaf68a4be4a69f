"""Time is an injected dependency: people's times come from a `Clock`, leases from the database's own clock.

`HUDHUD_CLOCK` chooses: empty = live; `lapse:FACTOR:REAL_START:VIRTUAL_START` = time-lapse (all processes of one `up`
share the same start, so they agree); `file:PATH` = replayed: the instant stands in a file that a driver moves forward.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from hudhud.kit.errors import InvalidInput


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the current instant, timezone-aware, in UTC."""

    def real_seconds(self, virtual: timedelta) -> float:
        """Return how many real seconds pass while `virtual` passes on this clock (to know how long to sleep)."""


class LiveClock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)

    def real_seconds(self, virtual: timedelta) -> float:
        """One second is one second."""
        return virtual.total_seconds()


@dataclass
class FixedClock:
    """A clock that stands until told otherwise; for tests and single decisions."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.at

    def real_seconds(self, virtual: timedelta) -> float:
        """A standing clock never arrives; look again soon."""
        return min(virtual.total_seconds(), 0.05)


@dataclass(frozen=True)
class LapseClock:
    """Time-lapse: `factor` virtual seconds pass in one real second."""

    factor: float
    real_start: float
    virtual_start: float

    def now(self) -> datetime:
        """Return the virtual instant."""
        passed = (time.time() - self.real_start) * self.factor
        return datetime.fromtimestamp(self.virtual_start + passed, UTC)

    def real_seconds(self, virtual: timedelta) -> float:
        """Shrink a virtual duration to the real one."""
        return virtual.total_seconds() / self.factor


@dataclass(frozen=True)
class ReplayedClock:
    """The instant is written in a file (ISO 8601) that a driver replaces atomically."""

    path: Path

    def now(self) -> datetime:
        """Read the instant."""
        return datetime.fromisoformat(self.path.read_text("utf-8").strip()).astimezone(UTC)

    def real_seconds(self, virtual: timedelta) -> float:
        """Nobody knows when the driver moves on; look again soon."""
        return min(virtual.total_seconds(), 0.05)


def from_setting(text: str) -> Clock:
    """Build the clock that `HUDHUD_CLOCK` describes; raises `InvalidInput` for anything else."""
    kind, _, rest = text.partition(":")
    if not kind or kind == "live":
        return LiveClock()
    if kind == "file":
        return ReplayedClock(Path(rest))
    try:
        if kind == "lapse":
            factor, real_start, virtual_start = (float(part) for part in rest.split(":"))
            return LapseClock(factor, real_start, virtual_start)
    except ValueError:
        pass
    raise InvalidInput("HUDHUD_CLOCK", text, "use live, lapse:FACTOR:REAL_START:VIRTUAL_START or file:PATH")
