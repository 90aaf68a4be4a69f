"""Runs that ought to have moved and have not, by step, with the reason and what to do: computed from what is there, never remembered.

A run is stuck when it has been due for more than a minute though its journey is under way, nobody is being moved to another version, and the facts
are in up to its moment. Who rests, waits, is outside of the hours or in a paused journey is not due. What a step set off is stuck when nobody has
done it within a minute; a journey's message, when a worker has held it beyond its lease, or nobody has taken it up. `code` is for translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from hudhud.events.queries import horizon
from hudhud.journeys.running.planner import find_versions
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.why", "stuck.sql")
# So long it may take until a due run moves, however busy the machine is.
PATIENCE = timedelta(seconds=60)
# A worker that gives no sign of life for so long is gone.
SILENT_S = 15
# So long a worker may hold runs that it moves; whoever holds them longer keeps it from them.
HELD_S = 15.0
# So far runs are counted at one step: "1,000 or more".
MOST = 1_000


class Cause(StrEnum):
    """Why runs stand still: a closed set, with a remedy for each."""

    NO_WORKER = "no_worker"
    INTAKE_BEHIND = "intake_behind"
    BROKEN = "broken"
    FAILING = "failing"
    HELD = "held"
    BUSY = "busy"
    EFFECT = "effect"
    MESSAGE = "message"


REMEDIES = {
    Cause.NO_WORKER: "no worker with this role gives a sign of life: start one (`hudhud worker`), and read its log",
    Cause.INTAKE_BEHIND: "facts from before are not taken in yet, and timers never overtake facts: look at the intake worker's log, or start another",
    Cause.BROKEN: "this version cannot be read: publish a new one, and move the people to it",
    Cause.FAILING: "the worker fails at this journey: its log has the whole error; publish a version without the step, and move the people to it",
    Cause.HELD: "another transaction holds these runs: look for sessions that idle in a transaction, and end them",
    Cause.BUSY: "the worker is at work and has not come to them: more is due at once than it can do; start another worker",
    Cause.EFFECT: "what the step sets off is not done: look at the log of the effects worker",
    Cause.MESSAGE: "the messages of this step are not delivered: look at the log of the delivery worker",
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """Runs that stand still at one step: how many (at most `MOST` are counted), since when, why, and what to do."""

    workspace_id: int
    journey: str
    version: int
    node: str
    cause: Cause
    runs: int
    since: datetime
    detail: str = ""

    @property
    def remedy(self) -> str:
        """Return what to do, in English."""
        return REMEDIES[self.cause]


def find_stuck(scope: Scope, now: datetime, journey: str | None = None) -> list[Stuck]:
    """Return what is stuck in a workspace (or everywhere), in one journey or in all, longest first. Changes nothing."""
    alive = {row[0] for row in scope.rows(QUERIES.find_alive, silent_s=SILENT_S)}
    until = horizon(scope, now)
    found = [*_find_late(scope, now, until, alive), *_find_effects(scope, now, alive), *_find_messages(scope, now, alive)]
    return sorted((one for one in found if journey in {None, one.journey}), key=lambda one: one.since)


def _find_late(scope: Scope, now: datetime, until: datetime, alive: set[str]) -> Iterable[Stuck]:
    versions = {version.id: version for version in find_versions(scope) if not version.is_leaving}
    errors = {version.id: error for version in versions.values() if (error := version.unreadable)}
    sound = [version for version in versions.values() if version.id not in errors]
    pairs = [(version.id, node_id) for version in sound for node_id in version.graph.nodes]
    where = {"version_ids": [pair[0] for pair in pairs], "nodes": [pair[1] for pair in pairs]}
    for row in [
        *scope.all(QUERIES.find_late, **where, before=now - PATIENCE, limit=MOST, held_s=HELD_S),
        *scope.all(QUERIES.find_broken, version_ids=sorted(errors), before=now - PATIENCE),
    ]:
        error = errors.get(row["version_id"], "")
        cause = _cause(error, row["failing"], row["since"] > until, row["is_held"], "journeys" in alive)
        # Facts come in as they should: it moves in a moment.
        if cause is Cause.INTAKE_BEHIND and until > now - 2 * PATIENCE:
            continue
        yield Stuck(
            row["workspace_id"], row["journey"], row["version"], row["node"], cause, row["runs"], row["since"], error or row["failing"]
        )


def _cause(error: str, failing: str, is_ahead: bool, is_held: bool, is_alive: bool) -> Cause:  # noqa: FBT001 -- the first that holds says it
    for holds, cause in (
        (error, Cause.BROKEN),
        (not is_alive, Cause.NO_WORKER),
        (is_ahead, Cause.INTAKE_BEHIND),
        (failing, Cause.FAILING),
        (is_held, Cause.HELD),
    ):
        if holds:
            return cause
    return Cause.BUSY


def _find_effects(scope: Scope, now: datetime, alive: set[str]) -> Iterable[Stuck]:
    cause = Cause.EFFECT if "effects" in alive else Cause.NO_WORKER
    for row in scope.all(QUERIES.find_effects, before=now - PATIENCE):
        yield Stuck(**row, cause=cause, detail="effects")


def _find_messages(scope: Scope, now: datetime, alive: set[str]) -> Iterable[Stuck]:
    cause = Cause.MESSAGE if "delivery" in alive else Cause.NO_WORKER
    for row in scope.all(QUERIES.find_messages, before=now - PATIENCE, limit=MOST):
        yield Stuck(**row, cause=cause, detail="delivery")
