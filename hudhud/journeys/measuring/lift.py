"""Lift: how much more often those reach the goal whom a journey acts on than those whom it holds out; and how the shares of a split do.

Of each person who drew a lot: which way they went first, and whether they reached the goal since. The interval of the difference is Newcombe's, of two Wilson
scores (Statistics in Medicine 17, 1998, method 10): it holds for small groups, too, and for none who reached it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from hudhud.journeys.queries import get_version
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
# Of the normal distribution: 95 in 100 lie within.
Z95 = 1.959964


@dataclass(frozen=True)
class Group:
    """People who went one way: how many, how many of them reached the goal, how many of the others are still under way."""

    people: int
    goal: int
    open: int

    @property
    def rate(self) -> float | None:
        """Return which part of them reached it, of 1; None of nobody."""
        return self.goal / self.people if self.people else None

    def told_bounds(self) -> dict[str, float | None]:
        """Return the bounds by their names; None of nobody."""
        low, high = self.bounds() if self.people else (None, None)
        return {"low": low, "high": high}

    def bounds(self) -> tuple[float, float]:
        """Return between which rates the true one lies in 95 of 100 cases (Wilson 1927)."""
        rate, n = self.goal / self.people, self.people
        middle, half = rate + Z95**2 / (2 * n), Z95 * sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n * n))
        return (middle - half) / (1 + Z95**2 / n), (middle + half) / (1 + Z95**2 / n)


@dataclass(frozen=True)
class Lift:
    """By how much the rate of one group lies above that of another, in parts of one, and between which bounds the truth is."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Draw:
    """A step that draws lots, and what became of those who went each way; the lift is that over the held out."""

    node: str
    ways: dict[str, Group]
    lift: Lift | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        ways = {edge: {**vars(group), "rate": group.rate, **group.told_bounds()} for edge, group in self.ways.items()}
        return {"node": self.node, "ways": ways, "lift": vars(self.lift) if self.lift else None}


def compare(one: Group, other: Group) -> Lift | None:
    """Return the lift of one group over another; of nobody in one of them nothing is said."""
    if one.rate is None or other.rate is None:
        return None
    difference = one.rate - other.rate
    (low, high), (other_low, other_high) = one.bounds(), other.bounds()
    down = sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2)
    up = sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2)
    return Lift(difference, difference - down, difference + up)


def find_draws(ws: Scope, key: str) -> list[Draw]:
    """Return what each step of the journey's current version that draws lots has shown, in all versions that had it; raises `JourneyNotFound`."""
    version, _ = get_version(ws, key)
    nodes = {node_id: node for node_id, node in version.graph.nodes.items() if node.kind in {"split", "holdout"}}
    if not nodes:
        return []
    counted = {(row[0], row[1]): Group(*row[2:]) for row in ws.rows(QUERIES.count_lots, journey_id=version.journey_id, nodes=list(nodes))}
    found = []
    for node_id, node in nodes.items():
        ways = {edge: counted.get((node_id, edge), Group(0, 0, 0)) for edge in node.exits()}
        found.append(Draw(node_id, ways, compare(ways["next"], ways["held"]) if node.kind == "holdout" else None))
    return found
