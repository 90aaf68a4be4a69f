from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.endpoints import actions, queries
from hudhud.endpoints.types import Wishes
from hudhud.kit.config import settings
from hudhud.kit.egress import Egress, read_networks
from hudhud.workers import endpoints as worker
from hudhud.workers import segments as segments_worker
from hudhud.workers.endpoints import Sender
from tests.endpoints.fake import Fake, make_certificate
from tests.workers.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.endpoints.types import Delivery, Endpoint
    from hudhud.kit.db import Database

HERE = "127.0.0.0/8, ::1"


@dataclass
class Wire:
    """From events to other tools."""

    line: Line
    folder: Path
    fakes: list[Fake] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.certificate = make_certificate(self.folder, "localhost")
        context = ssl.create_default_context(cafile=str(self.certificate))
        self.egress = Egress(read_networks(HERE), ssl_context=context)
        self.sender = Sender(self.line.context, self.egress)

    def fake(self, **given: Any) -> Fake:  # noqa: ANN401 -- as Fake takes it
        made = Fake(**{"certificate": self.certificate, **given})
        self.fakes.append(made)
        return made

    def make(self, fake: Fake | str, *wants: str, **wishes: Any) -> tuple[int, str]:  # noqa: ANN401 -- as Wishes takes it
        url = fake if isinstance(fake, str) else fake.url
        if not wants:
            wants, wishes = ("event.tracked",), {"events": ["Order Completed"], **wishes}
        with self.line.db.workspace(self.line.shop) as ws:
            made, secret = actions.create_endpoint(
                ws, self.line.context.keys, Wishes(url, wants, **wishes), now=self.line.clock.now(), actor="user:1"
            )
        return made.id, secret

    def work(self) -> None:
        """Let everything that is due be told and sent, by the clock of the moment."""
        self.line.work()
        segments_worker.work_once(self.line.context, self.line.ch, self.line.clock.now())
        self.send()

    def send(self) -> None:
        """Send what is due, until nothing is."""
        self.line.wait_for_others()
        while worker.work_once(self.line.context, self.sender) or self.sender.busy:
            time.sleep(0.002)

    def get(self, endpoint_id: int) -> Endpoint:
        with self.line.db.workspace(self.line.shop) as ws:
            return queries.get_endpoint(ws, endpoint_id, self.line.clock.now())

    def deliveries(self, endpoint_id: int) -> list[Delivery]:
        with self.line.db.workspace(self.line.shop) as ws:
            return queries.find_deliveries(ws, endpoint_id, limit=1000)

    def attempts(self, endpoint_id: int) -> list[tuple[int | None, str]]:
        """Return (status, problem) of every attempt at the newest delivery."""
        with self.line.db.workspace(self.line.shop) as ws:
            _, _, attempts = queries.get_delivery(ws, endpoint_id, self.deliveries(endpoint_id)[0].id)
        return [(one.code, one.detail) for one in attempts]

    def close(self) -> None:
        self.sender.close()
        for fake in self.fakes:
            fake.close()


@pytest.fixture
def wire(db: Database, ch: Client, clickhouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setenv("HUDHUD_PRIVATE_NETWORKS", HERE)
    settings.cache_clear()
    made = Wire(Line(db, ch, clickhouse_url), tmp_path)
    yield made
    made.close()
    settings.cache_clear()
