"""Our own name of a message, as it travels with the mail and comes back in reports: signed, so a report can only speak of a message that left here.

Three forms of the same 24 bytes (the message's number and a 128-bit tag): NAME in a provider's metadata, `ID.NAME` in our Message-ID, and in hexadecimal
(which survives whoever folds capitals) in the return path (VERP).
"""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.kit.crypto import Keys

PURPOSE = "message"
# Under which key of a provider's metadata the name stands.
METADATA = "hudhud"
ID = struct.Struct(">Q")
NAME = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])")
IN_MESSAGE_ID = re.compile(r"\d{1,19}\.([A-Za-z0-9_-]{32})@")
IN_TAG = re.compile(rf"{METADATA}-([A-Za-z0-9_-]{{32}})(?![A-Za-z0-9_-])")
IN_PATH = re.compile(r"\+([0-9a-f]{48})@", re.IGNORECASE)
# In one text nobody needs to look further.
MOST_READ, MOST_FOUND = 2_000, 8


def name_of(keys: Keys, message_id: int) -> str:
    """Return the name: 32 URL-safe characters."""
    return keys.sign(PURPOSE, ID.pack(message_id))


def read_name(keys: Keys, name: str) -> int | None:
    """Return the message of a genuine name, else None."""
    payload = keys.verify(PURPOSE, name)
    return int(ID.unpack(payload)[0]) if payload is not None and len(payload) == ID.size else None


def return_path(address: str, name: str) -> str:
    """Return the operator's address for bounces with the name in it: `bounces+HEX@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{base64.urlsafe_b64decode(name).hex()}@{domain}"


def find_message(keys: Keys, texts: Iterable[str]) -> int | None:
    """Return the message that one of these texts names, the first that is genuine."""
    for text in texts:
        for name in _names_in(text[:MOST_READ]):
            if (message_id := read_name(keys, name)) is not None:
                return message_id
    return None


def _names_in(text: str) -> list[str]:
    paths = [base64.urlsafe_b64encode(bytes.fromhex(found)).decode() for found in IN_PATH.findall(text)]
    return [*paths, *IN_MESSAGE_ID.findall(text), *IN_TAG.findall(text), *NAME.findall(text)][:MOST_FOUND]
