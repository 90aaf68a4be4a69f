"""What the events of one person and name come to, as ClickHouse aggregates: how many, the sum, the average, the first.

Sums are of whole millionths: floats added in another order are another number, and a segment must not flicker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.segments.conditions.atoms import Came, Did
from hudhud.segments.sql.expressions import ORDER, dynamic_test, json_path, number

if TYPE_CHECKING:
    from hudhud.segments.conditions.atoms import OfOne
    from hudhud.segments.sql.statement import Statement, Stored

MILLION = 1_000_000
MOST = 1e15  # numbers that are added are smaller
MILLISECONDS = "toUnixTimestamp64Milli(e.at)"


def aggregates(statement: Statement, atom: OfOne, test: str, place: int) -> tuple[str, str]:
    """Return the columns that a person's events come to (named after `place`), and the condition on them: never null."""
    name = f"c{place}"
    if isinstance(atom, Did):
        return f"countIf({test}) AS {name}", f"{name} = {atom.exactly:d}" if atom.exactly else f"{name} >= {atom.least:d}"
    if atom.take in {"first", "last"}:
        return f"maxIf({_rank(statement, atom)}, {test}) AS {name}", f"bitAnd({name}, 1) = 1"
    if atom.take in {"min", "max"}:
        return f"{atom.take}If({_stored_number(statement, atom)}, {test}) AS {name}", _compared(statement, atom, name)
    added = _millionths(statement, atom)
    if atom.take == "average" and isinstance(atom.value, int | float):
        # What is over the value on average is over it in sum.
        return f"sumIf({added} - {_bound(statement, atom.value)}, {test}) AS {name}", f"ifNull({name} {_sign(atom)} 0, 0)"
    return f"sumIf({added}, {test}) AS {name}", _compared(statement, atom, name)


def told(statement: Statement, atom: Came) -> str:
    """Return what the events come to as a list of texts; '' for nothing."""
    if atom.take in {"first", "last"}:
        value = f"ifNull(toJSONString({_stored(statement, atom)}), 'null')"
        return f"[argMax({value}, {_rank(statement, atom)})]"
    if atom.take in {"min", "max"}:
        return f"[ifNull(toString({atom.take}({_stored_number(statement, atom)})), '')]"
    added = _millionths(statement, atom)
    return f"[ifNull(toString(sum({added})), ''), toString(count({added}))]"


def _stored(statement: Statement, atom: Came) -> Stored:
    return json_path(statement, "e.properties", atom.path)


def _stored_number(statement: Statement, atom: Came) -> str:
    return number(_stored(statement, atom))


def _millionths(statement: Statement, atom: Came) -> str:
    value = _stored_number(statement, atom)
    return f"if(abs({value}) < {MOST:.0f}, toInt128(round({value} * {MILLION})), NULL)"


def _rank(statement: Statement, atom: Came) -> str:
    """Return a number that is highest for the event that counts; of those at one instant, for one that has the value. It is odd if it has."""
    has = dynamic_test(statement, _stored(statement, atom), atom.op, atom.value)
    sign = "" if atom.take == "last" else "-"
    return f"{sign}{MILLISECONDS} * 2 + ({has})"


def _sign(atom: Came) -> str:
    return "=" if atom.op == "is" else ORDER[atom.op]


def _bound(statement: Statement, value: float) -> str:
    return statement.bind(round(float(value) * MILLION), "Int128")


def _compared(statement: Statement, atom: Came, name: str) -> str:
    if atom.op == "is_set":
        return f"isNotNull({name})"
    assert isinstance(atom.value, int | float)
    value = _bound(statement, atom.value) if atom.take == "sum" else statement.bind(float(atom.value), "Float64")
    return f"ifNull({name} {_sign(atom)} {value}, 0)"
