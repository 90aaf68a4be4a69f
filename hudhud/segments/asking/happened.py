"""What a batch's own events say: who did what, when and with which properties; and whom that may move, which way.

Of an event whose filter it does not pass, or that lies outside the window, nobody moves; of one more that can only let people in, nobody leaves.
What the passage of time changes is looked for apart from this (keeping/flips.py).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pyroaring import BitMap64

from hudhud.segments.asking.partial import Partly
from hudhud.segments.conditions.atoms import Came, Did, key, names
from hudhud.segments.conditions.nodes import TAKE_NUMBERS
from hudhud.segments.conditions.passing import MISSING, UNSURE, Said, comes_to, compares, number
from hudhud.segments.types import Between, Last, SinceEntry, to_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.segments.conditions.atoms import OfEvents, OfOne
    from hudhud.segments.types import Touched, Where, Window

BEGINNING = datetime.min.replace(tzinfo=UTC)
# The largest can only become larger, the smallest smaller; of what is not less than nothing the sum only grows.
GROWING = {"max": ("more_than", "at_least"), "min": ("less_than", "at_most")}
OVER = ("more_than", "at_least")


class Movers(NamedTuple):
    """For whom a batch's events may make an atom true, and for whom false."""

    true: BitMap64
    false: BitMap64


class Happened:
    """The events of a batch, by name, as seen at `now`; each question is answered once."""

    def __init__(self, touched: Touched, now: datetime) -> None:
        """Take what the batch says; what it does not say (when, or what) may be anything."""
        self._doers = touched.doers or {}
        self._instants, self._properties, self._behind = touched.instants, touched.properties, touched.behind
        self._now = now
        self._at: dict[str, list[int]] = {}
        self._said: dict[str, list[Said]] = {}
        self._passing: dict[tuple[str, str], list[bool | None]] = {}
        self._counted: dict[tuple[str, int, int], Counter[int]] = {}
        self._everybody: dict[str, BitMap64] = {}
        self._movers: dict[str, Movers] = {}

    def count(self, atom: Did) -> Counter[int] | None:
        """Return how often each certainly did it by now, in the atom's window; None: nobody knows when."""
        if self._instants is None or atom.name not in self._doers or isinstance(atom.window, SinceEntry):
            return None
        first, last = self._bounds(atom)
        if not atom.where:
            found = self._counted.get((atom.name, first, last))
            if found is None:
                found = self._counted[atom.name, first, last] = self._counter(atom, first, last)
            return found
        return self._counter(atom, first, last)

    def settle(self, atom: OfOne, people: BitMap64) -> Partly:
        """Return what the atom says of these people, who had done nothing of its name in its window before; nothing of whom that is not certain of."""
        numbers: dict[int, list[float]] = {}
        unsure = BitMap64()
        for place, person in self._possible(atom):
            if person in people:
                value = self._number(atom, place)
                if isinstance(value, int | float):
                    numbers.setdefault(person, []).append(value)
                elif value is UNSURE:
                    unsure.add(person)
        answers = {person: comes_to(atom, some) for person, some in numbers.items()}
        unsure |= BitMap64([person for person, answer in answers.items() if answer is None])
        true = BitMap64([person for person, answer in answers.items() if answer]) - unsure
        return Partly(true, people - true - unsure)

    def _number(self, atom: OfOne, place: int) -> object:
        if self._instants is None or not self._passes(atom.name, atom.where)[place]:
            return UNSURE
        if isinstance(atom, Did):
            return 1
        return UNSURE if self._properties is None else number(self._say(atom.name)[place].value(atom.path))

    def movers(self, atom: OfEvents) -> Movers:
        """Return whom these events may move."""
        name = key(atom)
        if name not in self._movers:
            self._movers[name] = self._find_movers(atom)
        return self._movers[name]

    def _find_movers(self, atom: OfEvents) -> Movers:
        if isinstance(atom, Did) and not atom.where and self._is_inside(atom):
            doers = self._doers_of(atom.name)
            return Movers(doers, doers if atom.exactly else BitMap64())
        if isinstance(atom, Did | Came):
            people: tuple[list[int], list[int]] = ([], [])
            for place, person in self._possible(atom):
                for may, some in zip(self._ways(atom, place), people, strict=True):
                    if may:
                        some.append(person)
            return Movers(*map(BitMap64, people))
        doers = BitMap64().union(*map(self._doers_of, names(atom)))
        return Movers(doers, doers)

    def _ways(self, atom: OfOne, place: int) -> tuple[bool, bool]:
        """Say whether one more such event may make the atom true, and whether false."""
        if isinstance(atom, Did):
            return True, atom.exactly > 0
        if atom.take not in TAKE_NUMBERS:
            return True, True
        added = UNSURE if self._properties is None else number(self._say(atom.name)[place].value(atom.path))
        if added is MISSING:
            return False, False
        if atom.op == "is_set":
            return True, False
        if atom.op in GROWING.get(atom.take, ()):
            return compares(added, atom.op, atom.value) is not False, False
        grows = atom.take == "sum" and atom.op in OVER and isinstance(added, int | float) and added >= 0
        return True, not grows

    def _possible(self, atom: OfOne) -> Iterator[tuple[int, int]]:
        """Yield (place, person) of the events that the atom may count."""
        doers, passing = self._doers.get(atom.name, ()), self._passes(atom.name, atom.where)
        whole = self._is_inside(atom)
        moments, (first, last) = ([] if whole else self.moments(atom.name)), ((0, 0) if whole else self._bounds(atom))
        for place, person in enumerate(doers):
            if passing[place] is not False and (whole or first <= moments[place] <= last):
                yield place, person

    def _counter(self, atom: Did, first: int, last: int) -> Counter[int]:
        those = zip(self._doers[atom.name], self.moments(atom.name), self._passes(atom.name, atom.where), strict=True)
        return Counter(person for person, at, passes in those if passes and first <= at <= last and person not in self._behind)

    def _passes(self, name: str, where: Sequence[Where]) -> Sequence[bool | None]:
        """Say of each event of a name whether it passes; None: nobody knows."""
        doers = self._doers.get(name, ())
        if not where or self._properties is None:
            return [None if where else True] * len(doers)
        found = self._passing.get((name, repr(where)))
        if found is None:
            found = self._passing[name, repr(where)] = [said.passes(where) for said in self._say(name)]
        return found

    def _say(self, name: str) -> list[Said]:
        assert self._properties is not None
        if name not in self._said:
            self._said[name] = [Said(raw) for raw in self._properties.get(name, ())]
        return self._said[name]

    def _doers_of(self, name: str) -> BitMap64:
        if name not in self._everybody:
            self._everybody[name] = BitMap64(self._doers.get(name, ()))
        return self._everybody[name]

    def moments(self, name: str) -> list[int]:
        """Return when the events of a name happened, in milliseconds, in the order of the batch."""
        assert self._instants is not None
        if name not in self._at:
            self._at[name] = [to_ms(at) for at in self._instants.get(name, ())]
        return self._at[name]

    def _is_inside(self, atom: OfOne) -> bool:
        """Say whether all events of its name lie in the window, as nearly always; or may, as nobody knows when they happened."""
        if self._instants is None or not self._doers.get(atom.name) or isinstance(atom.window, SinceEntry):
            return True
        moments = self.moments(atom.name)
        first, last = bounds(atom.window, self._now)
        return first <= min(moments) and max(moments) <= last

    def _bounds(self, atom: OfOne) -> tuple[int, int]:
        """Return the first and the last millisecond that counts, no further than there are events: windows of any length are then mostly the same."""
        first, last = bounds(atom.window, self._now)
        moments = self.moments(atom.name)
        return (max(first, min(moments)), min(last, max(moments))) if moments else (first, last)


def bounds(window: Window, now: datetime) -> tuple[int, int]:
    """Return the first and the last millisecond that counts: the same bounds as in expressions.py."""
    moment = to_ms(now)
    if isinstance(window, Last):
        return to_ms(now - window.length) + 1, moment
    if isinstance(window, Between):
        return to_ms(window.from_, up=True), min(moment, to_ms(window.to, up=True) - 1)
    return to_ms(BEGINNING), moment
