"""What one sender may hold of the way to the web process: bytes, connections, time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.edge import proxy, upload
from hudhud.edge.body import TooSlow
from hudhud.edge.proxy import Proxy
from hudhud.edge.upload import SMALL, Uploads
from hudhud.events.errors import TooLarge
from hudhud.kit.config import Settings
from hudhud.kit.errors import Unavailable
from hudhud.kit.http import MAX_BODY_BYTES
from tests.edge.test_proxy import Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message, Scope

ONE, OTHER = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    behind = Web(tmp_path / "web.sock")
    yield behind
    behind.stop()


def get(path: str, client: str) -> Scope:
    return {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"x")], "client": (client, 1),
    }  # fmt: skip


async def stay() -> Message:
    """A sender without a body, who stays."""
    await asyncio.sleep(60)
    raise AssertionError


async def ask(asked: Proxy, scope: Scope) -> int:
    """Return the status, once the answer begins."""
    said: list[Any] = []

    async def send(message: Message) -> None:
        said.append(message)

    await asked(scope, stay, send)
    return int(said[0]["status"])


def test_one_client_takes_a_part_of_the_connections(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "WAIT_S", 0.3)

    async def crowd() -> None:
        asked = Proxy(Settings(web_socket=str(web.path), data=tmp_path))
        live = [asyncio.create_task(ask(asked, get("/live", ONE))) for _ in range(proxy.CONNECTIONS + 4)]
        async with asyncio.timeout(10):
            while sum(task.done() for task in live) < len(live) - proxy.CONNECTIONS_OF_ONE:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.01)
        holding = [task for task in live if not task.done()]
        assert len(holding) == proxy.CONNECTIONS_OF_ONE
        assert {task.result() for task in live if task.done()} == {503}
        assert await ask(asked, get("/", OTHER)) == 200
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        assert await ask(asked, get("/", ONE)) == 200
        await asked.close()

    asyncio.run(crowd())


def test_an_answer_that_nobody_takes_is_given_up(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "SEND_S", 0.05)

    async def take_the_head_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def slow() -> None:
        asked = Proxy(Settings(web_socket=str(web.path), data=tmp_path))
        async with asyncio.timeout(5):
            await asked(get("/live", ONE), stay, take_the_head_only)
        await asked.close()

    asyncio.run(slow())
    assert web.hung_up.wait(10)


def test_slow_readers_of_many_addresses_leave_connections_to_the_others(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "MOMENT_S", 0.02)

    async def take_the_head_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def crowd() -> None:
        asked = Proxy(Settings(web_socket=str(web.path), data=tmp_path))
        slow = [asyncio.create_task(asked(get("/live", f"203.0.113.{one}"), stay, take_the_head_only)) for one in range(proxy.CONNECTIONS)]
        async with asyncio.timeout(20):
            while sum(task.done() for task in slow) < proxy.CONNECTIONS - proxy.MOST_SLOW:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.01)
            assert await ask(asked, get("/", "203.0.113.99")) == 200
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await asked.close()

    asyncio.run(crowd())


def read(uploads: Uploads, client: str, *pieces: bytes, length: bytes = b"") -> int:
    """Take a body in; return how much is held of it meanwhile."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces] + [{"type": "http.request"}]

    async def receive() -> Message:
        return left.pop(0)

    async def take_in() -> int:
        with uploads.open(client) as body:
            await uploads.read(body, client, length, receive)
            assert b"".join([piece async for piece in body]) == b"".join(pieces)
            return uploads.held[client]

    return asyncio.run(take_in())


def test_what_lies_in_files_has_an_end_and_small_bodies_always_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_HELD", 10 * SMALL)
    monkeypatch.setattr(upload, "MOST_HELD_BY_ONE", 4 * SMALL)
    uploads = Uploads(tmp_path)
    assert read(uploads, ONE, b"a" * SMALL) == 0
    assert read(uploads, ONE, b"a" * SMALL, b"b" * SMALL, b"c" * SMALL) == 2 * SMALL
    with pytest.raises(Unavailable):
        read(uploads, ONE, b"a" * 6 * SMALL)
    assert read(uploads, "", b"a" * 6 * SMALL) == 5 * SMALL
    with uploads.open(OTHER) as held:
        uploads.held[OTHER] = 10 * SMALL
        held.size = 11 * SMALL
        assert read(uploads, ONE, b"a" * SMALL) == 0
        with pytest.raises(Unavailable):
            read(uploads, ONE, b"a" * (SMALL + 1))
    assert not uploads.held


def test_beginnings_of_bodies_have_an_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_BEGUN", 4 * SMALL)
    monkeypatch.setattr(upload, "MOST_BEGUN_BY_ONE", 2 * SMALL)
    uploads = Uploads(tmp_path)
    with uploads.open(ONE) as begun, uploads.open(OTHER) as more:
        uploads.begun[ONE] = begun.size = SMALL
        assert read(uploads, ONE, b"a" * SMALL) == 0
        uploads.begun[ONE] = SMALL + 1
        with pytest.raises(Unavailable):
            read(uploads, ONE, b"a" * SMALL)
        uploads.begun[ONE] = SMALL
        uploads.begun[OTHER], more.size = 2 * SMALL, SMALL
        assert read(uploads, "", b"a" * SMALL) == 0
        uploads.begun[OTHER] = 3 * SMALL
        with pytest.raises(Unavailable):
            read(uploads, "", b"a")
        uploads.begun[OTHER] = SMALL
    assert not uploads.begun


def test_too_much_is_refused_before_it_is_read_and_as_soon_as_it_is_too_much(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    with pytest.raises(TooLarge):
        read(uploads, ONE, length=str(MAX_BODY_BYTES + 1).encode())
    with pytest.raises(TooLarge):
        read(uploads, ONE, *[b"x" * 1024**2] * 17)
    assert not uploads.held


def test_a_full_disk_holds_nothing_for_ever(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "not there")
    with pytest.raises(Unavailable):
        read(uploads, ONE, b"a" * SMALL, b"a" * SMALL)
    assert not uploads.held


def test_a_body_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "BODY_S", 0.05)
    uploads = Uploads(tmp_path)

    async def wait_for_the_end() -> None:
        with uploads.open(ONE) as body:
            await uploads.read(body, ONE, b"5", stay)

    with pytest.raises(TooSlow):
        asyncio.run(wait_for_the_end())
