"""What given people did in spans of time of their own: how often, and what a property of it comes to."""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.segments.asking.ask import find_merged, rows
from hudhud.segments.sql.compile import MAX_ASKERS, OF_PEOPLE
from hudhud.segments.sql.expressions import instant, json_path, number, property_tests
from hudhud.segments.sql.statement import Statement
from hudhud.segments.types import to_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.segments.types import Where

# A single event beyond all reason would make every sum of squares infinite.
MOST = 10**15


@dataclass(frozen=True, slots=True)
class Asked:
    """Events of a name that pass the filters, and which property of them is added up."""

    name: str
    where: tuple[Where, ...] = ()
    property: str | None = None


def total_within(
    ch: Client, workspace_id: int, asked: Asked, spans: Sequence[tuple[int, datetime, datetime]], now: datetime
) -> dict[int, tuple[int, float]]:
    """Return by its place each span in which its person did it: how often, and what it came to. Nothing after `now` exists.

    `spans`: (person, after, until and with). Values that are no numbers, or larger than any sum, come to 0.
    """
    found: dict[int, tuple[int, float]] = {}
    for start in range(0, len(spans), MAX_ASKERS):
        some = dict(enumerate(spans[start : start + MAX_ASKERS], start))
        for place, times, total in rows(ch, _compile(ch, workspace_id, asked, some, now)):
            found[place] = (times, total)
    return found


def _compile(ch: Client, workspace_id: int, asked: Asked, spans: dict[int, tuple[int, datetime, datetime]], now: datetime) -> Statement:
    people = sorted({person_id for person_id, _, _ in spans.values()})
    actors = {person_id: [person_id] for person_id in people}
    for actor_id, person_id in find_merged(ch, workspace_id, people):
        actors[person_id].append(actor_id)
    askers = [
        (place, actor, to_ms(after), to_ms(until)) for place, (person, after, until) in spans.items() for actor in sorted(actors[person])
    ]
    statement = Statement(workspace_id)
    places, ids, begins, ends = (
        statement.bind_ids(name, column)
        for name, column in zip(("places", "ids", "begins", "ends"), zip(*askers, strict=True), strict=True)
    )
    own = (
        f"SELECT n AS place, a AS actor_id, {instant('b')} AS since, {instant('t')} AS until "
        f"FROM system.one ARRAY JOIN {places} AS n, {ids} AS a, {begins} AS b, {ends} AS t"
    )
    tests = [
        f"e.workspace_id = {workspace_id:d}",
        f"e.actor_id IN {ids}",
        f"e.name = {statement.bind(asked.name, 'String')}",
        f"e.at <= {instant(to_ms(now))}",
        "e.at > s.since",
        "e.at <= s.until",
        *property_tests(statement, asked.where),
    ]
    value = "0."
    if asked.property is not None:
        stated = number(json_path(statement, "e.properties", asked.property))
        value = f"if(abs({stated}) <= {MOST:d}, {stated}, 0.)"
    statement.text = (
        f"SELECT s.place, count(), sum({value}) FROM {OF_PEOPLE} AS e INNER JOIN ({own}) AS s ON s.actor_id = e.actor_id "
        f"WHERE {' AND '.join(tests)} GROUP BY s.place"
    )
    return statement
