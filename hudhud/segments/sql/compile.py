"""Conditions → one ClickHouse statement.

Each leaf becomes an *atom*: a positive question about one person ("did Page Viewed at least 3 times in …", "city is Tartu").
The statement answers every atom as a set of people, a roaring bitmap made where the data is; `and`, `or` and `not` are then
algebra on bitmaps in microseconds (sets.py). One scan an event name, one of the mirror of people; an event that has to be
there once needs no counting at all. This is the one place that adds the workspace.
"""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from itertools import count, groupby
from typing import TYPE_CHECKING

from hudhud.segments.conditions.atoms import Did, Fact, Followed, OfEvents, OfOne, Staying, key, scan, scan_of_some, since_entry
from hudhud.segments.sql import amounts, sequences, stays
from hudhud.segments.sql.expressions import earliest, event_test, instant, person_test, stored_value, tree_test
from hudhud.segments.sql.histories import FEW, part_of_names
from hudhud.segments.sql.statement import Statement
from hudhud.segments.types import to_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.segments.conditions.atoms import OfPeople
    from hudhud.segments.sql.question import Question
    from hudhud.segments.types import Condition

MAX_IDS = 5_000  # people a statement may name; more are asked for in parts (ClickHouse takes 128 KB a parameter)
MAX_ASKERS = 5_000
MERGED_PART = 65_535  # says whether anybody was ever merged
# Everybody's events are read by name, those of given people by person: what that costs does not grow with the base. Properties are text there,
# and what could not be stored there reads as nothing here too; a scan that asks for no property reads none.
OF_PEOPLE = "(SELECT workspace_id, actor_id, name, at, accurateCastOrDefault(properties, 'JSON') AS properties FROM person_event)"


def compile_sets(question: Question) -> Statement:
    """Write the statement whose rows are (part, sets); part 0's first set is the living people asked about, or everybody who is gone."""
    statement = Statement(question.workspace_id)
    facts = [atom for atom in question.atoms if not isinstance(atom, OfEvents)]
    parts = [_people_part(statement, question, facts)] if question.lives or facts or question.people is None else []
    numbers = count(1)
    together = scan if question.actors is None else scan_of_some
    for _, group in groupby(sorted((atom for atom in question.atoms if isinstance(atom, OfOne)), key=together), key=together):
        atoms = list(group)
        if question.actors is None or since_entry(atoms[0]):
            parts.append(_event_part(statement, question, next(numbers), atoms))
        else:
            parts.append(
                part_of_names(statement, atoms, event_source(statement, question, named=question.wanted is None), question, numbers)
            )
    for atom in question.atoms:
        if isinstance(atom, Followed):
            parts.append(_sequence_part(statement, question, next(numbers), atom))
        elif isinstance(atom, Staying):
            parts.append(_staying_part(statement, question, next(numbers), atom))
    if question.people is None and not question.merged and len(facts) < len(question.atoms):
        merged = f"SELECT 1 FROM person_override WHERE workspace_id = {question.workspace_id:d} LIMIT 1"
        parts.append(f"SELECT {MERGED_PART} AS part, ['1'] AS sets FROM ({merged})")
    statement.text = question.mark + " UNION ALL ".join(parts)
    return statement


def _people_part(statement: Statement, question: Question, atoms: Sequence[OfPeople]) -> str:
    tests = [person_test(statement, atom, question.now) for atom in atoms]
    statement.places |= {key(atom): (0, place) for place, atom in enumerate(atoms, 1)}
    if question.people is None and not question.lives:
        return _gone_part(question, tests)
    sets = ["groupBitmapState(person_id)", *(f"groupBitmapStateIf(person_id, {test})" for test in tests)]
    return f"SELECT 0 AS part, {_texts(sets)} AS sets FROM person FINAL WHERE {_living(statement, question)}"


def compile_counts(question: Question, trees: Sequence[Condition]) -> Statement:
    """Write the statement whose one row tells how many live, and for how many each of these trees of nothing but facts holds.

    It is counted where the rows are: to put sets of a million people together takes longer than to look at them.
    """
    statement = Statement(question.workspace_id)
    counts = ["count()", *(f"countIf({tree_test(statement, tree, question.now)})" for tree in trees)]
    statement.text = f"{question.mark}SELECT {', '.join(counts)} FROM person FINAL WHERE {_living(statement, question)}"
    return statement


def _living(statement: Statement, question: Question) -> str:
    sampled = f" AND {question.sample.test('person_id')}" if question.sample else ""
    return f"{_mine(statement, question)}{sampled} AND gone = 0"


def _gone_part(question: Question, tests: Sequence[str]) -> str:
    """Who is gone, and whom the tests hold for of the others. All who live are many times as many: to put them together takes longer than most answers."""
    mine = f"workspace_id = {question.workspace_id:d}"
    sets = ["groupBitmapStateIf(person_id, gone = 1)", *(f"groupBitmapStateIf(person_id, gone = 0 AND ({test}))" for test in tests)]
    # Whoever was never gone is passed over without looking which of their rows is the latest.
    some = "" if tests else f" AND person_id IN (SELECT person_id FROM person WHERE {mine} AND gone = 1)"
    return f"SELECT 0 AS part, {_texts(sets)} AS sets FROM person FINAL WHERE {mine}{some}"


def _mine(statement: Statement, question: Question) -> str:
    chosen = f" AND person_id IN {statement.bind_ids('people', question.people)}" if question.people is not None else ""
    return f"workspace_id = {question.workspace_id:d}{chosen}"


def _event_part(statement: Statement, question: Question, part: int, atoms: Sequence[OfOne]) -> str:
    """One scan: what no atom wants is not read, what only some want is left to the aggregate functions."""
    statement.places |= {key(atom): (part, place) for place, atom in enumerate(atoms)}
    source, who, bounds = event_source(statement, question, own=since_entry(atoms[0]))
    names = {atom.name: f"e.name = {statement.bind(atom.name, 'String')}" for atom in atoms}
    tests = [event_test(statement, atom, question.now) for atom in atoms]
    if len(names) == 1:
        bounds += names.values()
    else:
        bounds.append(f"e.name IN {statement.bind(list(names), 'Array(String)')}")
        tests = [f"{names[atom.name]} AND {test}" for atom, test in zip(atoms, tests, strict=True)]
    bounds += [f"({' OR '.join(dict.fromkeys(tests))})"] if len(tests) <= FEW else earliest(atoms, question.now)
    where = " AND ".join(bounds)
    if not any(atom.counted for atom in atoms):
        sets = [f"groupBitmapStateIf({who}, {test})" if len(tests) > 1 else f"groupBitmapState({who})" for test in tests]
        return f"SELECT {part} AS part, {_texts(sets)} AS sets FROM {source} WHERE {where}"
    made = [amounts.aggregates(statement, atom, test, place) for place, (atom, test) in enumerate(zip(atoms, tests, strict=True))]
    columns, conditions = zip(*made, strict=True)
    inner = f"SELECT {who} AS who, {', '.join(columns)} FROM {source} WHERE {where} GROUP BY who"
    return f"SELECT {part} AS part, {_texts(f'groupBitmapStateIf(who, {one})' for one in conditions)} AS sets FROM ({inner})"


def _sequence_part(statement: Statement, question: Question, part: int, atom: Followed) -> str:
    statement.places[key(atom)] = (part, 0)
    source, who, bounds = event_source(statement, question, own=since_entry(atom))
    where = " AND ".join([*bounds, *sequences.bounds(statement, atom, question.now)])
    inner = sequences.matching(statement, atom, who, f"{source} WHERE {where}")
    return f"SELECT {part} AS part, {_texts(['groupBitmapState(who)'])} AS sets FROM ({inner})"


def _staying_part(statement: Statement, question: Question, part: int, atom: Staying) -> str:
    statement.places[key(atom)] = (part, 0)
    source, who, bounds = event_source(statement, question)
    runs = stays.runs(statement, atom, who, source, bounds)
    return f"SELECT {part} AS part, {_texts([f'groupBitmapStateIf(who, {stays.IS_IN})'])} AS sets FROM ({runs})"


def _texts(sets: Iterable[str]) -> str:
    return "[" + ", ".join(f"toString({one})" for one in sets) + "]"


def event_source(
    statement: Statement, question: Question, *, own: bool = False, ahead: bool = False, named: bool = True
) -> tuple[str, str, list[str]]:
    """Return what to read events from, the expression for whom they count, and the bounds of every scan.

    Events after `now` do not exist, unless one looks `ahead`. With `own`, each asker has the moment `s.since`. Unless `named`, it is left to others to say whose events.
    """
    bounds = [f"e.workspace_id = {question.workspace_id:d}"]
    if not ahead:
        bounds.append(f"e.at <= {instant(to_ms(question.now))}")
    if own:
        numbers = statement.bind_ids("numbers", [asker.number for asker in question.askers])
        actors = statement.bind_ids("asking", [asker.actor_id for asker in question.askers])
        since = statement.bind_ids("since", [asker.since_ms for asker in question.askers])
        rows = f"SELECT n AS number, a AS actor_id, {instant('t')} AS since FROM system.one ARRAY JOIN {numbers} AS n, {actors} AS a, {since} AS t"
        return f"{OF_PEOPLE} AS e INNER JOIN ({rows}) AS s ON s.actor_id = e.actor_id", "s.number", [*bounds, f"e.actor_id IN {actors}"]
    events = "event"
    if question.actors is not None:
        events = OF_PEOPLE
        bounds += [f"e.actor_id IN {statement.bind_ids('actors', question.actors)}"] if named else []
    sampled = question.sample.test("e.actor_id") if question.sample else ""
    if not question.merged:
        return f"{events} AS e", "e.actor_id", [*bounds, sampled] if sampled else bounds
    moved = f"SELECT actor_id, person_id FROM person_override FINAL WHERE {_mine(statement, question)}"
    if question.sample:
        moved += f" AND {question.sample.test('person_id')}"
        bounds.append(f"({sampled} OR e.actor_id IN (SELECT actor_id FROM ({moved})))")
    who = "if(o.person_id = 0, e.actor_id, o.person_id)"
    return f"{events} AS e LEFT ANY JOIN ({moved}) AS o ON o.actor_id = e.actor_id", who, bounds


def compile_values(question: Question) -> Statement:
    """Write the statement that reads what decided each atom: rows of (part, person, texts).

    Part 0: stored values as JSON, at their places. Other parts: what the events came to (reasons.py).
    """
    statement = Statement(question.workspace_id)
    facts = [atom for atom in question.atoms if isinstance(atom, Fact)]
    statement.places |= {key(atom): (0, place) for place, atom in enumerate(facts)}
    texts = ", ".join(stored_value(statement, atom) for atom in facts)
    mine = f"{_mine(statement, question)} AND gone = 0"
    parts = [f"SELECT 0 AS part, person_id AS who, CAST([{texts}] AS Array(String)) AS texts FROM person FINAL WHERE {mine}"]
    for part, atom in enumerate((atom for atom in question.atoms if isinstance(atom, OfEvents) and not since_entry(atom)), 1):
        statement.places[key(atom)] = (part, 0)
        parts.append(_told(statement, question, part, atom))
    statement.text = " UNION ALL ".join(parts)
    return statement


def _told(statement: Statement, question: Question, part: int, atom: OfEvents) -> str:
    source, who, bounds = event_source(statement, question)
    if isinstance(atom, Staying):
        return f"SELECT {part} AS part, who, {stays.SINCE} AS texts FROM ({stays.runs(statement, atom, who, source, bounds)})"
    if isinstance(atom, Followed):
        where = " AND ".join([*bounds, *sequences.bounds(statement, atom, question.now)])
        columns, texts = sequences.told(statement, atom, who)
        return (
            f"SELECT {part} AS part, who, {texts} AS texts FROM (SELECT {who} AS who, {columns} FROM {source} WHERE {where} GROUP BY who)"
        )
    where = " AND ".join([*bounds, f"e.name = {statement.bind(atom.name, 'String')}", event_test(statement, atom, question.now)])
    texts = "[toString(count()), toString(max(e.at))]" if isinstance(atom, Did) else amounts.told(statement, atom)
    return f"SELECT {part} AS part, {who} AS who, {texts} AS texts FROM {source} WHERE {where} GROUP BY who"
