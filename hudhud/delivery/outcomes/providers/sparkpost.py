"""SparkPost (Bird): a list of events a request, each wrapped in `msys`; it sorts bounces into numbered classes."""

from __future__ import annotations

from hudhud.delivery.outcomes.providers.reading import Item, Words, code, digest, instant, metadata, part, raw, read_each, word
from hudhud.delivery.outcomes.types import Evidence, Kind, Read, Report

WORDS: Words = {
    "delivery": Kind.DELIVERED,
    "bounce": Kind.SOFT_BOUNCE,
    "out_of_band": Kind.SOFT_BOUNCE,
    "policy_rejection": Kind.BLOCK,
    "generation_rejection": Kind.BLOCK,
    "generation_failure": Kind.BLOCK,
    "delay": Kind.DEFERRED,
    "spam_complaint": Kind.COMPLAINT,
    "list_unsubscribe": Kind.UNSUBSCRIBED,
    "link_unsubscribe": Kind.UNSUBSCRIBED,
    "injection": None,
    "open": None,
    "initial_open": None,
    "click": None,
    "amp_open": None,
    "amp_initial_open": None,
    "amp_click": None,
}
CLASSES: dict[str, Kind] = {
    "10": Kind.HARD_BOUNCE,
    "30": Kind.HARD_BOUNCE,
    "90": Kind.UNSUBSCRIBED,
    "20": Kind.SOFT_BOUNCE,
    "21": Kind.SOFT_BOUNCE,
    "22": Kind.MAILBOX_FULL,
    "23": Kind.SOFT_BOUNCE,
    "24": Kind.SOFT_BOUNCE,
    "25": Kind.BLOCK,
    "40": Kind.SOFT_BOUNCE,
    "50": Kind.BLOCK,
    "51": Kind.BLOCK,
    "52": Kind.BLOCK,
    "53": Kind.BLOCK,
    "54": Kind.BLOCK,
    "60": Kind.AUTO_REPLY,
    "70": Kind.SOFT_BOUNCE,
    "80": Kind.AUTO_REPLY,
    "100": Kind.AUTO_REPLY,
}


def read(body: bytes) -> Read:
    """Read a body."""
    return read_each(body, _read)


def _read(item: Item) -> list[Report]:
    wrapped = part(item, "msys")
    event = next((one for one in wrapped.values() if isinstance(one, dict)), None)
    if event is None:
        # How it tries an address: nothing in it.
        return []
    kind = word(event.get("type"))
    if kind in WORDS and WORDS[kind] is None:
        return []
    at, address = instant(event.get("timestamp")), word(event.get("rcpt_to") or event.get("raw_rcpt_to"))
    evidence = Evidence(
        text=word(event.get("raw_reason") or event.get("reason")), code=code(event.get("error_code")), said=_said(kind, event)
    )
    key = word(event.get("event_id")) or digest(kind, event.get("message_id"), at, address)
    return [Report("sparkpost", key, evidence, at, metadata(part(event, "rcpt_meta")), address, raw(event))]


def _said(kind: str, event: Item) -> Kind:
    if kind in ("bounce", "out_of_band"):
        return CLASSES.get(word(event.get("bounce_class")), Kind.SOFT_BOUNCE)
    return WORDS.get(kind) or Kind.UNKNOWN
