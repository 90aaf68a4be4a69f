"""The versions of a journey: a list with who is on them, one of them again, and the way back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.journeys.editing import drafts
from hudhud.journeys.editing.placing import KEEP_ALL
from hudhud.journeys.queries import get_journey
from hudhud.journeys.running.version import parsed
from hudhud.journeys.types import VersionNotFound
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.journeys.editing.placing import Rule
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

VERSIONS = sql.load("hudhud.journeys.editing", "versions.sql")
NEWEST = 2**31 - 1
MOVE_FIELDS = ("rule", "moved", "ended", "ordered_at", "ordered_by", "done_at")


def find_versions(ws: Scope, key: str, *, after: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return a page of a journey's versions, newest first; `move`: how people were last brought there, or are being. Raises `JourneyNotFound`."""
    get_journey(ws, key)
    return [_to_version(row) for row in ws.all(VERSIONS.find_page, key=key, after=after or NEWEST, limit=limit)]


def _to_version(row: dict[str, Any]) -> dict[str, Any]:
    move = {name: row.pop(name) for name in MOVE_FIELDS}
    return {**row, "move": {**move, "rule": msgspec.json.decode(move["rule"])} if move["rule"] else None}


def get_graph(ws: Scope, key: str, number: int) -> Graph:
    """Return the graph of one version; raises `JourneyNotFound`, `VersionNotFound`."""
    get_journey(ws, key)
    text = ws.value(VERSIONS.get_text, key=key, number=number)
    if text is None:
        raise VersionNotFound(f"{key}: there is no version {number}.", key=key, number=number)
    return parsed(text)


def publish_again(ws: Scope, key: str, number: int, now: datetime, *, by: str, rule: Rule = KEEP_ALL) -> int:
    """Publish the graph of an older version as the newest; return the new number. Raises as `publish` does: what it asks for may be gone."""
    return drafts.publish(ws, get_graph(ws, key, number), now, by=by, rule=rule)
