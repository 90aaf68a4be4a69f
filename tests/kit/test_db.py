"""Transactions: they begin in one round trip, on a connection that is alive, and end as their block ends."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from hudhud.kit.db import Database, Scope


def _ask(scope: Scope, text: str) -> object:
    row = scope.conn.execute(text).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def test_connections_that_postgresql_closed_are_replaced_without_an_error(db: Database) -> None:
    with ExitStack() as several:
        for _ in range(4):
            several.enter_context(db.everywhere())
    with db.everywhere() as scope:
        ended = _ask(
            scope,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    assert isinstance(ended, int)
    assert ended >= 3
    with ExitStack() as several:
        assert [_ask(several.enter_context(db.everywhere()), "SELECT 1") for _ in range(4)] == [1, 1, 1, 1]


def test_settings_and_the_workspace_hold_for_one_transaction(db: Database) -> None:
    with db.everywhere("enable_seqscan = off") as scope:
        assert (_ask(scope, "SHOW enable_seqscan"), _ask(scope, "SHOW hudhud.workspace")) == ("off", "*")
    with db.workspace(7) as scope:
        assert (_ask(scope, "SHOW enable_seqscan"), _ask(scope, "SHOW hudhud.workspace")) == ("on", "7")


def test_what_a_block_did_is_kept_unless_it_raised(db: Database) -> None:
    with db.everywhere() as scope:
        scope.conn.execute("CREATE TABLE seen (number int)")
        scope.conn.execute("INSERT INTO seen VALUES (1)")
    for error in (ZeroDivisionError, psycopg.Rollback):
        with suppress(ZeroDivisionError), db.everywhere() as scope:
            scope.conn.execute("INSERT INTO seen VALUES (2)")
            raise error
    with db.everywhere() as scope:
        assert _ask(scope, "SELECT array_agg(number) FROM seen") == [1]
