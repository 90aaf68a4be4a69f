"""Handing over: what the peer may do to us, and what becomes of the messages (F-17 … F-21, A-16)."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudhud.delivery import claims
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.channels.smtp import stuffed
from hudhud.delivery.flight import FlightRecorder
from hudhud.delivery.retry import Reply, is_hard_bounce, retry_at
from hudhud.kit.errors import InvalidInput
from tests import make
from tests.harness.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.delivery.conftest import Desk


@pytest.mark.parametrize("pipelining", [True, False])
def test_one_bad_recipient_costs_only_itself(desk: Desk, pipelining: bool) -> None:  # noqa: FBT001
    desk.ledger.script = Script(pipelining=pipelining)
    desk.send(
        "554@a.example",
        "ok1@a.example",
        "550-5.1.1@a.example",
        "451@a.example",
        "data-554@a.example",
        "dot-552@a.example",
        "mail-451@a.example",
        "ok2@a.example",
    )
    desk.work(connections=1)
    assert desk.states() == {
        "554@a.example": ("rejected", "peer_rejected"),
        "ok1@a.example": ("accepted", ""),
        "550-5.1.1@a.example": ("rejected", "peer_rejected"),
        "451@a.example": ("deferred", "peer_deferred"),
        "data-554@a.example": ("rejected", "peer_rejected"),
        "dot-552@a.example": ("rejected", "peer_rejected"),
        "mail-451@a.example": ("deferred", "peer_deferred"),
        "ok2@a.example": ("accepted", ""),
    }
    assert sorted(desk.told()) == ["ok1@a.example", "ok2@a.example"]
    assert desk.ledger.peer.violations == []
    assert desk.rows("SELECT address, reason FROM suppression") == [("550-5.1.1@a.example", "hard_bounce")]


def test_greylisting_is_waited_for_with_the_same_message_id(desk: Desk) -> None:
    desk.send("greylist-2@a.example")
    for attempt, pause in enumerate((timedelta(), timedelta(minutes=2), timedelta(minutes=10))):
        desk.clock.at += pause
        desk.work()
        assert desk.states()["greylist-2@a.example"][0] == ("deferred" if attempt < 2 else "accepted")
    assert desk.rows("SELECT attempt, state, code FROM message_outcome ORDER BY id") == [
        (1, "deferred", 451),
        (2, "deferred", 451),
        (3, "accepted", 250),
    ]
    assert len(desk.told()) == 1


def test_a_peer_that_closes_after_some_messages_is_met_again(desk: Desk) -> None:
    desk.ledger.script = Script(max_per_connection=3)
    addresses = [f"p{number}@a.example" for number in range(10)]
    desk.send(*addresses)
    desk.work(connections=1)
    assert sorted(desk.told()) == sorted(addresses)
    assert set(desk.states().values()) == {("accepted", "")}
    assert desk.ledger.peer.numbers >= 4


@pytest.mark.parametrize("end", ["drop-after-dot", "vanish-after-dot", "partial-after-dot"])
def test_without_a_reply_marketing_stays_in_doubt_and_transactional_goes_again(desk: Desk, end: str) -> None:
    desk.send(f"{end}@a.example")
    desk.send(f"{end}+2@a.example", topic="transactional")
    desk.work()
    assert desk.states() == {f"{end}@a.example": ("in_doubt", "no_reply"), f"{end}+2@a.example": ("deferred", "no_reply")}
    desk.clock.at += timedelta(hours=1)
    desk.work()
    entries = [entry for entry in desk.ledger.entries() if entry.recipient == f"{end}+2@a.example"]
    assert len({entry.message_id for entry in entries}) == (0 if end == "vanish-after-dot" else 1)
    assert sum(entry.recipient == f"{end}@a.example" for entry in desk.ledger.entries()) <= 1


@pytest.mark.long
def test_lines_that_break_before_the_content_lose_and_double_nothing(desk: Desk) -> None:
    scripts = [
        Script(close_at=("BANNER",), times=1),
        Script(close_at=("EHLO",), times=1),
        Script(close_at=("MAIL",), times=2),
        Script(close_at=("RCPT",), times=2),
        Script(close_at=("DATA",), times=2),
        Script(partial_at=("RCPT",), times=1),
        Script(replies={"MAIL": "421 4.3.2 going down"}, times=2),
        Script(max_connections=1),
    ]
    for number, script in enumerate(scripts):
        desk.ledger.script, desk.ledger.peer.acted = script, 0
        addresses = [f"p{number}-{one}@a.example" for one in range(5)]
        desk.send(*addresses, step=f"step{number}")
        for _ in range(2):
            desk.work(most_s=2.0)
            desk.clock.at += timedelta(minutes=5)
        assert sorted(address for address in desk.told() if address.startswith(f"p{number}-")) == addresses, script


def test_a_peer_that_is_down_is_visible_and_costs_one_attempt_of_one_message(desk: Desk) -> None:
    desk.ledger.refuse()
    desk.send(*[f"p{number}@a.example" for number in range(5)])
    _run_until(desk, lambda: bool(desk.rows("SELECT FROM message WHERE state = 'deferred'")))
    assert sorted(desk.states().values()) == [("deferred", "peer_unreachable"), *[("planned", "")] * 4]
    desk.ledger.listen()
    desk.clock.at += timedelta(minutes=5)
    desk.work()
    assert len(desk.told()) == len(set(desk.told())) == 5


def _run_until(desk: Desk, is_so: Callable[[], bool], server: Server | None = None) -> None:
    """Run a worker until something is so, then stop it."""

    async def run() -> None:
        worker = desk.worker(connections=3)
        if server is not None:
            worker.outlets[0].channel = Smtp(server, "here.example")
        task = asyncio.create_task(worker.run())
        while not await asyncio.to_thread(is_so):
            await asyncio.to_thread(time.sleep, 0.01)
        worker.stop()
        await task

    asyncio.run(run())


@pytest.mark.long
def test_two_workers_send_each_message_once(desk: Desk) -> None:
    addresses = [f"p{number}@a.example" for number in range(300)]
    desk.send(*addresses)
    desk.work(connections=3, workers=2)
    assert sorted(desk.told()) == sorted(addresses)


def test_a_stop_in_the_middle_leaves_nothing_in_doubt(desk: Desk) -> None:
    addresses = [f"p{number}@a.example" for number in range(400)]
    desk.send(*addresses)

    _run_until(desk, lambda: bool(desk.told()))
    states = {state for state, _ in desk.states().values()}
    assert states <= {"accepted", "planned"}
    assert desk.rows("SELECT count(*) FROM message WHERE state = 'accepted'") == [(len(desk.told()),)]
    assert desk.rows("SELECT FROM delivery_lease") == []
    assert desk.rows("SELECT DISTINCT attempts FROM message WHERE state = 'planned'") in ([(0,)], [])


def test_a_late_worker_is_fenced(desk: Desk) -> None:
    desk.send("ada@example.com")
    with desk.db.everywhere() as everywhere:
        mine = claims.claim(everywhere, "frozen", 10, make.NOW, lease_s=-1)
    assert mine is not None
    with desk.db.everywhere() as everywhere:
        assert claims.reap(everywhere, make.NOW, desk.data) == 1
        theirs = claims.claim(everywhere, "other", 10, make.NOW)
    assert theirs is not None
    message = mine.messages[0]
    mark = claims.Mark(message.id, mine.lease_id, message.address, message.version_id, "en", "{}", [])
    with desk.db.everywhere() as everywhere:
        assert claims.mark(everywhere, [mark], make.NOW) == {(message.id, mine.lease_id): "lost"}
        late = claims.Settlement(message.id, mine.lease_id, claims.State.ACCEPTED)
        assert claims.settle(everywhere, [late], "frozen", make.NOW) == 0
    assert desk.rows("SELECT state, attempts FROM message") == [("claimed", 2)]


def test_a_lease_that_ends_in_the_hand_over_leaves_doubt_for_marketing_only(desk: Desk) -> None:
    desk.send("ada@example.com")
    desk.send("bob@example.com", topic="transactional")
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "gone", 10, make.NOW)
        assert chunk is not None
        marks = [claims.Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]
        assert set(claims.mark(everywhere, marks, make.NOW).values()) == {None}
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
    with desk.db.everywhere() as everywhere:
        claims.reap(everywhere, make.NOW, desk.data)
    assert desk.states() == {"ada@example.com": ("in_doubt", "worker_lost"), "bob@example.com": ("planned", "")}
    desk.work()
    assert desk.told() == ["bob@example.com"]


def test_a_flight_record_tells_what_a_dead_worker_did(desk: Desk) -> None:
    ids = desk.send("left@example.com", "accepted@example.com", "refused@example.com", "still-here@example.com")
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "gone", 10, make.NOW)
        assert chunk is not None
        marks = [claims.Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]
        assert set(claims.mark(everywhere, marks, make.NOW).values()) == {None}
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
    record = FlightRecorder(desk.data, "gone")
    for message_id in ids[:3]:
        record.leaves(message_id, chunk.lease_id)
    record.answered(ids[1], chunk.lease_id, is_good=True)
    record.answered(ids[2], chunk.lease_id, is_good=False)
    record.close()
    with desk.db.everywhere() as everywhere:
        claims.reap(everywhere, make.NOW, desk.data)
    assert list(desk.states().values()) == [("in_doubt", "worker_lost"), ("accepted", ""), ("planned", ""), ("planned", "")]
    desk.work()
    assert sorted(desk.told()) == ["refused@example.com", "still-here@example.com"]
    assert list((desk.data / "flights").iterdir()) == []


def test_a_worker_resolves_its_own_doubt(desk: Desk) -> None:
    """Its lease ended while it lived (the database was away for long): what it knows is worth more than what others suppose."""
    desk.send("ada@example.com")
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "slow", 10, make.NOW)
        assert chunk is not None
        (one,) = chunk.messages
        claims.mark(everywhere, [claims.Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", [])], make.NOW)
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
    with desk.db.everywhere() as everywhere:
        claims.reap(everywhere, make.NOW, desk.data)
    assert desk.states() == {"ada@example.com": ("in_doubt", "worker_lost")}
    with desk.db.everywhere() as everywhere:
        never = claims.Settlement(one.id, chunk.lease_id, claims.State.PLANNED, due_at=make.NOW, taken_back=True)
        assert claims.settle(everywhere, [never], "slow", make.NOW) == 1
    desk.work()
    assert desk.told() == ["ada@example.com"]


def test_attempts_end(desk: Desk) -> None:
    desk.send("451@a.example")
    for _ in range(25):
        desk.clock.at += timedelta(hours=5)
        if not desk.busy():
            break
        with desk.db.workspace(desk.workspace_id) as ws:
            ws.conn.execute("UPDATE message SET attempts = greatest(attempts, 18)")
        desk.work()
    assert desk.rows("SELECT state, reason, attempts FROM message") == [("rejected", "attempts_exhausted", 20)]


def test_addresses_beyond_ascii_need_smtputf8(desk: Desk) -> None:
    desk.send("õie@näide.example")
    desk.work()
    assert desk.told() == ["õie@xn--nide-loa.example"]
    desk.ledger.script = Script(smtputf8=False)
    desk.send("mari@näide.example", "mägi@näide.example")
    desk.work()
    assert desk.states()["mägi@näide.example"] == ("rejected", "peer_lacks_smtputf8")
    assert desk.told()[1:] == ["mari@xn--nide-loa.example"]


def test_wrong_credentials_stop_the_line_not_the_messages(desk: Desk) -> None:
    desk.ledger.script = Script(auth="reject")
    desk.send("ada@example.com")

    server = Server("127.0.0.1", desk.ledger.port, username="me", password="wrong")
    _run_until(desk, lambda: bool(desk.rows("SELECT FROM message WHERE state = 'deferred'")), server)
    assert desk.states() == {"ada@example.com": ("deferred", "peer_unreachable")}
    assert "535" in str(desk.rows("SELECT reply FROM message_outcome")[0][0])


@given(st.lists(st.sampled_from([b"\n", b"\r", b".", b"\r\n", b"a", b"..", b"MAIL FROM:<x@y>"]), max_size=30).map(b"".join))
def test_no_content_can_end_a_message_early(content: bytes) -> None:
    wire = stuffed(content)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert wire.replace(b"\r\n", b"").count(b"\n") == wire.replace(b"\r\n", b"").count(b"\r") == 0
    lines = wire.split(b"\r\n")
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in lines)


def test_servers_are_read_from_their_address() -> None:
    assert Server.from_url("smtp://mail.example") == Server("mail.example", 25)
    assert Server.from_url("smtps://a%40b:p%2Fw@mail.example") == Server("mail.example", 465, True, username="a@b", password="p/w")
    assert Server.from_url("smtp://u:p@mail.example") == Server("mail.example", 587, username="u", password="p")
    with pytest.raises(InvalidInput, match="HUDHUD_SMTP_URL"):
        Server.from_url("http://u:secret@mail.example")


@pytest.mark.parametrize(
    ("reply", "hard"),
    [
        (Reply(550, "5.1.1 no such user"), True),
        (Reply(550, "5.7.1 blocked, user unknown to us"), False),
        (Reply(550, "Requested action not taken: mailbox not found"), True),
        (Reply(554, "rejected as spam"), False),
        (Reply(450, "4.1.1 user unknown"), False),
    ],
)
def test_only_addresses_that_will_never_work_are_hard_bounces(reply: Reply, hard: bool) -> None:  # noqa: FBT001
    assert is_hard_bounce(reply, "RCPT") is hard


def test_pauses_grow_and_are_spread() -> None:
    pauses = [(retry_at(make.NOW, attempt, 1) - make.NOW).total_seconds() for attempt in range(1, 9)]
    assert pauses == sorted(pauses)
    assert 60 <= pauses[0] <= 66
    assert retry_at(make.NOW, 1, 1) != retry_at(make.NOW, 1, 2)
