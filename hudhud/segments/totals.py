"""What given people did within a time after a moment of their own: how often, and what a property of it comes to."""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.segments.ask import find_merged, rows
from hudhud.segments.compile import MAX_ASKERS, OF_PEOPLE
from hudhud.segments.expressions import Statement, instant, json_path, number, property_tests
from hudhud.segments.types import to_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from clickhouse_connect.driver.client import Client

    from hudhud.segments.types import Where


@dataclass(frozen=True, slots=True)
class Asked:
    """Events of a name that pass the filters, and which property of them is added up."""

    name: str
    where: tuple[Where, ...] = ()
    property: str | None = None


def total_after(
    ch: Client, workspace_id: int, asked: Asked, moments: Sequence[tuple[int, datetime]], within: timedelta, now: datetime
) -> dict[int, tuple[int, float]]:
    """Return for each person who did it how often, and what it came to, after their moment and at most `within` later; nothing after `now` exists.

    `moments`: (person, moment), each person once. Values that are no numbers come to 0.
    """
    found: dict[int, tuple[int, float]] = {}
    for start in range(0, len(moments), MAX_ASKERS):
        some = moments[start : start + MAX_ASKERS]
        for who, times, total in rows(ch, _compile(ch, workspace_id, asked, some, within, now)):
            found[who] = (times, total)
    return found


def _compile(
    ch: Client, workspace_id: int, asked: Asked, moments: Sequence[tuple[int, datetime]], within: timedelta, now: datetime
) -> Statement:
    since = dict(moments)
    askers = [(person, person) for person in since] + find_merged(ch, workspace_id, list(since))
    statement = Statement(workspace_id)
    actors = statement.bind_ids("actors", [actor for actor, _ in askers])
    people = statement.bind_ids("people", [person for _, person in askers])
    begins = statement.bind_ids("begins", [to_ms(since[person]) for _, person in askers])
    own = f"SELECT a AS actor_id, p AS person_id, {instant('t')} AS since FROM system.one ARRAY JOIN {actors} AS a, {people} AS p, {begins} AS t"
    until = f"addMilliseconds(s.since, {within.total_seconds() * 1000:.0f})"
    tests = [
        f"e.workspace_id = {workspace_id:d}",
        f"e.actor_id IN {actors}",
        f"e.name = {statement.bind(asked.name, 'String')}",
        f"e.at <= {instant(to_ms(now))}",
        "e.at > s.since",
        f"e.at <= {until}",
        *property_tests(statement, asked.where),
    ]
    value = "0." if asked.property is None else f"ifNull({number(json_path(statement, 'e.properties', asked.property))}, 0.)"
    statement.text = (
        f"SELECT s.person_id, count(), sum({value}) FROM {OF_PEOPLE} AS e INNER JOIN ({own}) AS s ON s.actor_id = e.actor_id "
        f"WHERE {' AND '.join(tests)} GROUP BY s.person_id"
    )
    return statement
