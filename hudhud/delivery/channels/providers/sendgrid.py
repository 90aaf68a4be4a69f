"""SendGrid: `POST /v3/mail/send`; taken is 202 with an empty body and its number in a header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.posted import accepted, as_json, by_status, parts_of, read_json

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Handed
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

BASES = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}


@dataclass(frozen=True, slots=True)
class Sendgrid:
    """One account."""

    api_key: str
    base: str
    repeats: bool = False
    most_bytes: int = 30 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail; links and opens are ours to count."""
        parts = parts_of(mail)
        texts = (("text/plain", parts.text), ("text/html", parts.html))
        off = {"enable": False}
        body = {
            "personalizations": [{"to": [{"email": mail.recipient}]}],
            "from": parts.mailbox,
            "subject": parts.subject,
            "content": [{"type": kind, "value": text} for kind, text in texts if text],
            "headers": parts.headers,
            "custom_args": {"hudhud": parts.name},
            "tracking_settings": {"click_tracking": {**off, "enable_text": False}, "open_tracking": off, "subscription_tracking": off},
            **({"reply_to": {"email": parts.reply_to}} if parts.reply_to else {}),
        }
        return as_json(f"{self.base}/v3/mail/send", {"Authorization": f"Bearer {self.api_key}"}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        if answer.status in (200, 202):
            return accepted(answer, answer.headers.get("x-message-id"))
        errors = read_json(answer).get("errors")
        one = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        return by_status(answer, f"{one.get('message', '')} ({one['field']})" if one.get("field") else str(one.get("message", "")))
