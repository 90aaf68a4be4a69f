"""From what happens to deliveries: each is written in the transaction that moves the position of what tells of it.

Events (ours among them: mails, stages, journeys) by the intake, with the transaction that closes their batch; who entered and left
segments by the segments worker, with the one that closes their batch; consent by our own place in its log, which each endpoint has. An id is made of
what happened, so even a batch that is repeated finds its deliveries there.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.endpoints.types import OWN_KINDS, News
from hudhud.events.types import OWN
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

FEED = sql.load("hudhud.endpoints", "feed.sql")
PAGE = 1_000


def take_events(ws: Scope, events: Sequence[Event], now: datetime) -> int:
    """Tell of events that were taken; return how many deliveries are new."""
    if not events:
        return 0
    listening = ws.all(FEED.find_listening)
    if not listening:
        return 0
    named = {name for one in listening if "event.tracked" in one["wants"] for name in one["events"]}
    return _tell(ws, listening, [news for event in events if (news := _of_event(event, named))], now)


def take_changes(ws: Scope, feed: int, now: datetime) -> int:
    """Tell who entered and left segments, of a batch of changes; call it in the transaction that closes the batch, before that."""
    listening = ws.all(FEED.find_listening)
    if not any("segment.entered" in one["wants"] or "segment.left" in one["wants"] for one in listening):
        return 0
    return _tell(ws, listening, [_of_change(*row) for row in ws.rows(FEED.read_changes, feed=feed)], now)


def find_readers(everywhere: Scope) -> list[tuple[int, int]]:
    """Return (workspace, endpoint) where the consent log has something new."""
    return [(row[0], row[1]) for row in everywhere.rows(FEED.find_readers)]


def take_consent(ws: Scope, endpoint_id: int, now: datetime) -> int:
    """Tell one endpoint of the next words about consent that counted; return how many were looked at."""
    rows = ws.all(FEED.read_consent, endpoint_id=endpoint_id, limit=PAGE)
    if rows:
        listening = [one for one in ws.all(FEED.find_listening) if one["id"] == endpoint_id]
        _tell(ws, listening, [_of_consent(row) for row in rows if row["applied"] and row["topic"]], now)
        ws.run(FEED.turn_page, endpoint_id=endpoint_id, txid=rows[-1]["txid"], id=rows[-1]["id"])
    return len(rows)


def message_id(workspace_id: int, news: News) -> str:
    """Return the id under which news is told: of what happened and when, as numbers come back with an older copy of the database."""
    text = f"{workspace_id}\0{news.kind}\0{news.key}\0{news.at.timestamp():.6f}"
    return f"msg_{blake2b(text.encode(), digest_size=16).hexdigest()}"


def to_body(news: News, person: dict[str, Any] | None) -> bytes:
    """Write what is sent."""
    data = {"person": person, **news.data} if person else news.data
    return msgspec.json.encode({"type": news.kind, "timestamp": news.at.isoformat().replace("+00:00", "Z"), "data": data})


def add(ws: Scope, told: Sequence[tuple[int, News, dict[str, Any] | None]], now: datetime) -> int:
    """Write down (endpoint, news, person); return how many are new."""
    if not told:
        return 0
    assert ws.workspace_id is not None
    return int(
        ws.value(
            FEED.add_deliveries,
            endpoints=[endpoint_id for endpoint_id, _, _ in told],
            messages=[message_id(ws.workspace_id, news) for _, news, _ in told],
            kinds=[news.kind for _, news, _ in told],
            people=[person["id"] if person else None for _, _, person in told],
            bodies=[to_body(news, person) for _, news, person in told],
            now=now,
        )
    )


def _tell(ws: Scope, listening: Sequence[dict[str, Any]], news: Sequence[News], now: datetime) -> int:
    wanted = [(one["id"], each) for each in news for one in listening if _wants(one, each)]
    asked = {each.person_id for _, each in wanted if each.person_id}
    people = {row[0]: _person(*row[1:]) for row in ws.rows(FEED.name_people, people=sql.numbers(sorted(asked)))} if wanted else {}
    return add(ws, [(endpoint_id, each, people[each.person_id]) for endpoint_id, each in wanted if each.person_id in people], now)


def _wants(endpoint: dict[str, Any], news: News) -> bool:
    if news.kind not in endpoint["wants"]:
        return False
    if news.kind == "event.tracked":
        return news.data["event"] in endpoint["events"]
    if news.kind in {"segment.entered", "segment.left"} and endpoint["segments"] is not None:
        return news.data["segment"]["id"] in endpoint["segments"]
    return True


def _person(person_id: int, user_id: str | None, email: str | None) -> dict[str, Any]:
    return {"id": person_id, "user_id": user_id, "email": email}


def _of_event(event: Event, named: set[str]) -> News | None:
    own = OWN_KINDS.get(event.name) if event.source == OWN else None
    if own is None and event.name not in named:
        return None
    properties = msgspec.Raw(event.properties)
    data = properties_of(properties) if own else {"event": event.name, "message_id": event.message_id, "properties": properties}
    return News(event.message_id, own or "event.tracked", event.at, event.person_id, data)


def properties_of(properties: msgspec.Raw) -> dict[str, Any]:
    """Return an object's members, each as it was written."""
    found: dict[str, Any] = msgspec.json.decode(properties, type=dict[str, msgspec.Raw])
    return found


def _of_change(change_id: int, segment_id: int, name: str, person_id: int, entered: bool, at: datetime) -> News:  # noqa: FBT001 -- a row
    return News(
        str(change_id), "segment.entered" if entered else "segment.left", at, person_id, {"segment": {"id": segment_id, "name": name}}
    )


def _of_consent(row: dict[str, Any]) -> News:
    data = {name: row[name] for name in ("topic", "channel", "state", "source")}
    return News(str(row["id"]), "consent.changed", row["at"], row["person_id"], data)
