"""Resend: one object a request, signed as Standard Webhooks say (https://resend.com/docs/dashboard/webhooks/event-types)."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "email.delivered": Kind.DELIVERED,
    "email.bounced": Kind.SOFT_BOUNCE,
    "email.failed": Kind.BLOCK,
    "email.suppressed": Kind.HARD_BOUNCE,
    "email.delivery_delayed": Kind.DEFERRED,
    "email.complained": Kind.COMPLAINT,
    "email.sent": None,
    "email.scheduled": None,
    "email.opened": None,
    "email.clicked": None,
    "email.received": None,
}
BOUNCES: dict[tuple[str, str], Kind] = {
    ("Permanent", ""): Kind.HARD_BOUNCE,
    ("Transient", "MailboxFull"): Kind.MAILBOX_FULL,
    ("Transient", "ContentRejected"): Kind.BLOCK,
    ("Transient", "AttachmentRejected"): Kind.BLOCK,
    ("Transient", ""): Kind.SOFT_BOUNCE,
}
HEADERS = frozenset({"message-id", "x-metadata"})


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    kind = word(item.get("type"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    data = part(item, "data")
    headers = [one.get("value") for one in data.get("headers") or [] if isinstance(one, dict) and word(one.get("name")).lower() in HEADERS]
    people = data.get("to")
    address = word(people[0] if isinstance(people, list) and people else people)
    told = part(data, "bounce") or part(data, "failed") or part(data, "suppressed")
    at = instant(item.get("created_at"))
    evidence = Evidence(text=word(told.get("message") or told.get("reason")), said=_said(kind, told))
    key = digest(kind, data.get("email_id"), item.get("created_at"))
    return [Report("resend", key, evidence, at, metadata(data.get("tags"), headers), address, raw(item))]


def _said(kind: str, told: Item) -> Kind:
    if kind == "email.bounced":
        bounce = word(told.get("type"))
        return BOUNCES.get((bounce, word(told.get("subType")))) or BOUNCES.get((bounce, "")) or Kind.SOFT_BOUNCE
    return WORDS.get(kind) or Kind.UNKNOWN
