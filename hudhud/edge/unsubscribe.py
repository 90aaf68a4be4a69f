"""/u/TOKEN: the page with one button (GET) and the unsubscribe itself (POST: RFC 8058 one-click, or the button).

GET and HEAD change nothing. A POST is written to the consent tables, to their log and to the intake log in one transaction before it is
answered 200, so the gate sees it at once. No cookie, no sign-in, no redirect. The token names workspace, person and topic itself
and does not depend on the message it came with.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.edge import pages
from hudhud.edge.subscriber import HEADERS, QUERIES, Subscriber, every, frame_of, one, read_body, record
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

TOKEN = struct.Struct(">QQQQ")
ONE_CLICK = re.compile(rb"""name=["']?List-Unsubscribe["']?\s*\r?\n(?:[^\r\n]+\r?\n)*\r?\n\s*One-Click""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says, and where its holder stands today."""

    who: Subscriber
    topic_id: int
    choices: list[dict[str, Any]]

    @property
    def topic(self) -> dict[str, Any] | None:
        """The topic of the mail; None when it is gone or not marketing."""
        return next((one for one in self.choices if one["id"] == self.topic_id), None)

    def topic_name(self) -> str:
        """How to call it on the page."""
        frame = self.who.frame
        return pages.name_in(self.topic["names"], frame.language) if self.topic else frame.workspace


async def unsubscribe(request: Request) -> Response:
    """The page, or the unsubscribe."""
    edge: EdgeState = request.app.state.edge
    parts = parts_of(edge, request.path_params["token"])
    if parts is None:
        return missing(request)
    said = await _said(request) if request.method == "POST" else ""
    if said is None:
        return PlainTextResponse("Send List-Unsubscribe=One-Click, or press the button on the page.", 400, headers=HEADERS)
    try:
        async with edge.workspace(parts[0]) as conn:
            link = await open_link(conn, request, parts)
            if link is None:
                return missing(request)
            if said and link.topic and link.topic["state"] != "unsubscribed":
                await record(conn, edge, link.who, {link.topic["key"]: "unsubscribed"}, said, request)
    except Unavailable:
        return later()
    page = pages.done if said else pages.ask
    return HTMLResponse(page(link.who.frame, link.topic_name()), headers=HEADERS)


def parts_of(edge: EdgeState, token: str) -> tuple[int, int, int, int] | None:
    """Return what a genuine token names: workspace, person, topic, message."""
    payload = edge.keys.verify("unsubscribe", token)
    return None if payload is None or len(payload) != TOKEN.size else TOKEN.unpack(payload)


def missing(request: Request) -> Response:
    """Say that there is no such link, in the reader's language."""
    wanted = request.headers.get("accept-language", "").partition(",")[0]
    return HTMLResponse(pages.missing(pages.language_of(wanted)), 404, headers=HEADERS)


def later() -> Response:
    """Say that the database is away."""
    return PlainTextResponse("Try again in a moment.", 503, headers={**HEADERS, "Retry-After": "5"})


async def open_link(conn: AsyncConnection[Any], request: Request, parts: tuple[int, int, int, int]) -> Link | None:
    """Find who holds a link today; None: nobody any more."""
    workspace_id, asked_id, topic_id, message_id = parts
    found = await one(conn, QUERIES.get_subscriber.text, {"workspace_id": workspace_id, "person_id": asked_id})
    if found is None:
        return None
    if request.method == "POST":
        await conn.execute(QUERIES.take_turn_to_say.text, {"person_id": found["person_id"]})
    choices = await every(conn, QUERIES.find_choices.text, {"workspace_id": workspace_id, "person_id": found["person_id"]})
    frame, wording = await frame_of(conn, found, request.path_params["token"], request)
    return Link(Subscriber(workspace_id, found["person_id"], frame, wording, {"message_id": message_id}), topic_id, choices)


async def _said(request: Request) -> str | None:
    """Who says it: a mailbox provider's one click (also with an empty body) or the button; None = neither."""
    body = await read_body(request)
    if not body.strip():
        return "one_click"
    if request.headers.get("content-type", "").startswith("multipart/"):
        return "one_click" if ONE_CLICK.search(body) else None
    fields = parse_qs(body.decode("latin-1"), max_num_fields=20) if body.count(b"&") < 20 else {}  # noqa: PLR2004 -- as many as parse_qs takes
    if fields.get("List-Unsubscribe") == ["One-Click"]:
        return "one_click"
    return "unsubscribe_page" if fields.get("unsubscribe") == ["1"] else None


routes = [Route("/u/{token}", unsubscribe, methods=["GET", "HEAD", "POST"])]
