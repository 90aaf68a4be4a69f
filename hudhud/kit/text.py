"""What may stand on one line."""

from __future__ import annotations

from unicodedata import category

# Controls, line and paragraph separators, halves of characters. What joins letters (Persian ZWNJ, emoji) is part of words.
UNSEEN = frozenset({"Cc", "Zl", "Zp", "Cs"})


def is_one_line(text: str) -> bool:
    """Say whether nothing in `text` breaks a line, or a header of a mail (A-14)."""
    return not any(category(character) in UNSEEN for character in text)
