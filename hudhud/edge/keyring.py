"""Whose write key is this?"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hudhud.edge.holder import Holder
from hudhud.edge.remembered import Remembered
from hudhud.events.types import PUBLIC
from hudhud.kit import sql
from hudhud.kit.crypto import hash_secret
from hudhud.kit.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from hudhud.edge.state import EdgeState

ACCOUNTS = sql.load("hudhud.accounts")
MAX_KEY_LENGTH = 200


class Keyring:
    """Looks keys up."""

    def __init__(self, state: EdgeState) -> None:
        """Ask by the pool of `state`."""
        self.state = state
        self._holders = Remembered(self._ask)

    async def holder(self, write_key: str, client: str) -> Holder:
        """Return whose key it is; raises `Unauthenticated`, `RateLimited` for a client who guesses, `Unavailable` when the database is away."""
        if not 0 < len(write_key) <= MAX_KEY_LENGTH:
            raise Unauthenticated("Send your write key as the user name of Basic authorization, with an empty password.")
        secret_hash = hash_secret(write_key)
        if not self._holders.knows(secret_hash):
            self.state.rates.guess(client)
        found = await self._holders.find(secret_hash)
        if found is None:
            raise Unauthenticated("This write key is unknown or revoked; take a key of kind collect from Settings → Keys.")
        return found

    async def writer(self, write_key: str, client: str) -> Holder:
        """Return whose key it is; raises also `Forbidden` for an API key that may only read."""
        found = await self.holder(write_key, client)
        if not found.may_write:
            raise Forbidden("This key may only read; take a key of kind collect from Settings → Keys.")
        return found

    async def _ask(self, secret_hash: bytes) -> Holder | None:
        async with self.state.workspace(None) as conn:
            cursor = await conn.execute(ACCOUNTS.find_key_holder.text, {"secret_hash": secret_hash})
            row = await cursor.fetchone()
        if row is None:
            return None
        key_id, workspace_id, kind, scopes, _, events = row
        is_public = kind == PUBLIC
        return Holder(
            workspace_id,
            key_id,
            PUBLIC if is_public else "server",
            may_write=is_public or scopes != ["read"],
            events=frozenset(events) if is_public and events else None,
        )


def from_basic(authorization: str) -> str:
    """Return the user name of a Basic header, or an empty text when it is none (RFC 7617)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return ""
