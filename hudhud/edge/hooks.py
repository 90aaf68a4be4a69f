"""POST /hooks/ADDRESS: what other tools send, kept as it came; a worker maps it. A 2xx means it is on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from cryptography.fernet import InvalidToken
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hudhud.edge.appender import Busy
from hudhud.edge.body import Disconnected, read_body
from hudhud.edge.rates import RateLimited, client_in
from hudhud.edge.refusals import Refusals
from hudhud.edge.remembered import Remembered
from hudhud.edge.signature import check
from hudhud.hooks.types import MAX_BODY_BYTES, MOST_BODIES, MOST_BYTES, HookBody, HookNotFound, Signature, WrongSignature
from hudhud.kit import sql
from hudhud.kit.crypto import hash_secret
from hudhud.kit.errors import HudhudError, Unavailable
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.hooks")
PURPOSE = "hook"
MAX_ADDRESS_LENGTH = 100
MOST = {"most_bodies": MOST_BODIES, "most_bytes": MOST_BYTES}
MAX_HEADERS_LENGTH = 8_000
# What is on its way only, and what may hold secrets: kept nowhere.
NOT_KEPT = re.compile(
    r"authorization|cookie|secret|token|password|signature|api-?key|hmac|^host$|^connection$|^accept|^content-length$|^transfer|^forwarded|^x-forwarded|^x-real-ip|^via$|^cf-|^proxy"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Source:
    """Whom an address belongs to, and how its bodies are signed."""

    hook_id: int
    workspace_id: int
    signature: Signature | None
    sealed: bytes
    is_full: bool


class Addresses:
    """Looks addresses up."""

    def __init__(self, state: EdgeState) -> None:
        """Ask by the pool of `state`."""
        self.state = state
        self._sources = Remembered(self._ask)
        self._refusals = Refusals(state)

    async def source(self, address: str, client: str) -> Source:
        """Return whose address it is; raises `HookNotFound`, `RateLimited` for a client who guesses, `Unavailable` when the database is away."""
        if len(address) > MAX_ADDRESS_LENGTH:
            raise HookNotFound
        secret_hash = hash_secret(address)
        if not self._sources.knows(secret_hash):
            self.state.rates.guess(client)
        found = await self._sources.find(secret_hash)
        if found is None:
            raise HookNotFound
        return found

    async def _ask(self, secret_hash: bytes) -> Source | None:
        async with self.state.workspace(None) as conn:
            cursor = await conn.execute(QUERIES.find_holder.text, {"secret_hash": secret_hash, **MOST})
            row = await cursor.fetchone()
        if row is None:
            return None
        hook_id, workspace_id, signature, sealed, is_full = row
        return Source(hook_id, workspace_id, Signature(**signature) if signature else None, bytes(sealed or b""), is_full)

    async def take(self, request: Request) -> None:
        """Keep one body; raises what the sender should know."""
        self.state.appender.check_room()
        source = await self.source(request.path_params["address"], client_in(request.scope))
        if source.is_full:
            raise Busy("Too much of what came here could not be mapped; write or mend the mapping in Data → Webhooks first.")
        raw = dict(request.scope["headers"])
        body = await read_body(raw, request.receive, MAX_BODY_BYTES)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw.items()}
        if source.signature is not None:
            await self._check(source, source.signature, headers, body)
        await self.state.appender.append([], bodies=[HookBody(source.workspace_id, source.hook_id, kept(headers, source.signature), body)])

    async def _check(self, source: Source, signature: Signature, headers: dict[str, str], body: bytes) -> None:
        try:
            check(signature, self._secret(source), headers, body, self.state.clock.now())
        except WrongSignature as wrong:
            await self._refusals.record(source.workspace_id, source.hook_id, wrong.message)
            raise

    def _secret(self, source: Source) -> bytes:
        try:
            return cipher(self.state.keys, PURPOSE).decrypt(source.sealed)
        except InvalidToken:
            raise WrongSignature(
                "This source's secret was sealed with a key that is not listed any more; enter the secret anew in Data → Webhooks."
            ) from None


def kept(headers: dict[str, str], signature: Signature | None) -> dict[str, str]:
    """Return the headers that a mapping may read: none that hold secrets or the signature, and no more than fit."""
    signed_in = signature.header.lower() if signature else ""
    found: dict[str, str] = {}
    room = MAX_HEADERS_LENGTH
    for name, value in headers.items():
        room -= len(name) + len(value)
        if not NOT_KEPT.search(name) and name != signed_in and room > 0:
            found[name] = value.replace("\0", "")
    return found


async def take(request: Request) -> Response:
    """Answer one request."""
    hooks: Addresses = request.app.state.hooks
    try:
        await hooks.take(request)
    except Disconnected:
        return Response(status_code=400)
    except HudhudError as error:
        return refuse(error)
    except Exception:
        log.exception("hook failed")
        return refuse(HudhudError("Something went wrong here; send it again shortly."))
    return JSONResponse({"success": True})


def refuse(error: HudhudError) -> Response:
    """Return what a sender of webhooks is told."""
    body: dict[str, Any] = {"success": False, **error.to_dict()}
    headers = {}
    if isinstance(error, Busy | Unavailable | RateLimited):
        headers["Retry-After"] = str(error.retry_after_s) if isinstance(error, RateLimited) else "1"
    return Response(msgspec.json.encode(body, enc_hook=str), error.status, headers, "application/json")


routes = [Route("/hooks/{address}", take, methods=["POST"])]
