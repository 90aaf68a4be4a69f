"""The intake line on test databases: put messages in, let the worker work, look at what came of it."""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hudhud.events.actions import append_rows
from hudhud.events.types import Row, lane_of
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.workers import intake
from hudhud.workers.ahead import Ahead
from hudhud.workers.context import Context
from tests import make
from tests.harness.typed import typed
from tests.make import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


# How the sessions of a worker that kills itself are called.
KILLED = "killed"
# Logs are read only up to the oldest open transaction of the whole cluster: of other tests in other databases, too.
HELD_BACK = """
SELECT (EXISTS (SELECT FROM intake WHERE txid >= pg_snapshot_xmin(pg_current_snapshot()))
        OR EXISTS (SELECT FROM consent_log WHERE txid >= pg_snapshot_xmin(pg_current_snapshot())))
   AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid())
"""


@dataclass
class Line:
    """One workspace's way from message to effect."""

    db: Database
    ch: Client
    clickhouse_url: str
    shop: int = 0
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def __post_init__(self) -> None:
        self.shop = make.workspace(self.db)
        self.context = self.new_context("tester")
        self.ahead = Ahead(self.db)

    def new_context(self, name: str) -> Context:
        settings = Settings(DATABASE_URL=self.db.url, CLICKHOUSE_URL=self.clickhouse_url)
        return Context(name, settings, self.db, self.clock, Keys((b"test",)))

    def put(self, *messages: dict[str, Any], source: str = "server", bulk: bool = False, workspace_id: int = 0) -> None:
        rows = []
        for message in messages:
            whole = {"messageId": str(uuid.uuid4()), **message}
            key = str(whole.get("userId") or whole.get("anonymousId") or whole["traits"]["email"])
            rows.append(Row(workspace_id or self.shop, lane_of(key, bulk=bulk), source, json.dumps(whole).encode()))
        with self.db.everywhere() as everywhere:
            append_rows(everywhere, rows, self.clock.now())
        self.wait_for_others()

    def wait_for_others(self) -> None:
        """Wait until no transaction of another database holds a log back."""
        while self.sql(HELD_BACK) == [(True,)]:
            time.sleep(0.002)

    def work(self) -> int:
        """Work until nothing is left; return the number of batches."""
        batches = 0
        self.wait_for_others()
        while intake.work_once(self.context, self.ch, self.ahead):
            batches += 1
        return batches

    def crash(self, failpoint: str, role: str = "intake") -> int:
        """Run a real worker that kills itself at a point; return its exit status."""
        env = {
            **os.environ,
            "DATABASE_URL": self.db.url,
            "CLICKHOUSE_URL": self.clickhouse_url,
            "HUDHUD_FAILPOINT": failpoint,
            "PGAPPNAME": KILLED,
        }
        ended = typed(["--roles", role], env, program="hudhud.workers.main")
        # PostgreSQL notices a moment later; what it had locked is locked until then.
        deadline = time.monotonic() + 20
        while self.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE ANY (ARRAY [%s, %s])",
            KILLED,
            f"%:{ended.pid}:%",
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return ended.returncode

    def sql(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.db.everywhere() as everywhere:
            return everywhere.conn.execute(text, parameters).fetchall()

    def events(self, columns: str = "name, message_id", table: str = "event") -> list[tuple[Any, ...]]:
        return sorted(tuple(row) for row in self.ch.query(f"SELECT {columns} FROM {table}").result_rows)

    def rejects(self) -> list[tuple[str, str]]:
        return [(reason, detail) for reason, detail in self.sql("SELECT reason, detail FROM intake_reject ORDER BY id")]


def track(user: str, event: str = "Product Viewed", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """A track message."""
    return {"type": "track", "userId": user, "event": event, **more}


def identify(user: str | None = None, visitor: str | None = None, **traits: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """An identify message."""
    ids = {"userId": user, "anonymousId": visitor}
    return {"type": "identify", "traits": traits, **{name: value for name, value in ids.items() if value}}
