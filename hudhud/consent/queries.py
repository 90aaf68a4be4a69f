"""Reads about consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent.types import ConsentEntry, Subscription, Suppression, Topic, TopicNumbers
from hudhud.kit import sql
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.consent.types import State
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.consent")


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


def find_suppressions(ws: Scope, *, search: str = "", after: str = "", limit: int = 50) -> list[Suppression]:
    """A page of suppressed addresses; `after` is `channel:address` of the last one seen."""
    channel, _, address = after.partition(":")
    return ws.into(Suppression, QUERIES.find_suppressions, search=search.lower(), after_channel=channel, after_address=address, limit=limit)


def count_listed(ws: Scope, source: str) -> int:
    """How many addresses are suppressed by the word of one import alone."""
    return int(ws.value(QUERIES.count_listed, source=source))


def find_suppressed(ws: Scope, addresses: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (channel, address) are suppressed, however they are capitalised."""
    found = ws.rows(QUERIES.find_suppressed, channels=[one for one, _ in addresses], addresses=[one for _, one in addresses])
    return {(channel, address) for channel, address in found}
