"""What comes next to a person, and when: for each run under way its step, the moment with the clock that it goes by, the ways on, and what could change that.

Said from the same rows and the same graph that the planner goes by; it decides nothing itself. `code` and the fields are for translation, `text` is
in English for machines' readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.clocks.queries import find_best, find_lives
from hudhud.journeys.running.version import parsed
from hudhud.journeys.times.clocks import find_moments
from hudhud.journeys.times.until import AtBestHour, AtBusinessDay, AtDate
from hudhud.journeys.times.waiting import TOLD_BY
from hudhud.journeys.types import Due
from hudhud.kit import sql
from hudhud.kit.localtime import zone_named
from hudhud.people.queries import country_of_zone
from hudhud.segments.types import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.clocks.queries import Life
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.kinds import Kind
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys.why", "ahead.sql")
MOST = 50
SAID = {
    "paused": "the journey is paused: nothing happens before it is started again",
    "moving": "is being moved to a newer version of the journey",
    "due": "is due now",
    "rests": "rests until {at}",
    "until": "waits until {local} in {zone} ({told_by})",
    "fallback": "gets the next message of the chain at {at}, unless they answer the one before",
    "window": "waits till the journey's hours begin: {local} in {zone} ({told_by})",
    "waits": "waits for something to happen, until {at} at the latest",
}


@dataclass(frozen=True)
class Standing:
    """A run under way, its journey, and the text of the version that it is on. Times are instants in UTC."""

    run_id: int
    person_id: int
    journey: str
    status: str
    is_leaving: bool
    version: int
    text: str
    visit: int
    node: str
    waiting: bool
    entered_at: datetime
    arrived_at: datetime
    due_at: datetime

    @property
    def graph(self) -> Graph:
        """Return the typed graph."""
        return parsed(self.text)

    def run(self) -> Due:
        """Return the run as nodes know it."""
        return Due(self.run_id, self.person_id, self.visit, self.waiting, self.entered_at, self.arrived_at, self.due_at)


def find_ahead(ws: Scope, person_id: int, now: datetime, *, journey: str | None = None) -> list[dict[str, Any]]:
    """Return what is ahead of a person in each run under way, what comes soonest first; `at` null: nobody knows when."""
    found = ws.into(Standing, QUERIES.find_standing, person_id=person_id, journey=journey, limit=MOST)
    told = [_tell(ws, one, now) for one in found]
    return sorted(told, key=lambda one: (one["at"] is None, one["at"] or ""))


def _tell(ws: Scope, one: Standing, now: datetime) -> dict[str, Any]:
    node = one.graph.nodes[one.node]
    code, at, life = _when(ws, one, node, now)
    clock = None if life is None or at is None else _clock(node, life, at)
    if clock is not None and node.kind == "delay" and isinstance(node.until, AtBestHour):
        clock["best"] = find_best(ws, [one.person_id], one.graph.send_window)[one.person_id]._asdict()
    text = SAID[code].format(at=at and at.isoformat(), **(_words(clock) if clock else {}))
    return {
        "run_id": one.run_id,
        "journey": one.journey,
        "names": one.graph.names,
        "version": one.version,
        "node": one.node,
        "code": code,
        "text": text,
        "at": at and at.isoformat(),
        "clock": clock,
        "ways": _ways(one.graph, node),
        "changes": _changes(one, node, code),
        "nodes": {name: msgspec.to_builtins(one.graph.nodes[name]) for name in {one.node, *node.exits().values()}},
    }


def _when(ws: Scope, one: Standing, node: Kind, now: datetime) -> tuple[str, datetime | None, Life | None]:
    """Say what keeps the run, until when, and by whose clock if by one."""
    if one.is_leaving:
        return "moving", None, None
    if one.status == "paused":
        return "paused", None, None
    if node.kind == "delay" and node.until is not None:
        # It is reckoned here too for who still rests: it is not in the row before the node has looked.
        at = one.due_at if one.waiting else find_moments(ws, node, [one.run()], one.graph.send_window)[one.run_id]
        attribute = node.until.attribute if isinstance(node.until, AtDate) else None
        if at is not None and at > now:
            return "until", at, find_lives(ws, [one.person_id], attribute)[one.person_id]
    if one.due_at <= now:
        return "due", one.due_at, None
    if node.kind == "send" and one.waiting:
        return "window", one.due_at, find_lives(ws, [one.person_id])[one.person_id]
    return "fallback" if node.kind == "send" else "waits" if node.conditions() else "rests", one.due_at, None


def _clock(node: Kind, life: Life, at: datetime) -> dict[str, Any]:
    clock: dict[str, Any] = {"local": f"{at.astimezone(zone_named(life.zone)):%Y-%m-%d %H:%M}", "zone": life.zone, "told_by": life.told_by}
    if node.kind == "delay" and isinstance(node.until, AtBusinessDay):
        clock["country"] = node.until.country or life.country or country_of_zone(life.zone)
    return clock


def _words(clock: dict[str, Any]) -> dict[str, Any]:
    return {**clock, "told_by": TOLD_BY[clock["told_by"]]}


def _ways(graph: Graph, node: Kind) -> list[dict[str, Any]]:
    """Return the ways on: what each asks, if it asks something, and the step that it leads to."""
    asked = node.conditions()
    if node.kind == "wait":
        asked = {"met": node.until}
    return [
        {"edge": edge, "to": to, "kind": graph.nodes[to].kind, "if": to_json(asked[edge]) if edge in asked else None}
        for edge, to in node.exits().items()
    ]


def _changes(one: Standing, node: Kind, code: str) -> list[dict[str, Any]]:
    """Return what could make it come otherwise: the goal and the exits, what a wait is for, and what its moment is reckoned from."""
    found = [_change("goal", one.graph.goal)] if one.graph.goal is not None else []
    found += [_change("exit", tree) for tree in one.graph.exit_on]
    if node.kind == "wait":
        found.append(_change("met", node.until))
    if code in {"until", "window"}:
        found.append({"code": "zone"})
    if node.kind == "delay" and isinstance(node.until, AtDate):
        found.append({"code": "attribute", "attribute": node.until.attribute})
    return [*found, {"code": "started" if code == "paused" else "paused"}]


def _change(code: str, tree: Condition) -> dict[str, Any]:
    return {"code": code, "if": to_json(tree)}


def find_messages(ws: Scope, person_id: int) -> list[dict[str, Any]]:
    """Return a person's messages that wait to leave, by when they may."""
    return ws.all(QUERIES.find_messages, person_id=person_id, limit=MOST)
