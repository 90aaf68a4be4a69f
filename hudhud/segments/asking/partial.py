"""Answers that are known of some people: for whom something holds, and for whom it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyroaring import BitMap64

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Partly:
    """For whom something is known to hold, for whom known not to."""

    true: BitMap64 = field(default_factory=BitMap64)
    false: BitMap64 = field(default_factory=BitMap64)

    def __invert__(self) -> Partly:
        """The opposite is known of the same people."""
        return Partly(self.false, self.true)

    def __or__(self, other: Partly) -> Partly:
        """What is known from either."""
        return Partly(self.true | other.true, self.false | other.false)

    def among(self, people: BitMap64) -> Partly:
        """Return what is known of these people."""
        return Partly(self.true & people, self.false & people)

    def open(self, people: BitMap64) -> BitMap64:
        """Return of which of these people it is not known."""
        return people - self.true - self.false


def join(one: Mapping[str, Partly], other: Mapping[str, Partly]) -> dict[str, Partly]:
    """Return what is known from either, by the atoms' keys."""
    found = dict(one)
    for name, more in other.items():
        found[name] = found[name] | more if name in found else more
    return found
