"""A workspace's domains: their keys, and what DNS says of them."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.fernet import InvalidToken

from hudhud.accounts.actions import record_audit
from hudhud.delivery.domains.asking import check, open_resolver
from hudhud.delivery.domains.dkim import Signer, from_pem, make_keys, to_pem, to_record
from hudhud.delivery.domains.records import Plan, wanted
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput, NotFound
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager
    from datetime import datetime

    from hudhud.delivery.domains.records import Check
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

    Scopes = Callable[[], AbstractContextManager[Scope]]

QUERIES = sql.load("hudhud.delivery.domains")
PURPOSE = "dkim"
DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


class DomainNotFound(NotFound):
    """This domain has no keys here."""

    code = "domain_not_found"


def find_domains(ws: Scope, host: str) -> list[dict[str, Any]]:
    """Return the domains that mail of this workspace is from, each with what DNS should say (`records`), and said last (`checks`)."""
    known = {row["domain"]: row for row in ws.all(QUERIES.find_domains)}
    used = ws.all(QUERIES.find_addresses)
    names = {domain for row in used if (domain := _domain_of(row["from_email"]))}
    return [
        _show(name, known.get(name), _plan(name, known.get(name), used, host), is_used=name in names)
        for name in sorted(names | known.keys())
    ]


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _plan(domain: str, row: dict[str, Any] | None, used: list[dict[str, Any]], host: str) -> Plan:
    mine = [one for one in used if _domain_of(one["from_email"]) == domain]
    senders = [one for one in mine if one["kind"]]
    rsa = (row["rsa_selector"], row["rsa_record"]) if row else None
    ed25519 = (row["ed_selector"], row["ed_record"]) if row else None
    ways = tuple((one["kind"], str(one["settings"].get("host", ""))) for one in senders)
    bounces = tuple(dict.fromkeys(one["bounce_domain"] for one in senders if one["bounce_domain"]))
    return Plan(domain, rsa, ed25519, ways, bounces, host)


def _show(name: str, row: dict[str, Any] | None, plan: Plan, *, is_used: bool) -> dict[str, Any]:
    checks = (row or {}).get("checks")
    signs = {"rsa": bool(row and row["rsa_seen_at"]), "ed25519": bool(row and row["ed_seen_at"])}
    return {
        "domain": name,
        "is_used": is_used,
        "has_keys": row is not None,
        "signs": signs,
        "records": [asdict(record) for record in wanted(plan)],
        "checks": checks,
        "checked_at": row and row["checked_at"],
    }


def create_domain(ws: Scope, keys: Keys, domain: str, now: datetime, *, by: str) -> None:
    """Make keys for a domain, if it has none; mail of it is signed once DNS names them. Raises `InvalidInput`."""
    name = domain.strip().lower()
    if not DOMAIN.fullmatch(name):
        raise InvalidInput("domain", domain, "write it as example.com; letters beyond ASCII as xn--…")
    rsa, ed25519 = make_keys()
    mark = secrets.token_hex(2)
    seal = cipher(keys, PURPOSE).encrypt
    given = {"rsa_selector": f"hudhud{mark}", "rsa_sealed": seal(to_pem(rsa)), "rsa_record": to_record(rsa)}
    given |= {"ed_selector": f"hudhud{mark}e", "ed_sealed": seal(to_pem(ed25519)), "ed_record": to_record(ed25519)}
    if ws.run(QUERIES.create, domain=name, now=now, by=by, **given):
        record_audit(ws, now, by, "domain.create", f"domain:{name}")


def drop_domain(ws: Scope, domain: str, now: datetime, *, by: str) -> None:
    """Sign no mail of a domain any more; its keys are gone for good. Raises `DomainNotFound`."""
    if not ws.run(QUERIES.drop, domain=domain):
        raise DomainNotFound(f"There are no keys for {domain}.")
    record_audit(ws, now, by, "domain.delete", f"domain:{domain}")


def look_up(scopes: Scopes, domain: str, host: str, servers: str, now: datetime) -> dict[str, Any]:
    """Ask DNS about a domain, and keep what it says; raises `DomainNotFound`. No transaction is open meanwhile."""
    with scopes() as ws:
        row = next((one for one in ws.all(QUERIES.find_domains) if one["domain"] == domain), None)
        if row is None:
            raise DomainNotFound(f"There are no keys for {domain}.")
        plan = _plan(domain, row, ws.all(QUERIES.find_addresses), host)
    checks = asyncio.run(check(wanted(plan), open_resolver(servers)))
    with scopes() as ws:
        seen = {one.kind for one in checks if one.state == "good"}
        ws.run(QUERIES.keep, domain=domain, now=now, checks=_json(checks), rsa_seen="dkim" in seen, ed_seen="dkim_ed25519" in seen)
        return next(one for one in find_domains(ws, host) if one["domain"] == domain)


def _json(checks: list[Check]) -> str:
    return msgspec.json.encode([asdict(one) for one in checks]).decode()


def find_signers(
    everywhere: Scope, keys: Keys, places: Collection[tuple[int, str]], known: dict[str, Signer]
) -> dict[tuple[int, str], list[Signer]]:
    """Return who signs mail of some (workspace, domain); `known` keeps keys that were read. One that was sealed with a key that is gone does not sign."""
    found: dict[tuple[int, str], list[Signer]] = {}
    given = sorted(places)
    rows = everywhere.rows(QUERIES.find_signers, workspace_ids=[one[0] for one in given], domains=[one[1] for one in given])
    for workspace_id, domain, selector, sealed in rows:
        name = f"{workspace_id}:{domain}:{selector}"
        if name not in known:
            try:
                known[name] = Signer(domain, selector, from_pem(cipher(keys, PURPOSE).decrypt(bytes(sealed))))
            except InvalidToken:
                continue
        found.setdefault((workspace_id, domain), []).append(known[name])
    return found
