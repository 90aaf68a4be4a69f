"""Who is meant by a campaign, and the visible subtraction: how many of them get it, and for which reasons the others do not.

`sort_out` is what writes the rows and what is shown before: one statement, asked of a chunk of people, so the figures balance and are what is sent as long as
nothing changes in between. Consent is asked again when each message leaves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap64

from hudhud.campaigns.types import CHANNEL, ORDER, Audience, Out
from hudhud.delivery import queries as delivery
from hudhud.kit import sql
from hudhud.kit.counts import Counts
from hudhud.kit.sql import numbers
from hudhud.segments.queries import find_everybody

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

AUDIENCE = sql.load("hudhud.campaigns", "audience.sql")
CHUNK = 20_000


@dataclass(frozen=True)
class Asking:
    """Whom a campaign is for, and what decides who of them gets it: its topic, and the templates that nobody may have got since (None: not asked)."""

    audience: Audience
    topic: str
    templates: tuple[str, ...] = ()
    seen_since: datetime | None = None
    resend_of: int | None = None


@dataclass(frozen=True)
class Sorted:
    """A chunk of people: who gets it, who does not and why, and for how many of the first a time zone of theirs is known."""

    recipients: list[int]
    excluded: dict[str, list[int]]
    zoned: int


@dataclass(frozen=True)
class Subtraction:
    """How many are in the audience, for which reasons some of them get nothing, and how many are left; `zoned`: whose own time zone is known."""

    as_of: datetime
    audience: int
    excluded: dict[str, int]
    recipients: int
    zoned: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        steps = [{"reason": reason, "people": self.excluded[reason]} for reason in sorted(self.excluded, key=ORDER.__getitem__)]
        zones = {"person": self.zoned, "workspace": self.recipients - self.zoned}
        return {"audience": self.audience, "steps": steps, "recipients": self.recipients, "zones": zones, "as_of": self.as_of}


COUNTS: Counts[Subtraction] = Counts()


def find_audience(ws: Scope, ch: Client, asking: Asking, now: datetime) -> BitMap64:
    """Return the numbers of who is meant; of a campaign to who has not opened another one they narrow that down."""
    condition, resend_of = asking.audience.condition(), asking.resend_of
    found = (
        BitMap64() if condition is None or (asking.audience.is_empty() and resend_of is None) else find_everybody(ws, ch, condition, now)
    )
    if resend_of is None:
        return found
    again = BitMap64(row[0] for row in ws.rows(AUDIENCE.find_not_opened, id=resend_of))
    return again if condition is None else again & found


def chunks(people: BitMap64, after: int = 0, size: int = CHUNK) -> Iterator[list[int]]:
    """Yield people in the order of their numbers, so many at once."""
    chunk: list[int] = []
    for one in people.iter_equal_or_larger(after + 1):
        chunk.append(one)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def sort_out(ws: Scope, people: Sequence[int], asking: Asking, now: datetime, audience: BitMap64) -> Sorted:
    """Return who of these people gets it as things stand, and why the others do not. `audience`: everybody who is meant.

    Who turned out to be somebody else gets it as that person (the consent gate follows), unless that person is meant themselves; of several who are one, the first.
    """
    found = _sort_out(ws, people, asking, now)
    merged = found.excluded.pop(Out.PERSON_MERGED, [])
    if not merged:
        return found
    stands_for = {
        survivor: one
        for one, survivor, same in ws.rows(AUDIENCE.find_survivors, ids=numbers(merged))
        if survivor not in audience and one == next(other for other in same if other in audience)
    }
    return _join(found, _sort_out(ws, sorted(stands_for), asking, now), stands_for, merged)


def _join(found: Sorted, others: Sorted, stands_for: dict[int, int], merged: Sequence[int]) -> Sorted:
    """Add to a chunk those who stand for somebody else, as is true of these."""
    excluded = dict(found.excluded)
    for reason, people in others.excluded.items():
        excluded[reason] = sorted([*excluded.get(reason, []), *(stands_for[one] for one in people)])
    if left := sorted(set(merged) - set(stands_for.values())):
        excluded[Out.PERSON_MERGED] = left
    return Sorted(sorted([*found.recipients, *(stands_for[one] for one in others.recipients)]), excluded, found.zoned + others.zoned)


def _sort_out(ws: Scope, people: Sequence[int], asking: Asking, now: datetime) -> Sorted:
    recipients: list[int] = []
    excluded: dict[str, list[int]] = {}
    zoned: set[int] = set()
    ws.run(AUDIENCE.by_hash, allowed="off")
    rows = ws.rows(AUDIENCE.sort_out, ids=numbers(people), topic=asking.topic, channel=CHANNEL, now=now)
    ws.run(AUDIENCE.by_hash, allowed="on")
    for person_id, reason, is_zoned in rows:
        if reason:
            excluded.setdefault(reason, []).append(person_id)
            continue
        recipients.append(person_id)
        if is_zoned:
            zoned.add(person_id)
    if asking.seen_since is not None and recipients:
        seen = delivery.find_who_got(ws, recipients, asking.templates, asking.seen_since)
        if seen:
            excluded[Out.ALREADY_SEEN] = [one for one in recipients if one in seen]
            recipients = [one for one in recipients if one not in seen]
            zoned -= seen
    return Sorted(recipients, excluded, len(zoned))


def subtract(ws: Scope, people: BitMap64, asking: Asking, now: datetime) -> Subtraction:
    """Count how many of an audience get it, and why the others do not."""
    excluded: Counter[str] = Counter()
    recipients = zoned = 0
    for chunk in chunks(people):
        found = sort_out(ws, chunk, asking, now, people)
        recipients += len(found.recipients)
        zoned += found.zoned
        excluded.update({reason: len(some) for reason, some in found.excluded.items()})
    return Subtraction(now, len(people), dict(excluded), recipients, zoned)


def count_audience(ws: Scope, ch: Client, asking: Asking, now: datetime) -> Subtraction:
    """Return the subtraction as of now; where counting takes long, as of a while ago."""
    what = (msgspec.json.encode(asking.audience), replace(asking, audience=Audience()))
    return COUNTS.get(ws, what, now, lambda: subtract(ws, find_audience(ws, ch, asking, now), asking, now))


def find_people(ws: Scope, ch: Client, asking: Asking, reason: str, after: int, limit: int, now: datetime) -> list[int]:
    """Return a page of who gets it ('') or of who does not for a reason, by number."""
    found: list[int] = []
    audience = find_audience(ws, ch, asking, now)
    for chunk in chunks(audience, after):
        some = sort_out(ws, chunk, asking, now, audience)
        found += some.excluded.get(reason, []) if reason else some.recipients
        if len(found) >= limit:
            break
    return found[:limit]
