"""Was this body signed by whoever holds the secret? HMAC in a header, or Standard Webhooks 1.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from hudhud.hooks.types import Signature, WrongSignature

if TYPE_CHECKING:
    from datetime import datetime

# A signed body that was overheard can be sent again for so long (the standard's figure); its id makes that harmless.
TOLERANCE_S = 300
STANDARD_PREFIX = "whsec_"


def check(signature: Signature, secret: bytes, headers: dict[str, str], body: bytes, now: datetime) -> None:
    """Raise `WrongSignature` with what is wrong. `headers` have lower-case names."""
    if signature.kind == "standard":
        _check_standard(secret, headers, body, now)
    else:
        _check_hmac(signature, secret, headers, body)


def _check_hmac(signature: Signature, secret: bytes, headers: dict[str, str], body: bytes) -> None:
    said = headers.get(signature.header.lower())
    if said is None:
        raise WrongSignature(f"The header {signature.header} is missing: this source takes signed bodies only.")
    if not said.startswith(signature.prefix):
        raise WrongSignature(f"The header {signature.header} does not begin with {signature.prefix!r}.")
    given = said.removeprefix(signature.prefix).strip()
    digest = hmac.digest(secret, body, signature.algorithm)
    if not (_same(given.lower(), digest.hex()) or _same(given, base64.b64encode(digest).decode())):
        raise WrongSignature


def _check_standard(secret: bytes, headers: dict[str, str], body: bytes, now: datetime) -> None:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if missing := [name for name in names if not headers.get(name)]:
        raise WrongSignature(f"The header {missing[0]} is missing: this source takes bodies signed as Standard Webhooks say.")
    message_id, at, signatures = (headers[name] for name in names)
    if not at.isascii() or not at.isdigit() or abs(now.timestamp() - int(at[:12])) > TOLERANCE_S:
        raise WrongSignature("The webhook-timestamp is more than five minutes off; check the clocks, and send it signed anew.")
    digest = hmac.digest(standard_key(secret), f"{message_id}.{at}.".encode() + body, "sha256")
    wanted = "v1," + base64.b64encode(digest).decode()
    if not any(_same(one, wanted) for one in signatures.split()):
        raise WrongSignature


def standard_key(secret: bytes) -> bytes:
    """Return the key that stands in a secret (`whsec_` and base64); a secret in another form is taken as it is."""
    text = secret.decode(errors="replace")
    if not text.startswith(STANDARD_PREFIX):
        return secret
    try:
        return base64.b64decode(text.removeprefix(STANDARD_PREFIX), validate=True)
    except ValueError:
        return secret


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
