"""What a rehearsal replays: the facts of a span of time, in order, as the journey would have been told of them."""

from __future__ import annotations

import tempfile
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

import msgspec

from hudhud.events.types import Event
from hudhud.journeys.running import entries, timed
from hudhud.journeys.running.entries import Candidate
from hudhud.journeys.types import ByClock, OnSegment, OnSegmentLeave, OnSubscribe
from hudhud.kit import sql
from hudhud.segments import queries as segments
from hudhud.segments.types import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.rehearsing.script import Script
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys")
DAY = timedelta(days=1)
PEOPLE_PAGE = 50_000
LOOK_EVERY = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORD = 4  # bytes of a block's length in the spool
ROWS = msgspec.msgpack.Decoder(list[tuple[str, str, str, int, int, str]])

# Events of a workspace in order; people merged since then count as who they are today.
EVENTS = """
SELECT e.message_id, e.kind, e.name, toUnixTimestamp64Milli(e.at) AS moment, if(o.person_id = 0, e.actor_id, o.person_id) AS person_id, {properties} AS properties
FROM event AS e
LEFT ANY JOIN (SELECT actor_id, person_id FROM person_override FINAL WHERE workspace_id = {{workspace_id:UInt64}}) AS o ON o.actor_id = e.actor_id
WHERE e.workspace_id = {{workspace_id:UInt64}} AND e.at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AND e.at <= fromUnixTimestamp64Milli({{until:Int64}}, 'UTC')
  AND (e.name IN {{names:Array(String)}} OR ({{people:UInt8}} AND e.kind IN ('identify', 'alias', 'group', 'consent')))
  AND ({{person:UInt64}} = 0 OR person_id = {{person:UInt64}})
ORDER BY e.at, e.message_id
"""


@dataclass
class Replay:
    """Facts of a span of time, taken off from the front as virtual time goes by."""

    versions: list[Version]
    events: Iterator[Event]
    people: deque[tuple[int, Candidate]]  # with the version that they enter
    _ahead: deque[Event] = field(default_factory=deque)

    def next_at(self) -> datetime | None:
        """Return when the next fact happened."""
        if not self._ahead:
            self._ahead.extend(event for _, event in zip(range(1), self.events, strict=False))
        ahead = [self._ahead[0].at] if self._ahead else []
        ahead += [self.people[0][1].at] if self.people else []
        return min(ahead, default=None)

    def take_until(self, instant: datetime) -> tuple[list[Event], dict[int, list[Candidate]]]:
        """Take off the events up to an instant, and for each version who enters up to then."""
        events = []
        while (at := self.next_at()) is not None and at <= instant and self._ahead and self._ahead[0].at <= instant:
            events.append(self._ahead.popleft())
        by_name: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            by_name[event.name].append(event)
        found = {version.id: entries.candidates(version, by_name) for version in self.versions}
        while self.people and self.people[0][1].at <= instant:
            version_id, one = self.people.popleft()
            found[version_id].append(one)
        return events, found


def open_replay(ws: Scope, ch: Client, script: Script, look: Callable[[int], None]) -> Replay:
    """Begin to read; raises nothing for a span without facts. `look` hears now and then how many were found, and may raise to give it up."""
    people: list[tuple[int, Candidate]] = []
    for version in script.versions:
        for one in _entering(ws, ch, version, script, lambda: look(len(people))):
            if script.person_id in {None, one.person_id}:
                people.append((version.id, one))
            if len(people) % LOOK_EVERY == 0:
                look(len(people))
    return Replay(script.versions, _read_events(ch, script), deque(sorted(people, key=lambda one: one[1].at)))


def _read_events(ch: Client, script: Script) -> Iterator[Event]:
    watches = [watch for version in script.versions for watch in (*version.ends, *version.waits)]
    names = {name for watch in watches for name in watch.event_names}
    names |= {name for version in script.versions if (trigger := version.graph.listens()) is not None for name in trigger.event_names()}
    people = any(watch.about_people for watch in watches)
    if not names and not people:
        return
    parameters = {
        "workspace_id": script.workspace_id,
        "since": _milliseconds(script.since),
        "until": _milliseconds(script.until),
        "names": sorted(names),
        "people": int(people),
        "person": script.person_id or 0,
    }
    needs = any(_needs_properties(version) for version in script.versions)
    text = EVENTS.format(properties="toJSONString(e.properties)" if needs else "'{}'")
    with ch.query_row_block_stream(text, parameters=parameters) as blocks:
        spool = _spool(blocks)
    with spool:
        while size := int.from_bytes(spool.read(WORD), "big"):
            for message_id, kind, name, moment, person_id, properties in ROWS.decode(spool.read(size)):
                at = EPOCH + timedelta(milliseconds=moment)
                yield _to_event(script.workspace_id, message_id, kind, name, at, person_id, properties)


def _spool(blocks: Iterable[Sequence[Sequence[object]]]) -> IO[bytes]:
    """Read all there is at once, to a file: an answer that is read as slowly as virtual time goes by is cut off by whoever sends it."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by who reads it
    for block in blocks:
        packed = msgspec.msgpack.encode(block)
        spool.write(len(packed).to_bytes(WORD, "big"))
        spool.write(packed)
    spool.seek(0)
    return spool


def _needs_properties(version: Version) -> bool:
    trigger = version.graph.listens()
    asks = trigger is not None and (trigger.where or version.graph.run_key)
    return bool(asks) or any(leaf.where for watch in (*version.ends, *version.waits) for leaf in watch.quick)


def _to_event(workspace_id: int, message_id: str, kind: str, name: str, at: datetime, person_id: int, properties: str) -> Event:
    return Event(
        workspace_id=workspace_id,
        lane_id=0,
        message_id=message_id,
        kind=kind,
        name=name,
        at=at,
        received_at=at,
        user_id=None,
        anonymous_id=None,
        properties=properties.encode(),
        context=b"{}",
        source="rehearsal",
        person_id=person_id,
    )


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _entering(ws: Scope, ch: Client, version: Version, script: Script, beat: Callable[[], None]) -> Iterator[Candidate]:
    trigger, since, until = version.graph.trigger, script.since, script.until
    if isinstance(trigger, OnSubscribe):
        for person_id, at in ws.rows(QUERIES.replay_subscribed, topic=trigger.topic, since=since, until=until):
            yield Candidate(person_id, at)
    elif isinstance(trigger, ByClock):
        yield from timed.replay(ws, ch, trigger, since, until, beat)
    elif isinstance(trigger, OnSegment):
        yield from _changing_segment(ws, ch, trigger.segment, since, until, beat, leaves=isinstance(trigger, OnSegmentLeave))


def _changing_segment(
    ws: Scope, ch: Client, segment: int | Condition, since: datetime, until: datetime, beat: Callable[[], None], *, leaves: bool
) -> Iterator[Candidate]:
    """Compare who is in the segment at the end of each day with the day before."""
    tree = Segment(segment_id=segment) if isinstance(segment, int) else segment
    before, at = _members(ws, ch, tree, since), since
    while at < until:
        beat()
        at = min(at + DAY, until)
        now = _members(ws, ch, tree, at)
        for person_id in sorted(before - now if leaves else now - before):
            yield Candidate(person_id, at)
        before = now


def _members(ws: Scope, ch: Client, tree: Condition, now: datetime) -> set[int]:
    found: set[int] = set()
    after = 0
    while page := segments.members(ws, ch, tree, now, after=after, limit=PEOPLE_PAGE):
        found.update(page)
        after = page[-1]
    return found
