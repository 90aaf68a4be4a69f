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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import structlog
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from pyroaring import BitMap64

from hudhud.kit.errors import HudhudError
from hudhud.kit.sql import numbers
from hudhud.segments.asking.answers import inquire
from hudhud.segments.asking.ask import QUERIES, ask, find_all_merged, find_atoms, read_definitions
from hudhud.segments.asking.happened import Happened
from hudhud.segments.asking.partial import join
from hudhud.segments.asking.partly import see
from hudhud.segments.asking.sets import dump, load
from hudhud.segments.conditions.atoms import all_names
from hudhud.segments.keeping.concern import find_concerned
from hudhud.segments.keeping.flips import find_turns, flips_of, next_flips, soonest
from hudhud.segments.keeping.future import find_due, forget_past, note_batch, note_stored
from hudhud.segments.keeping.growth import record
from hudhud.segments.keeping.places import find_moved, hand_over, let_go
from hudhud.segments.keeping.stored import read_members, turn_members, write_members
from hudhud.segments.keeping.tallies import doubt, look_at_tallies, open_tallies, take_tallies, write_tallies
from hudhud.segments.types import Change, Segment, Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.partial import Partly
    from hudhud.segments.keeping.tallies import Tallies
    from hudhud.segments.types import Condition

T = TypeVar("T")
ANY = "*"
# What speaks against a segment's condition, not against the engine.
UNASKABLE = (DatabaseError, HudhudError)
MAX_REASON = 500
# How many changes one transaction may write: time may flip a million people at one stroke, memory and locks stay small.
MOST_CHANGES = 20_000
NOTHING = Touched(frozenset())

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Live:
    """A segment that is kept current."""

    id: int
    owner: str
    tree: Condition
    built: bool
    checked_at: datetime | None
    next_check_at: datetime | None
    failing: bool
    events: frozenset[str]  # names of the batch's events that it asks about
    by_facts: bool  # whether it asks about attributes or topics that the batch changed

    @property
    def concerned(self) -> bool:
        """Whether the batch may move anybody in it."""
        return self.by_facts or bool(self.events)


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
    merged: Sequence[tuple[int, int]] | None = None  # (actor, survivor): into anybody whom it is about; asked once

    def close(self, known: BitMap64 | None = None) -> None:
        """Remember the instant, and whom the segments know if that has changed."""
        self.ws.run(QUERIES.set_known, people=None if known is None else dump(known), now=self.now)


def refresh(ws: Scope, ch: Client, touched: Touched, now: datetime) -> list[Change]:
    """Bring membership up to date after a batch of facts that ClickHouse already has; return who came and who went.

    Only the people of the batch are looked at, in the segments that facts about them may move them in (concern.py); people that are new, or
    that others were merged into, in all of them. Who takes over a merged member's place has not entered anything; who was erased is in nothing,
    whatever it asks for, without having left.
    """
    if not touched.person_ids or not ws.value(QUERIES.has_live):
        return []
    desk = open_desk(ws, ch, now)
    live = find_live(desk, touched)
    segments = [segment for segment in live if segment.built and not segment.failing]
    people, gone = BitMap64(touched.person_ids), BitMap64(touched.gone)
    desk.merged = find_all_merged(desk.ch, desk.workspace_id, people)
    moved = find_moved(desk, desk.merged, live)
    fresh = ((people - desk.known) | BitMap64(moved.values())) - gone
    note_batch(desk.ws, desk.ch, touched, desk.now)
    happened, tallies = Happened(touched, desk.now), open_tallies(desk.ws, desk.now, people)
    take_tallies(tallies, touched, happened, fresh, desk.merged)
    # Places are given and taken also where nothing can be asked: nobody looks for these people there later.
    hand_over(desk, live, moved)
    let_go(desk, live, gone)
    concerned = [segment for segment in segments if segment.concerned]
    apart(desk, concerned, lambda some: _plan_looks(desk, some, touched))
    changes = apart(desk, concerned, lambda some: _decide_concerned(desk, some, touched, happened, tallies, fresh | gone))
    changes += apart(desk, segments, lambda some: decide(desk, some, fresh).changes)
    write_tallies(desk.ws, tallies)
    desk.close((desk.known | (people - BitMap64(touched.behind))) - BitMap64(moved) if fresh or moved else None)
    return changes


def _decide_concerned(
    desk: Desk, segments: Sequence[Live], touched: Touched, happened: Happened, tallies: Tallies, others: BitMap64
) -> list[Change]:
    """Decide about the people whom the batch may move, but for `others`: each in some of these segments, asked about in all that concern anybody."""
    definitions = read_definitions(desk.ws, [segment.tree for segment in segments])
    stored = read_members(desk.ws, [segment.id for segment in segments], BitMap64(touched.person_ids))
    asked = {
        one.id: find_concerned(one.tree, definitions, touched, happened, stored[one.id], by_facts=one.by_facts) - others for one in segments
    }
    atoms = find_atoms([one.tree for one in segments], definitions)
    seen = join(see(atoms, happened), tallies.recall(atoms, happened))
    changed = BitMap64(touched.person_ids if touched.changed is None else touched.changed)
    return _decide(desk, segments, asked, seen=seen, changed=changed).changes


def check_due(ws: Scope, ch: Client, now: datetime) -> list[Change]:
    """Apply what time alone has changed in segments whose next look is due; return who came and who went.

    Not more than `MOST_CHANGES` at once: the segments stay due until a call finds no more. Those that could not be asked about
    are tried again, with everybody: nobody knows what was missed.
    """
    desk = open_desk(ws, ch, now)
    due = _find_due(find_live(desk, NOTHING), desk.now)
    changes = apart(desk, [one for one in due if not one.failing], lambda some: _check(desk, some))
    for segment in (one for one in due if one.failing):
        changes += apart(desk, [segment], lambda some: _check(desk, some))
    forget_past(desk.ws, desk.now)
    desk.close()
    return changes


def _find_due(live: Sequence[Live], now: datetime) -> list[Live]:
    """Return the segments whose next look is due, and their kin: those of one owner are looked at together, so that who leaves one for another does both at once."""
    due = [one for one in live if one.built and one.next_check_at and one.next_check_at <= now]
    kin = {one.owner for one in due if one.owner and not one.failing}
    return [*due, *(one for one in live if one.owner in kin and one.built and not one.failing and one not in due)]


def _check(desk: Desk, due: Sequence[Live]) -> list[Change]:
    definitions = read_definitions(desk.ws, [segment.tree for segment in due])
    atoms = {segment.id: find_atoms([segment.tree], definitions) for segment in due}
    since = min(segment.checked_at or desk.now for segment in due)
    every = find_atoms([segment.tree for segment in due], definitions)
    arrived = find_due(desk.ws, all_names(every), since, desk.now)
    turns = find_turns(desk.ch, desk.workspace_id, every, since, desk.now, arrived)
    asked = {segment.id: desk.known if segment.failing else turns.people(atoms[segment.id]) for segment in due}
    # The batch that merged them has yet to tell of it; until it does they stay known, so that it finds them.
    desk.merged = find_all_merged(desk.ch, desk.workspace_id, BitMap64().union(*asked.values()))
    hand_over(desk, due, find_moved(desk, desk.merged))
    decision = _decide(desk, due, asked, MOST_CHANGES)
    for segment in due if decision.is_whole else ():
        desk.ws.run(QUERIES.set_checked, id=segment.id, now=desk.now, next_check_at=soonest(turns.flips, atoms[segment.id], desk.now))
    return decision.changes


def build(ws: Scope, ch: Client, now: datetime) -> list[int]:
    """Count new and changed segments from the whole base; return their ids. Nobody enters or leaves by that: the segment did change, not they."""
    desk = open_desk(ws, ch, now)
    new = [one for one in find_live(desk, NOTHING) if not one.built and (not one.failing or (one.next_check_at or desk.now) <= desk.now)]
    built = apart(desk, new, lambda some: _build(desk, some))
    if built:
        look_at_tallies(desk.ws)
        desk.close(desk.known.union(*(living for _, living in built)))
    return [segment_id for segment_id, _ in built]


def _build(desk: Desk, new: Sequence[Live]) -> list[tuple[int, BitMap64]]:
    """Return the ids, each with whom its members were chosen from."""
    definitions = read_definitions(desk.ws, [segment.tree for segment in new])
    atoms = find_atoms([segment.tree for segment in new], definitions)
    facts = ask(desk.ch, desk.workspace_id, atoms, desk.now)
    flips = next_flips(desk.ch, desk.workspace_id, atoms, desk.now)
    note_stored(desk.ws, desk.ch, all_names(atoms), desk.now)
    sizes: dict[int, int] = {}
    for segment in new:
        members = facts.people(segment.tree, definitions)
        sizes[segment.id] = len(members)
        check = soonest(flips, find_atoms([segment.tree], definitions), desk.now)
        write_members(desk.ws, segment.id, members)
        desk.ws.run(QUERIES.set_built, id=segment.id, now=desk.now, next_check_at=check)
    record(desk.ws, sizes, [], desk.now, recounted=True)
    return [(segment.id, facts.living) for segment in new]


def apart(desk: Desk, segments: Sequence[Live], act: Callable[[Sequence[Live]], list[T]]) -> list[T]:
    """Do something for all these segments at once; when it cannot be done, for each alone, and set aside those it cannot be done for.

    `act` asks its questions before it writes. Raises when ClickHouse answers nothing at all: that is no segment's fault.
    """
    if not segments:
        return []
    try:
        return act(segments)
    except UNASKABLE as error:
        if isinstance(error, OperationalError):
            raise
        ask(desk.ch, desk.workspace_id, [], desk.now, [0])
        if len(segments) == 1:
            set_aside(desk, segments[0].id, error)
            return []
    return [one for segment in segments for one in apart(desk, [segment], act)]


def set_aside(desk: Desk, segment_id: int, error: Exception) -> None:
    """Leave a segment out for a while, with the reason."""
    reason = error.message if isinstance(error, HudhudError) else str(error)
    log.warning("segment.failing", workspace=desk.workspace_id, segment=segment_id, error=reason[:MAX_REASON])
    desk.ws.run(QUERIES.set_failed, id=segment_id, failure=reason[:MAX_REASON], now=desk.now)


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


def find_live(desk: Desk, touched: Touched) -> list[Live]:
    """Return all live segments, and whether these facts concern each. One that cannot be read is set aside."""
    rows = desk.ws.all(
        QUERIES.find_live,
        event_names=sorted(touched.event_names),
        attributes=sorted(touched.attributes),
        topics=sorted(touched.topics),
        any_attribute=ANY in touched.attributes,
        any_topic=ANY in touched.topics or ANY in touched.attributes,
    )
    live = []
    for row in rows:
        try:
            # Being on a list means just that.
            tree = Segment(row["id"]) if row["definition"] is None else read_tree(row["definition"])
        except HudhudError as error:
            if row["failure"] is None or (row["next_check_at"] or desk.now) <= desk.now:
                set_aside(desk, row["id"], error)
            continue
        built = row["built_at"] is not None
        live.append(
            Live(
                row["id"],
                row["owner"],
                tree,
                built,
                row["checked_at"],
                row["next_check_at"],
                row["failure"] is not None,
                frozenset(row["events"]),
                row["by_facts"],
            )
        )
    return live


@lru_cache(maxsize=2048)
def read_tree(text: str) -> Condition:
    """Read a stored tree; the same text is read once."""
    return from_json(json.loads(text))


def decide(desk: Desk, segments: Sequence[Live], people: Iterable[int], most: int = sys.maxsize) -> Decision:
    """Ask about these people in these segments, write down the differences, at most so many; those of one person together."""
    people = BitMap64(people)
    return _decide(desk, segments, {segment.id: people for segment in segments}, most)


def _decide(
    desk: Desk,
    segments: Sequence[Live],
    asked: Mapping[int, BitMap64],
    most: int = sys.maxsize,
    *,
    seen: Mapping[str, Partly] | None = None,
    changed: BitMap64 | None = None,
) -> Decision:
    """Ask in each segment about the people named for it. `seen`: what is known of atoms without asking; `changed`: who may be gone since (None: any of them)."""
    segments = [segment for segment in segments if asked[segment.id]]
    if not segments:
        return Decision([])
    people = BitMap64().union(*asked.values())
    definitions = read_definitions(desk.ws, [segment.tree for segment in segments])
    trees = {segment.id: segment.tree for segment in segments}
    inquiry = inquire(desk.ch, desk.workspace_id, desk.now, definitions, trees, asked, seen or {}, desk.merged)
    true = inquiry.answer(people if changed is None else people & changed)
    stored = read_members(desk.ws, [segment.id for segment in segments], people)
    living = inquiry.find_living(BitMap64().union(*((stored[one.id] ^ true[one.id]) & asked[one.id] for one in segments)))
    differing = {one.id: (stored[one.id] & asked[one.id]) ^ (true[one.id] & (living | stored[one.id])) for one in segments}
    turned = _first(differing, most)
    return Decision(turn(desk, stored, turned, living), is_whole=turned == differing)


def _first(differing: Mapping[int, BitMap64], most: int) -> dict[int, BitMap64]:
    """Return the differences of the first people, about so many in all."""
    people = BitMap64().union(*differing.values())
    while len(people) > 1 and sum(len(ids & people) for ids in differing.values()) > most:
        people = people[: len(people) // 2]
    return {segment_id: ids & people for segment_id, ids in differing.items()}


def turn(desk: Desk, stored: Mapping[int, BitMap64], turned: Mapping[int, BitMap64], living: BitMap64) -> list[Change]:
    """Let these people enter where they are not `stored`, and leave where they are; write all of it down and return it."""
    changes: list[Change] = []
    sizes = turn_members(desk.ws, turned)
    for segment_id, people in turned.items():
        if people:
            before = stored[segment_id]
            changes += [Change(segment_id, person_id, entered=True, at=desk.now) for person_id in people - before]
            # Who was erased or merged away is gone without having left.
            changes += [Change(segment_id, person_id, entered=False, at=desk.now) for person_id in people & before & living]
    _write_changes(desk, changes)
    record(desk.ws, sizes, changes, desk.now)
    return changes


def _plan_looks(desk: Desk, segments: Sequence[Live], touched: Touched) -> list[Change]:
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
    return []


def _write_changes(desk: Desk, changes: Sequence[Change]) -> None:
    if changes:
        segments, people = numbers(change.segment_id for change in changes), numbers(change.person_id for change in changes)
        entered = "{" + ",".join("t" if change.entered else "f" for change in changes) + "}"
        desk.ws.run(QUERIES.add_changes, segments=segments, people=people, entered=entered, now=desk.now)


def ask_again(ws: Scope, person_ids: Sequence[int]) -> None:
    """Let the next batch that concerns these people ask about them in all segments, as if they were new: their past is another one now."""
    row = open_lock(ws)
    ws.run(QUERIES.set_known, people=dump(load(row["people"]) - BitMap64(person_ids)), now=row["decided_at"])
    doubt(ws, person_ids)
