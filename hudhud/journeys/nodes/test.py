"""Test: people go different ways by lot until one way is shown to be better; whoever comes after that goes the better way.

Lots are drawn as in a split. What counts is said by `metric`: what a person does within `window` after the draw. `stop` says what must be
shown before a winner is declared (kit/evidence.py). What was declared stands in a row (measuring/experiments.py), from a moment on: a run that comes to
the step at or after it goes the winner's way, but for the share that `explore` leaves to the lots.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from typing import Annotated, Literal, NamedTuple

import msgspec

from hudhud.journeys.shares import Share, check_whole, spread
from hudhud.journeys.types import Due, Part, Plan, Reason, Silent, Span, Word
from hudhud.kit.lots import Percent, count_lots, draw
from hudhud.segments.types import Where

MOST_ARMS = 8
LONGEST = timedelta(days=90)
MOST_EXPLORE = 50


class Opened(Part, frozen=True, tag_field="kind", tag="open"):
    """They opened a message that the run sent them after the draw; persons, not machines."""


class Clicked(Part, frozen=True, tag_field="kind", tag="click"):
    """They clicked in a message that the run sent them after the draw; persons, not machines."""


class ReachedGoal(Part, frozen=True, tag_field="kind", tag="goal"):
    """They reached the journey's goal, while in the journey."""


class DidEvent(Part, frozen=True, tag_field="kind", tag="event"):
    """They did this."""

    name: Word
    where: tuple[Where, ...] = ()


class Spent(Part, frozen=True, tag_field="kind", tag="revenue"):
    """What a property of these events comes to, for each person; nothing counts as 0."""

    name: Word
    property: Word
    where: tuple[Where, ...] = ()


Metric = Opened | Clicked | ReachedGoal | DidEvent | Spent


class Stop(Part, frozen=True):
    """When a winner is declared: of each arm so many people whose window is over, so many whole weeks, and this certainty.

    `difference`: which difference is worth knowing, in percent of the usual figure; it sharpens the test where it matters. `enough`: the test also
    ends, without having shown a difference, when taking the leading arm is expected to cost less than so many percent; null: it goes on.
    """

    people: Annotated[int, msgspec.Meta(ge=50, le=1_000_000)] = 200
    weeks: Annotated[int, msgspec.Meta(ge=0, le=52)] = 1
    certainty: Annotated[float, msgspec.Meta(ge=80, le=99.9)] = 95.0
    difference: Annotated[float, msgspec.Meta(ge=1, le=500)] = 20.0
    enough: Annotated[float, msgspec.Meta(gt=0, le=50)] | None = None


class Round(NamedTuple):
    """A test from its beginning, or from when it was begun anew, and what has been declared; times are instants."""

    number: int
    began_at: datetime
    decided_at: datetime | None = None
    winner: str | None = None


class ABTest(Silent, frozen=True, tag_field="kind", tag="test"):
    """`{"kind": "test", "arms": [{"name", "percent", "next": id}, …], "metric": {"kind": …}, "window": span, "stop": {…}, "explore": 0, "salt": word}`."""

    arms: tuple[Share, ...]
    metric: Metric
    window: Span
    stop: Stop = Stop()
    explore: Percent = 0
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse arms that are no whole, a window that never ends, and exploring that is none."""
        check_whole("arms", self.arms)
        if len(self.arms) > MOST_ARMS:
            message = f"`arms`: {len(self.arms)} would take very many people to tell apart: use at most {MOST_ARMS}"
            raise ValueError(message)
        if self.window.length() > LONGEST:
            message = f"`window`: nobody counts before it is over: use at most {LONGEST.days} days"
            raise ValueError(message)
        if self.explore and count_lots(self.explore) > count_lots(MOST_EXPLORE):
            message = f"`explore`: use 0 to {MOST_EXPLORE} percent"
            raise ValueError(message)

    @property
    def kind(self) -> Literal["test"]:
        """Return the word in `kind`."""
        return "test"

    @property
    def design(self) -> str:
        """Return what makes it the same test in another version: arms, metric and window; not when to stop, nor the step's name."""
        plain = msgspec.json.encode([self.arms, self.metric, self.window])
        return blake2b(plain, digest_size=8).hexdigest()

    @property
    def counts(self) -> str:
        """Return the word in the metric's `kind`."""
        return str(self.metric.__struct_config__.tag)

    def exits(self) -> dict[str, str]:
        """One way for each arm, by its name."""
        return {arm.name: arm.next for arm in self.arms}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Sort the batch by lot."""
        return self.plan_in([], batch)

    def plan_in(self, rounds: list[Round], batch: list[Due]) -> Plan:
        """Sort the batch: each run in the round of the moment when it came; by lot, or the winner's way."""
        plan = Plan()
        ordered = sorted(batch, key=lambda run: run.due_at)
        for place, runs in groupby(ordered, key=lambda run: _find_round(rounds, run)):
            self._plan_round(plan, None if place < 0 else rounds[place], list(runs))
        return plan

    def _plan_round(self, plan: Plan, current: Round | None, runs: list[Due]) -> None:
        number = 1 if current is None else current.number
        salt = self.salt if number == 1 else f"{self.salt}#{number}"
        won = [run for run in runs if self._goes_with_winner(current, salt, run)]
        if current is not None and current.winner is not None and won:
            plan.add(current.winner, won, Reason.TEST_WON)
        gone = {run.run_id for run in won}
        for name, drawn in spread(self.arms, salt, [run for run in runs if run.run_id not in gone]).items():
            plan.add(name, drawn, Reason.LOT_DRAWN)

    def _goes_with_winner(self, current: Round | None, salt: str, run: Due) -> bool:
        if current is None or current.decided_at is None or run.due_at < current.decided_at:
            return False
        # Another lot than that of the arms: who explores must go all ways alike.
        return not self.explore or draw(f"{salt}/explore", run.person_id) >= count_lots(self.explore)


def _find_round(rounds: list[Round], run: Due) -> int:
    """Return the place of the round in which a run came: the last that had begun; whoever came before all is in the first."""
    begun = [place for place, one in enumerate(rounds) if one.began_at <= run.due_at]
    return begun[-1] if begun else min(0, len(rounds) - 1)
