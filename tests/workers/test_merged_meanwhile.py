"""Somebody is merged by another worker while a batch of theirs is between the mirror of people and the segments."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from hudhud.events.types import lane_of
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.segments import actions as segments
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import from_json
from hudhud.workers import appending, intake
from hudhud.workers.ahead import Ahead
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event

ORDERED = {"kind": "event", "name": "Order Completed"}
CARE: dict[str, Any] = {
    "key": "care",
    "names": {"en": "Care"},
    "trigger": {"kind": "event", "name": "Cart Updated"},
    "goal": {"kind": "event", "name": "Order Completed", "window": {"kind": "since_entry"}},
    "nodes": {"rest": {"kind": "delay", "amount": 3, "unit": "days", "next": "end"}, "end": {"kind": "exit", "reason": "done"}},
    "start": "rest",
}
VISITOR = next(name for name in ("a1", "a2", "a3") if lane_of(name) != lane_of("u1"))


def merge_while_appending(line: Line, monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> None:
    """Let another worker merge the visitor into the customer after ours has looked who they are, before ClickHouse has its events.

    `whole`: with all that follows from it; else it dies before that.
    """
    merged, real = threading.Event(), appending.append
    other, ahead = line.new_context("other"), Ahead(line.db)

    def append_late(ch: Client, events: Sequence[Event], token: str, *, again: bool) -> list[Event]:
        if any(event.name == "Order Completed" for event in events):
            assert merged.wait(20)
        return real(ch, events, token, again=again)

    def merge(*_: object) -> None:
        monkeypatch.setattr(intake, "DECIDE", steps)
        with monkeypatch.context() as here, suppress(ConnectionError):
            if not whole:
                here.setattr(intake, "reach", die)
            intake.work_once(other, other.ch(), ahead)
        merged.set()

    def die(point: str) -> None:
        if point == "intake.resolved":
            raise ConnectionError(point)

    steps = intake.DECIDE
    monkeypatch.setattr(appending, "append", append_late)
    monkeypatch.setattr(intake, "DECIDE", [steps[0], ("merge", merge), *steps[1:]])


@pytest.mark.parametrize("whole", [True, False])
def test_what_the_merged_one_did_counts_for_who_they_are_now(line: Line, monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:  # noqa: FBT001 -- a case
    now = line.clock.now()
    with line.db.workspace(line.shop) as ws:
        journeys.publish(ws, graph.parse(CARE), now, by="user:1")
        journeys.start(ws, "care", now, by="user:1")
        ordered = segments.create_segment(ws, "Ordered", from_json(ORDERED), now, by="user:1")
        segments.build(ws, line.ch, now)
    line.put(track("u1", "Page Read"), {"type": "track", "anonymousId": VISITOR, "event": "Cart Updated"})
    line.work()
    line.clock.at += timedelta(hours=1)
    line.put({"type": "track", "anonymousId": VISITOR, "event": "Order Completed"})
    reach = intake.reach

    def put_merge(point: str) -> None:
        # Our lane is held by now: the other worker gets the other one.
        if point == "intake.claimed":
            monkeypatch.setattr(intake, "reach", reach)
            line.put(identify("u1", VISITOR))

    monkeypatch.setattr(intake, "reach", put_merge)
    merge_while_appending(line, monkeypatch, whole=whole)

    with psycopg.connect(line.db.url, application_name=line.context.name):
        line.work()

    ((survivor,),) = line.sql("SELECT id FROM person WHERE merged_into IS NULL")
    with line.db.workspace(line.shop) as ws:
        assert set(read_members(ws, [ordered])[ordered]) == {survivor}
    assert line.sql("SELECT reason FROM run_log WHERE reason <> 'triggered'") == [("goal_reached",)]
