"""Writes: workspace, users, members, keys; every change leaves a line in the audit log.

Passwords come hashed (`accounts.passwords`), so that workers may use this module without Django.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from psycopg.types.json import Jsonb

from hudhud.accounts.queries import Q, get_workspace
from hudhud.accounts.types import (
    KEY_KINDS,
    ROLES,
    SCOPE_ROLES,
    ApiKey,
    EmailTaken,
    FirstOwner,
    LastOwner,
    Membership,
    OwnersOnly,
    SetupDone,
    Workspace,
)
from hudhud.kit.crypto import hash_secret, new_secret
from hudhud.kit.errors import Forbidden, InvalidInput, NotFound
from hudhud.kit.text import is_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hudhud.kit.db import Database, Scope

MAX_EMAIL = 150  # Django's limit for a sign-in name
PREFIX_SHOWN = 6
MOST_NAMES, LONGEST_NAME = 200, 256
# What people are known by is never open to public keys (people/vouching.py).
NEVER_OPEN = {"email", "phone", "subscriptions"}


def record_audit(ws: Scope, now: datetime, actor: str, action: str, target: str = "", **detail: object) -> None:
    """Append one change to the audit log; `target` is e.g. `segment:12`."""
    ws.run(Q.record_audit, now=now, actor=actor, action=action, object=target, detail=Jsonb(detail))


def check_email(field: str, value: str) -> str:
    """Return the address in its normal form; raises `InvalidInput`."""
    try:
        checked = validate_email(value.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise InvalidInput(field, value, str(error)) from error
    if len(checked.normalized) > MAX_EMAIL:
        raise InvalidInput(field, value, f"use an address of at most {MAX_EMAIL} characters")
    return checked.normalized.lower()


def check_time_zone(value: str) -> str:
    """Return the IANA zone; raises `InvalidInput` for an unknown one."""
    try:
        return ZoneInfo(value).key
    except (ValueError, KeyError, OSError) as error:
        raise InvalidInput("time_zone", value, "use an IANA name such as Europe/Tallinn") from error


def _check_name(field: str, value: str) -> str:
    if not 1 <= len(value.strip()) <= 200 or not is_one_line(value):  # noqa: PLR2004 -- the column's own bounds
        raise InvalidInput(field, value, "use 1 to 200 characters on one line")
    return value.strip()


def _check_names(field: str, names: object) -> list[str]:
    """Return names of events or attributes, each once, in the order given."""
    wanted = list(dict.fromkeys(str(name).strip() for name in names)) if isinstance(names, list) else []
    if len(wanted) > MOST_NAMES or any(not 0 < len(name) <= LONGEST_NAME or "\0" in name for name in wanted):
        raise InvalidInput(field, names, f"use at most {MOST_NAMES} names of 1 to {LONGEST_NAME} characters")
    return wanted


def _check_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidInput("role", role, f"use one of {', '.join(ROLES)}")
    return role


def _new_user(ws: Scope, email: str, password_hash: str, name: str, now: datetime) -> int | None:
    user_id = ws.value(Q.create_user, email=email, password=password_hash, name=name.strip()[:150], now=now)
    if user_id is None:
        return None
    ws.run(Q.create_address, user_id=user_id, email=email)
    return int(user_id)


def _open_workspace(everywhere: Scope, owner: FirstOwner, owner_id: int, now: datetime) -> int:
    made = everywhere.value(
        Q.create_workspace,
        name=_check_name("workspace", owner.workspace),
        time_zone=check_time_zone(owner.time_zone),
        language=owner.language,
        is_sample=False,
        now=now,
    )
    everywhere.run(Q.add_member, workspace_id=made, user_id=owner_id, role="owner", now=now)
    return int(made)


def create_first_owner(db: Database, owner: FirstOwner, now: datetime, furnish: Callable[[Scope], None]) -> tuple[int, int]:
    """Make the first owner and their workspace, whole or not at all; return (workspace id, user id).

    `furnish` puts in, in the same transaction, what other modules give a new workspace (its topics).
    Raises `SetupDone` when there is an owner already, also for the second of two parallel calls.
    """
    address = check_email("email", owner.email)
    with db.everywhere() as everywhere:
        everywhere.run(Q.lock_setup)
        if everywhere.value(Q.has_owner):
            raise SetupDone
        user_id = _new_user(everywhere, address, owner.password_hash, owner.name, now)
        if user_id is None:  # a user without any workspace, e.g. after the last one was removed
            user_id = int(everywhere.value(Q.find_user, email=address))
            everywhere.run(Q.set_password, user_id=user_id, password=owner.password_hash)
        workspace_id = _open_workspace(everywhere, owner, user_id, now)
        everywhere.run(
            Q.record_audit,
            workspace_id=workspace_id,
            now=now,
            actor=f"user:{user_id}",
            action="workspace.create",
            object=f"workspace:{workspace_id}",
            detail=Jsonb({"name": owner.workspace}),
        )
        with everywhere.within(workspace_id) as ws:
            furnish(ws)
    return workspace_id, user_id


def create_owner(ws: Scope, *, email: str, password_hash: str, name: str, now: datetime, actor: str) -> int:
    """Add an owner to a workspace (for the command line); return the user's id; raises `EmailTaken`."""
    address = check_email("email", email)
    user_id = _new_user(ws, address, password_hash, name, now)
    if user_id is None:
        raise EmailTaken(field="email", value=address)
    ws.run(Q.add_member, user_id=user_id, role="owner", now=now)
    record_audit(ws, now, actor, "member.add", f"user:{user_id}", role="owner")
    return user_id


def set_password(everywhere: Scope, *, email: str, password_hash: str, now: datetime, actor: str) -> int:
    """Give a user a new password, which ends all their sessions; return their id; raises `NotFound`."""
    user_id = everywhere.value(Q.find_user, email=check_email("email", email))
    if user_id is None:
        raise NotFound("Nobody signs in with this address.")
    everywhere.run(Q.set_password, user_id=user_id, password=password_hash)
    for membership in everywhere.into(Membership, Q.find_memberships, user_id=user_id):
        with everywhere.within(membership.workspace_id) as ws:
            record_audit(ws, now, actor, "user.password", f"user:{user_id}")
    return int(user_id)


WORKSPACE_FIELDS = (
    "name", "time_zone", "language", "currency", "sender_name", "sender_email", "postal_address", "open_attributes",
    "publishing_needs_approval", "is_sample",
)  # fmt: skip


def update_workspace(ws: Scope, now: datetime, actor: str, **changes: object) -> Workspace:
    """Change the given fields (name, time_zone, language, currency, sender_name, sender_email, postal_address, open_attributes, publishing_needs_approval)."""
    given = {field: value for field, value in changes.items() if value is not None}
    if "name" in given:
        given["name"] = _check_name("name", str(given["name"]))
    if "time_zone" in given:
        given["time_zone"] = check_time_zone(str(given["time_zone"]))
        ws.run(Q.move_people, time_zone=given["time_zone"])
    if given.get("sender_email"):
        given["sender_email"] = check_email("sender_email", str(given["sender_email"]))
    for field in ("sender_name", "sender_email", "postal_address"):
        if not is_one_line(str(given.get(field, "")).replace("\n", "")):
            raise InvalidInput(field, given[field], "leave out control characters")
    if "\n" in str(given.get("sender_name", "")):
        raise InvalidInput("sender_name", given["sender_name"], "write it on one line")
    if "open_attributes" in given:
        opened = given["open_attributes"] = _check_names("open_attributes", given["open_attributes"])
        if closed := NEVER_OPEN.intersection(opened):
            raise InvalidInput(
                "open_attributes", ", ".join(sorted(closed)), "only a server key may change who somebody is and what they agreed to"
            )
    ws.run(Q.update_workspace, **(dict.fromkeys(WORKSPACE_FIELDS) | given))
    record_audit(ws, now, actor, "workspace.update", f"workspace:{ws.workspace_id}", **given)
    return get_workspace(ws)


def add_member(
    ws: Scope, *, email: str, name: str, role: str, password_hash: str, by_role: str, now: datetime, actor: str
) -> tuple[int, bool]:
    """Let somebody in; return the user's id and whether they are new here (else they keep their own password).

    Raises `EmailTaken` for a member, `OwnersOnly` when anybody else makes an owner.
    """
    address = check_email("email", email)
    if _check_role(role) == "owner" and by_role != "owner":
        raise OwnersOnly
    new_id = _new_user(ws, address, password_hash, name, now)
    user_id = int(ws.value(Q.find_user, email=address)) if new_id is None else new_id
    if not ws.run(Q.add_member, user_id=user_id, role=role, now=now):
        raise EmailTaken(field="email", value=address)
    record_audit(ws, now, actor, "member.add", f"user:{user_id}", role=role)
    return user_id, new_id is not None


def _check_member_change(ws: Scope, user_id: int, by_role: str, new_role: str | None) -> None:
    """Raise `NotFound`, `OwnersOnly` or `LastOwner`; holds the members until the transaction ends."""
    roles = dict(ws.rows(Q.lock_members))
    if user_id not in roles:
        raise NotFound
    if "owner" in (roles[user_id], new_role) and by_role != "owner":
        raise OwnersOnly
    if roles[user_id] == "owner" and new_role != "owner" and list(roles.values()).count("owner") == 1:
        raise LastOwner


def set_role(ws: Scope, user_id: int, *, role: str, by_role: str, now: datetime, actor: str) -> None:
    """Change a member's role; it counts from their next request on. API keys of theirs that may do more than they may now end."""
    _check_member_change(ws, user_id, by_role, _check_role(role))
    ws.run(Q.set_role, user_id=user_id, role=role)
    record_audit(ws, now, actor, "member.role", f"user:{user_id}", role=role)
    beyond = [scope for scope, allows in SCOPE_ROLES.items() if ROLES.index(allows) > ROLES.index(role)]
    _end_keys(ws, user_id, beyond, now=now, actor=actor)


def remove_member(ws: Scope, user_id: int, *, by_role: str, now: datetime, actor: str, keep_keys: bool = False) -> None:
    """Take a member out; their next request is refused, and the API keys that they have made end, unless `keep_keys`."""
    _check_member_change(ws, user_id, by_role, None)
    ws.run(Q.remove_member, user_id=user_id)
    record_audit(ws, now, actor, "member.remove", f"user:{user_id}", keep_keys=keep_keys)
    if not keep_keys:
        _end_keys(ws, user_id, list(SCOPE_ROLES), now=now, actor=actor)


def _end_keys(ws: Scope, user_id: int, scopes: list[str], *, now: datetime, actor: str) -> None:
    """End a member's API keys of these scopes; asked until there are none: a key may make another one while we wait for its row."""
    while ended := ws.rows(Q.revoke_keys_of, user_id=user_id, scopes=scopes, now=now):
        for key_id, name in ended:
            record_audit(ws, now, actor, "key.revoke", f"key:{key_id}", name=name, made_by=f"user:{user_id}")


def _maker(ws: Scope, actor: str, scopes: list[str]) -> int | None:
    """Return the user who makes a key, also by another key; raises `Forbidden` for who was taken out or may do less, or a key that ended, just now."""
    kind, _, number = actor.partition(":")
    if kind == "user":
        member = ws.one(Q.lock_member, user_id=int(number))
        if member is None:
            raise Forbidden("You are no member of this workspace any more.")
        if any(ROLES.index(SCOPE_ROLES[scope]) > ROLES.index(member["role"]) for scope in scopes):
            raise Forbidden("Your role has changed: a key may do no more than you.")
        return int(number)
    if kind == "key":
        found = ws.one(Q.lock_key, key_id=int(number))
        if found is None:
            raise Forbidden("This key has ended.")
        return None if found["created_by"] is None else int(found["created_by"])
    return None


def create_key(
    ws: Scope, *, kind: str, now: datetime, actor: str, name: str = "", scopes: list[str] | None = None, events: list[str] | None = None
) -> tuple[ApiKey, str]:
    """Make a key; return what is kept and the key itself, which is shown this once and kept nowhere.

    `events`: the only names that a collect key may send (pages count as Page Viewed, identify calls as Identified); none: all.
    """
    if kind not in KEY_KINDS:
        raise InvalidInput("kind", kind, f"use one of {', '.join(KEY_KINDS)}")
    wanted = (scopes or ["read", "write"]) if kind == "api" else []
    for scope in wanted:
        if scope not in SCOPE_ROLES:
            raise InvalidInput("scopes", scope, f"use {', '.join(SCOPE_ROLES)}")
    allowed = _check_names("events", events) if kind == "collect" and events else None
    secret = new_secret(f"hk_{kind}")
    (key,) = ws.into(
        ApiKey,
        Q.create_key,
        key_kind=kind,
        scopes=wanted,
        events=allowed,
        name=_check_name("name", name or kind),
        prefix=secret[: len(f"hk_{kind}_") + PREFIX_SHOWN],
        secret_hash=hash_secret(secret),
        now=now,
        created_by=_maker(ws, actor, wanted),
    )
    record_audit(ws, now, actor, "key.create", f"key:{key.id}", name=key.name, kind=kind, scopes=wanted, events=allowed or [])
    return key, secret


def allow_events(ws: Scope, key_id: int, events: list[str], *, now: datetime, actor: str) -> ApiKey:
    """Give a collect key another list of events that it may send; an empty one: all. Raises `NotFound`."""
    allowed = _check_names("events", events) or None
    found = ws.into(ApiKey, Q.allow_events, key_id=key_id, events=allowed)
    if not found:
        raise NotFound
    record_audit(ws, now, actor, "key.events", f"key:{key_id}", name=found[0].name, events=allowed or [])
    return found[0]


def revoke_key(ws: Scope, key_id: int, *, now: datetime, actor: str) -> None:
    """End a key at once; raises `NotFound`."""
    name = ws.value(Q.revoke_key, key_id=key_id, now=now)
    if name is None:
        raise NotFound
    record_audit(ws, now, actor, "key.revoke", f"key:{key_id}", name=name)
