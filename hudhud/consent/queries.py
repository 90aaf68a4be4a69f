"""Reads about consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent.types import ConsentEntry, Preference, PreferenceEntry, Subscription, Suppression, Topic, TopicNumbers, Wording
from hudhud.kit import sql
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hudhud.consent.types import State
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.consent")
PREFERENCES = sql.load("hudhud.consent", "preferences.sql")


def find_topics(ws: Scope) -> list[Topic]:
    """Every topic, oldest first."""
    return ws.into(Topic, QUERIES.find_topics)


def find_topic_numbers(ws: Scope) -> list[TopicNumbers]:
    """Every topic with the number of people in each state."""
    return ws.into(TopicNumbers, QUERIES.find_topic_numbers)


def find_subscriptions(ws: Scope, person_id: int) -> list[Subscription]:
    """Where a person (and everybody merged into them) stands on each topic and channel."""
    return ws.into(Subscription, QUERIES.find_subscriptions, person_id=person_id)


def find_states(ws: Scope, topic: str, person_ids: Iterable[int], channel: str = "email") -> dict[int, State]:
    """Return where these living people stand on a topic; those who never were asked are left out."""
    return dict(ws.rows(QUERIES.find_states, topic=topic, person_ids=numbers(person_ids), channel=channel))


def find_entries(ws: Scope, person_id: int, limit: int = 200) -> list[ConsentEntry]:
    """The proof log of a person, newest first."""
    return ws.into(ConsentEntry, QUERIES.find_entries, person_id=person_id, limit=limit)


def count_said(ws: Scope, source: str, person_ids: Sequence[int]) -> tuple[int, int]:
    """How many words of a source about these people still decide, and how many no longer do."""
    ((deciding, outdated),) = ws.rows(QUERIES.count_said, source=source, ids=numbers(person_ids))
    return deciding, outdated


def find_suppressions(ws: Scope, *, search: str = "", reason: str | None = None, after: str = "", limit: int = 50) -> list[Suppression]:
    """A page of suppressed addresses; `after` is `channel:address` of the last one seen."""
    channel, _, address = after.partition(":")
    given = {"search": search.lower(), "reason": reason, "after_channel": channel, "after_address": address}
    return ws.into(Suppression, QUERIES.find_suppressions, **given, limit=limit)


def count_suppressions(ws: Scope) -> dict[str, int]:
    """How many addresses are suppressed, by reason."""
    return dict(ws.rows(QUERIES.count_suppressions))


def get_preference(ws: Scope, person_id: int, now: datetime) -> Preference:
    """What a person wishes beside topics; a pause that is over is none."""
    return ws.into(Preference, PREFERENCES.get_preference, person_id=person_id, now=now)[0]


def find_preference_entries(ws: Scope, person_id: int, limit: int = 50) -> list[PreferenceEntry]:
    """What a person wished when, newest first, with the proofs."""
    return ws.into(PreferenceEntry, PREFERENCES.find_preference_entries, person_id=person_id, limit=limit)


def find_wordings(ws: Scope, limit: int = 50) -> list[Wording]:
    """Every version of what people read where they agree, newest first."""
    return ws.into(Wording, PREFERENCES.find_wordings, limit=limit)


def find_service_topic(ws: Scope) -> str | None:
    """Return the topic that a mail about a subscription is of; None: the workspace has none that needs no consent."""
    found = ws.rows(PREFERENCES.find_service_topic)
    return found[0][0] if found else None


def count_listed(ws: Scope, source: str) -> int:
    """How many addresses are suppressed by the word of one import alone."""
    return int(ws.value(QUERIES.count_listed, source=source))


def find_suppressed(ws: Scope, addresses: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (channel, address) are suppressed, however they are capitalised."""
    found = ws.rows(QUERIES.find_suppressed, channels=[one for one, _ in addresses], addresses=[one for _, one in addresses])
    return {(channel, address) for channel, address in found}
