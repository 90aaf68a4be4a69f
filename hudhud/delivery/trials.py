"""A mail to look at: a copy as a person would get it, sent at once to colleagues, by the way that mail takes.

It is nobody's message and has no row: nothing is counted, nobody's history tells of it, and its links lead straight to their targets, so a colleague
who tries them, the one to unsubscribe too, changes nothing for anybody.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hudhud.content.mime import SOFT_BREAK, Skeleton, check_header, encode, encode_words, header_block, mailbox_of, to_wire_address
from hudhud.delivery.compose import Ready
from hudhud.delivery.domains.dkim import sign
from hudhud.delivery.domains.keeping import find_signers
from hudhud.delivery.mailbox import subject_of
from hudhud.delivery.senders.keeping import find_senders
from hudhud.delivery.senders.kinds import KINDS, open_channel
from hudhud.delivery.senders.trying import hand_over
from hudhud.delivery.types import Claimed, Mark
from hudhud.kit import sql
from hudhud.kit.crypto import new_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hudhud.accounts.types import Workspace
    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.domains.dkim import Signer
    from hudhud.delivery.senders.kinds import Surroundings
    from hudhud.delivery.senders.trying import Tried
    from hudhud.delivery.senders.types import Way
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery", "trials.sql")


class Shown(NamedTuple):
    """A copy as somebody would get it."""

    key: str
    language: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Route:
    """The way that the workspace's mail takes now (None: that of the settings), what stands in From, and who signs."""

    way: Way | None
    workspace_id: int
    shown: str
    address: str
    signers: tuple[Signer, ...]


def find_route(ws: Scope, around: Surroundings, workspace: Workspace, now: datetime) -> Route:
    """Return how mail of this workspace leaves: by the first sender that works, else as the settings say. Raises `InvalidInput` for a broken address."""
    ways = [way for way in find_senders(ws, now) if not way.is_paused and way.takes("marketing")]
    way = next((one for one in ways if not one.failures), ways[0] if ways else None)
    address = to_wire_address((way and way.from_email) or workspace.sender_email or f"no-reply@{around.name}")
    shown = mailbox_of((way and way.from_name) or workspace.sender_name or workspace.name, address)
    place = (workspace.id, address.rpartition("@")[2])
    is_ours = way is None or (way.kind in KINDS and KINDS[way.kind].signs)
    signers = find_signers(ws, around.keys, {place}, {}).get(place, []) if is_ours else []
    return Route(way, workspace.id, shown, address, tuple(signers))


def write(shown: Shown, route: Route, recipient: str, now: datetime) -> Ready:
    """Write the mail as all mails are written, but for its subject, which says that it is a test."""
    message_id = f"<{new_secret('test')}@{route.address.rpartition('@')[2]}>"
    headers = [("From", route.shown), ("Message-ID", message_id), ("To", recipient)]
    if route.way and route.way.reply_to:
        headers.append(("Reply-To", to_wire_address(route.way.reply_to)))
    head = header_block(headers, now)
    subject, skeleton = check_header("Subject", f"[Test] {shown.subject}"), Skeleton.new(shown.language)
    parts = (skeleton.before_text, encode(shown.text), SOFT_BREAK, skeleton.between, encode(shown.html), SOFT_BREAK, skeleton.after_html)
    data = f"{head}Subject: {encode_words(subject)}\r\n{''.join(parts)}".encode()
    message = Claimed(
        0, route.workspace_id, 0, 1, 0, recipient, "transactional", "transactional", 0, shown.key, 0, "test", None, {}, {}, {}
    )
    return Ready(
        message,
        Mark(0, 0, recipient, 0, shown.language, "{}", []),
        route.address,
        recipient,
        sign(route.signers, data, now) if route.signers else data,
    )


def keep_in_mailbox(ws: Scope, mails: Sequence[Ready], now: datetime) -> None:
    """Put mails into the built-in mailbox, where mail goes as long as no server is set."""
    for mail in mails:
        ws.run(QUERIES.keep_trial, now=now, sender=mail.sender, recipient=mail.recipient, subject=subject_of(mail.data), body=mail.data)


def send(mails: Sequence[Ready], route: Route, around: Surroundings, default: Callable[[], Channel]) -> list[Tried]:
    """Hand mails over, one after the other; return what the other side said to each."""

    async def each() -> list[Tried]:
        try:
            return [await hand_over(open_channel(route.way, around) if route.way else default(), mail) for mail in mails]
        finally:
            await around.close()

    return asyncio.run(each())
