"""How the ledger behaves: faults for every connection (`Script`) and faults chosen by a recipient's local part."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Points at which a script can act; DOT is the end of the message, BANNER the greeting.
POINTS = ("BANNER", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "RSET", "NOOP", "QUIT")


@dataclass(frozen=True)
class Script:
    """Faults of the peer as a whole. `times` limits `replies`, `close_at`, `close_after` and `partial_at`: so often, then healthy."""

    replies: dict[str, str] = field(default_factory=dict)  # point -> reply instead of the good one, e.g. {"MAIL": "451 4.3.0 later"}
    delays: dict[str, float] = field(default_factory=dict)  # point -> seconds before the reply
    close_at: tuple[str, ...] = ()  # close when the point is reached, without a reply (DOT: after the message was recorded)
    close_after: tuple[str, ...] = ()  # reply, then close
    partial_at: tuple[str, ...] = ()  # half a reply line, then close
    times: int | None = None
    starttls: str = ""  # "" = not offered; "broken" = offered, answers 220 and then talks nonsense; "refused" = offered, answers 454
    auth: str = ""  # "" = not offered; "reject" = offered, always 535
    smtputf8: bool = True
    pipelining: bool = True
    eightbitmime: bool = True
    max_connections: int = 0  # 0 = no limit; above it: 421 and close
    max_per_connection: int = 0  # messages of one connection, then 421 and close
    max_per_second: int = 0  # messages a second of all connections, then 451
    read_bytes_per_s: int = 0  # a reader this slow

    def __post_init__(self) -> None:
        """Refuse a point that does not exist: a fault that never happens proves nothing."""
        for point in (*self.replies, *self.delays, *self.close_at, *self.close_after, *self.partial_at):
            if point not in POINTS:
                message = f"{point!r} is none of {', '.join(POINTS)}"
                raise ValueError(message)

    def to_json(self) -> str:
        """Write as JSON, for a ledger in its own process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Script:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        for name in ("close_at", "close_after", "partial_at"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


@dataclass(frozen=True)
class Behaviour:
    """What one recipient's local part asks for."""

    point: str = ""  # where `reply` is given
    reply: str = ""
    greylist: int = 0  # so many 451 at RCPT first
    slow_s: float = 0.0  # before the reply to the final dot
    end: str = ""  # at the dot: drop (recorded, no reply), vanish (not recorded, no reply), partial, close (reply, then close)


_ENDS = {"drop-after-dot": "drop", "vanish-after-dot": "vanish", "partial-after-dot": "partial", "reply-then-close": "close"}
_REPLY = re.compile(r"(?:(mail|rcpt|data|dot)-)?([45]\d\d)(?:-(\d\.\d{1,3}\.\d{1,3}))?")
_GREYLIST = re.compile(r"greylist-(\d+)")
_SLOW = re.compile(r"slow-(\d+(?:\.\d+)?)s")


def behaviour(address: str) -> Behaviour:
    """Read the behaviour from an address: `451@`, `550-5.1.1@`, `dot-552@`, `greylist-2@`, `slow-4s@`, …

    What follows a `+` only makes the address unique (`451+anna@`); any other local part is an ordinary recipient.
    """
    local = address.rpartition("@")[0].partition("+")[0].lower()
    if local in _ENDS:
        return Behaviour(end=_ENDS[local])
    if found := _GREYLIST.fullmatch(local):
        return Behaviour(greylist=int(found[1]))
    if found := _SLOW.fullmatch(local):
        return Behaviour(slow_s=float(found[1]))
    if found := _REPLY.fullmatch(local):
        point, code, enhanced = found.groups()
        return Behaviour(point=(point or "rcpt").upper(), reply=f"{code} {enhanced or code[0] + '.0.0'} scripted by the recipient")
    return Behaviour()


def read_script(path: Path) -> Script:
    """Read the script from its file; no file, no faults."""
    return Script.from_json(path.read_text("utf-8")) if path.is_file() else Script()
