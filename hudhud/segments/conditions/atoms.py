"""Atoms: the positive questions that leaves come down to, so that `is` and `is_not`, `did` and `did not` share one answer."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.segments.conditions.nodes import JOURNEY_EVENTS
from hudhud.segments.types import (
    Amount,
    Attribute,
    Company,
    Consent,
    Day,
    Engaged,
    Event,
    Ever,
    InJourney,
    Last,
    Place,
    RunAnswer,
    Sequence,
    Share,
    SinceEntry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.segments.types import Condition, Op, Step, Take, Value, Where, Window

# Windows of events of given people that are read together: up to two days, up to a month (two parts of the table), all else.
SPANS = (timedelta(days=2), timedelta(days=31))
# A leaf with the operator on the left is true for exactly those for whom the one on the right is not.
OPPOSITE: dict[Op, Op] = {"is_not": "is", "is_not_set": "is_set", "has_none": "has_any"}


@dataclass(frozen=True, slots=True)
class Did:
    """An event happened at least `least` times, or exactly `exactly` times."""

    name: str
    window: Window
    where: tuple[Where, ...]
    least: int = 1
    exactly: int = 0

    @property
    def counted(self) -> bool:
        """Whether one event is not answer enough."""
        return self.exactly > 0 or self.least > 1


@dataclass(frozen=True, slots=True)
class Came:
    """What the values of a property of the events come to compares so; the operator is never an opposite."""

    name: str
    window: Window
    where: tuple[Where, ...]
    path: str  # of the property
    take: Take
    op: Op
    value: Value

    @property
    def counted(self) -> bool:
        """It takes all events."""
        return True


@dataclass(frozen=True, slots=True)
class Followed:
    """One event came after another; `from_first`: `within` is counted from the first one, not from the one before."""

    steps: tuple[Step, ...]
    without: Step | None
    within: timedelta | None
    from_first: bool
    window: Window


@dataclass(frozen=True, slots=True)
class Staying:
    """There is a run in a journey that has begun and not ended."""

    journey: str

    @property
    def window(self) -> Window:
        """Everything counts that happened so far."""
        return Ever()


@dataclass(frozen=True, slots=True)
class Reachable:
    """There is an address for this channel that is not suppressed."""

    channel: str


@dataclass(frozen=True, slots=True)
class Together:
    """A tree that asks for nothing but facts, segments unfolded, as one question instead of one for each of its leaves."""

    tree: Condition


OfOne = Did | Came  # answered by the events of one name
OfEvents = OfOne | Followed | Staying
Fact = Attribute | Day | Place | Company | Share | Consent | Reachable  # answered by one row of the mirror of people
OfPeople = Fact | Together
Atom = OfEvents | OfPeople


def key(atom: Atom) -> str:
    """Return what tells atoms apart (to Python `True`, 1 and 1.0 are equal; to a condition they are not)."""
    return repr(atom)


def since_entry(atom: OfEvents) -> bool:
    """Say whether each asker has a moment of their own."""
    return isinstance(atom.window, SinceEntry)


def scan(atom: OfOne) -> tuple[str, bool, bool]:
    """Atoms about everybody that have the same scan are answered by reading the events of one name once."""
    return (atom.name, since_entry(atom), atom.counted)


def scan_of_some(atom: OfOne) -> tuple[bool, bool, int]:
    """Atoms about given people that have the same scan are answered by reading their events once.

    Properties are read only where they are asked about, and years only for who is asked about years: the last days of many people are few parts of the table.
    """
    return (since_entry(atom), isinstance(atom, Came) or bool(atom.where), _reach(atom.window))


def _reach(window: Window) -> int:
    """Return which of the spans that are read together a window ends in."""
    return bisect_left(SPANS, window.length) if isinstance(window, Last) else len(SPANS)


def names(atom: OfEvents) -> tuple[str, ...]:
    """Return the names of the events that an atom is answered by."""
    if isinstance(atom, Followed):
        return tuple(step.name for step in (*atom.steps, atom.without) if step is not None)
    return JOURNEY_EVENTS if isinstance(atom, Staying) else (atom.name,)


def all_names(atoms: Iterable[Atom]) -> set[str]:
    """Return the names of all events that any of these is answered by."""
    return {name for atom in atoms if isinstance(atom, OfEvents) for name in names(atom)}


def to_atom(
    leaf: Attribute | Event | Engaged | InJourney | Amount | Sequence | Day | Place | Company | Share | Consent | RunAnswer,
) -> tuple[Atom, bool]:
    """Return the leaf's atom, and whether the leaf is true (or else false) for the people in its set. What runs were answered is journeys' to decide."""
    if isinstance(leaf, RunAnswer):
        raise TypeError(f"run.{leaf.name} is decided before people are asked about")
    if isinstance(leaf, InJourney) and leaf.did == "is_in":
        return Staying(leaf.journey), True
    if isinstance(leaf, Event | Engaged | InJourney):
        return _to_did(leaf if isinstance(leaf, Event) else leaf.to_event())
    if isinstance(leaf, Sequence):
        within = leaf.within.length if leaf.within else None
        from_first = leaf.within is not None and leaf.within.after == "first"
        return Followed(leaf.steps, leaf.without, within, from_first, leaf.window), True
    if isinstance(leaf, Amount):
        op = OPPOSITE.get(leaf.op, leaf.op)
        return Came(leaf.name, leaf.window, leaf.where, leaf.property, leaf.take, op, leaf.value), op == leaf.op
    if isinstance(leaf, Attribute) and leaf.op in OPPOSITE:
        return Attribute(leaf.name, OPPOSITE[leaf.op], leaf.value), False
    return leaf, True


def _to_did(leaf: Event) -> tuple[Did, bool]:
    op, value = leaf.count.op, leaf.count.value
    if op == "at_most":
        return Did(leaf.name, leaf.window, leaf.where, least=value + 1), False
    if value == 0:
        return Did(leaf.name, leaf.window, leaf.where), False
    if op == "exactly":
        return Did(leaf.name, leaf.window, leaf.where, exactly=value), True
    return Did(leaf.name, leaf.window, leaf.where, least=value), True
