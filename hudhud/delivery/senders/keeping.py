"""Writes about senders. Whatever changes them lets the messages that wait for one look again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.content.mime import mailbox_of, to_wire_address
from hudhud.delivery.senders.choosing import to_way
from hudhud.delivery.senders.kinds import kind_of, read_settings, seal, secrets_of, unseal
from hudhud.delivery.senders.types import MOST_SENDERS, SenderNotFound
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.senders.kinds import Surroundings
    from hudhud.delivery.senders.types import Stream, Way
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.senders")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
RING = sql.load("hudhud.delivery").ring
MOST_DAYS, MOST_A_DAY = 90, 10_000_000


@dataclass(frozen=True, slots=True)
class SenderGiven:
    """What somebody wants of a sender. `settings`: by the model of its kind; a secret that is left out stays as it is."""

    name: str
    kind: str
    settings: dict[str, Any]
    stream: Stream = "both"
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    bounce_domain: str = ""
    per_second: float | None = None
    per_day: int | None = None
    warmup: list[int] = field(default_factory=list)
    warmup_from: date | None = None


def find_senders(ws: Scope, now: datetime) -> list[Way]:
    """Return the senders of this workspace, in the order in which they are asked."""
    return [to_way(row) for row in ws.all(QUERIES.find_all, today=now.astimezone(UTC).date())]


def get_sender(ws: Scope, sender_id: int, now: datetime) -> Way:
    """Return one; raises `SenderNotFound`."""
    found = next((way for way in find_senders(ws, now) if way.id == sender_id), None)
    if found is None:
        raise SenderNotFound(f"There is no sender {sender_id}.")
    return found


def count_waiting(ws: Scope, now: datetime) -> dict[str, int]:
    """Return how many messages wait for a sender, or for a person as they cannot be written, by reason."""
    return dict(ws.rows(QUERIES.count_waiting, now=now))


def create_sender(ws: Scope, around: Surroundings, given: SenderGiven, now: datetime, *, by: str) -> int:
    """Make a sender, the last in order; from now on this workspace's mail of its stream goes by senders. Raises `InvalidInput`."""
    if len(ws.all(QUERIES.find_all, today=now.date())) >= MOST_SENDERS:
        raise Conflict(f"A workspace may have {MOST_SENDERS} senders; delete one that is not used.")
    row = _row(around, given, {})
    sender_id = int(ws.value(QUERIES.create, kind=given.kind, now=now, by=by, **row))
    record_audit(ws, now, by, "sender.create", f"sender:{sender_id}", name=given.name, kind=given.kind)
    _changed(ws, now)
    return sender_id


def change_sender(ws: Scope, around: Surroundings, sender_id: int, given: SenderGiven, now: datetime, *, by: str) -> None:
    """Change a sender; its kind stays. What it was to send and has not goes by what it is then. Raises `InvalidInput`, `SenderNotFound`."""
    known = _hold(ws, sender_id)
    if given.kind != known["kind"]:
        raise InvalidInput("kind", given.kind, "make another sender; the kind of one stays")
    is_elsewhere = any((known["settings"].get(name) or "") != (given.settings.get(name) or "") for name in ("host", "endpoint"))
    # Nobody may send a secret to another server who does not know it.
    secrets = {} if is_elsewhere else unseal(around.keys, bytes(known["sealed"]))
    ws.run(QUERIES.change, id=sender_id, **_row(around, given, secrets))
    record_audit(ws, now, by, "sender.change", f"sender:{sender_id}", name=given.name)
    _changed(ws, now)


def _row(around: Surroundings, given: SenderGiven, known: dict[str, str]) -> dict[str, object]:
    """Check what was given and return its columns."""
    kept = {name: value for name, value in known.items() if not given.settings.get(name)}
    settings = read_settings(given.kind, {**given.settings, **kept}, around).model_dump()
    secrets = {name: settings.pop(name) for name in secrets_of(kind_of(given.kind))}
    return {
        "name": _text("name", given.name, 100),
        "stream": given.stream,
        "from_name": mailbox_of(given.from_name, "a@b") and given.from_name,
        "from_email": _address("from_email", given.from_email),
        "reply_to": _address("reply_to", given.reply_to),
        "bounce_domain": _domain(given.bounce_domain),
        "settings": msgspec.json.encode(settings).decode(),
        "sealed": seal(around.keys, secrets),
        "per_second": given.per_second,
        "per_day": given.per_day,
        **_warmup(given),
    }


def _warmup(given: SenderGiven) -> dict[str, object]:
    if given.warmup and given.warmup_from is None:
        raise InvalidInput("warmup_from", None, "say on which day the warm-up begins")
    if len(given.warmup) > MOST_DAYS or any(not 1 <= count <= MOST_A_DAY for count in given.warmup):
        raise InvalidInput("warmup", given.warmup, f"give at most {MOST_DAYS} days, each from 1 to {MOST_A_DAY}")
    return {"warmup": given.warmup, "warmup_from": given.warmup_from if given.warmup else None}


def _text(name: str, value: str, longest: int) -> str:
    if not 1 <= len(value.strip()) <= longest or not value.isprintable():
        raise InvalidInput(name, value, f"use 1 to {longest} characters on one line")
    return value.strip()


def _address(name: str, value: str) -> str:
    try:
        return value and to_wire_address(value.strip())
    except InvalidInput as error:
        raise InvalidInput(name, value, str(error.data["remedy"])) from None


def _domain(value: str) -> str:
    normal = value.strip().lower()
    if normal and not DOMAIN.fullmatch(normal):
        raise InvalidInput("bounce_domain", value, "write it as bounces.example.com")
    return normal


def set_paused(ws: Scope, sender_id: int, *, is_paused: bool, now: datetime, by: str) -> None:
    """Pause a sender, or let it go on; its failures so far are forgotten. Raises `SenderNotFound`."""
    _hold(ws, sender_id)
    ws.run(QUERIES.set_paused, id=sender_id, is_paused=is_paused)
    record_audit(ws, now, by, "sender.pause" if is_paused else "sender.go_on", f"sender:{sender_id}")
    _changed(ws, now)


def set_order(ws: Scope, sender_ids: Sequence[int], now: datetime, *, by: str) -> None:
    """Say who goes first; raises `InvalidInput` where it does not name all."""
    known = [way.id for way in find_senders(ws, now)]
    if sorted(known) != sorted(sender_ids):
        raise InvalidInput("ids", list(sender_ids), f"name each of {known} once")
    ws.run(QUERIES.set_order, ids=sql.numbers(sender_ids))
    record_audit(ws, now, by, "sender.order", "senders", ids=list(sender_ids))
    _changed(ws, now)


def drop_sender(ws: Scope, sender_id: int, now: datetime, *, by: str) -> None:
    """Have a sender no more; its mail goes by the others, without any by the server of the settings. Raises `SenderNotFound`."""
    _hold(ws, sender_id)
    ws.run(QUERIES.drop, id=sender_id)
    record_audit(ws, now, by, "sender.delete", f"sender:{sender_id}")
    _changed(ws, now)


def _hold(ws: Scope, sender_id: int) -> dict[str, Any]:
    row = ws.one(QUERIES.hold, id=sender_id)
    if row is None:
        raise SenderNotFound(f"There is no sender {sender_id}.")
    return row


def _changed(ws: Scope, now: datetime) -> None:
    ws.run(QUERIES.look_again, now=now)
    ws.run(RING)
