"""Factories: plain functions that put things into the database, as small as a test needs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hudhud.consent.actions import create_default_topics
from hudhud.content.actions import publish
from hudhud.kit.sql import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Database, Scope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKSPACE = Query(
    "workspace",
    "INSERT INTO workspace (name, sender_name, sender_email, postal_address, created_at)"
    " VALUES (%(name)s, 'Shop', 'shop@example.com', 'Pikk 1, Tallinn', %(now)s) RETURNING id",
)
PEOPLE = Query(
    "people",
    "WITH made AS ("
    "  INSERT INTO person (workspace_id, attributes, created_at, updated_at)"
    "  SELECT %(workspace_id)s, jsonb_build_object('email', a), %(now)s, %(now)s FROM unnest(%(addresses)s::text[]) WITH ORDINALITY AS g (a, place)"
    "  ORDER BY place RETURNING id, attributes ->> 'email' AS address"
    "), named AS ("
    "  INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)"
    "  SELECT %(workspace_id)s, 'email', address, id, %(now)s FROM made"
    "), agreed AS ("
    "  INSERT INTO subscription (workspace_id, person_id, topic_id, channel, state, changed_at)"
    "  SELECT %(workspace_id)s, made.id, t.id, 'email', 'subscribed', %(now)s FROM made, topic t"
    "  WHERE t.workspace_id = %(workspace_id)s AND t.key = ANY(%(topics)s::text[])"
    ") SELECT id FROM made ORDER BY id",
)


def workspace(db: Database, name: str = "Shop", now: datetime = NOW) -> int:
    """Make a workspace with a sender and the default topics; return its id."""
    with db.everywhere() as everywhere:
        workspace_id = int(everywhere.value(WORKSPACE, name=name, now=now))
    with db.workspace(workspace_id) as ws:
        create_default_topics(ws, now)
    return workspace_id


def people(ws: Scope, addresses: Sequence[str], topics: Sequence[str] = ("newsletter",), now: datetime = NOW) -> list[int]:
    """Make people with these addresses who agreed to these topics; return their ids in the same order."""
    return [row[0] for row in ws.rows(PEOPLE, addresses=list(addresses), topics=list(topics), now=now)]


def person(
    ws: Scope,
    address: str = "ada@example.com",
    topics: Sequence[str] = ("newsletter",),
    *,
    language: str | None = "en",
    **attributes: object,
) -> int:
    """Make one person with attributes (Ada, unless told otherwise)."""
    person_id = people(ws, [address], topics)[0]
    given = json.dumps({"first_name": "Ada", **attributes})
    ws.conn.execute("UPDATE person SET attributes = attributes || %s::jsonb, language = %s WHERE id = %s", (given, language, person_id))
    return person_id


def fragment(body: str) -> str:
    """Put MJML around some HTML."""
    return f"<mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section>"


def template(
    ws: Scope,
    sandbox: Sandbox,
    key: str = "hello",
    *,
    subject: str = "Hello {{ person.first_name }}",
    body: str = "Hi {{ person.first_name }}",
    text: str = "",
) -> int:
    """Publish a template in English; return its version."""
    copy = {"subject": subject, "mjml": fragment(body), "text": text}
    return publish(ws, sandbox, key, {"en": key}, {"en": copy}, actor="test", now=NOW)
