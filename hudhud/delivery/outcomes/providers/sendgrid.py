"""Twilio SendGrid: a list of events a request, with what we gave as custom arguments flat beside them."""

from __future__ import annotations

from hudhud.delivery.outcomes.names import METADATA
from hudhud.delivery.outcomes.providers.reading import Item, Words, code, digest, instant, metadata, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "delivered": Kind.DELIVERED,
    "bounce": Kind.SOFT_BOUNCE,
    "blocked": Kind.BLOCK,
    "deferred": Kind.DEFERRED,
    "dropped": Kind.BLOCK,
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "group_unsubscribe": Kind.UNSUBSCRIBED,
    "group_resubscribe": None,
    "processed": None,
    "open": None,
    "click": None,
}
CLASSES: dict[str, Kind] = {
    "Invalid Address": Kind.HARD_BOUNCE,
    "Mailbox Unavailable": Kind.SOFT_BOUNCE,
    "Content": Kind.BLOCK,
    "Reputation": Kind.BLOCK,
    "Frequency or Volume Too High": Kind.BLOCK,
    "Technical Failure": Kind.SOFT_BOUNCE,
    "Unclassified": Kind.SOFT_BOUNCE,
}
# Why it did not even try.
DROPPED: dict[str, Kind] = {
    "Bounced Address": Kind.HARD_BOUNCE,
    "Invalid": Kind.HARD_BOUNCE,
    "Spam Reporting Address": Kind.COMPLAINT,
    "Unsubscribed Address": Kind.UNSUBSCRIBED,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    kind = word(item.get("event"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    at, address = instant(item.get("timestamp")), word(item.get("email"))
    text = word(item.get("reason") or item.get("response"))
    evidence = Evidence(text=text, code=code(text[:3]), status=word(item.get("status")), said=_said(kind, item))
    key = word(item.get("sg_event_id")) or digest(kind, item.get("sg_message_id"), at, address)
    return [Report("sendgrid", key, evidence, at, metadata(item.get(METADATA), item.get("smtp-id")), address, raw(item))]


def _said(kind: str, item: Item) -> Kind:
    if kind == "bounce" and item.get("type") == "blocked":
        return Kind.BLOCK
    if kind == "bounce":
        return CLASSES.get(word(item.get("bounce_classification")), Kind.SOFT_BOUNCE)
    if kind == "dropped":
        return DROPPED.get(word(item.get("reason")), Kind.BLOCK)
    return WORDS.get(kind) or Kind.UNKNOWN
