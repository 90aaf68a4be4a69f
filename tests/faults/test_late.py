"""F-30 and F-31: the same id after a month, and events that come late, early, out of order or before their person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.journeys import actions, graph
from hudhud.workers import retention
from tests.faults.test_duplicates import NODES, ONCE
from tests.make import NOW
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


def test_f30_the_same_id_after_a_month_has_no_second_effect_and_another_body_is_flagged(
    db: Database, ch: Client, clickhouse_url: str
) -> None:
    line = Line(db, ch, clickhouse_url)
    first = track("u1", "Order Completed", messageId="m1", properties={"total": 5})
    line.put(first)
    line.work()
    for days in (1, 29, 30, 31, 400):
        line.clock.at = NOW + timedelta(days=days)
        retention.work_once(line.context, ch)
        line.put(first)
        line.work()
    line.put(first | {"properties": {"total": 6}})
    line.work()
    assert line.events("message_id") == [("m1",)]
    assert [reason for reason, _ in line.rejects()] == ["conflict"]


def test_f31_late_early_out_of_order_and_before_the_person(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    at = {name: NOW + timedelta(days=days) for name, days in (("Late", -30), ("Now", 0), ("Soon", 0.9), ("Ahead", 1.1), ("Far", 4_000))}
    # Before anybody is known, the newest first.
    for name in ("Far", "Ahead", "Soon", "Now", "Late"):
        line.put({"type": "track", "anonymousId": "a1", "event": name, "timestamp": at[name].isoformat()})
    line.work()
    line.put(identify("u1", "a1", email="ada@example.com"))
    line.work()
    found = ch.query("SELECT name, at, received_at FROM event WHERE kind = 'track'").result_rows
    when = {name: (moment.replace(tzinfo=UTC), received.replace(tzinfo=UTC)) for name, moment, received in found}
    assert {name: moment for name, (moment, _) in when.items()} == at
    assert all(abs(received - datetime.now(UTC)) < timedelta(minutes=5) or received == NOW for _, received in when.values())
    assert sorted(detail.split()[1][:10] for reason, detail in line.rejects() if reason == "future") == [
        (NOW + timedelta(days=days)).date().isoformat() for days in (1.1, 4_000)
    ]
    # All of them are the one person's.
    assert line.sql("SELECT count(*) FROM person WHERE merged_into IS NULL") == [(1,)]
    actors = [row[0] for row in ch.query("SELECT DISTINCT actor_id FROM event").result_rows]
    assert line.sql("SELECT count(DISTINCT coalesce(merged_into, id)) FROM person WHERE id = ANY(%s)", actors) == [(1,)]


def test_f31_journeys_count_from_when_something_happened_and_take_no_history(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    rest = {"kind": "delay", "amount": 1, "unit": "hours", "next": "mail"}
    with db.workspace(line.shop) as ws:
        actions.publish(ws, graph.parse({**ONCE, "nodes": {"rest": rest, **NODES}, "start": "rest"}), NOW - timedelta(days=40), by="test")
        actions.start(ws, "once", NOW - timedelta(days=40), by="test")
    days = {"history": -50.0, "late": -30.0, "now": 0.0, "soon": 0.9, "far": 4_000.0}
    # The newest first.
    for user in sorted(days, key=days.__getitem__, reverse=True):
        line.put(track(user, "Order Completed", timestamp=(NOW + timedelta(days=days[user])).isoformat()))
    line.work()
    found = line.sql(
        "SELECT i.value, r.entered_at, p.due_at FROM run r JOIN run_position p ON p.run_id = r.id"
        " JOIN identifier i ON i.person_id = r.person_id AND i.namespace = 'user_id' ORDER BY 2"
    )
    # What lies ahead begins when it has come: whose clock is wrong is written to by no means before.
    assert [(user, entered_at) for user, entered_at, _ in found] == [
        (user, NOW + timedelta(days=days[user])) for user in ("late", "now", "soon", "far")
    ]
    assert all(due_at >= entered_at for _, entered_at, due_at in found)
