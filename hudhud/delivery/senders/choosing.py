"""Which sender takes which message: asked in the transaction that claims them, when nothing of them has left.

In order of place: the first that is not paused, not broken, and has room today. One that failed a few times in a row is passed over (fallback) until a single
mail has shown that it works again. A limit by the second passes nobody on: who waits for it gets a moment of its own, so that it is looked at once more and not
again and again. What may have left by one sender never goes by another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.delivery.senders.types import TRIPS, Way, pause_of
from hudhud.delivery.types import Reason, Settlement, State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from hudhud.delivery.lineup import Backlog
    from hudhud.delivery.types import Claimed
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.senders")
# What has not left.
UNSENT = frozenset({State.PLANNED, State.DEFERRED, State.SKIPPED})
# What a bucket holds at most, in seconds of its limit.
BURST_S = 1.0


@dataclass(slots=True)
class Choice:
    """What goes by which sender now, what waits, and the senders that were chosen (without the default)."""

    messages: list[Claimed]
    waiting: list[Settlement] = field(default_factory=list)
    ways: dict[int, Way] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    """What one sender has left in this claim."""

    way: Way
    tokens: float
    promised_to: datetime | None
    closed_until: datetime | None
    count: int = 0
    is_touched: bool = False

    @classmethod
    def new(cls, way: Way, now: datetime) -> _Tally:
        """Fill the bucket up to now."""
        tokens = 0.0
        if way.per_second is not None:
            most = max(1.0, way.per_second * BURST_S)
            waited_s = BURST_S if way.filled_at is None else max(0.0, (now - way.filled_at).total_seconds())
            tokens = min(most, way.tokens + way.per_second * waited_s)
        return cls(way, tokens, way.promised_to, way.closed_until)

    def take(self, wanted: int) -> int:
        """Take tokens for some messages; returns for how many there are."""
        granted = wanted if self.way.per_second is None else min(wanted, int(self.tokens))
        self.tokens -= granted if self.way.per_second is not None else 0
        self.count += granted
        self.is_touched = True
        return granted

    def promise(self, now: datetime) -> datetime:
        """The next moment at which there is to be room by its limit."""
        assert self.way.per_second is not None
        self.promised_to = max(now, self.promised_to or now) + timedelta(seconds=1 / self.way.per_second)
        return self.promised_to


def choose(everywhere: Scope, messages: list[Claimed], now: datetime, full: Mapping[int, Backlog]) -> Choice:
    """Give each message its sender; `full`: senders that have enough to do here. A workspace without senders uses the default, number 0."""
    ways = find_ways(everywhere, {message.workspace_id for message in messages}, now)
    if not ways and not full:
        return Choice(messages)
    choice, tallies = Choice([]), {way.id: _Tally.new(way, now) for way in ways}
    by_stream = sorted(messages, key=lambda one: (one.workspace_id, one.stream))
    for (workspace_id, stream), group in groupby(by_stream, key=lambda one: (one.workspace_id, one.stream)):
        fitting = [tallies[way.id] for way in ways if way.workspace_id == workspace_id and way.takes(stream)]
        rest = _pinned(choice, list(group), fitting, now)
        if fitting:
            _spread(choice, rest, fitting, now, full)
        else:
            _by_default(choice, rest, now, full.get(0))
    choice.messages.sort(key=lambda one: one.id)
    choice.ways = {way.id: way for way in ways}
    _write(everywhere, [tally for tally in tallies.values() if tally.is_touched], now)
    return choice


def find_ways(everywhere: Scope, workspace_ids: Iterable[int], now: datetime) -> list[Way]:
    """Return the senders of some workspaces in order, held until the end of the transaction."""
    given = {"workspace_ids": sql.numbers(sorted(workspace_ids)), "today": now.astimezone(UTC).date()}
    return [to_way(row) for row in everywhere.all(QUERIES.find_ways, **given)]


def to_way(row: dict[str, Any]) -> Way:
    """Read a row of `sender`."""
    return Way(**{name: row[name] for name in Way.__slots__ if name != "sealed"}, sealed=bytes(row["sealed"]))


def _by_default(choice: Choice, messages: list[Claimed], now: datetime, backlog: Backlog | None) -> None:
    if backlog is None:
        choice.messages += messages
    else:
        choice.waiting += [_later(one, Reason.SENDER_BUSY, backlog.promise(now)) for one in messages]


def _pinned(choice: Choice, messages: list[Claimed], fitting: Sequence[_Tally], now: datetime) -> list[Claimed]:
    """Take out those that may have left by a sender: they wait for that one, and where it is gone a person decides."""
    rest = []
    for message in messages:
        if message.pinned_to is None:
            rest.append(message)
            continue
        tally = next((one for one in fitting if one.way.id == message.pinned_to), None)
        if message.pinned_to == 0:
            choice.messages.append(message)
        elif tally is None:
            choice.waiting.append(Settlement(message.id, message.lease_id, State.IN_DOUBT, Reason.NO_REPLY))
        elif tally.way.is_paused:
            choice.waiting.append(_later(message, Reason.SENDER_PAUSED, None))
        elif tally.closed_until is not None and tally.closed_until > now:
            choice.waiting.append(_later(message, Reason.SENDER_DOWN, tally.closed_until))
        else:
            tally.take(1)
            choice.messages.append(_with(message, tally.way.id))
    return rest


def _spread(choice: Choice, rest: list[Claimed], tallies: Sequence[_Tally], now: datetime, full: Mapping[int, Backlog]) -> None:
    """Give messages of one workspace and stream to its senders, in order."""
    waits: list[tuple[datetime, Reason]] = []
    for tally in tallies:
        way = tally.way
        if way.is_paused or not rest:
            continue
        if way.failures:
            rest = _probe(choice, rest, tally, now)
            waits.append((tally.closed_until or now, Reason.SENDER_DOWN))
            if way.failures < TRIPS:
                break
            continue
        if way.id in full:
            choice.waiting += [_later(one, Reason.SENDER_BUSY, full[way.id].promise(now)) for one in rest]
            return
        room = _room_of(tally, now, len(rest))
        here, rest = rest[:room], rest[room:]
        granted = tally.take(len(here))
        choice.messages += [_with(one, way.id) for one in here[:granted]]
        choice.waiting += [_later(one, Reason.SENDER_LIMIT, tally.promise(now)) for one in here[granted:]]
        if rest:
            waits.append((_next_day(now), Reason.SENDER_LIMIT))
    if rest:
        until, reason = min(waits, default=(None, Reason.SENDER_PAUSED))
        choice.waiting += [_later(one, reason, until) for one in rest]


def _probe(choice: Choice, rest: list[Claimed], tally: _Tally, now: datetime) -> list[Claimed]:
    """Let one mail show whether a broken sender works again, once its pause is over; the others wait or go elsewhere.

    Another one each time: where it is a single mail that the other side refuses so, it must not be the one that is asked for ever.
    """
    if tally.closed_until is not None and tally.closed_until > now:
        return rest
    tally.closed_until = now + pause_of(tally.way.failures + 1)
    tally.take(1)
    probe = rest[tally.way.failures % len(rest)]
    choice.messages.append(_with(probe, tally.way.id))
    return [one for one in rest if one is not probe]


def _room_of(tally: _Tally, now: datetime, wanted: int) -> int:
    room = tally.way.room_of(now.astimezone(UTC).date())
    return wanted if room is None else min(wanted, max(0, room - tally.way.taken - tally.count))


def _next_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _with(message: Claimed, sender_id: int) -> Claimed:
    return msgspec.structs.replace(message, sender_id=sender_id)


def _later(message: Claimed, reason: Reason, due_at: datetime | None) -> Settlement:
    """Put off, no attempt; without a moment it waits until somebody changes the senders."""
    return Settlement(message.id, message.lease_id, State.PLANNED, reason, due_at=due_at, taken_back=True)


def _write(everywhere: Scope, tallies: list[_Tally], now: datetime) -> None:
    if not tallies:
        return
    everywhere.run(
        QUERIES.take,
        today=now.astimezone(UTC).date(),
        ids=sql.numbers([one.way.id for one in tallies]),
        counts=sql.numbers([one.count for one in tallies]),
        tokens=[one.tokens for one in tallies],
        filled_ats=[now for _ in tallies],
        promised_tos=[one.promised_to for one in tallies],
        closed_untils=[one.closed_until for one in tallies],
    )


def find_taken(everywhere: Scope, settlements: Iterable[Settlement]) -> list[tuple[int, date, int]]:
    """Return (sender, day, count): the room that was taken for what has not left after all. Asked before that is written."""
    unsent = [one for one in settlements if one.sender_id and one.state in UNSENT]
    if not unsent:
        return []
    given = {"ids": [one.id for one in unsent], "leases": [one.lease_id for one in unsent], "senders": [one.sender_id for one in unsent]}
    return [
        (row[0], row[1], row[2]) for row in everywhere.rows(QUERIES.find_taken, **{name: sql.numbers(of) for name, of in given.items()})
    ]


def give_back(everywhere: Scope, taken: list[tuple[int, date, int]]) -> None:
    """Give senders their room back, each of its day."""
    if taken:
        ids, days, counts = zip(*sorted(taken), strict=True)
        everywhere.run(QUERIES.give_back, ids=sql.numbers(ids), days=list(days), counts=sql.numbers(counts))


def note(everywhere: Scope, troubles: Mapping[int, str | None], now: datetime) -> None:
    """Note of senders what failed, or that they work (None)."""
    if working := [sender_id for sender_id, trouble in troubles.items() if trouble is None]:
        everywhere.run(QUERIES.open, ids=sql.numbers(working), now=now)
    failing = {sender_id: trouble for sender_id, trouble in troubles.items() if trouble is not None}
    if not failing:
        return
    for sender_id, failures in everywhere.rows(QUERIES.hold_failing, ids=sql.numbers(sorted(failing))):
        until = now + pause_of(failures + 1)
        everywhere.run(QUERIES.close, id=sender_id, failures=failures + 1, trouble=failing[sender_id][:500], until=until, now=now)
