"""Who is in a journey, as ClickHouse aggregates: each person's runs that have begun, and those that have ended."""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.segments.conditions.nodes import JOURNEY_EVENTS
from hudhud.segments.sql.expressions import property_tests
from hudhud.segments.types import Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.segments.conditions.atoms import Staying
    from hudhud.segments.sql.statement import Statement

ENTERED, LEFT = JOURNEY_EVENTS
IS_IN = "arrayExists(run -> NOT has(ended, run.1), begun)"
# The instant since which the latest run lasts; an empty list if there is none.
SINCE = (
    "arrayMap(run -> toString(run.2), arraySlice(arrayReverseSort(run -> run.2, arrayFilter(run -> NOT has(ended, run.1), begun)), 1, 1))"
)


def runs(statement: Statement, atom: Staying, who: str, source: str, bounds: Sequence[str]) -> str:
    """Return the query for each person's runs: `begun` (with the instant), `ended`."""
    run = "e.properties.run.:Int64"
    names = " OR ".join(f"e.name = {statement.bind(name, 'String')}" for name in JOURNEY_EVENTS)
    where = " AND ".join([*bounds, f"({names})", *property_tests(statement, [Where("journey", "is", atom.journey)])])
    begun = f"groupArrayIf((assumeNotNull({run}), e.at), e.name = {statement.bind(ENTERED, 'String')}) AS begun"
    ended = f"groupArrayIf(assumeNotNull({run}), e.name = {statement.bind(LEFT, 'String')}) AS ended"
    return f"SELECT {who} AS who, {begun}, {ended} FROM {source} WHERE {where} GROUP BY who"
