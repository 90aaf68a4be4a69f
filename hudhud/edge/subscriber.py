"""Who stands behind a link in a mail's footer, and their words, with proof and event, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from hudhud.edge import pages
from hudhud.edge.look import looks_of
from hudhud.events.types import lane_of
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from psycopg import AsyncConnection
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.delivery", "tracking.sql")
ROOMS = sql.load("hudhud.delivery", "rooms.sql")
CONSENT = sql.load("hudhud.consent")
PREFERENCES = sql.load("hudhud.consent", "preferences.sql")
EVENTS = sql.load("hudhud.events")
MOST_BODY = 64 * 1024
MOST_FIELDS = 500  # more topics than anybody has
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who a link is about today, and how their pages speak and look."""

    workspace_id: int
    person_id: int
    frame: pages.Frame
    wording: int | None  # the version of what is read where they agree
    proof: dict[str, Any] = field(default_factory=dict)  # what the link itself shows


async def read_wording(conn: AsyncConnection[Any], workspace_id: int) -> tuple[int | None, dict[str, str]]:
    """Return the version of what is read where people agree, and its texts."""
    cursor = await conn.execute(PREFERENCES.get_wording.text, {"workspace_id": workspace_id})
    found = await cursor.fetchone()
    return (found[0], found[2]) if found else (None, {})


async def one(conn: AsyncConnection[Any], query: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first row by name."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchone()


async def every(conn: AsyncConnection[Any], query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all rows by name."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


async def frame_of(conn: AsyncConnection[Any], found: Mapping[str, Any], token: str, request: Request) -> tuple[pages.Frame, int | None]:
    """Return how the pages of somebody speak and look (`?lang=` changes the language), with the version of the wording."""
    version, texts = await read_wording(conn, found["workspace_id"])
    wanted = request.query_params.get("lang") or found["language"]
    looks = looks_of(found["kit"])
    return pages.Frame(pages.language_of(wanted), found["workspace"], token, looks, found["postal_address"], texts), version


def proof_of(who: Subscriber, request: Request) -> dict[str, Any]:
    """What shows that it was them: from where, with what, and what they read."""
    return {
        "ip": request.client.host if request.client else "",
        "user_agent": request.headers.get("user-agent", "").replace("\0", "")[:500],
        **who.proof,
        **({"wording": who.wording, "language": who.frame.language} if who.wording is not None else {}),
    }


async def record(
    conn: AsyncConnection[Any], edge: EdgeState, who: Subscriber, states: Mapping[str, str], source: str, request: Request
) -> None:
    """Write words about topics by their keys, their proof, and an event for each."""
    if not states:
        return
    now = edge.clock.now()
    count = len(states)
    await conn.execute(CONSENT.record.text, {
        "workspace_id": who.workspace_id, "person_ids": [who.person_id] * count, "topics": list(states), "channels": ["email"] * count,
        "states": list(states.values()), "ats": [now] * count, "sources": [source] * count,
        "direct": [state == "unsubscribed" for state in states.values()], "newest": [True] * count, "listed": [False] * count, "refused": [False] * count,
        "proofs": [json.dumps(proof_of(who, request))] * count,
    })  # fmt: skip
    cursor = await conn.execute(QUERIES.name_person.text, {"workspace_id": who.workspace_id, "person_id": who.person_id, "now": now})
    name = await cursor.fetchone()
    if name is None:
        return
    bodies = [_event(who, topic, state, source, name, now) for topic, state in states.items()]
    await conn.execute(EVENTS.append_rows.text, {
        "lanes": [lane_of(name[1])] * count, "workspace_ids": [who.workspace_id] * count, "sources": ["track"] * count, "bodies": bodies, "now": now,
    })  # fmt: skip


def _event(who: Subscriber, topic: str, state: str, source: str, name: tuple[str, str], now: datetime) -> bytes:
    event = {
        "type": "track",
        "event": "Unsubscribed" if state == "unsubscribed" else "Subscribed",
        "userId" if name[0] == "user_id" else "anonymousId": name[1],
        "messageId": f"consent:{who.person_id}:{topic}:{now.isoformat()}",
        "timestamp": now.isoformat(),
        "properties": {"topic": topic, "channel": "email", "source": source, "message_id": who.proof.get("message_id")},
    }
    return json.dumps(event).encode()


async def read_body(request: Request) -> bytes:
    """Return the body, cut where nobody's is that long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            return body[:MOST_BODY]
    return body
