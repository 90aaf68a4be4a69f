"""Reads about imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.transfer.types import Import, ImportNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.transfer")
PAGE_BYTES = 4 * 1024 * 1024


def find_imports(ws: Scope, *, after: int | None = None, limit: int = 50) -> list[Import]:
    """A page of imports, newest first."""
    return [msgspec.convert(row, Import) for row in ws.all(QUERIES.find_imports, import_id=None, after=after, limit=limit)]


def get_import(ws: Scope, import_id: int) -> Import:
    """Return one; raises `ImportNotFound`."""
    found = ws.one(QUERIES.find_imports, import_id=import_id, after=None, limit=1)
    if not found:
        raise ImportNotFound
    return msgspec.convert(found, Import)


def find_rejects(ws: Scope, import_id: int, *, after: int = 0, limit: int = 1000) -> list[tuple[int, str, Any]]:
    """A page of bad rows: line, reason, and the row (its cells, or the line as text); shorter where they are large, empty only at the end."""
    rows = ws.rows(QUERIES.find_rejects, import_id=import_id, after=after, limit=limit, most_bytes=PAGE_BYTES)
    return [(line, reason, msgspec.json.decode(bytes(body))) for line, reason, body in rows]


def reject_pages(open_page: Any, import_id: int) -> Iterator[list[tuple[int, str, Any]]]:  # noqa: ANN401
    """Yield all bad rows, a page at a time, each in a short transaction of its own (`open_page` gives its scope)."""
    after = 0
    while True:
        with open_page() as ws:
            page = find_rejects(ws, import_id, after=after)
        if not page:
            return
        yield page
        after = page[-1][0]
