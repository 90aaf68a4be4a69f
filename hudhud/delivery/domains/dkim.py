"""DKIM signatures (RFC 6376; Ed25519: RFC 8463) for mail that we hand over ourselves: relaxed/relaxed, made on the hot path.

What we write is nearly canonical already, so a signature costs one hash of the body, a look at some fifteen headers, and the key's own work, for which
the interpreter's lock is given up. The From header is signed once more than it is there, so that nobody can add another one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

RSA_BITS = 2048
# What a receiver or a mail program acts upon; those that are there are signed (RFC 6376 5.4.1, RFC 8058 4).
SIGNED = frozenset(
    {
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type", "content-transfer-encoding", "in-reply-to",
        "references", "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "feedback-id", "auto-submitted",
    }
)  # fmt: skip
SPACES = re.compile(rb"[ \t]+")
# White space that the canonical form has not: a tab, more than one space, or one before a line's end. Looked for one by one: that is quicker than one pattern.
ODD_SPACES = (b"\t", b"  ", b" \r")
FOLD = b"\r\n "
LINE = 72


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of one domain under its selector."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """What its signatures are called."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def seal(self, text: bytes) -> bytes:
        """Sign the canonical headers. Ed25519 signs their hash (RFC 8463 3)."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(hashlib.sha256(text).digest())


def sign(signers: Sequence[Signer], mail: bytes, at: datetime) -> bytes:
    """Return a mail with a signature of each key before it; its lines end with CRLF."""
    head, _, body = mail.partition(b"\r\n\r\n")
    names, canonical = _headers(head)
    digest = base64.b64encode(hashlib.sha256(canonical_body(body)).digest()).decode()
    signatures = [_signature(signer, names, canonical, digest, int(at.timestamp())) for signer in signers]
    return b"".join((*signatures, mail))


def _headers(head: bytes) -> tuple[str, bytes]:
    """Return the names of what is signed, From once more, and the canonical headers in that order."""
    names: list[str] = []
    lines: list[bytes] = []
    for header in head.replace(b"\r\n\t", FOLD).replace(FOLD, b" ").split(b"\r\n"):
        name, _, value = header.partition(b":")
        low = name.decode("ascii", "replace").strip().lower()
        if low in SIGNED:
            names.append(low)
            lines.append(low.encode() + b":" + SPACES.sub(b" ", value).strip() + b"\r\n")
    return ":".join([*reversed(names), "from"]), b"".join(reversed(lines))


def canonical_body(body: bytes) -> bytes:
    """Return a body in its relaxed form (RFC 6376 3.4.4)."""
    if any(odd in body for odd in ODD_SPACES):
        body = SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n")
    body = body.rstrip(b" \t\r\n")
    return body + b"\r\n" if body else b""


def _signature(signer: Signer, names: str, canonical: bytes, digest: str, at: int) -> bytes:
    folded_names = names.replace(":list-", ":\r\n list-", 1)
    tags = (
        f"v=1; a={signer.algorithm}; c=relaxed/relaxed; d={signer.domain};\r\n s={signer.selector}; t={at};\r\n"
        f" h={folded_names};\r\n bh={digest};\r\n b="
    )
    own = b"dkim-signature:" + SPACES.sub(b" ", tags.replace("\r\n", "").encode())
    seal = base64.b64encode(signer.seal(canonical + own))
    folded = FOLD.join(seal[at : at + LINE] for at in range(0, len(seal), LINE))
    return b"DKIM-Signature: " + tags.encode() + folded + b"\r\n"


def make_keys() -> tuple[RSAPrivateKey, Ed25519PrivateKey]:
    """Make a pair of keys: RSA for everybody, Ed25519 for who knows it."""
    return generate_private_key(65537, RSA_BITS), Ed25519PrivateKey.generate()


def to_pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """Write a private key, to be sealed."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def from_pem(pem: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    """Read a private key."""
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey | Ed25519PrivateKey)
    return key


def to_record(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """Return what DNS must say about a key (RFC 6376 3.6.1)."""
    if isinstance(key, RSAPrivateKey):
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"
