"""Signing keys and link tokens (keyed BLAKE2s, 128-bit tags; RFC 7693), random secrets, keyed hashes."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import re
import secrets
import struct
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TAG_BYTES = 16
OBJECT = struct.Struct(">Q")
# A seal is 18 bytes, 24 characters without padding.
SEAL_BYTES, SEAL_LENGTH = 18, 24
MOST_NUMBERS, MOST_OBJECT = 1000, 2**63 - 1
NUMBERED = re.compile(r"(0|[1-9][0-9]{0,2})-(0|[1-9][0-9]{0,18})-([A-Za-z0-9_-]{24})")
URL_SAFE = bytes.maketrans(b"+/", b"-_")


def numbered_seals(key: bytes, count: int) -> list[str]:
    """Sign the numbers 0 to `count` - 1 of an object with the key of that object (`Keys.derive`); a token is `NUMBER-OBJECT-SEAL`.

    For whoever must not hold the signing keys. Each seal is its own 144 bits of SHAKE128(key), so all of them cost one hash.
    """
    text = binascii.b2a_base64(hashlib.shake_128(key).digest(SEAL_BYTES * count), newline=False).translate(URL_SAFE).decode()
    return [text[at : at + SEAL_LENGTH] for at in range(0, SEAL_LENGTH * count, SEAL_LENGTH)]


def _to_text(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(URL_SAFE).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _keyed(secret: bytes, purpose: str, size: int) -> hashlib.blake2s:
    """Return a keyed hash (BLAKE2s, RFC 7693) that waits for its payload: copying one is several times cheaper than an HMAC."""
    return hashlib.blake2s(key=hmac.digest(secret, purpose.encode(), "sha256"), digest_size=size)


def _mac(secret: bytes, purpose: str, payload: bytes, size: int) -> bytes:
    mac = _keyed(secret, purpose, size).copy()
    mac.update(payload)
    return mac.digest()


@dataclass(frozen=True)
class Keys:
    """Signing keys, newest first: the first one signs, all of them verify (so rotation keeps old links alive)."""

    secrets: tuple[bytes, ...]

    def sign(self, purpose: str, payload: bytes) -> str:
        """Return a URL-safe token that carries `payload` and its tag; `purpose` keeps tokens from being swapped."""
        return _to_text(payload + _mac(self.secrets[0], purpose, payload, TAG_BYTES))

    def sign_all(self, purpose: str, payloads: Iterable[bytes]) -> list[str]:
        """Return the token of each payload, as `sign`; all are as long as the first, and with the tag a multiple of three bytes."""
        keyed, parts = _keyed(self.secrets[0], purpose, TAG_BYTES), list[bytes]()
        for payload in payloads:
            mac = keyed.copy()
            mac.update(payload)
            parts += (payload, mac.digest())
        if not parts:
            return []
        text, length = _to_text(b"".join(parts)), (len(parts[0]) + TAG_BYTES) // 3 * 4
        return [text[at : at + length] for at in range(0, len(text), length)]

    def verify(self, purpose: str, token: str) -> bytes | None:
        """Return the payload of a genuine token, else None (forged, truncated, other purpose, not canonical)."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (ValueError, UnicodeEncodeError):
            return None
        payload, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if _to_text(raw) != token:
            return None
        genuine = [hmac.compare_digest(tag, _mac(secret, purpose, payload, TAG_BYTES)) for secret in self.secrets]
        return payload if any(genuine) else None

    def derive(self, purpose: str, object_id: int) -> bytes:
        """Return the 32-byte key of one object, good for `numbered_seals` only."""
        return _mac(self.secrets[0], purpose, OBJECT.pack(object_id), 32)

    def verify_numbered(self, purpose: str, token: str) -> tuple[int, int] | None:
        """Return (object, number) of a genuine numbered token, else None."""
        found = NUMBERED.fullmatch(token)
        if found is None or int(found[2]) > MOST_OBJECT:
            return None
        number, object_id = int(found[1]), int(found[2])
        keys = (Keys((secret,)).derive(purpose, object_id) for secret in self.secrets)
        genuine = [hmac.compare_digest(found[3], numbered_seals(key, number + 1)[-1]) for key in keys]
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
