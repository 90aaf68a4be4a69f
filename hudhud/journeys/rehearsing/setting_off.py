"""Journeys that are rehearsed together start each other, and take people out of each other: what `start` and `leave` planned is done in the scratch world."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hudhud.journeys.acting.doing import STARTED
from hudhud.journeys.running import entries, moves
from hudhud.journeys.running.entries import Candidate
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.types import Due, Reason
from hudhud.kit import sql
from hudhud.kit.sql import numbers, texts

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.journeys.nodes.kinds import Kind
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")


class Planned(NamedTuple):
    """What a step is to do to other journeys' runs of a person, and what had started its own run."""

    run_id: int
    visit: int
    version_id: int
    person_id: int
    node: str
    at: datetime
    facts: str | None


def named_by(node: Kind) -> tuple[str, ...]:
    """Return the journeys that a step begins or ends runs of."""
    return (node.journey,) if node.kind == "start" else node.journeys if node.kind == "leave" else ()


class SettingOff:
    """Does so for the versions of one rehearsal; journeys that are not rehearsed with them are left alone."""

    def __init__(self, versions: list[Version]) -> None:
        """Look for steps that name one of the others."""
        self.by_key = {version.key: version for version in versions}
        self.by_id = {version.id: version for version in versions}
        self.steps = [
            (version.id, node_id)
            for version in versions
            for node_id, node in version.graph.nodes.items()
            if not self.by_key.keys().isdisjoint(named_by(node))
        ]

    def carry_out(self, ws: Scope) -> dict[int, list[Candidate]]:
        """End the runs that steps have others end; return who comes to which version, in the order of time."""
        if not self.steps:
            return {}
        ids, nodes = zip(*self.steps, strict=True)
        found = [Planned._make(row) for row in ws.rows(QUERIES.take_effects, version_ids=numbers(ids), nodes=texts(nodes))]
        coming: dict[int, list[Candidate]] = defaultdict(list)
        leaving: dict[str, list[Planned]] = defaultdict(list)
        for one in sorted(found, key=lambda one: (one.at, one.run_id, one.visit)):
            node = self.by_id[one.version_id].node(one.node)
            if node.kind == "start":
                other = self.by_key[node.journey]
                coming[other.id].append(_candidate(other, one))
            for key in named_by(node) if node.kind == "leave" else ():
                leaving[key].append(one)
        for key, some in leaving.items():
            if key in self.by_key:
                self._end(ws, self.by_key[key], some)
        return coming

    def _end(self, ws: Scope, version: Version, some: list[Planned]) -> None:
        people = numbers(sorted({one.person_id for one in some}))
        rows = ws.rows(MOVES.find_standing, journey_id=version.journey_id, version_id=version.id, person_ids=people)
        groups: dict[str, list[Decided]] = defaultdict(list)
        for row in rows:
            run, node_id = Due._make(row[:7]), row[7]
            by = next(
                (one for one in some if one.person_id == run.person_id and one.run_id != run.run_id and run.entered_at <= one.at), None
            )
            if by is not None:
                detail: dict[str, object] = {"journey": self.by_id[by.version_id].key, "run": by.run_id}
                groups[node_id].append(Decided(run, node_id, max(by.at, run.arrived_at), detail))
        for node_id, runs in groups.items():
            moves.end(ws, version, node_id, "left", runs, Reason.OTHER_JOURNEY)


def _candidate(other: Version, one: Planned) -> Candidate:
    facts = msgspec.json.decode(one.facts) if one.facts else {}
    key = entries.key_of(facts, other.graph.run_key) if other.graph.run_key else ""
    return Candidate(one.person_id, one.at, key, STARTED, f"run:{one.run_id}:{one.visit}", (one.facts or "{}").encode())
