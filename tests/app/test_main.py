"""The web process as it really runs: waitress on a Unix socket."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hudhud.app.headers import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hudhud.app.wiring import Wiring

MEMORY_LIMIT_KB = 256 * 1024


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


def ask(path: Path, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    connection = UnixConnection(path)
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    answer.content = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


@pytest.fixture
def process(web: Wiring, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    path = tmp_path / "web.sock"
    child = subprocess.Popen([sys.executable, "-m", "hudhud.app.main"], env=dict(os.environ), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield child, path
    child.kill()
    child.wait()
    assert web.settings.web_socket_path == path


def test_serves_on_a_socket_with_headers_and_ends_on_sigterm(process: tuple[subprocess.Popen[bytes], Path]) -> None:
    child, path = process

    answer = ask(path, "GET", "/api/v1/setup")
    assert (answer.status, json.loads(answer.content)) == (200, {"open": True, "mail": False})  # type: ignore[attr-defined]
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Server"] is None
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert ask(path, "GET", "/api/v1/nowhere").status == 404
    assert ask(path, "POST", "/people").status in {403, 405}
    assert ask(path, "GET", "/api/v1/setup", headers={"Host": "evil.example"}).status == 400
    assert b"hudhud_intake_waiting 0.0" in ask(path, "GET", "/metrics").content  # type: ignore[attr-defined]

    with open(f"/proc/{child.pid}/status", encoding="ascii") as status:  # noqa: PTH123 -- /proc
        resident_kb = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert resident_kb < MEMORY_LIMIT_KB

    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=10) == 0
