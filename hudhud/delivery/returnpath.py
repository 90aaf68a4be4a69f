"""The address that bounces come back to: one for each message (VERP), so that a bounce says by its address alone which message it is about.

`bounce+TOKEN@domain`; the token is the message's number and a seal in hexadecimal digits, as some servers write addresses in small letters.
"""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hudhud.kit.crypto import Keys

PURPOSE = "bounce"
ID = struct.Struct(">Q")
TOKEN = re.compile(r"\s*<?bounce\+([0-9a-f]{48})@[^@>\s]+>?\s*", re.IGNORECASE)


def to_return_path(keys: Keys, message_id: int, domain: str) -> str:
    """Return the address for bounces of one message."""
    token = base64.urlsafe_b64decode(keys.sign(PURPOSE, ID.pack(message_id)))
    return f"bounce+{token.hex()}@{domain}"


def read_return_path(keys: Keys, address: str) -> int | None:
    """Return the message that an address for bounces is of; None where it is none of ours."""
    found = TOKEN.fullmatch(address)
    if found is None:
        return None
    payload = keys.verify(PURPOSE, base64.urlsafe_b64encode(bytes.fromhex(found[1])).decode().rstrip("="))
    return ID.unpack(payload)[0] if payload is not None and len(payload) == ID.size else None
