"""The large base: people, events and 200 live segments, and a tenth of it beside; made in some half an hour, or kept in a folder and opened again.

People and names of events are drawn by Zipf's law, people with a shift of a thousand: the busiest do some eighty things a day.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.shop import open_shop
from bench.stack import Stack, wait_until
from bench.zipf import APART, NAMES, SHIFT
from hudhud.engines.migrate import load
from hudhud.segments import actions
from hudhud.segments.queries import count_segments
from hudhud.segments.types import MILLISECOND, from_json

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

SEGMENTS = 200
STEP = 5_000_000  # events made by one statement
NOW = datetime(2026, 3, 31, tzinfo=UTC)
SPAN = timedelta(days=90)
CITIES = ("Tallinn", "Tartu", "Tehran", "Cairo")
# An event that nobody does but who is watched on the way from the door to a segment; whether they are in needs their history.
PROBE = "Probe Sent"
PROBED = {
    "kind": "amount",
    "take": "sum",
    "name": PROBE,
    "property": "price",
    "op": "more_than",
    "value": 0,
    "window": {"kind": "last", "amount": 7, "unit": "days"},
}
MAKE_PEOPLE = """
INSERT INTO person (id, workspace_id, attributes, created_at, updated_at, mirrored) OVERRIDING SYSTEM VALUE
SELECT %(first)s + n, %(w)s,
       jsonb_build_object('name', 'Ann' || n %% 9973 || ' Lee' || n, 'city', (%(cities)s::text[])[n / 80 %% 4 + 1], 'age', n::bigint * 7919 %% 80), %(now)s, %(now)s, 1
FROM generate_series(0, %(people)s - 1) AS n
"""
MAKE_IDENTIFIERS = """
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(w)s, i.namespace, i.value, n, %(now)s
FROM generate_series(%(first)s, %(first)s + %(people)s - 1) AS n,
     LATERAL (VALUES ('user_id', 'u' || n - %(first)s), ('email', 'person' || n || '@example.com'), ('phone', '+3725' || lpad(n::text, 7, '0'))) AS i (namespace, value)
"""
MIRROR_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at, reachable)
SELECT {w:UInt64}, {first:UInt64} + number, 1, 0,
       concat('{"name":"Ann', toString(number % 9973), ' Lee', toString(number), '","city":"', {cities:Array(String)}[intDiv(number, 80) % 4 + 1], '","age":', toString(number * 7919 % 80), '}')::JSON,
       {now:DateTime64(3, 'UTC')}, ['email'] FROM numbers({people:UInt64})
"""
# One row of the log: the numbers from `start` on happened one after another, within `span_ms` from `since`. Who is busy has nothing to do with who came first.
EVENT = """
WITH intHash32(toUInt32(number)) AS h, cityHash64(number, 'who') / 18446744073709551616. AS lot,
     {since:DateTime64(3, 'UTC')} + toIntervalMillisecond(cityHash64(number, 'at') % {span_ms:UInt64}) AS happened,
     least(toUInt64({shift:UInt64} * (pow(({people:UInt64} + {shift:UInt64}) / {shift:UInt64}, lot) - 1)), {people:UInt64} - 1) AS place,
     {first:UInt64} + place * {apart:UInt64} % {people:UInt64} AS actor,
     concat('{"price":', toString(h % 200), ',"product":"sku-', toString(h % 5000), '"}') AS said
SELECT {w:UInt64} AS workspace_id, {names:Array(String)}[toUInt32(pow(49, cityHash64(number, 'name') / 18446744073709551616.))] AS name, happened AS at, actor AS actor_id,
       lower(hex(cityHash64(number, 'message'))) AS message_id, 'track' AS kind, COLUMNS FROM numbers({start:UInt64}, {events:UInt64})
"""
MAKE_EVENTS = {
    "event": "INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)"
    + EVENT.replace(
        "COLUMNS",
        'happened + toIntervalMillisecond(h % 900), said::JSON, concat(\'{"page":{"url":"https://shop.example/p/\', toString(h % 5000), \'"}}\')',
    ),
    "person_event": "INSERT INTO person_event (workspace_id, name, at, actor_id, message_id, kind, properties)"
    + EVENT.replace("COLUMNS", "said"),
}
READ_EVENTS = EVENT.replace("COLUMNS", "said")
FIND = "SELECT count(), max(at) FROM event WHERE workspace_id = {w:UInt64}"
CLOSED = "SELECT DISTINCT table, partition FROM system.parts WHERE active AND table IN ('event', 'person_event') AND toUInt32(partition) < {month:UInt32} ORDER BY table, partition"


@dataclass
class Base:
    """A workspace with people and events, so many so far; its clock goes on from where it was left."""

    workspace_id: int
    first: int  # id of the first person; the user_id of person `first + n` is `u{n}`
    people: int
    events: int
    now: datetime = NOW
    key: str = ""  # to its door

    def take(self, events: int) -> int:
        """Return the number of the first of so many further events."""
        self.events += events
        return self.events - events

    def next_second(self) -> datetime:
        """Let a second pass."""
        self.now += timedelta(seconds=1)
        return self.now

    def given(self) -> dict[str, Any]:
        """Return what the statements here want to know of it."""
        return {"w": self.workspace_id, "first": self.first, "people": self.people, "now": NOW}

    def told(self) -> str:
        """Say how large it is."""
        return f"{self.people:,} people, {self.events:,} events, {SEGMENTS} segments"


def open_stack(folder: str, people: int, events: int) -> Stack:
    """Return a stack in the folder, with what of a base of this size can be used again; '': in one that is removed at the end.

    A schema that has changed since means to make that engine's part anew, both where ClickHouse's has.
    """
    if not folder:
        return Stack()
    stack = Stack(Path(folder).resolve(), keep=True)
    if _read(stack, "ch").get("digest") != _digest("clickhouse"):
        for name in ("pg", "ch", "pg.json", "ch.json"):
            _remove(stack.folder / name)
    elif [_read(stack, "ch")[name] for name in ("people", "events")] != [people, events]:
        message = f"{folder} holds a base of another size: remove it, or say BENCH_PEOPLE and BENCH_EVENTS as it was made"
        raise SystemExit(message)
    if _read(stack, "pg").get("digest") != _digest("postgres"):
        for name in ("pg", "pg.json"):
            _remove(stack.folder / name)
    return stack


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)


def _read(stack: Stack, engine: str) -> dict[str, Any]:
    """Return what was noted when all was made that this engine has."""
    place = stack.folder / f"{engine}.json"
    found: dict[str, Any] = json.loads(place.read_text("utf-8")) if place.exists() else {}
    return found


def _note(stack: Stack, engine: str, **told: object) -> None:
    (stack.folder / f"{engine}.json").write_text(json.dumps(told), "utf-8")


def _digest(engine: str) -> str:
    return hashlib.sha256("".join(one.checksum for one in load(engine)).encode()).hexdigest()


def open_bases(stack: Stack, ch: Client, people: int, events: int) -> list[Base]:
    """Return a tenth of the base, and the base: what the stack's folder has of it, the rest made."""
    # The ids are those that a database gives that was empty.
    bases = [Base(1, 1, people // 10, events // 10), Base(2, people // 10 + 1, people, events)]
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(_make_all_people, stack, bases)
        if not _read(stack, "ch"):
            for base in bases:
                _make_all_events(stack, ch, base)
            settle(ch)
            _close_months(ch)
            _note(stack, "ch", people=people, events=events, digest=_digest("clickhouse"))
        made.result()
    for base, key in zip(bases, _read(stack, "pg")["keys"], strict=True):
        base.key = key
        found = ch.query(FIND, parameters={"w": base.workspace_id}).result_rows[0]
        base.events, base.now = int(found[0]), found[1].replace(tzinfo=UTC) + timedelta(seconds=1)
        make_segments(stack.db, ch, base)
        with stack.db.workspace(base.workspace_id) as ws:  # decisions never go back in time: the last one may be later than the last event
            decided = ws.conn.execute("SELECT decided_at FROM segment_known WHERE workspace_id = %s", (base.workspace_id,)).fetchone()
        assert decided is not None
        base.now = max(base.now, decided[0])
    return bases


def _make_all_people(stack: Stack, bases: list[Base]) -> None:
    if _read(stack, "pg"):
        return
    keys = []
    for base in bases:
        workspace_id, key = open_shop(stack)
        assert workspace_id == base.workspace_id
        _make_people(stack, base)
        keys.append(key)
    _note(stack, "pg", keys=keys, digest=_digest("postgres"))


def _make_all_events(stack: Stack, ch: Client, base: Base) -> None:
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(_make_events, stack, base, "person_event")
        ch.command(MIRROR_PEOPLE, {**base.given(), "cities": list(CITIES)})
        _make_events(stack, base, "event")
        made.result()


def _close_months(ch: Client) -> None:
    """Put together the months before the present one, as ClickHouse does by itself when nothing has come to them for a day (decision 31)."""
    for table, month in ch.query(CLOSED, parameters={"month": int(f"{NOW:%Y%m}")}).result_rows:
        ch.command(f"OPTIMIZE TABLE {table} PARTITION {month} FINAL")


def settle(ch: Client) -> None:
    """Wait until ClickHouse has put together what it means to put together now."""
    wait_until(
        lambda: ch.query("SELECT count() FROM system.merges").result_rows[0][0] == 0, 1800, every_s=1, what="merges to come to an end"
    )


def _make_people(stack: Stack, base: Base) -> None:
    with stack.admin() as admin:
        admin.execute("SET session_replication_role = replica")  # each identifier has its person: no need to look
        admin.execute(MAKE_PEOPLE, {**base.given(), "cities": list(CITIES)})
        admin.execute(MAKE_IDENTIFIERS, base.given())
        admin.execute("SELECT setval(pg_get_serial_sequence('person', 'id'), (SELECT max(id) FROM person))")
        admin.execute("VACUUM ANALYZE person, identifier")


def _make_events(stack: Stack, base: Base, table: str) -> None:
    """Make them in the order in which they happened, as they would have come."""
    with stack.ch() as ch:
        for start in range(0, base.events, STEP):
            some = min(STEP, base.events - start)
            since = NOW - SPAN + SPAN * (start / base.events)
            ch.command(MAKE_EVENTS[table], {**base.given(), **slice_of(start, some, since, SPAN * (some / base.events))})


def slice_of(start: int, events: int, since: datetime, span: timedelta) -> dict[str, Any]:
    """Return the bounds of so many events from a number on, in this time."""
    return {
        "names": list(NAMES),
        "shift": SHIFT,
        "apart": APART,
        "start": start,
        "events": events,
        "since": since,
        "span_ms": max(span // MILLISECOND, 1),
    }


def make_segments(db: Database, ch: Client, base: Base) -> None:
    """Make the live segments, and the one for the people who are watched, unless they are there; bring them to the base's present."""
    with db.workspace(base.workspace_id) as ws:
        if not count_segments(ws):
            for number in range(SEGMENTS):
                actions.create_segment(ws, f"Segment {number}", from_json(tree_of(number)), base.now, by="cli")
            actions.create_segment(ws, PROBE, from_json(PROBED), base.now, by="cli")
    for step in (actions.build, actions.check_due, actions.keep_up):
        found: object = True
        while found:
            with db.workspace(base.workspace_id) as ws:
                found = step(ws, ch, base.now)


def tree_of(number: int) -> dict[str, Any]:
    """Return one of ten shapes over one or two of the names."""
    name, other = NAMES[number % len(NAMES)], NAMES[(number * 7 + 3) % len(NAMES)]
    event = {"kind": "event", "name": name, "window": {"kind": "last", "amount": (1, 7, 30, 90)[number // 7 % 4], "unit": "days"}}
    second = {"kind": "event", "name": other, "window": {"kind": "last", "amount": (7, 30)[number // 3 % 2], "unit": "days"}}
    city = {"kind": "attribute", "name": "city", "op": "is", "value": CITIES[number % 4]}
    return (
        event,
        {"kind": "and", "of": [event, {"kind": "not", "of": second}]},
        {**event, "count": {"op": "at_least", "value": 3}},
        {"kind": "and", "of": [event, city]},
        {"kind": "or", "of": [event, second]},
        {**event, "where": [{"property": "price", "op": "more_than", "value": 150}]},
        {"kind": "amount", "take": "sum", "name": name, "property": "price", "op": "more_than", "value": 300, "window": event["window"]},
        {"kind": "and", "of": [city, second, {"kind": "not", "of": event}]},
        {"kind": "and", "of": [city, {**event, "count": {"op": "exactly", "value": 1}}]},
        {"kind": "and", "of": [city, event, {"kind": "attribute", "name": "age", "op": "more_than", "value": number % 80}]},
    )[number % 10]
