"""Senders: whose mail goes by which, what a limit and a warm-up let through, and what happens while one of them does not work."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.content.values import Reading
from hudhud.delivery import actions, claims
from hudhud.delivery.channels.base import End
from hudhud.delivery.domains.keeping import create_domain
from hudhud.delivery.returnpath import read_return_path, to_return_path
from hudhud.delivery.senders import keeping
from hudhud.delivery.senders.keeping import SenderGiven
from hudhud.delivery.senders.kinds import Surroundings
from hudhud.delivery.senders.trying import Tried, try_sender
from hudhud.delivery.senders.types import SenderNotFound
from hudhud.delivery.types import Mark, Settlement, State
from hudhud.kit.crypto import Keys
from hudhud.kit.egress import read_networks
from hudhud.kit.errors import InvalidInput
from tests import make
from tests.delivery.conftest import KEYS
from tests.harness.ledger import Ledger
from tests.harness.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.delivery.conftest import Desk

AROUND = Surroundings(KEYS, "mail.example", read_networks("127.0.0.0/8"))


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Ledger]:
    """Another server."""
    with Ledger(tmp_path / "second.ndjson") as ledger:
        yield ledger


def put(desk: Desk, server: Ledger, name: str = "First", **given: object) -> int:
    """Make a sender that hands over to a ledger."""
    settings = {"host": "127.0.0.1", "port": server.port, "security": "none", "lines": 2}
    with desk.db.workspace(desk.workspace_id) as ws:
        return keeping.create_sender(ws, AROUND, SenderGiven(name, "smtp", settings, **given), desk.clock.now(), by="user:1")  # type: ignore[arg-type] -- fields by name


def waiting(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows(
        "SELECT reason, due_at > %s, count(*)::int FROM message WHERE state = 'planned' GROUP BY 1, 2 ORDER BY 1, 2", desk.clock.now()
    )


def test_each_stream_goes_by_its_sender_with_its_letterhead(desk: Desk, second: Ledger) -> None:
    put(desk, desk.ledger, stream="marketing", from_name="Anna from Oak", from_email="anna@news.example", reply_to="desk@oak.example")
    put(desk, second, "Service", stream="transactional", from_email="order@oak.example", bounce_domain="bounces.oak.example")
    desk.send("ada@example.com")
    (order,) = desk.send("mari@example.com", topic="transactional", step="order")
    desk.work()
    assert set(desk.states().values()) == {("accepted", "")}, desk.rows("SELECT state, reason, reply FROM message_outcome")
    (news,), (service,) = desk.ledger.entries(), second.entries()
    assert (news.recipient, news.sender) == ("ada@example.com", "anna@news.example")
    head = base64.b64decode(news.raw).decode()
    assert "From: Anna from Oak <anna@news.example>\r\n" in head
    assert "Reply-To: desk@oak.example\r\n" in head
    assert (service.recipient, read_return_path(KEYS, service.sender)) == ("mari@example.com", order)
    assert service.sender.endswith("@bounces.oak.example")
    assert len(service.sender.partition("@")[0]) <= 64


def test_an_address_for_bounces_is_ours_or_nobodys() -> None:
    address = to_return_path(KEYS, 77, "b.example")
    assert read_return_path(KEYS, f"<{address.upper()}>") == 77
    assert read_return_path(Keys((b"other" * 8,)), address) is None
    assert read_return_path(KEYS, address.replace("bounce+", "bounce+00")) is None


def test_a_limit_by_the_second_gives_each_its_moment(desk: Desk) -> None:
    put(desk, desk.ledger, per_second=2)
    desk.send(*[f"p{number}@example.com" for number in range(6)])
    desk.work()
    assert len(desk.told()) == 2
    assert waiting(desk) == [("sender_limit", True, 4)]
    due = [
        row[0]
        for row in desk.rows(
            "SELECT extract(epoch FROM due_at - %s)::float FROM message WHERE state = 'planned' ORDER BY 1", desk.clock.now()
        )
    ]
    assert due == [0.5, 1.0, 1.5, 2.0]
    for _ in range(4):
        desk.clock.at += timedelta(seconds=0.5)
        desk.work()
    assert len(desk.told()) == 6
    assert len(desk.rows("SELECT FROM message WHERE attempts = 1")) == 6


def test_a_warm_up_lets_so_many_through_and_the_rest_goes_by_the_next(desk: Desk, second: Ledger) -> None:
    today = make.NOW.date()
    put(desk, desk.ledger, warmup=[2, 4], warmup_from=today)
    put(desk, second, "Old", per_day=3)
    desk.send(*[f"p{number}@example.com" for number in range(8)])
    desk.work()
    assert (len(desk.ledger.entries()), len(second.entries())) == (2, 3)
    assert waiting(desk) == [("sender_limit", True, 3)]
    assert {row[0].hour for row in desk.rows("SELECT due_at AT TIME ZONE 'UTC' FROM message WHERE state = 'planned'")} == {0}  # type: ignore[attr-defined]
    desk.clock.at += timedelta(days=1)
    desk.work()
    assert (len(desk.ledger.entries()), len(second.entries())) == (5, 3)


def test_what_does_not_leave_takes_no_room_of_the_day(desk: Desk) -> None:
    put(desk, desk.ledger, per_day=2)
    desk.send("ada@example.com", "mari@example.com")
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "gone", 10, desk.clock.now())
        assert chunk is not None
        for one in chunk.messages:
            back = Settlement(one.id, one.lease_id, State.PLANNED, due_at=desk.clock.now(), taken_back=True, sender_id=one.sender_id)
            claims.settle(everywhere, [back], "gone", desk.clock.now())
    desk.work()
    assert len(desk.told()) == 2


def test_what_comes_back_after_midnight_gives_room_of_the_day_before_and_only_once(desk: Desk) -> None:
    put(desk, desk.ledger, per_day=5)
    desk.send("ada@example.com", "mari@example.com")
    desk.clock.at = make.NOW.replace(hour=23, minute=59, second=59)
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "slow", 10, desk.clock.now())
    assert chunk is not None
    desk.send("eve@example.com")
    desk.clock.at += timedelta(seconds=2)
    with desk.db.everywhere() as everywhere:
        assert claims.claim(everywhere, "quick", 10, desk.clock.now()) is not None
    later = desk.clock.now() + timedelta(hours=1)
    back = [
        Settlement(one.id, one.lease_id, State.PLANNED, due_at=later, taken_back=True, sender_id=one.sender_id) for one in chunk.messages
    ]
    for _ in range(2):
        with desk.db.everywhere() as everywhere:
            claims.settle(everywhere, back[:1], "slow", desk.clock.now())
    assert desk.rows("SELECT day - %s::date, taken FROM sender_day ORDER BY day", make.NOW.date()) == [(0, 1), (1, 1)]


def test_f23_a_broken_sender_holds_its_mail_and_goes_on_by_itself(desk: Desk) -> None:
    sender_id = put(desk, desk.ledger)
    desk.ledger.refuse()
    ids = desk.send(*[f"p{number}@example.com" for number in range(5)])
    for _ in range(4):
        desk.work()
        desk.clock.at += timedelta(minutes=6)
    failures, trouble, attempts = desk.rows("SELECT s.failures, s.trouble, (SELECT max(attempts) FROM message) FROM sender s")[0]
    assert failures >= 3
    assert "Connect" in str(trouble) or "refused" in str(trouble)
    assert attempts == 0
    desk.ledger.listen()
    desk.clock.at += timedelta(minutes=6)
    desk.work()
    assert len(desk.told()) == len(set(desk.told())) == len(ids)
    assert desk.rows("SELECT failures, trouble FROM sender WHERE id = %s", sender_id) == [(0, "")]


def test_the_next_sender_takes_over_what_has_not_left(desk: Desk, second: Ledger) -> None:
    put(desk, desk.ledger)
    put(desk, second, "Second")
    desk.ledger.refuse()
    desk.send(*[f"p{number}@example.com" for number in range(5)])
    for _ in range(4):
        desk.work()
        desk.clock.at += timedelta(seconds=20)
    assert len({entry.recipient for entry in second.entries()}) == len(second.entries()) == 5
    assert set(desk.states().values()) == {("accepted", "")}


def test_what_may_have_left_goes_by_no_other_sender(desk: Desk, second: Ledger) -> None:
    put(desk, desk.ledger)
    put(desk, second, "Second")
    desk.ledger.script = Script(close_at=("DOT",))
    desk.send("ada@example.com", topic="transactional")
    desk.work()
    assert desk.states() == {"ada@example.com": ("deferred", "no_reply")}
    desk.ledger.script = Script()
    desk.ledger.hang_up()
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE sender SET failures = 5, closed_until = %s WHERE name = 'First'", (desk.clock.now() + timedelta(hours=1),))
    desk.clock.at += timedelta(minutes=10)
    desk.work()
    assert second.entries() == []
    assert desk.states() == {"ada@example.com": ("planned", "sender_down")}
    desk.clock.at += timedelta(hours=2)
    desk.work()
    assert (second.entries(), desk.states()) == ([], {"ada@example.com": ("accepted", "")})
    assert len({entry.message_id for entry in desk.ledger.entries()}) == 1


def test_mail_of_a_paused_sender_waits_for_a_word(desk: Desk, second: Ledger) -> None:
    sender_id = put(desk, desk.ledger)
    with desk.db.workspace(desk.workspace_id) as ws:
        keeping.set_paused(ws, sender_id, is_paused=True, now=desk.clock.now(), by="user:1")
    desk.send("ada@example.com", "mari@example.com")
    desk.work()
    assert desk.rows("SELECT DISTINCT reason, due_at FROM message") == [("sender_paused", None)]
    with desk.db.workspace(desk.workspace_id) as ws:
        keeping.drop_sender(ws, sender_id, desk.clock.now(), by="user:1")
    put(desk, second)
    desk.work()
    assert len(second.entries()) == 2


@pytest.mark.parametrize("how", ["pause", "delete", "nothing"])
def test_what_is_claimed_already_does_not_leave_by_a_sender_that_is_paused_or_gone(desk: Desk, how: str) -> None:
    sender_id = put(desk, desk.ledger)
    desk.send("ada@example.com")
    with desk.db.everywhere() as everywhere:
        chunk = claims.claim(everywhere, "worker", 10, desk.clock.now())
    assert chunk is not None
    (one,) = chunk.messages
    with desk.db.workspace(desk.workspace_id) as ws:
        if how == "pause":
            keeping.set_paused(ws, sender_id, is_paused=True, now=desk.clock.now(), by="user:1")
        elif how == "delete":
            keeping.drop_sender(ws, sender_id, desk.clock.now(), by="user:1")
    mark = Mark(one.id, one.lease_id, one.address, one.version_id, "en", "{}", [], sender_id)
    with desk.db.everywhere() as everywhere:
        assert claims.mark(everywhere, [mark], desk.clock.now()) == {mark.hold: None if how == "nothing" else "lost"}


def test_a_password_goes_by_tls_alone(desk: Desk) -> None:
    outside = Surroundings(KEYS, "mail.example", ())
    for security in ("none", "starttls_if_offered"):
        given = SenderGiven("A", "smtp", {"host": "mail.example", "username": "u", "password": "hunter22", "security": security})
        with desk.db.workspace(desk.workspace_id) as ws, pytest.raises(InvalidInput, match="security"):
            keeping.create_sender(ws, outside, given, desk.clock.now(), by="user:1")


def test_mail_is_signed_however_its_domain_is_written(desk: Desk) -> None:
    put(desk, desk.ledger, from_email="anna@Oak.Example")
    with desk.db.workspace(desk.workspace_id) as ws:
        create_domain(ws, KEYS, "oak.example", desk.clock.now(), by="user:1")
        ws.conn.execute("UPDATE sending_domain SET rsa_seen_at = now()")
    desk.send("ada@example.com")
    desk.work()
    (entry,) = desk.ledger.entries()
    assert b"d=oak.example" in base64.b64decode(entry.raw).partition(b"\r\n\r\n")[0]


def test_secrets_stay_with_their_server(desk: Desk) -> None:
    given = SenderGiven("A", "smtp", {"host": "127.0.0.1", "port": 2525, "username": "u", "password": "hunter22"})
    with desk.db.workspace(desk.workspace_id) as ws:
        sender_id = keeping.create_sender(ws, AROUND, given, desk.clock.now(), by="user:1")
        assert "hunter22" not in str(ws.all(keeping.QUERIES.find_all, today=make.NOW.date()))
        same = replace(given, settings={"host": "127.0.0.1", "port": 2525, "username": "u"}, name="B")
        keeping.change_sender(ws, AROUND, sender_id, same, desk.clock.now(), by="user:1")
        way = keeping.get_sender(ws, sender_id, desk.clock.now())
        assert (way.name, keeping.unseal(KEYS, way.sealed)) == ("B", {"password": "hunter22"})
        elsewhere = replace(given, settings={"host": "127.0.0.2", "port": 2525, "username": "u"})
        keeping.change_sender(ws, AROUND, sender_id, elsewhere, desk.clock.now(), by="user:1")
        assert keeping.unseal(KEYS, keeping.get_sender(ws, sender_id, desk.clock.now()).sealed) == {"password": ""}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from_name": "Ada\r\nBcc: eve@example.com"}, "name"),
        ({"from_email": "a@b\nc"}, "from_email"),
        ({"reply_to": "<a@b.example>"}, "reply_to"),
        ({"bounce_domain": "bounces"}, "bounce_domain"),
        ({"warmup": [5]}, "warmup_from"),
        ({"kind": "pigeon"}, "kind"),
        ({"settings": {"host": "a b"}}, "host"),
        ({"settings": {"host": "mail.example", "hots": "x"}}, "hots"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(desk: Desk, change: dict[str, object], field: str) -> None:
    given = SenderGiven("A", "smtp", {"host": "mail.example"})
    with desk.db.workspace(desk.workspace_id) as ws, pytest.raises(InvalidInput) as refused:
        keeping.create_sender(ws, AROUND, replace(given, **change), desk.clock.now(), by="user:1")  # type: ignore[arg-type] -- fields by name
    assert refused.value.data["field"] == field


def test_a_server_inside_may_not_be_reached_unless_the_operator_says_so(desk: Desk) -> None:
    sender_id = put(desk, desk.ledger)
    worker_around = Surroundings(KEYS, "mail.example", ())
    desk.around = worker_around
    desk.send("ada@example.com")
    desk.work()
    assert desk.told() == []
    ((trouble,),) = desk.rows("SELECT trouble FROM sender WHERE id = %s", sender_id)
    assert "port" in str(trouble) or "HUDHUD_PRIVATE_NETWORKS" in str(trouble)


def test_there_must_be_such_a_sender(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws, pytest.raises(SenderNotFound):
        keeping.set_paused(ws, 12345, is_paused=True, now=desk.clock.now(), by="user:1")


def test_a_message_that_cannot_be_written_waits_alone_until_it_is_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Reading.facts

    def odd(self: Reading, person_id: int, *values: object) -> bytes:
        if person_id == culprit:
            raise TypeError("what is this?")
        return sound(self, person_id, *values)  # type: ignore[arg-type] -- passed on

    ids = desk.send(*[f"p{number}@example.com" for number in range(7)])
    ((culprit,),) = desk.rows("SELECT person_id FROM message WHERE id = %s", ids[3])
    with monkeypatch.context() as patch:
        patch.setattr(Reading, "facts", odd)
        desk.work()
    assert len(desk.told()) == 6
    assert desk.states()["p3@example.com"] == ("planned", "cannot_write")
    assert "what is this?" in str(desk.rows("SELECT reply FROM message_outcome WHERE reason = 'cannot_write'"))
    with desk.db.workspace(desk.workspace_id) as ws:
        assert actions.release(ws, None, desk.clock.now()) == 1
    desk.work()
    assert len(desk.told()) == len(set(desk.told())) == 7


def test_a_message_that_cannot_be_claimed_or_marked_costs_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = desk.send(*[f"p{number}@example.com" for number in range(9)])
    sound_claim, sound_mark = claims._ask_gate, claims.mark

    def odd_claim(everywhere: object, given: str, *rest: object) -> object:
        if str(ids[2]) in given:
            raise KeyError("odd")
        return sound_claim(everywhere, given, *rest)  # type: ignore[arg-type] -- passed on

    def odd_mark(everywhere: object, marks: list[claims.Mark], *rest: object) -> object:
        if any(one.id == ids[5] for one in marks):
            raise ValueError("odder")
        return sound_mark(everywhere, marks, *rest)  # type: ignore[arg-type] -- passed on

    monkeypatch.setattr(claims, "_ask_gate", odd_claim)
    monkeypatch.setattr(claims, "mark", odd_mark)
    desk.work()
    assert len(desk.told()) == 7
    states = desk.states()
    assert {address for address, state in states.items() if state == ("planned", "cannot_write")} == {"p2@example.com", "p5@example.com"}


def test_a_test_says_what_the_other_side_said(desk: Desk) -> None:
    sender_id = put(desk, desk.ledger, from_email="order@oak.example")

    def tried() -> Tried:
        with desk.db.workspace(desk.workspace_id) as ws:
            way = keeping.get_sender(ws, sender_id, desk.clock.now())
        return try_sender(way, AROUND, ("Oak", "hello@oak.example"), "me@oak.example", desk.clock.now())

    assert (tried().end, tried().code) == (End.ACCEPTED, 250)
    entry = desk.ledger.entries()[0]
    assert (entry.sender, entry.recipient, str(entry.message()["From"])) == (
        "order@oak.example",
        "me@oak.example",
        "Oak <order@oak.example>",
    )
    desk.ledger.script = Script(replies={"RCPT": "550 5.1.1 nobody here"})
    desk.ledger.hang_up()
    refused = tried()
    assert (refused.end, refused.code, "nobody here" in refused.text) == (End.REJECTED, 550, True)
    desk.ledger.refuse()
    assert tried().end is End.SHUT
