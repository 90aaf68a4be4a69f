"""Where mails come back to: a server of LMTP (RFC 2033, behind the operator's own mail server) or SMTP (RFC 5321, as the MX of a return path's domain).

Kept on disk before the 250; a worker reads them. By SMTP it takes only mail to a return path of ours and to those whom a domain must have (RFC 2142):
whatever else comes is refused at RCPT, so nobody fills the disk with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery.outcomes.mails import MOST_BYTES
from hudhud.delivery.outcomes.types import ReportBody, columns
from hudhud.delivery.returnpath import read_return_path
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database

log = structlog.get_logger()
QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
MAIL = "mail"
PATH = re.compile(rb"TO:\s*<([^<>\x00-\x20]{1,320})>", re.IGNORECASE)
ROLES = frozenset({"postmaster", "abuse", "fbl", "bounce", "bounces"})
MOST_SESSIONS, MOST_RECIPIENTS, MOST_MAILS = 50, 20, 100
LINE_BYTES, VERB_S, CONTENT_S = 8_192, 120.0, 300.0
# Of mails that nobody has read yet no more than these are kept; then the sender tries again later.
MOST_WAITING = 20_000


def keep_mails(db: Database, bodies: list[ReportBody], now: datetime) -> bool:
    """Keep mails; False where so many wait already that there is no room."""
    with db.everywhere() as everywhere:
        if everywhere.value(QUERIES.count_waiting_mails, most=MOST_WAITING) >= MOST_WAITING:
            return False
        everywhere.run(QUERIES.keep_bodies, now=now, **columns(bodies))
    return True


@dataclass
class Place:
    """What the sessions of one server share."""

    db: Database
    keys: Keys
    now: Callable[[], datetime]
    is_lmtp: bool
    sessions: int = 0

    def takes(self, recipient: str) -> bool:
        """Whether mail to this address is taken here."""
        return self.is_lmtp or recipient.partition("@")[0].lower() in ROLES or read_return_path(self.keys, recipient) is not None


@dataclass
class Session:
    """One connection."""

    place: Place
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    recipients: list[str] = field(default_factory=list)
    has_sender: bool = False
    mails: int = 0

    async def serve(self) -> None:
        """Talk until the other side has enough, or has said nothing for too long."""
        name = "LMTP" if self.place.is_lmtp else "ESMTP"
        try:
            self._say(f"220 hudhud {name}")
            while self.mails < MOST_MAILS:
                line = await asyncio.wait_for(self.reader.readuntil(b"\n"), VERB_S)
                verb, _, rest = line.strip().partition(b" ")
                if not await self._answer(verb.upper(), rest):
                    break
                await self.writer.drain()
        except (ConnectionError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self.writer.close()

    async def _answer(self, verb: bytes, rest: bytes) -> bool:
        match verb:
            case b"LHLO" | b"EHLO" if (verb == b"LHLO") is self.place.is_lmtp:
                self._say(
                    f"250-hudhud\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {MOST_BYTES}"
                )
            case b"HELO" if not self.place.is_lmtp:
                self._say("250 hudhud")
            case b"MAIL":
                self._forget()
                self.has_sender = True
                self._say("250 2.1.0 sender ok")
            case b"RCPT":
                self._recipient(rest)
            case b"DATA":
                await self._data()
            case b"RSET" | b"NOOP":
                self._forget()
                self._say("250 2.0.0 fine")
            case b"QUIT":
                self._say("221 2.0.0 bye")
                return False
            case _:
                self._say("502 5.5.1 not known here")
        return True

    def _recipient(self, rest: bytes) -> None:
        found = PATH.match(rest)
        recipient = found[1].decode("utf-8", "replace") if found else ""
        if not self.has_sender or found is None:
            self._say("503 5.5.1 MAIL first, then an address in angle brackets")
        elif len(self.recipients) >= MOST_RECIPIENTS:
            self._say("452 4.5.3 too many recipients")
        elif not self.place.takes(recipient):
            self._say("550 5.1.1 no such address here")
        else:
            self.recipients.append(recipient)
            self._say("250 2.1.5 recipient ok")

    async def _data(self) -> None:
        if not self.recipients:
            self._say("503 5.5.1 RCPT first")
            return
        self._say("354 go ahead")
        await self.writer.drain()
        body = await asyncio.wait_for(self._content(), CONTENT_S)
        reply = await self._keep(body) if body is not None else "552 5.3.4 too large"
        # LMTP answers for each recipient.
        for _ in self.recipients if self.place.is_lmtp else self.recipients[:1]:
            self._say(reply)
        self.mails += 1
        self._forget()

    async def _content(self) -> bytes | None:
        """Read to the final dot; None where it is larger than we take (the rest is read and thrown away)."""
        parts, size = [], 0
        while (line := await self._line()) != b".\r\n":
            size += len(line)
            if size <= MOST_BYTES:
                parts.append(line[1:] if line.startswith(b".") else line)
        return b"".join(parts) if size <= MOST_BYTES else None

    async def _line(self) -> bytes:
        """A line, or as much of a longer one as there is room for."""
        try:
            return await self.reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            return await self.reader.readexactly(error.consumed)

    async def _keep(self, body: bytes) -> str:
        bodies = [ReportBody(0, 0, MAIL, body, recipient) for recipient in self.recipients]
        try:
            has_room = await asyncio.to_thread(keep_mails, self.place.db, bodies, self.place.now())
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("inbound.database_away", error=str(error).strip())
            return "451 4.3.0 the database is away, try again"
        return "250 2.0.0 kept" if has_room else "452 4.3.1 too many mails wait here, try again later"

    def _forget(self) -> None:
        self.recipients, self.has_sender = [], False

    def _say(self, reply: str) -> None:
        self.writer.write(reply.encode() + b"\r\n")


@asynccontextmanager
async def serve(db: Database, keys: Keys, now: Callable[[], datetime], url: str) -> AsyncIterator[int]:
    """Listen at `lmtp://host:port` or `smtp://host:port` as long as the context is open; gives the port (0 in the URL: any)."""
    parts = urlsplit(url)
    place = Place(db, keys, now, parts.scheme == "lmtp")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if place.sessions >= MOST_SESSIONS:
            writer.write(b"421 4.3.2 too many connections\r\n")
            writer.close()
            return
        place.sessions += 1
        try:
            await Session(place, reader, writer).serve()
        finally:
            place.sessions -= 1
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(talk, parts.hostname, parts.port or 0, limit=LINE_BYTES)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
