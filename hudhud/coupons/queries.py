"""Reads about coupons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.coupons.types import Coupon, Pool, PoolNotFound
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.coupons")
NEWEST = 2**63 - 1
PAGE = 5_000


def find_pools(ws: Scope, now: datetime, *, archived: bool = False) -> list[Pool]:
    """Return all pools with their stock, by key."""
    return ws.into(Pool, QUERIES.find_pools, key=None, is_archived=archived, now=now)


def get_pool(ws: Scope, key: str, now: datetime) -> Pool:
    """Return one pool with its stock; raises `PoolNotFound`."""
    found = ws.into(Pool, QUERIES.find_pools, key=key, is_archived=None, now=now)
    if not found:
        raise PoolNotFound(f"There is no pool of coupons {key!r}.", key=key)
    return found[0]


def find_days(ws: Scope, key: str) -> int | None:
    """Return for how many days codes of a pool are good; None: no bound, or no such pool. Counts nothing, as pools may be large."""
    found: int | None = ws.value(QUERIES.find_days, key=key)
    return found


def find_missing(ws: Scope, keys: Iterable[str]) -> set[str]:
    """Return which of these pools there are not, or not any more."""
    wanted = set(keys)
    return wanted - {row[0] for row in ws.rows(QUERIES.find_known, keys=sorted(wanted))} if wanted else wanted


def find_low(ws: Scope, now: datetime) -> list[Pool]:
    """Return the pools to which somebody should bring more."""
    return [pool for pool in find_pools(ws, now) if pool.is_low()]


def find_coupons(ws: Scope, pool: Pool, *, after: int | None = None, limit: int = 50) -> list[Coupon]:
    """Return a page of codes that were given or used, the newest first."""
    return ws.into(Coupon, QUERIES.find_coupons, pool_id=pool.id, after=after or NEWEST, limit=limit)


def find_all(ws: Scope, pool: Pool) -> Iterator[Coupon]:
    """Yield every code of a pool."""
    after = 0
    while page := ws.into(Coupon, QUERIES.find_all, pool_id=pool.id, after=after, limit=PAGE):
        yield from page
        after = page[-1].id
