"""The door and the flow behind it as processes, for tests that send events."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hudhud.accounts.actions import create_key
from hudhud.engines.clickhouse import free_port
from hudhud.kit.sql import Query
from tests import make
from tests.harness import checker, history
from tests.harness.checker import Evidence
from tests.harness.history import History
from tests.harness.ledger import wait_for_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

ROOT = Path(__file__).parents[2]
BACKLOG = Query("backlog", "SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)")


class Door:
    """One workspace, its key, an edge process; workers as wanted."""

    def __init__(self, db: Database, ch: Client, folder: Path, environment: dict[str, str]) -> None:
        """Make the workspace and a server key."""
        self.db, self.ch, self.folder = db, ch, folder
        self.port = free_port()
        self.environment = {**environment, "HUDHUD_DATA": str(folder / "data"), "HUDHUD_PORT": str(self.port), "HUDHUD_HOST": "127.0.0.1"}
        self.workspace_id = make.workspace(db)
        with db.workspace(self.workspace_id) as ws:
            self.key = create_key(ws, kind="api", now=make.NOW, actor="cli")[1]
        self.clients: list[History] = []

    @contextmanager
    def process(self, *module: str, failpoint: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Run one process of the product."""
        with (self.folder / "processes.log").open("ab") as log:
            env = {**self.environment, "HUDHUD_FAILPOINT": failpoint}
            process = subprocess.Popen([sys.executable, "-m", *module], env=env, cwd=ROOT, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(20)

    @contextmanager
    def edge(self) -> Iterator[subprocess.Popen[bytes]]:
        """Open the door."""
        with self.process("hudhud.edge.main") as process:
            wait_for_port(self.port)
            yield process

    @contextmanager
    def flow(self, *, failpoint: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker with the roles of the flow."""
        with self.process("hudhud.workers.main", "--roles", "intake,segments,journeys", failpoint=failpoint) as process:
            yield process

    def client(self) -> History:
        """Return a client that writes down what it does."""
        client = History(self.folder / f"calls-{len(self.clients)}.ndjson", f"http://127.0.0.1:{self.port}", key=self.key)
        self.clients.append(client)
        return client

    def backlog(self) -> int:
        """Count what waits in the log."""
        with self.db.everywhere() as everywhere:
            return int(everywhere.value(BACKLOG))

    def drain(self, seconds: float = 60.0) -> None:
        """Wait until the log is read to its end."""
        self.wait(lambda: not self.backlog(), seconds)

    def wait(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something holds; raises with the processes' log."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def calls(self) -> list[history.Call]:
        """Return every call of every client."""
        for client in self.clients:
            client.close()
        return [call for client in self.clients for call in history.read(client.path)]

    def check(self, *names: str) -> None:
        """Assert the invariants about events and runs."""
        calls = self.calls()
        with self.db.everywhere() as everywhere:
            checker.check(Evidence(everywhere, self.ch, calls), *(names or ("I1", "I2", "I6", "I7", "I8", "I10")))

    def log(self) -> str:
        """Return the end of what the processes wrote."""
        return (self.folder / "processes.log").read_text("utf-8", "replace")[-3000:]
