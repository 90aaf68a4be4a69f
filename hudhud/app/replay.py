"""`hudhud replay`: build ClickHouse once more from the kept log and from PostgreSQL (decision 26), and compare what came of it, byte for byte."""

from __future__ import annotations

import json as jsonlib
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudhud.accounts import queries
from hudhud.app.commands import Data, Json, opened
from hudhud.companies import actions as companies
from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.events import brought, kept
from hudhud.events.append import InsertsIgnored, append
from hudhud.events.types import Event
from hudhud.kit import clickhouse, sql
from hudhud.kit.errors import InvalidInput
from hudhud.people import actions as people
from hudhud.people import erasure
from hudhud.transfer.types import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

Q = sql.load("hudhud.app", "replay.sql")
CURE = "look for a TTL, a row policy or a quota on its tables, and repeat this"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# So many events are in memory at a time, about.
PART_ROWS, PEOPLE_ROWS = 20_000, 5_000
# What another ClickHouse has that this one lacks, as it came: the timeline has the properties' own bytes, the other table the rest.
RAW = """
SELECT e.workspace_id, e.actor_id, e.at, e.received_at, e.name, e.kind, e.message_id, p.properties, e.context, e.source
FROM event e INNER JOIN person_event p USING (workspace_id, actor_id, at, name, kind, message_id)
WHERE cityHash64(e.workspace_id, e.actor_id) % {parts:UInt32} = {part:UInt32} AND cityHash64(p.workspace_id, p.actor_id) % {parts:UInt32} = {part:UInt32}
  AND (e.workspace_id, e.actor_id, e.at, e.message_id) NOT IN (
      SELECT workspace_id, actor_id, at, message_id FROM {there:Identifier}.event WHERE cityHash64(workspace_id, actor_id) % {parts:UInt32} = {part:UInt32})
ORDER BY e.workspace_id, e.actor_id, e.at, e.message_id
"""
# Everybody that the tables of people and their events speak of.
ACTORS = """
SELECT DISTINCT id FROM (
    SELECT actor_id AS id FROM person_event WHERE workspace_id = {workspace_id:UInt64} UNION ALL
    SELECT actor_id FROM event WHERE workspace_id = {workspace_id:UInt64} UNION ALL
    SELECT person_id FROM person WHERE workspace_id = {workspace_id:UInt64} AND NOT (gone = 1 AND empty(JSONAllPaths(attributes))))
WHERE id > {after:UInt64} ORDER BY id LIMIT {limit:UInt32}
"""
TABLES = {
    "event": "SELECT workspace_id, name, at, actor_id, message_id, kind, received_at, toString(properties), context, source FROM event",
    "person_event": "SELECT workspace_id, actor_id, at, name, kind, message_id, properties, source FROM person_event",
    "person": "SELECT workspace_id, person_id, version, gone, toString(attributes), language, country, region, city, region_word, city_word, toString(latitude), toString(longitude), time_zone, created_at, arraySort(subscriptions),"
    " arraySort(companies), arraySort(reachable) FROM person FINAL",
    "company": "SELECT workspace_id, key, version, attributes FROM company FINAL",
    "person_override": "SELECT workspace_id, actor_id, person_id FROM person_override FINAL",
}
SPILL = {"max_bytes_before_external_sort": 256 * 1024**2}


@dataclass(frozen=True, slots=True)
class Compared:
    """One table of both, as it stands: rows and a checksum over all of them in order."""

    table: str
    rows: int
    replayed: int
    same: bool


@dataclass(slots=True)
class Ignored:
    """What ClickHouse takes and does not keep: how many events, and blocks of the log with such."""

    events: int = 0
    blocks: list[int] = field(default_factory=list)

    @contextmanager
    def noted(self, block_id: int | None = None) -> Iterator[None]:
        """Go on with what comes behind."""
        try:
            yield
        except InsertsIgnored as error:
            self.events += len({id(event) for event in error.missing})
            self.blocks += [block_id] if block_id is not None else []


def replay_events(
    *,
    fill: Annotated[
        bool, typer.Option("--fill", help="Bring ClickHouse what it lacks: after it was lost, or put back from a backup.")
    ] = False,
    older: Annotated[str, typer.Option(help="With --fill: a database on the same ClickHouse with what is older than the kept log.")] = "",
    into: Annotated[
        str, typer.Option(help="Without --fill: name of an empty database on the same ClickHouse; made if there is none.")
    ] = "replay",
    keep: Annotated[bool, typer.Option("--keep", help="Leave that database there.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Build ClickHouse once more, beside the one in use, and compare (while nothing comes in); ends with 1 when anything differs. Or fill the one in use. Example: hudhud replay."""
    for option, name in (("--into", into), ("--older", older)):
        if name and not NAME.fullmatch(name):
            raise InvalidInput(option, name, "use letters, digits and _")
    with opened(data) as (chosen, database):
        here = clickhouse.connect(chosen.clickhouse_url)
        if fill:
            before = _count(here, "event")
            lost = bring_missing(database, _open(chosen.clickhouse_url, here, older) if older else None, here)
            after = _count(here, "event")
            said = f"event: {before} rows before, {after} now" + (f"; {lost} that ClickHouse does not keep: {CURE}" if lost else "")
            typer.echo(jsonlib.dumps({"before": before, "after": after, "lost": lost}) if json else said)
            if lost:
                raise typer.Exit(1)
            return
        if older:
            raise InvalidInput("--older", older, "give --fill, too: it fills the ClickHouse in use")
        target = _open_empty(chosen.clickhouse_url, here, into)
        try:
            replay(database, here, target)
            compared = compare(here, target)
        finally:
            if not keep:
                here.command(f"DROP DATABASE {into} SYNC")
    if json:
        typer.echo(jsonlib.dumps([asdict(one) for one in compared]))
    else:
        for one in compared:
            typer.echo(f"{one.table}: {one.rows} rows, replayed {one.replayed}: {'the same' if one.same else 'DIFFERENT'}")
    if not all(one.same for one in compared):
        raise typer.Exit(1)


def _open(url: str, here: Client, name: str) -> Client:
    if name == here.database or not here.command("EXISTS DATABASE {name:Identifier}", parameters={"name": name}):
        raise InvalidInput("--older", name, "name another database on the same ClickHouse: RESTORE DATABASE hudhud AS older FROM …")
    client = clickhouse.connect(url)
    client.database = name
    return client


def _open_empty(url: str, source: Client, name: str) -> Client:
    source.command(f"CREATE DATABASE IF NOT EXISTS {name} ENGINE = Atomic")
    target = clickhouse.connect(url)
    target.database = name
    migrate_clickhouse(target, load("clickhouse"))
    if any(_count(target, table) for table in TABLES):
        raise InvalidInput("--into", name, "choose a database that is empty")
    return target


def bring_missing(database: Database, older: Client | None, here: Client) -> int:
    """Bring the ClickHouse in use what it lacks, as `replay` does; return how many events it does not keep.

    Where events were lost, workers wait until all of it is done, also when this is interrupted: the newest events come long before the oldest and the people.
    """
    with database.everywhere() as everywhere:
        if kept.is_behind(everywhere, here):
            everywhere.run(Q.begin_filling)
    ignored = replay(database, older, here)
    with database.everywhere() as everywhere:
        # Nobody waits for what does not stay there.
        kept.set_aside(everywhere, ignored.blocks)
        everywhere.run(Q.end_filling)
    return ignored.events


def replay(database: Database, source: Client | None, target: Client) -> Ignored:
    """Bring a ClickHouse what it lacks: the events of the kept log; what `source` on the same server has besides; the mirror of people from PostgreSQL.

    Whatever was deleted on purpose since `source` or `target` was copied goes. What is there stays as it is: this may be interrupted and repeated.
    """
    is_empty, ignored = not _count(target, "event"), Ignored()
    with database.everywhere() as everywhere:
        newest = everywhere.value(Q.find_newest_block)
    for block in kept.read(database):
        # What is kept from here on was written to the ClickHouse in use at the same time.
        with ignored.noted(block.id):
            append(target, block.events, block.token, again=not is_empty or block.id > newest)
    if source is not None:
        parts = max(1, -(-_count(source, "event") // PART_ROWS))
        for part in range(parts):
            with ignored.noted():
                append(target, list(_read(source, target, parts, part)), f"replay:{source.database}:{parts}:{part}", again=not is_empty)
    with database.everywhere() as everywhere:
        workspaces = [each.workspace_id for each in queries.find_workspaces(everywhere)]
    for workspace_id in workspaces:
        _leave_out(database, target, workspace_id)
        _mirror(database, target, workspace_id)
    return ignored


def _leave_out(database: Database, target: Client, workspace_id: int) -> None:
    """Delete what a copy has of people who were erased or are nobody (any more), and of imports that were taken back."""
    with database.workspace(workspace_id) as ws:
        erased = set(erasure.find_erased(ws))
        undone = [row[0] for row in ws.rows(Q.find_undone)]
    after, limit = 0, PART_ROWS
    while True:
        given = {"workspace_id": workspace_id, "after": after, "limit": limit}
        ids = [row[0] for row in target.query(ACTORS, parameters=given).result_rows]
        with database.workspace(workspace_id) as ws:
            gone = erased.intersection(ids).union(row[0] for row in ws.rows(Q.find_unknown, ids=sql.numbers(ids)))
        if gone:
            erasure.remove_events(target, workspace_id, sorted(gone))
        if len(ids) < limit:
            break
        after = ids[-1]
    for import_id in undone:
        if brought.count_brought(target, workspace_id, source_of(import_id)):
            brought.remove_brought(target, workspace_id, source_of(import_id))


def _mirror(database: Database, target: Client, workspace_id: int) -> None:
    with database.workspace(workspace_id) as ws:
        companies.mirror(ws, target, everything=True)
    after = 0
    while True:
        with database.workspace(workspace_id) as ws:
            ids = [row[0] for row in ws.rows(Q.find_ids, after=after, limit=PEOPLE_ROWS)]
            people.mirror(ws, target, ids)
        if len(ids) < PEOPLE_ROWS:
            break
        after = ids[-1]


def _read(source: Client, target: Client, parts: int, part: int) -> Iterator[Event]:
    """Yield the events of some actors that the target lacks, as they came, in order."""
    for row in source.query(RAW, parameters={"parts": parts, "part": part, "there": target.database}).result_rows:
        workspace_id, actor_id, at, received_at, name, kind, message_id, properties, context, way = row
        yield Event(
            workspace_id=workspace_id,
            lane_id=0,
            message_id=message_id,
            kind=kind,
            name=name,
            at=_aware(at),
            received_at=_aware(received_at),
            user_id=None,
            anonymous_id=None,
            properties=properties.encode(),
            context=context.encode(),
            source=way,
            actor_id=actor_id,
            person_id=actor_id,
        )


def _aware(at: Any) -> Any:  # noqa: ANN401 -- the driver's datetimes
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def compare(source: Client, target: Client) -> list[Compared]:
    """Compare each table of two ClickHouses by a checksum over all rows in order."""
    found = []
    for table, rows in TABLES.items():
        same = _digest(source, rows) == _digest(target, rows)
        found.append(Compared(table, _count(source, f"({rows})"), _count(target, f"({rows})"), same))
    return found


def _count(ch: Client, what: str) -> int:
    return int(ch.query(f"SELECT count() FROM {what}").result_rows[0][0])  # noqa: S608 -- our own tables and queries


def _digest(ch: Client, rows: str) -> str:
    digest = sha256()
    with ch.raw_stream(f"{rows} ORDER BY ALL", fmt="RowBinary", settings=SPILL) as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
