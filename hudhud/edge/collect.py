"""Segment's protocol: POST /v1/{identify,track,page,screen,group,alias,batch,import}; a 2xx means it is on disk.

Raw ASGI: this is the hottest path. Source: segment.com/docs/connections/sources/catalog/libraries/server/http-api.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from hudhud.edge.appender import Busy
from hudhud.edge.body import Disconnected, read_body
from hudhud.edge.keyring import Keyring, from_basic
from hudhud.edge.newcomers import Newcomers, brought_by
from hudhud.edge.place import Places, ip_in
from hudhud.edge.rates import RateLimited, client_of
from hudhud.events.types import (
    KINDS,
    LEAST_SKEW,
    MAX_BATCH_MESSAGES,
    MAX_EVENT_BYTES,
    PUBLIC,
    Reason,
    Refusal,
    Row,
    check_name,
    check_text,
    lane_of,
    name_of,
    parse,
    person_key,
    reason_of,
    unreadable,
)
from hudhud.kit.errors import HudhudError, InvalidInput, NotFound, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from hudhud.edge.holder import Holder
    from hudhud.edge.state import EdgeState
    from hudhud.events.types import Message

MAX_BATCH_BYTES = 500 * 1024
RETRY_AFTER_S = b"1"
OK_BODY = b'{"success":true}'
# Shops call us from their own pages; the key is public there, and nothing is ever read back.
CORS = [
    (b"access-control-allow-origin", b"*"),
    # A star is every header but Authorization.
    (b"access-control-allow-headers", b"authorization, *"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"access-control-max-age", b"86400"),
]
JSON = (b"content-type", b"application/json")
ROUTES = (
    {f"/v1/{kind}": kind for kind in KINDS}
    | {"/v1/batch": "batch", "/v1/import": "batch"}
    | {f"/v1/{kind[0]}": kind for kind in ("track", "page", "identify")}
)

log = structlog.get_logger()


class Batch(msgspec.Struct, rename="camel"):
    """Many messages at once."""

    batch: list[msgspec.Raw]
    write_key: str | None = None
    sent_at: Any = None


class OnlyKey(msgspec.Struct, rename="camel"):
    """The write key of a sender that cannot set headers (browsers' sendBeacon)."""

    write_key: str | None = None


class MethodNotAllowed(HudhudError):
    """Send this with POST."""

    code = "method_not_allowed"
    status = 405


@dataclass(slots=True)
class Sorted:
    """What a batch comes to; `brought`: place among the rows, place in the batch, new address, and the message as it came."""

    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    errors: list[tuple[int, HudhudError]] = field(default_factory=list)
    brought: list[tuple[int, int, str, bytes]] = field(default_factory=list)


_batch_decoder = msgspec.json.Decoder(Batch)
_key_decoder = msgspec.json.Decoder(OnlyKey)


class Collect:
    """The ASGI application under /v1."""

    def __init__(self, state: EdgeState) -> None:
        """Keep what requests share."""
        self.state = state
        self.keyring = Keyring(state)
        self.newcomers = Newcomers(state)
        self.places = Places(state.settings.geoip)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, body, extra = await self._answer(scope, receive)
        except Disconnected:
            return
        except HudhudError as error:
            status, body, extra = _render(error)
        except Exception:
            log.exception("collect failed", path=scope["path"])
            status, body, extra = _render(HudhudError("Something went wrong here; send it again shortly."))
        headers = [JSON, (b"content-length", str(len(body)).encode()), *CORS, *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        kind = ROUTES.get(scope["path"].rstrip("/"))
        if kind is None:
            raise NotFound(f"{scope['path']}: there is /v1/batch and /v1/{{{','.join(KINDS)}}}")
        if scope["method"] == "OPTIONS":
            return 204, b"", []
        if scope["method"] != "POST":
            raise MethodNotAllowed
        self.state.appender.check_room()
        headers = dict(scope["headers"])
        key = from_basic(headers.get(b"authorization", b"").decode("latin-1"))
        address = scope["client"][0] if scope.get("client") else ""
        holder = await self._admit(key, address) if key else None
        body = await read_body(headers, receive, MAX_BATCH_BYTES if kind == "batch" else MAX_EVENT_BYTES)
        check_text(body)
        if kind == "batch":
            return await self._take_batch(body, holder, address)
        return await self._take_one(body, kind, holder, address)

    async def _admit(self, key: str, address: str) -> Holder:
        """Return whose key it is, once its first message is let in; of a key in the headers before the body is read, so that refusing is cheap."""
        client = client_of(address)
        holder = await self.keyring.writer(key, client)
        self.state.rates.take(holder, client)
        return holder

    async def _take_one(self, body: bytes, kind: str, holder: Holder | None, address: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        message = parse(body, kind)
        holder = holder or await self._admit(_key_in(body), address)
        try:
            check_name(name_of(message), holder.events)
        except HudhudError as error:
            await self.state.appender.append([], [Refusal(holder.workspace_id, holder.source, reason_of(error), error.message, body)])
            raise
        if brought := brought_by(message, holder):
            for too_many in (await self.newcomers.refused(holder, client_of(address), [brought])).values():
                await self.state.appender.append(
                    [], [Refusal(holder.workspace_id, holder.source, Reason.ADDRESSES, too_many.message, body)]
                )
                raise too_many
        whole = _complete(body.strip(), message, kind, self._place(message, holder, address))
        await self.state.appender.append([Row(holder.workspace_id, lane_of(person_key(message)), holder.source, whole)])
        return 200, OK_BODY, []

    async def _take_batch(self, body: bytes, holder: Holder | None, address: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        try:
            batch = _batch_decoder.decode(body)
        except msgspec.ValidationError as error:
            raise InvalidInput("batch", str(error), 'send {"batch": [message, …]}') from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise unreadable(body, error) from None
        holder = holder or await self._admit(batch.write_key or "", address)
        if len(batch.batch) > MAX_BATCH_MESSAGES:
            raise InvalidInput("batch", f"{len(batch.batch)} messages", f"send at most {MAX_BATCH_MESSAGES} at once")
        if len(batch.batch) > 1:
            self.state.rates.take(holder, client_of(address), len(batch.batch) - 1)
        sent_at = self._sent_at(batch.sent_at)

        def known(message: Message) -> bytes:
            return (sent_at if message.sent_at is None else b"") + self._place(message, holder, address)

        found = _sort(batch.batch, holder, known)
        if found.brought:
            await self._leave_out_newcomers(found, holder, address)
        rows, refusals, errors = found.rows, found.refusals, found.errors
        if errors and not rows:
            # Nothing of it is good: the sender is told. Only what was well said with the wrong key is kept.
            if named := [refusal for refusal in refusals if refusal.reason != Reason.INVALID]:
                await self.state.appender.append([], named)
            raise errors[0][1]
        await self.state.appender.append(rows, refusals)
        if not errors:
            return 200, OK_BODY, []
        told = [{"index": index, **error.to_dict()} for index, error in errors]
        return 200, msgspec.json.encode({"success": True, "rejected": told}), []

    async def _leave_out_newcomers(self, found: Sorted, holder: Holder, address: str) -> None:
        """Move what brings a new address too many from the rows to the refusals."""
        refused = await self.newcomers.refused(holder, client_of(address), [brought for _, _, brought, _ in found.brought])
        over = [(place, index, refused[brought], raw) for place, index, brought, raw in found.brought if brought in refused]
        left_out = {place for place, _, _, _ in over}
        found.rows = [row for place, row in enumerate(found.rows) if place not in left_out]
        found.refusals += [Refusal(holder.workspace_id, holder.source, Reason.ADDRESSES, error.message, raw) for _, _, error, raw in over]
        found.errors = sorted([*found.errors, *((index, error) for _, index, error, _ in over)], key=lambda told: told[0])

    def _sent_at(self, said: object) -> bytes:
        """Return what each message of a batch must bring along: when it was sent by the sender's clock, where that differs from ours."""
        try:
            at = msgspec.convert(said, datetime)
        except msgspec.ValidationError:
            return b""
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if abs(self.state.clock.now() - at) < LEAST_SKEW:
            return b""
        return b',"sentAt":' + msgspec.json.encode(at)

    def _place(self, message: Message, holder: Holder, address: str) -> bytes:
        """Return where somebody is who identifies themselves: by their own address, or by the one that a server tells."""
        if message.type != "identify":
            return b""
        place = self.places.find(address if holder.source == PUBLIC else ip_in(message.context))
        return b',"ipPlace":' + msgspec.json.encode(place) if place else b""


def _key_in(body: bytes) -> str:
    try:
        return _key_decoder.decode(body).write_key or ""
    except msgspec.ValidationError:
        raise InvalidInput("writeKey", "…", "send it as text") from None


def _sort(raws: list[msgspec.Raw], holder: Holder, known: Callable[[Message], bytes]) -> Sorted:
    """Tell good messages from bad ones; a bad one costs only itself and is kept with its reason."""
    found = Sorted()
    workspace_id, source, events, rows = holder.workspace_id, holder.source, holder.events, found.rows
    for index, raw in enumerate(raws):
        try:
            message = parse(raw)
            check_name(name_of(message), events)
        except HudhudError as error:
            found.errors.append((index, error))
            found.refusals.append(Refusal(workspace_id, source, reason_of(error), error.message, bytes(raw)))
        else:
            if message.type == "identify" and (brought := brought_by(message, holder)):
                found.brought.append((len(rows), index, brought, bytes(raw)))
            rows.append(Row(workspace_id, lane_of(person_key(message)), source, _complete(bytes(raw), message, None, known(message))))
    return found


def _complete(raw: bytes, message: Message, kind: str | None, known: bytes) -> bytes:
    """Add what the sender left out: the kind that the route says, an id, what we know. (Of a name given twice the last one counts.)."""
    added = b"" if kind is None else b',"type":"%s"' % kind.encode()
    added += known
    if message.message_id is None:
        added += b',"messageId":"%s"' % uuid.uuid4().hex.encode()
    return raw[:-1] + added + b"}" if added else raw


def _render(error: HudhudError) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    extra: list[tuple[bytes, bytes]] = []
    if isinstance(error, Busy | Unavailable):
        extra.append((b"retry-after", RETRY_AFTER_S))
    elif isinstance(error, RateLimited):
        extra.append((b"retry-after", str(error.retry_after_s).encode()))
    elif isinstance(error, Unauthenticated):
        extra.append((b"www-authenticate", b'Basic realm="write key"'))
    elif isinstance(error, MethodNotAllowed):
        extra.append((b"allow", b"POST, OPTIONS"))
    body: dict[str, Any] = {"success": False, **error.to_dict()}
    return error.status, msgspec.json.encode(body, enc_hook=str), extra
