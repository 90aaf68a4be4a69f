"""Writes about outgoing webhooks: endpoints and their secrets, sending again; and what the workers need of them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hudhud.accounts.actions import record_audit
from hudhud.endpoints.feed import add
from hudhud.endpoints.feed import find_readers as find_readers
from hudhud.endpoints.feed import take_changes as take_changes
from hudhud.endpoints.feed import take_consent as take_consent
from hudhud.endpoints.feed import take_events as take_events
from hudhud.endpoints.queries import QUERIES, find_deliveries, get_delivery, get_endpoint
from hudhud.endpoints.sending import PURPOSE
from hudhud.endpoints.sending import attempt as attempt
from hudhud.endpoints.sending import claim as claim
from hudhud.endpoints.sending import judge as judge
from hudhud.endpoints.sending import next_due as next_due
from hudhud.endpoints.sending import record as record
from hudhud.endpoints.signing import new_secret
from hudhud.endpoints.types import KEPT, MOST_ENDPOINTS, OVERLAP, TEST, EndpointNotFound, News, NotActive
from hudhud.endpoints.wishes import check
from hudhud.kit.errors import Conflict
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.endpoints.types import Delivery, Endpoint, Wishes
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope


def create_endpoint(ws: Scope, keys: Keys, wishes: Wishes, *, now: datetime, actor: str) -> tuple[Endpoint, str]:
    """Make an endpoint; the second value is its secret, shown this once. It is told what happens from now on. Raises `InvalidInput`."""
    if ws.value(QUERIES.count_endpoints) >= MOST_ENDPOINTS:
        raise Conflict(f"A workspace may have {MOST_ENDPOINTS} endpoints; delete one that is not used.")
    columns, secret = check(ws, wishes), new_secret()
    endpoint_id = ws.value(QUERIES.create_endpoint, secret=cipher(keys, PURPOSE).encrypt(secret.encode()), now=now, **columns)
    record_audit(ws, now, actor, "endpoint.create", f"endpoint:{endpoint_id}", url=columns["url"])
    return get_endpoint(ws, endpoint_id, now), secret


def change_endpoint(ws: Scope, endpoint_id: int, wishes: Wishes, *, now: datetime, actor: str) -> None:
    """Give an endpoint another address, or other wishes; what waits goes to the new address. Raises `EndpointNotFound`, `InvalidInput`."""
    columns = check(ws, wishes)
    _touched(ws.run(QUERIES.change_endpoint, endpoint_id=endpoint_id, **columns))
    record_audit(ws, now, actor, "endpoint.change", f"endpoint:{endpoint_id}", url=columns["url"])


def set_state(ws: Scope, endpoint_id: int, *, is_active: bool, now: datetime, actor: str) -> None:
    """Pause an endpoint (what happens meanwhile waits), or let it go on, also when it was disabled. Raises `EndpointNotFound`, `NotActive`."""
    known = get_endpoint(ws, endpoint_id, now)
    if known.state == "disabled" and not is_active:
        raise NotActive("The endpoint is disabled; let it go on first.")
    state = "active" if is_active else "paused"
    if ws.run(QUERIES.set_state, endpoint_id=endpoint_id, state=state, now=now):
        record_audit(ws, now, actor, f"endpoint.{'resume' if is_active else 'pause'}", f"endpoint:{endpoint_id}")
        ws.run(QUERIES.wake)


def rotate(ws: Scope, keys: Keys, endpoint_id: int, *, now: datetime, actor: str) -> str:
    """Give an endpoint another secret, shown this once; for a day the old one signs besides. Raises `EndpointNotFound`."""
    secret = new_secret()
    sealed = cipher(keys, PURPOSE).encrypt(secret.encode())
    _touched(ws.run(QUERIES.set_secret, endpoint_id=endpoint_id, secret=sealed, until=now + OVERLAP))
    record_audit(ws, now, actor, "endpoint.rotate", f"endpoint:{endpoint_id}")
    return secret


def delete_endpoint(ws: Scope, endpoint_id: int, *, now: datetime, actor: str) -> None:
    """Remove an endpoint with its deliveries. Raises `EndpointNotFound`."""
    url = ws.value(QUERIES.delete_endpoint, endpoint_id=endpoint_id)
    if url is None:
        raise EndpointNotFound
    record_audit(ws, now, actor, "endpoint.delete", f"endpoint:{endpoint_id}", url=url)


def send_test(ws: Scope, endpoint_id: int, now: datetime) -> Delivery:
    """Tell an endpoint that this is a test. Raises `EndpointNotFound`, `NotActive`."""
    if get_endpoint(ws, endpoint_id, now).state != "active":
        raise NotActive
    news = News(secrets.token_hex(8), TEST, now, None, {"text": "This is a test."})
    add(ws, [(endpoint_id, news, None)], now)
    return find_deliveries(ws, endpoint_id, limit=1)[0]


def replay_delivery(ws: Scope, endpoint_id: int, delivery_id: int, now: datetime) -> Delivery:
    """Send it again under its id, from the beginning of the schedule. Raises `DeliveryNotFound`, `EndpointNotFound`, `NotActive`."""
    _check_enabled(ws, endpoint_id, now)
    get_delivery(ws, endpoint_id, delivery_id)
    ws.run(QUERIES.replay_one, endpoint_id=endpoint_id, delivery_id=delivery_id, now=now)
    ws.run(QUERIES.wake)
    return get_delivery(ws, endpoint_id, delivery_id)[0]


def replay_dead(ws: Scope, endpoint_id: int, now: datetime, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Send all again that was given up, of news from [since, until); return how many. Raises `EndpointNotFound`, `NotActive`."""
    _check_enabled(ws, endpoint_id, now)
    count = ws.run(QUERIES.replay_dead, endpoint_id=endpoint_id, since=since, until=until, now=now)
    ws.run(QUERIES.wake)
    return count


def forget_old(everywhere: Scope, now: datetime, limit: int) -> int:
    """Delete deliveries whose time is over, `limit` at most; return how many."""
    return everywhere.run(QUERIES.forget_deliveries, before=now - KEPT, limit=limit)


def _check_enabled(ws: Scope, endpoint_id: int, now: datetime) -> None:
    if get_endpoint(ws, endpoint_id, now).state == "disabled":
        raise NotActive("The endpoint is disabled; let it go on first.")


def _touched(rows: int) -> None:
    if not rows:
        raise EndpointNotFound
