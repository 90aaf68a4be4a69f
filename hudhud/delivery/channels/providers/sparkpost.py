"""SparkPost: a transmission with the finished mail (`email_rfc822`). Its own template language reads double braces, so those of a body are sent encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.delivery.channels.posted import accepted, as_json, by_status, name_in, read_json

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Handed
    from hudhud.delivery.channels.posted import Request
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer

BASES = {"us": "https://api.sparkpost.com", "eu": "https://api.eu.sparkpost.com"}


@dataclass(frozen=True, slots=True)
class Sparkpost:
    """One account."""

    api_key: str
    base: str
    repeats: bool = False
    most_bytes: int = 20 * 2**20

    def write(self, mail: Ready) -> Request:
        """Write a transmission to one."""
        recipient = {"address": {"email": mail.recipient}, "metadata": {"hudhud": name_in(mail)}}
        options = {"open_tracking": False, "click_tracking": False, "transactional": mail.message.stream == "transactional"}
        body = {"options": options, "recipients": [recipient], "content": {"email_rfc822": _without_braces(mail.data)}}
        return as_json(f"{self.base}/api/v1/transmissions", {"Authorization": self.api_key}, body)

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""
        found = read_json(answer)
        results = found.get("results")
        if answer.status == 200:  # noqa: PLR2004 -- OK
            return accepted(answer, results.get("id") if isinstance(results, dict) and results.get("total_accepted_recipients") else None)
        return by_status(answer, _first(found.get("errors")))


def _without_braces(data: bytes) -> str:
    """Write the braces of a body as quoted-printable, in which all our parts are."""
    head, gap, body = data.partition(b"\r\n\r\n")
    return b"".join((head, gap, body.replace(b"{{", b"=7B=7B"))).decode("utf-8", "replace")


def _first(errors: object) -> str:
    one = errors[0] if isinstance(errors, list) and errors else {}
    return f"{one.get('message', '')} {one.get('description', '')}".strip() if isinstance(one, dict) else ""
