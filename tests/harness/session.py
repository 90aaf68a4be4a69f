"""One SMTP conversation of the ledger (RFC 5321), strict about line ends, with the script's faults on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.harness.script import Behaviour, Script, behaviour

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.harness.book import Book

_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>(.*)", re.IGNORECASE)
TAKE = "250 2.0.0 taken"


class Hangup(Exception):
    """The script (or the client) ends the conversation."""


@dataclass
class Peer:
    """What all conversations of one ledger share."""

    book: Book
    script: Callable[[], Script]
    group_fsync: bool = True
    connections: int = 0
    numbers: int = 0
    acted: int = 0  # how often a limited fault has happened
    greylisted: Counter[str] = field(default_factory=Counter)
    second: tuple[int, int] = (0, 0)
    violations: list[str] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)
    syncing: asyncio.Future[None] | None = None

    async def sync(self) -> None:
        """Make the book durable: at once, or together with everyone who asks in the same turn of the loop."""
        if not self.group_fsync:
            self.book.sync()
            return
        if self.syncing is None:
            self.syncing = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(self._sync_group)
        await asyncio.shield(self.syncing)

    def _sync_group(self) -> None:
        group, self.syncing = self.syncing, None
        assert group is not None
        self.book.sync()
        group.set_result(None)

    def is_over_rate(self, limit: int) -> bool:
        """Count one message of this second; True when it is one too many."""
        now = int(time.monotonic())
        self.second = (now, self.second[1] + 1 if self.second[0] == now else 1)
        return bool(limit) and self.second[1] > limit


class Session:
    """Serves one connection until it ends."""

    def __init__(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the script as it is now; it stays for the whole connection."""
        self.peer = peer
        self.script = peer.script()
        self.reader = reader
        self.writer = writer
        peer.numbers += 1
        self.number = peer.numbers
        self.sender: str | None = None
        self.recipients: list[tuple[str, Behaviour]] = []
        self.taken = 0
        self.buffer = bytearray()

    async def serve(self) -> None:
        """Greet, then answer command after command."""
        self.peer.connections += 1
        try:
            if self.script.max_connections and self.peer.connections > self.script.max_connections:
                await self.answer("BANNER", "421 4.7.0 too many connections")
                return
            await self.answer("BANNER", "220 ledger.test ESMTP")
            while True:
                await self.command()
        except (Hangup, ConnectionError):
            pass
        finally:
            self.peer.connections -= 1
            self.writer.close()

    async def command(self) -> None:
        """Read one command and answer it."""
        line = await self.read_until(b"\r\n")
        if _BARE.search(line[:-2]):
            self.peer.violations.append(f"bare CR or LF in command {line!r}")
            await self.say("500 5.5.2 bare CR or LF")
            raise Hangup
        text = line[:-2].decode("utf-8", "replace")
        verb, _, rest = text.partition(" ")
        verb = verb.upper()
        self.peer.commands[verb] += 1
        handle = self.HANDLERS.get(verb)
        if handle is None:
            await self.say("502 5.5.1 not known here")
            return
        await handle(self, rest)

    async def hello(self, _rest: str) -> None:
        """EHLO and HELO."""
        self.forget()
        offers = ["ledger.test", "SIZE 52428800", "ENHANCEDSTATUSCODES"]
        for wanted, word in (
            (self.script.pipelining, "PIPELINING"),
            (self.script.eightbitmime, "8BITMIME"),
            (self.script.smtputf8, "SMTPUTF8"),
            (self.script.starttls, "STARTTLS"),
            (self.script.auth, "AUTH PLAIN LOGIN"),
        ):
            if wanted:
                offers.append(word)
        lines = [f"250{'-' if number < len(offers) else ' '}{word}" for number, word in enumerate(offers, 1)]
        await self.answer("EHLO", "\r\n".join(lines))

    async def starttls(self, _rest: str) -> None:
        """Offer TLS only to break it."""
        if self.script.starttls != "broken":
            await self.answer("STARTTLS", "454 4.7.0 TLS not available")
            return
        await self.answer("STARTTLS", "220 2.0.0 go ahead")
        self.writer.write(b"this is no TLS record\r\n")
        await self.writer.drain()
        raise Hangup

    async def auth(self, _rest: str) -> None:
        """Refuse every password."""
        await self.answer("AUTH", "535 5.7.8 wrong credentials")

    async def mail(self, rest: str) -> None:
        """MAIL FROM: begins a message, within the connection's and the second's limits."""
        found = _PATH.match(rest)
        if found is None or self.sender is not None:
            await self.say("501 5.5.4 MAIL FROM:<address>, once")
            return
        if self.script.max_per_connection and self.taken >= self.script.max_per_connection:
            await self.say("421 4.7.0 enough for one connection")
            raise Hangup
        if self.peer.is_over_rate(self.script.max_per_second):
            await self.say("451 4.7.1 too fast")
            return
        if "SMTPUTF8" in found[2].upper() and not self.script.smtputf8:
            await self.say("555 5.6.7 SMTPUTF8 was not offered")
            return
        if await self.answer("MAIL", "250 2.1.0 sender ok"):
            self.sender = found[1]

    async def rcpt(self, rest: str) -> None:
        """RCPT TO: the recipient's local part may script the answer."""
        found = _PATH.match(rest)
        if found is None or self.sender is None:
            await self.say("503 5.5.1 MAIL FROM first")
            return
        address, asked = found[1], behaviour(found[1])
        if not address.isascii() and not self.script.smtputf8:
            await self.say("553 5.6.7 SMTPUTF8 was not offered")
        elif asked.greylist and self.peer.greylisted[address] < asked.greylist:
            self.peer.greylisted[address] += 1
            await self.say("451 4.7.1 greylisted, come again")
        elif asked.point in {"MAIL", "RCPT"}:
            await self.say_and_maybe_close(asked.reply)
        elif await self.answer("RCPT", "250 2.1.5 recipient ok"):
            self.recipients.append((address, asked))

    async def data(self, _rest: str) -> None:
        """DATA: read the message, record it, and only then say so."""
        if not self.recipients:
            await self.say("554 5.5.1 no valid recipients")
            return
        for _, asked in self.recipients:
            if asked.point == "DATA":
                self.forget()
                await self.say_and_maybe_close(asked.reply)
                return
        if not await self.answer("DATA", "354 go ahead"):
            self.forget()
            return
        content = await self.content()
        if _BARE.search(content):
            self.peer.violations.append(f"bare CR or LF in the message from {self.sender}")
            self.forget()
            await self.say("554 5.6.11 bare CR or LF")
            return
        await self.finish(content)

    async def content(self) -> bytes:
        """Read up to the final dot; undo dot-stuffing (RFC 5321, 4.5.2)."""
        while len(self.buffer) < len(b".\r\n"):
            await self.fill()
        if self.buffer.startswith(b".\r\n"):
            return await self.read_until(b".\r\n") and b""
        stuffed = await self.read_until(b"\r\n.\r\n")
        lines = stuffed[: -len(b".\r\n")].split(b"\r\n")
        return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)

    async def finish(self, content: bytes) -> None:
        """Record for each recipient, fsync, answer; or do what the script says at this most delicate point."""
        sender, recipients = self.sender or "", self.recipients
        self.forget()
        asked = next((each for _, each in recipients if each != Behaviour()), Behaviour())
        refused = asked.reply if asked.point == "DOT" else self.limited("replies", "DOT")
        if asked.end == "vanish":
            raise Hangup
        if refused and refused[0] in "45":
            await self.delay("DOT", asked.slow_s)
            await self.say_and_maybe_close(refused)
            return
        cut = asked.end in {"drop", "partial"} or bool(self.limited("close_at", "DOT") or self.limited("partial_at", "DOT", count=False))
        for address, _ in recipients:
            self.peer.book.write(sender, address, content, connection=self.number, told=not cut)
        await self.peer.sync()
        self.taken += 1
        await self.delay("DOT", asked.slow_s)
        await self.end_message(asked, cut=cut)

    async def end_message(self, asked: Behaviour, *, cut: bool) -> None:
        """Give the reply to the final dot, whole, half or not at all."""
        if asked.end == "partial" or self.limited("partial_at", "DOT"):
            await self.say("25", end="")
            raise Hangup
        if cut:
            raise Hangup
        await self.say(TAKE)
        if asked.end == "close" or self.limited("close_after", "DOT"):
            raise Hangup

    async def rset(self, _rest: str) -> None:
        """RSET."""
        self.forget()
        await self.answer("RSET", "250 2.0.0 forgotten")

    async def noop(self, _rest: str) -> None:
        """NOOP."""
        await self.answer("NOOP", "250 2.0.0 fine")

    async def bye(self, _rest: str) -> None:
        """QUIT."""
        await self.answer("QUIT", "221 2.0.0 bye")
        raise Hangup

    HANDLERS: dict[str, Callable[[Session, str], Awaitable[None]]] = {  # noqa: RUF012 -- the verbs, never changed
        "EHLO": hello,
        "HELO": hello,
        "STARTTLS": starttls,
        "AUTH": auth,
        "MAIL": mail,
        "RCPT": rcpt,
        "DATA": data,
        "RSET": rset,
        "NOOP": noop,
        "QUIT": bye,
    }

    def forget(self) -> None:
        """End the message in work."""
        self.sender = None
        self.recipients = []

    async def read_until(self, end: bytes) -> bytes:
        """Read up to and including `end`."""
        searched = 0
        while (found := self.buffer.find(end, max(0, searched - len(end)))) < 0:
            searched = len(self.buffer)
            await self.fill()
        taken = bytes(self.buffer[: found + len(end)])
        del self.buffer[: found + len(end)]
        return taken

    async def fill(self) -> None:
        """Wait for more bytes, as slowly as the script wants."""
        slow = self.script.read_bytes_per_s
        more = await self.reader.read(1 if slow else 65536)
        if not more:
            raise Hangup
        self.buffer += more
        if slow:
            await asyncio.sleep(1 / slow)

    def limited(self, kind: str, point: str, *, count: bool = True) -> str:
        """Return the fault of this kind at this point while its `times` last, else nothing."""
        faults = getattr(self.script, kind)
        if point not in faults or (self.script.times is not None and self.peer.acted >= self.script.times):
            return ""
        self.peer.acted += count
        return faults[point] if isinstance(faults, dict) else point

    async def delay(self, point: str, extra_s: float = 0.0) -> None:
        """Wait as long as the script and the recipient ask for."""
        if seconds := self.script.delays.get(point, 0.0) + extra_s:
            await asyncio.sleep(seconds)

    async def answer(self, point: str, good: str) -> bool:
        """Reply at a point, the script's way; True when the reply was the good one."""
        await self.delay(point)
        if self.limited("close_at", point):
            raise Hangup
        if self.limited("partial_at", point):
            await self.say(good[:2], end="")
            raise Hangup
        scripted = self.limited("replies", point)
        await self.say_and_maybe_close(scripted or good)
        if self.limited("close_after", point):
            raise Hangup
        return not scripted

    async def say_and_maybe_close(self, reply: str) -> None:
        """Reply; 421 also ends the connection (RFC 5321, 3.8)."""
        await self.say(reply)
        if reply.startswith("421"):
            raise Hangup

    async def say(self, reply: str, *, end: str = "\r\n") -> None:
        """Send one reply."""
        self.writer.write(f"{reply}{end}".encode())
        await self.writer.drain()
