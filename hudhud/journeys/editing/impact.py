"""Impact: what publishing would do to people under way, before it is done. It changes nothing.

Who stands where is counted in one pass over those under way; whether what they would wait for is true already is asked of at most `SAMPLE`
people for each step, so the answer takes a bounded time with a million of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hudhud.journeys.editing.changeover import CHANGEOVER, find_older
from hudhud.journeys.editing.diff import Change, compare, mark
from hudhud.journeys.editing.placing import check_rule, place
from hudhud.journeys.graph import canonical
from hudhud.journeys.queries import get_journey
from hudhud.journeys.running.planner import ask
from hudhud.journeys.running.version import parsed
from hudhud.journeys.types import Due
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.editing.changeover import Older
    from hudhud.journeys.editing.placing import Landing, Rule
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.kinds import Kind
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
SAMPLE = 2_000
# So many days are told one by one; what is later, together.
MOST_DAYS = 31
NEWEST = 2**63 - 1


@dataclass(frozen=True)
class Step:
    """What would become of those who stand on one step of one version."""

    version: int
    node: str
    here: int
    how: str  # keep, same, nearest, named, exit
    to: str | None
    at_once: int = 0  # they would move on, or leave, at once
    asked: int = 0  # what the step waits for would be looked at anew
    met: int = 0  # of those, for so many it is true already: they would move on at once
    met_of: int = 0  # asked of so many; fewer than `asked`: `met` is an estimate
    later: list[tuple[date, int]] = field(default_factory=list)  # they would move on on this day at the latest, in the workspace's zone
    after: int = 0  # on a later day


@dataclass(frozen=True)
class Send:
    """A message that would follow at once: exactly to so many, or to so many at most, where ways part or some have it already."""

    node: str
    template: str
    people: int
    is_exact: bool


@dataclass(frozen=True)
class Impact:
    """What publishing would change, and for whom."""

    number: int | None
    as_of: datetime
    changes: list[Change]
    marks: dict[str, str]
    steps: list[Step]
    sends: list[Send]

    def totals(self) -> dict[str, int]:
        """Return how many people are under way, stay on their version, move, leave, and move on at once."""
        here = sum(step.here for step in self.steps)
        kept = sum(step.here for step in self.steps if step.how == "keep")
        leaving = sum(step.here for step in self.steps if step.how == "exit")
        at_once = sum(step.at_once + step.met for step in self.steps if step.how != "exit")
        return {"here": here, "keep": kept, "move": here - kept - leaving, "leave": leaving, "at_once": at_once}


def assess(ws: Scope, ch: Client, key: str, graph: Graph, rule: Rule, now: datetime) -> Impact:
    """Return what publishing a graph by a rule would do as of `now`; raises `JourneyNotFound`, `InvalidInput` for a rule that fits nothing."""
    journey = get_journey(ws, key)
    current = ws.one(QUERIES.current_version, journey_id=journey["id"])
    older = {one.id: one for one in find_older(ws, journey["id"], NEWEST)}
    # Published again as it is, the current version stays the one that people are brought to.
    left = {one.id: one for one in older.values() if current is None or one.id != current["id"] or one.text != canonical(graph)}
    check_rule(rule, [one.graph for one in left.values()], graph)
    now = min(now, journey["paused_at"] or now)
    places = {one.id: place(one.graph, graph, rule) if one.id in left else {} for one in older.values()}
    steps: list[Step] = []
    sends: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for version_id, step in _count(ws, older, places, graph, now):
        landing = places[version_id].get(step.node)
        if step.asked and landing is not None and not landing.is_same and step.to is not None and graph.nodes[step.to].conditions():
            step = _ask(ws, ch, version_id, step, graph.nodes[step.to], now)  # noqa: PLW2901 -- the same step, with an answer
        steps.append(step)
        for node_id, people, is_exact in _find_sends(graph, step, landing):
            sends[node_id].append((people, is_exact))
    changes = compare(parsed(current["graph"]), graph) if current else []
    return Impact(
        number=current["number"] if current else None,
        as_of=now,
        changes=changes,
        marks=mark(changes),
        steps=steps,
        sends=[_sum(graph, node_id, sends[node_id]) for node_id in graph.nodes if node_id in sends],
    )


def _count(
    ws: Scope, older: Mapping[int, Older], places: Mapping[int, Mapping[str, Landing]], graph: Graph, now: datetime
) -> Iterator[tuple[int, Step]]:
    pairs = [(version_id, node_id) for version_id, one in older.items() for node_id in one.graph.nodes]
    landings = [places[version_id].get(node_id) for version_id, node_id in pairs]
    rows = ws.rows(
        CHANGEOVER.count_standing,
        version_ids=[version_id for version_id, _ in pairs],
        nodes=[node_id for _, node_id in pairs],
        modes=[_mode(graph, landing) for landing in landings],
        fresh=[landing is not None and landing.is_fresh for landing in landings],
        rests=[graph.nodes[landing.node].hold() if landing is not None and landing.node is not None else None for landing in landings],
        now=now,
    )
    groups: dict[tuple[int, str], list[tuple[bool, date | None, int]]] = defaultdict(list)
    for version_id, node_id, at_once, day, count in rows:
        groups[version_id, node_id].append((at_once, day, count))
    for (version_id, node_id), parts in groups.items():
        yield version_id, _step(older[version_id].number, node_id, parts, places[version_id].get(node_id), graph)


def _mode(graph: Graph, landing: Landing | None) -> str:
    """Return how the moment is reckoned at which people would go on."""
    if landing is None:
        return "keep"
    if landing.node is None:
        return "pass"
    node = graph.nodes[landing.node]
    # Whoever stays for a fallback stays.
    if landing.is_same or (landing.how == "same" and node.kind == "send" and node.fallbacks):
        return "same"
    if node.hold() is not None:
        return "asked" if node.conditions() else "rest"
    return "asked" if node.kind == "delay" else "pass"


def _step(number: int, node_id: str, parts: Sequence[tuple[bool, date | None, int]], landing: Landing | None, graph: Graph) -> Step:
    here = sum(count for _, _, count in parts)
    if landing is None:
        return Step(number, node_id, here, "keep", None)
    at_once = sum(count for is_now, _, count in parts if is_now)
    later = [(day, count) for _, day, count in parts if day is not None]
    return Step(
        version=number,
        node=node_id,
        here=here,
        how=landing.how,
        to=landing.node,
        at_once=at_once,
        asked=here - at_once if _mode(graph, landing) == "asked" else 0,
        later=later[:MOST_DAYS],
        after=sum(count for _, count in later[MOST_DAYS:]),
    )


def _ask(ws: Scope, ch: Client, version_id: int, step: Step, node: Kind, now: datetime) -> Step:
    """Ask some of those who would be looked at anew whether what they would wait for is true already."""
    rows = ws.rows(CHANGEOVER.sample_standing, version_id=version_id, node=step.node, every=step.here // SAMPLE + 1, limit=2 * SAMPLE)
    rest = node.hold()
    runs = [run for run in map(Due._make, rows) if rest is None or max(run.arrived_at, min(run.due_at, now) - rest) + rest > now]
    true = ask(ws, ch, node.conditions(), runs, now) if runs else {}
    met = len(set().union(*true.values()))
    return replace(step, met=round(met * step.asked / len(runs)) if runs else 0, met_of=len(runs))


def _find_sends(graph: Graph, step: Step, landing: Landing | None) -> Iterator[tuple[str, int, bool]]:
    """Yield the messages that would follow at once: node, people, and whether it is exactly so many."""
    if landing is None or landing.node is None:
        return
    owed_nothing = {node_id for node_id, _ in landing.repeats}
    node = graph.nodes[landing.node]
    if step.at_once:
        ways = [landing.node] if node.kind == "send" else list(node.exits().values())
        yield from (
            (one, step.at_once, sure and one not in owed_nothing) for one, sure in _follow_at_once(graph, ways, is_sure=len(ways) == 1)
        )
    if step.met and (met := node.exits().get("met")):
        is_sure = step.met_of == step.asked
        yield from ((one, step.met, sure and one not in owed_nothing) for one, sure in _follow_at_once(graph, [met], is_sure=is_sure))


def _follow_at_once(graph: Graph, ways: Sequence[str], *, is_sure: bool) -> Iterator[tuple[str, bool]]:
    """Yield the sends that come before the next rest, and whether all who go this way come to them."""
    ahead, seen = [(node_id, is_sure) for node_id in ways], set()
    while ahead:
        node_id, sure = ahead.pop()
        node = graph.nodes[node_id]
        if node_id in seen or node.kind == "delay":
            continue
        seen.add(node_id)
        if node.kind == "send":
            yield node_id, sure
        exits = node.exits()
        targets = [exits["met"]] if node.kind == "wait" else list(exits.values())
        ahead += [(target, sure and len(exits) == 1) for target in targets]


def _sum(graph: Graph, node_id: str, parts: Sequence[tuple[int, bool]]) -> Send:
    node = graph.nodes[node_id]
    assert node.kind == "send"
    return Send(node_id, node.template, sum(people for people, _ in parts), all(is_exact for _, is_exact in parts))
