"""Requests to addresses that people gave us: resolved once, checked, and made to the address that was checked.

A name is looked up when a connection is opened, and the connection goes to what the look-up said: a name that answers otherwise a
moment later gains nothing (OWASP, SSRF prevention; RFC 6890 for what is not the public internet). No redirects, no proxies from
the environment, and no port but the web's. What the operator names in `HUDHUD_PRIVATE_NETWORKS` may be reached although it is private, by any port, and
without TLS; everything else by TLS only.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httpcore2

from hudhud.kit.errors import HudhudError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor
    from ipaddress import IPv4Network

    Network = IPv4Network | IPv6Network
    Address = IPv4Address | IPv6Address
    Resolve = Callable[[str, int], Sequence[str]]

# A look-up may take half a minute, and cannot be stopped: enough threads that some of these hold nobody else up.
LOOK_UPS = 64
PORTS = frozenset({80, 443, 8080, 8443})
CONNECT_S, TOTAL_S = 5.0, 15.0
# So long before the whole time is over a body is read no further: its status is the answer.
LAST_S = 0.1
KEPT_IDLE_S, CONNECTIONS = 15.0, 512
# An IPv4 address behind a translator (RFC 6052): as good as that address.
TRANSLATED = IPv6Network("64:ff9b::/96")


class Refused(HudhudError):
    """This address may not be called from here."""

    code = "address_refused"
    status = 422


class Failed(HudhudError):
    """No answer came."""

    code = "no_answer"
    status = 502


class NotSent(Failed):
    """No answer came, as no connection did: nothing of the request has left."""


class Answer(NamedTuple):
    """What came back; `body` is the beginning of it, as it came."""

    status: int
    headers: Mapping[str, str]  # by lower-case name
    body: bytes
    seconds: float


def read_networks(setting: str) -> tuple[Network, ...]:
    """Read `10.0.0.0/8, 192.168.1.7`; raises `InvalidInput`."""
    try:
        return tuple(ip_network(part.strip()) for part in setting.split(",") if part.strip())
    except ValueError as error:
        raise InvalidInput(
            "HUDHUD_PRIVATE_NETWORKS", setting, "give networks with commas between them, e.g. 10.0.0.0/8,192.168.1.7"
        ) from error


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a name's addresses."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def check_url(field: str, url: str, allowed: tuple[Network, ...]) -> str:
    """Return an address that may be called as far as its text tells; raises `InvalidInput`. Names are looked up when they are called."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise InvalidInput(field, url, "give a whole address, e.g. https://example.com/hudhud") from error
    if parts.scheme not in {"https", "http"} or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInput(field, url, "give a whole address, e.g. https://example.com/hudhud; letters beyond ASCII in their encoded form")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput(field, url, "leave out user name, password and #; requests are signed instead")
    if not allowed and (parts.scheme != "https" or port not in PORTS):
        raise InvalidInput(field, url, f"use https, and one of the ports {', '.join(map(str, sorted(PORTS)))}")
    with contextlib.suppress(ValueError):
        literal = plain(ip_address(host))
        if not is_public(literal) and not any(literal in network for network in allowed):
            raise InvalidInput(field, url, "use a public address; the operator may allow others in HUDHUD_PRIVATE_NETWORKS")
    return url


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps: mapped, 6to4, Teredo, or behind a translator."""
    if isinstance(address, IPv6Address):
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if inner is None and address in TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def is_public(address: Address) -> bool:
    """Say whether it is an address of the public internet, of one host."""
    is_site = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not (is_site or address.is_multicast or address.is_reserved or address.is_unspecified)


@dataclass(frozen=True)
class Guard(httpcore2.AsyncNetworkBackend):
    """Opens connections to addresses that may be called."""

    allowed: tuple[Network, ...]
    with_tls: bool
    resolve: Resolve
    threads: Executor

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the library's contract
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Look the name up, and connect to the first address that may be called and answers; raises `Refused`."""
        try:
            looking = asyncio.get_running_loop().run_in_executor(self.threads, self.resolve, host, port)
            found = await asyncio.wait_for(looking, timeout)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"{host}: the name was not found in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host}: the name has no address") from error
        backend, trouble = httpcore2.AnyIOBackend(), None
        for address in self.choose(host, port, found):
            try:
                return await backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                trouble = error
        raise trouble or httpcore2.ConnectError(f"{host}: the name has no address")

    def choose(self, host: str, port: int, found: Sequence[str]) -> list[str]:
        """Return those that may be called; raises `Refused` where there is none."""
        good = [text for text in found if self._may_be_called(plain(ip_address(text.partition("%")[0])), port)]
        if found and not good:
            raise Refused(self._explain(host, port, found))
        return good

    def _may_be_called(self, address: Address, port: int) -> bool:
        is_allowed = any(address in network for network in self.allowed)
        return is_allowed or (self.with_tls and is_public(address) and port in PORTS)

    def _explain(self, host: str, port: int, found: Sequence[str]) -> str:
        if any(is_public(plain(ip_address(text.partition("%")[0]))) for text in found):
            return (
                f"port {port} is not one of {', '.join(map(str, sorted(PORTS)))}"
                if self.with_tls
                else f"{host} is on the public internet: use https"
            )
        # Not which address: whoever may write a URL shall not learn what the names inside stand for.
        return f"{host} is a private address; the operator may allow it in HUDHUD_PRIVATE_NETWORKS"


class Egress:
    """The client; all of it runs in one event loop."""

    def __init__(self, allowed: tuple[Network, ...] = (), *, ssl_context: ssl.SSLContext | None = None, resolve: Resolve = resolve) -> None:
        """Keep what is allowed besides the public internet, and who vouches for certificates (None: the system's list)."""
        context = ssl_context or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="look-up")
        self._pools = {
            scheme: httpcore2.AsyncConnectionPool(
                ssl_context=context,
                max_connections=CONNECTIONS,
                max_keepalive_connections=CONNECTIONS,
                keepalive_expiry=KEPT_IDLE_S,
                network_backend=Guard(allowed, scheme == "https", resolve, self._threads),
            )
            for scheme in ("https", "http")
        }

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, limit: int, total_s: float = TOTAL_S) -> Answer:
        """As `request`, with the method POST."""
        return await self.request("POST", url, headers, body, limit=limit, total_s=total_s)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, limit: int, total_s: float = TOTAL_S
    ) -> Answer:
        """Send a body and return the answer with at most `limit` bytes of its own; raises `Failed` and `Refused`. A redirect is an answer."""
        began = time.monotonic()
        answer: Answer | None = None
        try:
            async with asyncio.timeout(total_s) as whole:
                answer = await self._request(method, url, headers, body, limit, began, (whole.when() or 0.0) - LAST_S)
        except TimeoutError as error:
            raise Failed(f"no answer within {total_s:g} seconds") from error
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout, httpcore2.UnsupportedProtocol) as error:
            raise NotSent(explain(error)) from error
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise Failed(explain(error)) from error
        return answer

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, limit: int, began: float, until: float
    ) -> Answer:
        pool = self._pools["https" if url.lower().startswith("https:") else "http"]
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        timeouts = dict.fromkeys(("connect", "pool"), CONNECT_S) | dict.fromkeys(("read", "write"), TOTAL_S)
        async with pool.stream(method, url, headers=given, content=body, extensions={"timeout": timeouts}) as response:
            known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, known, await _beginning(response, limit, until), time.monotonic() - began)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _beginning(response: httpcore2.Response, limit: int, until: float) -> bytes:
    """Read so much of a body and no more; what goes wrong after the status came changes nothing of it."""
    read = bytearray()
    try:
        async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + CONNECT_S)):
            async for piece in response.aiter_stream():
                read += piece[: limit - len(read)]
                if len(read) >= limit:
                    break
    except (TimeoutError, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        pass
    return bytes(read)


def explain(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, httpcore2.LocalProtocolError):
        # Not its text: it quotes headers, and secrets stand in them.
        return "the request cannot be sent: a header is not valid"
    inner = error.__cause__ or error.__context__
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {inner.verify_message}"
    if isinstance(inner, ssl.SSLError):
        return f"TLS: {inner.reason or 'the handshake failed'}"
    if isinstance(error, httpcore2.TimeoutException):
        return f"{'no connection' if isinstance(error, httpcore2.ConnectTimeout) else 'no answer'} in time"
    return " ".join(str(error).split())[:200] or type(error).__name__
