"""The kept log: how long it stays, what keeps workers from deciding by a ClickHouse that lacks it, and what is done with what ClickHouse does not keep."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from msgspec import structs

from hudhud.app.replay import TABLES, bring_missing, replay
from hudhud.events import kept
from hudhud.events.actions import claim_batch, set_keep
from hudhud.kit.clickhouse import connect
from hudhud.segments.actions import create_segment, read_members
from hudhud.segments.types import from_json
from hudhud.workers import main, retention, segments
from hudhud.workers.main import Guard
from tests.events import hole
from tests.events.test_append import EVENTS
from tests.make import NOW
from tests.workers.line import Line, identify, track
from tests.workers.test_main import until

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def blocks(line: Line) -> int:
    return int(line.sql("SELECT count(*) FROM intake_kept")[0][0])


def test_a_block_gives_back_what_was_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BLOCK_BYTES", 40)
    found = kept.pack(EVENTS)
    assert len(found) > 4
    assert {block.workspace_id for block in found} == {1, 2}
    back = {event.message_id: event for block in found for event in kept.unpack(block.workspace_id, block.source, block.body)}
    assert back == {event.message_id: structs.replace(event, user_id=None) for event in EVENTS}


def test_it_stays_for_as_many_days_as_are_set(line: Line) -> None:
    line.put(track("u1"))
    line.work()
    line.clock.at += timedelta(days=6)
    line.put(track("u1"))
    line.work()
    retention.work_once(line.context, line.ch)
    assert blocks(line) == 2
    line.clock.at += timedelta(days=1, seconds=1)
    retention.work_once(line.context, line.ch)
    assert blocks(line) == 1


def test_without_days_nothing_is_kept_and_what_was_goes(line: Line) -> None:
    line.put(track("u1"))
    line.work()
    line.context.settings = line.context.settings.model_copy(update={"keep_log_days": 0})
    line.clock.at += timedelta(seconds=1)
    line.put(track("u1"))
    line.work()
    assert (blocks(line), len(line.events())) == (1, 2)
    retention.work_once(line.context, line.ch)
    assert blocks(line) == 0


def test_nobody_decides_by_a_clickhouse_that_lacks_what_was_taken_in(
    line: Line, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "BEAT_S", 0.1)
    line.put(identify("u1"), track("u1"))
    line.work()
    for table in TABLES:
        line.ch.command(f"TRUNCATE TABLE {table}")
    guard, context = Guard(), replace(line.new_context("held"), stop=threading.Event())
    held = threading.Thread(target=guard.pass_by, args=(context,))
    held.start()
    until(lambda: line.sql("SELECT name FROM worker_alarm") == [("clickhouse_behind",)])
    assert held.is_alive()
    # The newest events come before what is older, and before people: who stops in between has filled nothing yet.
    nowhere = connect(clickhouse_url)
    nowhere.database = "nowhere"
    with pytest.raises(DatabaseError):
        bring_missing(line.db, nowhere, line.ch)
    nowhere.close()
    assert (len(line.events()), line.events(table="person", columns="person_id")) == (2, [])
    line.sql("UPDATE worker_alarm SET seen_at = 'epoch' WHERE name = 'clickhouse_behind' RETURNING name")
    until(lambda: line.sql("SELECT count(*) FROM worker_alarm WHERE seen_at > 'epoch'") == [(2,)])
    assert held.is_alive()
    assert bring_missing(line.db, None, line.ch) == 0
    held.join(20)
    assert not held.is_alive()
    assert line.sql("SELECT name FROM worker_alarm") == []
    assert len(line.events(table="person", columns="person_id")) == 1
    # What is deleted on purpose, down to the last event, holds nobody.
    line.ch.command("TRUNCATE TABLE event")
    with line.db.workspace(line.shop) as ws:
        kept.forget_actors(ws, [row[0] for row in line.sql("SELECT id FROM person")])
    Guard().pass_by(context)


def test_a_batch_that_clickhouse_does_not_keep_is_set_aside_and_said(line: Line) -> None:
    line.put(track("u1", "Old", timestamp="2020-01-01T00:00:00Z"), track("u1", "New"), identify("u1", plan="gold"))
    with line.db.everywhere() as everywhere:
        assert claim_batch(everywhere, "somebody who died", lease_s=0) is not None
    hole.dig(line.ch, "name = 'Old'")
    assert line.work() == 1
    assert [name for (name,) in line.events("name")] == ["Identified", "New"]
    assert [reason for reason, _ in line.rejects()] == ["unstorable"]
    ((name, message),) = line.sql("SELECT name, message FROM worker_alarm")
    assert name == "clickhouse_keeps_nothing"
    assert "hudhud replay --fill" in message
    # Nothing else stands still for it.
    Guard().pass_by(line.context)
    hole.close(line.ch)
    replay(line.db, None, line.ch)
    assert [name for (name,) in line.events("name")] == ["Identified", "New", "Old"]
    assert line.clock.now() >= NOW


def test_without_a_log_a_reject_promises_no_filling(line: Line) -> None:
    line.context.settings = line.context.settings.model_copy(update={"keep_log_days": 0})
    line.put(track("u1", "Old"))
    with line.db.everywhere() as everywhere:
        assert claim_batch(everywhere, "somebody who died", lease_s=0) is not None
    hole.dig(line.ch, "1")
    assert line.work() == 1
    ((reason, detail),) = line.rejects()
    assert (reason, "replay" in detail, blocks(line)) == ("unstorable", False, 0)


def test_what_clickhouse_does_not_keep_stops_no_filling_and_holds_nobody_after_it(line: Line) -> None:
    hole.dig(line.ch, "name = 'Old'")
    # The first time nobody looks whether it stays.
    for name in ("New", "Old"):
        line.put(track("u1", name))
        line.work()
    with line.db.everywhere() as everywhere:
        assert kept.is_behind(everywhere, line.ch)
    line.ch.command("TRUNCATE TABLE person")
    assert bring_missing(line.db, None, line.ch) == 1
    assert [name for (name,) in line.events("name")] == ["New"]
    assert len(line.events(table="person", columns="person_id")) == 1
    Guard().pass_by(line.context)


def test_what_somebody_lets_expire_holds_nobody(line: Line) -> None:
    line.put(track("u1", "Old", timestamp="2020-01-01T00:00:00Z"))
    line.work()
    line.ch.command("TRUNCATE TABLE event")
    with line.db.everywhere() as everywhere:
        assert kept.is_behind(everywhere, line.ch)
        line.ch.command("ALTER TABLE event MODIFY TTL toDateTime(at) + INTERVAL 5 YEAR")
        assert not kept.is_behind(everywhere, line.ch)


def test_what_is_deleted_for_its_age_moves_people_at_once(line: Line) -> None:
    with line.db.workspace(line.shop) as ws:
        bought = create_segment(ws, "Bought", from_json({"kind": "event", "name": "Order"}), NOW, by="user:1")
    line.put(track("u1", "Order", timestamp="2020-01-01T00:00:00Z"), track("u2", "Order"), track("u3", "Other"))
    line.work()
    segments.work_once(line.context, line.ch, NOW)
    with line.db.workspace(line.shop) as ws:
        assert len(read_members(ws, [bought])[bought]) == 2
        set_keep(ws, "Order", 30)
    retention.work_once(line.context, line.ch)
    with line.db.workspace(line.shop) as ws:
        assert len(read_members(ws, [bought])[bought]) == 1
    assert line.sql("SELECT i.value, c.entered FROM segment_change c JOIN identifier i USING (person_id)") == [("u1", False)]
