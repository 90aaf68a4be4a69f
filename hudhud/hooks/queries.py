"""Reads about inbound webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.hooks.types import Hook, HookNotFound, Kept, State
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.hooks")
# Bodies may have two megabytes each, and a page is built in memory.
PAGE_BYTES = 4 * 1024**2


def find_hooks(ws: Scope) -> list[Hook]:
    """Every source, the oldest first."""
    return ws.into(Hook, QUERIES.find_hooks, hook_id=None)


def get_hook(ws: Scope, hook_id: int) -> Hook:
    """One source; raises `HookNotFound`."""
    found = ws.into(Hook, QUERIES.find_hooks, hook_id=hook_id)
    if not found:
        raise HookNotFound
    return found[0]


def find_bodies(
    ws: Scope, hook_id: int, *, state: State | None = None, after: int | None = None, limit: int = 20
) -> tuple[list[Kept], int | None]:
    """A page of what came in, newest first, older than `after`, of a few megabytes at most; and after which one the next page begins."""
    rows = ws.all(QUERIES.find_bodies, hook_id=hook_id, state=state, after=after, limit=limit, bytes=PAGE_BYTES)
    is_last = [not row.pop("has_more") for row in rows]
    found = [Kept(**row) for row in rows]
    return found, found[-1].id if found and not is_last[-1] else None
