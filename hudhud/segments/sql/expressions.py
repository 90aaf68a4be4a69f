"""Conditions on one row, as ClickHouse expressions: on an event, on a row of the mirror of people, on a value in JSON.

No text of a user is ever part of the SQL: values are parameters, names too; only our own words and integers are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.segments.conditions.atoms import OPPOSITE, OfEvents, Reachable, Together, to_atom
from hudhud.segments.conditions.nodes import COMPANY_KEY
from hudhud.segments.sql import groups, spots
from hudhud.segments.sql.days import day_test
from hudhud.segments.sql.items import (
    ANYTHING,
    MEMBER,
    NUMBERS,
    TEXTS,
    InItem,
    InObject,
    Objects,
    any_item,
    any_member,
    any_mixed_item,
    item_path,
)
from hudhud.segments.sql.statement import Statement, Stored, Text
from hudhud.segments.types import (
    ITEM_OPS,
    And,
    Between,
    Company,
    Consent,
    Day,
    Last,
    Not,
    Or,
    Place,
    Segment,
    Share,
    SinceEntry,
    by_list,
    to_instant,
    to_ms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hudhud.segments.conditions.atoms import Fact, OfOne, OfPeople
    from hudhud.segments.types import Attribute, Condition, Op, Scalar, Step, Value, Where, Window

ORDER = {"more_than": ">", "less_than": "<", "at_least": ">=", "at_most": "<="}
COLUMNS = {"@language": "language", "@country": "country"}
EXACT = 2.0**53  # what is smaller is the same number whether it is compared as a whole one or as a float
LOTS = 10_000  # as many as there are hundredths of a percent
DECIMAL = "^-?[0-9]{1,15}([.][0-9]{1,9})?$"

Readable = Stored | InItem | InObject | Text


def id_list(ids: Iterable[int]) -> str:
    """Return the text of an Array(UInt64) parameter."""
    return f"[{','.join(map(str, ids))}]"


def instant(milliseconds: int | str) -> str:
    """Return an instant (or a column of instants) in milliseconds since 1970 as DateTime64."""
    return f"fromUnixTimestamp64Milli(toInt64({milliseconds}), 'UTC')"


def window_tests(window: Window, now: datetime) -> list[str]:
    """Return the bounds of a window, as seen at `now` (which is a bound of every scan)."""
    if isinstance(window, Last):
        return [f"e.at > {instant(to_ms(now - window.length))}"]
    if isinstance(window, Between):
        return [f"e.at >= {instant(to_ms(window.from_, up=True))}", f"e.at < {instant(to_ms(window.to, up=True))}"]
    if isinstance(window, SinceEntry):
        return ["e.at > s.since", "toDate(e.at) > toDate(s.since)"] if window.later_day else ["e.at > s.since"]
    return []


def earliest(atoms: Iterable[OfOne], now: datetime) -> list[str]:
    """Return the bound on time that all of these have in common, if there is one."""
    starts = []
    for atom in atoms:
        if isinstance(atom.window, Last):
            starts.append(to_ms(now - atom.window.length))
        elif isinstance(atom.window, Between):
            starts.append(to_ms(atom.window.from_, up=True) - 1)
        else:
            return []
    return [f"e.at > {instant(min(starts))}"]


def event_test(statement: Statement, atom: OfOne, now: datetime) -> str:
    """Return the condition on one event: its window and its properties."""
    return " AND ".join([*window_tests(atom.window, now), *property_tests(statement, atom.where)]) or "1"


def step_test(statement: Statement, step: Step) -> str:
    """Return the condition on an event that is a part of a sequence: its name and its properties."""
    return " AND ".join([f"e.name = {statement.bind(step.name, 'String')}", *property_tests(statement, step.where)])


def property_tests(statement: Statement, filters: Iterable[Where]) -> list[str]:
    """Return the conditions on an event's properties."""
    tests: list[str] = []
    for listed, some in by_list(filters).items():
        if listed:
            tests.append(_item_test(statement, json_path(statement, "e.properties", listed), some))
        else:
            tests += [_where_test(statement, json_path(statement, "e.properties", where.property), where) for where in some]
    return list(dict.fromkeys(tests))


def _item_test(statement: Statement, listed: Stored, filters: Sequence[Where]) -> str:
    """Return the condition that one item of a list passes all filters."""
    paths = [where.place()[1] for where in filters]
    inside = [_where_test(statement, item_path(statement, path), where) for path, where in zip(paths, filters, strict=True)]
    if not (listed.plain and all(map(_is_plain, paths))):
        return any_item(f"JSONExtractArrayRaw(ifNull(toJSONString({listed}), ''))", inside)
    objects = Objects(listed)
    values = [InObject(objects, statement.bind(path, "Identifier")) for path in paths]
    of_objects = objects.any([_where_test(statement, value, where) for value, where in zip(values, filters, strict=True)])
    return f"({' OR '.join([of_objects, *any_mixed_item(listed, inside)])})"


def _where_test(statement: Statement, stored: Readable, where: Where) -> str:
    positive = OPPOSITE.get(where.op, where.op)
    test = dynamic_test(statement, stored, positive, where.value)
    return test if positive == where.op else f"NOT ({test})"


def tree_test(statement: Statement, tree: Condition, now: datetime) -> str:
    """Return the condition that a tree of nothing but facts holds for one row of the mirror of people: never null, as none of its leaves' is."""
    if isinstance(tree, And | Or):
        word, of_nothing = ("AND", "1") if isinstance(tree, And) else ("OR", "0")
        return f"({f' {word} '.join(tree_test(statement, child, now) for child in tree.of) or of_nothing})"
    if isinstance(tree, Not):
        return f"NOT {tree_test(statement, tree.of, now)}"
    assert not isinstance(tree, Segment)
    atom, positive = to_atom(tree)
    assert not isinstance(atom, OfEvents)
    test = f"({person_test(statement, atom, now)})"
    return test if positive else f"NOT {test}"


def person_test(statement: Statement, atom: OfPeople, now: datetime) -> str:
    """Return the condition on one row of the mirror of people, as seen at `now`."""
    if isinstance(atom, Together):
        return tree_test(statement, atom.tree, now)
    if isinstance(atom, Day):
        return day_test(statement, atom, date_text(statement, atom), now)
    if isinstance(atom, Company):
        return groups.company_test(statement.workspace_id, _company_tests(statement, atom))
    return spots.place_test(statement, atom) if isinstance(atom, Place) else _lasting_test(statement, atom)


def _company_tests(statement: Statement, atom: Company) -> list[str]:
    """Return the conditions on one company: on its key, and on its attributes as an item."""
    return [
        _where_test(statement, Text("key") if where.property == COMPANY_KEY else item_path(statement, where.property), where)
        for where in atom.where
    ]


def _lasting_test(statement: Statement, atom: Attribute | Share | Consent | Reachable) -> str:
    if isinstance(atom, Share):
        return f"{_lot(statement, atom)} < {round(atom.percent * LOTS / 100):d}"
    if isinstance(atom, Reachable):
        return f"has(reachable, {statement.bind(atom.channel, 'String')})"
    if isinstance(atom, Consent):
        return f"has(subscriptions, {statement.bind(f'{atom.topic}:{atom.channel}:{atom.state}', 'String')})"
    if atom.name == "@created_at":
        bound = to_ms(to_instant("value", atom.value), up=atom.op in {"at_least", "less_than"})
        return f"created_at {ORDER[atom.op]} {instant(bound)}"
    if atom.name in COLUMNS:
        column = COLUMNS[atom.name]
        return f"({column} != '' AND {text_test(statement, column, atom.op, atom.value)})"
    return dynamic_test(statement, json_path(statement, "attributes", atom.name), atom.op, atom.value)


def date_text(statement: Statement, atom: Day) -> str:
    """Return the text that is read as a date; null if there is none."""
    if atom.name == "@created_at":
        return "toString(toDate32(created_at))"
    return json_path(statement, "attributes", atom.name).typed("String")


def _lot(statement: Statement, atom: Share) -> str:
    return f"xxHash64(concat({statement.bind(f'{atom.salt}:', 'String')}, toString(person_id))) % {LOTS}"


def stored_value(statement: Statement, atom: Fact) -> str:
    """Return what is stored of the fact, as JSON; missing text is null."""
    return spots.told(statement, atom) if isinstance(atom, Place) else _lasting_value(statement, atom)


def _lasting_value(statement: Statement, atom: Attribute | Day | Company | Share | Consent | Reachable) -> str:
    if isinstance(atom, Company):
        return groups.told(statement.workspace_id, _company_tests(statement, atom))
    if isinstance(atom, Reachable | Consent):
        return f"toJSONString({'reachable' if isinstance(atom, Reachable) else 'subscriptions'})"
    if isinstance(atom, Share):
        return f"toString({_lot(statement, atom)} / 100)"
    if atom.name == "@created_at":
        return "toJSONString(concat(replace(toString(created_at), ' ', 'T'), 'Z'))"
    if atom.name in COLUMNS:
        return f"ifNull(toJSONString(nullIf(toString({COLUMNS[atom.name]}), '')), 'null')"
    return f"ifNull(toJSONString({json_path(statement, 'attributes', atom.name)}), 'null')"


def json_path(statement: Statement, column: str, path: str) -> Stored:
    """Return the value at a path in a JSON column; the path is a parameter either way.

    `Identifier` reads just the subcolumn, but its parser trips over quotes; such names are looked up in the whole object.
    """
    if _is_plain(path):
        return Stored(f"{column}.{statement.bind(path, 'Identifier')}", plain=True)
    return Stored(f"getSubcolumn({column}, {statement.bind(path, 'String')})", plain=False)


def _is_plain(path: str) -> bool:
    return path.isprintable() and not set(path) & set("`'\"\\")


def dynamic_test(statement: Statement, stored: Readable, op: Op, value: Value) -> str:
    """Return a positive condition on a stored value of any type: never null, false for a missing value."""
    if op == "is_set":
        return f"isNotNull({stored})"
    if op == "one_of":
        assert isinstance(value, tuple)
        return "(" + " OR ".join(_one_of(statement, stored, value)) + ")"
    if op in ITEM_OPS:
        assert isinstance(value, tuple)
        return _items_test(statement, stored, op, value)
    if isinstance(value, bool):
        return f"ifNull({stored.typed('Bool')} = {int(value)}, 0)"
    if isinstance(value, str):
        test = text_test(statement, stored.typed("String"), op, value)
        return f"ifNull({test}, 0)"
    assert isinstance(value, int | float)
    return _number_test(statement, stored, "=" if op == "is" else ORDER[op], float(value))


def _number_test(statement: Statement, stored: Readable, sign: str, value: float) -> str:
    """Return the condition on a stored number: as it is stored, which takes half as long as to make it one of a kind first."""
    if abs(value) >= EXACT:
        return f"ifNull({number(stored)} {sign} {statement.bind(value, 'Float64')}, 0)"
    given = statement.bind(int(value), "Int64") if value.is_integer() else statement.bind(value, "Float64")
    text = stored.element("String")
    whole, *others = (f"isNotNull({one}), {one} {sign} {given}" for one in map(stored.element, ("Int64", "Float64", "UInt64")))
    other = f"multiIf({', '.join(others)}, match({text}, '{DECIMAL}'), toFloat64OrNull({text}) {sign} {given}, 0)"
    return f"ifNull(if({whole}, {other}), 0)"


def _one_of(statement: Statement, stored: Readable, values: tuple[Scalar, ...]) -> Iterable[str]:
    texts = [one for one in values if isinstance(one, str)]
    numbers = [float(one) for one in values if not isinstance(one, str | bool)]
    if texts:
        yield f"ifNull({stored.typed('String')} IN {statement.bind(texts, 'Array(String)')}, 0)"
    if numbers:
        yield f"ifNull(has({statement.bind(numbers, 'Array(Float64)')}, {number(stored)}), 0)"
    for flag in dict.fromkeys(one for one in values if isinstance(one, bool)):
        yield f"ifNull({stored.typed('Bool')} = {int(flag)}, 0)"


def _items_test(statement: Statement, stored: Readable, op: Op, values: tuple[Scalar, ...]) -> str:
    """Return the condition that one of the items is any of these, or that for each of these there is one."""
    wanted = [values] if op == "has_any" else [(value,) for value in dict.fromkeys(values)]
    return f"({' AND '.join(_has_member(statement, stored, some) for some in wanted)})"


def _has_member(statement: Statement, stored: Readable, values: tuple[Scalar, ...]) -> str:
    """Return the condition that an item is one of these: a stored list has texts, numbers, or anything in it, and is compared as it is."""
    if isinstance(stored, Stored):
        return f"({' OR '.join(_members_of_a_kind(statement, stored, values))})"
    return any_member(stored.items(), dynamic_test(statement, MEMBER, "one_of", values))


def _members_of_a_kind(statement: Statement, stored: Stored, values: tuple[Scalar, ...]) -> Iterable[str]:
    texts = [one for one in values if isinstance(one, str)]
    numbers = [float(one) for one in values if not isinstance(one, str)]
    if texts:
        yield f"hasAny({stored.listed(TEXTS)}, {statement.bind(texts, 'Array(String)')})"
    if numbers:
        wanted = statement.bind(numbers, "Array(Float64)")
        yield any_member(stored.listed(TEXTS), f"ifNull(has({wanted}, {number(Text(MEMBER.path))}), 0)")
        for kind in NUMBERS:
            yield any_member(stored.listed(kind), f"ifNull(has({wanted}, toFloat64({MEMBER.path})), 0)")
    yield any_member(stored.listed(ANYTHING), dynamic_test(statement, Stored(MEMBER.path, plain=False), "one_of", values))


def text_test(statement: Statement, stored: str, op: Op, value: Value) -> str:
    """Return a positive condition on text."""
    if op == "is_set":
        return "1"
    if op == "one_of":
        assert isinstance(value, tuple)
        return f"{stored} IN {statement.bind([one for one in value if isinstance(one, str)], 'Array(String)')}"
    if not isinstance(value, str):
        return "0"
    given = statement.bind(value, "String")
    if op == "contains":
        return f"position({stored}, {given}) > 0"
    if op == "starts_with":
        return f"startsWith({stored}, {given})"
    return f"{stored} {'=' if op == 'is' else ORDER[op]} {given}"


def number(stored: Readable) -> str:
    """Return a stored value as a number; null for what does not read as one."""
    text = stored.element("String")
    cases = [f"isNotNull({one}), toFloat64({one})" for one in map(stored.element, ("Int64", "Float64", "UInt64"))]
    return f"multiIf({', '.join(cases)}, match({text}, '{DECIMAL}'), toFloat64OrNull({text}), NULL)"
