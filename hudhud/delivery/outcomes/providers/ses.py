"""Amazon SES, by SNS: bounces, complaints, deliveries, delays and rejects (event publishing and identity notifications have one shape)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.delivery.outcomes.providers.reading import Item, Words, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

if TYPE_CHECKING:
    from datetime import datetime

WORDS: Words = {
    "Bounce": Kind.SOFT_BOUNCE,
    "Complaint": Kind.COMPLAINT,
    "Delivery": Kind.DELIVERED,
    "DeliveryDelay": Kind.DEFERRED,
    "Reject": Kind.BLOCK,
    "Rendering Failure": Kind.BLOCK,
    "Send": None,
    "Open": None,
    "Click": None,
    "Subscription": None,
}
BOUNCES: dict[tuple[str, str], Kind] = {
    ("Permanent", "General"): Kind.HARD_BOUNCE,
    ("Permanent", "NoEmail"): Kind.HARD_BOUNCE,
    # SES did not even try: others' mail to this address failed, or ours did before.
    ("Permanent", "Suppressed"): Kind.HARD_BOUNCE,
    ("Permanent", "OnAccountSuppressionList"): Kind.HARD_BOUNCE,
    ("Permanent", "UnsubscribedRecipient"): Kind.UNSUBSCRIBED,
    ("Transient", "General"): Kind.SOFT_BOUNCE,
    ("Transient", "MailboxFull"): Kind.MAILBOX_FULL,
    ("Transient", "MessageTooLarge"): Kind.SOFT_BOUNCE,
    ("Transient", "ContentRejected"): Kind.BLOCK,
    ("Transient", "AttachmentRejected"): Kind.BLOCK,
    ("Transient", "CustomTimeoutExceeded"): Kind.SOFT_BOUNCE,
    ("Undetermined", "Undetermined"): Kind.SOFT_BOUNCE,
}
# Complaints of these kinds say that it was none.
NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "virus"})


def read(body: bytes) -> Read:
    """Read a body of SNS; what it wraps is JSON in a text."""
    return read_each(body, _read)


def _read(envelope: Item) -> list[Report]:
    if envelope.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return []
    event = msgspec.json.decode(word(envelope["Message"]).encode()) if "Message" in envelope else envelope
    kind = word(event.get("eventType") or event.get("notificationType"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    mail = part(event, "mail")
    headers = [one for one in mail.get("headers") or [] if isinstance(one, dict) and word(one.get("name")).lower() == "message-id"]
    tokens = metadata(part(mail, "tags"), part(mail, "commonHeaders").get("messageId"), [one.get("value") for one in headers])
    told = part(
        event,
        {"Bounce": "bounce", "Complaint": "complaint", "Delivery": "delivery", "DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower()),
    )
    at = instant(told.get("timestamp") or mail.get("timestamp"))
    people = (
        told.get("bouncedRecipients") or told.get("complainedRecipients") or told.get("delayedRecipients") or told.get("recipients") or [{}]
    )
    return [_one(kind, told, one if isinstance(one, dict) else {"emailAddress": one}, mail, (at, tokens, raw(event))) for one in people]


def _one(kind: str, told: Item, person: Item, mail: Item, common: tuple[datetime | None, tuple[str, ...], str]) -> Report:
    at, tokens, text = common
    address = word(person.get("emailAddress"))
    key = digest(kind, mail.get("messageId"), told.get("feedbackId") or told.get("timestamp"), address)
    evidence = Evidence(
        text=word(person.get("diagnosticCode") or told.get("smtpResponse") or told.get("reason")).removeprefix("smtp;").strip(),
        status=word(person.get("status")),
        said=_said(kind, told),
    )
    return Report("ses", key, evidence, at, tokens, address, text)


def _said(kind: str, told: Item) -> Kind:
    if kind == "Bounce":
        return BOUNCES.get((word(told.get("bounceType")), word(told.get("bounceSubType"))), Kind.SOFT_BOUNCE)
    if kind == "Complaint" and told.get("complaintFeedbackType") in NO_COMPLAINT:
        return Kind.UNKNOWN
    return WORDS.get(kind) or Kind.UNKNOWN
