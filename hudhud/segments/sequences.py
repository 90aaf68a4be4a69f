"""One event after another, as ClickHouse aggregates: each person's events in order, as numbers of time and role.

For the second event only the latest first one before it matters: it is the nearest, and the least can have come between. Roles
are numbered so that at one millisecond the second comes before the third, and the third before the first: nothing follows itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.segments.expressions import instant, step_test, window_tests
from hudhud.segments.types import MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hudhud.segments.atoms import Followed
    from hudhud.segments.expressions import Statement

THEN, WITHOUT, FIRST = 0, 1, 2
ROLES = 4  # a number is milliseconds * 4 + role
MILLISECONDS = "toUnixTimestamp64Milli(e.at)"


def roles(statement: Statement, atom: Followed) -> Iterator[tuple[int, str]]:
    """Yield each role of the sequence with the condition on an event that has it."""
    for role, step in ((THEN, atom.then), (WITHOUT, atom.without), (FIRST, atom.first)):
        if step is not None:
            yield role, step_test(statement, step)


def bounds(statement: Statement, atom: Followed, now: datetime) -> list[str]:
    """Return what holds for each event that the sequence is made of."""
    return [*window_tests(atom.window, now), f"({' OR '.join(dict.fromkeys(test for _, test in roles(statement, atom)))})"]


def aggregates(statement: Statement, atom: Followed) -> tuple[str, str]:
    """Return the columns that a person's events come to, and the condition on them: never null."""
    if atom.within is None and atom.without is None:
        tests = dict(roles(statement, atom))
        return f"minOrNullIf(e.at, {tests[FIRST]}) AS a, maxOrNullIf(e.at, {tests[THEN]}) AS b", "ifNull(a < b, 0)"
    return _in_order(statement, atom), f"arrayExists((x, y) -> {_is_pair(atom, 'x', 'y')}, a, b)"


def told(statement: Statement, atom: Followed) -> tuple[str, str]:
    """Return the same columns, and the instants of the latest pair: an empty list if there is none."""
    pair = f"arrayLast(z -> {_is_pair(atom, 'z.1', 'z.2')}, arrayZip(a, b))"
    found = f"arrayExists((x, y) -> {_is_pair(atom, 'x', 'y')}, a, b)"
    first, then = (instant(f"intDiv({pair}.{place} - {role}, {ROLES})") for place, role in ((2, FIRST), (1, THEN)))
    return _in_order(statement, atom), f"if({found}, [toString({first}), toString({then})], CAST([] AS Array(String)))"


def _in_order(statement: Statement, atom: Followed) -> str:
    """Column `a`: the numbers in order; `b`: in the places of second events the latest other one before it."""
    lists = [f"groupArrayIf({MILLISECONDS} * {ROLES} + {role}, {test})" for role, test in roles(statement, atom)]
    return f"arraySort(arrayConcat({', '.join(lists)})) AS a, arrayFill(x -> bitAnd(x, 3) != {THEN}, a) AS b"


def _is_pair(atom: Followed, then: str, first: str) -> str:
    tests = [f"bitAnd({then}, 3) = {THEN}", f"bitAnd({first}, 3) = {FIRST}"]
    if atom.within is not None:
        tests.append(f"{then} - {first} + {FIRST} <= {atom.within // MILLISECOND * ROLES:d}")
    return " AND ".join(tests)
