"""Atoms: the positive questions that leaves come down to, so that `is` and `is_not`, `did` and `did not` share one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.segments.types import Attribute, Consent, Event, SinceEntry

if TYPE_CHECKING:
    from hudhud.segments.types import Op, Where, Window

# A leaf with the operator on the left is true for exactly those for whom the one on the right is not.
OPPOSITE: dict[Op, Op] = {"is_not": "is", "is_not_set": "is_set"}


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

    @property
    def since_entry(self) -> bool:
        """Whether each asker has a moment of their own."""
        return isinstance(self.window, SinceEntry)

    @property
    def scan(self) -> tuple[str, bool, bool]:
        """Atoms with the same scan are answered by reading the events once."""
        return (self.name, self.since_entry, self.counted)


@dataclass(frozen=True, slots=True)
class Reachable:
    """There is an address for this channel that is not suppressed."""

    channel: str


Fact = Attribute | Consent | Reachable  # answered by one row of the mirror of people
Atom = Did | Fact


def key(atom: Atom) -> str:
    """Return what tells atoms apart (to Python `True`, 1 and 1.0 are equal; to a condition they are not)."""
    return repr(atom)


def to_atom(leaf: Attribute | Event | Consent) -> tuple[Atom, bool]:
    """Return the leaf's atom, and whether the leaf is true (or else false) for the people in its set."""
    if isinstance(leaf, Event):
        return _to_did(leaf)
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
