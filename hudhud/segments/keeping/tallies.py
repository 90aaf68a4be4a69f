"""How often people did what, as far as segments ask: remembered, so that a batch need not read histories to know it.

For each name and window that live segments count without a filter there is a set of people for each number of times up to the highest that is asked for (at least once, at
least twice, …). A batch adds its own events. What else changes a count makes people *doubtful*: they are asked about as if nothing were remembered, until the sets are made anew.
Doubtful are: whose events come into the window or leave it before `until`; who was joined with somebody; of whom a batch does not say exactly what happened, or whose events ClickHouse
may have had already when the sets were made. After `until` nothing is believed before it was looked who is doubtful next. What deletes events deletes the sets.
All of it is written under the lock of the workspace's row in `segment_known`, in the transaction of the decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from pyroaring import BitMap64

from hudhud.kit import sql
from hudhud.segments.asking.partial import Partly
from hudhud.segments.asking.sets import dump, load
from hudhud.segments.conditions.atoms import Came, Did, OfOne, key
from hudhud.segments.conditions.nodes import TAKE_NUMBERS
from hudhud.segments.keeping.stored import LEAST_FOLDED, PART_FOLDED, Sets
from hudhud.segments.types import MILLISECOND, Ever, Last, to_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.happened import Happened
    from hudhud.segments.conditions.atoms import Atom
    from hudhud.segments.types import Touched, Window

QUERIES = sql.load("hudhud.segments.keeping", "tallies.sql")
MOST_TIMES = 5  # more often than that is not remembered
SHORTEST = timedelta(hours=1)  # so are shorter windows: nearly everybody in them is doubtful
AHEAD = timedelta(minutes=10)  # so far ahead is looked who is doubtful
MOST_KEPT = 64 * 2**20  # bytes of sets that a process remembers
FEW_DOUBTFUL, PART_DOUBTFUL = 1_000, 50  # more of them, and more than this part of those who did it: the sets are made anew

Place = tuple[str, int]  # event name, length of the window in milliseconds; 0: all time
NOWHERE: Place = ("", -1)
_kept = Sets(MOST_KEPT)


def place_of(atom: Atom) -> Place | None:
    """Return where the answer to an atom is remembered; None: it is not."""
    return _place(atom) if isinstance(atom, Did) and not atom.where and times_of(atom) <= MOST_TIMES else None


def ground_of(atom: Atom) -> Place | None:
    """Return where it is remembered who did anything that an atom with filters, or an amount, may count: of whom did not, the batch's own events are all there is."""
    is_amount = isinstance(atom, Came) and atom.take in TAKE_NUMBERS
    return _place(atom) if is_amount or (isinstance(atom, Did) and atom.where) else None


def _place(atom: Atom) -> Place | None:
    assert isinstance(atom, OfOne)
    if isinstance(atom.window, Ever):
        return atom.name, 0
    return (atom.name, atom.window.length // MILLISECOND) if isinstance(atom.window, Last) and atom.window.length >= SHORTEST else None


def times_of(atom: Did) -> int:
    """Return up to how often it has to be counted."""
    return atom.exactly + 1 if atom.exactly else atom.least


def to_atom(place: Place, times: int) -> Did:
    """Return the question that a set answers."""
    name, length = place
    window: Window = Last(length * MILLISECOND // timedelta(minutes=1), "minutes") if length else Ever()
    return Did(name, window, (), times)


@dataclass(slots=True)
class Tally:
    """What is remembered of one place: `levels[n]` are those who did it more than n times, but for those that have `turned` since these were written."""

    place: Place
    version: UUID
    turned: list[BitMap64]
    doubtful: BitMap64
    until: datetime
    since_row: int  # events of rows of the log up to this one may have been counted when the sets were made
    size: int
    levels: list[BitMap64] = field(default_factory=list)
    is_changed: bool = False
    before: BitMap64 | None = None  # who of a batch had done it before; None: the batch has nothing of the name

    def among(self, people: BitMap64) -> list[BitMap64]:
        """Return who of these people did it at least once, who at least twice, and so on."""
        return [(level & people) ^ (turned & people) for level, turned in zip(self.levels, self.turned, strict=True)]

    def doubt(self, people: Collection[int] | BitMap64) -> None:
        """Believe nothing of these people any more."""
        more = BitMap64(people) - self.doubtful
        if more:
            self.doubtful |= more
            self.is_changed = True

    @property
    def is_poor(self) -> bool:
        """Whether so many are doubtful that it is worth making it anew."""
        return len(self.doubtful) > max(FEW_DOUBTFUL, len(self.levels[0]) // PART_DOUBTFUL)


class Tallies:
    """What is remembered in a workspace, at one decision, which adds its batch to it."""

    def __init__(self, found: Mapping[Place, Tally], now: datetime, people: BitMap64) -> None:
        """Begin with what was read; `people` are those of the batch."""
        self.found, self.now, self.people = found, now, people
        self._reached: dict[Place, list[BitMap64]] = {}

    def recall(self, atoms: Iterable[Atom], happened: Happened) -> dict[str, Partly]:
        """Return what is known of atoms about the people of the batch, by the atoms' keys."""
        known: dict[str, Partly] = {}
        for atom in atoms:
            place, ground = place_of(atom), ground_of(atom)
            tally = self.found.get(place or ground or NOWHERE)
            if tally is None or self.now >= tally.until or not isinstance(atom, OfOne):
                continue
            trusted = self.people - tally.doubtful
            if ground is not None:
                before = self._among(tally)[0] if tally.before is None else tally.before
                known[key(atom)] = happened.settle(atom, trusted - before)
            elif isinstance(atom, Did) and times_of(atom) <= len(tally.levels):
                levels = self._among(tally)
                those = levels[atom.exactly - 1] - levels[atom.exactly] if atom.exactly else levels[atom.least - 1]
                known[key(atom)] = Partly(those & trusted, trusted - those)
        return known

    def _among(self, tally: Tally) -> list[BitMap64]:
        if tally.place not in self._reached:
            self._reached[tally.place] = tally.among(self.people)
        return self._reached[tally.place]

    @property
    def is_due(self) -> bool:
        """Whether somebody should look after them soon."""
        return any(tally.is_poor or tally.until < self.now + AHEAD / 2 for tally in self.found.values())


def open_tallies(ws: Scope, now: datetime, people: BitMap64) -> Tallies:
    """Return what is remembered, for a decision about these people."""
    return Tallies(read_tallies(ws), now, people)


def take_tallies(tallies: Tallies, touched: Touched, happened: Happened, fresh: BitMap64, merged: Sequence[tuple[int, int]]) -> None:
    """Add what happened in the batch. Of whom the segments do not know (`fresh`), and who was ever joined with somebody and has changed, nothing is believed."""
    joined = BitMap64([person for _, person in merged])
    unknown = fresh - (BitMap64(touched.created) - BitMap64(touched.behind) - joined)
    unknown |= joined if touched.changed is None else joined & BitMap64(touched.changed)
    for tally in tallies.found.values():
        tally.doubt(unknown)
        if tally.place[0] in touched.event_names:
            tally.doubt(_find_doubtful(tally, touched, happened, tallies.now))
            _add(tally, happened, tallies.people - tally.doubtful)


def _find_doubtful(tally: Tally, touched: Touched, happened: Happened, now: datetime) -> Collection[int]:
    name, length = tally.place
    if touched.doers is None:
        return touched.person_ids
    doers = touched.doers.get(name, ())
    if touched.instants is None or touched.first_row is None or touched.first_row <= tally.since_row:
        return doers
    # What comes to count, or to count no longer, before `until`.
    moment, end = to_ms(now), to_ms(tally.until, up=True)
    moments = happened.moments(name)
    if not moments or (max(moments) <= moment and (not length or min(moments) + length > end)):
        return ()
    turns = zip(doers, moments, strict=True)
    return [who for who, at in turns if moment < at <= end or (length and moment < at + length <= end)]


def _add(tally: Tally, happened: Happened, people: BitMap64) -> None:
    """Whoever did it n times before and m times now has done it n + m times."""
    times: Mapping[int, int] = happened.count(to_atom(tally.place, 1)) or {}
    places = range(len(tally.levels))
    now = [BitMap64([who for who, number in times.items() if number > place]) & people for place in places]
    before = tally.among(people)
    tally.before = before[0]
    for place in places:
        after = before[place].union(now[place], *(before[place - more - 1] & now[more] for more in range(place)))
        if new := after - before[place]:
            tally.turned[place] ^= new
            tally.is_changed = True


def read_tallies(ws: Scope) -> dict[Place, Tally]:
    """Return what is remembered, the sets themselves not to be changed."""
    found = {
        (row[0], row[1]): Tally((row[0], row[1]), row[2], _unpack(row[3]), load(row[4]), row[5], row[6], row[7])
        for row in ws.rows(QUERIES.read_tallies)
    }
    missing = [place for place, tally in found.items() if not _recall_levels(tally)]
    if missing:
        raw = ws.rows(QUERIES.read_levels, names=[place[0] for place in missing], lengths=[place[1] for place in missing])
        for name, length, levels in raw:
            tally = found[name, length]
            tally.levels = _unpack(levels)
            _remember_levels(tally, len(levels))
    return found


def _recall_levels(tally: Tally) -> bool:
    levels = [_kept.get((tally.version, number)) for number in range(len(tally.turned))]
    tally.levels = [level for level in levels if level is not None]
    return len(tally.levels) == len(tally.turned)


def _remember_levels(tally: Tally, size: int) -> None:
    for number, level in enumerate(tally.levels):
        _kept.put((tally.version, number), level, size // len(tally.levels))


def write_tallies(ws: Scope, tallies: Tallies) -> None:
    """Write down what a decision has changed, and whether somebody should look after them."""
    save(ws, tallies.found.values())
    if tallies.is_due:
        look_at_tallies(ws)


def save(ws: Scope, tallies: Iterable[Tally]) -> None:
    """Write down who turned and who is doubtful; the sets whole where many have turned since they were written."""
    changed = [tally for tally in tallies if tally.is_changed]
    rows = [(tally, _pack(tally.turned)) for tally in changed]
    whole = [tally for tally, turned in rows if len(turned) > max(LEAST_FOLDED, tally.size // PART_FOLDED)]
    for tally in whole:
        everybody = [level ^ turned for level, turned in zip(tally.levels, tally.turned, strict=True)]
        write_tally(ws, tally.place, everybody, tally.doubtful, tally.until, tally.since_row)
    light = [(tally, turned) for tally, turned in rows if tally not in whole]
    if light:
        ws.run(
            QUERIES.turn_tallies,
            names=[tally.place[0] for tally, _ in light],
            lengths=[tally.place[1] for tally, _ in light],
            turned=[turned for _, turned in light],
            doubtful=[dump(tally.doubtful) for tally, _ in light],
            untils=[tally.until for tally, _ in light],
        )


def write_tally(ws: Scope, place: Place, levels: Sequence[BitMap64], doubtful: BitMap64, until: datetime, since_row: int) -> None:
    """Write one whole."""
    nobody = _pack([BitMap64()] * len(levels))
    ws.run(
        QUERIES.write_tally,
        name=place[0],
        length=place[1],
        levels=_pack(levels),
        turned=nobody,
        doubtful=dump(doubtful),
        until=until,
        since_row=since_row,
    )


def doubt(ws: Scope, people: Iterable[int]) -> None:
    """Believe nothing of these people any more: their past is another one now."""
    found, some = read_tallies(ws), BitMap64(people)
    for tally in found.values():
        tally.doubt(some)
    save(ws, found.values())


def forget_tallies(ws: Scope, names: Iterable[str] | None = None) -> None:
    """Remember nothing of events of these names (or of any): they were deleted, or ClickHouse has some that nobody decided about."""
    ws.run(QUERIES.forget_tallies, names=None if names is None else sorted(set(names)))
    look_at_tallies(ws)


def look_at_tallies(ws: Scope) -> None:
    """Have the segments worker look after what is remembered."""
    ws.run(QUERIES.look_at_tallies)


def _pack(sets: Sequence[BitMap64]) -> bytes:
    return msgspec.msgpack.encode([dump(one) for one in sets])


def _unpack(raw: bytes) -> list[BitMap64]:
    return [load(one) for one in msgspec.msgpack.decode(raw, type=list[bytes])]
