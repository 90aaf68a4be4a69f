"""What given people did: all conditions on single events, answered by one pass over their histories.

A batch asks about few people in all segments at once. To read each condition by itself takes ClickHouse longer than to read the events; but however many
segments there are, they ask for few different things (so many in 7 days, the sum of `price` in 30 days), only of events of different names. So
each person's events are added up by name, every different thing once, and an answer is looked up by (name, thing). Nobody is asked about all names:
what is not wanted of a person is not added up, and its properties are not read.
"""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.conditions.atoms import key
from hudhud.segments.sql import amounts
from hudhud.segments.sql.expressions import earliest, event_test, id_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hudhud.segments.conditions.atoms import OfOne
    from hudhud.segments.sql.question import Question
    from hudhud.segments.sql.statement import Statement

FEW = 4  # conditions on events that are worth saying twice: with more of them ClickHouse reads the statement longer than the data
BITS = 64
MAX_MASKS = 6_000  # of 20 digits each: ClickHouse takes 128 KB a parameter


def part_of_names(
    statement: Statement, atoms: Sequence[OfOne], source: tuple[str, str, list[str]], question: Question, numbers: Iterator[int]
) -> str:
    """Return SQL whose rows answer these atoms, one for each event name (a part with the next of `numbers`), none for a name that nobody has an event of."""
    events, who, bounds = source
    parts = {name: next(numbers) for name in dict.fromkeys(atom.name for atom in atoms)}
    tests = [event_test(statement, atom, question.now) for atom in atoms]
    sums: dict[str, int] = {}  # what events are added up to -> its column
    answers: dict[str, int] = {}  # condition on these -> its place among the answers
    for atom, test in zip(atoms, tests, strict=True):
        column = sums.setdefault(_added(statement, atom, test), len(sums))
        condition = amounts.aggregates(statement, atom, test, column)[1]
        statement.places[key(atom)] = (parts[atom.name], answers.setdefault(condition, len(answers)))
    names = statement.bind(list(parts), "Array(String)")
    different = list(dict.fromkeys(tests))
    bounds = [*bounds, f"e.name IN {names}", *([f"({' OR '.join(different)})"] if len(different) <= FEW else earliest(atoms, question.now))]
    if question.wanted is not None:
        bounds += _wanted(statement, _by_name(atoms, question.wanted), names) or [
            f"e.actor_id IN {statement.bind_ids('actors', question.actors or ())}"
        ]
    columns = ", ".join(f"{added} AS c{column}" for added, column in sums.items())
    inner = f"SELECT {who} AS who, e.name AS name, {columns} FROM {events} WHERE {' AND '.join(bounds)} GROUP BY who, name"
    sets = ", ".join(f"toString(groupBitmapStateIf(who, {condition}))" for condition in answers)
    part = f"transform(name, {names}, {list(parts.values())}, 0)"
    return f"SELECT toUInt16({part}) AS part, [{sets}] AS sets FROM ({inner}) GROUP BY name"


def _added(statement: Statement, atom: OfOne, test: str) -> str:
    return amounts.aggregates(statement, atom, test, 0)[0].rpartition(" AS ")[0]


def _by_name(atoms: Sequence[OfOne], wanted: Mapping[str, BitMap64]) -> dict[str, BitMap64]:
    people: dict[str, BitMap64] = {}
    for atom in atoms:
        people[atom.name] = people.get(atom.name, BitMap64()) | wanted.get(key(atom), BitMap64())
    return people


def _wanted(statement: Statement, people: Mapping[str, BitMap64], names: str) -> list[str]:
    """Return the condition that an event's name (or one that shares its bit) is wanted of its actor: each actor has a mask of names. None where there are too many."""
    masks: dict[int, int] = defaultdict(int)
    for place, some in enumerate(people.values()):
        bit = 1 << place % BITS
        for actor in some:
            masks[actor] |= bit
    if len(masks) > MAX_MASKS:
        return []
    if not masks:
        return ["0"]
    actors, mask = (statement.bind(id_list(ids), "Array(UInt64)") for ids in (masks.keys(), masks.values()))
    bits = statement.bind(id_list(place % BITS for place in range(len(people))), "Array(UInt8)")
    return [
        f"e.actor_id IN {actors}",
        f"bitTest(transform(e.actor_id, {actors}, {mask}, toUInt64(0)), transform(e.name, {names}, {bits}, toUInt8(0)))",
    ]
