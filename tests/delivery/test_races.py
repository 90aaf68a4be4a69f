"""What happens at the same moment, or much too late: leases that end under outcomes, lines and databases that come back."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from hudhud.content import sandbox as sandboxes
from hudhud.content.sandbox import Sandbox
from hudhud.delivery import claims, dispatch, slot
from hudhud.delivery.actions import plan
from hudhud.delivery.channels import smtp
from hudhud.delivery.channels.base import End
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.compose import Ready
from hudhud.delivery.lineup import LOW_WATER
from hudhud.delivery.slot import Slot
from hudhud.delivery.types import Mark, PlannedMessage, Settlement, State
from tests import make
from tests.harness.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pytest

    from hudhud.delivery.compose import Refusal
    from hudhud.delivery.types import Chunk
    from hudhud.kit.db import Scope
    from tests.delivery.conftest import Desk

WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def _claim(desk: Desk, lease_s: float = claims.LEASE_S) -> Chunk:
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "gone", 10, make.NOW, lease_s)
    assert chunk is not None
    return chunk


def _marks(chunk: Chunk) -> list[Mark]:
    return [Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]


def _reap(desk: Desk) -> None:
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
    with desk.db.everywhere() as everywhere:
        claims.reap(everywhere, make.NOW, desk.data)


def _reap_while(desk: Desk, write: Callable[[Scope], object]) -> None:
    """Reap the leases while a transaction that writes is not yet committed."""
    reaper = threading.Thread(target=_reap, args=(desk,))
    with desk.db.everywhere() as everywhere:
        write(everywhere)
        reaper.start()
        while not desk.rows(WAITING):
            time.sleep(0.01)
    reaper.join()


def test_an_outcome_that_is_being_written_is_not_overruled(desk: Desk) -> None:
    desk.send("ada@example.com", topic="transactional")
    chunk = _claim(desk)
    with desk.db.everywhere() as everywhere:
        claims.mark(everywhere, _marks(chunk), make.NOW)
    accepted = Settlement(chunk.messages[0].id, chunk.lease_id, State.ACCEPTED)
    _reap_while(desk, lambda everywhere: claims.settle(everywhere, [accepted], "gone", make.NOW))
    assert desk.states() == {"ada@example.com": ("accepted", "")}


def test_a_mark_that_is_being_written_counts_for_who_takes_the_lease(desk: Desk) -> None:
    desk.send("ada@example.com")
    chunk = _claim(desk)
    _reap_while(desk, lambda everywhere: claims.mark(everywhere, _marks(chunk), make.NOW))
    assert desk.states() == {"ada@example.com": ("in_doubt", "worker_lost")}


def test_two_leases_on_one_message_get_two_answers(desk: Desk) -> None:
    desk.send("ada@example.com")
    first = _claim(desk)
    _reap(desk)
    second = _claim(desk)
    with desk.db.everywhere() as everywhere:
        verdicts = claims.mark(everywhere, [*_marks(first), *_marks(second)], make.NOW)
    message_id = first.messages[0].id
    assert verdicts == {(message_id, first.lease_id): "lost", (message_id, second.lease_id): None}


def test_doubt_that_is_told_twice_is_written_once(desk: Desk) -> None:
    """The connection to PostgreSQL broke in the commit: the worker writes the same again."""
    desk.send("ada@example.com")
    chunk = _claim(desk)
    doubt = Settlement(chunk.messages[0].id, chunk.lease_id, State.IN_DOUBT, "no_reply")
    for _ in range(2):
        with desk.db.everywhere() as everywhere:
            claims.settle(everywhere, [doubt], "gone", make.NOW)
    assert desk.rows("SELECT state FROM message_outcome") == [("in_doubt",)]


def test_a_mark_that_came_too_late_leaves_nothing_stuck(desk: Desk) -> None:
    desk.send("ada@example.com")

    async def run() -> None:
        worker = desk.worker()
        worker.clerk.lease_s = 0
        task = asyncio.create_task(worker.run())
        while not await asyncio.to_thread(desk.rows, "SELECT FROM message WHERE state = 'handing_over'"):
            await asyncio.to_thread(time.sleep, 0.005)
        worker.clerk.lease_s = claims.LEASE_S
        await desk.settled(5.0)
        worker.stop()
        await task

    asyncio.run(run())
    assert desk.states() == {"ada@example.com": ("accepted", "")}
    assert desk.told() == ["ada@example.com"]


def test_a_reply_that_comes_too_late_answers_nothing_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "VERB_S", 0.3)
    desk.ledger.script = Script(delays={"RCPT": 0.5})

    async def run() -> None:
        worker = desk.worker(connections=1)
        task = asyncio.create_task(worker.run())
        while not desk.ledger.peer.commands["RCPT"]:
            await asyncio.to_thread(time.sleep, 0.005)
        desk.ledger.script = Script()
        await desk.settled(5.0)
        worker.stop()
        await task

    desk.send("ada@example.com", "bob@example.com")
    asyncio.run(run())
    assert sorted(desk.told()) == ["ada@example.com", "bob@example.com"]
    for entry in desk.ledger.entries():
        assert entry.message()["To"] == entry.recipient
        assert "MAIL FROM" not in entry.message().as_string()


def test_a_peer_that_is_out_of_step_accepts_nothing(desk: Desk) -> None:
    """It says one thing more than it was asked, so each later reply would be taken for the next one: that to the content for acceptance."""
    desk.send("ada@example.com")
    talks: list[asyncio.Task[Any] | None] = []
    said = {b"EHLO": b"250-odd\r\n250 PIPELINING\r\n", b"MAIL": b"250 ok\r\n250 and by the way\r\n", b"RCPT": b"250 ok\r\n"}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        writer.write(b"220 odd\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                await asyncio.sleep(0.3)
                writer.write(b"354 go\r\n")
                break
            writer.write(said.get(line[:4].upper(), b"500 what\r\n"))
        await reader.read()
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            worker = desk.worker(connections=1)
            worker.outlets[0].channel = Smtp(Server("127.0.0.1", server.sockets[0].getsockname()[1]), "here.example", 1)
            task = asyncio.create_task(worker.run())
            await desk.settled(5.0)
            worker.stop()
            await task
            await asyncio.gather(*(talk for talk in talks if talk is not None))

    asyncio.run(run())
    assert desk.states() == {"ada@example.com": ("deferred", "peer_unreachable")}


def test_a_line_that_ends_before_the_content_leaves_no_doubt(desk: Desk) -> None:
    desk.send("ada@example.com")

    async def run() -> None:
        worker = desk.worker()
        found = worker._claim_and_compose({})
        assert found is not None
        (mail,) = found[1]
        assert isinstance(mail, Ready)
        line = await worker.outlets[0].channel.connect(worker.flight)

        async def may_send() -> bool:
            await asyncio.to_thread(desk.ledger.hang_up)
            await asyncio.sleep(0.1)
            return True

        handed = await line.send(mail, may_send, lambda: None)
        assert handed is not None
        assert (handed.end, handed.code) == (End.BROKEN, None)
        worker.flight.close()

    asyncio.run(run())
    assert list((desk.data / "flights").iterdir()) == []


def test_a_worker_that_gave_its_queue_back_claims_again(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        ids = make.people(ws, ["slow-5s@example.com", *[f"p{number}@example.com" for number in range(LOW_WATER + dispatch.CHUNK)]])
        ws.conn.execute('UPDATE person SET attributes = attributes || \'{"first_name": "Ada"}\'')
        plan(ws, [PlannedMessage("test", person_id, "hello", person_id, "newsletter", "hello") for person_id in ids], desk.clock.now())

    async def run() -> None:
        worker = desk.worker(connections=1)
        task = asyncio.create_task(worker.run())
        lineup = worker.outlets[0].lineup
        while len(lineup.mails) < LOW_WATER or worker.wanted.is_set():
            await asyncio.to_thread(time.sleep, 0.005)
        await asyncio.to_thread(desk.ledger.refuse)
        await asyncio.to_thread(desk.ledger.hang_up)
        while lineup.mails:
            await asyncio.to_thread(time.sleep, 0.005)
        await asyncio.to_thread(desk.ledger.listen)
        until = time.monotonic() + 5.0
        while len(await asyncio.to_thread(desk.told)) < 2 and time.monotonic() < until:
            await asyncio.to_thread(time.sleep, 0.02)
        worker.stop()
        await task

    asyncio.run(run())
    assert len(desk.told()) > 1


def test_a_slot_forgets_marks_that_were_not_needed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    slots: list[Slot] = []
    fill = Slot._fill_hand

    def seen(self: Slot, first: Ready) -> None:
        slots.append(self)
        fill(self, first)

    monkeypatch.setattr(Slot, "_fill_hand", seen)
    monkeypatch.setattr(slot, "QUICK_S", 2.0)
    desk.send(*[f"550-5.1.1+{number}@example.com" for number in range(30)])
    desk.work(connections=1)
    assert set(desk.states().values()) == {("rejected", "peer_rejected")}
    assert slots
    assert slots[0].asked == {}


def test_a_lease_is_kept_while_its_mails_are_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "RENEW_EVERY_S", 0.05)
    desk.send("ada@example.com")

    async def run() -> None:
        worker = desk.worker()
        compose = worker.composer.compose

        def slowly(*given: Any) -> list[Ready | Refusal]:  # noqa: ANN401 -- as `compose` takes them
            with desk.db.everywhere() as everywhere:
                everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() + interval '0.5 seconds'")
            time.sleep(1.0)
            return compose(*given)

        monkeypatch.setattr(worker.composer, "compose", slowly)
        task = asyncio.create_task(worker.run())
        await desk.settled(5.0)
        worker.stop()
        await task

    asyncio.run(run())
    assert desk.rows("SELECT state, attempts FROM message") == [("accepted", 1)]
    assert desk.rows("SELECT state FROM message_outcome") == [("accepted",)]


def test_a_render_process_that_cannot_start_costs_no_attempt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.send("ada@example.com")

    async def run() -> None:
        worker = desk.worker()
        with monkeypatch.context() as patch:
            patch.setattr(dispatch, "LOOK_AGAIN_S", 0.05)
            patch.setattr(sandboxes.sys, "executable", "/nowhere/python")
            worker.composer.sandbox = Sandbox()
            task = asyncio.create_task(worker.run())
            await asyncio.to_thread(time.sleep, 0.5)
        assert desk.rows("SELECT state, attempts FROM message WHERE attempts > 1") == []
        await desk.settled(5.0)
        worker.stop()
        await task
        worker.composer.sandbox.close()

    asyncio.run(run())
    assert desk.rows("SELECT state, attempts FROM message") == [("accepted", 1)]
