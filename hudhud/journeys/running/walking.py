"""The walk of a claimed batch from where it stood to where each of its runs rests next: one move by several legs.

What happens without a rest happens at the same moment, so it is decided node by node in memory, with its messages, and where a run stands is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.journeys.acting import vouchers, webhooks
from hudhud.journeys.measuring import rounds
from hudhud.journeys.running import moves, sending
from hudhud.journeys.running.sharing import RESOLUTION
from hudhud.journeys.times import clocks
from hudhud.journeys.types import Due, Plan, Reason
from hudhud.kit import failpoint

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime, timedelta

    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

# As many people as one question to ClickHouse names.
BATCH = 5_000
# By so many ways a batch goes on at most before the rest of it is put down: each has statements of its own.
MOST_WAYS = 64
# For which runs conditions are true, by node and name.
Answers = dict[str, dict[str, set[int]]]


@dataclass(frozen=True)
class Pace:
    """How many runs a batch holds, how far apart in time the runs of one question may be, whether facts come in order.

    `questions`: into how many questions a batch is cut at most, however far apart its runs are; None: as many as it needs.
    `rehearsed`: what is assumed where virtual time goes by.
    """

    limit: int = BATCH
    resolution: timedelta = RESOLUTION
    in_order: bool = False
    questions: int | None = None
    rehearsed: sending.Rehearsed | None = None


@dataclass(frozen=True)
class Place:
    """Where runs can be due: a node, and for a wait whether its condition was looked at on arrival."""

    node: str
    waiting: bool


@dataclass(frozen=True)
class Walk:
    """One transaction's work: on which version, what was asked before it, and how time goes by."""

    ws: Scope
    version: Version
    answered: Answers
    now: datetime
    pace: Pace

    def take(self, place: Place, batch: list[Due]) -> tuple[int, frozenset[str]]:
        """Take a claimed batch on; return how many steps it took, and on which nodes runs were put down that may go on at once."""
        steps, ahead, ways, passing = 0, set[str](), 0, self.version.way(place.node)
        legs: list[tuple[Place, list[Due], moves.Trail]] = [(place, batch, ())] if batch else []
        while legs:
            here, runs, trail = legs.pop()
            done = self._decide(here, runs, trail, passing if ways < MOST_WAYS else ())
            ways += len(done.onward)
            legs += [(Place(target, waiting=False), _come(some), way) for target, some, way in done.onward]
            steps, ahead = steps + done.steps, ahead | done.ahead
        return steps, frozenset(ahead)

    def _decide(self, place: Place, batch: list[Due], trail: moves.Trail, passing: Container[str]) -> moves.Carried:
        facts, ends = self.answered.get(place.node, {}), Plan()
        for ending in self.version.ends:
            if true := facts.get(f"/{ending.place}"):
                edge, reason = ("goal", Reason.GOAL_REACHED) if ending.place == "goal" else ("exit", Reason.EXIT_CONDITION)
                ends.add(edge, [run for run in batch if run.run_id in true], reason)
                batch = [run for run in batch if run.run_id not in true]
        plan = self._plan(place, batch, facts) if batch else Plan()
        for edge, runs in ends.moves.items():
            plan.add(edge, runs, ends.reasons[edge])
        carried = moves.carry_out(self.ws, self.version, place.node, plan, self.now, trail, passing)
        failpoint.reach("journeys.moved")
        return carried

    def _plan(self, place: Place, batch: list[Due], facts: dict[str, set[int]]) -> Plan:
        """Ask the node, and before it the clock where one counts."""
        ws, version, pace = self.ws, self.version, self.pace
        node = version.node(place.node)
        if pace.in_order and node.kind == "webhook":
            return webhooks.assume(ws, node, batch)
        if pace.in_order and node.kind == "coupon":
            return vouchers.assume(ws, node, batch, batch[-1].due_at)
        if place.node in version.untils:
            return clocks.plan_until(ws, version.untils[place.node], batch, version.graph.send_window)
        if node.kind == "test":
            return node.plan_in(rounds.find_rounds(ws, version.journey_id, node), batch)
        if node.kind == "send" and (version.graph.send_window is not None or node.asks_first()):
            return sending.plan_sends(ws, version, place.node, batch, self.now, pace.rehearsed)
        return node.plan(batch, facts)


def _come(runs: list[Due]) -> list[Due]:
    """Return runs as they stand on the node that they come to at the moment they were due."""
    return [Due(run_id, person_id, visit + 1, False, entered, at, at) for run_id, person_id, visit, _, entered, _, at in runs]
