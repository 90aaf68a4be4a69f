"""What the properties of an event in hand say of a filter, where that is certain: what ClickHouse would say of it once it has the event.

Whoever asks has the event as it came, as text. Where the two might read it differently (a key said twice, paths into things, lists, texts that read as numbers, numbers that floats
cannot tell apart) the answer is None: ask ClickHouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.segments.conditions.atoms import OPPOSITE, Did
from hudhud.segments.conditions.nodes import ITEM_OPS, ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.segments.conditions.atoms import OfOne
    from hudhud.segments.conditions.nodes import Op, Value, Where

MISSING, UNSURE = object(), object()
EXACT = 2.0**53  # whole numbers below are the same as floats
CLOSE = 1e-9  # numbers that differ by a smaller part than this are left to ClickHouse
MILLION, LARGE = 1_000_000, 1e6  # sums are of whole millionths; of larger numbers with a fraction it is left to ClickHouse what these are
MAYBE_NUMBER = frozenset("-0123456789")


class Said:
    """The properties of one event."""

    __slots__ = ("_raw", "_values")

    def __init__(self, raw: bytes) -> None:
        """Read them; `raw` is a JSON object, or whatever nobody can be sure of."""
        self._raw = raw
        try:
            values = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            values = None
        self._values: dict[str, object] | None = values if isinstance(values, dict) else None

    def value(self, path: str) -> object:
        """Return the value at a path, `MISSING` or `UNSURE`; null is missing."""
        if self._values is None or not path or "." in path or ITEMS in path:
            return UNSURE
        found = self._values.get(path, MISSING)
        # A key that is said twice, or that stands there in other letters, is read by each in its own way.
        if self._raw.count(b'"%s"' % path.encode()) != (found is not MISSING):
            return UNSURE
        return MISSING if found is None else found

    def passes(self, filters: Iterable[Where]) -> bool | None:
        """Say whether all filters hold."""
        answers = [self._holds(where) for where in filters]
        return False if False in answers else None if None in answers else True

    def _holds(self, where: Where) -> bool | None:
        positive = OPPOSITE.get(where.op, where.op)
        answer = compares(self.value(where.property), positive, where.value)
        return answer if positive == where.op or answer is None else not answer


def compares(found: object, op: Op, value: Value) -> bool | None:
    """Say whether a value that was found compares so with a condition's; `op` is never an opposite."""
    if found is MISSING:
        return False
    if found is UNSURE or isinstance(found, dict | list) or op in ITEM_OPS:
        return None
    if op == "is_set":
        return True
    if op == "one_of":
        assert isinstance(value, tuple)
        answers = [compares(found, "is", one) for one in value]
        return True if True in answers else None if None in answers else False
    if isinstance(value, bool | str):
        return found is value if isinstance(value, bool) else isinstance(found, str) and _compares_texts(found, op, value)
    assert isinstance(value, int | float)
    return _compares_numbers(found, op, value)


def number(found: object) -> float | object:
    """Return what was found as a number; `MISSING` for what is none, `UNSURE` where ClickHouse may see another one."""
    if found is MISSING or isinstance(found, bool):
        return MISSING
    if isinstance(found, str):
        return UNSURE if found[:1] in MAYBE_NUMBER else MISSING
    return found if isinstance(found, int | float) and abs(found) < EXACT else UNSURE


def _compares_texts(found: str, op: Op, value: str) -> bool:
    """UTF-8 has the order of its letters' numbers."""
    return {
        "is": found == value,
        "contains": value in found,
        "starts_with": found.startswith(value),
        "more_than": found > value,
        "less_than": found < value,
        "at_least": found >= value,
        "at_most": found <= value,
    }[op]


def _compares_numbers(found: object, op: Op, value: float) -> bool | None:
    one = number(found)
    if one is MISSING:
        return False
    if not isinstance(one, int | float) or abs(value) >= EXACT:
        return None
    whole = float(one).is_integer() and float(value).is_integer()
    if not whole and abs(one - value) <= CLOSE * max(1.0, abs(value)):
        return None
    return {"is": one == value, "more_than": one > value, "less_than": one < value, "at_least": one >= value, "at_most": one <= value}[op]


def comes_to(atom: OfOne, numbers: Sequence[float]) -> bool | None:
    """Say whether an atom holds of somebody whose events have just these numbers (of which `Did` counts how many there are); it takes numbers."""
    if isinstance(atom, Did):
        return len(numbers) == atom.exactly if atom.exactly else len(numbers) >= atom.least
    if not numbers or atom.op == "is_set":
        return bool(numbers)
    assert isinstance(atom.value, int | float)
    if atom.take in {"min", "max"}:
        return compares(min(numbers) if atom.take == "min" else max(numbers), atom.op, atom.value)
    parts = [one * MILLION for one in numbers]
    if any(one % 1 and abs(one) > LARGE for one in numbers) or any(abs(part % 1 - 0.5) < CLOSE * MILLION for part in parts):
        return None
    bound = round(float(atom.value) * MILLION)
    added = sum(map(round, parts)) - bound * (len(parts) if atom.take == "average" else 1)
    return {"is": added == 0, "more_than": added > 0, "less_than": added < 0, "at_least": added >= 0, "at_most": added <= 0}[atom.op]
