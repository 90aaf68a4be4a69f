"""Merges: two people turn out to be one. Their runs go on under the survivor; what the survivor has already ends."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.journeys.running import moves
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.types import Due, Never, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope


@dataclass(frozen=True, slots=True)
class Stray:
    """A run under way of a person who has been merged into another."""

    run: Due
    node: str
    run_key: str
    survivor_id: int


def hand_over(ws: Scope, versions: Mapping[int, Version], person_ids: Sequence[int], now: datetime) -> None:
    """Give runs of people merged into `person_ids` to them."""
    groups: dict[int, list[Stray]] = defaultdict(list)
    for row in ws.rows(MOVES.find_merged, person_ids=list(person_ids)):
        groups[row[8]].append(Stray(Due._make(row[:7]), row[7], row[9], row[10]))
    for version_id, strays in groups.items():
        if version_id in versions:
            _hand_over(ws, versions[version_id], strays, now)


def _hand_over(ws: Scope, version: Version, strays: list[Stray], now: datetime) -> None:
    # Of two merged people with the same run, the first goes on.
    first = list({(one.survivor_id, one.run_key): one for one in reversed(strays)}.values())
    given = ws.rows(
        MOVES.hand_over,
        journey_id=version.journey_id,
        may_repeat=not isinstance(version.graph.reentry, Never),
        run_ids=[one.run.run_id for one in first],
        survivor_ids=[one.survivor_id for one in first],
        run_keys=[one.run_key for one in first],
    )
    kept = {row[0] for row in given}
    over: dict[str, list[Decided]] = defaultdict(list)
    for one in strays:
        if one.run.run_id not in kept:
            detail: dict[str, object] = {"survivor_id": one.survivor_id}
            over[one.node].append(Decided(one.run, one.node, max(now, one.run.arrived_at), detail))
    for node_id, runs in over.items():
        moves.end(ws, version, node_id, "merged", runs, Reason.PERSON_MERGED)
