"""A real edge process on test databases, spoken to by plain HTTP."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from hudhud.kit.crypto import hash_secret
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.kit.db import Database

_ports = itertools.count(23100 + os.getpid() % 400)


def free_port() -> int:
    """A port of ours that nobody listens on."""
    for port in _ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError


@dataclass
class Answer:
    """What the edge said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 -- any JSON
        return json.loads(self.body)


@dataclass
class Door:
    """One edge with one shop; `keys`: collect and api."""

    db: Database
    clickhouse_url: str
    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=lambda: {"collect": "hk_collect_test", "api": "hk_api_test", "brief": "hk_collect_brief"})
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        self.shop = make.workspace(self.db)
        insert = "INSERT INTO api_key (workspace_id, kind, name, prefix, secret_hash, created_at) VALUES (%s, %s, %s, %s, %s, %s)"
        with self.db.workspace(self.shop) as ws:
            for kind, key in self.keys.items():
                ws.conn.execute(insert, (self.shop, "api" if kind == "api" else "collect", kind, key[:8], hash_secret(key), NOW))
        ours = {
            "DATABASE_URL": self.db.url,
            "CLICKHOUSE_URL": self.clickhouse_url,
            "HUDHUD_DATA": str(self.data),
            "HUDHUD_PORT": str(self.port),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "hudhud.edge.main"], env={**os.environ, **ours, **self.environment})
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, "the edge did not start"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0

    def _answers(self) -> bool:
        # Ready when a message is taken: the connections to the database are made in the background.
        try:
            return self.post("/v1/batch", {"batch": []}).status == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, path: str, message: object, *, key: str = "collect", headers: dict[str, str] | None = None) -> Answer:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.request("POST", path, body, {**self.basic(self.keys.get(key, key)), **(headers or {})})

    def basic(self, key: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    def log(self) -> list[dict[str, Any]]:
        """The messages on disk, in order."""
        with self.db.everywhere() as everywhere:
            rows = everywhere.conn.execute("SELECT body FROM intake ORDER BY txid, id").fetchall()
        return [json.loads(row[0]) for row in rows]
