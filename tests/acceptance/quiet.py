"""Waiting until a running Hudhud has nothing left to do."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from hudhud.kit import sql
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import EVERYWHERE, SET_WORKSPACE, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from tests.acceptance.replay import Live, Stage
    from tests.harness.product import Product

QUERIES = sql.load("tests.acceptance", "quiet.sql")


@contextmanager
def look_behind(hudhud: Product) -> Iterator[tuple[Scope, Client]]:
    """Open both databases of a running Hudhud, to check what it says."""
    with psycopg.connect(hudhud.database_url, options="-c timezone=UTC") as conn, conn.transaction():
        conn.execute(SET_WORKSPACE, (EVERYWHERE,))
        ch = connect(hudhud.clickhouse_url)
        try:
            yield Scope(conn, None), ch
        finally:
            ch.close()


def wait_until_quiet(hudhud: Product, stage: Stage | Live, *, seconds: float, step: timedelta = timedelta(hours=1)) -> None:
    """Wait until all is done; the clock goes on, so that what was deferred is tried again."""
    deadline = time.monotonic() + seconds
    found: dict[str, Any] | None = None
    while time.monotonic() < deadline:
        try:
            with look_behind(hudhud) as (ws, _):
                found = ws.one(QUERIES.unfinished, now=stage.at - timedelta(seconds=1))
        except psycopg.OperationalError:
            found = None
        if found is not None and not any(found.values()):
            return
        if found is not None and {name for name, count in found.items() if count} == {"messages"}:
            stage.move_to(stage.at + step)
        time.sleep(0.5)
    message = f"after {seconds} s there is still something to do: {found}"
    raise TimeoutError(message)


def catch_up(hudhud: Product, stage: Stage, *, seconds: float = 600.0) -> None:
    """Wait until every event is processed and every run that is due has moved; on a busy machine kills come faster than starts."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(hudhud.database_url) as conn:
            conn.execute(SET_WORKSPACE, (EVERYWHERE,))
            found = Scope(conn, None).one(QUERIES.unfinished, now=stage.at)
            if found is not None and not (found["events"] or found["consent"] or found["runs"]):
                return
        time.sleep(0.05)
    message = f"not caught up with {stage.at} after {seconds} s"
    raise TimeoutError(message)


def in_doubt(ws: Scope) -> set[str]:
    """Return the addresses that may or may not have been reached."""
    return {row[0] for row in ws.rows(QUERIES.in_doubt)}
