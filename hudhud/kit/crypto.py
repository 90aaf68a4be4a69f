"""Signing keys and link tokens (HMAC-SHA-256, 128-bit tags; RFC 2104), random secrets, keyed hashes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

TAG_BYTES = 16
NUMBERED = struct.Struct(">QH")


def numbered_token(key: bytes, object_id: int, number: int) -> str:
    """Sign (object, number) with a key of that object (`Keys.derive`): for whoever must not hold the signing keys."""
    payload = NUMBERED.pack(object_id, number)
    tag = hashlib.blake2b(payload, key=key, digest_size=TAG_BYTES).digest()
    return base64.urlsafe_b64encode(payload + tag).rstrip(b"=").decode()


@dataclass(frozen=True)
class Keys:
    """Signing keys, newest first: the first one signs, all of them verify (so rotation keeps old links alive)."""

    secrets: tuple[bytes, ...]

    def _tag(self, secret: bytes, purpose: str, payload: bytes) -> bytes:
        return hmac.digest(secret, purpose.encode() + b"\0" + payload, "sha256")[:TAG_BYTES]

    def sign(self, purpose: str, payload: bytes) -> str:
        """Return a URL-safe token that carries `payload` and its tag; `purpose` keeps tokens from being swapped."""
        return base64.urlsafe_b64encode(payload + self._tag(self.secrets[0], purpose, payload)).rstrip(b"=").decode()

    def verify(self, purpose: str, token: str) -> bytes | None:
        """Return the payload of a genuine token, else None (forged, truncated, other purpose, not canonical)."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (ValueError, UnicodeEncodeError):
            return None
        payload, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None
        genuine = [hmac.compare_digest(tag, self._tag(secret, purpose, payload)) for secret in self.secrets]
        return payload if any(genuine) else None

    def derive(self, purpose: str, object_id: int) -> bytes:
        """Return the 32-byte key of one object, good for `numbered_token` only."""
        return hmac.digest(self.secrets[0], purpose.encode() + b"\0derive" + object_id.to_bytes(8, "big"), "sha256")

    def verify_numbered(self, purpose: str, token: str) -> tuple[int, int] | None:
        """Return (object, number) of a genuine numbered token, else None."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            object_id, number = NUMBERED.unpack(raw[:-TAG_BYTES])
        except (ValueError, UnicodeEncodeError, struct.error):
            return None
        keyrings = (Keys((secret,)) for secret in self.secrets)
        genuine = [hmac.compare_digest(token, numbered_token(ring.derive(purpose, object_id), object_id, number)) for ring in keyrings]
        return (object_id, number) if any(genuine) else None

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """Return a 32-byte hash that only the key's owner can compute (kept after erasure)."""
        return hmac.digest(self.secrets[-1], purpose.encode() + b"\0" + value.encode(), "sha256")


def load_keys(setting: str, data: Path) -> Keys:
    """Read keys from the setting, or from `DATA/secret.key`, which is made (mode 0600) on first use."""
    if setting:
        return Keys(tuple(part.strip().encode() for part in setting.split(",") if part.strip()))
    path = data / "secret.key"
    if not path.exists():
        _make_key_file(path)
    return Keys(tuple(path.read_bytes().split()))


def _make_key_file(path: Path) -> None:
    """Write a fresh key beside `path` and link it there whole: two processes at once end with the same key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="secret.")
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()


def new_secret(prefix: str) -> str:
    """Return a fresh secret with 160 random bits, e.g. `hk_collect_…`."""
    return f"{prefix}_{secrets.token_urlsafe(20)}"


def hash_secret(secret: str) -> bytes:
    """Hash a high-entropy secret for storage (plain SHA-256 is enough for 160 random bits; passwords use argon2id)."""
    return hashlib.sha256(secret.encode()).digest()
