"""Many trees about the people named for each, by as few questions as it takes: what the batch says itself, then who they are, then what they did.

Of each condition it is asked only about whom it can still decide (partly.py). Who is gone is in nothing, but only whoever may enter, leave or
has changed is asked whether they live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.asking.ask import ask
from hudhud.segments.asking.partly import Known
from hudhud.segments.conditions.atoms import OfEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.asking.partial import Partly
    from hudhud.segments.asking.partly import Wanted
    from hudhud.segments.conditions.atoms import Atom
    from hudhud.segments.types import Condition


@dataclass(slots=True)
class Inquiry:
    """Trees by number, of whom an answer is wanted in each, and what is known of it so far."""

    ch: Client
    workspace_id: int
    now: datetime
    trees: Mapping[int, Condition]
    asked: Mapping[int, BitMap64]
    known: Known
    merged: Sequence[tuple[int, int]] | None = None  # (actor, survivor): into anybody asked about, where that is known
    living: BitMap64 = field(default_factory=BitMap64)
    looked_up: BitMap64 = field(default_factory=BitMap64)  # whether they live

    def answer(self, suspects: BitMap64) -> dict[int, BitMap64]:
        """Return for whom of those asked about each tree is true; of who is gone that means something only for the `suspects`."""
        self._ask(_is_fact, suspects)
        self._ask(_is_of_events, BitMap64())
        found = {number: self.known.judge(tree, self.asked[number]).true for number, tree in self.trees.items()}
        return {number: people - (self.looked_up - self.living) for number, people in found.items()}

    def find_living(self, people: BitMap64) -> BitMap64:
        """Return who of these lives."""
        self._look_up(people - self.looked_up, [], {})
        return self.living & people

    def _ask(self, only: Callable[[Atom], bool], suspects: BitMap64) -> None:
        wanted: Wanted = {}
        for number, tree in self.trees.items():
            self.known.missing(tree, self.asked[number], wanted, only=only)
        self._look_up(suspects.union(*(people for _, people in wanted.values())), [atom for atom, _ in wanted.values()], wanted)

    def _look_up(self, people: BitMap64, atoms: list[Atom], wanted: Wanted) -> None:
        if not people:
            return
        of_whom = {name: some for name, (_, some) in wanted.items()}
        lives = not atoms or not isinstance(atoms[0], OfEvents)
        facts = ask(self.ch, self.workspace_id, atoms, self.now, people, wanted=of_whom, lives=lives, merged=self.merged)
        self.known.take(facts, wanted)
        if lives:
            self.living |= facts.living
            self.looked_up |= people


def inquire(
    ch: Client,
    workspace_id: int,
    now: datetime,
    definitions: Definitions,
    trees: Mapping[int, Condition],
    asked: Mapping[int, BitMap64],
    seen: Mapping[str, Partly],
    merged: Sequence[tuple[int, int]] | None = None,
) -> Inquiry:
    """Begin with what was `seen` of atoms (by their keys) without asking, and with who was `merged` into these people if that is known."""
    return Inquiry(ch, workspace_id, now, trees, asked, Known(definitions, dict(seen)), merged)


def _is_fact(atom: Atom) -> bool:
    return not isinstance(atom, OfEvents)


def _is_of_events(atom: Atom) -> bool:
    return isinstance(atom, OfEvents)
