"""Mailjet: `POST /v3.1/send` with one message; its own status stands inside the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hudhud.delivery.channels.posted import accepted, as_json, basic, by_status, parts_of, read_json

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Handed
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer


@dataclass(frozen=True, slots=True)
class Mailjet:
    """One account."""

    api_key: str
    secret_key: str
    base: str = "https://api.mailjet.com"
    repeats: bool = False
    most_bytes: int = 15 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail; links and opens are ours to count."""
        parts = parts_of(mail)
        message = {
            "From": {"Email": parts.sender, "Name": parts.sender_name},
            "To": [{"Email": mail.recipient}],
            "Subject": parts.subject,
            "TextPart": parts.text,
            "HTMLPart": parts.html,
            "Headers": parts.headers,
            "CustomID": parts.name,
            "TrackOpens": "disabled",
            "TrackClicks": "disabled",
            **({"ReplyTo": {"Email": parts.reply_to}} if parts.reply_to else {}),
        }
        return as_json(f"{self.base}/v3.1/send", {"Authorization": basic(self.api_key, self.secret_key)}, {"Messages": [message]})

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        message = _first(found.get("Messages"))
        if message.get("Status") == "success":
            return accepted(answer, _first(message.get("To")).get("MessageID"))
        error = _first(message.get("Errors"))
        text = f"{error.get('ErrorCode', '')} {error.get('ErrorMessage') or found.get('ErrorMessage', '')}".strip()
        status = error.get("StatusCode")
        if answer.status == 200 and not error:  # noqa: PLR2004 -- OK
            return accepted(answer, None)
        return replace(by_status(answer._replace(status=status) if isinstance(status, int) else answer, text), code=answer.status)


def _first(items: object) -> dict[str, Any]:
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
