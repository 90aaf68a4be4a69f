from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from hudhud.edge import proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.edge.door import Door


class Web:
    """What stands behind the edge: tells what it was asked, streams, or hangs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loop = asyncio.new_event_loop()
        self.hung_up = threading.Event()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.started.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_unix_server(self._answer, str(self.path)))
        self.started.set()
        self.loop.run_forever()
        server.close()
        self.loop.run_until_complete(server.wait_closed())
        self.loop.close()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        target = head[0].split(" ")[1]
        if target == "/live":
            await self._live(reader, writer)
        else:
            body = await self._body(reader, {name.lower(): value for name, value in headers.items()})
            told = json.dumps({"line": head[0], "headers": headers, "size": len(body), "digest": hashlib.sha256(body).hexdigest()}).encode()
            status = b"404 Not Found" if target == "/missing" else b"200 OK"
            extra = b"Connection: close, X-Private\r\nX-Private: secret\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nKeep-Alive: timeout=5\r\n"
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + extra + b"Content-Length: %d\r\n\r\n" % len(told) + told)
        writer.close()

    async def _live(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n")
        await writer.drain()
        await reader.read()
        self.hung_up.set()

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if "transfer-encoding" not in headers:
            return await reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        return body


@pytest.fixture
def web(door: Door) -> Iterator[Web]:
    behind = Web(door.data / "web.sock")
    yield behind
    behind.stop()


def test_a_request_arrives_as_it_was_sent_with_who_sent_it(door: Door, web: Web) -> None:
    answer = door.request(
        "POST",
        "/a%2Fb/%D9%87?x=1&y=%20",
        b"hello",
        {
            "X-Forwarded-For": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "X-Real-IP": "6.6.6.6",
            "Connection": "X-Hop",
            "X-Hop": "1",
            "TE": "trailers",
            "Cookie": "s=1",
            "Host": "shop.example",
        },
    )
    told = answer.json()
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert (answer.status, told["line"], told["size"]) == (200, "POST /a%2Fb/%D9%87?x=1&y=%20 HTTP/1.1", 5)
    assert {name: headers.get(name) for name in ("host", "cookie", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")} == {
        "host": "shop.example", "cookie": "s=1", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-host": "shop.example",
    }  # fmt: skip
    assert not {"x-hop", "te", "forwarded", "x-real-ip"} & headers.keys()
    assert not {"x-private", "keep-alive"} & answer.headers.keys()
    assert answer.headers["set-cookie"] == "b=2"
    assert web.path.exists()


def test_status_and_head_pass(door: Door, web: Web) -> None:
    assert door.request("GET", "/missing").status == 404
    assert (door.request("HEAD", "/").status, door.request("HEAD", "/").body) == (200, b"")
    assert web.path.exists()


def test_a_large_body_streams_with_length_and_chunked(door: Door, web: Web) -> None:
    body = bytes(range(256)) * 40_000
    answer = door.request("PUT", "/upload", body).json()
    assert (answer["size"], answer["digest"]) == (len(body), hashlib.sha256(body).hexdigest())
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):
            received += raw.recv(4000)
    assert b'"size": 5' in received
    assert web.path.exists()


def test_live_updates_come_at_once_and_end_when_the_reader_leaves(door: Door, web: Web) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"data: 1" not in received:
            received += raw.recv(4000)
    assert web.hung_up.wait(10)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Host: x\r\nConnection: close, Content-Length, Host\r\nContent-Length: 3\r\n\r\nabc", b" 200 "),
        (b"Connection: close\r\nContent-Length: 3\r\n\r\nabc", b" 400 "),
        (b"Host: x\r\nHost: y\r\nConnection: close\r\n\r\n", b" 400 "),
        (b"Host: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 400 "),
    ],
    ids=["framing listed in Connection", "no host", "two hosts", "two lengths"],
)
def test_nobody_can_make_edge_and_web_read_a_request_differently(door: Door, web: Web, head: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall(b"POST /upload HTTP/1.1\r\n" + head)
        received = raw.makefile("rb").read()
    assert status in received.partition(b"\r\n")[0]
    assert status != b" 200 " or b'"size": 3' in received
    assert web.path.exists()


def test_slow_bodies_hold_nobody_up(door: Door, web: Web) -> None:
    """Slow loris: more of them than there are connections to the web process, and everybody else is answered at once."""
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=10)) for _ in range(proxy.CONNECTIONS + 16)]
        for one in slow:
            one.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nab")
        began = time.monotonic()
        assert [door.request("GET", "/").status, door.request("PUT", "/upload", b"x" * 200_000).status] == [200, 200]
        assert time.monotonic() - began < 5.0
        for one in slow:
            one.sendall(b"cde")
            with one.makefile("rb") as answer:
                assert b'"size": 5' in answer.read()
    assert web.path.exists()


def test_without_the_web_process_the_edge_says_so(door: Door) -> None:
    answer = door.request("GET", "/people")
    assert (answer.status, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "1")


def test_readiness_names_what_is_wrong(door: Door) -> None:
    answer = door.request("GET", "/readyz")
    assert answer.status == 503
    assert answer.json()["wrong"].keys() == {"database", "web"}
    assert answer.json()["wrong"]["database"] == "no living worker for: intake"


def test_readiness_and_figures(door: Door, web: Web) -> None:
    with door.db.everywhere() as everywhere:
        everywhere.conn.execute(
            "INSERT INTO worker_heartbeat VALUES ('w', 'intake', clock_timestamp(), clock_timestamp(), '{\"intake\": {\"rows\": 7}}')"
        )
    assert (door.request("GET", "/readyz").status, door.request("GET", "/healthz").body) == (200, b"ok\n")
    with door.db.everywhere() as everywhere:
        everywhere.conn.execute(
            "INSERT INTO worker_alarm VALUES ('a', 'fill it', now(), now()), ('b', 'old', now(), now() - interval '11 minutes')"
        )
    assert door.request("GET", "/readyz").json()["wrong"] == {"database": "fill it"}
    with door.db.everywhere() as everywhere:
        everywhere.conn.execute("DELETE FROM worker_alarm")
    text = door.request("GET", "/metrics").body.decode()
    assert 'hudhud_worker_total{group="intake",name="rows",role="intake",worker="w"} 7.0' in text
    assert '"line": "GET /metrics HTTP/1.1"' in text
    outside = {"X-Forwarded-For": "1.2.3.4"}
    statuses = [
        door.request("GET", "/metrics", headers={**outside, **(door.basic(key) if key else {})}).status
        for key in ("", door.keys["collect"], door.keys["api"])
    ]
    assert statuses == [401, 401, 200]
    for path in ("//metrics", "/%2Fmetrics", "///metrics"):
        assert door.request("GET", path, headers=outside).status == 404, "the web process would read it as /metrics"
    with door.db.everywhere() as everywhere:
        everywhere.conn.execute("DELETE FROM worker_heartbeat")
    assert web.path.exists()
