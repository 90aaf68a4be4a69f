"""Segments and journeys of the sample shop: the ready ones, as anybody would install them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.journeys import actions as journeys
from hudhud.journeys import recipes
from hudhud.segments import actions as segments
from hudhud.segments.types import from_json

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

ORDERED = {"kind": "event", "name": "Order Completed"}
ONCE = {"op": "at_least", "value": 1}


def _ordered(days: int) -> dict[str, object]:
    return ORDERED | {"count": ONCE, "window": {"kind": "last", "amount": days, "unit": "days"}}


def _seen(days: int) -> dict[str, object]:
    return {"kind": "event", "name": "Page Viewed", "count": ONCE, "window": {"kind": "last", "amount": days, "unit": "days"}}


SEGMENTS: dict[str, dict[str, object]] = {
    "Bought twice, silent for 60 days": {
        "kind": "and",
        "of": [
            ORDERED | {"count": {"op": "at_least", "value": 2}, "window": {"kind": "ever"}},
            {"kind": "not", "of": _ordered(60)},
            {"kind": "not", "of": _seen(60)},
        ],
    },
    "Cart left in the last day": {
        "kind": "and",
        "of": [
            {"kind": "event", "name": "Checkout Started", "count": ONCE, "window": {"kind": "last", "amount": 1, "unit": "days"}},
            {"kind": "not", "of": _ordered(1)},
        ],
    },
    "Newsletter readers": {"kind": "consent", "topic": "newsletter", "channel": "email", "state": "subscribed"},
    "Bought in the last 30 days": _ordered(30),
    "Looks, but never bought": {
        "kind": "and",
        "of": [_seen(30), {"kind": "not", "of": ORDERED | {"count": ONCE, "window": {"kind": "ever"}}}],
    },
}
JOURNEYS = ("welcome", "cart")


def install(ws: Scope, sandbox: Sandbox, now: datetime, actor: str) -> tuple[int, list[str]]:
    """Make the segments, install the ready journeys with their mails and start them; return how many and which."""
    for name, tree in SEGMENTS.items():
        segments.create_segment(ws, name, from_json(tree), now, by=actor)
    for key in JOURNEYS:
        recipes.install(ws, sandbox, key, now, by=actor)
        journeys.start(ws, key, now, by=actor)
    return len(SEGMENTS), list(JOURNEYS)
