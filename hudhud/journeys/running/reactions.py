"""Reactions: what a batch of facts does to runs under way. Goals and exits act anywhere, waits where they stand.

A fact that is known wins over a timer that is not yet worked off: who has ordered gets no reminder, even if it was due
a moment before. Within a batch an end comes before a wait, the goal before an exit, the earlier before the later.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hudhud.journeys.running import moves
from hudhud.journeys.running.facts import decides
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.running.planner import ask
from hudhud.journeys.running.sharing import RESOLUTION, count_sharing
from hudhud.journeys.types import Due, Reason
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event
    from hudhud.journeys.running.facts import Watch
    from hudhud.journeys.running.version import Version
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
    _touching: dict[tuple[frozenset[str], bool, frozenset[int]], dict[int, list[Fact]]] = field(default_factory=dict)

    def touching(self, watches: Iterable[Watch]) -> dict[int, list[Fact]]:
        """Return per person the facts that these conditions depend on, in the order of time; not to be changed.

        Most journeys of a shop end with the same few events: what one asked for is kept for the others.
        """
        watches = list(watches)
        names = frozenset(name for watch in watches for name in watch.event_names)
        segment_ids = frozenset(segment_id for watch in watches for segment_id in watch.segment_ids)
        asked = names, any(watch.about_people for watch in watches), segment_ids
        if asked not in self._touching:
            self._touching[asked] = self._find_touching(*asked)
        return self._touching[asked]

    def _find_touching(self, names: Iterable[str], about_people: bool, segment_ids: Iterable[int]) -> dict[int, list[Fact]]:  # noqa: FBT001 -- one of the three
        found: dict[int, list[tuple[str, Fact]]] = defaultdict(list)
        for events in (*(self.by_name.get(name, ()) for name in names), self.about_people if about_people else ()):
            for event in events:
                found[event.person_id].append((event.message_id, Fact(event.at, event)))
        for change in (change for segment_id in segment_ids for change in self.by_segment.get(segment_id, ())):
            found[change.person_id].append((f"segment {change.segment_id}", Fact(change.at, None)))
        return {person_id: [told[0][1]] if len(told) == 1 else _in_order(told) for person_id, told in found.items()}


def _in_order(told: Iterable[tuple[str, Fact]]) -> list[Fact]:
    """Return facts in the order of time, each once: what is about people can have a name that is asked for, too."""
    facts = {(fact.at, key): fact for key, fact in told}
    return [facts[key] for key in sorted(facts)]


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


def find_concerned(ws: Scope, versions: Sequence[Version], facts: Facts) -> set[int]:
    """Return the journeys in which those whom a batch touches have runs under way. Of journeys, as a run may go on to another version meanwhile."""
    touching = [facts.touching((*version.ends, *version.waits)) for version in versions]
    # Most journeys listen to the same few events: those are one and the same dict.
    person_ids = set().union(*{id(people): people for people in touching}.values())
    if not person_ids:
        return set()
    journey_ids = numbers({version.journey_id for version in versions})
    return {row[0] for row in ws.rows(MOVES.find_concerned, person_ids=numbers(sorted(person_ids)), journey_ids=journey_ids)}


def react(
    ws: Scope, ch: Client, version: Version, facts: Facts, now: datetime, *, in_order: bool = False, questions: int | None = None
) -> int:
    """Let one version's runs react to a batch; return how many ended or went on.

    `in_order`: time goes by in steps, so that a fact can be later than a timer of the same step; such a one does not count yet. What a query must
    tell is then asked as of the facts, those close together at once, with `questions` at most for each condition.
    """
    touching = facts.touching((*version.ends, *version.waits))
    if not touching:
        return 0
    rows = ws.rows(MOVES.find_standing, journey_id=version.journey_id, version_id=version.id, person_ids=numbers(sorted(touching)))
    standing = [Standing(Due._make(row[:7]), row[7]) for row in rows]
    if not standing:
        return 0
    asker = _Asker(ws, ch, touching, now, in_order, questions)
    ended = _find_ended(asker, version, standing)
    left = [one for one in standing if one.run.run_id not in ended]
    woken = [one for watch in version.waits for one in _find_woken(asker, version, watch, left)]
    _end(ws, version, ended)
    _wake(ws, version, woken)
    return len(ended) + len(woken)


@dataclass(frozen=True)
class _Asker:
    """What is asked of a batch of facts: by whom it is told, and as of when."""

    ws: Scope
    ch: Client
    touching: dict[int, list[Fact]]
    now: datetime
    in_order: bool
    questions: int | None

    def ask(self, watch: Watch, runs: Sequence[Due], as_of: datetime) -> set[int]:
        """Return for which runs the condition is true."""
        return ask(self.ws, self.ch, {watch.place: watch.tree}, runs, as_of)[watch.place] if runs else set()

    def ask_in_turn(self, watch: Watch, standing: Iterable[tuple[Standing, datetime]]) -> list[Decided]:
        """Return the runs for which facts from some moment on made a condition true, each by the first that did; one after the run is due does not count yet."""
        told = [
            (fact.at, place, one, fact)
            for place, (one, since) in enumerate(standing)
            for fact in self.touching[one.run.person_id]
            if since <= fact.at <= one.run.due_at and _is_touched(watch, [fact])
        ]
        told.sort(key=lambda part: part[:2])
        decided: dict[int, Decided] = {}
        while told:
            count = count_sharing([part[0] for part in told], RESOLUTION, self.questions)
            newest = {one.run.run_id: (one, fact) for _, _, one, fact in told[:count] if one.run.run_id not in decided}
            true = self.ask(watch, [one.run for one, _ in newest.values()], told[count - 1][0])
            decided |= {run_id: _decided(*newest[run_id]) for run_id in newest if run_id in true}
            told = told[count:]
        return list(decided.values())


def _find_ended(asker: _Asker, version: Version, standing: list[Standing]) -> dict[int, tuple[str, Decided]]:
    """Return for each run that ends the place of the condition that ends it first."""
    ended: dict[int, tuple[str, Decided]] = {}
    for watch in version.ends:
        for one in _true_for(asker, watch, standing):
            known = ended.get(one.run.run_id)
            if known is None or one.at < known[1].at:
                ended[one.run.run_id] = (watch.place, one)
    return ended


def _true_for(asker: _Asker, watch: Watch, standing: Sequence[Standing]) -> list[Decided]:
    """Return the runs for which the batch made a condition true, each with the fact that did."""
    touching = asker.touching
    if watch.quick:
        found = (
            (one, _first_fact(one.run, watch, touching[one.run.person_id], one.run.due_at if asker.in_order else None)) for one in standing
        )
        return [_decided(one, fact) for one, fact in found if fact]
    if asker.in_order:
        return asker.ask_in_turn(watch, ((one, one.run.entered_at) for one in standing))
    true = asker.ask(watch, [one.run for one in standing if _is_touched(watch, touching[one.run.person_id])], asker.now)
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


def _find_woken(asker: _Asker, version: Version, watch: Watch, standing: list[Standing]) -> list[Decided]:
    """Return the runs on one wait whose condition came true in time: a fact at exactly the deadline counts."""
    hold = version.node(watch.place).hold()
    assert hold is not None
    here, touching = [(one, one.run.arrived_at + hold) for one in standing if one.node == watch.place], asker.touching
    if watch.quick:
        found = ((one, _first_fact(one.run, watch, touching[one.run.person_id], deadline)) for one, deadline in here)
        return [_decided(one, fact) for one, fact in found if fact]
    if asker.in_order:
        return asker.ask_in_turn(watch, ((one, one.run.arrived_at) for one, _ in here))
    woken = []
    for as_of, group in _by_instant(here, asker.now).items():
        in_time = {one.run.run_id: [fact for fact in touching[one.run.person_id] if fact.at <= as_of] for one in group}
        true = asker.ask(watch, [one.run for one in group if _is_touched(watch, in_time[one.run.run_id])], as_of)
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


def _wake(ws: Scope, version: Version, woken: list[Decided]) -> None:
    groups: dict[str, list[Decided]] = defaultdict(list)
    for one in woken:
        groups[one.node].append(one)
    for node_id, runs in groups.items():
        moves.advance(ws, version, node_id, "met", runs, Reason.CONDITION_MET)
