"""Our own name of a message, as it travels with the mail and comes back in reports: signed, so a report can only speak of a message that left here.

Two forms of the same 24 bytes (the message's number and a 128-bit tag): NAME in a provider's metadata, `ID.NAME` in our Message-ID. Besides, mails that come
back name it by the address they come to (returnpath.py).
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from hudhud.delivery.returnpath import read_return_path

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
# In one text nobody needs to look further.
MOST_READ, MOST_FOUND = 2_000, 8


def name_of(keys: Keys, message_id: int) -> str:
    """Return the name: 32 URL-safe characters."""
    return keys.sign(PURPOSE, ID.pack(message_id))


def read_name(keys: Keys, name: str) -> int | None:
    """Return the message of a genuine name, else None."""
    payload = keys.verify(PURPOSE, name)
    return int(ID.unpack(payload)[0]) if payload is not None and len(payload) == ID.size else None


def find_message(keys: Keys, texts: Iterable[str]) -> int | None:
    """Return the message that one of these texts names, the first that is genuine."""
    for text in texts:
        if (message_id := read_return_path(keys, text[:MOST_READ])) is not None:
            return message_id
        for name in _names_in(text[:MOST_READ]):
            if (message_id := read_name(keys, name)) is not None:
                return message_id
    return None


def _names_in(text: str) -> list[str]:
    return [*IN_MESSAGE_ID.findall(text), *IN_TAG.findall(text), *NAME.findall(text)][:MOST_FOUND]
