"""/u/TOKEN/preferences: topics on and off, how often, a break, nothing at all. GET and HEAD change nothing; each form acts by its button."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.consent.types import EVERY_DAYS, PAUSE_DAYS
from hudhud.edge import pages
from hudhud.edge.subscriber import HEADERS, MOST_FIELDS, PREFERENCES, ROOMS, one, proof_of, read_body, record
from hudhud.edge.unsubscribe import later, missing, open_link, parts_of
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState
    from hudhud.edge.unsubscribe import Link

SOURCE = "preference_page"
Fields = dict[str, list[str]]


async def preferences(request: Request) -> Response:
    """The page with all choices, or a new choice."""
    edge: EdgeState = request.app.state.edge
    parts = parts_of(edge, request.path_params["token"])
    if parts is None:
        return missing(request)
    chosen = _fields(await read_body(request)) if request.method == "POST" else None
    if request.method == "POST" and chosen is None:
        return PlainTextResponse("Choose on the page and press its button.", 400, headers=HEADERS)
    now = edge.clock.now()
    try:
        async with edge.workspace(parts[0]) as conn:
            link = await open_link(conn, request, parts)
            if link is not None and chosen is not None:
                await _choose(conn, request, link, chosen, now)
                link = await open_link(conn, request, parts)
            if link is None:
                return missing(request)
            wish = await _wish(conn, link, now)
    except Unavailable:
        return later()
    choices = pages.Choices(link.choices, wish["paused_until"], wish["every_days"])
    return HTMLResponse(pages.preferences(link.who.frame, choices, now, saved=chosen is not None), headers=HEADERS)


def _fields(body: bytes) -> Fields | None:
    """Return the fields of one of the forms; None: it is none of them."""
    fields = parse_qs(body.decode("latin-1")) if body.count(b"&") < MOST_FIELDS else {}
    is_known = fields.get("save") == ["1"] or fields.get("none") == ["1"] or fields.get("pause", [""])[0] in {"0", *map(str, PAUSE_DAYS)}
    return fields if is_known else None


async def _wish(conn: AsyncConnection[Any], link: Link, now: datetime) -> dict[str, Any]:
    asked = {"workspace_id": link.who.workspace_id, "person_id": link.who.person_id, "now": now}
    return await one(conn, PREFERENCES.get_preference.text, asked) or {"paused_until": None, "every_days": None}


async def _choose(conn: AsyncConnection[Any], request: Request, link: Link, fields: Fields, now: datetime) -> None:
    """Keep what one of the forms says."""
    wish = await _wish(conn, link, now)
    if "pause" in fields:
        days = int(fields["pause"][0])
        await _keep_wish(conn, request, link, {**wish, "paused_until": now + timedelta(days=days) if days else None}, now)
        return
    ticked = set(fields.get("topic", [])) if "save" in fields else set()
    wanted = {one["key"]: "subscribed" if one["key"] in ticked else "unsubscribed" for one in link.choices}
    changed = {
        one["key"]: wanted[one["key"]] for one in link.choices if (one["state"] == "subscribed") != (wanted[one["key"]] == "subscribed")
    }
    if "none" in fields:
        # Also what nobody has confirmed yet.
        changed = {one["key"]: "unsubscribed" for one in link.choices if one["state"] != "unsubscribed"}
    await record(conn, request.app.state.edge, link.who, changed, SOURCE, request)
    often = fields.get("often", [""])[0]
    if often in {"0", *map(str, EVERY_DAYS)}:
        await _keep_wish(conn, request, link, {**wish, "every_days": int(often) or None}, now)


async def _keep_wish(conn: AsyncConnection[Any], request: Request, link: Link, wish: dict[str, Any], now: datetime) -> None:
    """Keep a break and how often, with their proof; what was sent lately counts, and what waits for room looks again."""
    whose = {"workspace_id": link.who.workspace_id, "person_id": link.who.person_id}
    said = {**whose, **wish, "at": now, "source": SOURCE, "proof": json.dumps(proof_of(link.who, request))}
    if (await conn.execute(PREFERENCES.put_preference.text, said)).rowcount != 1:
        return
    if wish["every_days"] is not None:
        await conn.execute(ROOMS.fill_rooms_of_person.text, {**whose, "since": now - timedelta(days=wish["every_days"])})
    await conn.execute(ROOMS.look_again_for.text, {**whose, "now": now})


routes = [Route("/u/{token}/preferences", preferences, methods=["GET", "HEAD", "POST"])]
