"""The SMTP server mail is handed over to: where it is, how we sign in, and how a line to it is opened."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import unquote, urlsplit

import aiosmtplib

from hudhud.delivery.channels.base import Unreachable
from hudhud.delivery.channels.smtp import SmtpLine, Wire
from hudhud.kit.egress import is_public, plain, resolve
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Recorder
    from hudhud.kit.egress import Network

CONNECT_S = 30.0
# No web server, no other service of the machine: what a server for mail listens on.
PORTS = frozenset({25, 465, 587, 2465, 2525, 2587})
CROWD = 10
StartTls = Literal["offered", "required", "never"]
Auth = Literal["best", "plain", "login", "cram-md5"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. `networks` None: the operator named it, so it may be anywhere; else these private networks may be reached."""

    host: str = ""
    port: int = 25
    tls: bool = False  # from the first byte
    starttls: StartTls = "offered"
    username: str | None = None
    password: str | None = None
    auth: Auth = "best"
    socket: str | None = None
    networks: tuple[Network, ...] | None = None

    @classmethod
    def from_url(cls, url: str) -> Server:
        """Read `smtp://user:pass@host:port` (STARTTLS when offered), `smtps://…` (TLS) or `unix:/path`; raises `InvalidInput`."""
        if url.startswith("unix:"):
            return cls(socket=url.removeprefix("unix:"), starttls="never")
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise InvalidInput("HUDHUD_SMTP_URL", re.sub(r"://[^@]*@", "://…@", url), "use smtp://user:pass@host:port or smtps://…")
        port = parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)
        user, password = _unquoted(parts.username), _unquoted(parts.password)
        return cls(parts.hostname, port, parts.scheme == "smtps", username=user, password=password)


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)


@dataclass(frozen=True, slots=True)
class Smtp:
    """The channel to one server; `name` is what we greet it with."""

    server: Server
    name: str
    lines: int = CROWD

    async def connect(self, flight: Recorder) -> SmtpLine:
        """Connect, greet, secure, sign in; what goes over the line is recorded in `flight`. Raises `Unreachable` with what the peer said."""
        client, taken = self._client(await self._reach()), False
        try:
            await client.connect()
            await _greet(client)
            await self._sign_in(client)
            taken = True
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        finally:
            if not taken:
                client.close()
        return _line_of(client, flight)

    async def close(self) -> None:
        """Lines share nothing."""

    async def _reach(self) -> socket.socket | None:
        """Open a connection to an address that may be reached; None where the operator vouches for the server. Raises `Unreachable`."""
        server = self.server
        if server.socket or server.networks is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                found = await loop.run_in_executor(None, resolve, server.host, server.port)
                allowed = [text for text in found if _may_be_reached(text, server)]
                if not allowed:
                    raise Unreachable(
                        f"{server.host}:{server.port} may not be reached from here; the operator may allow it in HUDHUD_PRIVATE_NETWORKS"
                    )
                return await _connected(loop, allowed, server.port)
        except (OSError, TimeoutError) as error:
            raise Unreachable(str(error) or f"no connection to {server.host} within {CONNECT_S:g} s") from error

    def _client(self, reached: socket.socket | None) -> aiosmtplib.SMTP:
        server = self.server
        is_plain = server.socket is not None or server.tls or server.starttls == "never"
        return aiosmtplib.SMTP(
            hostname=None if server.socket else server.host,
            port=None if server.socket or reached else server.port,
            socket_path=server.socket,
            sock=reached,
            use_tls=server.tls,
            start_tls=False if is_plain else True if server.starttls == "required" else None,
            local_hostname=self.name,
            timeout=CONNECT_S,
        )

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        user, password = self.server.username, self.server.password or ""
        if user is None:
            return
        match self.server.auth:
            case "plain":
                await client.auth_plain(user, password)
            case "login":
                await client.auth_login(user, password)
            case "cram-md5":
                await client.auth_crammd5(user, password)
            case "best":
                await client.login(user, password)


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Ask what the peer can do, unless that was asked on the way to TLS; the oldest ones know no EHLO."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


def _may_be_reached(text: str, server: Server) -> bool:
    address = plain(ip_address(text.partition("%")[0]))
    is_allowed = any(address in network for network in server.networks or ())
    return is_allowed or (is_public(address) and server.port in PORTS)


async def _connected(loop: asyncio.AbstractEventLoop, addresses: list[str], port: int) -> socket.socket:
    """Connect to the first of these that answers; raises `OSError`."""
    trouble: OSError | None = None
    for address in addresses:
        line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        line.setblocking(False)
        try:
            await loop.sock_connect(line, (address, port))
        except OSError as error:
            trouble = error
            line.close()
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise trouble or OSError("the name has no address")


def _line_of(client: aiosmtplib.SMTP, flight: Recorder) -> SmtpLine:
    """Take the connection over from the client that greeted."""
    transport, extensions = client.transport, {key.lower(): value for key, value in client.esmtp_extensions.items()}
    if transport is None or transport.is_closing():
        client.close()
        raise Unreachable("the peer closed the connection after the greeting")
    wire = Wire()
    transport.set_protocol(wire)
    # From here on the connection is ours alone; the client must not close it when it is collected.
    client.transport = None
    client.protocol = None
    return SmtpLine(cast("asyncio.WriteTransport", transport), wire, extensions, flight)
