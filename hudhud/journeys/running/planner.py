"""The planner: moves all runs that are due, in sets. One code for live runs and rehearsals.

A batch is claimed by row locks in the transaction that also moves it, plans its messages and writes its log: a crash
gives everything back, and two workers never hold the same run. When a condition needs a ClickHouse query, the runs are seen
first, the query is asked with no lock held, and the claim then takes those that still stand where they stood (`visit` is
the fence).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.journeys.acting import answers, vouchers, webhooks
from hudhud.journeys.measuring import rounds
from hudhud.journeys.running import moves, sending
from hudhud.journeys.running.facts import asks_entry
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.sharing import RESOLUTION, count_sharing
from hudhud.journeys.running.version import Version
from hudhud.journeys.times import clocks
from hudhud.journeys.types import Due, Plan, Reason
from hudhud.kit import failpoint
from hudhud.kit.sql import numbers
from hudhud.segments import queries as segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.worlds import World
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

BATCH = 10_000


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
class Batch:
    """What became of a batch: how many runs were taken, how many of them moved, whether others stand behind them."""

    runs: int
    steps: int
    is_more: bool


USUAL = Pace()
STOPPED = Batch(0, 0, is_more=False)


def never() -> bool:
    """Do not stop."""
    return False


def quietly() -> None:
    """Give no sign of life."""


def stop_at(_: Version, error: Exception) -> None:
    """Let an error in one version end it all, as in a rehearsal of one."""
    raise error


def find_versions(ws: Scope, statuses: Iterable[str] = ("running", "draining")) -> list[Version]:
    """Return the versions that are alive in this scope."""
    return ws.into(Version, MOVES.find_versions, statuses=list(statuses))


def tick(
    world: World,
    versions: Sequence[Version],
    horizon: datetime,
    pace: Pace = USUAL,
    stop: Callable[[], bool] = never,
    beat: Callable[[], None] = quietly,
    fail: Callable[[Version, Exception], None] = stop_at,
) -> int:
    """Move every run that is due at or before `horizon`, until none is left; return the number of steps taken.

    A version that raises is told to `fail`, which raises where that concerns more than this version; the others go on.
    """
    steps, busy = 0, [version for version in versions if not version.is_leaving]
    while busy and not stop():
        done: dict[int, Batch] = {}
        for version in busy:
            try:
                done[version.id] = _pass(world, version, horizon, pace, stop, beat)
            except Exception as error:  # noqa: BLE001 -- one broken journey must not hold up all others
                fail(version, error)
                done[version.id] = Batch(0, 0, is_more=False)
        steps += sum(batch.steps for batch in done.values())
        # Where nothing could be taken there is no work, or another worker holds it.
        busy = [version for version in busy if done[version.id].runs]
    return steps


def _pass(world: World, version: Version, horizon: datetime, pace: Pace, stop: Callable[[], bool], beat: Callable[[], None]) -> Batch:
    """Work off the places where somebody is due, and those that they come to."""
    return _work_off(world, version, _find_work(world, version, horizon), horizon, pace, stop, beat)


def _work_off(
    world: World, version: Version, due: Iterable[Place], horizon: datetime, pace: Pace, stop: Callable[[], bool], beat: Callable[[], None]
) -> Batch:
    runs = steps = 0
    places = deque(due)
    while places and not stop():
        place = places.popleft()
        batch = step(world, version, place, horizon, pace)
        runs, steps = runs + batch.runs, steps + batch.steps
        if batch.is_more:
            places.appendleft(place)
        ahead = [Place(target, waiting=False) for target in version.targets(place.node)] if batch.steps else []
        places += [target for target in ahead if target not in places and version.rests_not(target.node)]
        beat()
    return Batch(runs, steps, is_more=False)


def pass_once(world: World, version: Version, horizon: datetime, pace: Pace) -> int:
    """Take the runs of one version that are due on, each to where it rests next at least; return how many there were. Others may be due after it."""
    return _pass(world, version, horizon, pace, never, quietly).runs


def pass_place(world: World, version: Version, horizon: datetime, pace: Pace) -> int:
    """Take the runs that are due on one node of a version on, each to where it rests next and no farther; return how many there were."""
    return _work_off(world, version, _find_work(world, version, horizon)[:1], horizon, pace, never, quietly).runs


def next_due(ws: Scope, versions: Sequence[Version]) -> datetime | None:
    """Return when the next run falls due."""
    pairs = [(version.id, node_id) for version in versions if not version.is_leaving for node_id in version.graph.nodes]
    found: datetime | None = ws.value(MOVES.find_next_due, version_ids=[pair[0] for pair in pairs], nodes=[pair[1] for pair in pairs])
    return found


def _find_work(world: World, version: Version, horizon: datetime) -> list[Place]:
    places = [Place(node_id, waiting=False) for node_id in version.graph.nodes]
    # Anywhere: a run may have come from an older version in which its node waited, or the journey had hours for sending.
    places += [Place(node_id, waiting=True) for node_id in version.graph.nodes]
    with world.scope(version.workspace_id) as ws:
        nodes, waitings = [place.node for place in places], [place.waiting for place in places]
        found = ws.rows(MOVES.find_work, version_id=version.id, nodes=nodes, waitings=waitings, horizon=horizon)
        return [Place(*row) for row in found]


def step(world: World, version: Version, place: Place, horizon: datetime, pace: Pace) -> Batch:
    """Take one batch of one node on."""
    questions = version.questions(place.node, waiting=place.waiting, in_order=pace.in_order)
    if questions:
        return _step_by_question(world, version, place, horizon, pace, questions)
    where = {"version_id": version.id, "node": place.node, "waiting": place.waiting}
    with world.scope(version.workspace_id) as ws:
        if not world.may_move(ws, version.journey_id):
            return STOPPED
        batch = [Due._make(row) for row in ws.rows(MOVES.claim_due, **where, horizon=horizon, limit=pace.limit)]
        return Batch(len(batch), _decide(ws, version, place, batch, {}, horizon, pace), is_more=len(batch) == pace.limit)


def _step_by_question(
    world: World, version: Version, place: Place, horizon: datetime, pace: Pace, questions: dict[str, Condition]
) -> Batch:
    where = {"version_id": version.id, "node": place.node, "waiting": place.waiting}
    with world.scope(version.workspace_id) as ws:
        due = [Due._make(row) for row in ws.rows(MOVES.find_due, **where, horizon=horizon, limit=pace.limit)]
        seen = due[: count_sharing([run.due_at for run in due], pace.resolution, pace.questions)] if due else []
        if not seen:
            return Batch(0, 0, is_more=False)
        # A deadline counts to the millisecond: later facts must not be seen. Elsewhere a run must see all facts before its own moment.
        as_of = seen[0].due_at if place.waiting and place.node not in version.clocked else seen[-1].due_at
        facts = ask(ws, world.ch, questions, seen, as_of)
    failpoint.reach("journeys.asked")
    with world.scope(version.workspace_id) as ws:
        if not world.may_move(ws, version.journey_id):
            return STOPPED
        ids = numbers(run.run_id for run in seen)
        visits = {row[0]: row[1] for row in ws.rows(MOVES.claim_seen, node=place.node, waiting=place.waiting, run_ids=ids)}
        batch = [run for run in seen if visits.get(run.run_id) == run.visit]
        steps = _decide(ws, version, place, batch, facts, horizon, pace)
        return Batch(len(batch), steps, is_more=bool(batch) and (len(due) == pace.limit or len(seen) < len(due)))


def ask(ws: Scope, ch: Client, questions: dict[str, Condition], runs: Sequence[Due], as_of: datetime) -> dict[str, set[int]]:
    """Return for each condition the ids of the runs for which it is true at `as_of`: one query for all plain ones."""
    of_run = {name: tree for name, tree in questions.items() if answers.asks_run(tree)}
    if of_run:
        return _ask_in_parts(ws, ch, questions, of_run, runs, as_of)
    plain = {name: tree for name, tree in questions.items() if not asks_entry(tree)}
    person_ids = sorted({run.person_id for run in runs})
    true = segments.matches(ws, ch, plain, person_ids, as_of) if plain else {}
    facts = {name: {run.run_id for run in runs if run.person_id in people} for name, people in true.items()}
    for name, tree in questions.items():
        if name not in plain:
            facts[name] = ask_since(ws, ch, tree, runs, as_of)
    return facts


def _ask_in_parts(
    ws: Scope, ch: Client, questions: dict[str, Condition], of_run: dict[str, Condition], runs: Sequence[Due], as_of: datetime
) -> dict[str, set[int]]:
    """Decide first what is asked of each run's answers; of the others the parts of the trees that ask of people are asked, each once."""
    given = answers.find_given(ws, (run.run_id for run in runs))
    facts = ask(ws, ch, {name: tree for name, tree in questions.items() if name not in of_run}, runs, as_of)
    for name, tree in of_run.items():
        decided = {run.run_id: answers.decide(tree, given.get(run.run_id, {})) for run in runs}
        facts[name] = {run_id for run_id, left in decided.items() if left == answers.TRUE}
        if open_ := [run for run in runs if decided[run.run_id] not in {answers.TRUE, answers.FALSE}]:
            parts = list(dict.fromkeys(answers.parts_of(tree)))
            found = ask(ws, ch, {str(number): part for number, part in enumerate(parts)}, open_, as_of)
            true = {part: found[str(number)] for number, part in enumerate(parts)}
            facts[name] |= {run.run_id for run in open_ if answers.weigh(tree, given.get(run.run_id, {}), true, run.run_id)}
    return facts


def ask_since(ws: Scope, ch: Client, tree: Condition, runs: Sequence[Due], as_of: datetime) -> set[int]:
    """Return the ids of the runs for which a condition about the time since the entry is true."""
    pairs = {(run.person_id, run.entered_at) for run in runs}
    true = segments.matches_since(ws, ch, tree, sorted(pairs), as_of)
    return {run.run_id for run in runs if (run.person_id, run.entered_at) in true}


def _decide(ws: Scope, version: Version, place: Place, batch: list[Due], facts: dict[str, set[int]], now: datetime, pace: Pace) -> int:
    if not batch:
        return 0
    ends = Plan()
    for ending in version.ends:
        true = facts.get(f"/{ending.place}", set())
        edge, reason = ("goal", Reason.GOAL_REACHED) if ending.place == "goal" else ("exit", Reason.EXIT_CONDITION)
        ends.move(edge, [*ends.moves.get(edge, []), *(run for run in batch if run.run_id in true)], reason)
        batch = [run for run in batch if run.run_id not in true]
    plan = _plan(ws, version, place, batch, facts, now, pace) if batch else Plan()
    plan.moves |= ends.moves
    plan.reasons |= ends.reasons
    steps = moves.carry_out(ws, version, place.node, plan, now)
    failpoint.reach("journeys.moved")
    return steps


def _plan(ws: Scope, version: Version, place: Place, batch: list[Due], facts: dict[str, set[int]], now: datetime, pace: Pace) -> Plan:
    """Ask the node, and before it the clock where one counts."""
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
        return sending.plan_sends(ws, version, place.node, batch, now, pace.rehearsed)
    return node.plan(batch, facts)
