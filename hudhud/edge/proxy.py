"""Everything that the edge does not answer itself goes to the web process over its Unix socket, bodies once they are whole, answers as they come (RFC 9110, 7.6).

There are few connections, and none may be held by somebody who is slow: a body is taken in before (edge/upload.py), an answer that is not taken
is given up, and one client has a part of them at most.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import httpx2
import msgspec
import structlog

from hudhud.edge.body import Disconnected
from hudhud.edge.rates import client_in
from hudhud.edge.upload import Uploads
from hudhud.kit.errors import HudhudError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Message, Receive, Scope, Send

    from hudhud.edge.upload import Upload
    from hudhud.kit.config import Settings

    Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Said by us alone: what a stranger puts there must not be believed.
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip"})
# Connection may not name these (RFC 9110, 7.6.1): without them the web process would misread the request.
FRAMING = frozenset({b"content-length", b"host"})
CONNECTIONS = 64
# What one client address may have under way at once; its next requests wait. A quarter: four are needed to fill them all.
CONNECTIONS_OF_ONE = CONNECTIONS // 4
WAIT_S = 10.0
# An answer's piece must be taken within it; of readers that keep one waiting for longer than a moment there are so many at most, from wherever they come.
SEND_S, MOMENT_S = 60.0, 1.0
MOST_SLOW = CONNECTIONS // 2
# The longest silence that the web process may keep before and within an answer (live updates send a sign of life more often).
TIMEOUTS = {"connect": 5.0, "read": 120.0, "write": 60.0, "pool": 10.0}

log = structlog.get_logger()


class OneHost(HudhudError):
    """Send exactly one Host header (RFC 9112, 3.2)."""

    code = "bad_request"
    status = 400


class Proxy:
    """The ASGI application for all that is not ours."""

    def __init__(self, settings: Settings) -> None:
        """Connect when first asked."""
        self.proto = urlsplit(settings.public_url).scheme.encode() if settings.public_url else b""
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=5.0)
        self.uploads = Uploads(settings.data)
        self._slow = 0
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self.transport = httpx2.AsyncHTTPTransport(uds=str(settings.web_socket_path), limits=limits)

    async def close(self) -> None:
        """Drop the connections."""
        await self.transport.aclose()

    async def fetch(self, path: str) -> bytes:
        """Return what the web process answers to our own GET; nothing when it is away or says no."""
        request = httpx2.Request("GET", f"http://127.0.0.1{path}", extensions={"timeout": TIMEOUTS})
        try:
            answer = await self.transport.handle_async_request(request)
            body = await answer.aread()
            await answer.aclose()
        except (httpx2.TransportError, OSError):
            return b""
        return body if answer.status_code == httpx2.codes.OK else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if [name for name, _ in scope["headers"]].count(b"host") != 1:
            await _refuse(send, OneHost())
            return
        client = client_in(scope)
        headers, length = self._request_headers(scope)
        try:
            with self.uploads.open(client) as upload:
                if length is not None:
                    await self.uploads.read(upload, client, length, receive)
                    headers.append((b"content-length", str(upload.size).encode()))
                async with self._turn(client):
                    await self._pass_while_heard(scope, headers, upload, receive, send)
        except Disconnected:
            return
        except HudhudError as error:
            await _refuse(send, error)

    @asynccontextmanager
    async def _turn(self, client: str) -> AsyncIterator[None]:
        """Wait for one of the client's own connections; raises `Unavailable`. Who cannot be told from others has no own ones."""
        if not client:
            yield
            return
        turn = self._turns.setdefault(client, asyncio.Semaphore(CONNECTIONS_OF_ONE))
        try:
            await asyncio.wait_for(turn.acquire(), WAIT_S)
        except TimeoutError:
            raise Unavailable("Too much comes from your address at once; try again shortly.") from None
        try:
            yield
        finally:
            turn.release()

    async def _pass_while_heard(self, scope: Scope, headers: Headers, upload: Upload, receive: Receive, send: Send) -> None:
        """Pass one request on, until its sender is gone. Raises `Unavailable` when there is no web process and nothing was answered yet."""
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await self._send(send, message)

        passing = asyncio.create_task(self._pass(scope, headers, upload, send_on))
        watching = asyncio.create_task(_hung_up(receive))
        try:
            await asyncio.wait({passing, watching}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
        except (httpx2.TransportError, OSError) as error:
            log.warning("web unreachable", path=scope["path"], error=repr(error))
            if started:
                raise
            raise Unavailable("The application is starting or away; try again shortly.") from error
        finally:
            for task in (passing, watching):
                task.cancel()
            await asyncio.gather(passing, watching, return_exceptions=True)

    async def _send(self, send: Send, message: Message) -> None:
        """Hand a piece of an answer over; raises `Disconnected` for a reader who does not take it in time, or is one slow one too many."""
        sending = asyncio.ensure_future(send(message))
        try:
            done, _ = await asyncio.wait({sending}, timeout=MOMENT_S)
            if not done:
                await self._send_slowly(sending)
        finally:
            sending.cancel()
        sending.result()

    async def _send_slowly(self, sending: asyncio.Future[None]) -> None:
        if self._slow >= MOST_SLOW:
            raise Disconnected
        self._slow += 1
        try:
            done, _ = await asyncio.wait({sending}, timeout=SEND_S - MOMENT_S)
        finally:
            self._slow -= 1
        if not done:
            raise Disconnected

    async def _pass(self, scope: Scope, headers: Headers, upload: Upload, send: Send) -> None:
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        request = httpx2.Request(
            scope["method"], "http://web", headers=headers, stream=upload, extensions={"target": target, "timeout": TIMEOUTS}
        )
        response = await self.transport.handle_async_request(request)
        try:
            await send({"type": "http.response.start", "status": response.status_code, "headers": end_to_end(response.headers.raw)})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await response.aclose()

    def _request_headers(self, scope: Scope) -> tuple[Headers, bytes | None]:
        """Return the headers without the body's length, and what is said of it: empty when it comes in chunks, None when there is no body."""
        given = dict(scope["headers"])
        headers = [pair for pair in end_to_end(scope["headers"]) if pair[0] not in FORWARDED and pair[0] != b"content-length"]
        client = scope.get("client")
        headers += [
            (b"x-forwarded-for", client[0].encode() if client else b"127.0.0.1"),
            (b"x-forwarded-proto", self.proto or scope["scheme"].encode()),
            (b"x-forwarded-host", given.get(b"host", b"")),
        ]
        if b"chunked" in given.get(b"transfer-encoding", b"").lower():
            return headers, b""
        return headers, given.get(b"content-length")


def end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Drop what concerns one connection only: the known names and those that Connection lists."""
    listed = {name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")} - FRAMING
    return [(key.lower(), value) for key, value in headers if key.lower() not in HOP_BY_HOP and key.lower() not in listed]


async def _hung_up(receive: Receive) -> None:
    """Return when the sender is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, error: HudhudError) -> None:
    body = msgspec.json.encode(error.to_dict())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if isinstance(error, Unavailable):
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
