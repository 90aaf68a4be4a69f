"""A workspace with a published template, a render process, and a delivery worker that runs until there is nothing left to do."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from hudhud.content.sandbox import Sandbox
from hudhud.delivery.actions import plan
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.compose import Composer
from hudhud.delivery.dispatch import Dispatcher
from hudhud.delivery.senders.kinds import Surroundings
from hudhud.delivery.types import PlannedMessage
from hudhud.kit.clock import FixedClock
from hudhud.kit.crypto import Keys
from hudhud.kit.egress import read_networks
from tests import make
from tests.harness.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hudhud.kit.db import Database

KEYS = Keys((b"k" * 32,))
BASE_URL = "https://mail.example"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One render process for all tests."""
    process = Sandbox()
    yield process
    process.close()


@dataclass
class Desk:
    """What the tests of this folder work with."""

    db: Database
    sandbox: Sandbox
    ledger: Ledger
    workspace_id: int
    data: Path
    around: Surroundings = field(default_factory=lambda: Surroundings(KEYS, "mail.example", read_networks("127.0.0.0/8")))
    clock: FixedClock = field(default_factory=lambda: FixedClock(make.NOW))

    def send(self, *addresses: str, topic: str = "newsletter", template: str = "hello", step: str = "hello") -> list[int]:
        """Plan one mail to each address (people are made, subscribed to every topic); return the messages."""
        with self.db.workspace(self.workspace_id) as ws:
            ids = [make.person(ws, address, ("newsletter", "offers", "transactional")) for address in addresses]
            rows = [PlannedMessage("test", person_id, step, person_id, topic, template) for person_id in ids]
            return plan(ws, rows, self.clock.now())

    def worker(self, name: str = "worker", connections: int = 2) -> Dispatcher:
        """A delivery worker that talks to the ledger; make it inside the loop that runs it."""
        composer = Composer(KEYS, self.sandbox, BASE_URL)
        channel = Smtp(Server.from_url(self.ledger.url), composer.host, connections)
        return Dispatcher(self.db, self.clock, composer, channel, name, self.data, beat=lambda: None, surroundings=self.around)

    def work(self, connections: int = 2, workers: int = 1, most_s: float = 15.0) -> None:
        """Deliver until nothing is due or in work."""
        asyncio.run(self._work(connections, workers, most_s))

    async def _work(self, connections: int, workers: int, most_s: float) -> None:
        dispatchers = [self.worker(f"worker-{number}", connections) for number in range(workers)]
        tasks = [asyncio.create_task(dispatcher.run()) for dispatcher in dispatchers]
        await self.settled(most_s)
        for dispatcher in dispatchers:
            dispatcher.stop()
        await asyncio.gather(*tasks)

    async def settled(self, most_s: float = 15.0) -> None:
        """Wait until nothing is due or in work."""
        until = time.monotonic() + most_s
        while time.monotonic() < until and await asyncio.to_thread(self.busy):
            await asyncio.to_thread(time.sleep, 0.03)

    def busy(self) -> bool:
        """Whether something is due or in work."""
        return bool(self.rows("SELECT FROM message WHERE due_at <= %s OR state IN ('claimed', 'handing_over')", self.clock.now()))

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database as this workspace."""
        with self.db.workspace(self.workspace_id) as ws:
            return ws.conn.execute(query, values).fetchall()  # type: ignore[arg-type] -- tests write their queries

    def states(self) -> dict[str, tuple[str, str]]:
        """State and reason of each message, by its person's address."""
        found = self.rows(
            "SELECT i.value, m.state, m.reason FROM message m JOIN identifier i ON i.person_id = m.person_id AND i.namespace = 'email' ORDER BY m.id"
        )
        return {str(address): (str(state), str(reason)) for address, state, reason in found}

    def told(self) -> list[str]:
        """Recipients of what the ledger has taken."""
        return [entry.recipient for entry in self.ledger.entries()]


@pytest.fixture
def desk(db: Database, sandbox: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    """A desk with the template `hello`."""
    workspace_id = make.workspace(db)
    with Ledger(tmp_path / "ledger.ndjson") as ledger:
        made = Desk(db, sandbox, ledger, workspace_id, tmp_path)
        with db.workspace(workspace_id) as ws:
            make.template(ws, sandbox, text="Hi {{ person.first_name }}\n")
        yield made
    for thread in threading.enumerate():
        if thread.name.startswith("delivery"):
            thread.join(5)
