"""The planner: moves all runs that are due, in sets. One code for live runs and rehearsals.

A batch is claimed by row locks in the transaction that also moves it, plans its messages and writes its log: a crash
gives everything back, and two workers never hold the same run. It takes runs on over all nodes at which they need not rest,
and writes where they stand once. When a condition on that way needs a ClickHouse query, the runs are seen first, the query is
asked with no lock held, and the claim then takes those that still stand where they stood (`visit` is the fence).
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.journeys.acting import answers
from hudhud.journeys.running.facts import asks_entry
from hudhud.journeys.running.hands import share
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.sharing import count_sharing
from hudhud.journeys.running.version import Version
from hudhud.journeys.running.walking import Pace as Pace
from hudhud.journeys.running.walking import Place, Walk
from hudhud.journeys.types import Due
from hudhud.kit import failpoint
from hudhud.kit.sql import numbers
from hudhud.segments import queries as segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.walking import Answers
    from hudhud.journeys.running.worlds import World
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

# What is asked before a batch is taken on: conditions by node and name.
Questions = dict[str, dict[str, "Condition"]]


@dataclass(frozen=True)
class Batch:
    """What became of a batch: how many runs were taken, how many steps they took, whether others stand behind them."""

    runs: int
    steps: int
    is_more: bool
    ahead: frozenset[str] = frozenset()  # nodes on which some were put down who may go on at once


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
    hands: int = 1,
) -> int:
    """Move every run that is due at or before `horizon`, until none is left; return the number of steps taken.

    A version that raises is told to `fail`, which raises where that concerns more than this version; the others go on. `hands`: so many are worked on
    at once; what is given here is called by threads that bear the caller's name.
    """
    steps: list[int] = []

    def work(version: Version) -> bool:
        try:
            done = _pass(world, version, horizon, pace, stop, beat)
        except Exception as error:  # noqa: BLE001 -- one broken journey must not hold up all others
            fail(version, error)
            return False
        steps.append(done.steps)
        # Where nothing could be taken there is no work, or another worker holds it.
        return bool(done.runs)

    share(_find_busy(world, [version for version in versions if not version.is_leaving], horizon), work, stop, hands)
    return sum(steps)


def _find_busy(world: World, versions: Sequence[Version], horizon: datetime) -> list[Version]:
    """Return the versions on which somebody is due, by one question for each workspace; also those that cannot be read, which are told of where they are tried."""
    pairs: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for version in versions:
        pairs[version.workspace_id] += [(version.id, node_id) for node_id in ({} if version.unreadable else version.graph.nodes)]
    busy = {version.id for version in versions if version.unreadable}
    for workspace_id, some in pairs.items():
        with world.scope(workspace_id) as ws:
            version_ids, nodes = [pair[0] for pair in some], [pair[1] for pair in some]
            busy |= {row[0] for row in ws.rows(MOVES.find_busy, version_ids=version_ids, nodes=nodes, horizon=horizon)}
    return [version for version in versions if version.id in busy]


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
        ahead = [Place(target, waiting=False) for target in sorted(batch.ahead)]
        places += [target for target in ahead if target not in places]
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
    """Take one batch of one node on, to where each of its runs rests next."""
    questions = _find_questions(version, place, pace)
    if any(questions.values()):
        return _step_by_question(world, version, place, horizon, pace, questions)
    where = {"version_id": version.id, "node": place.node, "waiting": place.waiting}
    with world.scope(version.workspace_id) as ws:
        if not world.may_move(ws, version.journey_id):
            return STOPPED
        batch = [Due._make(row) for row in ws.rows(MOVES.claim_due, **where, horizon=horizon, limit=pace.limit)]
        steps, ahead = Walk(ws, version, {}, horizon, pace).take(place, batch)
        return Batch(len(batch), steps, is_more=len(batch) == pace.limit, ahead=ahead)


def _find_questions(version: Version, place: Place, pace: Pace) -> Questions:
    """Return what is asked before runs leave a node, and on the way from there to where they rest."""
    own = {place.node: version.questions(place.node, waiting=place.waiting, in_order=pace.in_order)}
    return own | {node_id: version.questions(node_id, waiting=False, in_order=pace.in_order) for node_id in version.way(place.node)}


def _step_by_question(world: World, version: Version, place: Place, horizon: datetime, pace: Pace, questions: Questions) -> Batch:
    where = {"version_id": version.id, "node": place.node, "waiting": place.waiting}
    with world.scope(version.workspace_id) as ws:
        due = [Due._make(row) for row in ws.rows(MOVES.find_due, **where, horizon=horizon, limit=pace.limit)]
        seen = due[: count_sharing([run.due_at for run in due], pace.resolution, pace.questions)] if due else []
        if not seen:
            return STOPPED
        answered = _ask_ahead(ws, world.ch, version, place, questions, seen)
    failpoint.reach("journeys.asked")
    with world.scope(version.workspace_id) as ws:
        if not world.may_move(ws, version.journey_id):
            return STOPPED
        ids = numbers(run.run_id for run in seen)
        visits = {row[0]: row[1] for row in ws.rows(MOVES.claim_seen, node=place.node, waiting=place.waiting, run_ids=ids)}
        batch = [run for run in seen if visits.get(run.run_id) == run.visit]
        steps, ahead = Walk(ws, version, answered, horizon, pace).take(place, batch)
        return Batch(len(batch), steps, is_more=bool(batch) and (len(due) == pace.limit or len(seen) < len(due)), ahead=ahead)


def _ask_ahead(ws: Scope, ch: Client, version: Version, place: Place, questions: Questions, seen: list[Due]) -> Answers:
    """Ask everything that there is to ask on the way, each condition once for each moment.

    A deadline counts to the millisecond: later facts must not be seen. Elsewhere a run must see all facts before its own moment.
    """
    own = seen[0].due_at if place.waiting and place.node not in version.clocked else seen[-1].due_at
    by_moment: dict[datetime, list[tuple[str, str, Condition]]] = defaultdict(list)
    for node_id, some in questions.items():
        by_moment[own if node_id == place.node else seen[-1].due_at] += [(node_id, name, tree) for name, tree in some.items()]
    merged = segments.find_merged_into(ws, ch, {run.person_id for run in seen})
    answered: Answers = defaultdict(dict)
    for moment, asked in by_moment.items():
        trees = {tree: str(number) for number, tree in enumerate(dict.fromkeys(tree for _, _, tree in asked))}
        true = ask(ws, ch, {number: tree for tree, number in trees.items()}, seen, moment, merged)
        for node_id, name, tree in asked:
            answered[node_id][name] = true[trees[tree]]
    return answered


def ask(
    ws: Scope, ch: Client, questions: dict[str, Condition], runs: Sequence[Due], as_of: datetime, merged: segments.Merged | None = None
) -> dict[str, set[int]]:
    """Return for each condition the ids of the runs for which it is true at `as_of`: one query for all. `merged`: as `segments.matches` takes it."""
    of_run = {name: tree for name, tree in questions.items() if answers.asks_run(tree)}
    if of_run:
        return _ask_in_parts(ws, ch, questions, of_run, runs, as_of)
    if not questions:
        return {}
    if any(asks_entry(tree) for tree in questions.values()):
        pairs = sorted({(run.person_id, run.entered_at) for run in runs})
        since = segments.matches_since(ws, ch, questions, pairs, as_of, merged=merged)
        return {name: {run.run_id for run in runs if (run.person_id, run.entered_at) in some} for name, some in since.items()}
    true = segments.matches(ws, ch, questions, sorted({run.person_id for run in runs}), as_of, merged=merged)
    return {name: {run.run_id for run in runs if run.person_id in people} for name, people in true.items()}


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
