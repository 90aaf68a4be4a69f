"""Reads: workspace, members, keys, audit log."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from hudhud.accounts.types import ApiKey, AuditEntry, KeyHolder, Member, Membership, Workspace
from hudhud.kit import sql
from hudhud.kit.crypto import hash_secret
from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

Q = sql.load("hudhud.accounts")


def get_workspace(ws: Scope) -> Workspace:
    """Return the scope's workspace; raises `NotFound` when it is gone."""
    found = ws.into(Workspace, Q.get_workspace)
    if not found:
        raise NotFound
    return found[0]


def find_opened(ws: Scope) -> frozenset[str]:
    """Return the attributes that public keys may overwrite whoever has set them."""
    return frozenset(ws.value(Q.find_opened) or ())


def find_memberships(everywhere: Scope, user_id: int) -> list[Membership]:
    """Return where a user may go, oldest workspace first."""
    return everywhere.into(Membership, Q.find_memberships, user_id=user_id)


def find_workspaces(everywhere: Scope) -> list[Membership]:
    """Return every workspace, oldest first, for the command line."""
    return everywhere.into(Membership, Q.find_workspaces)


def has_owner(everywhere: Scope) -> bool:
    """Tell whether first-run setup is over."""
    return bool(everywhere.value(Q.has_owner))


def find_members(ws: Scope) -> list[Member]:
    """Return everybody in the workspace, first comer first."""
    return ws.into(Member, Q.find_members)


def get_member(ws: Scope, user_id: int) -> Member:
    """Return one member; raises `NotFound`."""
    for member in find_members(ws):
        if member.user_id == user_id:
            return member
    raise NotFound


def find_keys(ws: Scope) -> list[ApiKey]:
    """Return all keys, newest first, revoked ones too."""
    return ws.into(ApiKey, Q.find_keys)


def get_person_behind(ws: Scope, actor: str) -> str:
    """Return the member (`user:7`) who has made a key (`key:3`); any other actor as it is, and a key that no member has made."""
    kind, _, number = actor.partition(":")
    maker = ws.value(Q.get_maker, key_id=int(number)) if kind == "key" else None
    return actor if maker is None else f"user:{maker}"


def find_key_holder(everywhere: Scope, secret: str) -> KeyHolder | None:
    """Return whom a key speaks for, or None when it is unknown or revoked."""
    secret_hash = hash_secret(secret)
    for holder in everywhere.into(KeyHolder, Q.find_key_holder, secret_hash=secret_hash):
        if hmac.compare_digest(bytes(holder.secret_hash), secret_hash):
            return holder
    return None


def find_audit(ws: Scope, *, after: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """Return changes, newest first, older than entry `after`."""
    return ws.into(AuditEntry, Q.find_audit, after=after, limit=limit)
