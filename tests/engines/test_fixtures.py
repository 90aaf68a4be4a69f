"""The fixtures that all other tests stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit.sql import Query

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

WHO = Query("who", "SELECT usesuper OR usebypassrls FROM pg_user WHERE usename = current_user")
TABLES = Query(
    "tables", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('workspace', 'person', 'schema_migration')"
)


def test_the_role_of_the_tests_is_bound_by_row_level_security(db: Database) -> None:
    with db.everywhere() as ws:
        assert ws.value(WHO) is False
        assert ws.value(TABLES) == 3


def test_a_fresh_clickhouse_database_has_the_schema_and_nothing_in_it(ch: Client) -> None:
    assert ch.command("SELECT count() FROM event") == 0
    assert ch.command("SELECT count() FROM schema_migration") >= 1
