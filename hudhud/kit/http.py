"""What a route needs: read by the app, which checks it; written beside the endpoint it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

F = TypeVar("F", bound="Callable[..., object]")

# One request to the web process; the edge refuses more before it reads it.
MAX_BODY_BYTES = 16 * 1024 * 1024
# Higher may do all that lower may.
RANKS = {"viewer": 0, "sales": 1, "marketer": 2, "admin": 3, "owner": 4}
DEFAULT_ROLE = {"GET": "viewer", "HEAD": "viewer", "OPTIONS": "viewer"}


class Request(Protocol):
    """What an endpoint is given beside Django's own: annotate its first argument with this."""

    scope: Scope
    open: Callable[[], AbstractContextManager[Scope]]  # where the endpoint is `apart`, instead of `scope`
    clickhouse: Client
    keys: Keys
    now: datetime
    actor: str
    role: str


def needs(role: str) -> Callable[[F], F]:
    """Mark an endpoint as open to `role` and above (without a mark: viewer for GET, marketer for the rest)."""
    if role not in RANKS:
        message = f"role {role!r} is none of {', '.join(RANKS)}"
        raise ValueError(message)

    def mark(endpoint: F) -> F:
        endpoint.needed_role = role  # type: ignore[attr-defined]
        return endpoint

    return mark


def apart(endpoint: F) -> F:
    """Mark an endpoint that waits for somebody else's server: no transaction is open around it; it opens short ones by `request.open()`."""
    endpoint.is_apart = True  # type: ignore[attr-defined]
    return endpoint


def role_for(method: str, endpoint: object) -> str:
    """Return the least role that may call `endpoint` by `method`."""
    return getattr(endpoint, "needed_role", None) or DEFAULT_ROLE.get(method, "marketer")
