"""Doors by which providers report: made, given another address, told what proves their bodies. The address can be shown again at any time."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, get_args

from hudhud.accounts.actions import record_audit
from hudhud.delivery.outcomes.types import Door, Provider
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput, NotFound
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "doors.sql")
SEALED, ADDRESS = "report_door", "report_door"
PLACE = struct.Struct(">QI")
KINDS = frozenset(get_args(Provider))
TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:[a-z0-9-]{1,40}:\d{12}:[A-Za-z0-9_-]{1,256}")
PUBLIC_KEY = re.compile(r"[A-Za-z0-9+/=\s]{80,400}")
# What proves a body of these; of the others it is the address alone, which nobody can guess.
SIGNED = frozenset({"mailgun", "sendgrid", "resend", "mailersend"})


class NoDoor(NotFound):
    """There is no such address."""

    code = "report_door_not_found"


def path_of(keys: Keys, kind: str, door_id: int, generation: int) -> str:
    """Return the path of a door's address: `/hooks/ses/TOKEN`."""
    return f"/hooks/{kind}/{keys.sign(ADDRESS, PLACE.pack(door_id, generation))}"


def find_doors(ws: Scope, keys: Keys) -> list[tuple[Door, str]]:
    """Return every kind of provider with its door, open or not, and the path of its address."""
    rows = {row["kind"]: row for row in ws.all(QUERIES.find_doors)}
    last = {row["source"]: {name: row[name] for name in ("kind", "at", "message_id", "said")} for row in ws.all(QUERIES.find_last)}
    found = []
    for kind in get_args(Provider):
        row = rows.get(kind)
        if row is None:
            continue
        door_id, generation = row.pop("id"), row.pop("generation")
        found.append((Door(is_open=True, last=last.get(kind), **row), path_of(keys, kind, door_id, generation)))
    return found


def open_door(ws: Scope, kind: str, now: datetime, actor: str) -> None:
    """Make an address for a provider; raises `Conflict` where there is one, `InvalidInput`."""
    if kind not in KINDS:
        raise InvalidInput("kind", kind, f"use one of {', '.join(sorted(KINDS))}")
    if not ws.run(QUERIES.open_door, kind=kind, now=now):
        raise Conflict(f"There is an address for {kind} already.")
    record_audit(ws, now, actor, "report_door.open", f"report_door:{kind}")


def prove(ws: Scope, keys: Keys, kind: str, *, secret: str | None, topic: str | None, now: datetime, actor: str) -> None:
    """Say what a door's bodies are checked with: the provider's signing key, or the topic of SNS. Raises `NoDoor`, `InvalidInput`."""
    if topic is not None and not TOPIC.fullmatch(topic):
        raise InvalidInput("topic", topic, "copy the topic's ARN from the SNS console: arn:aws:sns:REGION:ACCOUNT:NAME")
    if secret is not None and (kind not in SIGNED or not secret.strip()):
        raise InvalidInput("secret", "…", "give the signing key of Mailgun, SendGrid, Resend or MailerSend; others have none")
    if kind == "sendgrid" and secret is not None and not PUBLIC_KEY.fullmatch(secret.strip()):
        raise InvalidInput("secret", "…", "copy the verification key of SendGrid's signed event webhook")
    sealed = None if secret is None else cipher(keys, SEALED).encrypt(secret.strip().encode())
    if not ws.run(QUERIES.prove, kind=kind, topic=topic, secret=sealed):
        raise NoDoor
    record_audit(ws, now, actor, "report_door.prove", f"report_door:{kind}", topic=topic or "", has_secret=secret is not None)


def rotate(ws: Scope, kind: str, now: datetime, actor: str) -> None:
    """Give a door another address; the old one ends within a second. Raises `NoDoor`."""
    if not ws.run(QUERIES.rotate, kind=kind):
        raise NoDoor
    record_audit(ws, now, actor, "report_door.rotate", f"report_door:{kind}")


def close_door(ws: Scope, kind: str, now: datetime, actor: str) -> None:
    """Take no more reports of a provider; what came stays. Raises `NoDoor`."""
    if not ws.run(QUERIES.close_door, kind=kind):
        raise NoDoor
    record_audit(ws, now, actor, "report_door.close", f"report_door:{kind}")
