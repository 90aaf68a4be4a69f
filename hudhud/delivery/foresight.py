"""What caps and hours would do to messages that are not there: the rules of the claim (rooms.py, caps.py), told of a list of messages and their moments.

Messages compete as they do at the claim: with all others of the same person that are due at the same moment, and with what has left by then.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from hudhud.delivery.caps import Candidate, Room, arbitrate, longest
from hudhud.delivery.rooms import open_from
from hudhud.delivery.types import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hudhud.delivery.caps import Cap
    from hudhud.kit.localtime import Hours


class Wanted(NamedTuple):
    """A marketing message that somebody may be sent, from when on; `source`: whose it is, `hours`: those of the message, as JSON."""

    id: int
    person_id: int
    source: str
    channel: str
    topic: str
    at: datetime
    zone: str
    priority: int = 0
    value: float | None = None
    expires_at: datetime | None = None
    hours: str | None = None


class Fate(NamedTuple):
    """What becomes of a message: when it leaves or is skipped and why, which cap held it last, and whether it waited for its hours."""

    id: int
    source: str
    outcome: Literal["left", "skipped"]
    at: datetime
    reason: str = ""
    cap: str | None = None
    waited: bool = False


@dataclass
class _Waiting:
    """What is remembered of a message that waits."""

    since: datetime | None = None
    lost_to: Sequence[int] = ()
    cap: str | None = None
    waited: bool = False


def foresee(wanted: Iterable[Wanted], sent: Iterable[Room], caps: Sequence[Cap], quiet: Hours | None) -> list[Fate]:
    """Return what becomes of messages, by their moments; `sent`: what these people were sent before, `quiet`: the hours that are not quiet."""
    messages: dict[int, list[Wanted]] = defaultdict(list)
    rooms: dict[int, list[Room]] = defaultdict(list)
    for one in wanted:
        messages[one.person_id].append(one)
    for room in sent:
        rooms[room.person_id].append(room)
    return [fate for person_id, mine in messages.items() for fate in _Person(mine, rooms[person_id], caps, quiet).live()]


@dataclass
class _Person:
    messages: list[Wanted]
    rooms: list[Room]
    caps: Sequence[Cap]
    quiet: Hours | None
    waiting: dict[int, _Waiting] = field(default_factory=lambda: defaultdict(_Waiting))
    fates: list[Fate] = field(default_factory=list)

    def live(self) -> list[Fate]:
        by_id = {one.id: one for one in self.messages}
        ahead = [(one.at, one.id) for one in self.messages]
        heapq.heapify(ahead)
        while ahead:
            now, due = ahead[0][0], []
            while ahead and ahead[0][0] == now:
                due.append(by_id[heapq.heappop(ahead)[1]])
            for one in self._may_go(due, now, ahead):
                self.rooms.append(Room(one.id, one.person_id, one.channel, one.topic, now))
                self._end(one, now)
        return self.fates

    def _may_go(self, due: list[Wanted], now: datetime, ahead: list[tuple[datetime, int]]) -> list[Wanted]:
        """Return those that leave now; the others are skipped, or wait."""
        open_ = [one for one in due if self._is_open(one, now, ahead)]
        horizon = now - longest(self.caps)
        candidates = [
            Candidate(
                one.id, one.person_id, one.channel, one.topic, one.priority, one.value, one.expires_at,
                held_since=self.waiting[one.id].since, lost_to=self.waiting[one.id].lost_to,
            )
            for one in open_
        ]  # fmt: skip
        held = {one.message_id: one for one in arbitrate(candidates, [room for room in self.rooms if room.at > horizon], self.caps, now)}
        for one in open_:
            if one.id in held:
                known, lost = self.waiting[one.id], held[one.id]
                known.since, known.lost_to, known.cap = lost.since, lost.taken_by, lost.cap.name
                if lost.is_over(now):
                    self._end(one, now, Reason.CAPPED)
                else:
                    heapq.heappush(ahead, (lost.again_at(), one.id))
        return [one for one in open_ if one.id not in held]

    def _is_open(self, one: Wanted, now: datetime, ahead: list[tuple[datetime, int]]) -> bool:
        if one.expires_at is not None and one.expires_at <= now:
            self._end(one, now, Reason.CAPPED if self.waiting[one.id].since else Reason.EXPIRED)
            return False
        opens = open_from(one.hours, self.quiet, one.zone, now)
        if opens is None:
            self._end(one, now, Reason.QUIET_HOURS)
        elif opens > now:
            self.waiting[one.id].waited = True
            heapq.heappush(ahead, (opens, one.id))
        return opens == now

    def _end(self, one: Wanted, now: datetime, reason: str = "") -> None:
        known = self.waiting[one.id]
        self.fates.append(Fate(one.id, one.source, "skipped" if reason else "left", now, str(reason), known.cap, known.waited))
