"""From a run or a mail, by the telling worker and the intake, to who is in a segment: through the real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.segments import actions
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import from_json
from hudhud.workers import journeys as journeys_worker
from hudhud.workers import telling
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

HOUR = timedelta(hours=1)
CARE: dict[str, Any] = {
    "key": "care",
    "names": {"en": "Care"},
    "trigger": {"kind": "event", "name": "Product Viewed"},
    "goal": {"kind": "event", "name": "Order Completed", "window": {"kind": "since_entry"}},
    "nodes": {"rest": {"kind": "delay", "amount": 3, "unit": "days", "next": "end"}, "end": {"kind": "exit", "reason": "done"}},
    "start": "rest",
}


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    line = Line(db, ch, clickhouse_url)
    with db.workspace(line.shop) as ws:
        journeys.publish(ws, graph.parse(CARE), line.clock.now(), by="user:1")
        journeys.start(ws, "care", line.clock.now(), by="user:1")
    return line


def make_segments(line: Line, *trees: dict[str, Any]) -> list[int]:
    now = line.clock.now()
    with line.db.workspace(line.shop) as ws:
        made = [actions.create_segment(ws, "A segment", from_json(tree), now, by="user:1") for tree in trees]
        actions.build(ws, line.ch, now)
    return made


def in_care(did: str, **rest: object) -> dict[str, Any]:
    return {"kind": "journey", "journey": "care", "did": did, **rest}


def work(line: Line) -> None:
    """Let the intake, the telling and the intake work until nothing is left to tell."""
    line.work()
    until = time.monotonic() + 15
    while line.sql("SELECT max(txid) <> (SELECT txid FROM run_told) FROM run_log") == [(True,)] and time.monotonic() < until:
        telling.work_once(line.context)
    line.work()


def members(line: Line) -> list[int]:
    with line.db.workspace(line.shop) as ws:
        sets = read_members(ws, [row[0] for row in line.sql("SELECT segment_id FROM segment_membership")])
    return [len(sets[segment_id]) for segment_id in sorted(sets)]


def test_who_is_in_a_journey_is_in_the_segment_and_leaves_it(line: Line) -> None:
    week = {"kind": "last", "amount": 7, "unit": "days"}
    make_segments(line, in_care("is_in"), in_care("was_in", window=week), in_care("reached_goal"), in_care("left"))
    line.put(identify("u1", email="ann@example.com"), identify("u2"))
    line.work()
    line.clock.at += HOUR
    line.put(track("u1"), track("u2"))
    work(line)
    assert members(line) == [2, 2, 0, 0]
    line.clock.at += HOUR
    line.put(track("u1", "Order Completed"))
    work(line)
    assert members(line) == [1, 2, 1, 1]
    line.clock.at += 3 * 24 * HOUR
    journeys_worker.work_once(line.context, line.ch, line.clock.now())
    work(line)
    assert members(line) == [0, 2, 1, 2]
    assert [name for name, _ in line.events() if name.startswith("Journey")] == ["Journey Entered"] * 2 + ["Journey Left"] * 2
    line.clock.at += 7 * 24 * HOUR
    with line.db.workspace(line.shop) as ws:
        actions.check_due(ws, line.ch, line.clock.now())
    assert members(line) == [0, 0, 1, 2]


def test_a_run_that_ends_because_its_person_was_merged_is_not_left(line: Line) -> None:
    make_segments(line, in_care("is_in"), in_care("left"))
    line.put(track("u1"), {**track("u1"), "userId": None, "anonymousId": "a1"})
    work(line)
    assert members(line) == [2, 0]
    line.put(identify("u1", "a1"))
    work(line)
    assert members(line) == [1, 0]


@pytest.mark.long
def test_a_worker_that_is_killed_while_it_tells_of_runs_doubles_nothing(line: Line) -> None:
    line.put(*[track(f"u{number}") for number in range(5)])
    line.work()
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_FAILPOINT": "telling.runs_told:1"}
    program = [sys.executable, "-m", "hudhud.workers.main", "--roles", "telling"]
    assert subprocess.run(program, env=env, timeout=60, check=False).returncode == -signal.SIGKILL
    assert line.sql("SELECT count(*) FROM intake") == [(0,)]
    work(line)
    assert [name for name, _ in line.events()].count("Journey Entered") == 5


def test_a_mail_that_a_server_took_is_a_fact_of_its_person(line: Line) -> None:
    make_segments(line, {"kind": "message", "did": "sent", "journey": "care", "channel": "email"}, {"kind": "message", "did": "bounced"})
    line.put(identify("u1"), identify("u2"))
    line.work()
    line.sql(
        """WITH m AS (INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at)
           SELECT workspace_id, 'journey', 1, 'care', 'rest', 1, id, 'email', 'newsletter', 'hello', '{}', now(), 'accepted', now() FROM person RETURNING id, workspace_id, person_id)
        INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at)
        SELECT workspace_id, id, 1, CASE person_id WHEN (SELECT min(id) FROM person) THEN 'accepted' ELSE 'rejected' END, %s FROM m RETURNING id""",
        line.clock.now(),
    )
    until = time.monotonic() + 15
    while line.sql("SELECT max(txid) <> (SELECT txid FROM message_told) FROM message_outcome") == [(True,)] and time.monotonic() < until:
        telling.work_once(line.context)
    line.work()
    assert members(line) == [1, 1]
