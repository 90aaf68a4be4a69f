"""A campaign to a million people: how soon the first mail is out after "send", how long until all rows are written, and what it takes.

`BENCH_PEOPLE`: fewer people.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from bench.figures import Figure
from bench.sending import sink
from bench.shop import open_shop
from bench.stack import Stack, wait_until
from hudhud.campaigns import actions
from hudhud.campaigns.audience import Asking, find_audience, subtract
from hudhud.campaigns.types import read
from hudhud.consent.actions import create_default_topics
from hudhud.content.actions import publish
from hudhud.content.sandbox import Sandbox
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.campaigns.types import Definition

QUERIES = sql.load("bench", "campaigns.sql")
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
FLOOR_ROWS, STEP = 100_000, 20_000
PLAIN = {
    "name": "Bench",
    "topic": "newsletter",
    "audience": {"tree": {"kind": "attribute", "name": "first_name", "op": "is_set"}},
    "variants": [{"name": "A", "template": "bench"}],
}
BODY = "<mj-section><mj-column><mj-text>Hello {{ person.first_name }}</mj-text></mj-column></mj-section>"
MIRROR = """
INSERT INTO person (workspace_id, person_id, version, attributes, created_at)
SELECT {w:UInt64}, number + {first:UInt64}, 1, '{"first_name": "Anna"}', now64(3) FROM numbers({count:UInt64})
"""
MB = 1024 * 1024


def measure() -> list[Figure]:
    """One worker that writes rows, one that sends; the floor of the first is the same rows by statements alone."""
    with Stack() as stack, sink() as (port, kind):
        workspace_id, _ = open_shop(stack)
        definition, sandbox = read(PLAIN), Sandbox()
        _fill(stack, workspace_id, sandbox)
        counting = _count(stack, workspace_id, definition)
        floor = _floor(stack, workspace_id)
        with (
            stack.process("hudhud.workers.main", "--roles", "campaigns") as writing,
            stack.process("hudhud.workers.main", "--roles", "delivery", HUDHUD_SMTP_URL=f"smtp://127.0.0.1:{port}"),
        ):
            time.sleep(5)  # both stand and wait
            _launch(stack, workspace_id, definition, sandbox)
            wait_until(lambda: _value(stack, QUERIES.written) is not None, 300, what="all rows to be written")
            wait_until(lambda: _value(stack, QUERIES.first_sent) is not None, 60, what="the first mail")
            memory = psutil.Process(writing.pid).memory_info().rss / MB
        launched, written, first = (_value(stack, query) for query in (QUERIES.launched, QUERIES.written, QUERIES.first_sent))
        sandbox.close()
        _check(stack)
    took, note = (written - launched).total_seconds(), f"{PEOPLE:,} people, mail leaving meanwhile to {kind}"
    million = took * 1_000_000 / PEOPLE
    return [
        Figure("a campaign's rows, of a million", million, "s", 20, at_least=False, floor=floor, floor_name="INSERT alone", note=note),
        Figure("first mail out after send", (first - launched).total_seconds(), "s", 3, at_least=False),
        Figure("memory of who writes rows", memory, "MB", 256, at_least=False),
        Figure("the subtraction, of a million", counting * 1_000_000 / PEOPLE, "s"),
    ]


def _fill(stack: Stack, workspace_id: int, sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    with stack.db.workspace(workspace_id) as ws:
        create_default_topics(ws, now)
        publish(
            ws,
            sandbox,
            "bench",
            {"en": "Bench"},
            {"en": {"subject": "Spring, {{ person.first_name }}", "mjml": BODY}},
            actor="bench",
            now=now,
        )
    for first in range(0, PEOPLE, FLOOR_ROWS):
        with stack.db.workspace(workspace_id) as ws:
            ws.run(QUERIES.people, now=now, first=first, count=min(PEOPLE - first, FLOOR_ROWS))
            ws.run(QUERIES.forget_stale)
    with stack.db.workspace(workspace_id) as ws:
        row = ws.conn.execute("SELECT min(id) FROM person").fetchone()
    assert row is not None
    with stack.ch() as ch:
        ch.command(MIRROR, parameters={"w": workspace_id, "first": row[0], "count": PEOPLE})
    stack.analyze()


def _count(stack: Stack, workspace_id: int, definition: Definition) -> float:
    asking, now = Asking(definition.audience, definition.topic), datetime.now(UTC)
    began = time.perf_counter()
    with stack.db.workspace(workspace_id) as ws, stack.ch() as ch:
        found = subtract(ws, find_audience(ws, ch, asking, now), asking, now)
    if found.audience != PEOPLE:
        message = f"{PEOPLE} people are meant, not {found.audience}"
        raise AssertionError(message)
    return time.perf_counter() - began


def _floor(stack: Stack, workspace_id: int) -> float:
    """Write a tenth of the rows by statements alone, and take them away again; return what a million would take."""
    now = datetime.now(UTC)
    began = time.perf_counter()
    for first in range(1, FLOOR_ROWS, STEP):
        with stack.db.workspace(workspace_id) as ws:
            given = {"first": first, "last": first + STEP - 1, "now": now, "later": now + timedelta(days=1)}
            ws.run(QUERIES.by_hand, **given)
    took = time.perf_counter() - began
    with stack.db.workspace(workspace_id) as ws:
        ws.conn.execute("DELETE FROM message")
    return took * 1_000_000 / FLOOR_ROWS


def _launch(stack: Stack, workspace_id: int, definition: Definition, sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    with stack.db.workspace(workspace_id) as ws:
        campaign_id = actions.create(ws, definition, now, by="user:1")
        actions.launch(ws, sandbox, campaign_id, 1, now, by="user:1", at_once=True)


def _value(stack: Stack, query: sql.Query) -> datetime:
    with stack.db.everywhere() as everywhere:
        found: datetime = everywhere.value(query)
    return found


def _check(stack: Stack) -> None:
    with stack.db.everywhere() as everywhere:
        ((audience, planned, seen),) = everywhere.rows(QUERIES.figures)
    if (audience, seen, planned) != (PEOPLE, PEOPLE, PEOPLE - PEOPLE // 100):
        message = f"{audience} were frozen, {seen} looked at, {planned} have rows"
        raise AssertionError(message)
