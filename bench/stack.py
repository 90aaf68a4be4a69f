"""What a benchmark runs on: embedded engines in a folder of its own, and single processes of the product beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil
import psycopg

from hudhud.engines.clickhouse import ClickHouse, free_port
from hudhud.engines.postgres import SUPERUSER, Postgres
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from clickhouse_connect.driver.client import Client

ROOT = Path(__file__).parents[1]


@dataclass
class Stack:
    """Both engines, migrated; durable as in production (fsync and synchronous_commit on)."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="hudhud-bench-")))
    environment: dict[str, str] = field(default_factory=dict)
    keep: bool = False  # leave the folder behind, for another run

    def __enter__(self) -> Self:
        """Start and migrate."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        # Commit times are how we know when, for the database, something happened; they cost next to nothing.
        self.postgres = Postgres(self.folder / "pg", settings={"track_commit_timestamp": "on"}).start()
        self.clickhouse = ClickHouse(self.folder / "ch").start()
        subprocess.run([sys.executable, "-m", "hudhud.cli", "migrate"], env=self.env(), check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.db = Database(self.postgres.url()).open()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Stop and remove."""
        self.db.close()
        self.clickhouse.stop(grace_s=60)
        self.postgres.stop(grace_s=60)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def env(self) -> dict[str, str]:
        """Return the settings that the product's processes get."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("HUDHUD_")}
        return {
            **ours,
            "DATABASE_URL": self.postgres.url(),
            "CLICKHOUSE_URL": self.clickhouse.url(),
            "HUDHUD_DATA": str(self.folder / "data"),
            # One key brings what many shops would: counted, never refused.
            "HUDHUD_PUBLIC_KEY_PER_S": "10000000",
            "HUDHUD_SERVER_KEY_PER_S": "10000000",
            **self.environment,
        }

    def ch(self) -> Client:
        """Open ClickHouse."""
        return connect(self.clickhouse.url())

    def clickhouse_mb(self) -> float:
        """Return the resident memory of the ClickHouse process."""
        assert self.clickhouse.process is not None
        return float(psutil.Process(self.clickhouse.process.pid).memory_info().rss) / 2**20

    def clickhouse_s(self) -> float:
        """Return the processor time that the ClickHouse process has taken."""
        assert self.clickhouse.process is not None
        times = psutil.Process(self.clickhouse.process.pid).cpu_times()
        return float(times.user + times.system)

    def admin(self) -> psycopg.Connection[Any]:
        """Open PostgreSQL as its superuser, past all walls."""
        return psycopg.connect(self.postgres.url(user=SUPERUSER), autocommit=True)

    def analyze(self) -> None:
        """Give the planner what autovacuum would have given it a minute later."""
        with self.admin() as admin:
            admin.execute("ANALYZE")

    @contextmanager
    def process(self, *module: str, **environment: str) -> Iterator[psutil.Process]:
        """Run one process of the product: `process("hudhud.workers.main", "--roles", "delivery")`."""
        with (self.folder / f"{module[0]}.log").open("ab") as log:
            running = subprocess.Popen([sys.executable, "-m", *module], env={**self.env(), **environment}, cwd=ROOT, stdout=log, stderr=log)
        try:
            yield psutil.Process(running.pid)
        finally:
            running.terminate()
            running.wait(15)

    def log_of(self, module: str) -> str:
        """Return the end of what a process has written."""
        return (self.folder / f"{module}.log").read_text("utf-8", "replace")[-2000:]


def load(url: str, key: str, **options: object) -> dict[str, Any]:
    """Run the load generator in its own process; return its summary."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", "--url", url, "--key", key, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def wait_until(holds: Any, seconds: float, *, every_s: float = 0.05, what: str = "") -> float:  # noqa: ANN401 -- any callable that says yes
    """Wait until `holds()`; return how long it took; raises TimeoutError."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > seconds:
            message = f"{what or holds} did not come true within {seconds} s"
            raise TimeoutError(message)
        time.sleep(every_s)
    return time.perf_counter() - began


__all__ = ["ROOT", "Stack", "free_port", "load", "wait_until"]
