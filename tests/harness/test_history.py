"""The history writes down what was asked and what was answered, also when no answer came."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.harness import history

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Shop(BaseHTTPRequestHandler):
    """Answers 200, 503, or hangs up."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if b"hang" in body:
            self.close_connection = True
            self.connection.close()
            return
        status = 503 if b"busy" in body else 200
        self.send_response(status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words: object) -> None:
        """Be quiet."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def event(name: str) -> dict[str, str]:
    return {"type": "track", "event": name, "userId": "u1", "messageId": f"m-{name}"}


def test_only_what_was_answered_2xx_is_promised(tmp_path: Path, shop: str) -> None:
    client = history.History(tmp_path / "calls.ndjson", shop, key="hk")
    assert [client.collect([event(name)]).status for name in ("fine", "busy", "hang", "fine again")] == [200, 503, None, 200]
    client.call("POST", "/v1/track", event("single"))
    client.close()
    calls = history.read(tmp_path / "calls.ndjson")
    assert [call.status for call in calls] == [200, 503, None, 200, 200]
    assert sorted(history.promised_events(calls)) == ["m-fine", "m-fine again", "m-single"]


def test_a_call_is_written_before_it_is_made(tmp_path: Path) -> None:
    client = history.History(tmp_path / "calls.ndjson", "http://127.0.0.1:1")
    client.call("POST", "/u/token", "List-Unsubscribe=One-Click", note={"stops": "anna@example.com"})
    client.close()
    call = history.read(tmp_path / "calls.ndjson")[0]
    assert (call.status, call.body, call.note) == (None, "List-Unsubscribe=One-Click", {"stops": "anna@example.com"})
    lines = (tmp_path / "calls.ndjson").read_text().splitlines()
    assert '"sent_at"' in lines[0]
    assert '"status": null' in lines[1]
