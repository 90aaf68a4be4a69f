"""Mailgun: the finished mail, as a file of a form (`messages.mime`)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.posted import Request, accepted, basic, by_status, name_in, read_json

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Handed
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

BASES = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}


@dataclass(frozen=True, slots=True)
class Mailgun:
    """One domain of one account."""

    api_key: str
    domain: str
    base: str
    repeats: bool = False
    most_bytes: int = 25 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a form; links and opens are ours to count."""
        boundary = f"hudhud{secrets.token_hex(16)}"
        fields = {"to": mail.recipient, "o:tracking": "no", "v:hudhud": name_in(mail)}
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="message"; filename="message.mime"\r\nContent-Type: message/rfc822\r\n\r\n'
        body = b"".join([*parts, head.encode(), mail.data, f"\r\n--{boundary}--\r\n".encode()])
        headers = {"Authorization": basic("api", self.api_key), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return Request(f"{self.base}/v3/{self.domain}/messages.mime", headers, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        if answer.status == 200:  # noqa: PLR2004 -- OK
            return accepted(answer, found.get("id"))
        return by_status(answer, str(found.get("message", "")))
