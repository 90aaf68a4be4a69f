"""Runs that start again from a step, because an operator says so: what they pass acts on them once more, deliberately.

A run goes on with a new visit, so that its messages and what its steps set off are new ones, each in the log with who ordered it. An order says as of
when it was made; who has come to the step since, or was moved by this very order, is not moved: the same request again changes nothing. Who has
left the journey is not in it any more: let them enter anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.journeys.editing.changeover import COUNT_FLOW, MOVED_TO
from hudhud.journeys.queries import get_journey
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.version import parsed
from hudhud.journeys.types import JourneyBusy, Reason
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.running", "rerun.sql")
LIMIT = 5_000


@dataclass(frozen=True)
class Order:
    """From which step runs start again, and which: one, or all that stood on a step at a moment."""

    to: str
    as_of: datetime
    run_id: int | None = None
    standing: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that the order means: where it stands."""

    run_id: int
    version_id: int
    number: int
    text: str
    node: str
    visit: int
    is_leaving: bool


@dataclass(frozen=True)
class Again:
    """What an order does: how many runs start again, what they passed before and may pass once more, whether more of them follow."""

    runs: int
    sends: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    is_more: bool
    as_of: datetime


def look(ws: Scope, key: str, order: Order) -> Again:
    """Say what an order would do; changes nothing. Raises `JourneyNotFound`, `InvalidInput`, `JourneyBusy`."""
    return _tell(ws, order, _find(ws, key, order))


def carry_out(ws: Scope, key: str, order: Order, now: datetime, *, by: str) -> Again:
    """Start up to `LIMIT` runs again, in one transaction; raises as `look`."""
    found = _find(ws, key, order, hold=True)
    told = _tell(ws, order, found)
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for one in found:
        groups[one.version_id, one.node].append(one.run_id)
    detail = msgspec.json.encode({"to": order.to, "by": by}).decode()
    for (version_id, node_id), run_ids in groups.items():
        given = {"version_id": version_id, "node": node_id, "to": order.to, "run_ids": numbers(run_ids), "now": now}
        ws.run(QUERIES.start_again, **given, reason=Reason.RERUN, detail=detail)
        flow = Counter({(node_id, "moved"): len(run_ids), ("", MOVED_TO + order.to): len(run_ids)})
        nodes, edges = zip(*flow, strict=True)
        ws.run(COUNT_FLOW, version_id=version_id, nodes=texts(nodes), edges=texts(edges), counts=list(flow.values()))
    if found:
        which = {"run_id": order.run_id} if order.run_id is not None else {"standing": order.standing}
        record_audit(ws, now, by, "journey.rerun", f"journey:{key}", node=order.to, runs=len(found), **which)
        ws.run(MOVES.ring)
    return told


def _find(ws: Scope, key: str, order: Order, *, hold: bool = False) -> list[Candidate]:
    if (order.run_id is None) == (order.standing is None):
        raise InvalidInput("run_id", order.run_id, "say which: one run by `run_id`, or all who stand on a step by `standing`")
    journey = get_journey(ws, key)
    query = QUERIES.hold_runs if hold else QUERIES.find_runs
    where = {"journey_id": journey["id"], "run_id": order.run_id, "standing": order.standing, "as_of": order.as_of}
    found = ws.into(Candidate, query, **where, limit=LIMIT)
    if any(one.is_leaving for one in found):
        raise JourneyBusy(f"{key}: people are being moved to another version; try again when that is done", key=key)
    for version, text in {one.number: one.text for one in found}.items():
        if order.to not in parsed(text).nodes:
            raise InvalidInput(
                "node", order.to, f"version {version} of {key}, which these people are on, has no such step: name one that it has"
            )
    return found


def _tell(ws: Scope, order: Order, found: Sequence[Candidate]) -> Again:
    ahead = {step for text in {one.text for one in found} for step in _ahead(parsed(text), order.to)}
    run_ids = numbers(one.run_id for one in found)
    passed = ws.all(QUERIES.count_passed, run_ids=run_ids, steps=sorted(ahead))
    sends = [row for row in passed if row["reason"] in {Reason.MESSAGE_PLANNED, Reason.WINDOW_OPENED}]
    effects = [row for row in passed if row not in sends]
    return Again(len(found), sends, effects, is_more=len(found) == LIMIT, as_of=order.as_of)


def _ahead(graph: Graph, start: str) -> set[str]:
    """Return the step and all that can come after it."""
    seen: set[str] = set()
    left = [start]
    while left:
        step = left.pop()
        if step not in seen:
            seen.add(step)
            left += graph.targets(step)
    return seen
