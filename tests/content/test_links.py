"""Links are asked on request: what is there, what is gone, what may not be asked from here."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from hudhud.content.checking.links import ask_links
from hudhud.kit.egress import read_networks

if TYPE_CHECKING:
    from collections.abc import Iterator


class Site(ThreadingHTTPServer):
    """A site that remembers what it was asked for."""

    def __init__(self) -> None:
        """Listen on any port."""
        super().__init__(("127.0.0.1", 0), Pages)
        self.asked: list[tuple[str, str]] = []


class Pages(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        assert isinstance(self.server, Site)
        self.server.asked.append((self.command, self.path))
        self.send_response(int(self.path.strip("/").partition("?")[0]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_each_page_is_asked_once_for_its_head(site: Site) -> None:
    base = f"http://127.0.0.1:{site.server_port}"
    answers = ask_links([f"{base}/{status}?a=1&b=2" for status in (200, 301, 403, 404, 410, 503)], read_networks("127.0.0.0/8"))
    assert [(one.verdict, one.status) for one in answers] == [
        ("works", 200), ("works", 301), ("works", 403), ("broken", 404), ("broken", 410), ("broken", 503),
    ]  # fmt: skip
    assert min(site.asked) == ("HEAD", "/200?a=1&b=2")
    assert len(site.asked) == 6


def test_what_is_inside_is_not_asked_and_what_is_not_there_is_broken(site: Site) -> None:
    """Whoever writes a mail cannot look around in the operator's network."""
    inside = f"http://127.0.0.1:{site.server_port}/200"
    assert ask_links([inside], ())[0].verdict == "unknown"
    assert site.asked == []
    assert ask_links(["http://127.0.0.1:1/"], read_networks("127.0.0.0/8"))[0].verdict == "broken"
