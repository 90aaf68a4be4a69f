"""Workspace, member, API key, audit entry; the errors of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import Conflict, Forbidden

if TYPE_CHECKING:
    from datetime import datetime

ROLES = ("viewer", "sales", "marketer", "admin", "owner")
KEY_KINDS = ("collect", "api")
# What a scope of an API key allows, as the role it may act in. A collect key needs none: it may only write events.
SCOPE_ROLES = {"read": "viewer", "write": "marketer", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Workspace:
    """One company: people, segments and journeys of different workspaces never meet."""

    id: int
    name: str
    time_zone: str
    language: str
    currency: str
    sender_name: str
    sender_email: str
    postal_address: str
    open_attributes: list[str]
    publishing_needs_approval: bool
    is_sample: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """The first person in, and what their workspace is called."""

    email: str
    password_hash: str
    name: str = ""
    workspace: str = "My shop"
    time_zone: str = "UTC"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Membership:
    """A workspace that a user may enter, and in which role."""

    workspace_id: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Member:
    """A user of one workspace."""

    user_id: int
    email: str
    name: str
    role: str
    active: bool
    created_at: datetime
    last_login_at: datetime | None
    api_keys: int  # that they have made and that still count


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key after it was shown: everything but the key."""

    id: int
    kind: str
    scopes: list[str]
    events: list[str] | None  # the only names that a collect key may send; None: all
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None
    made_by: str | None  # name or address of the user; None: the command line, or somebody who is gone for good


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a genuine key speaks for."""

    id: int
    workspace_id: int
    kind: str
    scopes: list[str]
    secret_hash: bytes
    events: list[str] | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: who did what to which thing, and when."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


class EmailTaken(Conflict):
    """Somebody with this e-mail address is here already."""

    code = "email_taken"


class LastOwner(Conflict):
    """A workspace keeps at least one owner: make somebody else an owner first."""

    code = "last_owner"


class OwnersOnly(Forbidden):
    """Only an owner may make, change or remove an owner."""

    code = "owners_only"


class SetupDone(Conflict):
    """There is an owner already; sign in instead."""

    code = "setup_done"
