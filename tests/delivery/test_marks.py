"""Marks that are asked for in advance: never more of them than promised, and none that is worth nothing any more."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import claims, clerk
from hudhud.delivery.actions import plan
from hudhud.delivery.clerk import MOST_MARKED
from hudhud.delivery.types import Mark, PlannedMessage, Settlement, State
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

MAILS = 800
MARKED = "SELECT count(*) FROM message WHERE state = 'handing_over'"


@pytest.mark.long
def test_at_full_speed_no_more_is_in_the_air_than_promised(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        ids = make.people(ws, [f"p{number}@example.com" for number in range(MAILS)])
        ws.conn.execute('UPDATE person SET attributes = attributes || \'{"first_name": "Ada"}\'')
        plan(ws, [PlannedMessage("test", person_id, "hello", person_id, "newsletter", "hello") for person_id in ids], desk.clock.now())
    marked = asyncio.run(_watch(desk))
    # Some were asked for together, or this proves nothing.
    assert 20 < max(marked) <= MOST_MARKED
    assert sorted(desk.told()) == sorted(desk.states())
    assert {state for state, _ in desk.states().values()} == {"accepted"}


def test_what_no_database_holds_stops_nobody(desk: Desk) -> None:
    """A NUL that a filter has made out of a value: left out of links, harmless in the text."""
    body = '{{ event.code | url_decode }}<a href="https://x.example/{{ event.code | url_decode }}">x</a><a href="{{ event.page }}">y</a>'
    event = {"code": "%00%0Aa", "page": "https://y.example/"}
    with desk.db.workspace(desk.workspace_id) as ws:
        make.template(ws, desk.sandbox, "link", subject="x", body=body)
        person_id = make.person(ws, "ada@example.com", ("newsletter",))
        plan(ws, [PlannedMessage("test", person_id, "link", person_id, "newsletter", "link", event=event)], desk.clock.now())
    desk.work()
    assert desk.states() == {"ada@example.com": ("accepted", "")}
    assert desk.rows("SELECT links FROM message_copy") == [(["https://x.example/a", "https://y.example/"],)]


def test_marks_wait_until_others_have_ended_but_to_renew_one_needs_no_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerk, "MOST_MARKED", 4)
    desk.send(*(f"p{number}@example.com" for number in range(7)))
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "worker", 10, desk.clock.now())
    assert chunk is not None
    marks = [Mark(one.id, one.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]

    async def run() -> None:
        worker = desk.worker()
        writes = asyncio.create_task(worker.clerk.run())
        worker.clerk.opened(chunk.lease_id, len(marks))
        first, second, third = (worker.clerk.ask(group) for group in (marks[:3], marks[3:6], marks[6:]))
        assert set((await first.verdicts).values()) == {None}
        assert set((await worker.clerk.ask(marks[:1]).verdicts).values()) == {None}
        assert not second.verdicts.done()
        assert not third.verdicts.done()
        for one in marks[:2]:
            worker.clerk.settle(Settlement(*one.hold, State.ACCEPTED))
        await asyncio.wait_for(second.verdicts, 5)
        assert not third.verdicts.done()
        worker.clerk.settle(Settlement(*marks[2].hold, State.ACCEPTED))
        await asyncio.wait_for(third.verdicts, 5)
        writes.cancel()
        worker.flight.close()

    asyncio.run(run())
    assert sorted(str(state) for (state,) in desk.rows("SELECT state FROM message")) == ["accepted"] * 3 + ["handing_over"] * 4


async def _watch(desk: Desk) -> list[int]:
    """Deliver with ten connections; return how many were marked and not settled, many times."""
    worker, marked = desk.worker(connections=10), [0]
    task = asyncio.create_task(worker.run())
    while await asyncio.to_thread(desk.busy):
        marked.append(int(str((await asyncio.to_thread(desk.rows, MARKED))[0][0])))
        await asyncio.to_thread(time.sleep, 0.005)
    worker.stop()
    await task
    return marked
