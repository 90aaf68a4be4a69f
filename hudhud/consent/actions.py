"""Writes about consent: words of people, topics, suppressed addresses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hudhud.accounts.actions import record_audit
from hudhud.consent.types import (
    BY_JOURNEY,
    DIRECT_SOURCES,
    LISTED,
    PROVEN_SOURCES,
    ConsentChange,
    Recorded,
    Refusal,
    Stream,
    SuppressionReason,
    Topic,
)
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput, NotFound
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.consent")
PREFERENCES = sql.load("hudhud.consent", "preferences.sql")

# A topic's name is a word or two, in each language that a shop writes in; `zh-Hant-TW` is a long name of one.
MOST_NAMES, LONGEST_NAME, LONGEST_LANGUAGE = 50, 200, 16
# What a new workspace starts with.
DEFAULT_TOPICS: dict[str, tuple[Stream, dict[str, str]]] = {
    "newsletter": ("marketing", {"en": "Newsletter", "et": "Uudiskiri", "fa": "خبرنامه", "ar": "النشرة البريدية"}),
    "offers": ("marketing", {"en": "Offers", "et": "Pakkumised", "fa": "پیشنهادها", "ar": "العروض"}),
    "transactional": (
        "transactional",
        {"en": "Orders and account", "et": "Tellimused ja konto", "fa": "سفارش‌ها و حساب", "ar": "الطلبات والحساب"},
    ),
}


def record(ws: Scope, changes: Sequence[ConsentChange]) -> Recorded:
    """Keep every word with its proof; the newest one for each (person, topic, channel) decides. Repeating is harmless.

    An older word never replaces a newer one, a request to confirm never takes a confirmed subscription away, and an
    unsubscribe that the person gave us directly counts in any case; a journey and a list that is imported bring back nobody
    who unsubscribed, a journey confirms no request, and a list's "no" gives way to a newer word of the person alone, never
    to a list. On a topic that confirms, a "yes" that comes from elsewhere than the person's own mailbox is only a request, and is
    noted for the mail that asks them (a list comes with a proof of its own). Unknown topics are returned, not invented.
    """
    known = dict(ws.rows(QUERIES.topic_keys))
    good = [_as_request(change) if known[change.topic_key] else change for change in changes if change.topic_key in known]
    unknown = [change for change in changes if change.topic_key not in known]
    if not good:
        return Recorded([], unknown)
    newest = _newest(good)
    rows = ws.rows(
        QUERIES.record,
        newest=[change is newest[change.person_id, change.topic_key, change.channel] for change in good],
        person_ids=[change.person_id for change in good],
        topics=[change.topic_key for change in good],
        channels=[change.channel for change in good],
        states=[change.state for change in good],
        ats=[change.at for change in good],
        sources=[change.source for change in good],
        direct=[_is_direct(change) for change in good],
        listed=[_is_listed(change) for change in good],
        refused=[change.source.startswith(LISTED) and change.state == "unsubscribed" for change in good],
        proofs=[json.dumps(change.proof) for change in good],
    )
    _ask_to_confirm(ws, [change for change in good if known[change.topic_key] and _asks(change)])
    return Recorded([row[0] for row in rows], unknown)


def _as_request(change: ConsentChange) -> ConsentChange:
    """What somebody else says for a person on a topic that confirms: that they asked for it."""
    is_proven = change.source in PROVEN_SOURCES or change.source.startswith(LISTED) or change.channel != "email"
    return replace(change, state="pending") if change.state == "subscribed" and not is_proven else change


def _asks(change: ConsentChange) -> bool:
    return change.state == "pending" and change.channel == "email" and not change.source.startswith(LISTED)


def _ask_to_confirm(ws: Scope, asked: Sequence[ConsentChange]) -> None:
    if asked:
        ws.run(
            PREFERENCES.ask_to_confirm,
            person_ids=[change.person_id for change in asked],
            topics=[change.topic_key for change in asked],
            ats=[change.at for change in asked],
            sources=[change.source for change in asked],
        )


def _is_direct(change: ConsentChange) -> bool:
    return change.source in DIRECT_SOURCES and change.state == "unsubscribed"


def _is_listed(change: ConsentChange) -> bool:
    """Say whether it is a "yes" that only stands in a list, or in a journey: any word of the person's own weighs more."""
    return change.source.startswith((LISTED, BY_JOURNEY)) and change.state != "unsubscribed"


def _newest(changes: Sequence[ConsentChange]) -> dict[tuple[int, str, str], ConsentChange]:
    """The word that decides for each person, topic and channel: of two at one instant the "no"; a request to confirm takes nothing away."""
    result: dict[tuple[int, str, str], ConsentChange] = {}
    for change in sorted(
        changes, key=lambda change: (_is_direct(change), not _is_listed(change), change.at, change.state == "unsubscribed")
    ):
        key = (change.person_id, change.topic_key, change.channel)
        if change.state != "pending" or key not in result or result[key].state == "unsubscribed":
            result[key] = change
    return result


def create_topic(ws: Scope, key: str, names: dict[str, str], stream: Stream, now: datetime) -> Topic:
    """Make a topic; raises `Conflict` when the key is taken and `InvalidInput` when it is not a key."""
    if not (key.isascii() and key.replace("_", "a").isalnum() and key == key.lower() and len(key) <= 64):  # noqa: PLR2004 -- the column's limit
        raise InvalidInput("key", key, "use up to 64 letters a-z, digits and _")
    _check_names(names)
    made = ws.into(Topic, QUERIES.create_topic, key=key, names=json.dumps(names), stream=stream, now=now)
    if not made:
        raise Conflict(f"There is a topic {key!r} already.", field="key", value=key)
    return made[0]


def _check_names(names: dict[str, str]) -> None:
    if not names or not all(name.strip() for name in names.values()):
        raise InvalidInput("names", names, 'give at least one name, e.g. {"en": "Newsletter"}')
    if len(names) > MOST_NAMES or any(len(language) > LONGEST_LANGUAGE or len(name) > LONGEST_NAME for language, name in names.items()):
        raise InvalidInput("names", sorted(names)[:5], f"use {MOST_NAMES} languages and {LONGEST_NAME} characters for each name at most")


def create_default_topics(ws: Scope, now: datetime) -> None:
    """Give a new workspace its first topics (again: nothing happens)."""
    for key, (stream, names) in DEFAULT_TOPICS.items():
        ws.run(QUERIES.create_topic, key=key, names=json.dumps(names), stream=stream, now=now)


def rename_topic(ws: Scope, key: str, names: dict[str, str]) -> Topic:
    """Change what people see; raises `NotFound`, and `InvalidInput` when nothing would be left to show."""
    _check_names(names)
    changed = ws.into(Topic, QUERIES.rename_topic, key=key, names=json.dumps(names))
    if not changed:
        raise NotFound(f"There is no topic {key!r}.")
    return changed[0]


def set_confirms(ws: Scope, key: str, *, confirms: bool) -> Topic:
    """Let who asks for a topic confirm by mail first, or not any more; raises `NotFound`, also for a topic that needs no consent."""
    changed = ws.into(Topic, QUERIES.set_confirms, key=key, confirms=confirms)
    if not changed:
        raise NotFound(f"There is no topic {key!r} that asks for consent.")
    return changed[0]


def suppress(ws: Scope, addresses: dict[str, str], reason: SuppressionReason, now: datetime, channel: str = "email") -> int:
    """Never write to these addresses again, however they are capitalised; each comes with the detail that explains it. Returns how many are new."""
    return _suppress(ws, [Refusal(channel, address, reason, detail) for address, detail in addresses.items()], "", now)


def suppress_listed(ws: Scope, refusals: Sequence[Refusal], source: str, now: datetime) -> int:
    """Never write to addresses that an imported list names; repeating it changes nothing. Returns how many are new."""
    return _suppress(ws, refusals, source, now)


def _suppress(ws: Scope, refusals: Sequence[Refusal], source: str, now: datetime) -> int:
    rows = ws.rows(
        QUERIES.suppress,
        channels=[one.channel for one in refusals],
        addresses=[one.address for one in refusals],
        reasons=[one.reason for one in refusals],
        details=[one.detail for one in refusals],
        ats=[min(one.at or now, now) for one in refusals],
        source=source,
    )
    return sum(is_new for (is_new,) in rows)


def forget_listed(ws: Scope, source: str) -> int:
    """Take off the list what an import alone has put there; what anybody else said since stays. Returns how many went."""
    return ws.run(QUERIES.forget_listed, source=source)


def lift_suppression(ws: Scope, channel: str, address: str, now: datetime, *, by_owner: bool, actor: str) -> None:
    """Take an address off the list, and note who did; raises `NotFound` when it is not there or may not be lifted: a complaint by an owner only, an erasure never."""
    lifted = ws.rows(QUERIES.lift_suppression, channel=channel, address=address, by_owner=by_owner)
    if not lifted:
        raise NotFound(f"{address} is not suppressed, or may not be lifted: a complaint by an owner only, an erasure by nobody.")
    reason, detail = lifted[0]
    record_audit(ws, now, actor, "suppression.lift", f"{channel}:{address}"[:200], reason=reason, detail=detail)


def withdraw(ws: Scope, source: str, person_ids: Sequence[int], now: datetime, *, by: str) -> None:
    """Take back what a source has said, where it still decides: what was said before counts again, or nobody was asked. The log keeps both, the second `by` a source of its own."""
    ws.run(QUERIES.withdraw, source=source, ids=numbers(person_ids), now=now, by=by, direct=list(DIRECT_SOURCES))
