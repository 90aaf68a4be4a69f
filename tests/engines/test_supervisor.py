"""`hudhud up` as its users meet it: one line, one port, nothing that stays dead or stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from hudhud.engines.clickhouse import ClickHouse, free_port
from hudhud.engines.home import Home
from hudhud.engines.postgres import Postgres
from hudhud.engines.supervisor import PROCESSES
from hudhud.kit.clickhouse import connect
from tests.harness.product import Product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = ("hudhud.edge.main", "hudhud.app.main", "--roles intake,", "--roles delivery,", "clickhouse_server", "postgres -D")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path, free_port()) as running:
        yield running


def children(product: Product) -> dict[str, psutil.Process]:
    """The living children by name; one that is just dying is not among them."""
    found = {}
    for process in psutil.Process(product.pid).children():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            found |= {name: process for name in NAMES if name in line}
    return found


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_line_then_ready_then_a_quick_end(product: Product) -> None:
    until(lambda: product.log.read_bytes().count(b"\n") == 1)
    assert product.log.read_text() == f"Hudhud is ready: {product.url}\n"
    assert product.get_status("/healthz") == 200
    family = psutil.Process(product.pid).children(recursive=True)
    assert len(children(product)) == len(PROCESSES) + 2
    started = time.monotonic()
    assert product.stop() == 0
    assert time.monotonic() - started < 10
    assert psutil.wait_procs(family, timeout=2)[1] == []


def test_a_taken_port_is_refused_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "hudhud.cli", "up", "--data", str(tmp_path / "data"), "--port", port]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"hudhud: 127.0.0.1:{port}: Address already in use; choose another with --port or --host\n"


@pytest.mark.long
def test_a_process_that_does_not_start_is_told_with_its_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hudhud.cli", "up", "--data", str(tmp_path / "data"), "--port", str(free_port())]
    env = os.environ | {"HUDHUD_CLOCK": "slow"}
    refused = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "does not start; the end of" in refused.stderr
    assert "HUDHUD_CLOCK: 'slow' is not valid; use live, lapse:" in refused.stderr


@pytest.mark.long
def test_every_child_that_is_killed_comes_back(product: Product) -> None:
    for name in NAMES:
        killed = children(product)[name]
        killed.kill()
        until(lambda name=name, killed=killed: children(product).get(name, killed) != killed)  # type: ignore[misc]
        until(lambda: product.get_status("/readyz") == 200)
    assert set(children(product)) == set(NAMES)


@pytest.mark.long
def test_a_second_start_on_the_folder_is_refused_and_a_used_folder_starts_again(product: Product) -> None:
    second = [sys.executable, "-m", "hudhud.cli", "up", "--data", str(product.data), "--port", str(free_port())]
    refused = subprocess.run(second, capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"already runs on {product.data} at {product.url}" in refused.stderr
    with psycopg.connect(product.database_url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS a")
    connect(product.clickhouse_url).command("CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a AS SELECT 7 AS a")
    product.stop()
    product.start()
    with psycopg.connect(product.database_url) as conn:
        assert conn.execute("SELECT a FROM kept").fetchone() == (7,)
    assert connect(product.clickhouse_url).command("SELECT a FROM kept") == 7


@pytest.mark.long
def test_kill_9_of_the_supervisor_leaves_nothing_that_blocks_the_next(product: Product) -> None:
    family = psutil.Process(product.pid).children(recursive=True)
    os.kill(product.pid, signal.SIGKILL)
    assert product.process is not None
    product.process.wait()
    product.start()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert product.get_status("/readyz") == 200


@pytest.mark.long
def test_everything_killed_at_once_recovers(product: Product) -> None:
    product.power_cut()
    product.start()
    assert product.get_status("/readyz") == 200


@pytest.mark.long
@pytest.mark.parametrize("version", [16, 18])
def test_servers_of_ones_own(tmp_path: Path, version: int) -> None:
    postgres = Postgres(tmp_path / "own" / "pg", version=version, port=free_port())
    (tmp_path / "own").mkdir()
    postgres.start()
    clickhouse = ClickHouse(tmp_path / "own" / "ch").start()
    with Product(tmp_path, free_port(), DATABASE_URL=postgres.url(), CLICKHOUSE_URL=clickhouse.url()) as product:
        assert product.get_status("/readyz") == 200
        assert product.database_url == postgres.url()
        assert {"postgres -D", "clickhouse_server"} & set(children(product)) == set()
        assert product.command("owner", "create", "--email", "ada@example.com", "--password", "correct horse battery")
        with psycopg.connect(postgres.url()) as conn:
            assert conn.info.server_version // 10000 == version
            assert conn.execute("SELECT count(*) > 30 FROM pg_tables WHERE schemaname = 'public'").fetchone() == (True,)
    clickhouse.stop()
    postgres.stop()
    assert not (Path(product.data) / "postgres").exists()


@pytest.mark.long
def test_a_time_lapse_runs_and_goes_on(tmp_path: Path) -> None:
    product = Product(tmp_path, free_port())
    command = [sys.executable, "-m", "hudhud.cli", "up", "--data", str(product.data), "--port", str(product.port), "--time-lapse", "3600"]
    stood = []
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as up:
            assert up.stdout is not None
            assert up.stdout.readline().startswith("Hudhud is ready")
            running = Home(product.data.resolve()).addresses()
            assert running is not None
            stood.append(running.clock)
            up.terminate()
            up.communicate(timeout=20)
    first, second = (float(setting.split(":")[3]) for setting in stood)
    assert second - first > 3600
