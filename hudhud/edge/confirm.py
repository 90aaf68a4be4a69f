"""/u/TOKEN/confirm: double opt-in. GET shows what is to be confirmed and one button; only its POST subscribes, with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.consent.types import CONFIRM_PAGE, CONFIRM_TOKEN
from hudhud.edge import pages
from hudhud.edge.subscriber import HEADERS, PREFERENCES, QUERIES, Subscriber, every, frame_of, one, read_body, record
from hudhud.edge.unsubscribe import later, missing
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState


async def confirm(request: Request) -> Response:
    """The page, or the confirmation."""
    edge: EdgeState = request.app.state.edge
    payload = edge.keys.verify("confirm", request.path_params["token"])
    if payload is None or len(payload) != CONFIRM_TOKEN.size:
        return missing(request)
    workspace_id, mail_id = CONFIRM_TOKEN.unpack(payload)
    if request.method == "POST" and parse_qs((await read_body(request)).decode("latin-1")[:200]).get("confirm") != ["1"]:
        return PlainTextResponse("Press the button on the page.", 400, headers=HEADERS)
    try:
        page = await _page(request, workspace_id, mail_id)
    except Unavailable:
        return later()
    return missing(request) if page is None else HTMLResponse(page, headers=HEADERS)


async def _page(request: Request, workspace_id: int, mail_id: int) -> str | None:
    """Return what is shown, after what was confirmed is kept; None: there is nobody whom it is good for."""
    edge: EdgeState = request.app.state.edge
    asked = {"workspace_id": workspace_id, "mail_id": mail_id}
    async with edge.workspace(workspace_id) as conn:
        found = await one(conn, PREFERENCES.get_request.text, asked)
        if found is None:
            return None
        if request.method == "POST":
            await conn.execute(QUERIES.take_turn_to_say.text, {"person_id": found["person_id"]})
        frame, wording = await frame_of(conn, found, request.path_params["token"], request)
        topics = await every(conn, PREFERENCES.find_requested.text, {**asked, "person_id": found["person_id"]})
        if not topics:
            return (pages.closed if found["confirmed_at"] is None else pages.confirmed)(frame)
        if request.method != "POST":
            return pages.confirm(frame, found["address"], topics)
        who = Subscriber(workspace_id, found["person_id"], frame, wording, {"confirmation": mail_id, "address": found["address"]})
        await _confirm(conn, request, who, topics, asked)
    return pages.confirmed(frame)


async def _confirm(
    conn: AsyncConnection[Any], request: Request, who: Subscriber, topics: list[dict[str, Any]], asked: dict[str, int]
) -> None:
    """Subscribe them; the proof also tells who had asked for it, and when."""
    edge: EdgeState = request.app.state.edge
    who.proof["asked"] = {one["key"]: {"at": one["asked_at"].isoformat(), "source": one["source"]} for one in topics}
    await record(conn, edge, who, {one["key"]: "subscribed" for one in topics}, CONFIRM_PAGE, request)
    await conn.execute(PREFERENCES.close_request.text, {**asked, "now": edge.clock.now()})


routes = [Route("/u/{token}/confirm", confirm, methods=["GET", "HEAD", "POST"])]
