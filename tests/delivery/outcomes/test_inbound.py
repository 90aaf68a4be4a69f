"""Mails that come back, from the wire to the message: by LMTP, by SMTP, and fetched by IMAP."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery.outcomes import imap, reading
from hudhud.delivery.outcomes.inbound import keep_mails, serve
from hudhud.delivery.outcomes.names import name_of
from hudhud.delivery.outcomes.types import ReportBody
from hudhud.delivery.returnpath import to_return_path
from hudhud.kit.config import Settings
from hudhud.workers import inbound as role
from hudhud.workers import reports as worker
from hudhud.workers.context import Context
from tests.delivery.conftest import KEYS
from tests.delivery.outcomes.test_fold import sent, suppressed
from tests.delivery.outcomes.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.delivery.conftest import Desk

BODIES = {animal.name: animal.mail for animal in ZOO}


@contextmanager
def listening(desk: Desk, scheme: str) -> Iterator[int]:
    """Serve in a thread; gives the port."""
    loop, ready, over, ports = asyncio.new_event_loop(), threading.Event(), asyncio.Event(), []

    async def run() -> None:
        async with serve(desk.db, KEYS, desk.clock.now, f"{scheme}://127.0.0.1:0") as port:
            ports.append(port)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(5)
    yield ports[0]
    loop.call_soon_threadsafe(over.set)
    thread.join(5)
    loop.close()


def work(desk: Desk, **settings: str) -> Context:
    context = Context("tester", Settings(DATABASE_URL=desk.db.url, **settings), desk.db, desk.clock, KEYS)  # type: ignore[arg-type] -- by their names
    if settings:
        role.look(context)
    while worker.work_once(context):
        pass
    return context


def mail(name: str, message_id: int) -> str:
    return BODIES[name].replace("{ref}", f"<{message_id}.{name_of(KEYS, message_id)}@shop.example>")


def test_a_notification_by_lmtp_bounces_its_message(desk: Desk) -> None:
    gone, away, full = sent(desk, "gone@a.example", "away@a.example", "full@a.example")
    with listening(desk, "lmtp") as port, smtplib.LMTP("127.0.0.1", port) as peer:
        for name, message_id in (("postfix_unknown", gone), ("vacation", away), ("gmail_full", full), ("postfix_unknown", gone)):
            assert peer.sendmail("", ["bounces@b.example"], mail(name, message_id)) == {}
        stranger = BODIES["postfix_unknown"].replace("{ref}", "<x@y>")
        for recipient in ("bounces@b.example", to_return_path(KEYS, full, "b.example")):
            assert peer.sendmail("", [recipient], stranger) == {}
    assert desk.rows("SELECT count(*) FROM message_outcome WHERE state = 'bounced'") == [(0,)]
    work(desk)
    assert desk.states() == {
        "gone@a.example": ("bounced", "hard_bounce"),
        "away@a.example": ("accepted", ""),
        # Its own notification says "full"; the second one reached its return path and says that nobody is there.
        "full@a.example": ("bounced", "hard_bounce"),
    }
    assert suppressed(desk) == {"gone@a.example": "hard_bounce", "full@a.example": "hard_bounce"}
    with desk.db.everywhere() as everywhere:
        # Of a stranger nothing is known but that it came: it is kept for some days.
        assert everywhere.conn.execute("SELECT problem FROM report_body").fetchall() == [("about no message of ours",)]


def test_mails_about_nothing_of_ours_fill_no_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_MAILS", 2)
    bodies = [ReportBody(0, 0, "mail", f"Subject: {number}\n\n".encode() + b"z" * 200_000, "abuse@b.example") for number in range(5)]
    assert keep_mails(desk.db, bodies, desk.clock.now())
    work(desk)
    with desk.db.everywhere() as everywhere:
        found = everywhere.conn.execute("SELECT length(body), problem FROM report_body").fetchall()
    assert found == [(reading.MOST_MAIL_BYTES, "about no message of ours")] * 2


def test_by_smtp_only_our_own_return_paths_and_roles_are_taken(desk: Desk) -> None:
    [message_id] = sent(desk, "gone@a.example")
    path = to_return_path(KEYS, message_id, "b.example")
    forged = path.replace(path[10], "0" if path[10] != "0" else "1")
    with listening(desk, "smtp") as port, smtplib.SMTP("127.0.0.1", port) as peer:
        for recipient in ("ann@b.example", forged, "bounce+@b.example"):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                peer.sendmail("", [recipient], "Subject: buy\n\nnow")
        assert peer.sendmail("", [path.upper()], BODIES["postfix_unknown"].replace("Message-ID: {ref}\n", "")) == {}
        assert peer.sendmail("", ["abuse@b.example"], BODIES["arf_abuse"].replace("{ref}", "<x@y>")) == {}
        with pytest.raises(smtplib.SMTPDataError, match="too large"):
            peer.sendmail("", [path], "x: y\n\n" + "z" * (3 * 1024 * 1024))
    work(desk)
    assert desk.states() == {"gone@a.example": ("bounced", "hard_bounce")}


def test_a_peer_that_talks_nonsense_harms_nobody(desk: Desk) -> None:
    with listening(desk, "smtp") as port:
        for said in (
            b"\0" * 20_000,
            b"DATA\r\nRCPT TO:<x>\r\nMAIL\r\nRCPT TO:<\0@b>\r\nQUIT\r\n",
            b"MAIL FROM:<>\r\n" + b"RCPT TO:<abuse@b.example>\r\n" * 30 + b"DATA\r\nhalf",
        ):
            with socket.create_connection(("127.0.0.1", port), 5) as line:
                line.sendall(said)
                line.shutdown(socket.SHUT_WR)
                while line.recv(4096):
                    pass
        with smtplib.SMTP("127.0.0.1", port) as peer:
            assert peer.noop()[0] == 250
    with desk.db.everywhere() as everywhere:
        assert everywhere.conn.execute("SELECT count(*) FROM report_body").fetchone() == (0,)


class Box:
    """As much of an IMAP server as a client needs who fetches what is unseen."""

    def __init__(self, mails: list[bytes]) -> None:
        self.mails, self.seen, self.said = mails, set[int](), list[str]()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb") as wire:
                wire.write(b"* OK here\r\n")
                wire.flush()
                for line in wire:
                    tag, _, command = line.decode().strip().partition(" ")
                    self.said.append(command)
                    wire.write(b"".join(b"* " + one + b"\r\n" for one in self._answer(command)) + f"{tag} OK done\r\n".encode())
                    wire.flush()

    def _answer(self, command: str) -> list[bytes]:
        words = command.split()
        if words[0] == "CAPABILITY":
            return [b"CAPABILITY IMAP4rev1"]
        if words[0] == "SELECT":
            return [f"{len(self.mails)} EXISTS".encode()]
        if words[:2] == ["UID", "SEARCH"]:
            return [" ".join(["SEARCH", *(str(uid) for uid in range(1, len(self.mails) + 1) if uid not in self.seen)]).encode()]
        if words[:2] == ["UID", "FETCH"]:
            uid, body = int(words[2]), self.mails[int(words[2]) - 1]
            if "SIZE" in command:
                return [f"{uid} FETCH (UID {uid} RFC822.SIZE {len(body)})".encode()]
            return [f"{uid} FETCH (UID {uid} BODY[] {{{len(body)}}}\r\n".encode() + body + b")"]
        if words[:2] == ["UID", "STORE"]:
            self.seen.add(int(words[2]))
        return []


def test_a_mailbox_is_read_by_imap_each_mail_once(desk: Desk) -> None:
    gone, complained = sent(desk, "gone@a.example", "angry@a.example")
    returned = f"Delivered-To: {to_return_path(KEYS, gone, 'b.example')}\n" + BODIES["postfix_unknown"].replace("Message-ID: {ref}\n", "")
    box = Box([one.replace("\n", "\r\n").encode() for one in (returned, mail("arf_abuse", complained), "x" * (3 * 1024 * 1024))])
    url = f"imap://me%40b:s%2Fw@127.0.0.1:{box.port}/Bounces"
    work(desk, bounce_imap=url)
    assert desk.states() == {"gone@a.example": ("bounced", "hard_bounce"), "angry@a.example": ("complained", "")}
    assert box.seen == {1, 2, 3}
    assert {'LOGIN me@b "s/w"', 'SELECT "Bounces"'} <= set(box.said)
    assert imap.fetch(desk.db, url, desk.clock.at) == 0
    box.server.close()
    # Nobody there: said in the log, and asked again later.
    work(desk, bounce_imap=f"imap://me:x@127.0.0.1:{box.port}/INBOX")
