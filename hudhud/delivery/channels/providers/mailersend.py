"""MailerSend: `POST /v1/email`; taken is 202 with its number in a header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.posted import accepted, as_json, by_status, parts_of, read_json

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Handed
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer


@dataclass(frozen=True, slots=True)
class Mailersend:
    """One account. It has no metadata but tags."""

    api_token: str
    base: str = "https://api.mailersend.com"
    repeats: bool = False
    most_bytes: int = 25 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail; links and opens are ours to count."""
        parts = parts_of(mail)
        body = {
            "from": parts.mailbox,
            "to": [{"email": mail.recipient}],
            "subject": parts.subject,
            "html": parts.html,
            "text": parts.text,
            "headers": [{"name": name, "value": value} for name, value in parts.headers.items()],
            "tags": [f"hudhud-{parts.name}"],
            "settings": {"track_clicks": False, "track_opens": False, "track_content": False},
            **({"reply_to": {"email": parts.reply_to}} if parts.reply_to else {}),
        }
        return as_json(f"{self.base}/v1/email", {"Authorization": f"Bearer {self.api_token}"}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        if answer.status in (200, 202):
            return accepted(answer, answer.headers.get("x-message-id"))
        return by_status(answer, str(read_json(answer).get("message", "")))
