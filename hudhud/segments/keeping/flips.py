"""What the passage of time alone changes: when the next person may flip, and who may have flipped between two instants.

An event counts in `last 7 days` from its `at` (one that is dated ahead becomes true only then) until its `at` plus 7 days; dates are another number
of days away at every midnight where somebody lives. Nothing else in a condition moves by itself. Filters on properties and counts are left out here: it is cheaper to look at a few people too many.
"""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.asking.ask import find_merged, has_merged, parts, rows, run
from hudhud.segments.asking.sets import read_state
from hudhud.segments.conditions.atoms import OfEvents, names
from hudhud.segments.sql.compile import MAX_IDS, event_source
from hudhud.segments.sql.days import days_of, next_day, turned_between
from hudhud.segments.sql.expressions import date_text, id_list, instant, person_test
from hudhud.segments.sql.question import Question
from hudhud.segments.sql.statement import Statement
from hudhud.segments.types import EPOCH, MILLISECOND, Day, Last, to_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.segments.conditions.atoms import Atom

Flips = dict[tuple[str, int], int]  # (event name, length of the window or 0 for events dated ahead) -> instant, in milliseconds
# A flip by time is looked for this much later at most: a ten-thousandth of the window, half a second to 45; the look itself may take some seconds,
# and all of it a minute.
LEAST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=45)
# A look sees so far ahead in passing; only where nothing comes in that time is it asked for when something does.
AHEAD = timedelta(hours=1)
FEW_LENGTHS = 12  # windows of different length that each event is compared with rather than that names are read apart


@dataclass(frozen=True, slots=True)
class Turns:
    """Who may have flipped by the passage of time, and when the next may: by event name and length of the window; and whom dates have moved."""

    by_window: Mapping[tuple[str, int], BitMap64]
    by_date: BitMap64
    flips: Flips

    def people(self, atoms: Iterable[Atom]) -> BitMap64:
        """Return whose answer to one of these may be another one."""
        atoms = list(atoms)
        found = [self.by_window.get((name, length)) for name, lengths in _by_name(atoms) for length in (0, *lengths)]
        people = BitMap64().union(*(some for some in found if some is not None))
        return people | self.by_date if any(isinstance(atom, Day) for atom in atoms) else people


def find_turns(
    ch: Client, workspace_id: int, atoms: Iterable[Atom], since: datetime, now: datetime, arrived: Collection[int] | None = None
) -> Turns:
    """Return who may have flipped after `since`, up to `now`, and when the next may: one reading of when events happened, for all names and windows.

    `arrived`: when events between these two happened that were dated ahead as they came (milliseconds, future.py); the others were decided about then. None: it may be any.
    """
    atoms = list(atoms)
    found = dict(_by_name(atoms))
    together = _together(found)
    by_window: dict[tuple[str, int], BitMap64] = {}
    flips: Flips = {}
    question = Question(workspace_id, now, [], merged=has_merged(ch, workspace_id))
    if found:
        statement = Statement()
        statement.text = " UNION ALL ".join(
            _scan(statement, question, since, names, lengths, arrived) for lengths, names in together.items()
        )
        asked = {name: lengths for lengths, names in together.items() for name in names}
        for raw, states, firsts in rows(ch, statement):
            name = raw.decode()
            for length, state, first in zip(asked[name], states, firsts, strict=True):
                by_window[name, length] = read_state(state)
                flips |= {(name, length): int(first)} if int(first) else {}
        # Of events dated ahead all were seen, of others those whose turn comes soon.
        missing = [(name, later) for name, some in found.items() if (later := [one for one in some if (name, one) not in flips])]
        flips |= {place: at for place, at in _next_flips(ch, question, missing).items() if place not in flips}
    return Turns(by_window, _find_turned(ch, question, since, atoms), flips)


def _together(found: Mapping[str, list[int]]) -> dict[tuple[int, ...], list[str]]:
    """Return the names that are read together, by the lengths that each of their events is compared with: all of them, unless that are many."""
    lengths = {0, *(length for some in found.values() for length in some)}
    if len(lengths) <= FEW_LENGTHS:
        return {tuple(sorted(lengths)): sorted(found)}
    together: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, own in sorted(found.items()):
        together[0, *own].append(name)
    return together


def _scan(
    statement: Statement, question: Question, since: datetime, names: Sequence[str], lengths: Sequence[int], arrived: Collection[int] | None
) -> str:
    """For each name and length: who has an event that came into the window or left it, and the first that will leave it (that will come into it, for 0)."""
    start, now, ahead = to_ms(since), to_ms(question.now), AHEAD // MILLISECOND
    source, who, bounds = event_source(statement, question, ahead=True)
    tests, states, firsts = [], [], []
    for length in lengths:
        past = f"e.at > {instant(start - length)} AND e.at <= {instant(now - length)}"
        soon = f"e.at > {instant(now - length)}" + (f" AND e.at <= {instant(min(now, now - length + ahead))}" if length else "")
        if length:
            tests.append(f"e.at > {instant(start - length)} AND e.at <= {instant(min(now, now - length + ahead))}")
        else:
            past += "" if arrived is None else f" AND {_at_one_of(statement, arrived)}"
            tests += [past, soon]
        states.append(f"toString(groupBitmapStateIf({who}, {past}))")
        firsts.append(f"toString(if(countIf({soon}) = 0, 0, toUnixTimestamp64Milli(minIf(e.at, {soon})) + {length:d}))")
    where = " AND ".join([*bounds, f"e.name IN {statement.bind(names, 'Array(String)')}", f"({' OR '.join(f'({one})' for one in tests)})"])
    return (
        f"SELECT e.name AS name, [{', '.join(states)}] AS states, [{', '.join(firsts)}] AS firsts FROM {source} WHERE {where} GROUP BY name"
    )


def _at_one_of(statement: Statement, instants: Collection[int]) -> str:
    return f"toUnixTimestamp64Milli(e.at) IN {statement.bind(id_list(sorted(instants)), 'Array(Int64)')}" if instants else "0"


def _find_turned(ch: Client, question: Question, since: datetime, atoms: Iterable[Atom]) -> BitMap64:
    days = [atom for atom in atoms if isinstance(atom, Day)] if days_of(since) != days_of(question.now) else []
    if not days:
        return BitMap64()
    statement = Statement()
    statement.text = _turned(statement, question, since, days)
    return read_state(rows(ch, statement)[0][0])


def next_flips(ch: Client, workspace_id: int, atoms: Iterable[Atom], now: datetime, person_ids: Iterable[int] | None = None) -> Flips:
    """Return when time alone may next change an answer about these people (or anybody), by event name and window."""
    flips: Flips = {}
    found = list(_by_name(atoms))
    for question in _questions(ch, workspace_id, now, person_ids) if found else ():
        for place, at in _next_flips(ch, question, found).items():
            flips[place] = min(flips.get(place, at), at)
    return flips


def _next_flips(ch: Client, question: Question, found: Sequence[tuple[str, list[int]]]) -> Flips:
    flips: Flips = {}
    if not found:
        return flips
    statement = Statement()
    statement.text = " UNION ALL ".join(_next(statement, question, part, *name) for part, name in enumerate(found))
    for part, instants in run(ch, statement).items():
        name, lengths = found[part]
        for length, at in zip((0, *lengths), instants, strict=True):
            if int(at):
                flips[name, length] = int(at)
    return flips


def flips_of(atoms: Iterable[Atom], now: datetime, instants: Mapping[str, Collection[datetime]]) -> Flips:
    """Return the same about new events whose instants are known."""
    flips: Flips = {}
    moment = to_ms(now)
    for name, lengths in _by_name(atoms):
        happened = [to_ms(at) for at in instants.get(name, ())]
        if ahead := [at for at in happened if at > moment]:
            flips[name, 0] = min(ahead)
        for length in lengths:
            if inside := [at for at in happened if moment - length < at <= moment]:
                flips[name, length] = min(inside) + length
    return flips


def soonest(flips: Flips, atoms: Iterable[Atom], now: datetime) -> datetime | None:
    """Return the instant of the next look at a segment with these atoms, a pause after `now` at least; None: never."""
    atoms = list(atoms)
    mine = [flips[name, length] for name, lengths in _by_name(atoms) for length in (0, *lengths) if (name, length) in flips]
    if any(isinstance(atom, Day) for atom in atoms):
        mine.append(to_ms(next_day(now)))
    if not mine:
        return None
    windows = [atom.window.length for atom in atoms if isinstance(atom, OfEvents) and isinstance(atom.window, Last)]
    pause = min(max(min(windows, default=LONGEST_PAUSE) / 10_000, LEAST_PAUSE), LONGEST_PAUSE)
    return max(EPOCH + min(mine) * MILLISECOND, now + pause)


def crossed(ch: Client, workspace_id: int, atoms: Iterable[Atom], since: datetime, now: datetime) -> BitMap64:
    """Return who may have flipped after `since`, up to `now`, by the passage of time."""
    atoms = list(atoms)
    return find_turns(ch, workspace_id, atoms, since, now).people(atoms)


def _by_name(atoms: Iterable[Atom]) -> Iterator[tuple[str, list[int]]]:
    """Return each event name with the lengths of the windows that move (milliseconds)."""
    windows: dict[str, set[int]] = defaultdict(set)
    for atom in atoms:
        if isinstance(atom, OfEvents):
            for name in names(atom):
                windows[name] |= {atom.window.length // MILLISECOND} if isinstance(atom.window, Last) else set()
    return ((name, sorted(lengths)) for name, lengths in sorted(windows.items()))


def _questions(ch: Client, workspace_id: int, now: datetime, person_ids: Iterable[int] | None) -> Iterator[Question]:
    if person_ids is None:
        yield Question(workspace_id, now, [])
        return
    for some in parts(sorted(set(person_ids)), MAX_IDS):
        yield Question(workspace_id, now, [], actors=sorted({*some, *(actor for actor, _ in find_merged(ch, workspace_id, some))}))


def _next(statement: Statement, question: Question, part: int, name: str, lengths: Sequence[int]) -> str:
    now = to_ms(question.now)
    source, _, bounds = event_source(statement, question, ahead=True)
    firsts = [f"toString(toUnixTimestamp64Milli(minIf(e.at, e.at > {instant(now)})))"]
    for length in lengths:
        inside = f"e.at > {instant(now - length)} AND e.at <= {instant(now)}"
        firsts.append(f"toString(if(countIf({inside}) = 0, 0, toUnixTimestamp64Milli(minIf(e.at, {inside})) + {length:d}))")
    where = " AND ".join([*bounds, f"e.name = {statement.bind(name, 'String')}", f"e.at > {instant(now - max(lengths, default=0))}"])
    return f"SELECT {part} AS part, [{', '.join(firsts)}] AS firsts FROM {source} WHERE {where}"


def _turned(statement: Statement, question: Question, since: datetime, atoms: Sequence[Day]) -> str:
    """Whose date answered otherwise on one of the days since than it does today; after a long time, who has a date at all."""
    turns = turned_between(since, question.now)
    before = None if turns is None else list(turns)
    tests = []
    for atom in atoms:
        today = person_test(statement, atom, question.now)
        tests += [f"notEmpty({date_text(statement, atom)})"] if before is None else []
        tests += [f"{person_test(statement, atom, instant)} <> {today}" for instant in before or ()]
    where = f"workspace_id = {question.workspace_id:d} AND gone = 0 AND ({' OR '.join(tests)})"
    return f"SELECT toString(groupBitmapState(person_id)) AS state FROM person FINAL WHERE {where}"
