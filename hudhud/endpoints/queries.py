"""Reads about outgoing webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hudhud.endpoints.types import Attempt, Delivery, DeliveryNotFound, Endpoint, EndpointNotFound
from hudhud.kit import sql
from hudhud.segments.queries import Use

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.endpoints")


def find_endpoints(ws: Scope, now: datetime) -> list[Endpoint]:
    """All endpoints of a workspace, the oldest first."""
    return ws.into(Endpoint, QUERIES.find_endpoints, endpoint_id=None, now=now)


def get_endpoint(ws: Scope, endpoint_id: int, now: datetime) -> Endpoint:
    """Return an endpoint; raises `EndpointNotFound`."""
    found = ws.into(Endpoint, QUERIES.find_endpoints, endpoint_id=endpoint_id, now=now)
    if not found:
        raise EndpointNotFound
    return found[0]


def find_deliveries(
    ws: Scope, endpoint_id: int, *, state: str | None = None, after: int | None = None, delivery_id: int | None = None, limit: int = 50
) -> list[Delivery]:
    """A page of what an endpoint was told, or is to be, newest first."""
    return ws.into(
        Delivery, QUERIES.find_deliveries, endpoint_id=endpoint_id, state=state, after=after, delivery_id=delivery_id, limit=limit
    )


def get_delivery(ws: Scope, endpoint_id: int, delivery_id: int) -> tuple[Delivery, bytes, list[Attempt]]:
    """Return a delivery, its body and all attempts; raises `DeliveryNotFound`."""
    found = find_deliveries(ws, endpoint_id, delivery_id=delivery_id, limit=1)
    if not found:
        raise DeliveryNotFound
    body = bytes(ws.value(QUERIES.read_body, endpoint_id=endpoint_id, delivery_id=delivery_id))
    return found[0], body, ws.into(Attempt, QUERIES.find_attempts, delivery_id=delivery_id)


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the endpoints that want to hear of a segment by name."""
    return [_to_use(row) for row in ws.rows(QUERIES.find_wanting_segment, segment_id=segment_id)]


def find_event_uses(ws: Scope, name: str) -> list[Use]:
    """Return the endpoints that want to hear of an event."""
    return [_to_use(row) for row in ws.rows(QUERIES.find_wanting_event, name=name)]


def _to_use(row: tuple[Any, ...]) -> Use:
    endpoint_id, description, url, state = row
    # Not the whole address: where it leads may hold a secret.
    return Use("endpoint", str(endpoint_id), {"": description or urlsplit(url).netloc.rpartition("@")[2]}, state)


def count_disabled(ws: Scope) -> int:
    """Return how many endpoints were given up on."""
    return int(ws.value(QUERIES.count_disabled))
