"""The ledger tells the truth: it writes before it answers, and each scripted fault really happens."""

from __future__ import annotations

import contextlib
import hashlib
import os
import smtplib
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.harness import book
from tests.harness.ledger import Ledger, LedgerProcess
from tests.harness.script import Behaviour, Script, behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAIL = b"Message-ID: <1@hudhud.test>\r\nSubject: x\r\n\r\n.leading dot\r\nline\r\n"


@contextmanager
def client(ledger: Ledger | LedgerProcess) -> Iterator[smtplib.SMTP]:
    smtp = smtplib.SMTP("127.0.0.1", ledger.port, timeout=10)
    try:
        yield smtp
    finally:
        smtp.close()


def send(ledger: Ledger, *to: str, content: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    with client(ledger) as smtp:
        return smtp.sendmail("sender@hudhud.test", to, content)


def raw(ledger: Ledger, *chunks: bytes) -> bytes:
    """Send bytes as they are; return everything that came back until the end."""
    with socket.create_connection(("127.0.0.1", ledger.port), timeout=10) as line:
        for chunk in chunks:
            line.sendall(chunk)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "mails.ndjson") as ledger:
        yield ledger


def test_records_the_bytes_that_were_meant(ledger: Ledger) -> None:
    assert send(ledger, "anna@example.com", "ben@example.com") == {}
    first, second = ledger.entries()
    assert [first.recipient, second.recipient] == ["anna@example.com", "ben@example.com"]
    assert first.message_id == "<1@hudhud.test>"
    assert first.sha256 == hashlib.sha256(MAIL).hexdigest()
    assert first.told
    assert first.message()["subject"] == "x"


def test_is_on_disk_before_the_reply(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    genuine = os.fdatasync

    def fdatasync(handle: int) -> None:
        genuine(handle)
        order.append("disk")

    monkeypatch.setattr(book.os, "fdatasync", fdatasync)
    with client(ledger) as smtp:
        smtp.sendmail("s@hudhud.test", ["anna@example.com"], MAIL)
        order.append("reply")
    assert order == ["disk", "reply"]


def test_a_half_line_of_a_crash_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "mails.ndjson"
    with Ledger(path) as ledger:
        send(ledger, "anna@example.com")
    with path.open("ab") as file:
        file.write(b'{"recipient": "half')
    assert len(book.read(path)) == 1
    with Ledger(path) as ledger:
        send(ledger, "ben@example.com")
    assert [entry.recipient for entry in book.read(path)] == ["anna@example.com", "ben@example.com"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("anna@example.com", Behaviour()),
        ("451@x.test", Behaviour(point="RCPT", reply="451 4.0.0 scripted by the recipient")),
        ("550-5.1.1+anna@x.test", Behaviour(point="RCPT", reply="550 5.1.1 scripted by the recipient")),
        ("dot-552-5.3.4@x.test", Behaviour(point="DOT", reply="552 5.3.4 scripted by the recipient")),
        ("greylist-2@x.test", Behaviour(greylist=2)),
        ("slow-0.5s@x.test", Behaviour(slow_s=0.5)),
        ("drop-after-dot+7@x.test", Behaviour(end="drop")),
    ],
)
def test_the_local_part_is_the_script(address: str, expected: Behaviour) -> None:
    assert behaviour(address) == expected


def test_refuses_only_the_scripted_recipient(ledger: Ledger) -> None:
    refused = send(ledger, "550-5.1.1@example.com", "anna@example.com", "451@example.com")
    assert {address: code for address, (code, _) in refused.items()} == {"550-5.1.1@example.com": 550, "451@example.com": 451}
    assert [entry.recipient for entry in ledger.entries()] == ["anna@example.com"]


def test_greylists_as_often_as_told(ledger: Ledger) -> None:
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(ledger, "greylist-2@example.com")
    assert send(ledger, "greylist-2@example.com") == {}
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize(("local", "recorded"), [("drop-after-dot", 1), ("vanish-after-dot", 0), ("partial-after-dot", 1)])
def test_cuts_the_line_after_the_dot(ledger: Ledger, local: str, recorded: int) -> None:
    with pytest.raises((smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException)):
        send(ledger, f"{local}@example.com")
    assert [entry.told for entry in ledger.entries()] == [False] * recorded


def test_reply_then_close(ledger: Ledger) -> None:
    with client(ledger) as smtp:
        smtp.sendmail("s@hudhud.test", ["reply-then-close@example.com"], MAIL)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.noop()
    assert [entry.told for entry in ledger.entries()] == [True]


def test_slow_answers_slowly(ledger: Ledger) -> None:
    began = time.monotonic()
    send(ledger, "slow-0.3s@example.com")
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("point", ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("fault", ["close_at", "partial_at", "replies"])
def test_faults_at_each_point_end_after_their_times(ledger: Ledger, point: str, fault: str) -> None:
    value: object = {point: "421 4.3.2 going down"} if fault == "replies" else (point,)
    ledger.script = Script(times=1, **{fault: value})
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(ledger, "anna@example.com")
    assert send(ledger, "ben@example.com") == {}
    assert "ben@example.com" in [entry.recipient for entry in ledger.entries()]


def test_a_point_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="'RPCT' is none of"):
        Script(close_at=("RPCT",))


def test_refuses_connections_and_listens_again(ledger: Ledger) -> None:
    ledger.refuse()
    with pytest.raises(ConnectionRefusedError):
        send(ledger, "anna@example.com")
    ledger.listen()
    assert send(ledger, "anna@example.com") == {}


def test_limits(ledger: Ledger) -> None:
    ledger.script = Script(max_per_connection=2)
    with client(ledger) as smtp:
        for _ in range(2):
            smtp.sendmail("s@hudhud.test", ["anna@example.com"], MAIL)
        with pytest.raises(smtplib.SMTPException):
            smtp.sendmail("s@hudhud.test", ["anna@example.com"], MAIL)
    ledger.script = Script(max_connections=1)
    with client(ledger), pytest.raises(smtplib.SMTPConnectError), client(ledger):
        pass
    ledger.script = Script(max_per_second=1)
    refused = 0
    for _ in range(5):
        with contextlib.suppress(smtplib.SMTPSenderRefused):
            send(ledger, "anna@example.com")
            continue
        refused += 1
    assert refused >= 3


def test_offers_what_the_script_says(ledger: Ledger) -> None:
    ledger.script = Script(smtputf8=False, pipelining=False, starttls="broken")
    with client(ledger) as smtp:
        smtp.ehlo()
        assert sorted(smtp.esmtp_features) == ["8bitmime", "enhancedstatuscodes", "size", "starttls"]
        assert smtp.docmd("MAIL", "FROM:<a@b.test> SMTPUTF8")[0] == 555
        with pytest.raises(OSError, match=r"SSL|WRONG_VERSION|closed|EOF"):
            smtp.starttls()


def test_one_byte_at_a_time(ledger: Ledger) -> None:
    ledger.script = Script(read_bytes_per_s=2000)
    began = time.monotonic()
    send(ledger, "anna@example.com")
    assert time.monotonic() - began > len(MAIL) / 2000
    assert ledger.entries()[0].sha256 == hashlib.sha256(MAIL).hexdigest()


@pytest.mark.parametrize("body", [b"a\nb\r\n", b"a\rb\r\n", b"a\n.\r\n", b"a\r\n.\rMAIL FROM:<evil@x.test>\r\n"])
def test_bare_line_ends_are_refused_and_kept_as_violations(ledger: Ledger, body: bytes) -> None:
    said = raw(
        ledger, b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", b"Subject: x\r\n\r\n" + body + b"\r\n.\r\nQUIT\r\n"
    )
    assert b"554 5.6.11" in said
    assert len(ledger.peer.violations) == 1
    assert ledger.entries() == []


def test_pipelined_messages_are_each_answered(ledger: Ledger) -> None:
    one = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n"
    said = raw(ledger, b"EHLO x\r\n" + one * 3 + b"QUIT\r\n")
    assert said.count(b"250 2.0.0 taken") == 3
    assert len(ledger.entries()) == 3


def test_in_its_own_process_it_reads_its_script_anew(tmp_path: Path) -> None:
    with LedgerProcess(tmp_path / "mails.ndjson", 28011) as ledger:
        ledger.set_script(Script(replies={"MAIL": "451 4.3.0 later"}))
        with client(ledger) as smtp, pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail("s@hudhud.test", ["anna@example.com"], MAIL)
        ledger.set_script(Script())
        with client(ledger) as smtp:
            smtp.sendmail("s@hudhud.test", ["anna@example.com"], MAIL)
    assert [entry.recipient for entry in ledger.entries()] == ["anna@example.com"]
