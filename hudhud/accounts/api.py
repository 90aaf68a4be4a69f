"""Routes of workspace, members, keys and audit log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema, Status

from hudhud.accounts import actions, queries
from hudhud.accounts.passwords import hash_password
from hudhud.kit.crypto import new_secret
from hudhud.kit.http import Request, needs

router = Router(tags=["accounts"])
Role = Literal["viewer", "sales", "marketer", "admin", "owner"]


class WorkspaceChange(Schema):
    """What may be changed; leave out what stays."""

    name: str | None = None
    time_zone: str | None = None
    language: Literal["en", "et", "fa", "ar"] | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    sender_name: Annotated[str, Field(max_length=200)] | None = None
    sender_email: Annotated[str, Field(max_length=150)] | None = None
    postal_address: Annotated[str, Field(max_length=1000)] | None = None
    open_attributes: list[str] | None = None
    publishing_needs_approval: bool | None = None


class NewMember(Schema):
    """Somebody to let in."""

    email: str
    name: str = ""
    role: Role = "marketer"


class RoleChange(Schema):
    """A member's new role."""

    role: Role


class NewKey(Schema):
    """A key to make; `scopes` (read, write, admin) count for kind `api`, `events` (the only names it may send) for `collect`."""

    kind: Literal["collect", "api"]
    name: str = ""
    scopes: list[Literal["read", "write", "admin"]] | None = None
    events: list[str] | None = None


class KeyChange(Schema):
    """The only names that a collect key may send; an empty list: all but our own."""

    events: list[str]


@router.get("/workspace")
def get_workspace(request: Request) -> dict[str, Any]:
    """Return the workspace."""
    return asdict(queries.get_workspace(request.scope))


@router.patch("/workspace")
@needs("admin")
def update_workspace(request: Request, change: WorkspaceChange) -> dict[str, Any]:
    """Change the given fields."""
    return asdict(actions.update_workspace(request.scope, request.now, request.actor, **change.dict(exclude_none=True)))


@router.get("/members")
def find_members(request: Request) -> dict[str, Any]:
    """List everybody in the workspace."""
    items = [asdict(member) for member in queries.find_members(request.scope)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/members", response={201: dict[str, Any]})
@needs("admin")
def add_member(request: Request, new: NewMember) -> Status[dict[str, Any]]:
    """Let somebody in; `first_password` is shown this once (null for somebody who signs in here already)."""
    password = new_secret("first")
    user_id, is_new = actions.add_member(
        request.scope,
        email=new.email,
        name=new.name,
        role=new.role,
        password_hash=hash_password(password),
        by_role=request.role,
        now=request.now,
        actor=request.actor,
    )
    return Status(201, {**asdict(queries.get_member(request.scope, user_id)), "first_password": password if is_new else None})


@router.patch("/members/{int:user_id}")
@needs("admin")
def set_role(request: Request, user_id: int, change: RoleChange) -> dict[str, Any]:
    """Change a member's role. API keys that they have made and that may do more than the new role end."""
    actions.set_role(request.scope, user_id, role=change.role, by_role=request.role, now=request.now, actor=request.actor)
    return asdict(queries.get_member(request.scope, user_id))


@router.delete("/members/{int:user_id}", response={204: None})
@needs("admin")
def remove_member(request: Request, user_id: int, *, keep_keys: bool = False) -> Status[None]:
    """Take a member out. The API keys that they have made end at once; `keep_keys`: programs go on with them."""
    actions.remove_member(request.scope, user_id, by_role=request.role, now=request.now, actor=request.actor, keep_keys=keep_keys)
    return Status(204, None)


@router.get("/keys")
@needs("admin")
def find_keys(request: Request) -> dict[str, Any]:
    """List all keys, newest first, without their secrets."""
    items = [asdict(key) for key in queries.find_keys(request.scope)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/keys", response={201: dict[str, Any]})
@needs("admin")
def create_key(request: Request, new: NewKey) -> Status[dict[str, Any]]:
    """Make a key; `key` is shown this once."""
    key, secret = actions.create_key(
        request.scope,
        kind=new.kind,
        name=new.name,
        scopes=list(new.scopes or []),
        events=new.events,
        now=request.now,
        actor=request.actor,
    )
    return Status(201, {**asdict(key), "key": secret})


@router.patch("/keys/{int:key_id}")
@needs("admin")
def allow_events(request: Request, key_id: int, change: KeyChange) -> dict[str, Any]:
    """Change which events a collect key may send; it counts within a second."""
    return asdict(actions.allow_events(request.scope, key_id, change.events, now=request.now, actor=request.actor))


@router.delete("/keys/{int:key_id}", response={204: None})
@needs("admin")
def revoke_key(request: Request, key_id: int) -> Status[None]:
    """End a key at once."""
    actions.revoke_key(request.scope, key_id, now=request.now, actor=request.actor)
    return Status(204, None)


@router.get("/audit")
@needs("admin")
def find_audit(request: Request, after: int | None = None, limit: Annotated[int, Field(ge=1, le=200)] = 50) -> dict[str, Any]:
    """List changes, newest first."""
    items = queries.find_audit(request.scope, after=after, limit=limit)
    return {"items": [asdict(item) for item in items], "next": items[-1].id if len(items) == limit else None, "total": None}
