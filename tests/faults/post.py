"""A small post office for fault tests: messages planned in the database, delivery workers as processes, a ledger as the peer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from hudhud.content.actions import publish
from hudhud.content.sandbox import Sandbox
from hudhud.delivery.actions import plan
from hudhud.delivery.types import PlannedMessage
from hudhud.kit.sql import Query
from tests import make
from tests.acceptance.replay import Stage
from tests.harness import checker
from tests.harness.checker import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from tests.harness.book import Entry
    from tests.harness.ledger import Ledger

ROOT = Path(__file__).parents[2]
STATES = Query("states", "SELECT id, state, reason, attempts, address FROM message ORDER BY id")
END_LEASES = Query("end_leases", "UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")
MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ person.email }}</mj-text></mj-column></mj-section></mj-body></mjml>"


class Post:
    """One workspace that sends one kind of mail."""

    def __init__(self, db: Database, ch: Client, ledger: Ledger, folder: Path, environment: dict[str, str]) -> None:
        """Publish the mail; the clock stands in a file."""
        self.db, self.ch, self.ledger, self.folder = db, ch, ledger, folder
        self.stage = Stage(folder / "clock", make.NOW)
        self.environment = {
            **environment,
            "HUDHUD_CLOCK": self.stage.setting,
            "HUDHUD_SMTP_URL": ledger.url,
            "HUDHUD_DATA": str(folder / "data"),
        }
        self.workspace_id = make.workspace(db)
        sandbox = Sandbox()
        with db.workspace(self.workspace_id) as ws:
            publish(ws, sandbox, "hello", {"en": "Hello"}, {"en": {"subject": "Hello", "mjml": MJML}}, actor="test", now=make.NOW)
        sandbox.close()

    def plan(self, *addresses: str, topic: str = "newsletter") -> list[int]:
        """Let each address get one mail; return the messages' ids."""
        with self.db.workspace(self.workspace_id) as ws:
            people = make.people(ws, addresses, topics=[topic])
            return plan(ws, [PlannedMessage("api", person, "one", person, topic, "hello") for person in people], self.stage.at)

    @contextmanager
    def worker(self, *, roles: str = "delivery", failpoint: str = "", wrapper: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker; `wrapper` goes before its command line (strace)."""
        command = [*wrapper, sys.executable, "-m", "hudhud.workers.main", "--roles", roles]
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(command, env={**self.environment, "HUDHUD_FAILPOINT": failpoint}, cwd=ROOT, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                # A tracer that is told to end lets its tracee run on; ending the tracee ends both.
                for running in psutil.Process(process.pid).children() if wrapper else [process]:
                    running.terminate()
            process.wait(60)

    def run_until_killed(self, failpoint: str) -> None:
        """Run a worker that kills itself at a point."""
        with self.worker(failpoint=failpoint) as process:
            assert process.wait(30) == -signal.SIGKILL, self.log()

    def rows(self) -> list[tuple[int, str, str, int, str]]:
        """Return (id, state, reason, attempts, address) of every message."""
        with self.db.everywhere() as everywhere:
            return [tuple(row) for row in everywhere.rows(STATES)]

    def states(self) -> Counter[str]:
        """Count messages by state."""
        return Counter(row[1] for row in self.rows())

    def reasons(self) -> dict[str, tuple[str, str]]:
        """Return state and reason by address."""
        return {row[4]: (row[1], row[2]) for row in self.rows()}

    def wait(self, holds: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until something holds; raises with the worker's log."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{self.rows()[:40]}\n{len(self.mails())} mails\n{self.log()[-1500:]}"
            time.sleep(0.02)

    def wait_for(self, **states: int) -> None:
        """Wait until so many messages are in these states."""
        self.wait(lambda: all(self.states()[state] == count for state, count in states.items()))

    def later(self, minutes: float) -> None:
        """Move the clock on."""
        self.stage.move_to(self.stage.at + timedelta(minutes=minutes))

    def end_leases(self) -> None:
        """Let the time of lost workers be over without waiting for it."""
        with self.db.everywhere() as everywhere:
            everywhere.run(END_LEASES)

    def mails(self) -> list[Entry]:
        """Return what the ledger has."""
        return self.ledger.entries()

    def check(self) -> None:
        """Assert all invariants about mails."""
        assert self.ledger.peer.violations == []
        with self.db.everywhere() as everywhere:
            checker.check(Evidence(everywhere, self.ch, ledger=self.mails()), "I3", "I4", "I6", "I7", "I9")

    def log(self) -> str:
        """Return the end of what workers wrote."""
        path = self.folder / "worker.log"
        return path.read_text("utf-8", "replace")[-4000:] if path.exists() else ""


def environment(database_url: str, clickhouse_url: str) -> dict[str, str]:
    """Return the settings of a process that works on a test's databases."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HUDHUD_")}
    return {**ours, "DATABASE_URL": database_url, "CLICKHOUSE_URL": clickhouse_url}
