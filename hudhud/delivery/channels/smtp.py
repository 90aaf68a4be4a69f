"""SMTP envelopes, pipelined where the peer allows it (RFC 2920).

`SmtpLine` is one connection (channels/server.py opens it). `send` takes a message through MAIL, RCPT, DATA; right before the content it asks `may_send`
(the durable mark), and the envelope of the next message rides with the content of this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.retry import Reply, is_hard_bounce, judge
from hudhud.delivery.types import Reason, State
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hudhud.delivery.channels.base import Recorder
    from hudhud.delivery.compose import Ready

VERB_S = 300.0  # RFC 5321 4.5.3.2: MAIL, RCPT 5 minutes, DATA initiation 2
CONTENT_S = 180.0
DOT_S = 600.0  # 4.5.3.2.6: 10 minutes, or receivers that are slow to say yes make duplicates
REPLY_LINE = re.compile(rb"(\d{3})([ -]?)(.*)\Z", re.DOTALL)
LONGEST_LINE = 4096
MOST_LINES = 100
GO_AHEAD = 354
LINE_ENDS = re.compile(rb"\r\n|\r|\n")
# A bare LF, or a dot after one; each pattern begins with a plain byte, which is what the machine finds fastest.
STUFFING = re.compile(rb"\n(?:(?<!\r\n)|\.)")
BARE_CR = re.compile(rb"\r(?!\n)")


class LineLost(Exception):
    """The connection ended (or the peer talked nonsense, or was too slow) in the middle of a conversation."""


@lru_cache(maxsize=512)
def _parsed(line: bytes) -> tuple[Reply, bool] | None:
    """One reply line: what it says, and whether it is the last of its reply. Peers say the same few things over and over."""
    found = REPLY_LINE.match(line)
    return None if found is None else (Reply(int(found[1]), found[3].decode("utf-8", "replace")), found[2] != b"-")


class Wire(asyncio.Protocol):
    """Reply lines in, bytes out."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.rest = b""
        self.replies: deque[Reply] = deque()
        self.lines: list[str] = []
        self.waiter: asyncio.Future[None] | None = None
        self.alarm: asyncio.TimerHandle | None = None
        self.patience_s, self.deadline = 0.0, 0.0
        self.lost = False
        self.writable = asyncio.Event()
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        """Read reply lines."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._line(line.removesuffix(b"\r"))
        if len(self.rest) > LONGEST_LINE:
            self.connection_lost(None)
        self._wake()

    def _line(self, line: bytes) -> None:
        parsed = _parsed(line)
        if parsed is None or len(self.lines) > MOST_LINES:
            self.lost = True
            return
        reply, is_last = parsed
        if not is_last:
            self.lines.append(reply.text)
        elif self.lines:
            self.replies.append(Reply(reply.code, " ".join([*self.lines, reply.text])))
            self.lines = []
        else:
            self.replies.append(reply)

    def connection_lost(self, _error: Exception | None) -> None:
        """Nothing comes any more."""
        self.lost = True
        if self.alarm is not None:
            self.alarm.cancel()
        self.writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The peer reads slowly."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self.writable.set()

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def reply(self, seconds: float) -> Reply:
        """Wait for the next reply; raises `LineLost`."""
        while not self.replies:
            if self.lost:
                raise LineLost("the peer closed the connection")
            await self._wait(seconds)
        return self.replies.popleft()

    async def _wait(self, seconds: float) -> None:
        """Wait until something comes, or raise `LineLost`. One alarm stands for all waits: setting one for each would cost as much as the rest."""
        self.waiter = self.loop.create_future()
        self.patience_s, self.deadline = seconds, self.loop.time() + seconds
        if self.alarm is None or self.alarm.when() > self.deadline:
            self._set_alarm()
        try:
            await self.waiter
        finally:
            self.waiter = None

    def _set_alarm(self) -> None:
        if self.alarm is not None:
            self.alarm.cancel()
        self.alarm = self.loop.call_at(self.deadline, self._ring)

    def _ring(self) -> None:
        self.alarm = None
        if self.waiter is None or self.waiter.done():
            return
        if self.loop.time() < self.deadline:
            self._set_alarm()
        else:
            self.waiter.set_exception(LineLost(f"no reply within {self.patience_s:g} s"))


def ended(verb: str, reply: Reply | None, detail: str = "") -> Handed:
    """What it means that `reply` came at `verb` (DOT: to the content); no reply = the line was lost there."""
    if reply is None:
        if verb == "DOT":
            return Handed(End.IN_DOUBT, Reason.NO_REPLY, None, detail)
        return Handed(End.BROKEN, Reason.PEER_UNREACHABLE, None, f"{verb}: {detail}")
    if reply.is_good:
        return Handed(End.ACCEPTED, None, reply.code, reply.shown)
    if reply.closes and verb != "DOT":
        return Handed(End.BROKEN, Reason.PEER_DEFERRED, reply.code, reply.shown)
    state, reason = judge(reply, verb)
    end = End.DEFERRED if state is State.DEFERRED else End.REJECTED
    return Handed(end, reason, reply.code, reply.shown, is_hard_bounce(reply, verb))


class SmtpLine:
    """One connection to the server, ready for envelopes."""

    def __init__(self, transport: asyncio.WriteTransport, wire: Wire, extensions: dict[str, str], flight: Recorder) -> None:
        """Take over a connection after the handshake."""
        self.transport, self.wire, self.flight = transport, wire, flight
        self.pipelining = "pipelining" in extensions
        self.smtputf8 = "smtputf8" in extensions
        size = extensions.get("size", "").strip()
        self.announces_size = "size" in extensions
        self.most_bytes = int(size) if size.isdigit() else 0
        self.sent = 0
        self.dirty = False
        self.ahead: Ready | None = None

    @property
    def is_usable(self) -> bool:
        """Whether another message may go over it."""
        return not self.wire.lost and not self.transport.is_closing()

    def refusal_of(self, mail: Ready) -> str:
        """What this server cannot take, by what it announced: a reason, or nothing."""
        if self.most_bytes and len(mail.data) > self.most_bytes:
            return "too_large"
        return "" if mail.recipient.isascii() or self.smtputf8 else "peer_lacks_smtputf8"

    def _envelope(self, mail: Ready) -> list[bytes]:
        size = f" SIZE={len(mail.data)}" if self.announces_size else ""
        utf8 = "" if mail.recipient.isascii() else " SMTPUTF8"
        commands = [f"MAIL FROM:<{mail.sender}>{size}{utf8}\r\n".encode(), f"RCPT TO:<{mail.recipient}>\r\n".encode(), b"DATA\r\n"]
        return [b"RSET\r\n", *commands] if self.dirty else commands

    async def send(self, mail: Ready, may_send: Callable[[], Awaitable[bool]], upcoming: Callable[[], Ready | None]) -> Handed | None:
        """Hand one mail over; None = `may_send` forbade it. `upcoming` names the mail whose envelope may ride along."""
        try:
            refused = await self._open(mail)
        except LineLost as lost:
            # A reply that comes too late would be taken for that to the next command.
            self.close()
            return ended(lost.args[0] if lost.args[0] in ("MAIL", "RCPT", "DATA") else "MAIL", None, str(lost.__cause__ or lost))
        if refused is not None:
            return refused
        reach("delivery.envelope")
        if not await may_send():
            # DATA cannot be taken back (RFC 5321 4.1.1.4): only ending the connection leaves nothing behind.
            self.close()
            return None
        if not self.is_usable or self.wire.replies:
            self.close()
            return ended("DATA", None, "the peer ended the conversation before the content")
        return await self._content(mail, upcoming)

    async def _open(self, mail: Ready) -> Handed | None:
        """Speak the envelope; None = the peer waits for the content."""
        commands = [] if self.ahead is mail else self._envelope(mail)
        if self.ahead is not None and self.ahead is not mail:
            raise LineLost("another envelope is under way")
        verbs = ["RSET", "MAIL", "RCPT", "DATA"] if self.dirty else ["MAIL", "RCPT", "DATA"]
        self.ahead, self.dirty = None, False
        if commands and self.pipelining:
            self._write(b"".join(commands))
        refused: tuple[str, Reply] | None = None
        for number, verb in enumerate(verbs):
            if commands and not self.pipelining:
                if refused is not None:
                    break
                self._write(commands[number])
            reply = await self._read(verb)
            if verb == "DATA" and refused is not None and reply.code == GO_AHEAD:
                # With nobody to send to: end it empty.
                self._write(b".\r\n")
                await self._read("END")
            elif not reply.is_good and verb != "RSET" and refused is None:
                refused = (verb, reply)
        if refused is None:
            return None
        self.dirty = refused[0] != "MAIL"
        return ended(*refused)

    async def _read(self, verb: str) -> Reply:
        try:
            reply = await self.wire.reply(VERB_S)
        except LineLost as lost:
            raise LineLost(verb) from lost
        if reply.closes:
            self.close()
        if reply.is_good and (reply.code == GO_AHEAD) != (verb == "DATA"):
            # Out of step: what it says next would be taken for an answer to the content.
            raise LineLost(verb) from LineLost(f"{reply.code} is no answer to {verb}")
        return reply

    async def _content(self, mail: Ready, upcoming: Callable[[], Ready | None]) -> Handed:
        parts = [stuffed(mail.data), b".\r\n"]
        if self.pipelining and (following := upcoming()) is not None:
            self.ahead = following
            parts += self._envelope(following)
        reach("delivery.before_dot")
        self.flight.leaves(*mail.hold)
        self._write(b"".join(parts))
        try:
            if not self.wire.writable.is_set():
                async with asyncio.timeout(CONTENT_S):
                    await self.wire.writable.wait()
            reach("delivery.after_dot")
            reply = await self.wire.reply(DOT_S)
        except (LineLost, TimeoutError) as lost:
            self.close()
            return ended("DOT", None, str(lost) or "the peer does not read")
        if reply.code == GO_AHEAD:
            self.close()
            return ended("DOT", None, "the peer is out of step")
        self.flight.answered(*mail.hold, is_good=reply.is_good)
        reach("delivery.after_reply")
        self.sent += 1
        if reply.closes:
            self.close()
        return ended("DOT", reply)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    async def quit(self) -> None:
        """Say goodbye if it is quick."""
        if self.is_usable and self.ahead is None:
            self._write(b"QUIT\r\n")
            with contextlib.suppress(LineLost):
                await self.wire.reply(1.0)
        self.close()

    def close(self) -> None:
        """End the connection."""
        self.wire.lost = True
        self.transport.close()


def stuffed(data: bytes) -> bytes:
    """Make line ends CRLF, double dots that begin lines (RFC 5321 4.5.2), end with CRLF: nothing in a mail can end it early (A-16)."""
    if STUFFING.search(data) or BARE_CR.search(data):
        data = LINE_ENDS.sub(b"\r\n", data).replace(b"\r\n.", b"\r\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data if data.endswith(b"\r\n") else data + b"\r\n"
