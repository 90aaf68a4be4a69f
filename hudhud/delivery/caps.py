"""Caps: at most so many messages to one person in any window of time; when one bites, the best messages go and the others wait.

Only marketing counts and is held; who asked for a receipt gets it. A window rolls: it is the hours, days or weeks before each moment, not
the calendar's. This file decides and knows no database; rooms.py gives it what has gone out already and writes down what it decides.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# The id and the name of the cap that a person has set for themselves.
OWN_ID, OWN_NAME = 0, ""
# How many of the messages that took the room are named.
MOST_NAMED = 10
FOR_EVER = datetime.max.replace(tzinfo=UTC)
NOBODYS: Mapping[int, Cap] = MappingProxyType({})


class Unit(StrEnum):
    """What the length of a window is given in."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` marketing messages to one person in any `amount` of `unit`: on one channel and topic, or (None) on all of them."""

    id: int
    name: str
    most: int
    amount: int
    unit: Unit
    channel: str | None = None
    topic: str | None = None

    def window(self) -> timedelta:
        """Return the window's length."""
        return timedelta(**{Unit(self.unit).value: self.amount})

    def covers(self, channel: str, topic: str) -> bool:
        """Say whether messages of this kind count."""
        return self.channel in {None, channel} and self.topic in {None, topic}


def own_cap(every_days: int) -> Cap:
    """Return what a person wishes, one message in so many days, as a cap."""
    return Cap(OWN_ID, OWN_NAME, 1, every_days, Unit.DAYS)


def to_cap(row: Sequence[Any]) -> Cap:
    """Read a row: the fields in their order."""
    cap_id, name, most, amount, unit, channel, topic = row
    return Cap(cap_id, name, most, amount, Unit(unit), channel, topic)


class Room(NamedTuple):
    """A message that has taken room, and when."""

    message_id: int
    person_id: int
    channel: str
    topic: str
    at: datetime


class Candidate(NamedTuple):
    """A message that may go now if there is room.

    `has_room`: it took some when it was tried before; `held_since`: when a cap first bit; `lost_to`: which messages had the room then.
    """

    message_id: int
    person_id: int
    channel: str
    topic: str
    priority: int = 0
    value: float | None = None
    expires_at: datetime | None = None
    has_room: bool = False
    held_since: datetime | None = None
    lost_to: Sequence[int] = ()

    def rank(self) -> tuple[bool, int, float, datetime, int]:
        """Return what orders candidates, the best first: who has its room, priority, expected value, earliest expiry; then the oldest."""
        return not self.has_room, -self.priority, -(self.value or 0.0), self.expires_at or FOR_EVER, self.message_id


class Held(NamedTuple):
    """A message that has no room: by which cap, which messages have it, when there is room again, and how long it waits at most."""

    message_id: int
    cap: Cap
    taken_by: list[int]
    room_at: datetime
    ends_at: datetime
    since: datetime

    def is_over(self, now: datetime) -> bool:
        """Say whether it waits no longer."""
        return self.ends_at <= now

    def again_at(self) -> datetime:
        """Return when it is looked at again."""
        return min(self.room_at, self.ends_at)


def arbitrate(
    candidates: Iterable[Candidate], rooms: Iterable[Room], caps: Sequence[Cap], now: datetime, own: Mapping[int, Cap] = NOBODYS
) -> list[Held]:
    """Return the candidates for which there is no room, the best having taken it.

    `rooms`: what these people have been sent, without the candidates; `own`: caps that people have set for themselves. A message waits until it expires, and at most one window from when
    the cap first bit: whoever lost its place once more by then has lost it to better ones. If the very ones that it lost to left later
    than it looked (a peer put them off), it waits for them that much longer.
    """
    taken: dict[int, list[Room]] = defaultdict(list)
    for room in rooms:
        taken[room.person_id].append(room)
    held = []
    for one in sorted(candidates, key=Candidate.rank):
        mine = taken[one.person_id]
        # Most people have got nothing lately.
        rules = (*caps, own[one.person_id]) if one.person_id in own else caps
        bites = [found for cap in rules if cap.covers(one.channel, one.topic) and (found := _bite(one, cap, mine, now))] if mine else []
        if bites:
            held.append(max(bites, key=lambda bite: (bite.room_at, -bite.cap.id)))
        else:
            mine.append(Room(one.message_id, one.person_id, one.channel, one.topic, now))
    return held


def _bite(one: Candidate, cap: Cap, taken: list[Room], now: datetime) -> Held | None:
    """Return how a cap holds a message back; None: there is room."""
    window = cap.window()
    inside = sorted((room for room in taken if room.at > now - window and cap.covers(room.channel, room.topic)), key=lambda room: room.at)
    if len(inside) < cap.most:
        return None
    since = one.held_since or now
    room_at = inside[-cap.most].at + window
    names = [room.message_id for room in inside[-cap.most :]][-MOST_NAMED:]
    patience = max(since + window, room_at) if set(names) <= set(one.lost_to) else since + window
    return Held(one.message_id, cap, names, room_at, min(patience, one.expires_at or FOR_EVER), since)


def longest(caps: Iterable[Cap]) -> timedelta:
    """Return the longest window of these caps."""
    return max((cap.window() for cap in caps), default=timedelta(0))


def replay(sent: Iterable[Room], caps: Sequence[Cap]) -> dict[int, int]:
    """Return how many messages of a history, in the order of time, each cap would have held back (by the cap's id)."""
    taken: dict[int, list[Room]] = defaultdict(list)
    held: dict[int, int] = dict.fromkeys((cap.id for cap in caps), 0)
    horizon = longest(caps)
    for room in sent:
        mine = taken[room.person_id] = [one for one in taken[room.person_id] if one.at > room.at - horizon]
        one = Candidate(room.message_id, room.person_id, room.channel, room.topic)
        bite = next((cap for cap in caps if cap.covers(room.channel, room.topic) and _bite(one, cap, mine, room.at)), None)
        if bite is None:
            mine.append(room)
        else:
            held[bite.id] += 1
    return held
