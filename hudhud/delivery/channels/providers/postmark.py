"""Postmark: `POST /email`, parts of the mail in JSON; streams of theirs are named by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.channels.posted import accepted, as_json, by_status, parts_of, read_json
from hudhud.delivery.types import Reason

if TYPE_CHECKING:
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

# Their error codes -> our words. 406: they hold the address for one that does not work; 400 … 413: the account or its sender.
SHUT, INACTIVE = frozenset({10, 400, 401, 405, 412, 413}), 406


@dataclass(frozen=True, slots=True)
class Postmark:
    """One server of one account, and the stream that mail goes by there."""

    server_token: str
    stream: str
    base: str = "https://api.postmarkapp.com"
    repeats: bool = False
    most_bytes: int = 10 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail."""
        parts = parts_of(mail)
        body = {
            "From": parts.shown,
            "To": mail.recipient,
            "Subject": parts.subject,
            "HtmlBody": parts.html,
            "TextBody": parts.text,
            "ReplyTo": parts.reply_to,
            "Headers": [{"Name": name, "Value": value} for name, value in parts.headers.items()],
            "Metadata": {"hudhud": parts.name},
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return as_json(f"{self.base}/email", {"X-Postmark-Server-Token": self.server_token}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        code, text = found.get("ErrorCode"), str(found.get("Message", ""))
        if answer.status == 200 and code == 0:  # noqa: PLR2004 -- OK
            return accepted(answer, found.get("MessageID"))
        if code == INACTIVE:
            return Handed(End.REJECTED, Reason.PEER_REJECTED, answer.status, text[:500], is_hard=True)
        if code in SHUT:
            return Handed(End.SHUT, Reason.PEER_REJECTED, answer.status, text[:500])
        return accepted(answer, None) if answer.status == 200 else by_status(answer, text)  # noqa: PLR2004 -- OK
