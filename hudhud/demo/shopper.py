"""An invented person, and one thing they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True)
class Shopper:
    """One invented person."""

    number: int
    attributes: dict[str, Any]
    kind: str
    joined_at: datetime
    left_at: datetime | None  # comes no more after this
    reads: bool  # subscribed to the newsletter


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing a shopper did."""

    number: int
    at: datetime
    kind: str  # track, page
    name: str
    properties: dict[str, Any]
