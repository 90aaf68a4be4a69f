"""Resend: `POST /emails`. It knows a repeat by its Idempotency-Key for a day, so a mail whose answer was lost goes again and is not doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.channels.posted import accepted, as_json, by_status, parts_of, pause_of, read_json
from hudhud.delivery.types import Reason

if TYPE_CHECKING:
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

# Their words; what is not here goes by its status.
WORDS: dict[str, End] = {
    "daily_quota_exceeded": End.DEFERRED,
    "monthly_quota_exceeded": End.SHUT,
    "rate_limit_exceeded": End.DEFERRED,
    "concurrent_idempotent_requests": End.DEFERRED,
    # It has had this key with another text: an earlier try reached it, and may have been sent.
    "invalid_idempotent_request": End.IN_DOUBT,
    "restricted_api_key": End.SHUT,
    "missing_api_key": End.SHUT,
    "invalid_api_key": End.SHUT,
    "invalid_from_address": End.SHUT,
}
REASONS = {End.DEFERRED: Reason.PEER_DEFERRED, End.IN_DOUBT: Reason.NO_REPLY}


@dataclass(frozen=True, slots=True)
class Resend:
    """One account."""

    api_key: str
    base: str = "https://api.resend.com"
    repeats: bool = True
    most_bytes: int = 30 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a mail."""
        parts = parts_of(mail)
        body = {
            "from": parts.shown,
            "to": [mail.recipient],
            "subject": parts.subject,
            "html": parts.html,
            "text": parts.text,
            "headers": parts.headers,
            "tags": [{"name": "hudhud", "value": parts.name}],
            **({"reply_to": parts.reply_to} if parts.reply_to else {}),
        }
        headers = {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": f"hudhud/{parts.name}"}
        return as_json(f"{self.base}/emails", headers, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        if answer.status == 200:  # noqa: PLR2004 -- OK
            return accepted(answer, found.get("id"))
        text = f"{found.get('name', '')}: {found.get('message', '')}"
        end = WORDS.get(str(found.get("name")))
        if end is None:
            return by_status(answer, text)
        reason = REASONS.get(end, Reason.PEER_REJECTED)
        return Handed(end, reason, answer.status, text[:500], again_in_s=pause_of(answer))
