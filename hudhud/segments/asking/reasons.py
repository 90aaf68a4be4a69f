"""The values that decided, out of the texts that ClickHouse answers (compile.py: compile_values)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hudhud.segments.conditions.atoms import Came, Did, Followed, Staying
from hudhud.segments.sql.amounts import MILLION
from hudhud.segments.types import Consent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.segments.conditions.atoms import Atom


def to_value(atom: Atom, texts: Sequence[bytes] | None, place: int) -> object:
    """Return what decided an atom; `texts` None: there is nothing about this person."""
    if isinstance(atom, Did):
        return {"count": 0, "last_at": None} if texts is None else {"count": int(texts[0]), "last_at": _instant(texts[1])}
    if isinstance(atom, Followed):
        return [_instant(text) for text in texts] if texts else None
    if isinstance(atom, Staying):
        return _instant(texts[0]) if texts else None
    if isinstance(atom, Came):
        return None if texts is None else _amount(atom, texts)
    value = None if texts is None else json.loads(texts[place])
    if isinstance(atom, Consent):
        start = f"{atom.topic}:{atom.channel}:"
        return next((text.removeprefix(start) for text in value or () if text.startswith(start)), None)
    return value


def _instant(text: bytes) -> str:
    return text.decode().replace(" ", "T") + "Z"


def _amount(atom: Came, texts: Sequence[bytes]) -> object:
    if not texts[0]:
        return None
    if atom.take in {"first", "last"}:
        return json.loads(texts[0])
    if atom.take in {"min", "max"}:
        return float(texts[0])
    return int(texts[0]) / MILLION / (int(texts[1]) if atom.take == "average" else 1)
