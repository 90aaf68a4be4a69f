"""Writes about inbound webhooks: sources, the bodies that come in, and their way into the intake log.

A body is on disk before it is answered, and mapped afterwards by a worker: one source at a time, its bodies in order. A claim has a
lease and a fence. Messages and what became of the body are one transaction; the ids of the messages are the same however often it is done.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.accounts.actions import record_audit
from hudhud.events.actions import append_rows
from hudhud.hooks.mapper import Made, Origin, evaluate, to_rows
from hudhud.hooks.queries import get_hook
from hudhud.hooks.types import Given, HookBody, HookNotFound, NoMapping, columns, delivery_id, source_of
from hudhud.kit import sql
from hudhud.kit.crypto import hash_secret
from hudhud.kit.errors import Conflict, HudhudError, InvalidInput
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.hooks.types import Hook, Said, Signature
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.hooks")
PURPOSE = "hook"
MAX_HOOKS = 200
LEASE_S = 180.0
CLAIM_BODIES, CLAIM_BYTES = 100, 8 * 1024 * 1024
# A claim that was never finished so often is made of one body alone; one that never is, ever, fails.
WARY, HOPELESS = 3, 10
KEPT_MAPPED, KEPT = timedelta(days=7), timedelta(days=90)
PREFIX_LENGTH = 6


class LeaseLost(HudhudError):
    """Somebody else maps the bodies of this source now; what we did after that is rolled back."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that is ours for a while, and the bodies to map now."""

    workspace_id: int
    hook_id: int
    fence: int
    attempts: int
    items: str
    mapping: str
    is_trusted: bool
    events: list[str] | None
    bodies: list[dict[str, Any]]


def create_hook(ws: Scope, name: str, *, now: datetime, actor: str) -> tuple[Hook, str]:
    """Make a source; the second value is the secret part of its address, shown this once."""
    if len(ws.all(QUERIES.find_hooks, hook_id=None)) >= MAX_HOOKS:
        raise Conflict(f"A workspace may have {MAX_HOOKS} webhooks; delete one that is not used.")
    secret = new_address()
    hook_id = ws.value(QUERIES.create_hook, name=name, secret_hash=hash_secret(secret), prefix=secret[:PREFIX_LENGTH], now=now)
    record_audit(ws, now, actor, "hook.create", f"hook:{hook_id}", name=name)
    return get_hook(ws, hook_id), secret


def new_address() -> str:
    """Return 192 random bits for an address."""
    return secrets.token_urlsafe(24)


def change_hook(ws: Scope, hook_id: int, *, now: datetime, actor: str, **change: str | bool | None) -> None:
    """Change name, items, mapping or trust; None keeps what is there. Bodies that wait are mapped with it. Raises `HookNotFound`."""
    # An emptied field that kept the end of a line is empty: bodies wait, and do not fail.
    change |= {name: text.strip() for name in ("items", "mapping") if isinstance(text := change.get(name), str)}
    _touched(
        ws.run(QUERIES.change_hook, hook_id=hook_id, **{name: change.get(name) for name in ("name", "items", "mapping", "is_trusted")})
    )
    record_audit(ws, now, actor, "hook.change", f"hook:{hook_id}", **{name: value for name, value in change.items() if value is not None})
    ws.run(QUERIES.wake)


def allow_events(ws: Scope, hook_id: int, events: Sequence[str], *, now: datetime, actor: str) -> None:
    """Let it send events of these names only (none given: all but our own). Raises `HookNotFound`."""
    _touched(ws.run(QUERIES.set_events, hook_id=hook_id, events=sorted(set(events)) or None))
    record_audit(ws, now, actor, "hook.events", f"hook:{hook_id}", events=sorted(set(events)))


def set_signature(ws: Scope, keys: Keys, hook_id: int, signature: Signature | None, secret: str, *, now: datetime, actor: str) -> None:
    """Ask for signed bodies from now on (an empty `secret` keeps the old one); None: take unsigned ones. Raises `HookNotFound`, `InvalidInput`."""
    # Copied from another tool's page, it often brings a space or the end of its line along.
    secret = secret.strip()
    if signature is not None and signature.kind == "hmac" and not signature.header:
        raise InvalidInput("header", "", "name the header that carries the signature, e.g. X-Signature")
    sealed = cipher(keys, PURPOSE).encrypt(secret.encode()) if secret else None
    told = None if signature is None else {name: getattr(signature, name) for name in ("kind", "header", "algorithm", "prefix")}
    ready = ws.value(QUERIES.set_signature, hook_id=hook_id, signature=json.dumps(told) if told else None, signing_key=sealed)
    if ready is None:
        raise HookNotFound
    if not ready:
        raise InvalidInput("secret", "", "give the secret that the other side signs with")
    record_audit(ws, now, actor, "hook.signature", f"hook:{hook_id}", kind=signature.kind if signature else "none")


def rotate(ws: Scope, hook_id: int, *, now: datetime, actor: str) -> str:
    """Give it another address; the old one ends within a second. Raises `HookNotFound`."""
    secret = new_address()
    _touched(ws.run(QUERIES.set_secret, hook_id=hook_id, secret_hash=hash_secret(secret), prefix=secret[:PREFIX_LENGTH]))
    record_audit(ws, now, actor, "hook.rotate", f"hook:{hook_id}")
    return secret


def delete_hook(ws: Scope, hook_id: int, *, now: datetime, actor: str) -> None:
    """Remove a source and the bodies that are kept; what came of them stays. Raises `HookNotFound`."""
    name = ws.value(QUERIES.delete_hook, hook_id=hook_id)
    if name is None:
        raise HookNotFound
    record_audit(ws, now, actor, "hook.delete", f"hook:{hook_id}", name=name)


def _touched(rows: int) -> None:
    if not rows:
        raise HookNotFound


def receive(ws: Scope, hook_id: int, body: bytes, content_type: str, now: datetime) -> None:
    """Take a body as if it had come in from outside. Raises `HookNotFound`, `NoMapping`."""
    if not get_hook(ws, hook_id).mapping:
        raise NoMapping
    ws.run(QUERIES.keep_bodies, now=now, **columns([HookBody(ws.workspace_id or 0, hook_id, {"content-type": content_type}, body)]))


def map_again(ws: Scope, hook_id: int) -> int:
    """Let the bodies that failed be mapped once more; return how many. Of what was taken already nothing is taken twice. Raises `HookNotFound`."""
    get_hook(ws, hook_id)
    count = ws.run(QUERIES.map_again, hook_id=hook_id)
    ws.run(QUERIES.wake)
    return count


def try_mapping(items: str, mapping: str, given: Given, hook_id: int, events: list[str] | None) -> tuple[list[Said], Made]:
    """Map one body without any effect: what each item says, and what would go into the log or stand in its way."""
    said = evaluate(items, mapping, [given])[0]
    origin = Origin(0, hook_id, "", delivery_id(given.headers) or "sample", given.received_at, frozenset(events) if events else None)
    return said, to_rows(origin, said)


def claim(everywhere: Scope, worker: str) -> Claim | None:
    """Take the source whose bodies have waited longest; None when nothing waits. Commit before mapping."""
    found = everywhere.one(QUERIES.claim_hook, worker=worker, lease_s=LEASE_S)
    if found is None:
        return None
    limit = CLAIM_BODIES if found["attempts"] <= WARY else 1
    bodies = everywhere.all(QUERIES.read_waiting, hook_id=found["id"], limit=limit, bytes=CLAIM_BYTES)
    return Claim(hook_id=found.pop("id"), bodies=bodies, **found)


def map_bodies(claim: Claim) -> list[Made]:
    """Map the bodies of a claim, or the first of them (hooks/mapper.py): those behind are taken next time."""
    if claim.attempts > HOPELESS:
        return [Made(problems=[(0, "whoever maps this dies of it")])]
    given = [Given(_iso(one["received_at"]), one["headers"], bytes(one["body"])) for one in claim.bodies]
    said = evaluate(claim.items, claim.mapping, given) if given else []
    return [to_rows(_origin(claim, body), items) for body, items in zip(claim.bodies, said, strict=False)]


def _origin(claim: Claim, body: dict[str, Any]) -> Origin:
    return Origin(
        workspace_id=claim.workspace_id,
        hook_id=claim.hook_id,
        source=source_of(claim.hook_id, is_trusted=claim.is_trusted),
        delivery=delivery_id(body["headers"]) or body["fingerprint"].hex,
        received_at=_iso(body["received_at"]),
        events=frozenset(claim.events) if claim.events else None,
    )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def finish(ws: Scope, claim: Claim, made: Sequence[Made], now: datetime) -> None:
    """Write what came of the bodies into the intake log and let the source go; raises `LeaseLost` (then nothing counts)."""
    done = list(zip(claim.bodies, made, strict=False))
    ids = sql.numbers(body["id"] for body, _ in done)
    if not ws.run(QUERIES.release_hook, hook_id=claim.hook_id, fence=claim.fence, ids=ids, messages=sum(len(one.rows) for one in made)):
        raise LeaseLost
    for body, one in done:
        if one.rows:
            # When the body came in is when its messages did: what was erased since stays so.
            append_rows(ws, one.rows, body["received_at"])
    ws.run(
        QUERIES.finish_bodies,
        hook_id=claim.hook_id,
        now=now,
        ids=[body["id"] for body, _ in done],
        messages=[len(one.rows) for one in made],
        problems=[len(one.problems) for one in made],
        details=[_first(one) for one in made],
    )


def _first(made: Made) -> str:
    if not made.problems:
        return ""
    number, problem = made.problems[0]
    return f"item {number + 1}: {problem}".replace("\0", "")


def forget_old(everywhere: Scope, now: datetime, limit: int) -> int:
    """Delete bodies that are long done with, at most `limit`; return how many."""
    return everywhere.run(QUERIES.forget_bodies, mapped_before=now - KEPT_MAPPED, before=now - KEPT, limit=limit)
