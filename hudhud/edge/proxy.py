"""Everything that the edge does not answer itself goes to the web process over its Unix socket, streaming both ways (RFC 9110, 7.6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
import msgspec
import structlog

from hudhud.edge.body import TooSlow
from hudhud.kit.errors import HudhudError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Message, Receive, Scope, Send

    from hudhud.kit.config import Settings

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
BODY_S = 60.0
# The longest silence that the web process may keep before and within an answer (live updates send a sign of life more often).
TIMEOUTS = {"connect": 5.0, "read": 120.0, "write": 60.0, "pool": 10.0}

log = structlog.get_logger()


class OneHost(HudhudError):
    """Send exactly one Host header (RFC 9112, 3.2)."""

    code = "bad_request"
    status = 400


class Body(httpx2.AsyncByteStream):
    """The sender's body, passed on as it comes."""

    def __init__(self, receive: Receive) -> None:
        """Read from the server's `receive`."""
        self.receive = receive
        self.is_read = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield pieces until the end; a sender who hangs up or takes too long ends the request with an error."""
        deadline = asyncio.get_running_loop().time() + BODY_S
        more = True
        while more:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await self.receive()
            except TimeoutError:
                raise TooSlow(f"The body did not arrive within {BODY_S:.0f} seconds.") from None
            if message["type"] != "http.request":
                raise httpx2.ReadError("the sender hung up")
            more = bool(message.get("more_body"))
            if piece := message.get("body", b""):
                yield piece
        self.is_read.set()


class Proxy:
    """The ASGI application for all that is not ours."""

    def __init__(self, settings: Settings) -> None:
        """Connect when first asked."""
        self.proto = urlsplit(settings.public_url).scheme.encode() if settings.public_url else b""
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=5.0)
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
        body = Body(receive)
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        passing = asyncio.create_task(self._pass(scope, body, send_on))
        watching = asyncio.create_task(_hung_up(body, receive))
        try:
            await asyncio.wait({passing, watching}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
        except (httpx2.TransportError, OSError) as error:
            log.warning("web unreachable", path=scope["path"], error=repr(error))
            if started:
                raise
            await _refuse(send, Unavailable("The application is starting or away; try again shortly."))
        except TooSlow as error:
            if started:
                raise
            await _refuse(send, error)
        finally:
            for task in (passing, watching):
                task.cancel()
            await asyncio.gather(passing, watching, return_exceptions=True)

    async def _pass(self, scope: Scope, body: Body, send: Send) -> None:
        headers, has_body = self._request_headers(scope)
        if not has_body:
            body.is_read.set()
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        request = httpx2.Request(
            scope["method"],
            "http://web",
            headers=headers,
            stream=body if has_body else httpx2.ByteStream(b""),
            extensions={"target": target, "timeout": TIMEOUTS},
        )
        response = await self.transport.handle_async_request(request)
        try:
            await send({"type": "http.response.start", "status": response.status_code, "headers": end_to_end(response.headers.raw)})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await response.aclose()

    def _request_headers(self, scope: Scope) -> tuple[list[tuple[bytes, bytes]], bool]:
        given = dict(scope["headers"])
        headers = [pair for pair in end_to_end(scope["headers"]) if pair[0] not in FORWARDED]
        chunked = b"chunked" in given.get(b"transfer-encoding", b"").lower()
        if chunked:
            headers = [pair for pair in headers if pair[0] != b"content-length"] + [(b"transfer-encoding", b"chunked")]
        client = scope.get("client")
        headers += [
            (b"x-forwarded-for", client[0].encode() if client else b"127.0.0.1"),
            (b"x-forwarded-proto", self.proto or scope["scheme"].encode()),
            (b"x-forwarded-host", given.get(b"host", b"")),
        ]
        return headers, chunked or given.get(b"content-length", b"0") != b"0"


def end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Drop what concerns one connection only: the known names and those that Connection lists."""
    listed = {name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")} - FRAMING
    return [(key.lower(), value) for key, value in headers if key.lower() not in HOP_BY_HOP and key.lower() not in listed]


async def _hung_up(body: Body, receive: Receive) -> None:
    """Return when the sender is gone (only after the body, which is read by somebody else)."""
    await body.is_read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, error: HudhudError) -> None:
    body = msgspec.json.encode(error.to_dict())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if isinstance(error, Unavailable):
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
