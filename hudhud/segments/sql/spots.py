"""Where people are, as ClickHouse expressions on a row of the mirror of people. What is not known is neither in a place nor outside of it."""

from __future__ import annotations

from math import cos, degrees, pi, radians, sin
from typing import TYPE_CHECKING

from hudhud.people.identifiers import place_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.segments.sql.statement import Statement
    from hudhud.segments.types import Near, Place

GLOBE_KM = 6371.0088  # the mean radius of the earth
KNOWN = "NOT isNaN(latitude)"


def place_test(statement: Statement, atom: Place) -> str:
    """Return the condition on where somebody is: never null."""
    parts = list(_parts(statement, atom))
    if atom.outside:
        return f"({' OR '.join(f'({known} AND NOT ({there}))' for known, there in parts)})"
    return f"({' AND '.join(f'({known} AND {there})' for known, there in parts)})"


def _parts(statement: Statement, atom: Place) -> Iterator[tuple[str, str]]:
    """Yield for each part that is asked for whether it is known, and whether they are there."""
    for column, wanted in (
        ("country", list(atom.countries)),
        ("region_word", sorted({place_word(name) for name in atom.regions})),
        ("city_word", sorted({place_word(name) for name in atom.cities})),
    ):
        if wanted:
            yield f"{column} != ''", f"{column} IN {statement.bind(wanted, 'Array(String)')}"
    if atom.near is not None:
        yield KNOWN, _near_test(statement, atom.near)


def _near_test(statement: Statement, near: Near) -> str:
    """Return the condition that a known position is so near: first whether it can be, by the latitude alone."""
    reach = degrees(near.km / GLOBE_KM)
    # A little more than enough: what the floats of the two comparisons disagree about is decided by the second.
    south, north = (statement.bind(near.latitude + way * (reach + 1e-6), "Float64") for way in (-1, 1))
    edge = statement.bind(sin(min(near.km / GLOBE_KM, pi) / 2) ** 2, "Float64")
    return f"latitude BETWEEN {south} AND {north} AND {_haversine(statement, near)} <= {edge}"


def _haversine(statement: Statement, near: Near) -> str:
    """Return the haversine of the angle to a point.

    By hand: `greatCircleDistance` looks cosines up in tables and is wrong by metres, so that SQL and what explains it would not agree at the edge.
    """
    bound = (radians(near.latitude), radians(near.longitude), cos(radians(near.latitude)))
    north, east, narrow = (statement.bind(value, "Float64") for value in bound)
    upward, sideward = f"sin((radians(latitude) - {north}) / 2)", f"sin((radians(longitude) - {east}) / 2)"
    return f"({upward} * {upward} + {narrow} * cos(radians(latitude)) * {sideward} * {sideward})"


def told(statement: Statement, atom: Place) -> str:
    """Return where somebody is as JSON; `km` is how far from the point, null when nobody knows."""
    km = "NULL"
    if atom.near is not None:
        km = f"if({KNOWN}, round({2 * GLOBE_KM} * asin(sqrt(least(1., {_haversine(statement, atom.near)}))), 3), NULL)"
    names = (f"nullIf(toString({column}), '')" for column in ("country", "region", "city"))
    kinds = "country Nullable(String), region Nullable(String), city Nullable(String), km Nullable(Float64)"
    return f"toJSONString(CAST(tuple({', '.join(names)}, {km}), 'Tuple({kinds})'))"
