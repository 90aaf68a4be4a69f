"""Secrets that we must read again (of others' services): encrypted at rest, so that who reads the database does not get them."""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, MultiFernet

if TYPE_CHECKING:
    from hudhud.kit.crypto import Keys


@lru_cache(maxsize=16)
def cipher(keys: Keys, purpose: str) -> MultiFernet:
    """Return what seals with the newest signing key and opens with any that is still listed (Fernet: AES-128-CBC and HMAC-SHA256)."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hmac.digest(secret, purpose.encode(), "sha256"))) for secret in keys.secrets])
