"""The stock of a pool: exact whatever happens to codes, and found without counting them."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

from hudhud.coupons import actions, queries
from hudhud.coupons.types import PoolWishes, Wanted
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from hudhud.kit.db import Database

COUNTED = """
SELECT count(*), count(*) FILTER (WHERE given_at IS NULL AND redeemed_at IS NULL AND (c.ends_at IS NULL OR c.ends_at > %s)), count(given_at), count(redeemed_at)
FROM coupon c JOIN coupon_pool p ON p.id = c.pool_id WHERE p.key = %s
"""
DAY = timedelta(days=1)
WAITING = "SELECT count(*) FROM pg_locks w WHERE NOT w.granted AND pg_backend_pid() = ANY(pg_blocking_pids(w.pid))"


def test_it_is_exact_whatever_happens_to_codes_and_however_often_changes_are_added_up(db: Database) -> None:
    shop, seen = make.workspace(db), []

    def look() -> None:
        with db.workspace(shop) as ws:
            for key in ("spring", "summer"):
                for now in (NOW, NOW + 2 * DAY):
                    pool = queries.get_pool(ws, key, now)
                    found = (pool.total, pool.free, pool.given, pool.redeemed)
                    assert ws.conn.execute(COUNTED, (now, key)).fetchone() == found
                    seen.append(found)

    with db.workspace(shop) as ws:
        for key in ("spring", "summer"):
            actions.create_pool(ws, key, PoolWishes(key), NOW, by="test")
            actions.add_codes(ws, key, [(f"{key}{n}", NOW + DAY if n % 2 else None) for n in range(20)], NOW, by="test")
    look()
    for n in range(6):
        with db.workspace(shop) as ws:
            actions.give(ws, "spring", "mail", [Wanted(n, n)], NOW)
    with db.workspace(shop) as ws:
        ws.conn.execute("UPDATE coupon SET redeemed_at = now() WHERE code IN ('spring0', 'spring9', 'summer1')")
    look()
    with db.everywhere() as everywhere:
        everywhere.run(actions.QUERIES.fold_stock, above=2)
        assert everywhere.conn.execute("SELECT count(*) FROM coupon_stock").fetchone() == (4,)
    look()
    with db.workspace(shop) as ws:
        actions.remove_free(ws, "summer", NOW, by="test")
    look()
    assert seen[-4:] == [(20, 13, 6, 2), (20, 7, 6, 2), (1, 0, 0, 1), (1, 0, 0, 1)]


def test_two_who_add_up_at_once_lose_nothing(db: Database) -> None:
    """The second waits for the first, whose sum it does not see; of what was given meanwhile it has the changes alone."""
    shop = make.workspace(db)
    with db.workspace(shop) as ws:
        actions.create_pool(ws, "spring", PoolWishes("Spring"), NOW, by="test")
        actions.add_codes(ws, "spring", [(f"C{n}", None) for n in range(20)], NOW, by="test")

    def fold() -> None:
        with db.everywhere() as everywhere:
            everywhere.run(actions.QUERIES.fold_stock, above=0)

    second = Thread(target=fold)
    with db.everywhere() as first:
        first.run(actions.QUERIES.fold_stock, above=0)
        with db.workspace(shop) as ws:
            actions.give(ws, "spring", "mail", [Wanted(1, 1)], NOW)
        second.start()
        while first.conn.execute(WAITING).fetchone() == (0,):
            time.sleep(0.01)
    second.join()
    with db.workspace(shop) as ws:
        pool = queries.get_pool(ws, "spring", NOW)
    assert (pool.total, pool.free, pool.given) == (20, 19, 1)


def test_what_is_kept_of_pools_that_are_gone_goes(db: Database) -> None:
    shop = make.workspace(db)
    with db.workspace(shop) as ws:
        actions.create_pool(ws, "spring", PoolWishes("Spring"), NOW, by="test")
        actions.add_codes(ws, "spring", [("A", None)], NOW, by="test")
        actions.delete_pool(ws, "spring", NOW, by="test")
    with db.everywhere() as everywhere:
        actions.fold_stock(everywhere)
        assert everywhere.conn.execute("SELECT count(*) FROM coupon_stock").fetchone() == (0,)


def test_a_pool_of_many_codes_is_counted_without_reading_them(db: Database) -> None:
    shop = make.workspace(db)
    with db.workspace(shop) as ws:
        actions.create_pool(ws, "spring", PoolWishes("Spring"), NOW, by="test")
        actions.add_codes(ws, "spring", [(f"C{n}", None) for n in range(2_000)], NOW, by="test")
    with db.workspace(shop) as ws:
        asked = {"key": None, "is_archived": False, "now": NOW, "workspace_id": shop}
        plan = ws.conn.execute(f"EXPLAIN (ANALYZE, FORMAT TEXT) {queries.QUERIES.find_pools.text}", asked).fetchall()  # type: ignore[arg-type]
    assert not [line for (line,) in plan if " coupon " in line]
