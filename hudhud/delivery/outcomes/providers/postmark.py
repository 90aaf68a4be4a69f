"""Postmark: one object a request; its own types of bounces (https://postmarkapp.com/developer/webhooks/webhooks-overview)."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {"Delivery": Kind.DELIVERED, "SpamComplaint": Kind.COMPLAINT, "Open": None, "Click": None, "Inbound": None}
BOUNCES: dict[str, Kind] = {
    "HardBounce": Kind.HARD_BOUNCE,
    "BadEmailAddress": Kind.HARD_BOUNCE,
    "SoftBounce": Kind.SOFT_BOUNCE,
    "Transient": Kind.DEFERRED,
    "DnsError": Kind.SOFT_BOUNCE,
    "SpamNotification": Kind.BLOCK,
    "VirusNotification": Kind.BLOCK,
    "Blocked": Kind.BLOCK,
    "SMTPApiError": Kind.BLOCK,
    "DMARCPolicy": Kind.BLOCK,
    "TemplateRenderingFailed": Kind.BLOCK,
    "SpamComplaint": Kind.COMPLAINT,
    "AutoResponder": Kind.AUTO_REPLY,
    "AddressChange": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.AUTO_REPLY,
    "Unsubscribe": Kind.UNSUBSCRIBED,
    # Postmark has put it on its list, by hand or after a complaint there: it sends no more.
    "ManuallyDeactivated": Kind.BLOCK,
}
REASONS: dict[str, Kind] = {"ManualSuppression": Kind.UNSUBSCRIBED, "HardBounce": Kind.HARD_BOUNCE, "SpamComplaint": Kind.COMPLAINT}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    kind = word(item.get("RecordType"))
    if (kind in WORDS and WORDS[kind] is None) or (kind == "SubscriptionChange" and item.get("SuppressSending") is False):
        return []
    at = instant(item.get("BouncedAt") or item.get("DeliveredAt") or item.get("ChangedAt"))
    address = word(item.get("Email") or item.get("Recipient"))
    key = digest(kind, item.get("ID") or item.get("MessageID"), item.get("Type") or item.get("SuppressionReason"), address, at)
    evidence = Evidence(text=word(item.get("Details") or item.get("Description")), said=_said(kind, item))
    return [Report("postmark", key, evidence, at, metadata(part(item, "Metadata")), address, raw(item))]


def _said(kind: str, item: Item) -> Kind:
    if kind == "Bounce":
        return BOUNCES.get(word(item.get("Type")), Kind.UNKNOWN)
    if kind == "SubscriptionChange":
        return REASONS.get(word(item.get("SuppressionReason")), Kind.UNKNOWN)
    return WORDS.get(kind) or Kind.UNKNOWN
