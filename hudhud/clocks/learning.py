"""Learning at which hours people are there: from 90 days of opens and clicks (persons', not machines') and of what they did themselves, by their own clocks.

Kept as a row of 24 counts for each person (`active_hours`), written anew every six hours in workspaces that ask for it: a run that comes reads
one row, and no history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hudhud.clocks.besthour import ANSWER_WEIGHT, HOURS, UNKNOWN, Learned
from hudhud.events.types import RESERVED
from hudhud.kit import sql
from hudhud.kit.localtime import zone_named
from hudhud.kit.sql import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.clocks", "learning.sql")
BACK, EVERY = timedelta(days=90), timedelta(hours=6)
MINUTE = timedelta(minutes=1)
EVERYBODY = 0
LUMP = 50_000
MOST = 255  # a byte for each hour
HEARD = ("Message Opened", "Message Clicked")

ZONES = "SELECT DISTINCT time_zone FROM person FINAL WHERE workspace_id = {w:UInt64} AND gone = 0"
# Up to which number each lump of people goes.
BOUNDS = """
SELECT max(person_id) FROM (
    SELECT person_id, intDiv(row_number() OVER (ORDER BY person_id) - 1, {lump:UInt32}) AS place FROM person FINAL WHERE workspace_id = {w:UInt64} AND gone = 0
) GROUP BY place ORDER BY place
"""
# Of a lump only its own histories are read, as these lie in the order of their people, and of whom was merged into it.
# Each hour of each day counts once, however much somebody did in it. Clocks that changed within the span are known by the instant when they did.
ACTIVE = """
SELECT person_id, toHour(local) AS hour, uniqExactIf(toStartOfHour(local), answered) AS answers, uniqExactIf(toStartOfHour(local), NOT answered) AS others
FROM (
    SELECT p.person_id AS person_id, e.name IN {heard:Array(String)} AS answered,
           e.at + toIntervalSecond(if(e.at < fromUnixTimestamp(transform(p.time_zone, {zones:Array(String)}, {changes:Array(Int64)}, 0)),
               transform(p.time_zone, {zones:Array(String)}, {befores:Array(Int32)}, 0), transform(p.time_zone, {zones:Array(String)}, {afters:Array(Int32)}, 0))) AS local
    FROM person_event AS e
    LEFT ANY JOIN (SELECT actor_id, person_id FROM person_override FINAL WHERE workspace_id = {w:UInt64}) AS o ON o.actor_id = e.actor_id
    INNER JOIN (SELECT person_id, time_zone FROM person FINAL WHERE workspace_id = {w:UInt64} AND gone = 0 AND person_id > {low:UInt64} AND person_id <= {high:UInt64}) AS p
        ON p.person_id = if(o.person_id = 0, e.actor_id, o.person_id)
    WHERE e.workspace_id = {w:UInt64} AND (e.actor_id > {low:UInt64} AND e.actor_id <= {high:UInt64} OR e.actor_id IN (
              SELECT actor_id FROM person_override FINAL WHERE workspace_id = {w:UInt64} AND person_id > {low:UInt64} AND person_id <= {high:UInt64}))
      AND e.at > {since:DateTime64(3, 'UTC')} AND e.at <= {now:DateTime64(3, 'UTC')}
      AND (e.name IN {heard:Array(String)} AND JSONExtractString(e.properties, 'verdict') = 'human'
           OR e.kind IN ('track', 'page', 'screen') AND e.name NOT IN {ours:Array(String)})
)
GROUP BY person_id, hour
"""


def learn(db: Database, ch: Client, workspace_id: int, now: datetime, beat: Callable[[], None], lump: int = LUMP) -> int:
    """Learn of everybody in a workspace, so many people at once, if it is time to; return of how many something is known."""
    with db.workspace(workspace_id) as ws:
        if ws.value(QUERIES.claim, now=now, before=now - EVERY) is None:
            return 0
    parameters = {"w": workspace_id, "since": now - BACK, "now": now, "heard": list(HEARD), "ours": sorted(RESERVED)}
    parameters |= _clocks([row[0] for row in ch.query(ZONES, parameters=parameters).result_rows], now)
    bounds = [row[0] for row in ch.query(BOUNDS, parameters={"w": workspace_id, "lump": lump}).result_rows]
    whole: list[int] = [0] * HOURS
    told, known = Counter[str](), 0
    for low, high in pairwise([0, *bounds]):
        found = _read(ch.query(ACTIVE, parameters={**parameters, "low": low, "high": high}).result_rows)
        with db.workspace(workspace_id) as ws:
            _keep(ws, found, now)
        for one in found.values():
            whole = [sum(pair) for pair in zip(whole, one.hours, strict=True)]
            told.update(answers=one.answers, others=one.others)
        known += len(found)
        beat()
    with db.workspace(workspace_id) as ws:
        # As shares of a byte: only how they stand to each other counts.
        most = max(*whole, 1)
        _keep(ws, {EVERYBODY: Learned([one * MOST // most for one in whole], told["answers"], told["others"])}, now)
        ws.run(QUERIES.forget, now=now)
    return known


def _clocks(zones: list[str], now: datetime) -> dict[str, list[str] | list[int]]:
    """Return for each zone when its clock changed within the span, and its offset before and after, in seconds."""
    found = [(name or "UTC", *_change(name or "UTC", now)) for name in zones]
    names, changes, befores, afters = (list(column) for column in zip(*found, strict=True)) if found else ([], [], [], [])
    return {"zones": names, "changes": changes, "befores": befores, "afters": afters}


def _change(name: str, now: datetime) -> tuple[int, int, int]:
    first, last = now - BACK, now
    before, after = _offset(name, first), _offset(name, last)
    while before != after and last - first > MINUTE:
        middle = first + (last - first) / 2
        first, last = (first, middle) if _offset(name, middle) == after else (middle, last)
    return (int(last.timestamp()) if before != after else 0), before, after


def _offset(name: str, at: datetime) -> int:
    offset = at.astimezone(zone_named(name)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _read(rows: Iterable[Sequence[int]]) -> dict[int, Learned]:
    hours: dict[int, list[int]] = defaultdict(lambda: [0] * HOURS)
    told: dict[int, Counter[str]] = defaultdict(Counter)
    for person_id, hour, answers, others in rows:
        hours[person_id][hour] = min(answers * ANSWER_WEIGHT + others, MOST)
        told[person_id].update(answers=answers, others=others)
    return {one: Learned(some, told[one]["answers"], told[one]["others"]) for one, some in hours.items()}


def _keep(ws: Scope, found: dict[int, Learned], now: datetime) -> None:
    ws.run(
        QUERIES.keep,
        now=now,
        person_ids=numbers(found),
        hours=texts(bytes(one.hours).hex() for one in found.values()),
        answers=numbers(one.answers for one in found.values()),
        others=numbers(one.others for one in found.values()),
    )


def find_learned(ws: Scope, person_ids: Iterable[int]) -> tuple[dict[int, Learned], Learned]:
    """Return what is known of these people, and of everybody."""
    rows = ws.rows(QUERIES.find, person_ids=numbers({EVERYBODY, *person_ids}))
    found = {row[0]: Learned(tuple(row[1]), row[2], row[3]) for row in rows}
    return found, found.pop(EVERYBODY, UNKNOWN)
