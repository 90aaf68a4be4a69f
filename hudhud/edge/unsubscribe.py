"""/u/TOKEN: the page with one button (GET) and the unsubscribe itself (POST: RFC 8058 one-click, or the button); /u/TOKEN/preferences.

GET and HEAD change nothing. A POST is written to the consent tables, to their log and to the intake log in one transaction before it is
answered 200, so the gate sees it at once. No cookie, no sign-in, no redirect. The token names workspace, person and topic itself
and does not depend on the message it came with.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from psycopg.rows import dict_row
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.edge import pages
from hudhud.events.types import lane_of
from hudhud.kit import sql
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.delivery", "tracking.sql")
CONSENT = sql.load("hudhud.consent")
EVENTS = sql.load("hudhud.events")
TOKEN = struct.Struct(">QQQQ")
MOST_BODY = 64 * 1024
ONE_CLICK = re.compile(rb"""name=["']?List-Unsubscribe["']?\s*\r?\n(?:[^\r\n]+\r?\n)*\r?\n\s*One-Click""", re.IGNORECASE)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says, and who holds it today."""

    token: str
    workspace_id: int
    person_id: int
    topic_id: int
    message_id: int
    language: str
    workspace: str
    choices: list[dict[str, Any]]

    @property
    def topic(self) -> dict[str, Any] | None:
        """The topic of the mail; None when it is gone or not marketing."""
        return next((one for one in self.choices if one["id"] == self.topic_id), None)

    def topic_name(self) -> str:
        """How to call it on the page."""
        return pages.name_in(self.topic["names"], self.language) if self.topic else self.workspace


async def unsubscribe(request: Request) -> Response:
    """The page, or the unsubscribe."""
    edge: EdgeState = request.app.state.edge
    parts = _parts(edge, request.path_params["token"])
    if parts is None:
        return _missing(request)
    said = await _said(request) if request.method == "POST" else ""
    if said is None:
        return PlainTextResponse("Send List-Unsubscribe=One-Click, or press the button on the page.", 400, headers=HEADERS)
    try:
        async with edge.workspace(parts[0]) as conn:
            link = await _open(conn, request.path_params["token"], parts)
            if link is None:
                return _missing(request)
            if said and link.topic and link.topic["state"] != "unsubscribed":
                await _record(conn, edge, link, {link.topic["key"]: "unsubscribed"}, said, request)
    except Unavailable:
        return PlainTextResponse("Try again in a moment.", 503, headers={**HEADERS, "Retry-After": "5"})
    if said:
        return HTMLResponse(pages.done(link.language, link.topic_name(), link.token), headers=HEADERS)
    return HTMLResponse(pages.ask(link.language, link.workspace, link.topic_name(), link.token), headers=HEADERS)


async def preferences(request: Request) -> Response:
    """The page with all topics, or a new choice."""
    edge: EdgeState = request.app.state.edge
    parts = _parts(edge, request.path_params["token"])
    if parts is None:
        return _missing(request)
    chosen = _chosen(await _body(request)) if request.method == "POST" else None
    if request.method == "POST" and chosen is None:
        return PlainTextResponse("Choose on the page and press its button.", 400, headers=HEADERS)
    try:
        async with edge.workspace(parts[0]) as conn:
            link = await _open(conn, request.path_params["token"], parts)
            if link is not None and chosen is not None:
                wanted = {one["key"]: "subscribed" if one["key"] in chosen else "unsubscribed" for one in link.choices}
                changed = {
                    one["key"]: wanted[one["key"]]
                    for one in link.choices
                    if (one["state"] == "subscribed") != (wanted[one["key"]] == "subscribed")
                }
                await _record(conn, edge, link, changed, "preference_page", request)
                link = await _open(conn, link.token, parts)
    except Unavailable:
        return PlainTextResponse("Try again in a moment.", 503, headers={**HEADERS, "Retry-After": "5"})
    if link is None:
        return _missing(request)
    return HTMLResponse(
        pages.preferences(link.language, link.workspace, link.choices, link.token, saved=chosen is not None), headers=HEADERS
    )


def _parts(edge: EdgeState, token: str) -> tuple[int, int, int, int] | None:
    payload = edge.keys.verify("unsubscribe", token)
    return None if payload is None or len(payload) != TOKEN.size else TOKEN.unpack(payload)


def _missing(request: Request) -> Response:
    wanted = request.headers.get("accept-language", "").partition(",")[0]
    return HTMLResponse(pages.missing(pages.language_of(wanted)), 404, headers=HEADERS)


async def _open(conn: AsyncConnection[Any], token: str, parts: tuple[int, int, int, int]) -> Link | None:
    workspace_id, asked_id, topic_id, message_id = parts
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES.get_subscriber.text, {"workspace_id": workspace_id, "person_id": asked_id})
        found = await cursor.fetchone()
        if found is None:
            return None
        await cursor.execute(QUERIES.find_choices.text, {"workspace_id": workspace_id, "person_id": found["person_id"]})
        choices = await cursor.fetchall()
    return Link(
        token, workspace_id, found["person_id"], topic_id, message_id, pages.language_of(found["language"]), found["workspace"], choices
    )


async def _record(conn: AsyncConnection[Any], edge: EdgeState, link: Link, states: dict[str, str], source: str, request: Request) -> None:
    """Write the words, their proof, and an event for each."""
    if not states:
        return
    now = edge.clock.now()
    count = len(states)
    proof = {
        "ip": request.client.host if request.client else "",
        "user_agent": request.headers.get("user-agent", "").replace("\0", "")[:500],
        "message_id": link.message_id,
    }
    await conn.execute(CONSENT.record.text, {
        "workspace_id": link.workspace_id, "person_ids": [link.person_id] * count, "topics": list(states), "channels": ["email"] * count,
        "states": list(states.values()), "ats": [now] * count, "sources": [source] * count,
        "direct": [state == "unsubscribed" for state in states.values()], "newest": [True] * count, "listed": [False] * count, "refused": [False] * count, "proofs": [json.dumps(proof)] * count,
    })  # fmt: skip
    cursor = await conn.execute(QUERIES.name_person.text, {"workspace_id": link.workspace_id, "person_id": link.person_id, "now": now})
    name = await cursor.fetchone()
    if name is None:
        return
    bodies = [_event(link, topic, state, source, name, now) for topic, state in states.items()]
    await conn.execute(EVENTS.append_rows.text, {
        "lanes": [lane_of(name[1])] * count, "workspace_ids": [link.workspace_id] * count, "sources": ["track"] * count, "bodies": bodies, "now": now,
    })  # fmt: skip


def _event(link: Link, topic: str, state: str, source: str, name: tuple[str, str], now: datetime) -> bytes:
    event = {
        "type": "track",
        "event": "Unsubscribed" if state == "unsubscribed" else "Subscribed",
        "userId" if name[0] == "user_id" else "anonymousId": name[1],
        "messageId": f"consent:{link.person_id}:{topic}:{now.isoformat()}",
        "timestamp": now.isoformat(),
        "properties": {"topic": topic, "channel": "email", "source": source, "message_id": link.message_id},
    }
    return json.dumps(event).encode()


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            return body[:MOST_BODY]
    return body


async def _said(request: Request) -> str | None:
    """Who says it: a mailbox provider's one click (also with an empty body) or the button; None = neither."""
    body = await _body(request)
    if not body.strip():
        return "one_click"
    if request.headers.get("content-type", "").startswith("multipart/"):
        return "one_click" if ONE_CLICK.search(body) else None
    fields = parse_qs(body.decode("latin-1"), max_num_fields=20) if body.count(b"&") < 20 else {}  # noqa: PLR2004 -- as many as parse_qs takes
    if fields.get("List-Unsubscribe") == ["One-Click"]:
        return "one_click"
    return "unsubscribe_page" if fields.get("unsubscribe") == ["1"] else None


def _chosen(body: bytes) -> set[str] | None:
    fields = parse_qs(body.decode("latin-1")) if body.count(b"&") < 500 else {}  # noqa: PLR2004 -- more topics than anybody has
    return set(fields.get("topic", [])) if fields.get("save") == ["1"] else None


routes = [
    Route("/u/{token}", unsubscribe, methods=["GET", "HEAD", "POST"]),
    Route("/u/{token}/preferences", preferences, methods=["GET", "HEAD", "POST"]),
]
