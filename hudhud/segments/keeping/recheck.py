"""Once a night: is everybody in every segment as all facts together say, or has keeping it current gone wrong?

Everybody is asked about first, a few segments at a time and without the lock, so that nothing waits for it. Who differs then is only a suspect: their
events may be on their way, or time may just have moved them. When all that was received until then is processed, the suspects are asked about again,
under the lock. Who still differs is recorded wrongly: that is put right like any change, counted, and told in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from clickhouse_connect.driver.exceptions import OperationalError
from pyroaring import BitMap64

from hudhud.segments.asking.ask import QUERIES, ask, find_atoms, read_definitions
from hudhud.segments.asking.sets import dump, load
from hudhud.segments.keeping.flips import LONGEST_PAUSE, crossed
from hudhud.segments.keeping.membership import MAX_REASON, MOST_CHANGES, NOTHING, UNASKABLE, Desk, apart, decide, find_live, open_desk
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.keeping.tallies import forget_tallies
from hudhud.segments.types import Segment, Touched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.keeping.membership import Decision, Live
    from hudhud.segments.types import Change

AT_ONCE = 20  # segments: what one statement holds in memory stays small
SUSPECTS_AT_ONCE = 20_000  # batches wait for the lock meanwhile

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recheck:
    """How the latest whole one ended: `differences` memberships were wrong."""

    asked_at: datetime
    differences: int


def find_rechecks(everywhere: Scope, now: datetime) -> list[tuple[int, bool]]:
    """Return (workspace, whether suspects are to be asked about again; else everybody) of what is due.

    Everybody is due between two and five in the workspace's night, when the last time is most of a day ago; or at any time after three days.
    """
    return [(row[0], row[1]) for row in everywhere.rows(QUERIES.find_rechecks, now=now)]


def suspect(ws: Scope, ch: Client, now: datetime, beat: Callable[[], None]) -> int:
    """Ask about everybody in every segment; keep who differs from what is recorded, return how many they are. `beat` is called between statements."""
    assert ws.workspace_id is not None
    desk = Desk(ws, ch, ws.workspace_id, now, load(ws.value(QUERIES.read_known) or b""))
    suspects, settled = BitMap64(), _find_settled(desk)
    for start in range(0, len(settled), AT_ONCE):
        some = settled[start : start + AT_ONCE]
        suspects |= _differing_where_askable(desk, some)
        beat()
    ws.run(QUERIES.set_suspects, people=dump(suspects), now=now)
    return len(suspects)


def _find_settled(desk: Desk) -> list[Live]:
    """Return the segments with conditions that are kept current."""
    return [one for one in find_live(desk, NOTHING) if one.built and not one.failing and one.tree != Segment(one.id)]


def _differing_where_askable(desk: Desk, segments: Sequence[Live]) -> BitMap64:
    """Leave out a segment that cannot be asked about everybody: batches, which ask about few, may well be able to keep it current."""
    try:
        return _differing(desk, segments)
    except UNASKABLE as error:
        if isinstance(error, OperationalError):
            raise
        if len(segments) == 1:
            log.warning("segment.not_checked", workspace=desk.workspace_id, segment=segments[0].id, error=str(error)[:MAX_REASON])
            return BitMap64()
    return BitMap64().union(*(_differing_where_askable(desk, [one]) for one in segments))


def _differing(desk: Desk, segments: Sequence[Live]) -> BitMap64:
    definitions = read_definitions(desk.ws, [one.tree for one in segments])
    facts = ask(desk.ch, desk.workspace_id, find_atoms([one.tree for one in segments], definitions), desk.now)
    stored = read_members(desk.ws, [one.id for one in segments])
    # Nothing is locked: some may have been put away meanwhile.
    kept = [one for one in segments if one.id in stored]
    return BitMap64().union(*((facts.people(one.tree, definitions) ^ stored[one.id]) & desk.known for one in kept))


def take_up(ws: Scope, ch: Client, people: Iterable[int], event_name: str, now: datetime) -> list[Change]:
    """Ask anew about people whose events of a name were deleted, in all segments that ask for it; return who came and who went."""
    desk = open_desk(ws, ch, now)
    forget_tallies(ws, [event_name])
    asking = [one for one in find_live(desk, Touched(frozenset(), frozenset({event_name}))) if one.built and not one.failing and one.events]
    concerned = BitMap64(people) & desk.known
    decisions = apart(desk, asking, lambda some: [decide(desk, some, concerned)])
    desk.close()
    return [change for decision in decisions for change in decision.changes]


def settle(ws: Scope, ch: Client, now: datetime) -> list[Change]:
    """Ask about the suspects again, as many as a transaction should hold; put right who still differs, return what that changed. The others stay suspects."""
    desk = open_desk(ws, ch, now)
    suspects = load(ws.value(QUERIES.read_suspects) or b"") & desk.known
    people = suspects[:SUSPECTS_AT_ONCE]
    settled = _find_settled(desk)
    due = [one for one in settled if _is_due(desk, one)]
    decisions = [
        decision
        for segments in (due, [one for one in settled if one not in due])
        for decision in apart(desk, segments, lambda some: [_settle(desk, some, people)])
    ]
    changes = [change for decision in decisions for change in decision.changes]
    # Where not all of them could be put right, they are asked about once more: who was differs no longer.
    left = suspects - people if all(decision.is_whole for decision in decisions) else suspects
    ws.run(QUERIES.settle, differences=len(changes), left=dump(left) if left else None)
    desk.close()
    if changes:
        forget_tallies(ws)
        wrong = sorted({change.segment_id for change in changes})
        log.error("segment.memberships_were_wrong", workspace=desk.workspace_id, memberships=len(changes), segments=wrong)
    return changes


def _settle(desk: Desk, segments: Sequence[Live], people: BitMap64) -> Decision:
    """Leave whom time has moved since the last look to that look."""
    definitions = read_definitions(desk.ws, [one.tree for one in segments])
    atoms = find_atoms([one.tree for one in segments], definitions)
    since = min(_moved_since(desk, one) for one in segments)
    return decide(desk, segments, people - crossed(desk.ch, desk.workspace_id, atoms, since, desk.now) if people else people, MOST_CHANGES)


def _is_due(desk: Desk, segment: Live) -> bool:
    return segment.next_check_at is not None and segment.next_check_at <= desk.now


def _moved_since(desk: Desk, segment: Live) -> datetime:
    """Return since when time may have moved people unseen: where no look is due, that is a pause between two looks at most."""
    checked_at = segment.checked_at or desk.now
    return checked_at if _is_due(desk, segment) else max(checked_at, desk.now - LONGEST_PAUSE)


def find_recheck(ws: Scope) -> Recheck | None:
    """Return how the latest whole one ended; None: there was none yet."""
    row: dict[str, Any] | None = ws.one(QUERIES.find_recheck)
    return None if row is None else Recheck(**row)
