"""Which reader reads which provider's bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.delivery.outcomes.providers import brevo, mailersend, mailgun, mailjet, postmark, resend, sendgrid, ses, sparkpost
from hudhud.delivery.outcomes.types import Read

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: dict[str, Callable[[bytes], Read]] = {
    "ses": ses.read,
    "postmark": postmark.read,
    "mailgun": mailgun.read,
    "sendgrid": sendgrid.read,
    "brevo": brevo.read,
    "mailjet": mailjet.read,
    "sparkpost": sparkpost.read,
    "resend": resend.read,
    "mailersend": mailersend.read,
}


def read_body(kind: str, body: bytes) -> Read:
    """Read a provider's body; one that cannot be read is a problem, never an error."""
    try:
        return READERS[kind](body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        return Read(problems=[f"not read: {error}"[:300]])
