"""F-24 at the edge: from the moment a pause is committed nothing of the journey leaves that was not marked before; on start all go on, once."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.delivery import actions, claims
from hudhud.delivery.caps import Cap, Unit
from hudhud.delivery.explain import why
from hudhud.delivery.slot import Slot
from hudhud.delivery.types import Mark, PlannedSet, Settlement, State
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.journeys.editing import keeping
from tests import make
from tests.harness.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from hudhud.delivery.types import Chunk
    from hudhud.kit.db import Scope
    from tests.delivery.conftest import Desk

HOUR = timedelta(hours=1)
LATER = make.NOW + HOUR
MAIL = {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"}
GRAPH = {
    "key": "j",
    "names": {"en": "J"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "start": "mail",
    "nodes": {"mail": MAIL, "end": {"kind": "exit", "reason": "done"}},
}
WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
ROWS = "SELECT state, reason, due_at, attempts FROM message WHERE source_kind = 'journey' ORDER BY id"
PARKED = ("planned", "journey_paused", None, 0)


def plan_run(desk: Desk, *addresses: str, expires: timedelta | None = None) -> list[int]:
    """Let a journey that runs plan a mail to each address; return the people."""
    with desk.db.workspace(desk.workspace_id) as ws:
        if not ws.conn.execute("SELECT FROM journey").fetchone():
            journeys.publish(ws, graph.parse(GRAPH), make.NOW, by="test")
            journeys.start(ws, "j", make.NOW, by="test")
        ids = make.people(ws, addresses)
        ws.conn.execute('UPDATE person SET attributes = attributes || \'{"first_name": "Ada"}\'')
        expires_ats = [make.NOW + expires for _ in ids] if expires else []
        planned = PlannedSet("journey", "mail", "newsletter", "hello", ids, [1] * len(ids), ids, source_key="j", expires_ats=expires_ats)
        actions.plan_set(ws, planned, make.NOW)
    return ids


def pause(ws: Scope) -> None:
    journeys.pause(ws, "j", make.NOW, by="test")


def start(ws: Scope) -> None:
    journeys.start(ws, "j", LATER, by="test")


def do(desk: Desk, action: Callable[[Scope], object]) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        action(ws)


def wait_in_line(desk: Desk, action: Callable[[Scope], object]) -> threading.Thread:
    """Begin an action that must wait for the transaction that is open."""
    thread = threading.Thread(target=do, args=(desk, action))
    thread.start()
    while not desk.rows(WAITING):
        assert thread.is_alive(), "it did not wait"
        time.sleep(0.01)
    return thread


def test_f24_of_many_that_are_planned_only_those_already_marked_leave(desk: Desk) -> None:
    everybody = [f"p{number:03}@example.com" for number in range(60)]
    plan_run(desk, *everybody)
    desk.ledger.script = Script(delays={"DOT": 0.1})
    marked: set[str] = set()

    async def run() -> None:
        task = asyncio.create_task((worker := desk.worker()).run())
        while len(desk.ledger.entries()) < 3:
            await asyncio.to_thread(time.sleep, 0.01)
        await asyncio.to_thread(do, desk, pause_and_look)
        desk.send("other@example.com")
        await desk.settled()
        worker.stop()
        await task

    def pause_and_look(ws: Scope) -> None:
        pause(ws)
        # Nobody marks before this commits.
        found = ws.conn.execute(
            "SELECT i.value FROM message m JOIN identifier i USING (person_id) WHERE m.state NOT IN ('planned', 'claimed')"
        ).fetchall()
        marked.update(row[0] for row in found)

    asyncio.run(run())
    told = desk.told()
    assert len(told) == len(set(told))
    assert set(told) == {*marked, "other@example.com"}
    assert 3 <= len(marked) < 20
    assert desk.rows(ROWS).count(PARKED) == 60 - len(marked)
    assert desk.rows("SELECT FROM message WHERE due_at IS NOT NULL") == []
    desk.ledger.script = Script()
    desk.clock.at = LATER
    do(desk, start)
    desk.work()
    assert sorted(desk.told()) == sorted([*everybody, "other@example.com"])


def test_a_pause_between_claim_and_hand_over_is_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_run(desk, "ada@example.com")
    original = Slot._may_send

    async def pause_first(self: Slot, mail: object) -> bool:
        do(desk, pause)
        return await original(self, mail)  # type: ignore[arg-type]

    monkeypatch.setattr(Slot, "_may_send", pause_first)
    desk.work()
    assert (desk.told(), desk.rows(ROWS)) == ([], [PARKED])
    monkeypatch.setattr(Slot, "_may_send", original)
    do(desk, lambda ws: journeys.drain(ws, "j", LATER, by="test"))
    desk.clock.at = LATER
    desk.work()
    assert desk.told() == ["ada@example.com"]
    assert desk.rows(ROWS) == [("accepted", "", None, 1)]


def claim(desk: Desk, worker: str = "gone") -> Chunk | None:
    with desk.db.everywhere() as everywhere:
        return claims.claim(everywhere, worker, 10, make.NOW)


def test_what_a_lost_worker_had_claimed_waits_too(desk: Desk) -> None:
    plan_run(desk, "ada@example.com")
    claim(desk)
    do(desk, pause)
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
        claims.reap(everywhere, make.NOW, desk.data)
    chunk = claim(desk)
    assert chunk is not None
    assert chunk.messages == []
    assert desk.rows(ROWS) == [("planned", "journey_paused", None, 1)]


def test_a_pause_waits_for_marks_that_are_being_made(desk: Desk) -> None:
    plan_run(desk, "ada@example.com", "bob@example.com")
    chunk = claim(desk)
    assert chunk is not None
    marks = [Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]
    with desk.db.everywhere() as everywhere:
        assert set(claims.mark(everywhere, marks[:1], make.NOW).values()) == {None}
        thread = wait_in_line(desk, pause)
    thread.join()
    with desk.db.everywhere() as everywhere:
        assert set(claims.mark(everywhere, marks[1:], make.NOW).values()) == {"journey_paused"}


def test_a_start_waits_for_who_is_about_to_park(desk: Desk) -> None:
    """It would not see what is parked a moment later, and nobody would ever look at that again."""
    plan_run(desk, "ada@example.com")
    do(desk, pause)
    with desk.db.everywhere() as everywhere:
        claims.claim(everywhere, "slow", 10, make.NOW)
        thread = wait_in_line(desk, start)
    thread.join()
    assert desk.rows(ROWS) == [("planned", "", LATER, 0)]


def test_expiry_is_judged_when_it_goes_on_and_put_away_cancels(desk: Desk) -> None:
    plan_run(desk, "ada@example.com", expires=HOUR / 2)
    do(desk, pause)
    desk.work()
    assert desk.rows(ROWS) == [PARKED]
    do(desk, start)
    desk.clock.at = LATER
    desk.work()
    plan_run(desk, "bob@example.com")
    do(desk, pause)
    desk.work()
    do(desk, lambda ws: keeping.archive(ws, "j", LATER, by="test"))
    desk.work()
    assert [row[:2] for row in desk.rows(ROWS)] == [("skipped", "expired"), ("skipped", "cancelled")]
    assert desk.rows("SELECT reason FROM message_outcome ORDER BY id") == [("expired",), ("cancelled",)]
    assert desk.told() == []


def test_who_waits_for_a_journey_has_no_room_under_a_cap(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.add_cap(ws, Cap(0, "one a day", 1, 1, Unit.DAYS), make.NOW)
    (ada,) = plan_run(desk, "ada@example.com")
    chunk = claim(desk)
    assert chunk is not None
    assert desk.rows("SELECT person_id FROM message_room") == [(ada,)]
    do(desk, pause)
    with desk.db.everywhere() as everywhere:
        back = Settlement(chunk.messages[0].id, chunk.lease_id, State.PLANNED, due_at=make.NOW, taken_back=True)
        claims.settle(everywhere, [back], "gone", make.NOW)
    claim(desk)
    assert (desk.rows(ROWS), desk.rows("SELECT FROM message_room")) == ([PARKED], [])


def test_why_says_that_the_journey_is_paused(desk: Desk) -> None:
    plan_run(desk, "ada@example.com")
    do(desk, pause)
    message_id = int(str(desk.rows("SELECT id FROM message")[0][0]))
    for _ in range(2):
        with desk.db.workspace(desk.workspace_id) as ws:
            found = why(ws, message_id, make.NOW)
        (line,) = [line for line in found.lines if line.code == "journey"]
        assert (found.verdict, line.holds, line.data) == ("waits", False, {"journey": "j", "since": make.NOW})
        claim(desk)
    assert found.reason == "journey_paused"
