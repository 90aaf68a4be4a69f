"""POST /hooks/PROVIDER/TOKEN: what providers say of mail that has left, proved, then kept as it came; a worker reads it. A 2xx means it is on disk."""

from __future__ import annotations

import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from cryptography.fernet import InvalidToken
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hudhud.delivery.outcomes.types import PROVIDERS, ReportBody
from hudhud.edge import proofs
from hudhud.edge.body import Disconnected, read_body
from hudhud.edge.hooks import refuse
from hudhud.edge.remembered import Remembered
from hudhud.hooks.types import HookNotFound, WrongSignature
from hudhud.kit import sql
from hudhud.kit.egress import Egress
from hudhud.kit.errors import HudhudError, Unavailable
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
PURPOSE = "report_door"
PLACE = struct.Struct(">QI")
MAX_BODY_BYTES = 2 * 1024 * 1024
MOST_CERTIFICATES, CERTIFICATE_BYTES, CERTIFICATE_S = 20, 20_000, 3600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """Whose reports come here, and what proves them."""

    id: int
    workspace_id: int
    kind: str
    topic: str
    sealed: bytes


@dataclass
class Doors:
    """Finds doors, proves bodies and keeps them."""

    state: EdgeState
    _doors: Remembered[Door] = field(init=False)
    _refusals: Counter[int] = field(default_factory=Counter)
    _writing: set[int] = field(default_factory=set)
    _certificates: dict[str, tuple[float, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Ask by the pool of `state`."""
        self._doors = Remembered(self._ask)

    async def take(self, kind: str, token: str, request: Request) -> None:
        """Keep one body; raises what the sender should know."""
        self.state.appender.check_room()
        # A forged address costs one hash and no question to the database.
        place = self.state.keys.verify(PURPOSE, token) if kind in PROVIDERS else None
        if place is None or len(place) != PLACE.size:
            raise HookNotFound
        door = await self._doors.find(place)
        if door is None or door.kind != kind:
            raise HookNotFound
        raw = dict(request.scope["headers"])
        body = await read_body(raw, request.receive, MAX_BODY_BYTES)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw.items()}
        try:
            await self._prove(door, headers, body)
        except WrongSignature as wrong:
            await self._count(door, wrong.message)
            raise
        await self.state.appender.append([], reports=[ReportBody(door.workspace_id, door.id, door.kind, body)])

    async def _prove(self, door: Door, headers: dict[str, str], body: bytes) -> None:
        now = self.state.clock.now()
        if door.kind == "ses":
            await proofs.check_sns(door.topic, body, now, self._fetch)
        elif proof := proofs.BY_SECRET.get(door.kind):
            proof(self._secret(door), headers, body, now)

    def _secret(self, door: Door) -> bytes:
        if not door.sealed:
            raise WrongSignature(proofs.NO_KEY)
        try:
            return cipher(self.state.keys, PURPOSE).decrypt(door.sealed)
        except InvalidToken:
            raise WrongSignature(
                "The signing key was sealed with a key that is not listed any more; enter it anew in Settings → Bounces and complaints."
            ) from None

    async def _ask(self, place: bytes) -> Door | None:
        door_id, generation = PLACE.unpack(place)
        async with self.state.workspace(None) as conn:
            cursor = await conn.execute(QUERIES.find_door.text, {"door_id": door_id, "generation": generation})
            row = await cursor.fetchone()
        if row is None:
            return None
        found_id, workspace_id, kind, topic, sealed = row
        return Door(found_id, workspace_id, kind, topic, bytes(sealed or b""))

    async def _fetch(self, url: str) -> bytes:
        """Return a certificate of Amazon's, kept for an hour; the address was checked before."""
        known = self._certificates.get(url)
        if known is not None and time.monotonic() - known[0] < CERTIFICATE_S:
            return known[1]
        egress = Egress()
        try:
            answer = await egress.request("GET", url, {}, b"", limit=CERTIFICATE_BYTES)
        finally:
            await egress.close()
        if answer.status != 200:  # noqa: PLR2004
            raise Unavailable("Amazon does not hand out its certificate just now; send it again shortly.")
        if len(self._certificates) >= MOST_CERTIFICATES:
            self._certificates.clear()
        self._certificates[url] = (time.monotonic(), answer.body)
        return answer.body

    async def _count(self, door: Door, refusal: str) -> None:
        """Count one that was not proved; those that come while another is being written are written with the next."""
        self._refusals[door.id] += 1
        if door.id in self._writing:
            return
        self._writing.add(door.id)
        try:
            async with self.state.workspace(door.workspace_id) as conn:
                values = {"door_id": door.id, "count": self._refusals.pop(door.id), "now": self.state.clock.now(), "refusal": refusal[:300]}
                await conn.execute(QUERIES.record_refusal.text, values)
        finally:
            self._writing.discard(door.id)


async def take(request: Request) -> Response:
    """Answer one request."""
    doors: Doors = request.app.state.reports
    try:
        await doors.take(request.path_params["kind"], request.path_params["token"], request)
    except Disconnected:
        return Response(status_code=400)
    except HudhudError as error:
        return refuse(error)
    except Exception:
        log.exception("report failed")
        return refuse(HudhudError("Something went wrong here; send it again shortly."))
    return JSONResponse({"success": True})


routes = [Route("/hooks/{kind}/{token}", take, methods=["POST"])]
