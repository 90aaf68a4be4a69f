"""Brevo: `POST /v3/smtp/email`, parts of the mail in JSON."""

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

# Their words for what is wrong with the account and not with the mail.
SHUT = frozenset({"unauthorized", "permission_denied", "not_enough_credits", "account_under_validation", "reseller_permission_denied"})


@dataclass(frozen=True, slots=True)
class Brevo:
    """One account."""

    api_key: str
    base: str = "https://api.brevo.com"
    repeats: bool = False
    most_bytes: int = 20 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail."""
        parts = parts_of(mail)
        body: dict[str, object] = {
            "sender": parts.mailbox,
            "to": [{"email": mail.recipient}],
            "subject": parts.subject,
            "htmlContent": parts.html,
            "textContent": parts.text,
            "headers": {**parts.headers, "X-Mailin-custom": parts.name},
            **({"replyTo": {"email": parts.reply_to}} if parts.reply_to else {}),
        }
        return as_json(f"{self.base}/v3/smtp/email", {"api-key": self.api_key}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        if answer.status in (200, 201, 202):
            return accepted(answer, found.get("messageId"))
        text = f"{found.get('code', '')}: {found.get('message', '')}"
        if found.get("code") in SHUT:
            return Handed(End.SHUT, Reason.PEER_REJECTED, answer.status, text[:500])
        return by_status(answer, text)
