"""The embedded PostgreSQL on clusters of its own: durability, recovery, versions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from hudhud.engines.clickhouse import free_port
from hudhud.engines.errors import EngineFailed
from hudhud.engines.postgres import Postgres
from hudhud.engines.process import started_at

if TYPE_CHECKING:
    from pathlib import Path


def test_commits_survive_kill_9_and_the_next_start_recovers(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg").start()
    with psycopg.connect(server.url()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 1 AS a")
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("on",)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    start_again(server)
    with psycopg.connect(server.url()) as conn:
        assert conn.execute("SELECT a FROM kept").fetchone() == (1,)
    server.stop()


def test_a_folder_with_a_very_long_name(tmp_path: Path) -> None:
    server = Postgres(tmp_path / ("long" * 30) / "pg").start()
    with psycopg.connect(server.url()) as conn:
        assert conn.execute("SELECT lower('ÕUN')").fetchone() == ("õun",)
    server.stop()


@pytest.mark.parametrize("version", [16, 18])
def test_both_versions_on_tcp_ask_for_the_password_of_a_plain_role(tmp_path: Path, version: int) -> None:
    server = Postgres(tmp_path / "pg", version=version, port=free_port()).start()
    with psycopg.connect(server.url()) as conn:
        assert conn.info.server_version // 10000 == version
        assert conn.execute("SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone() == (
            False,
        )
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url().replace(server.password, "wrong"))
    server.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="no_such_setting"):
        Postgres(tmp_path / "pg", settings={"no_such_setting": "1"}).start()


def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(tmp_path: Path) -> None:
    (tmp_path / "pg.new").mkdir()
    (tmp_path / "pg.new" / "PG_VERSION").write_text("18")
    server = Postgres(tmp_path / "pg").start()
    server.stop()
    assert not (tmp_path / "pg.new").exists()


def test_the_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from hudhud.engines.postgres import Postgres\n"
        "server = Postgres(Path(sys.argv[1])).start(); print(server.process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "pg")], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    server_pid = int(starter.stdout.readline())
    stamp = started_at(server_pid)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 10
    while started_at(server_pid) == stamp:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def start_again(server: Postgres) -> None:
    """As the supervisor does: the old backends may need a moment to notice the death."""
    for _ in range(50):
        try:
            server.start()
        except EngineFailed:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(server.log_path.read_text())


def test_any_password_can_stand_in_the_address(tmp_path: Path) -> None:
    password = "a/b@c:d?e#f%"
    url = Postgres(tmp_path / "pg", port=5432, password=password).url()
    assert conninfo_to_dict(url) == {"user": "hudhud", "password": password, "host": "127.0.0.1", "port": "5432", "dbname": "hudhud"}
    assert urlsplit(url).hostname == "127.0.0.1"
