"""Whose write key is this? Answers are remembered for less than a second, so a revoked key ends within one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.events.types import PUBLIC
from hudhud.kit import sql
from hudhud.kit.crypto import hash_secret
from hudhud.kit.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from hudhud.edge.state import EdgeState

ACCOUNTS = sql.load("hudhud.accounts")
FRESH_S = 0.9
REMEMBERED = 10_000
MAX_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a key belongs to. `source` goes into the intake log: `collect` keys may be public, `server` keys are secret."""

    workspace_id: int
    key_id: int
    source: str
    may_write: bool = True
    events: frozenset[str] | None = None  # the only names it may send; None: all but our own


@dataclass
class Keyring:
    """Looks keys up and remembers the answers, also that there is no such key."""

    state: EdgeState
    _known: dict[bytes, tuple[float, Holder | None]] = field(default_factory=dict)
    _asking: dict[bytes, asyncio.Task[Holder | None]] = field(default_factory=dict)

    async def holder(self, write_key: str) -> Holder:
        """Return whose key it is; raises `Unauthenticated`, or `Unavailable` when the database cannot be asked."""
        if not 0 < len(write_key) <= MAX_KEY_LENGTH:
            raise Unauthenticated("Send your write key as the user name of Basic authorization, with an empty password.")
        secret_hash = hash_secret(write_key)
        asked_at, found = self._known.get(secret_hash, (0.0, None))
        if time.monotonic() - asked_at > FRESH_S:
            found = await self._ask_once(secret_hash)
        if found is None:
            raise Unauthenticated("This write key is unknown or revoked; take a key of kind collect from Settings → Keys.")
        return found

    async def writer(self, write_key: str) -> Holder:
        """Return whose key it is; raises also `Forbidden` for an API key that may only read."""
        found = await self.holder(write_key)
        if not found.may_write:
            raise Forbidden("This key may only read; take a key of kind collect from Settings → Keys.")
        return found

    async def _ask_once(self, secret_hash: bytes) -> Holder | None:
        """Ask the database, one question at a time for each key."""
        task = self._asking.get(secret_hash)
        if task is None:
            task = asyncio.create_task(self._ask(secret_hash))
            self._asking[secret_hash] = task
            task.add_done_callback(lambda _: self._asking.pop(secret_hash, None))
        # A sender who hangs up must not take the answer away from the others.
        return await asyncio.shield(task)

    async def _ask(self, secret_hash: bytes) -> Holder | None:
        asked_at = time.monotonic()
        async with self.state.workspace(None) as conn:
            cursor = await conn.execute(ACCOUNTS.find_key_holder.text, {"secret_hash": secret_hash})
            row = await cursor.fetchone()
        found = None
        if row is not None:
            key_id, workspace_id, kind, scopes, _, events = row
            is_public = kind == PUBLIC
            found = Holder(
                workspace_id,
                key_id,
                PUBLIC if is_public else "server",
                may_write=is_public or scopes != ["read"],
                events=frozenset(events) if is_public and events else None,
            )
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[secret_hash] = (asked_at, found)
        return found


def from_basic(authorization: str) -> str:
    """Return the user name of a Basic header, or an empty text when it is none (RFC 7617)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
