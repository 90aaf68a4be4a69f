"""One mail by a sender, at once, to whoever asks: what the other side says is the answer. It is about the sender and no person's message, so it has no row."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.content.mime import header_block, mailbox_of, to_wire_address
from hudhud.delivery.channels.base import End, Handed, Unreachable
from hudhud.delivery.compose import Ready
from hudhud.delivery.senders.kinds import open_channel
from hudhud.delivery.types import Claimed, Mark
from hudhud.kit.crypto import new_secret

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.senders.kinds import Surroundings
    from hudhud.delivery.senders.types import Way

PATIENCE_S = 30.0
TEXT = "This is a test of the sender {name}. It works: this mail came by it.\r\n"


class _NoFlight:
    """Nothing is left behind by a test: whoever pressed the button sees what came of it."""

    def leaves(self, message_id: int, lease_id: int) -> None:
        """Not recorded."""

    def answered(self, message_id: int, lease_id: int, *, is_good: bool) -> None:
        """Not recorded."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How it ended, and what the other side said."""

    end: End
    code: int | None
    text: str


def try_sender(way: Way, around: Surroundings, sender: tuple[str, str], recipient: str, now: datetime) -> Tried:
    """Send a test by `way` to `recipient`; `sender`: name and address where the sender has none of its own. Raises `InvalidInput`."""
    mail = _write(way, sender, to_wire_address(recipient), now)
    return asyncio.run(_send(way, around, mail))


def _write(way: Way, sender: tuple[str, str], recipient: str, now: datetime) -> Ready:
    address = to_wire_address(way.from_email or sender[1])
    shown = mailbox_of(way.from_name or sender[0], address)
    message_id = f"<{new_secret('test')}@{address.rpartition('@')[2]}>"
    headers = [("From", shown), ("Message-ID", message_id), ("To", recipient), ("Subject", "Hudhud: a test of this sender")]
    head = header_block(headers, now) + "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
    text = TEXT.format(name=way.name if way.name.isascii() else way.id)
    message = Claimed(
        0,
        way.workspace_id,
        0,
        1,
        0,
        recipient,
        "transactional",
        "transactional",
        0,
        "test",
        0,
        "sender_test",
        None,
        {},
        {},
        {},
        sender_id=way.id,
    )
    return Ready(message, Mark(0, 0, recipient, 0, "en", "{}", []), address, recipient, f"{head}\r\n{text}".encode())


async def _send(way: Way, around: Surroundings, mail: Ready) -> Tried:
    try:
        return await hand_over(open_channel(way, around), mail)
    finally:
        await around.close()


async def hand_over(channel: Channel, mail: Ready) -> Tried:
    """Hand one mail that has no row over, and close the channel; nothing of it is recorded."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = await channel.connect(_NoFlight())
            if refusal := line.refusal_of(mail):
                return Tried(End.REJECTED, None, refusal)
            handed = await line.send(mail, _yes, lambda: None)
            await line.quit()
    except Unreachable as error:
        return Tried(End.SHUT, None, str(error))
    except TimeoutError:
        return Tried(End.IN_DOUBT, None, f"no answer within {PATIENCE_S:g} seconds")
    finally:
        await channel.close()
    return _told(handed)


async def _yes() -> bool:
    return True


def _told(handed: Handed | None) -> Tried:
    return Tried(End.BROKEN, None, "") if handed is None else Tried(handed.end, handed.code, handed.text)
