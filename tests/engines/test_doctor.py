"""`hudhud doctor` finds what is wrong and names the cure."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest

from hudhud.engines.clickhouse import free_port
from hudhud.engines.doctor import Finding, examine
from hudhud.engines.follow import follow
from hudhud.engines.postgres import SUPERUSER
from hudhud.kit.config import Settings, settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Engines


@pytest.fixture
def healthy(database_url: str, clickhouse_url: str, tmp_path: Path) -> Settings:
    given = {
        "data": tmp_path / "data",
        "host": "127.0.0.1",
        "port": free_port(),
        "database_url": database_url,
        "clickhouse_url": clickhouse_url,
    }
    return settings().model_copy(update=given)


def named(findings: list[Finding], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def test_all_is_well(healthy: Settings) -> None:
    assert [finding.message for finding in examine(healthy) if not finding.ok] == []


def test_a_taken_port(healthy: Settings) -> None:
    with socket.create_server(("127.0.0.1", healthy.port)):
        assert (
            named(examine(healthy), "port").message
            == f"127.0.0.1:{healthy.port}: Address already in use; choose another with --port or --host"
        )


def test_a_key_that_others_can_read(healthy: Settings) -> None:
    healthy.data.mkdir()
    key = healthy.data / "secret.key"
    key.write_text("secret")
    key.chmod(0o644)
    assert named(examine(healthy), "signing key") == Finding("signing key", ok=False, message=f"others can read it: chmod 600 {key}")


def test_what_workers_cannot_put_right_and_how_far_the_kept_log_reaches(healthy: Settings) -> None:
    assert (named(examine(healthy), "workers").ok, named(examine(healthy), "kept log").message[:11]) == (True, "nothing yet")
    with psycopg.connect(healthy.database_url, autocommit=True) as conn:
        conn.execute("SET hudhud.workspace = '*'")
        conn.execute(
            "INSERT INTO worker_alarm VALUES ('a', 'do this', now(), now()), ('b', 'long ago', now(), now() - interval '25 hours')"
        )
        conn.execute("INSERT INTO workspace (name, created_at) VALUES ('Shop', now())")
        conn.execute(
            "INSERT INTO intake_kept (workspace_id, kept_at, source, is_there, events, actors, oldest, body)"
            " SELECT id, '2026-03-01T12:00:00Z', 'server', true, 1200, '{}', '{}', '' FROM workspace"
        )
    found = examine(healthy)
    assert not named(found, "workers").ok
    assert named(found, "workers").message.startswith("do this (seen 2")
    assert "long ago" not in named(found, "workers").message
    assert named(found, "kept log").message.startswith("1,200 events since 2026-03-01 12:00 UTC, 0 MB, kept for 7 days")
    off = examine(healthy.model_copy(update={"keep_log_days": 0}))
    assert named(off, "kept log").message.startswith("off (HUDHUD_KEEP_LOG_DAYS=0)")


def test_migrations_that_are_missing_changed_or_unknown(healthy: Settings) -> None:
    with psycopg.connect(healthy.database_url, autocommit=True) as conn:
        conn.execute("DELETE FROM schema_migration WHERE name LIKE '0001%'")
        assert named(examine(healthy), "PostgreSQL").message.endswith("1 migrations to apply: hudhud migrate")
        conn.execute("INSERT INTO schema_migration VALUES ('0001_scope.sql', 'other')")
        assert "0001_scope.sql has changed" in named(examine(healthy), "PostgreSQL").message
        conn.execute("INSERT INTO schema_migration VALUES ('9999_later.sql', 'other')")
        assert "9999_later.sql" in named(examine(healthy), "PostgreSQL").message


def test_databases_that_do_not_answer(healthy: Settings) -> None:
    port = free_port()
    away = healthy.model_copy(
        update={"database_url": f"postgresql://x@127.0.0.1:{port}/x", "clickhouse_url": f"http://x:x@127.0.0.1:{port}/x"}
    )
    findings = examine(away)
    assert named(findings, "PostgreSQL").message.endswith("is it running, is DATABASE_URL right?")
    assert named(findings, "ClickHouse").message.endswith("is it running, is CLICKHOUSE_URL right?")


def test_a_role_that_passes_row_level_security(healthy: Settings, engines: Engines) -> None:
    name = healthy.database_url.partition("@/")[2].partition("?")[0]
    found = named(
        examine(healthy.model_copy(update={"database_url": engines.postgres_admin.format(SUPERUSER).replace("@/postgres", f"@/{name}")})),
        "PostgreSQL",
    )
    assert found.message == "the role passes row-level security; connect as one that is no superuser"


def test_verbose_shows_what_is_appended(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hudhud.engines.follow.LOOK_EVERY_S", 0.01)
    log = tmp_path / "edge.log"
    log.write_text("before\n")
    ended = follow(tmp_path)
    with log.open("a") as file:
        file.write("after\n")
    seen = b""
    while b"after\n" not in seen:
        seen += capfdbinary.readouterr().err
    ended.set()
    assert seen == b"after\n"
