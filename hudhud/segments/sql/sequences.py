"""Events one after another, as ClickHouse arrays: many people's events in one order, as numbers of person, time and role.

An event that can be the k-th of a chain needs only the latest possible (k-1)-th before it: it is the nearest, the chain that ends there
began latest, and the least can have come between. Roles are numbered so that at one millisecond the last step comes first and the first
one last, after what must not come between: nothing follows itself, and what happens at the edges is not between them.

A number is 128 bits: the person, then milliseconds * 8 + role, moved so that the lower half is never negative and its highest bit is set
(from the year 1900 on). So two numbers of one person are never further apart than `ANY_TIME`, and those of others, or 0, always are. Arrays
of many people at once are three to four times as quick as one aggregate function a person, `windowFunnel` among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.segments.sql.expressions import instant, step_test, window_tests
from hudhud.segments.types import MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hudhud.segments.conditions.atoms import Followed
    from hudhud.segments.sql.statement import Statement

ROLE_BITS = 3
MOVED = 2**63
ANY_TIME = 2**62
ARRAYS = 1024  # the people of a workspace are dealt out to so many arrays


@dataclass(frozen=True, slots=True)
class _Roles:
    """The numbers of the roles in a sequence of so many steps."""

    steps: int

    def of(self, place: int) -> int:
        """Return the role of a step, by its place from 0."""
        return self.steps if place == 0 else self.steps - 1 - place

    @property
    def without(self) -> int:
        """The role of what must not come between."""
        return self.steps - 1


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a chain beside the event `x` that it has come to: of a first step, of a chain `f` that goes on, and where there is none.

    `edge` is the number in `f` that time is counted from; of none it is 0.
    """

    first: str
    grown: str
    edge: str
    none: str


def roles(statement: Statement, atom: Followed) -> Iterator[tuple[int, str]]:
    """Yield each role of the sequence with the condition on an event that has it."""
    numbers = _Roles(len(atom.steps))
    for place, step in enumerate(atom.steps):
        yield numbers.of(place), step_test(statement, step)
    if atom.without is not None:
        yield numbers.without, step_test(statement, atom.without)


def bounds(statement: Statement, atom: Followed, now: datetime) -> list[str]:
    """Return what holds for each event that the sequence is made of."""
    return [*window_tests(atom.window, now), f"({' OR '.join(dict.fromkeys(test for _, test in roles(statement, atom)))})"]


def matching(statement: Statement, atom: Followed, who: str, events: str) -> str:
    """Return the query of `who` did all this, some of them several times; `events`: what to read, and where."""
    kept = _Kept("x", "f" if atom.from_first else "x", "f", "toUInt128(0)")
    ends = f"arrayFilter(s -> s <> 0, s{len(atom.steps) - 1})"
    arrays = f"SELECT {_in_order(statement, atom, who)}, {_chains(atom, kept)} FROM {events} GROUP BY {who} % {ARRAYS}"  # noqa: S608 -- our own words
    return f"SELECT arrayJoin(arrayMap(x -> toUInt64(bitShiftRight(x, 64)), {ends})) AS who FROM ({arrays})"  # noqa: S608


def told(statement: Statement, atom: Followed, who: str) -> tuple[str, str]:
    """Return the columns that one person's events come to, and the instants of the latest chain: an empty list if there is none."""
    kept = _Kept("[x]", "arrayPushBack(f, x)", "f[1]" if atom.from_first else "f[-1]", "CAST([] AS Array(UInt128))")
    moment = instant(f"bitShiftRight(toInt64(toUInt64(x) - {MOVED}), {ROLE_BITS})")
    texts = f"arrayMap(x -> toString({moment}), arrayLast(s -> notEmpty(s), s{len(atom.steps) - 1}))"
    return f"{_in_order(statement, atom, who)}, {_chains(atom, kept)}", texts


def _in_order(statement: Statement, atom: Followed, who: str) -> str:
    """Column `a`: the numbers of events, in order."""
    moved = f"toUInt64(toUnixTimestamp64Milli(e.at) * {2**ROLE_BITS}) + {MOVED}"
    lists = [f"groupArrayIf(bitShiftLeft(toUInt128({who}), 64) + ({moved} + {role}), {test})" for role, test in roles(statement, atom)]
    return f"arraySort(arrayConcat({', '.join(lists)})) AS a"


def _chains(atom: Followed, kept: _Kept) -> str:
    """Columns `s0`, `s1`, …: beside each event that can be this step of a chain what is kept of the latest such chain."""
    numbers = _Roles(len(atom.steps))
    columns = [f"arrayMap(x -> if({_has(numbers.of(0))}, {kept.first}, {kept.none}), a) AS s0"]
    stop = f" OR {_has(numbers.without)}" if atom.without else ""
    for place in range(1, len(atom.steps)):
        role, before = numbers.of(place), numbers.of(0 if atom.from_first else place - 1)
        apart = ANY_TIME if atom.within is None else atom.within // MILLISECOND * 2**ROLE_BITS + role - before
        latest = f"arrayFill((s, x) -> s <> {kept.none}{stop}, s{place - 1}, a)"
        goes_on = f"{_has(role)} AND x - {kept.edge} <= {apart}"
        columns.append(f"arrayMap((x, f) -> if({goes_on}, {kept.grown}, {kept.none}), a, {latest}) AS s{place}")
    return ", ".join(columns)


def _has(role: int) -> str:
    return f"bitAnd(x, {2**ROLE_BITS - 1}) = {role}"
