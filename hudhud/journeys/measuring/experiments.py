"""Tests of ways: what each arm has shown, and the rule by which a winner is declared.

Each person counts once, in the arm that they drew first, whoever they are today; erased people do not count. They count only when their window
is over, whatever they did before: else those who do what counts would be seen before those who do not. What is late comes in with the next look.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.journeys.measuring import rounds
from hudhud.journeys.measuring.rounds import ROUNDS, Verdict, find_tests, get_round, get_test
from hudhud.journeys.nodes.test import ABTest, DidEvent, Spent
from hudhud.journeys.queries import QUERIES
from hudhud.journeys.running.planner import quietly
from hudhud.journeys.running.version import parsed
from hudhud.kit.counts import Counts
from hudhud.kit.evidence import Tally, counted, find_best, is_shown, people_needed, threshold, weakest
from hudhud.kit.posteriors import Belief, believe
from hudhud.segments.queries import Asked, total_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.kit.clock import Clock
    from hudhud.kit.db import Scope

WEEK = timedelta(weeks=1)
# The rule is looked at so often; each look costs a count of everybody in the test.
LOOK_EVERY = timedelta(hours=1)
# After so many people whose events are asked for there is a sign of life: some seconds.
PAGE = 20_000


COUNTS: Counts[Figures] = Counts()


@dataclass(frozen=True)
class ArmFigures:
    """One arm: who drew it, what those did whose window is over, and what may be believed of it."""

    name: str
    percent: float
    drawn: int
    tally: Tally
    belief: Belief

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        shown = {"name": self.name, "percent": self.percent, "drawn": self.drawn, "people": self.tally.people, "hits": self.tally.hits}
        return {**shown, "total": self.tally.total, "figure": self.tally.mean, **asdict(self.belief)}


@dataclass(frozen=True)
class Figures:
    """What a test has shown as of an instant.

    `needed`: how many people an arm takes to show the difference that is worth knowing, with probability 0.8; None: not known yet.
    `evidence`, `wanted`: logarithms; a winner is shown when the one reaches the other. `ends_weeks_at`: when its whole weeks are over.
    """

    as_of: datetime
    number: int
    began_at: datetime | None
    arms: tuple[ArmFigures, ...]
    best: str
    evidence: float
    wanted: float
    needed: int | None
    ends_weeks_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = {name: value for name, value in vars(self).items() if name != "arms"}
        instants = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
        return {**instants, "arms": [arm.to_dict() for arm in self.arms]}


def measure(ws: Scope, ch: Client, version: Version, node: ABTest, as_of: datetime, beat: Callable[[], None] = quietly) -> Figures:
    """Return what a test's last round has shown, over all versions of the journey that have it."""
    current = get_round(ws, version, node, as_of)
    asked = _places(ws, version, node) | {
        "number": current["number"],
        "began_at": current["began_at"],
        "as_of": as_of,
        "within": node.window.length(),
    }
    rows = ws.rows(ROUNDS.count_drawn, **asked, journey_id=version.journey_id, metric=node.counts)
    drawn = {edge: (people, first, over, hits) for edge, people, first, over, hits in rows}
    tallies = {edge: counted(over, hits) for edge, (_, _, over, hits) in drawn.items()}
    if isinstance(node.metric, DidEvent | Spent):
        tallies = _tally_events(ws, ch, version, node, asked, beat)
    return _sum_up(node, current["number"], drawn, tallies, as_of)


def _places(ws: Scope, version: Version, node: ABTest) -> dict[str, Any]:
    """Return the versions of the journey that have this very test, and the step that it is there."""
    found = [
        (row["id"], node_id)
        for row in ws.all(QUERIES.find_all_versions, journey_id=version.journey_id)
        for node_id, other in parsed(row["graph"]).nodes.items()
        if isinstance(other, ABTest) and (other.salt, other.design) == (node.salt, node.design)
    ]
    return {"version_ids": [version_id for version_id, _ in found], "nodes": [node_id for _, node_id in found]}


def _tally_events(
    ws: Scope, ch: Client, version: Version, node: ABTest, asked: dict[str, Any], beat: Callable[[], None]
) -> dict[str, Tally]:
    metric = node.metric
    assert isinstance(metric, DidEvent | Spent)
    people = ws.rows(ROUNDS.find_drawn, **asked)
    what = Asked(metric.name, metric.where, metric.property if isinstance(metric, Spent) else None)
    found: dict[str, list[float]] = {arm.name: [] for arm in node.arms}
    for start in range(0, len(people), PAGE):
        some = people[start : start + PAGE]
        spans = [(person_id, at, at + node.window.length()) for person_id, _, at in some]
        did = total_within(ch, version.workspace_id, what, spans, asked["as_of"])
        for place, (_, edge, _) in enumerate(some):
            times, total = did.get(place, (0, 0.0))
            # What was paid back at most takes away what was paid.
            found[edge].append(max(total, 0.0) if isinstance(metric, Spent) else float(times > 0))
        beat()
    return {edge: _tally(values) for edge, values in found.items()}


def _tally(values: list[float]) -> Tally:
    return Tally(len(values), sum(value > 0 for value in values), sum(values), sum(value * value for value in values))


def _sum_up(
    node: ABTest, number: int, drawn: dict[str, tuple[int, datetime, int, int]], tallies: dict[str, Tally], as_of: datetime
) -> Figures:
    stop = node.stop
    known = [tallies.get(arm.name, counted(0, 0)) for arm in node.arms]
    beliefs = believe(known, is_revenue=isinstance(node.metric, Spent))
    first = min((row[1] for row in drawn.values()), default=None)
    arms = [
        ArmFigures(arm.name, arm.percent, drawn[arm.name][0] if arm.name in drawn else 0, tally, belief)
        for arm, tally, belief in zip(node.arms, known, beliefs, strict=True)
    ]
    difference = stop.difference / 100
    return Figures(
        as_of=as_of,
        number=number,
        began_at=first,
        arms=tuple(arms),
        best=arms[find_best(known)].name,
        evidence=weakest(known, difference),
        wanted=threshold(len(arms), stop.certainty),
        needed=people_needed(known, stop.certainty, difference),
        ends_weeks_at=first and first + stop.weeks * WEEK + node.window.length(),
    )


def judge(node: ABTest, figures: Figures) -> tuple[str, Verdict] | None:
    """Return the winner and why it is one, or None while nothing may be declared.

    Asked first: enough people of each arm, and all weekdays alike. Shown to be better: kit/evidence.py. Good enough: what is lost by taking the arm
    that is believed to be best is less than the author minds.
    """
    stop, tallies = node.stop, [arm.tally for arm in figures.arms]
    if figures.ends_weeks_at is None or figures.as_of < figures.ends_weeks_at or min(tally.people for tally in tallies) < stop.people:
        return None
    if is_shown(tallies, stop.certainty, stop.difference / 100):
        return figures.best, "better"
    leading = min(figures.arms, key=lambda arm: arm.belief.loss)
    if stop.enough is not None and leading.belief.mean > 0 and leading.belief.loss < leading.belief.mean * stop.enough / 100:
        return leading.name, "enough"
    return None


def claim(ws: Scope, version: Version, node_id: str, now: datetime) -> bool:
    """Take the look at one test, for an hour; return False if it was looked at lately or nothing is left to declare.

    Commit it before the count: others who look wait for nobody, and a count that fails is tried again in an hour, not at once.
    """
    node = version.graph.nodes[node_id]
    assert isinstance(node, ABTest)
    return rounds.claim_look(ws, version, node, now - LOOK_EVERY, now)


def look(ws: Scope, ch: Client, version: Version, node_id: str, as_of: datetime, clock: Clock, beat: Callable[[], None] = quietly) -> bool:
    """Look at one test by its rule; return whether a winner was declared.

    `as_of`: everything received before it is known. A winner counts from the moment when the count is done: who comes while it lasts draws.
    """
    node = version.graph.nodes[node_id]
    assert isinstance(node, ABTest)
    figures = measure(ws, ch, version, node, as_of, beat)
    found = judge(node, figures)
    if found is None:
        return False
    winner, verdict = found
    declared = rounds.Declared(winner, verdict, figures.to_dict(), "hudhud")
    return rounds.decide(ws, version, node_id, figures.number, declared, clock.now())


def find_results(ws: Scope, ch: Client, version: Version, now: datetime) -> list[dict[str, Any]]:
    """Return for each test of a version what it shows now, what was declared, and by which figures."""
    found = []
    for node_id, node in find_tests(version).items():
        declared = get_round(ws, version, node, now)
        kept = {name: declared[name] for name in ("decided_at", "winner", "decided_by", "verdict", "looked_at")}
        figures = _count(ws, ch, version, node_id, now).to_dict()
        found.append(
            {
                "node": node_id,
                "metric": node.counts,
                "difference": node.stop.difference,
                **kept,
                "decided_on": declared["figures"],
                "now": figures,
            }
        )
    return found


def call(ws: Scope, ch: Client, key: str, node_id: str, winner: str, now: datetime, *, by: str) -> None:
    """Declare a winner by hand, and keep what was known; raises as `rounds.call`."""
    version, _ = get_test(ws, key, node_id)
    rounds.call(ws, key, node_id, winner, _count(ws, ch, version, node_id, now).to_dict(), now, by=by)


def _count(ws: Scope, ch: Client, version: Version, node_id: str, now: datetime) -> Figures:
    """Return what a test has shown; of very many people it may be of a while ago."""
    node = find_tests(version)[node_id]
    what = (version.id, node_id, get_round(ws, version, node, now)["number"])
    return COUNTS.get(ws, what, now, lambda: measure(ws, ch, version, node, now))
