"""Erasing one person: nothing of them is left anywhere, and what comes in afterwards makes no ghost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.people import erasure
from hudhud.people.queries import count_people, find_people
from hudhud.people.types import PersonNotFound
from hudhud.segments import actions as segments
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import from_json
from hudhud.workers import erasure as worker
from hudhud.workers import segments as segments_worker
from tests import make
from tests.make import NOW
from tests.people import canary
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def ask(line: Line, person_id: int) -> None:
    with line.db.workspace(line.shop) as ws:
        erasure.ask(ws, line.context.keys, person_id, line.clock.now(), "user:1")


def carry_on(line: Line) -> None:
    """Let the workers work until nothing is left of anybody who is to be erased."""
    for _ in range(200):
        line.work()
        segments_worker.work_once(line.context, line.ch, line.clock.now())
        worker.work_once(line.context, line.ch)
        if {step for (step,) in line.sql("SELECT step FROM erasure")} <= {"scrubbed", "finished"}:
            return
    raise AssertionError(line.sql("SELECT * FROM erasure"))


def test_no_word_of_an_erased_person_is_left_in_any_table(line: Line) -> None:
    person_id = canary.fill(line)
    with line.db.workspace(line.shop) as ws:
        assert canary.find_unfilled(ws, line.ch) == set()
    ask(line, person_id)
    line.put(track(canary.USER, "Late", properties={"late": canary.MARK}))
    carry_on(line)
    with line.db.workspace(line.shop) as ws:
        assert (canary.find_in_postgres(ws), canary.find_in_clickhouse(line.ch)) == (set(), set())
        assert count_people(ws) == 0
    assert line.sql("SELECT (SELECT count(*) FROM subscription), (SELECT count(*) FROM identifier), (SELECT count(*) FROM run)") == [
        (0, 0, 0)
    ]
    assert line.sql("SELECT state, reason FROM message ORDER BY id") == [("accepted", ""), ("skipped", "person_erased")]
    assert b"canary" not in bytes(line.sql("SELECT string_agg(hash, '') FROM erased_identifier")[0][0])


def test_whoever_is_erased_is_in_no_segment_by_the_next_batch_whatever_it_asks_for(line: Line) -> None:
    line.put(identify("u1", email="ann@example.com"), track("u1"), track("u2"))
    line.work()
    people = dict(line.sql("SELECT value, person_id FROM identifier WHERE namespace = 'user_id'"))
    viewed: dict[str, object] = {"kind": "event", "name": "Product Viewed"}
    unordered: dict[str, object] = {"kind": "not", "of": {"kind": "event", "name": "Order Completed"}}
    with line.db.workspace(line.shop) as ws:
        conditions = [viewed, unordered, {"kind": "share", "percent": 100, "salt": "x"}]
        made = [segments.create_segment(ws, "Some", from_json(tree), NOW, by="user:1") for tree in conditions]
        segments.build(ws, line.ch, NOW)
        assert [set(one) for one in read_members(ws, made).values()] == [set(people.values())] * 3
    ask(line, people["u1"])
    line.put(track("u2"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        assert [set(one) for one in read_members(ws, made).values()] == [{people["u2"]}] * 3
    assert line.sql("SELECT count(*) FROM segment_change") == [(0,)]


def test_what_happened_before_makes_no_ghost_and_an_address_that_comes_back_gets_no_mail(line: Line) -> None:
    line.put(identify("u1", "a1", email="Ann@example.com", first_name="Ann"), track("u2"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        ann = next(person.id for person in find_people(ws) if "first_name" in person.attributes)
    ask(line, ann)
    # On its way when it was asked for, and while identifiers are removed.
    line.put(track("u1", properties={"n": 1}), track("a9", "Other"), identify("u1", phone="+3725551234"))
    line.work()
    line.put(track("u1", properties={"n": 2}))
    carry_on(line)
    line.clock.at += timedelta(hours=1)
    early = {"timestamp": (NOW - timedelta(days=1)).isoformat()}
    line.put(track("u1", **early), identify("u9", email="ann@example.com") | early, {"type": "page", "anonymousId": "a1", **early})
    line.work()
    named = "SELECT i.namespace || ':' || i.value FROM identifier i ORDER BY 1"
    assert [name for (name,) in line.sql(named)] == ["email:ann@example.com", "user_id:a9", "user_id:u2", "user_id:u9"]
    assert line.sql("SELECT address, reason FROM suppression") == [("ann@example.com", "erased")]
    assert line.rejects() == []
    # Somebody who turns up later under the old number is somebody new.
    line.put(identify("u1", email="ANN@EXAMPLE.COM"), track("u1", properties={"n": 3}))
    line.work()
    with line.db.workspace(line.shop) as ws:
        assert count_people(ws) == 4
    assert line.events("actor_id, name") == line.events("actor_id, name", "person_event")
    assert ann not in {actor for (actor,) in line.events("actor_id")}
    assert [n for (n,) in line.events("toString(properties.n)") if n] == ["3"]


def test_a_second_request_and_a_stranger_change_nothing(line: Line) -> None:
    line.put(identify("u1", email="ann@example.com"))
    line.work()
    ((ann,),) = line.sql("SELECT id FROM person")
    ask(line, ann)
    ask(line, ann)
    assert line.sql("SELECT count(*) FROM erasure") == [(1,)]
    other = make.workspace(line.db, "Other")
    with line.db.workspace(other) as ws, pytest.raises(PersonNotFound):
        erasure.ask(ws, line.context.keys, ann, NOW, "user:1")
    line.put(identify("u1", email="ann@example.com"), workspace_id=other)
    carry_on(line)
    with line.db.workspace(other) as ws:
        assert [person.attributes for person in find_people(ws)] == [{"email": "ann@example.com"}]


@pytest.mark.long
def test_it_is_finished_when_clickhouse_has_removed_the_files_that_it_rewrote(line: Line) -> None:
    settings = "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0"
    for table, _ in erasure.EVENTS:
        # Replaced parts go at once, not after eight minutes; whoever removes them reads that at his start.
        line.ch.command(f"ALTER TABLE {table} MODIFY SETTING {settings}")
        line.ch.command(f"DETACH TABLE {table} SYNC")
        line.ch.command(f"ATTACH TABLE {table}")
    ask(line, canary.fill(line))
    carry_on(line)
    assert erasure.has_old_parts(line.ch, datetime.now(UTC))
    began = time.monotonic()
    while line.sql("SELECT step, known FROM erasure") != [("finished", [])]:
        assert time.monotonic() - began < 100
        worker.work_once(line.context, line.ch)
        time.sleep(0.5)


@pytest.mark.long
@pytest.mark.parametrize("point", ["erasure.forgetting", "erasure.clean", "erasure.removed"])
def test_a_worker_that_dies_at_any_step_leaves_it_to_the_next(line: Line, point: str) -> None:
    person_id = canary.fill(line)
    ask(line, person_id)
    line.work()
    env = {
        **os.environ,
        "DATABASE_URL": line.db.url,
        "CLICKHOUSE_URL": line.clickhouse_url,
        "HUDHUD_FAILPOINT": point,
        "HUDHUD_SECRET_KEYS": "test",
    }
    worker_of_its_own = subprocess.Popen([sys.executable, "-m", "hudhud.workers.main", "--roles", "erasure,intake,segments"], env=env)
    assert worker_of_its_own.wait(60) == -signal.SIGKILL
    carry_on(line)
    with line.db.workspace(line.shop) as ws:
        assert (canary.find_in_postgres(ws), canary.find_in_clickhouse(line.ch)) == (set(), set())
        before = ws.conn.execute("SELECT array_agg(to_jsonb(p) ORDER BY id) FROM person p").fetchone()
    assert worker.work_once(line.context, line.ch) == worker.PATIENT_S
    with line.db.workspace(line.shop) as ws:
        assert ws.conn.execute("SELECT array_agg(to_jsonb(p) ORDER BY id) FROM person p").fetchone() == before
