"""MailerSend: one object a request, in one of two shapes (https://developers.mailersend.com/api/v1/webhooks). It takes tags, and no other metadata."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, code, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "delivered": Kind.DELIVERED,
    "hard_bounced": Kind.HARD_BOUNCE,
    "soft_bounced": Kind.SOFT_BOUNCE,
    "suppressed": Kind.BLOCK,
    "deferred": Kind.DEFERRED,
    "spam_complaint": Kind.COMPLAINT,
    "spam_complaints": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "sent": None,
    "opened": None,
    "opened_unique": None,
    "clicked": None,
    "clicked_unique": None,
    "survey_opened": None,
    "survey_submitted": None,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    if item.get("type") == "webhook.test":
        return []
    data = part(item, "data")
    kind = word(data.get("type") or word(item.get("type")).removeprefix("activity."))
    if kind in WORDS and WORDS[kind] is None:
        return []
    mail, meta, morph = part(data, "email"), part(data, "meta"), part(data, "morph")
    address = word(data.get("recipient")) or word(part(mail, "recipient").get("email"))
    text = next((word(meta[name]) for name in ("bounce_reason", "reject_reason", "suppression_reason") if meta.get(name)), "")
    evidence = Evidence(
        text=text or word(morph.get("reason") or morph.get("readable_reason")),
        code=code(meta.get("bounce_code")),
        said=WORDS.get(kind) or Kind.UNKNOWN,
    )
    at = instant(item.get("created_at") or data.get("created_at"))
    key = word(data.get("id")) or digest(kind, data.get("message_id"), item.get("created_at"), address)
    return [Report("mailersend", f"{kind}:{key}", evidence, at, metadata(data.get("tags"), mail.get("tags")), address, raw(item))]
