"""Codes: patterns, the letters that nobody mistakes for others, the check letter.

`#` in a pattern is drawn, `%` is worked out of what was drawn (Luhn mod N, as ISO/IEC 7812 for digits: one wrong letter, or two neighbours the
other way round, are found), all else stands as it is.
"""

from __future__ import annotations

import re
import secrets

from hudhud.coupons.types import LONGEST_CODE
from hudhud.kit.errors import InvalidInput

# Without 0 and O, 1, I and L, and U beside V. An even number of them: else doubling would not tell all apart.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = re.compile(r"[A-Z0-9#%-]+")
CODE = re.compile(r"[\x21-\x7e]{1,100}")
# Of each pattern so many codes or more: nobody guesses one, and two are hardly ever the same.
LEAST_DRAWN = 6


def check_pattern(pattern: str) -> None:
    """Raise `InvalidInput` for a pattern whose codes could be guessed, or that is none."""
    if len(pattern) > LONGEST_CODE or not PATTERN.fullmatch(pattern):
        raise InvalidInput("pattern", pattern, "use capitals, digits and hyphens, # for what is drawn and % for a check letter")
    if pattern.count("#") < LEAST_DRAWN or pattern.count("%") > 1:
        raise InvalidInput("pattern", pattern, f"draw at least {LEAST_DRAWN} letters (#), and check with one (%) at most")


def check_code(code: str) -> str:
    """Return a code as it is kept; raises `InvalidInput`."""
    code = code.strip()
    if not CODE.fullmatch(code):
        raise InvalidInput("code", code, f"use 1 to {LONGEST_CODE} letters, digits and signs of ASCII, without spaces")
    return code


def make_code(pattern: str) -> str:
    """Draw a code."""
    drawn = [secrets.choice(LETTERS) for _ in range(pattern.count("#"))]
    letters = iter(drawn)
    return "".join(next(letters) if one == "#" else check_letter(drawn) if one == "%" else one for one in pattern)


def is_sound(pattern: str, code: str) -> bool:
    """Say whether a code can be of a pattern; with a check letter in it, whether it was typed right."""
    code = code.strip().upper()
    if len(code) != len(pattern):
        return False
    pairs = list(zip(pattern, code, strict=True))
    drawn = [letter for place, letter in pairs if place == "#"]
    if not all(letter in LETTERS for letter in drawn):
        return False
    return all(letter == (check_letter(drawn) if place == "%" else letter if place == "#" else place) for place, letter in pairs)


def check_letter(drawn: list[str]) -> str:
    """Return the check letter (Luhn mod N)."""
    total, size = 0, len(LETTERS)
    for place, letter in enumerate(reversed(drawn)):
        value = LETTERS.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // size + value % size
    return LETTERS[-total % size]
