"""Rehearsals over ninety days of the sample shop, twenty times as large (100,000 people, 5 million events): one journey, and all that run together.

Floor: the same facts read into Python, in order, and nothing decided.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bench.figures import Figure
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.content.sandbox import Sandbox
from hudhud.demo import actions as demo
from hudhud.journeys import actions, recipes
from hudhud.journeys.rehearsing.overlays import SPARING
from hudhud.journeys.rehearsing.performing import Stage, perform
from hudhud.journeys.rehearsing.rehearsals import Request, find_casts
from hudhud.journeys.rehearsing.replay import open_replay
from hudhud.journeys.rehearsing.script import write_script
from hudhud.kit import sql

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NOW = datetime(2026, 3, 31, tzinfo=UTC)
DAYS = timedelta(days=90)
# What cannot be guessed of the sample shop.
ANSWERS: dict[str, dict[str, str | int]] = {
    "cross_sell": {"bought": "Feeders", "belongs": "Seed"},
    "event_invite": {"begins": "2026-04-20T18:00"},
}
PEOPLE, TIMES, EVENTS = 5_000, 20, 5_000_000
APART = 1_000_000
QUERIES = sql.load("bench", "rehearsal.sql")
COPY_EVENTS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context, source)
SELECT workspace_id, name, at, actor_id + k * {apart:UInt64} AS actor, concat(message_id, '-', toString(k)), kind, received_at, properties, context, source
FROM event ARRAY JOIN range(1, {times:UInt64}) AS k WHERE workspace_id = {w:UInt64}
"""
# The rest are pages viewed, so that there are five million.
FILL_EVENTS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context, source)
SELECT {w:UInt64}, 'Page Viewed', toDateTime64({now:Int64}, 3, 'UTC') - toIntervalMillisecond(cityHash64(number) % 7776000000) AS happened,
       {first:UInt64} + cityHash64(number, 1) % {people:UInt64} + (cityHash64(number, 2) % {times:UInt64}) * {apart:UInt64}, concat('fill-', toString(number)), 'page', happened,
       '{"path":"/"}', '{}', 'fill' FROM numbers({count:UInt64})
"""
COPY_BY_PERSON = """
INSERT INTO person_event (workspace_id, actor_id, at, name, kind, message_id, properties, source)
SELECT workspace_id, actor_id, at, name, kind, message_id, toJSONString(properties), source FROM event
WHERE workspace_id = {w:UInt64} AND (actor_id >= {apart:UInt64} OR source = 'fill')
"""
COPY_PEOPLE = """
INSERT INTO person SELECT * REPLACE (person_id + k * {apart:UInt64} AS person_id) FROM (SELECT * FROM person FINAL WHERE workspace_id = {w:UInt64}) ARRAY JOIN range(1, {times:UInt64}) AS k
"""


def measure(*, people: int = PEOPLE, events: int = EVENTS) -> list[Figure]:
    """One journey, then all."""
    with Stack() as stack:
        workspace_id, _ = open_shop(stack)
        with stack.ch() as ch:
            note = _fill(stack, ch, workspace_id, people, events)
            stage = Stage(stack.db, stack.clickhouse.url())
            cart = _rehearse(
                stage,
                workspace_id,
                Request(journeys=("cart",)),
                60,
                note,
                "rehearsal: cart, 90 days",
                _read(stack, ch, workspace_id, "cart"),
            )
            every = _rehearse(stage, workspace_id, Request(), 300, "", "rehearsal: all that run, 90 days", None)
        return [cart, every]


def _fill(stack: Stack, ch: Client, workspace_id: int, people: int, events: int) -> str:
    sandbox = Sandbox()
    with stack.db.workspace(workspace_id) as ws:
        demo.fill(ws, ch, sandbox, NOW, pictures="", actor="cli", people_count=people)
        for key in sorted(recipes.find_ready().keys() - {"cart", "welcome"}):
            recipes.install(ws, sandbox, key, NOW, by="cli", answers=ANSWERS.get(key))
            actions.start(ws, key, NOW, by="cli")
        first = ws.value(sql.Query("first", "SELECT min(id) FROM person"))
        ws.run(QUERIES.people, copies=TIMES - 1, apart=APART)
    sandbox.close()
    stack.analyze()
    given = {"w": workspace_id, "apart": APART, "times": TIMES, "first": first, "people": people, "now": int(NOW.timestamp())}
    ch.command(COPY_PEOPLE, given)
    ch.command(COPY_EVENTS, given, settings=SPARING)
    had = int(ch.query("SELECT count() FROM event").result_rows[0][0])
    ch.command(FILL_EVENTS, {**given, "count": max(events - had, 0)}, settings=SPARING)
    ch.command(COPY_BY_PERSON, given, settings=SPARING)
    return f"{people * TIMES:,} people, {max(events, had):,} events, {had:,} of them the shop's"


def _read(stack: Stack, ch: Client, workspace_id: int, key: str) -> float:
    """Return how long it takes to read what a journey is told of, without deciding anything."""
    began = time.perf_counter()
    with stack.db.workspace(workspace_id) as ws:
        script = write_script(find_casts(ws, Request(journeys=(key,))), NOW - DAYS, NOW)
        replay = open_replay(ws, ch, script, lambda _: None)
        for _ in replay.events:
            pass
    return time.perf_counter() - began


def _rehearse(stage: Stage, workspace_id: int, request: Request, target: float, note: str, name: str, floor: float | None) -> Figure:
    wall, processor = time.perf_counter(), time.process_time()
    found = perform(stage, workspace_id, request, NOW - DAYS, NOW, NOW).together
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    runs, sends = sum(one.runs for one in found.journeys), sum(one.sends for one in found.journeys)
    told = (
        f"{len(found.journeys)} journeys, {runs:,} runs, {sends:,} messages; {processor:.0f} s of this process' own processor time; {note}"
    )
    return Figure(name, wall, "s", target=target, at_least=False, floor=floor, floor_name="reading the facts", note=told.strip("; "))
