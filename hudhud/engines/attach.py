"""Databases for one command: those of the running Hudhud, those that are configured, or the embedded ones, started for as long as it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from hudhud.engines.clickhouse import ClickHouse
from hudhud.engines.errors import EngineFailed
from hudhud.engines.home import Home
from hudhud.engines.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.config import Settings


@contextmanager
def attached(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with addresses that answer, migrated; raises `EngineFailed`, `AlreadyRunning`."""
    home = Home(settings.data.resolve())
    running = home.addresses()
    if running is not None:
        found = {"database_url": running.database_url, "clickhouse_url": running.clickhouse_url, "clock": running.clock}
        yield settings.model_copy(update=found | {"public_url": running.url, "data": home.data})
        return
    home.prepare()
    with ExitStack() as stack:
        if not (settings.database_url and settings.clickhouse_url):
            stack.enter_context(home.owned())
            home.end_leftovers()
        chosen = settings.model_copy(update={"data": home.data, **_start_missing(settings, home, stack)})
        _migrate(chosen)
        yield chosen


def _start_missing(settings: Settings, home: Home, stack: ExitStack) -> dict[str, str]:
    """Start what has no address; it is stopped with the stack."""
    addresses: dict[str, str] = {}
    if not settings.database_url:
        postgres = Postgres(home.data / "postgres", log=home.log("postgres"))
        stack.callback(postgres.stop)
        addresses["database_url"] = postgres.start().url()
    if not settings.clickhouse_url:
        clickhouse = ClickHouse(home.data / "clickhouse", log=home.log("clickhouse"))
        stack.callback(clickhouse.stop)
        addresses["clickhouse_url"] = clickhouse.start().url()
    return addresses


def _migrate(settings: Settings) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "HUDHUD_DATA": str(settings.data),
    }
    done = subprocess.run([sys.executable, "-m", "hudhud.cli", "migrate"], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineFailed(f"the migrations did not apply:\n{done.stderr[-2000:]}")
