"""What each node that acts does to people. Runs in the live world only, in the transaction of the effects role (effects.py)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.consent import actions as consent
from hudhud.consent.queries import find_states
from hudhud.consent.types import BY_JOURNEY, ConsentChange
from hudhud.journeys.acting import answers
from hudhud.journeys.acting.changes import work_out
from hudhud.journeys.queries import get_version
from hudhud.journeys.running import entries, moves
from hudhud.journeys.running.entries import Candidate
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.running.version import Version
from hudhud.journeys.types import Due, JourneyNotFound, Reason, Refusal
from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.people import actions as people
from hudhud.people.queries import find_current_ids, find_some

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.consent.types import State
    from hudhud.kit.db import Scope
    from hudhud.people.types import Person

QUERIES = sql.load("hudhud.journeys.acting", "effects.sql")


class Effect(NamedTuple):
    """One visit of one run, and whom it is about."""

    run_id: int
    visit: int
    person_id: int
    at: datetime


class Outcome(NamedTuple):
    """What came of an effect; `notes`: what of it was refused, `{"reason": Refusal}` and, where it was one of several things, its `name`."""

    is_done: bool
    notes: tuple[dict[str, str], ...] = ()

    def to_detail(self) -> dict[str, Any]:
        """Return what the run's log keeps of it."""
        return {"effect": "done" if self.is_done else "refused", **({"notes": self.notes} if self.notes else {})}


DONE = Outcome(is_done=True)
Outcomes = dict[Effect, Outcome]


def refused(reason: Refusal) -> Outcome:
    """Say that nothing was done, and why."""
    return Outcome(is_done=False, notes=({"reason": reason},))


def find_living(ws: Scope, effects: Sequence[Effect]) -> dict[int, Person]:
    """Return for each person that effects are about who that is today; erased people are left out."""
    today = find_current_ids(ws, {effect.person_id for effect in effects})
    living = find_some(ws, set(today.values()))
    return {person_id: living[current] for person_id, current in today.items() if current in living}


def find_triggers(ws: Scope, effects: Sequence[Effect]) -> dict[int, dict[str, Any]]:
    """Return what started each run, as templates see it."""
    rows = ws.rows(MOVES.find_triggers, run_ids=numbers(effect.run_id for effect in effects))
    return {run_id: msgspec.json.decode(text) for run_id, text in rows}


def update(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """Change attributes, one run after the other. People are held (effects.py): what is read here is what is added to."""
    node = version.node(node_id)
    assert node.kind == "update"
    living, triggers = find_living(ws, effects), find_triggers(ws, effects)
    known = {person.id: dict(person.attributes) for person in living.values()}
    given = answers.find_given(ws, (effect.run_id for effect in effects))
    outcomes, patches = dict.fromkeys(effects, refused(Refusal.PERSON_GONE)), []
    for effect in effects:
        if (person := living.get(effect.person_id)) is None:
            continue
        patch, notes = work_out(node.changes, known[person.id], person, triggers.get(effect.run_id, {}), given.get(effect.run_id, {}))
        known[person.id].update(patch)
        outcomes[effect] = Outcome(len(notes) < len(node.changes), notes)
        if patch:
            patches.append((person.id, patch))
    if patches:
        people.patch(ws, patches, now, by=f"{BY_JOURNEY}{version.key}")
    return outcomes


def set_topic(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """Subscribe or unsubscribe. What a person said, and what they have not confirmed, stands: that is decided where consent is written."""
    node = version.node(node_id)
    assert node.kind == "topic"
    wanted: State = "subscribed" if node.do == "subscribe" else "unsubscribed"
    living = find_living(ws, effects)
    ids = {person.id for person in living.values()}
    changes = [
        ConsentChange(
            living[effect.person_id].id,
            node.topic,
            "email",
            wanted,
            min(effect.at, now),
            f"{BY_JOURNEY}{version.key}",
            {"journey": version.key, "version_id": version.id, "node": node_id, "run": effect.run_id, "visit": effect.visit},
        )
        for effect in effects
        if effect.person_id in living
    ]
    if consent.record(ws, changes).unknown:
        return dict.fromkeys(effects, refused(Refusal.TOPIC_UNKNOWN))
    after = find_states(ws, node.topic, ids)
    found = {effect: living.get(effect.person_id) for effect in effects}
    return {
        effect: refused(Refusal.PERSON_GONE) if person is None else _judge(wanted, after.get(person.id)) for effect, person in found.items()
    }


def _judge(wanted: str, state: str | None) -> Outcome:
    if state == wanted:
        return DONE
    return refused({"unsubscribed": Refusal.UNSUBSCRIBED, "pending": Refusal.NOT_CONFIRMED}.get(state or "", Refusal.SAID_SINCE))


def start(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """Begin runs of another journey, as far as its rules of entry allow."""
    node = version.node(node_id)
    assert node.kind == "start"
    try:
        other, _ = get_version(ws, node.journey)
    except JourneyNotFound:
        return dict.fromkeys(effects, refused(Refusal.NOT_RUNNING))
    if other.status != "running" or other.started_at is None:
        return dict.fromkeys(effects, refused(Refusal.NOT_RUNNING))
    living, triggers = find_living(ws, effects), find_triggers(ws, effects)
    outcomes = dict.fromkeys(effects, refused(Refusal.PERSON_GONE))
    found: dict[Candidate, Effect] = {}
    for effect in effects:
        if (person := living.get(effect.person_id)) is None:
            continue
        is_late = effect.at < other.started_at
        outcomes[effect] = refused(Refusal.NOT_RUNNING if is_late else Refusal.NOT_ADMITTED)
        if not is_late:
            found[_candidate(other, person, effect, triggers.get(effect.run_id, {}))] = effect
    begun = entries.begin(ws, ch, other, sorted(found, key=lambda one: (one.at, one.message_id)))
    ws.run(MOVES.ring)
    return outcomes | {found[one]: DONE for one in begun}


def _candidate(other: Version, person: Person, effect: Effect, facts: dict[str, Any]) -> Candidate:
    key = entries.key_of(facts, other.graph.run_key) if other.graph.run_key else ""
    return Candidate(person.id, effect.at, key, STARTED, f"run:{effect.run_id}:{effect.visit}", msgspec.json.encode(facts))


def leave(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """End runs of other journeys where they stand; not those that began only after the person came here."""
    node = version.node(node_id)
    assert node.kind == "leave"
    living = find_living(ws, effects)
    came: dict[int, list[Effect]] = defaultdict(list)
    for effect in effects:
        if effect.person_id in living:
            came[living[effect.person_id].id].append(effect)
    outcomes = {effect: refused(Refusal.NOT_IN if effect.person_id in living else Refusal.PERSON_GONE) for effect in effects}
    groups: dict[tuple[int, str], list[Decided]] = defaultdict(list)
    elsewhere = numbers(row[0] for row in ws.rows(QUERIES.find_elsewhere, keys=list(node.journeys), person_ids=numbers(sorted(came))))
    for row in ws.rows(QUERIES.take_standing, run_ids=elsewhere):
        run, stands, version_id = Due._make(row[:7]), row[7], row[8]
        for effect in came.get(run.person_id, ()):
            if effect.run_id != run.run_id and run.entered_at <= effect.at:
                outcomes[effect] = DONE
                detail: dict[str, object] = {"journey": version.key, "run": effect.run_id}
                groups[version_id, stands].append(Decided(run, stands, max(min(effect.at, now), run.arrived_at), detail))
                break
    others = {one.id: one for one in ws.into(Version, MOVES.find_versions_by_id, ids=sorted({version_id for version_id, _ in groups}))}
    for (version_id, stands), runs in groups.items():
        moves.end(ws, others[version_id], stands, "left", runs, Reason.OTHER_JOURNEY)
    return outcomes


# What stands as the trigger's name in a run that another journey has begun.
STARTED = "Started by a journey"
DOING: dict[str, Callable[[Scope, Client, Version, str, Sequence[Effect], datetime], Outcomes]] = {
    "update": update,
    "topic": set_topic,
    "start": start,
    "leave": leave,
}
