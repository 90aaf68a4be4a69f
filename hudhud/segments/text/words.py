"""Parts of the text form that many leaves share, as they are written; how they are read: reader.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hudhud.segments.conditions.nodes import BARE_OPS, Between, Count, Last, SinceEntry
from hudhud.segments.text.reader import OPS, RESERVED
from hudhud.segments.text.tokens import SHAPES, WORD

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.segments.conditions.nodes import Op, Step, Value, Where, Window, Within

BARE = dict(SHAPES)[WORD]


def quoted(text: str) -> str:
    """Return a text in quotation marks."""
    return json.dumps(text, ensure_ascii=False)


def name(text: str) -> str:
    """Return a name, in quotation marks unless it is one plain word."""
    return text if BARE.fullmatch(text) and text.lower() not in RESERVED else quoted(text)


def value(given: Value) -> str:
    """Return a value, or a list of them."""
    if isinstance(given, tuple):
        return f"({', '.join(map(value, given))})"
    return json.dumps(given, ensure_ascii=False)


def comparison(op: Op, given: Value) -> str:
    """Return an operator with its value."""
    return " ".join(OPS[op]) + ("" if op in BARE_OPS else f" {value(given)}")


def amount(number: int, unit: str) -> str:
    """Return so many days, hours, minutes or times."""
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def count(given: Count) -> str:
    """Return how many times; nothing for once."""
    return "" if given == Count() else f" {given.op.replace('_', ' ')} {amount(given.value, 'times')}"


def where(filters: Iterable[Where]) -> str:
    """Return filters on an event's properties; nothing for none."""
    said = ", ".join(f"{name(one.property)} {comparison(one.op, one.value)}" for one in filters)
    return f" where {said}" if said else ""


def step(given: Step) -> str:
    """Return an event of a sequence."""
    return quoted(given.name) + where(given.where)


def window(given: Window) -> str:
    """Return the time that is looked at; nothing for all of it."""
    if isinstance(given, Last):
        return f" in last {amount(given.amount, given.unit)}"
    if isinstance(given, Between):
        return f" from {instant(given.from_)} to {instant(given.to)}"
    if isinstance(given, SinceEntry):
        return " since the day after entry" if given.later_day else " since entry"
    return ""


def within(given: Within) -> str:
    """Return how soon the steps of a sequence follow."""
    return f" within {amount(given.amount, given.unit)}{' of the first' if given.after == 'first' else ''}"


def instant(given: datetime) -> str:
    """Return an instant with its zone."""
    return given.isoformat().replace("+00:00", "Z")
