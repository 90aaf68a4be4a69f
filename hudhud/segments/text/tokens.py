"""The text form of conditions, cut into words, quoted text, numbers, instants and signs; each knows where it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 500_000  # characters: the largest tree is shorter
WORD, QUOTED, NUMBER, INSTANT, OBJECT, SIGN, END = "word", "quoted", "number", "instant", "object", "sign", "end"
BLANK = re.compile(r"(?:\s|#[^\n\r\x85\u2028\u2029]*)*")  # all that ends a line on some screen ends a remark
SHAPES = (
    (INSTANT, re.compile(r"\d{4}-\d\d-\d\d[Tt][^\s,()]*", re.ASCII)),
    (NUMBER, re.compile(r"-?(?:0|[1-9]\d{0,40})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?(?![\w.])", re.ASCII)),
    (WORD, re.compile(r"(?!\d)[@\w][\w.@-]*")),
    (SIGN, re.compile(r"!=|<=|>=|[(),=<>%]")),
)
DECODER = json.JSONDecoder()


class BadText(InvalidInput):
    """The text is no condition."""

    code = "bad_text"

    def __init__(self, text: str, at: int, found: str, remedy: str) -> None:
        """Name line and column (both from 1, in characters), what stands there, and what to write instead."""
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        super().__init__(f"line {line}, column {column}", found, remedy)
        self.data |= {"field": "text", "line": line, "column": column}


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the text: `value` is what it says, `text` how it is written, `at` where it begins."""

    kind: str
    value: object
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the parts of a text, an `END` last; raises `BadText` for what is none."""
    if len(text) > MAX_TEXT:
        raise BadText(text, 0, f"{len(text)} characters", f"use at most {MAX_TEXT}; make a part of it a segment of its own")
    at = _skip(text, 0)
    while at < len(text):
        token = _json(text, at) if text[at] in '"{' else _shape(text, at)
        yield token
        at = _skip(text, at + len(token.text))
    yield Token(END, None, "", len(text))


def _skip(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at


def _shape(text: str, at: int) -> Token:
    for kind, shape in SHAPES:
        if found := shape.match(text, at):
            return Token(kind, json.loads(found[0]) if kind == NUMBER else found[0], found[0], at)
    raise BadText(text, at, text[at : at + 20], 'put names and texts that are more than letters and digits in quotation marks: "…"')


def _json(text: str, at: int) -> Token:
    try:
        value, end = DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        remedy = 'end the text with a " on the same line; a " or \\ inside it is written \\" or \\\\'
        raise BadText(text, at, text[at : at + 20], remedy) from None
    return Token(QUOTED if text[at] == '"' else OBJECT, value, text[at:end], at)
