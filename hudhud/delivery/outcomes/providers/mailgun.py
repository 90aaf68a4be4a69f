"""Mailgun: one event a request, beside its signature (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks)."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, code, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "delivered": Kind.DELIVERED,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "rejected": Kind.BLOCK,
    "accepted": None,
    "opened": None,
    "clicked": None,
    "stored": None,
}
# Why it did not even try; without one of these a permanent failure is the receiver's.
REASONS: dict[str, Kind] = {
    "suppress-bounce": Kind.HARD_BOUNCE,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBED,
    "espblock": Kind.BLOCK,
    "old": Kind.SOFT_BOUNCE,
    "hardfail": Kind.BLOCK,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    event = part(item, "event-data")
    kind = word(event.get("event"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    status = part(event, "delivery-status")
    at, address = instant(event.get("timestamp")), word(event.get("recipient"))
    evidence = Evidence(
        text=word(status.get("message") or status.get("description")),
        code=code(status.get("code")),
        status=word(status.get("enhanced-code")),
        said=_said(kind, event),
    )
    headers = part(part(event, "message"), "headers")
    tokens = metadata(part(event, "user-variables"), headers.get("message-id"))
    return [Report("mailgun", word(event.get("id")) or digest(kind, at, address), evidence, at, tokens, address, raw(event))]


def _said(kind: str, event: Item) -> Kind:
    if kind == "failed":
        if event.get("severity") == "temporary":
            return Kind.DEFERRED
        # "bounce" and "generic": the status and the text tell of which kind.
        return REASONS.get(word(event.get("reason")), Kind.SOFT_BOUNCE)
    return WORDS.get(kind) or Kind.UNKNOWN
