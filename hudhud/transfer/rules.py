"""How rows of one file are read: where each field's value comes from, and what holds for all rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.transfer.types import DateStyle, ValueType, Why


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field's value comes from: literal text and columns (by place) by turns."""

    field: str
    parts: tuple[tuple[int, str], ...]  # (place of the column or -1, text)
    type: ValueType = "auto"
    is_list: bool = False  # appended to what there is

    def value(self, cells: Sequence[str]) -> str:
        """Put the value together; empty when every column in it is."""
        if len(self.parts) == 1:
            place, text = self.parts[0]
            return cells[place].strip() if place >= 0 else text
        if all(place < 0 or not cells[place].strip() for place, _ in self.parts) and any(place >= 0 for place, _ in self.parts):
            return ""
        return "".join(cells[place] if place >= 0 else text for place, text in self.parts).strip()


@dataclass(frozen=True, slots=True)
class Mapping:
    """How rows of one file are read."""

    kind: str
    rules: tuple[Rule, ...]
    dates: DateStyle = "iso"
    decimal: str = "."
    phone_prefix: str = ""
    at_time: time = time()
    consent: dict[str, str] = field(default_factory=dict)
    consent_source: str = ""
    refused: Why | Literal[""] = ""  # everybody in the file
    topics: tuple[str, ...] = ()
    marketing: tuple[str, ...] = ()  # of them, those that need consent
    upsert: dict[str, Any] | None = None  # upserts.py
