"""What is known of an answer before all of it is asked: for whom a tree is true, for whom false; of the others it is not known.

The events of a batch say themselves that somebody did something (once in so many days: that was it), and an attribute often settles the rest of a condition.
Whoever's answer is settled so is not asked about what else the condition says: reading histories is what costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.asking.partial import Partly
from hudhud.segments.asking.sets import Listed
from hudhud.segments.conditions.atoms import Did, key, to_atom
from hudhud.segments.types import And, Not, Or, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hudhud.segments.asking.ask import Definitions, Facts
    from hudhud.segments.asking.happened import Happened
    from hudhud.segments.conditions.atoms import Atom
    from hudhud.segments.types import Condition

Wanted = dict[str, tuple["Atom", BitMap64]]  # an atom's key -> the atom, and of whom its answer is wanted


NOTHING = Partly()


@dataclass(slots=True)
class Known:
    """What is known of atoms, by their keys; trees are answered from it as far as it goes."""

    definitions: Definitions
    atoms: dict[str, Partly] = field(default_factory=dict)
    # What was found of segments, and for whom: they may name each other in endlessly many ways.
    _segments: dict[int, tuple[BitMap64, Partly]] = field(default_factory=dict)

    def learn(self, name: str, people: BitMap64, true: BitMap64) -> None:
        """Take over the answer about these people: `true` for some of them, false for the others."""
        self._segments.clear()
        before = self.atoms.get(name, NOTHING)
        self.atoms[name] = Partly(before.true | (true & people), before.false | (people - true))

    def take(self, facts: Facts, wanted: Wanted) -> None:
        """Take over what was asked."""
        for name, (_, people) in wanted.items():
            self.learn(name, people, facts.sets.get(name, BitMap64()))

    def judge(self, tree: Condition, people: BitMap64) -> Partly:
        """Return for which of these people the tree is known to be true, and false."""
        if isinstance(tree, And | Or):
            return self._judge_all(tree, people)
        if isinstance(tree, Not):
            return ~self.judge(tree.of, people)
        if isinstance(tree, Segment):
            inner = self._judge_segment(tree.segment_id, people)
            return inner if tree.member else ~inner
        atom, positive = to_atom(tree)
        found = self.atoms.get(key(atom), NOTHING).among(people)
        return found if positive else ~found

    def _judge_segment(self, segment_id: int, people: BitMap64) -> Partly:
        meant = self.definitions[segment_id]
        if isinstance(meant, Listed):
            return Partly(people & meant.people, people - meant.people)
        asked, found = self._segments.get(segment_id, (BitMap64(), NOTHING))
        if not people <= asked:
            found = self.judge(meant, people)
            self._segments[segment_id] = people, found
        return found.among(people)

    def _judge_all(self, tree: And | Or, people: BitMap64) -> Partly:
        """Of `and` one false part settles it, of `or` a true one."""
        undecided, settled = people, BitMap64()  # undecided: not settled by a part so far, and every part known
        rest = people
        for child in tree.of:
            part = self.judge(child, rest)
            ends, goes_on = (part.false, part.true) if isinstance(tree, And) else (part.true, part.false)
            settled |= ends
            rest = rest - ends
            undecided = undecided & goes_on
        return Partly(undecided, settled) if isinstance(tree, And) else Partly(settled, undecided)

    def missing(self, tree: Condition, people: BitMap64, wanted: Wanted, *, only: Callable[[Atom], bool]) -> None:
        """Add to `wanted` what must be asked about which of these people for the tree to be known."""
        self._missing(tree, people, wanted, only, {})

    def _missing(self, tree: Condition, people: BitMap64, wanted: Wanted, only: Callable[[Atom], bool], seen: dict[int, BitMap64]) -> None:
        """`seen`: of which segments it has been said already, and of whom."""
        people = self.judge(tree, people).open(people)
        if isinstance(tree, Segment):
            people -= seen.get(tree.segment_id, BitMap64())
        if not people:
            return
        if isinstance(tree, And | Or):
            for child in tree.of:
                self._missing(child, people, wanted, only, seen)
        elif isinstance(tree, Not):
            self._missing(tree.of, people, wanted, only, seen)
        elif isinstance(tree, Segment):
            meant = self.definitions[tree.segment_id]
            if not isinstance(meant, Listed):
                seen[tree.segment_id] = seen.get(tree.segment_id, BitMap64()) | people
                self._missing(meant, people, wanted, only, seen)
        else:
            atom = to_atom(tree)[0]
            if only(atom):
                name = key(atom)
                wanted[name] = (atom, wanted[name][1] | people if name in wanted else people)


def see(atoms: Iterable[Atom], happened: Happened) -> dict[str, Partly]:
    """Return what the events of a batch alone say: who has done something so often by now, or too often. What they say of amounts is not looked at."""
    found: dict[str, Partly] = {}
    for atom in atoms:
        times = happened.count(atom) if isinstance(atom, Did) else None
        if isinstance(atom, Did) and times is not None:
            often = BitMap64([person for person, number in times.items() if number >= (atom.exactly + 1 if atom.exactly else atom.least)])
            found[key(atom)] = Partly(false=often) if atom.exactly else Partly(true=often)
    return found
