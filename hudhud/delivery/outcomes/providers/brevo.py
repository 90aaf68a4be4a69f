"""Brevo: one object a request (https://developers.brevo.com/docs/transactional-webhooks). It gives no id of the event."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, digest, instant, metadata, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "delivered": Kind.DELIVERED,
    "hard_bounce": Kind.HARD_BOUNCE,
    "invalid_email": Kind.HARD_BOUNCE,
    "soft_bounce": Kind.SOFT_BOUNCE,
    "blocked": Kind.BLOCK,
    "error": Kind.BLOCK,
    "deferred": Kind.DEFERRED,
    "spam": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "request": None,
    "sent": None,
    "opened": None,
    "unique_opened": None,
    "proxy_open": None,
    "unique_proxy_open": None,
    "click": None,
    "list_addition": None,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    kind = word(item.get("event"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    # The only one of its times that is UTC.
    at, address = instant(item.get("ts_epoch")), word(item.get("email"))
    evidence = Evidence(text=word(item.get("reason")), said=WORDS.get(kind) or Kind.UNKNOWN)
    tokens = metadata(item.get("X-Mailin-custom"), item.get("message-id"), item.get("tags"))
    key = digest(kind, item.get("message-id"), address, item.get("ts_epoch") or item.get("ts_event"))
    return [Report("brevo", key, evidence, at, tokens, address, raw(item))]
