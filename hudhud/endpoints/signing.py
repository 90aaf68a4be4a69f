"""Standard Webhooks 1.0: secrets, and what signs a request (standardwebhooks.com, specification, "Signature scheme")."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32
AGENT = "Hudhud-Webhooks/1"


def new_secret() -> str:
    """Return a fresh secret, as it is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message: str, at: datetime, body: bytes) -> str:
    """Return `v1,…`: HMAC-SHA256 over id, time in seconds and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, f"{message}.{int(at.timestamp())}.".encode() + body, "sha256")).decode()


def headers(secrets_: Iterable[str], message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return what goes with a body; one signature for each secret."""
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": AGENT,
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(sign(secret, message, at, body) for secret in secrets_),
    }
