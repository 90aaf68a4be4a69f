"""Who is in which segment, kept current: by batches of facts, by the passage of time, and from the whole base.

Everything here runs under the lock of the workspace's row in `segment_known`, inside the caller's transaction: membership,
the list of changes and whatever the caller does with them are committed together or not at all. A batch that is repeated
after a crash finds the state it found the first time; one that was committed finds no difference any more.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pyroaring import BitMap64

from hudhud.segments.ask import QUERIES, ask, find_atoms, read_definitions
from hudhud.segments.flips import crossed, flips_of, next_flips, soonest
from hudhud.segments.sets import dump, load
from hudhud.segments.types import Change, Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

ANY = "*"
# How many changes one transaction may write: time may flip a million people at one stroke, memory and locks stay small.
MOST_CHANGES = 20_000
NOTHING = Touched(frozenset())


@dataclass(frozen=True, slots=True)
class Live:
    """A segment that is kept current."""

    id: int
    tree: Condition
    built: bool
    checked_at: datetime | None
    next_check_at: datetime | None
    concerned: bool


class Decision(NamedTuple):
    """Who came and who went, and whether that is all of it."""

    changes: list[Change]
    is_whole: bool = True


@dataclass(slots=True)
class Desk:
    """What a decision needs at hand: the locked workspace, the instant, whom the segments know."""

    ws: Scope
    ch: Client
    workspace_id: int
    now: datetime
    known: BitMap64

    def close(self, known: BitMap64 | None = None) -> None:
        """Remember the instant, and whom the segments know if that has changed."""
        self.ws.run(QUERIES.set_known, people=None if known is None else dump(known), now=self.now)


def refresh(ws: Scope, ch: Client, touched: Touched, now: datetime) -> list[Change]:
    """Bring membership up to date after a batch of facts that ClickHouse already has; return who came and who went.

    Only the people of the batch are looked at, in the segments that its facts concern; people that are new, or that others
    were merged into, in all of them. Who takes over a merged member's place has not entered anything.
    """
    if not touched.person_ids or not ws.value(QUERIES.has_live):
        return []
    desk = open_desk(ws, ch, now)
    segments = [segment for segment in find_live(ws, touched) if segment.built]
    moved = {actor: person for actor, person in ws.rows(QUERIES.find_merged_into, ids=sorted(touched.person_ids)) if actor in desk.known}
    people = BitMap64(touched.person_ids)
    fresh = (people - desk.known) | BitMap64(moved.values())
    _hand_over(ws, segments, moved)
    concerned = [segment for segment in segments if segment.concerned]
    changes = decide(desk, concerned, people).changes
    changes += decide(desk, [segment for segment in segments if not segment.concerned], fresh).changes
    _plan_looks(desk, concerned, touched)
    desk.close((desk.known | people) - BitMap64(moved) if fresh else None)
    return changes


def check_due(ws: Scope, ch: Client, now: datetime) -> list[Change]:
    """Apply what time alone has changed in segments whose next look is due; return who came and who went.

    Not more than `MOST_CHANGES` at once: the segments stay due until a call finds no more.
    """
    desk = open_desk(ws, ch, now)
    due = [one for one in find_live(ws, NOTHING) if one.built and one.next_check_at and one.next_check_at <= desk.now]
    decision = Decision([])
    if due:
        definitions = read_definitions(ws, [segment.tree for segment in due])
        atoms = find_atoms([segment.tree for segment in due], definitions)
        since = min(segment.checked_at or desk.now for segment in due)
        decision = decide(desk, due, crossed(ch, desk.workspace_id, atoms, since, desk.now), MOST_CHANGES)
    if due and decision.is_whole:
        flips = next_flips(ch, desk.workspace_id, atoms, desk.now)
        for segment in due:
            again = soonest(flips, find_atoms([segment.tree], definitions), desk.now)
            ws.run(QUERIES.set_checked, id=segment.id, now=desk.now, next_check_at=again)
    desk.close()
    return decision.changes


def build(ws: Scope, ch: Client, now: datetime) -> list[int]:
    """Count new and changed segments from the whole base; return their ids. Nobody enters or leaves by that: the segment did change, not they."""
    desk = open_desk(ws, ch, now)
    new = [segment for segment in find_live(ws, NOTHING) if not segment.built]
    if new:
        definitions = read_definitions(ws, [segment.tree for segment in new])
        atoms = find_atoms([segment.tree for segment in new], definitions)
        facts = ask(ch, desk.workspace_id, atoms, desk.now)
        flips = next_flips(ch, desk.workspace_id, atoms, desk.now)
        for segment in new:
            members = facts.people(segment.tree, definitions)
            check = soonest(flips, find_atoms([segment.tree], definitions), desk.now)
            ws.run(QUERIES.set_built, id=segment.id, members=dump(members), count=len(members), now=desk.now, next_check_at=check)
        desk.close(desk.known | facts.living)
    return [segment.id for segment in new]


def open_desk(ws: Scope, ch: Client, now: datetime) -> Desk:
    """Lock the workspace. Decisions never go back in time: `now` is that of the latest one if that was later."""
    assert ws.workspace_id is not None
    row = open_lock(ws)
    return Desk(ws, ch, ws.workspace_id, max(now, row["decided_at"] or now), load(row["people"]))


def open_lock(ws: Scope) -> dict[str, Any]:
    """Lock the workspace's segments until the transaction ends: definitions and members change one decision at a time."""
    ws.run(QUERIES.make_known)
    row = ws.one(QUERIES.lock_known)
    assert row is not None
    return row


def find_live(ws: Scope, touched: Touched) -> list[Live]:
    """Return all live segments, and whether these facts concern each."""
    rows = ws.all(
        QUERIES.find_live,
        event_names=sorted(touched.event_names),
        attributes=sorted(touched.attributes),
        topics=sorted(touched.topics),
        any_attribute=ANY in touched.attributes,
        any_topic=ANY in touched.topics or ANY in touched.attributes,
    )
    return [
        Live(
            row["id"], read_tree(row["definition"]), row["built_at"] is not None, row["checked_at"], row["next_check_at"], row["concerned"]
        )
        for row in rows
    ]


@lru_cache(maxsize=2048)
def read_tree(text: str) -> Condition:
    """Read a stored tree; the same text is read once."""
    return from_json(json.loads(text))


def decide(desk: Desk, segments: Sequence[Live], people: Iterable[int], most: int = sys.maxsize) -> Decision:
    """Ask about these people in these segments, write down the differences, at most so many."""
    people = BitMap64(people)
    if not segments or not people:
        return Decision([])
    trees = [segment.tree for segment in segments]
    definitions = read_definitions(desk.ws, trees)
    atoms = find_atoms(trees, definitions)
    facts = ask(desk.ch, desk.workspace_id, atoms, desk.now, people)
    stored = _read_members(desk.ws, segments)
    changes: list[Change] = []
    for segment in segments:
        members = stored[segment.id]
        before, after = members & people, facts.people(segment.tree, definitions)
        turned = BitMap64(islice(before ^ after, most))
        most -= len(turned)
        if turned:
            _write_members(desk.ws, segment.id, members ^ turned)
            # Who was erased or merged away is gone without having left.
            changes += [Change(segment.id, person_id, entered=True, at=desk.now) for person_id in turned & after]
            changes += [Change(segment.id, person_id, entered=False, at=desk.now) for person_id in (turned & before) & facts.living]
    _write_changes(desk, changes)
    return Decision(changes, is_whole=most > 0)


def _plan_looks(desk: Desk, segments: Sequence[Live], touched: Touched) -> None:
    """Bring the next look forward where the batch's events need it: those of earlier batches are planned for already."""
    definitions = read_definitions(desk.ws, [segment.tree for segment in segments])
    atoms = find_atoms([segment.tree for segment in segments], definitions)
    if touched.instants is None:
        flips = next_flips(desk.ch, desk.workspace_id, atoms, desk.now, touched.person_ids)
    else:
        flips = flips_of(atoms, desk.now, touched.instants)
    looks = [(segment.id, soonest(flips, find_atoms([segment.tree], definitions), desk.now)) for segment in segments]
    sooner = [(segment_id, at) for segment_id, at in looks if at is not None]
    if sooner:
        desk.ws.run(QUERIES.check_by, ids=[segment_id for segment_id, _ in sooner], instants=[at for _, at in sooner])


def _hand_over(ws: Scope, segments: Sequence[Live], moved: Mapping[int, int]) -> None:
    """Give the places of merged people to those they were merged into."""
    if not moved:
        return
    for segment_id, members in _read_members(ws, segments).items():
        leaving = members & BitMap64(moved)
        if leaving:
            _write_members(ws, segment_id, (members - leaving) | BitMap64([moved[actor] for actor in leaving]))


def _read_members(ws: Scope, segments: Sequence[Live]) -> dict[int, BitMap64]:
    return {row[0]: load(row[1]) for row in ws.rows(QUERIES.read_members, ids=[segment.id for segment in segments])}


def _write_members(ws: Scope, segment_id: int, members: BitMap64) -> None:
    ws.run(QUERIES.set_members, id=segment_id, members=dump(members), count=len(members))


def _write_changes(desk: Desk, changes: Sequence[Change]) -> None:
    if changes:
        segments, people = [change.segment_id for change in changes], [change.person_id for change in changes]
        desk.ws.run(QUERIES.add_changes, segments=segments, people=people, entered=[change.entered for change in changes], now=desk.now)
