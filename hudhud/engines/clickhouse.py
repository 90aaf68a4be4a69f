"""The embedded ClickHouse: a handle on the server process."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.engines.errors import EngineFailed
from hudhud.engines.process import log_end, spawn, stop

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

USER = "hudhud"


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class ClickHouse:
    """One server on one folder."""

    data: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "hudhud") -> str:
        """Return the connection address."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def log_path(self) -> Path:
        """Where the server writes; beside its folder unless told otherwise."""
        return self.log or self.data.parent / f"{self.data.name}.log"

    def start(self, *, timeout_s: float = 60.0) -> ClickHouse:
        """Start the server and wait until it answers."""
        self.launch()
        self.wait_ready(timeout_s)
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        env = {**os.environ, "HUDHUD_CLICKHOUSE_PASSWORD": self.password, "TZ": "UTC"}
        self.data.parent.mkdir(parents=True, exist_ok=True)
        program = [sys.executable, "-m", "hudhud.engines.clickhouse_server", "--data", str(self.data.resolve()), "--port", str(self.port)]
        with self.log_path.open("ab") as log:
            self.process = spawn(program, log=log, env=env)
        return self.process

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until the server answers; raises `EngineFailed` with the log's end."""
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise EngineFailed(f"ClickHouse did not start:\n{log_end(self.log_path)}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Ask the server whether it lives."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self, *, grace_s: float = 8.0) -> None:
        """Let running queries end, write everything, stop."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM, grace_s=grace_s)
            self.process = None
