"""Reactions: what a batch of facts does to runs under way. Goals and exits act anywhere, waits where they stand.

A fact that is known wins over a timer that is not yet worked off: who has ordered gets no reminder, even if it was due
a moment before. Within a batch an end comes before a wait, the goal before an exit, the earlier before the later.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hudhud.journeys import moves
from hudhud.journeys.facts import decides
from hudhud.journeys.moves import MOVES, Decided
from hudhud.journeys.planner import ask
from hudhud.journeys.types import Due, Reason
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event
    from hudhud.journeys.facts import Watch
    from hudhud.journeys.version import Version
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Change

# Calls that can change what is known of a person: attributes, consent, or who they are.
ABOUT_PEOPLE = frozenset({"identify", "alias", "group", "consent"})


class Fact(NamedTuple):
    """When something happened that a condition may care about, and the event if it was one."""

    at: datetime
    event: Event | None


@dataclass
class Facts:
    """A batch, sorted by what it can touch."""

    by_name: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    about_people: list[Event] = field(default_factory=list)
    by_segment: dict[int, list[Change]] = field(default_factory=lambda: defaultdict(list))

    def touching(self, watches: Iterable[Watch]) -> dict[int, list[Fact]]:
        """Return per person the facts that these conditions depend on, in the order of time."""
        found: dict[int, dict[tuple[datetime, str], Fact]] = defaultdict(dict)
        for watch in watches:
            events = [event for name in watch.event_names for event in self.by_name.get(name, ())]
            for event in [*events, *(self.about_people if watch.about_people else ())]:
                found[event.person_id][event.at, event.message_id] = Fact(event.at, event)
            for change in (change for segment_id in watch.segment_ids for change in self.by_segment.get(segment_id, ())):
                found[change.person_id][change.at, f"segment {change.segment_id}"] = Fact(change.at, None)
        return {person_id: [facts[key] for key in sorted(facts)] for person_id, facts in found.items()}


def sort_facts(events: Iterable[Event], changes: Iterable[Change]) -> Facts:
    """Index a batch once for all journeys."""
    facts = Facts()
    for event in events:
        if event.person_id:
            facts.by_name[event.name].append(event)
            if event.kind in ABOUT_PEOPLE:
                facts.about_people.append(event)
    for change in changes:
        facts.by_segment[change.segment_id].append(change)
    return facts


class Standing(NamedTuple):
    """A run under way and the node it stands on."""

    run: Due
    node: str


def react(ws: Scope, ch: Client, version: Version, facts: Facts, now: datetime, *, in_order: bool = False) -> int:
    """Let one version's runs react to a batch; return how many ended or went on.

    `in_order`: time goes by in steps, so that a fact can be later than a timer of the same step; such a one does not count yet.
    """
    touching = facts.touching((*version.ends, *version.waits))
    if not touching:
        return 0
    rows = ws.rows(MOVES.find_standing, journey_id=version.journey_id, version_id=version.id, person_ids=numbers(sorted(touching)))
    standing = [Standing(Due._make(row[:7]), row[7]) for row in rows]
    if not standing:
        return 0
    ended = _find_ended(ws, ch, version, standing, touching, now, in_order=in_order)
    left = [one for one in standing if one.run.run_id not in ended]
    woken = [one for watch in version.waits for one in _find_woken(ws, ch, version, watch, left, touching, now)]
    _end(ws, version, ended)
    _wake(ws, version, woken)
    return len(ended) + len(woken)


def _find_ended(
    ws: Scope,
    ch: Client,
    version: Version,
    standing: list[Standing],
    touching: dict[int, list[Fact]],
    now: datetime,
    *,
    in_order: bool,
) -> dict[int, tuple[str, Decided]]:
    """Return for each run that ends the place of the condition that ends it first."""
    ended: dict[int, tuple[str, Decided]] = {}
    for watch in version.ends:
        for one in _true_for(ws, ch, watch, standing, touching, now, in_order=in_order):
            known = ended.get(one.run.run_id)
            if known is None or one.at < known[1].at:
                ended[one.run.run_id] = (watch.place, one)
    return ended


def _true_for(
    ws: Scope,
    ch: Client,
    watch: Watch,
    standing: Sequence[Standing],
    touching: dict[int, list[Fact]],
    now: datetime,
    *,
    in_order: bool,
) -> list[Decided]:
    """Return the runs for which the batch made a condition true, each with the fact that did."""
    if watch.quick:
        found = ((one, _first_fact(one.run, watch, touching[one.run.person_id], one.run.due_at if in_order else None)) for one in standing)
        return [_decided(one, fact) for one, fact in found if fact]
    runs = [one.run for one in standing if _is_touched(watch, touching[one.run.person_id])]
    true = ask(ws, ch, {watch.place: watch.tree}, runs, now)[watch.place] if runs else set()
    return [_decided(one, touching[one.run.person_id][-1]) for one in standing if one.run.run_id in true]


def _is_touched(watch: Watch, facts: list[Fact]) -> bool:
    names = watch.event_names
    return any(fact.event is None or fact.event.name in names or (watch.about_people and fact.event.kind in ABOUT_PEOPLE) for fact in facts)


def _first_fact(run: Due, watch: Watch, facts: list[Fact], deadline: datetime | None) -> Fact | None:
    """Return the first event that makes a quick condition true, not after the deadline."""
    for fact in facts:
        if deadline is not None and fact.at > deadline:
            return None
        if fact.event is not None and decides(fact.event, watch.quick, run.entered_at):
            return fact
    return None


def _find_woken(
    ws: Scope, ch: Client, version: Version, watch: Watch, standing: list[Standing], touching: dict[int, list[Fact]], now: datetime
) -> list[Decided]:
    """Return the runs on one wait whose condition came true in time: a fact at exactly the deadline counts."""
    hold = version.node(watch.place).hold()
    assert hold is not None
    here = [(one, one.run.arrived_at + hold) for one in standing if one.node == watch.place]
    if watch.quick:
        found = ((one, _first_fact(one.run, watch, touching[one.run.person_id], deadline)) for one, deadline in here)
        return [_decided(one, fact) for one, fact in found if fact]
    woken = []
    for as_of, group in _by_instant(here, now).items():
        in_time = {one.run.run_id: [fact for fact in touching[one.run.person_id] if fact.at <= as_of] for one in group}
        runs = [one.run for one in group if _is_touched(watch, in_time[one.run.run_id])]
        true = ask(ws, ch, {watch.place: watch.tree}, runs, as_of)[watch.place] if runs else set()
        woken += [_decided(one, in_time[one.run.run_id][-1]) for one in group if one.run.run_id in true]
    return woken


def _by_instant(here: list[tuple[Standing, datetime]], now: datetime) -> dict[datetime, list[Standing]]:
    groups: dict[datetime, list[Standing]] = defaultdict(list)
    for one, deadline in here:
        groups[min(deadline, now)].append(one)
    return groups


def _decided(one: Standing, fact: Fact) -> Decided:
    """Let a fact decide: never before the run came here (news can be late)."""
    detail: dict[str, object] = {"message_id": fact.event.message_id, "event": fact.event.name} if fact.event else {}
    return Decided(one.run, one.node, max(fact.at, one.run.arrived_at), detail)


def _end(ws: Scope, version: Version, ended: dict[int, tuple[str, Decided]]) -> None:
    groups: dict[tuple[str, str], list[Decided]] = defaultdict(list)
    for place, one in ended.values():
        one.detail["condition"] = place
        groups[one.node, "goal" if place == "goal" else "exit"].append(one)
    for (node_id, edge), runs in groups.items():
        reason = Reason.GOAL_REACHED if edge == "goal" else Reason.EXIT_CONDITION
        moves.end(ws, version, node_id, edge, runs, reason)
    moves.count(ws, version, Counter({key: len(runs) for key, runs in groups.items()}))


def _wake(ws: Scope, version: Version, woken: list[Decided]) -> None:
    groups: dict[str, list[Decided]] = defaultdict(list)
    for one in woken:
        groups[one.node].append(one)
    for node_id, runs in groups.items():
        moves.advance(ws, version, node_id, "met", runs, Reason.CONDITION_MET)
    moves.count(ws, version, Counter({(node_id, "met"): len(runs) for node_id, runs in groups.items()}))
