"""The built-in mailbox: an SMTP server of ours on a Unix socket that keeps mails in PostgreSQL. Durable before it says 250.

It takes only what Hudhud itself hands over (recognised by the Message-ID), so mails land in the workspace they belong to.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import re
import stat
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery.compose import ID
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database

QUERIES = sql.load("hudhud.delivery")
log = structlog.get_logger()
KEPT = 10_000
TRIM_EVERY = 1_000
MOST_BYTES = 20 * 2**20
LONGEST_LINE = 4096
LONGEST_SOCKET = 100
PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>]*)>", re.IGNORECASE)
MESSAGE_ID = re.compile(rb"^message-id:\s*<\d+\.([A-Za-z0-9_-]+)@", re.IGNORECASE | re.MULTILINE)


def socket_path(data: Path) -> Path:
    """Where the mailbox listens; a path too long for a socket address moves to the temporary folder."""
    path = data.absolute() / "mailbox.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    return Path(tempfile.gettempdir()) / f"hudhud-mailbox-{os.getuid()}-{sha256(os.fsencode(path)).hexdigest()[:24]}.sock"


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that was handed over."""

    sender: str
    recipient: str
    message_id: int
    subject: str
    body: bytes


class Store:
    """Writes mails; whoever comes while a transaction runs is in the next one."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        """Nothing waits yet."""
        self.db, self.now = db, now
        self.waiting: list[tuple[Received, asyncio.Future[bool]]] = []
        self.work = asyncio.Event()
        self.since_trim = TRIM_EVERY

    async def keep(self, mail: Received) -> bool:
        """Wait until the mail is stored; False = it belongs to no message of ours."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append((mail, stored))
        self.work.set()
        return await stored

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self.work.wait()
            self.work.clear()
            batch, self.waiting = self.waiting, []
            if not batch:
                continue
            try:
                known = await asyncio.to_thread(self._write, [mail for mail, _ in batch])
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("mailbox.database_away", error=str(error).strip())
                for _, stored in batch:
                    stored.cancel()
                continue
            for mail, stored in batch:
                if not stored.done():
                    stored.set_result(mail.message_id in known)

    def _write(self, mails: list[Received]) -> set[int]:
        with self.db.everywhere() as everywhere:
            known = everywhere.rows(
                QUERIES.keep_mails,
                now=self.now(),
                ids=[mail.message_id for mail in mails],
                senders=[mail.sender for mail in mails],
                recipients=[mail.recipient for mail in mails],
                subjects=[mail.subject for mail in mails],
                bodies=[mail.body for mail in mails],
            )
            self.since_trim += len(mails)
            if self.since_trim >= TRIM_EVERY:
                self.since_trim = 0
                everywhere.run(QUERIES.trim_mailbox, kept=KEPT)
        return {row[0] for row in known}


class Session:
    """One connection (RFC 5321, as much as our own sender speaks)."""

    def __init__(self, store: Store, keys: Keys, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin."""
        self.store, self.keys, self.reader, self.writer = store, keys, reader, writer
        self.sender, self.recipient = "", ""

    async def serve(self) -> None:
        """Talk until the other side has enough."""
        try:
            self.writer.write(b"220 hudhud mailbox\r\n")
            while (line := await self.reader.readline()).endswith(b"\n"):
                verb, _, rest = line.strip().partition(b" ")
                if not await self._answer(verb.upper(), rest):
                    break
        except (ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self.writer.close()

    async def _answer(self, verb: bytes, rest: bytes) -> bool:
        match verb:
            case b"EHLO" | b"HELO":
                self._say(f"250-hudhud\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 SIZE {MOST_BYTES}")
            case b"MAIL" | b"RCPT":
                self._address(verb, rest)
            case b"DATA":
                await self._data()
            case b"RSET" | b"NOOP":
                self._forget()
                self._say("250 fine")
            case b"QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("502 not known here")
        return True

    def _address(self, verb: bytes, rest: bytes) -> None:
        found = PATH.match(rest)
        if found is None:
            self._say("501 give an address in angle brackets")
        elif verb == b"MAIL":
            self.sender = found[1].decode("utf-8", "replace")
            self._say("250 sender ok")
        else:
            self.recipient = found[1].decode("utf-8", "replace")
            self._say("250 recipient ok")

    async def _data(self) -> None:
        if not self.recipient:
            self._say("503 RCPT first")
            return
        self._say("354 go ahead")
        lines, size = [], 0
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionError
            size += len(line)
            if size <= MOST_BYTES:
                lines.append(line[1:] if line.startswith(b".") else line)
        if size > MOST_BYTES:
            self._say("552 5.3.4 too large")
        else:
            await self._keep(b"".join(lines))
        self._forget()

    async def _keep(self, body: bytes) -> None:
        message_id = self._id_of(body)
        if message_id is None:
            self._say("550 5.7.1 this mailbox takes only mail from Hudhud")
            return
        try:
            known = await self.store.keep(Received(self.sender, self.recipient, message_id, subject_of(body), body))
        except asyncio.CancelledError:
            self._say("451 4.3.0 the database is away, try again")
            return
        self._say("250 kept" if known else "550 5.1.1 there is no such message")

    def _id_of(self, body: bytes) -> int | None:
        found = MESSAGE_ID.search(body[: body.find(b"\r\n\r\n") + 2])
        payload = self.keys.verify("message", found[1].decode()) if found else None
        return int(ID.unpack(payload)[0]) if payload and len(payload) == ID.size else None

    def _forget(self) -> None:
        self.sender, self.recipient = "", ""

    def _say(self, reply: str) -> None:
        self.writer.write(reply.encode() + b"\r\n")


def subject_of(body: bytes) -> str:
    """The decoded Subject header."""
    head = body[: body.find(b"\r\n\r\n") + 2]
    return str(email.message_from_bytes(head, policy=email.policy.default)["subject"] or "")[:1000].replace("\0", "")


def _make_room(path: Path) -> None:
    """Remove the socket that an earlier mailbox left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()


@asynccontextmanager
async def serve(db: Database, keys: Keys, now: Callable[[], datetime], path: Path) -> AsyncIterator[None]:
    """Listen on a Unix socket that only this user can reach, as long as the context is open."""
    store = Store(db, now)
    _make_room(path)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(store, keys, reader, writer).serve()

    old = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(talk, path, limit=2**20)
    finally:
        os.umask(old)
    task = asyncio.create_task(store.run())
    try:
        yield
    finally:
        server.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
