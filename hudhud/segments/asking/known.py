"""Values to choose from while somebody writes a condition: the commonest there are, with how many have them.

Looked at are a few stretches of people by id, spread over all of them, so that it takes as long with a million people as with a hundred
thousand. What only one person has is not offered, however often it happened to them, nor what may tell who somebody is: of places, which
are the same for all who are there, each is offered, and so is what companies have.
"""
# ruff: noqa: S608 -- names and texts of users are parameters; only our own words and integers are written

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hudhud.events.queries import find_last_seen, is_personal, is_telling
from hudhud.kit.errors import InvalidInput
from hudhud.segments.asking.sampling import estimate
from hudhud.segments.conditions.nodes import COMPANY_KEY, ITEMS
from hudhud.segments.sql.expressions import instant, json_path
from hudhud.segments.sql.items import ITEM, item_path
from hudhud.segments.sql.statement import Statement
from hudhud.segments.types import to_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

Kind = Literal["attribute", "place", "event", "company"]
MANY_PEOPLE, MANY_EVENTS, MANY_COMPANIES = 50_000, 25_000, 20_000  # looked at
STRETCHES = 8
LATELY = timedelta(days=90)  # before the last event of the name
SHOWN, LOOKED_AT = 30, 100  # values: some of what is looked at may tell who somebody is
MAX_SEARCH, MAX_LENGTH = 60, 60
READ = 400_000  # values of lists, of all rows
ROW, ALL = "'row'", "1"
TOLD = "if(JSONType(said) = 'String', JSONExtractString(said), said)"
COLUMNS = {
    "attribute": {"@language": "language", "@country": "country"},
    "place": {"country": "country", "region": "region", "city": "city"},
}
PRODUCT = f"products{ITEMS}.name"  # what a product is called tells nobody who bought it
QUICKLY = {"max_execution_time": 5}


@dataclass(frozen=True, slots=True)
class About:
    """Whose values: an attribute (`name`), a part of where people are (`name`: country, region, city), a detail of an event, of companies."""

    kind: Kind
    name: str
    detail: str = ""

    @property
    def path(self) -> str:
        """Where the value stands."""
        return self.detail if self.kind in {"event", "company"} else self.name

    @property
    def may_be_told(self) -> bool:
        """Whether the values may be shown by what they are called."""
        if self.kind == "company":
            return self.path == "name" or not is_personal(self.path)
        return self.path == PRODUCT or not is_personal(self.path)


@dataclass(frozen=True, slots=True)
class Offered:
    """A value, and how many people, events or companies have it."""

    value: str | int | float | bool
    count: int


@dataclass(frozen=True, slots=True)
class Known:
    """The commonest values, the commonest first; `exact`: counted, else told from a sample."""

    values: list[Offered]
    exact: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows of a table, and the values of a row as an array of JSON.

    `who` is the column of ids that stretches of people are chosen by; none: the first `most` rows are looked at.
    """

    table: str
    rows: str
    who: str
    values: str
    most: int
    least: int = 2  # people have it, or it is not offered


def find_values(ws: Scope, ch: Client, about: About, now: datetime, *, search: str = "") -> Known:
    """Return known values that have `search` in them, with how many people, companies or events (of the last 90 days that had any) have them."""
    if len(search) > MAX_SEARCH or "\0" in search:
        raise InvalidInput("search", search, f"use at most {MAX_SEARCH} characters, none of them NUL")
    assert ws.workspace_id is not None
    statement = Statement(ws.workspace_id)
    source = _source(ws, statement, about, now) if about.path and about.may_be_told else None
    return Known([], exact=True) if source is None else _count(ch, statement, source, search.strip())


def _source(ws: Scope, statement: Statement, about: About, now: datetime) -> _Source | None:
    mine = f"workspace_id = {statement.workspace_id:d}"
    if about.kind == "event":
        last = find_last_seen(ws, about.name) or now
        lately = f"e.at > {instant(to_ms(min(last, now) - LATELY))} AND e.at <= {instant(to_ms(now))}"
        rows = f"{mine} AND e.name = {statement.bind(about.name, 'String')} AND {lately}"
        return _Source("event AS e", rows, "e.actor_id", _of_event(statement, about.path), MANY_EVENTS)
    if about.kind == "company":
        value = "toJSONString(key)" if about.path == COMPANY_KEY else f"JSONExtractRaw({item_path(statement, about.path).path})"
        return _Source(f"(SELECT *, attributes AS {ITEM} FROM company FINAL WHERE {mine})", "1", "", f"[{value}]", MANY_COMPANIES, least=1)
    if about.kind == "place" or about.name.startswith("@"):
        column = COLUMNS[about.kind].get(about.name)
        if column is None:
            return None
        return _Source("person", f"{mine} AND gone = 0", "person_id", f"[toJSONString(toString({column}))]", MANY_PEOPLE, least=1)
    stored = json_path(statement, "attributes", about.name)
    return _Source("person", f"{mine} AND gone = 0", "person_id", _single(f"ifNull(toJSONString({stored}), '')"), MANY_PEOPLE)


def _of_event(statement: Statement, path: str) -> str:
    listed, found, inner = path.partition(f"{ITEMS}.")
    raw = f"ifNull(toJSONString({json_path(statement, 'e.properties', listed)}), '')"
    if not found:
        return _single(raw)
    return f"arrayDistinct(arrayMap({ITEM} -> JSONExtractRaw({item_path(statement, inner).path}), JSONExtractArrayRaw({raw})))"


def _single(raw: str) -> str:
    """Return the items of what is a list, else what there is itself, as an array of JSON."""
    return f"if(startsWith({raw}, '['), arrayDistinct(JSONExtractArrayRaw({raw})), [{raw}])"


def _count(ch: Client, statement: Statement, source: _Source, search: str) -> Known:
    whole, looked_at = _stretches(ch, statement, source)
    wanted = f"positionCaseInsensitiveUTF8({TOLD}, {statement.bind(search, 'String')}) > 0" if search else "1"
    final, owner = " FINAL" if source.table == "person" else "", source.who or "0"
    # Each row says that it was looked at, too.
    query = (
        f"SELECT any({TOLD}), any(JSONType(said)), count() AS times, said = {ROW} AS is_row FROM ("
        f"SELECT arrayJoin(arrayPushFront({source.values}, {ROW})) AS said, {owner} AS owner FROM {source.table}{final} WHERE {source.rows} AND {looked_at} LIMIT {READ:d}) "
        f"WHERE said = {ROW} OR JSONType(said) IN ('String', 'Int64', 'UInt64', 'Double', 'Bool') AND lengthUTF8({TOLD}) BETWEEN 1 AND {MAX_LENGTH:d} "
        f"GROUP BY said HAVING is_row OR uniqUpTo(2)(owner) >= {source.least:d} AND {wanted} ORDER BY is_row DESC, times DESC, said LIMIT {LOOKED_AT:d}"
    )
    rows = ch.query(query, parameters=statement.params, settings=QUICKLY).result_rows
    asked = rows[0][2] if rows else 0
    found = [(said if kind == "String" else msgspec.json.decode(said), times) for said, kind, times, _ in rows[1:]]
    told = [Offered(value, estimate(times, asked, whole).count) for value, times in found if is_telling(value)]
    return Known(told[:SHOWN], exact=looked_at == ALL)


def _stretches(ch: Client, statement: Statement, source: _Source) -> tuple[int, str]:
    """Return how many rows there are, and the condition for those that are looked at."""
    if not source.who:
        return 0, ALL
    whole = _ask(ch, statement, f"SELECT count() FROM {source.table} WHERE {source.rows}")[0]
    if whole <= source.most:
        return 0, ALL
    edges = ", ".join(str(place / STRETCHES) for place in range(STRETCHES + 1))
    bounds = _ask(
        ch, statement, f"SELECT quantilesExactLow({edges})(person_id) FROM person WHERE workspace_id = {statement.workspace_id:d}"
    )[0]
    ends = [(low, low + max(1, int((high - low) * source.most / whole))) for low, high in pairwise(bounds)]
    return whole, f"({' OR '.join(f'{source.who} >= {low:d} AND {source.who} < {end:d}' for low, end in ends)})"


def _ask(ch: Client, statement: Statement, query: str) -> Sequence[Any]:
    return ch.query(query, parameters=statement.params, settings=QUICKLY).result_rows[0]
