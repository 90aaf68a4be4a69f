"""Amazon SES, API v2: `SendEmail` with the finished mail, signed by Signature Version 4 (AWS documentation, "Authenticating requests")."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.channels.posted import Request, accepted, by_status, name_in, read_json
from hudhud.delivery.types import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

PATH = "/v2/email/outbound-emails"
# Their word for what went wrong -> ours; what is not here goes by its status.
WORDS: dict[str, tuple[End, Reason]] = {
    "TooManyRequestsException": (End.DEFERRED, Reason.PEER_DEFERRED),
    "ThrottlingException": (End.DEFERRED, Reason.PEER_DEFERRED),
    "LimitExceededException": (End.DEFERRED, Reason.PEER_DEFERRED),
    "SendingPausedException": (End.SHUT, Reason.PEER_REJECTED),
    "AccountSuspendedException": (End.SHUT, Reason.PEER_REJECTED),
    "MailFromDomainNotVerifiedException": (End.SHUT, Reason.PEER_REJECTED),
    "NotFoundException": (End.SHUT, Reason.PEER_REJECTED),
    "MessageRejected": (End.REJECTED, Reason.PEER_REJECTED),
    "BadRequestException": (End.REJECTED, Reason.PEER_REJECTED),
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ses:
    """One region of one account. `endpoint`: of what speaks the same protocol; `now`: requests are signed with the true time, whatever ours is."""

    region: str
    access_key_id: str
    secret_access_key: str
    configuration_set: str = ""
    endpoint: str = ""
    now: Callable[[], datetime] = _now
    repeats: bool = False
    most_bytes: int = 40 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a signed request. It names no `FromEmailAddress`: version 2 would put that in place of the mail's own From, without the sender's name."""
        body: dict[str, object] = {
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(mail.data).decode()}},
            "EmailTags": [{"Name": "hudhud", "Value": name_in(mail)}],
        }
        if self.configuration_set:
            body["ConfigurationSetName"] = self.configuration_set
        return self.sign(msgspec.json.encode(body))

    def sign(self, body: bytes) -> Request:
        """Sign a body by Signature Version 4."""
        base = self.endpoint.rstrip("/") or f"https://email.{self.region}.amazonaws.com"
        host, at = urlsplit(base).netloc, self.now()
        stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
        digest = hashlib.sha256(body).hexdigest()
        headers = {"content-type": "application/json", "host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(headers)
        canonical = "\n".join(["POST", PATH, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, digest])
        place = f"{day}/{self.region}/ses/aws4_request"
        told = "\n".join(["AWS4-HMAC-SHA256", stamp, place, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (day, self.region, "ses", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        seal = hmac.new(key, told.encode(), "sha256").hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key_id}/{place}, SignedHeaders={names}, Signature={seal}"
        return Request(base + PATH, {**headers, "authorization": credential}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        if answer.status == 200:  # noqa: PLR2004 -- OK
            return accepted(answer, found.get("MessageId"))
        kind = (answer.headers.get("x-amzn-errortype") or str(found.get("__type", ""))).partition(":")[0].rpartition("#")[2]
        text = f"{kind}: {found.get('message') or found.get('Message') or ''}"
        if kind in WORDS:
            end, reason = WORDS[kind]
            return Handed(end, reason, answer.status, text[:500])
        return by_status(answer, text)
