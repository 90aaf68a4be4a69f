"""Pieces of a body: whatever the constants and values are, a reader decodes exactly them, and no line is too long or begins with a dot."""

from __future__ import annotations

import binascii
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.content.mime import SOFT_BREAK, encode, join

ODD = ["a", " ", "\t", ".", "=", "!", "\n", "\r", "\r\n", "é", "مر", "𐀀", "\x00", "\x08", "\x7f", "\u2028", "x" * 37, "x" * 75]
TEXT = st.lists(st.sampled_from(ODD), max_size=10).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_values_between_constants_are_read_back_as_they_were(first: str, pairs: list[tuple[str, str]]) -> None:
    pieces = [encode(first) + SOFT_BREAK]
    for value, constant in pairs:
        pieces += (value, SOFT_BREAK + encode(constant) + SOFT_BREAK)
    body = join(pieces)
    assert max(map(len, body.split("\r\n"))) <= 76
    assert "\r\n." not in f"\r\n{body}"
    assert not set("\r\n\0") & set(body.replace("\r\n", ""))
    decoded = binascii.a2b_qp(body.removesuffix(SOFT_BREAK).encode("ascii")).decode().replace("\r\n", "\n")
    assert decoded == "".join(re.sub(r"\r\n|\r", "\n", text) for text in (first, *(text for pair in pairs for text in pair)))
