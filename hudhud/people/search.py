"""Search: the form in which names and addresses are compared, the same as PostgreSQL's `hudhud_fold`."""

from __future__ import annotations

import re
import unicodedata

from hudhud.kit.errors import InvalidInput

_MARKS = re.compile("[\u0300-\u036f\u0640\u064b-\u065f\u0670\u200b-\u200f]")
# Letters that Persian and Arabic keyboards write differently, and their digits.
_LETTERS = str.maketrans(
    "\u064a\u0649\u0643\u0629\u06c1\u06be\u06d5۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "\u06cc\u06cc\u06a9\u0647\u0647\u0647\u064701234567890123456789"
)
LAST = "\U0010ffff"
LONGEST = 200  # an entry of an index has a largest size


def fold(text: str) -> str:
    """Return the form that is compared: small letters, no accents, vowel signs and joiners, one form of each letter, Latin digits."""
    if text.isascii():
        return text.lower()[:LONGEST]
    return _MARKS.sub("", unicodedata.normalize("NFKD", text).lower()).translate(_LETTERS)[:LONGEST]


def to_range(search: str) -> tuple[str, str] | None:
    """Return between which two words everything lies that begins so; None for an empty search."""
    text = search.strip()
    if "\0" in text:
        raise InvalidInput("search", search, "remove the NUL character")
    first = fold(text)
    return (first, first + LAST) if first else None


def to_cursor(word: str, person_id: int) -> str:
    """Name a place in the answers to a search."""
    return f"{person_id}|{word}"


def from_cursor(cursor: str) -> tuple[str, int]:
    """Read a place back; raises `InvalidInput`."""
    number, _, word = cursor.partition("|")
    if not number.isdecimal() or len(number) > len(str(2**63)) or int(number) >= 2**63 or "\0" in word:
        raise InvalidInput("after", cursor, "use `next` of the page before")
    return word, int(number)
