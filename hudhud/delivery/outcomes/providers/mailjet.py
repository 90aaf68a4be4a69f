"""Mailjet: one event or a list of them a request (https://dev.mailjet.com/email/guides/webhooks)."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, digest, instant, metadata, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "sent": Kind.DELIVERED,
    "bounce": Kind.SOFT_BOUNCE,
    "blocked": Kind.BLOCK,
    "spam": Kind.COMPLAINT,
    "unsub": Kind.UNSUBSCRIBED,
    "open": None,
    "click": None,
}
# Why Mailjet did not even try: what an earlier mail of somebody's had shown.
ERRORS: dict[str, Kind] = {
    "user unknown": Kind.HARD_BOUNCE,
    "mailbox inactive": Kind.HARD_BOUNCE,
    "invalid domain": Kind.HARD_BOUNCE,
    "no mail host": Kind.HARD_BOUNCE,
    "quota exceeded": Kind.MAILBOX_FULL,
    "relay/access denied": Kind.BLOCK,
    "sender blocked": Kind.BLOCK,
    "content blocked": Kind.BLOCK,
    "policy issue": Kind.BLOCK,
    "spam content": Kind.BLOCK,
    "system issue": Kind.SOFT_BOUNCE,
    "protocol issue": Kind.SOFT_BOUNCE,
    "connection issue": Kind.SOFT_BOUNCE,
    "greylisted": Kind.SOFT_BOUNCE,
    "duplicate in campaign": Kind.BLOCK,
    "preblocked": Kind.BLOCK,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    kind = word(item.get("event"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    at, address = instant(item.get("time")), word(item.get("email"))
    text = " ".join(filter(None, (word(item.get("error")), word(item.get("comment")), word(item.get("smtp_reply")))))
    key = digest(kind, item.get("MessageID"), item.get("Message_GUID"), item.get("time"), address)
    tokens = metadata(item.get("CustomID"), item.get("Payload"))
    return [Report("mailjet", key, Evidence(text=text, said=_said(kind, item)), at, tokens, address, raw(item))]


def _said(kind: str, item: Item) -> Kind:
    if kind == "bounce" and item.get("hard_bounce") is True:
        return ERRORS.get(word(item.get("error")), Kind.HARD_BOUNCE)
    if kind in ("bounce", "blocked"):
        return ERRORS.get(word(item.get("error")), WORDS[kind] or Kind.UNKNOWN)
    return WORDS.get(kind) or Kind.UNKNOWN
