"""Writes about segments: make, change, archive; and keep who is in them current (membership.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.accounts.actions import record_audit
from hudhud.events import actions as events
from hudhud.events.append import InsertsIgnored, append
from hudhud.events.types import Event as EventRow
from hudhud.kit.errors import InvalidInput
from hudhud.segments.asking.ask import QUERIES, read_definitions
from hudhud.segments.asking.sets import Listed
from hudhud.segments.keeping.membership import build as build
from hudhud.segments.keeping.membership import check_due as check_due
from hudhud.segments.keeping.membership import open_lock as open_lock
from hudhud.segments.keeping.membership import refresh as refresh
from hudhud.segments.keeping.recheck import settle as settle
from hudhud.segments.keeping.recheck import suspect as suspect
from hudhud.segments.keeping.recheck import take_up as take_up
from hudhud.segments.keeping.stored import read_members as read_members
from hudhud.segments.keeping.tallies import forget_tallies as forget_tallies
from hudhud.segments.keeping.tallies import look_at_tallies
from hudhud.segments.keeping.upkeep import keep_up as keep_up
from hudhud.segments.lists import apply_edits as apply_edits
from hudhud.segments.lists import change_list as change_list
from hudhud.segments.types import (
    Consent,
    Segment,
    SegmentNotFound,
    attribute_names,
    canonical,
    event_names,
    from_json,
    leaves,
)
from hudhud.segments.uses import check_circle, check_depth, check_echo, check_listed, find_missing, find_uses
from hudhud.segments.uses import check_unused as check_unused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.types import Condition, Leaf
    from hudhud.segments.uses import Use

MAX_NAME = 200
FEED_ROWS = 20_000
LISTED: dict[str, Any] = {"definition": None, "event_names": [], "attributes": [], "topics": [], "segment_ids": []}


def create_segment(ws: Scope, name: str, tree: Condition, now: datetime, *, by: str) -> int:
    """Make a segment, return its id. Its members are counted by the segments worker within a second."""
    segment_id = _create(ws, _checked_name(name), "", tree, now)
    record_audit(ws, now, by, "segment.create", f"segment:{segment_id}", name=name)
    return segment_id


def create_list(ws: Scope, name: str, now: datetime, *, by: str) -> int:
    """Make a segment whose people are put in one by one (`change_list`), empty; return its id."""
    open_lock(ws)
    made = _insert(ws, _checked_name(name), "", now, LISTED)
    record_audit(ws, now, by, "segment.create", f"segment:{made}", name=name)
    return made


def ensure_segment(ws: Scope, tree: Condition, now: datetime, *, owner: str) -> int:
    """Return the one unlisted segment of `owner` (such as "journey:welcome"): made if it has another tree, which ends the other."""
    open_lock(ws)
    found = ws.value(QUERIES.find_owned, owner=owner, definition=canonical(tree).decode())
    made = int(found) if found is not None else _create(ws, "", owner, tree, now)
    _release(ws, owner, now, made)
    return made


def release_owned(ws: Scope, owner: str, now: datetime) -> None:
    """Keep no unlisted segment for `owner` any longer."""
    open_lock(ws)
    _release(ws, owner, now, 0)


def _release(ws: Scope, owner: str, now: datetime, kept: int) -> None:
    if ws.run(QUERIES.archive_owned, owner=owner, id=kept, now=now):
        ws.run(QUERIES.forget_archived)


def create_part(ws: Scope, owner: str, name: str, tree: Condition, now: datetime) -> int:
    """Make an unlisted segment for `owner` (such as "lifecycle"), one of several; return its id."""
    return _create(ws, _checked_name(name), owner, tree, now)


def define_part(ws: Scope, segment_id: int, tree: Condition, now: datetime) -> None:
    """Give an unlisted segment another tree, or have it counted again."""
    _redefine(ws, segment_id, tree, now)


def recount(ws: Scope) -> None:
    """Count every segment with conditions again from the whole base: events were taken back. Nobody is told of who came and went by that."""
    open_lock(ws)
    ws.run(QUERIES.unbuild_all)
    forget_tallies(ws)
    ws.run(QUERIES.ring)


def drop_part(ws: Scope, segment_id: int, now: datetime) -> None:
    """Keep an unlisted segment no longer; who calls this has seen to it that nothing is built on it."""
    open_lock(ws)
    _forget(ws, segment_id, now)


def check_references(ws: Scope, segment_ids: Iterable[int]) -> list[int]:
    """Return which of these segments there are not; the others are not put away before the transaction ends."""
    wanted = set(segment_ids)
    if not wanted:
        return []
    open_lock(ws)
    return find_missing(ws, wanted)


def update_segment(ws: Scope, segment_id: int, now: datetime, *, by: str, name: str | None = None, tree: Condition | None = None) -> None:
    """Rename a segment or give it another tree; members are counted again, also of segments built on it."""
    row = ws.one(QUERIES.get_segment, id=segment_id)
    if row is None:
        raise SegmentNotFound(segment_id=segment_id)
    check_listed(ws, segment_id)
    if name is not None:
        ws.run(QUERIES.rename_segment, id=segment_id, name=_checked_name(name), now=now)
    if tree is not None and row["definition"] is None:
        raise InvalidInput("tree", "conditions", "this is a list: put people in or take them out, or make a new segment with conditions")
    if tree is not None:
        _redefine(ws, segment_id, tree, now)
    record_audit(ws, now, by, "segment.update", f"segment:{segment_id}", name=name or row["name"])


def archive_segment(ws: Scope, segment_id: int, now: datetime, *, by: str, uses: Callable[[], Sequence[Use]] = tuple) -> None:
    """Keep a segment no longer. Raises `SegmentInUse` while another one is built on it, or `uses` (asked under the lock) knows of others."""
    open_lock(ws)
    row = ws.one(QUERIES.get_segment, id=segment_id)
    if row is None:
        raise SegmentNotFound(segment_id=segment_id)
    check_listed(ws, segment_id)
    check_unused(row["name"], segment_id, [*find_uses(ws, segment_id), *uses()])
    _forget(ws, segment_id, now)
    record_audit(ws, now, by, "segment.archive", f"segment:{segment_id}", name=row["name"])


def _forget(ws: Scope, segment_id: int, now: datetime) -> None:
    ws.run(QUERIES.archive_segment, id=segment_id, now=now)
    for forget in (QUERIES.forget_archived, QUERIES.forget_changes, QUERIES.forget_edits, QUERIES.forget_days):
        ws.run(forget, id=segment_id)
    look_at_tallies(ws)


def _create(ws: Scope, name: str, owner: str, tree: Condition, now: datetime) -> int:
    open_lock(ws)
    definitions = _check_references(ws, tree)
    check_depth(tree, definitions)
    columns = _columns(tree, definitions)
    check_echo(owner, columns["event_names"])
    return _insert(ws, name, owner, now, columns)


def _insert(ws: Scope, name: str, owner: str, now: datetime, columns: dict[str, Any]) -> int:
    made = ws.value(QUERIES.create_segment, name=name, owner=owner, now=now, **columns)
    ws.run(QUERIES.create_membership, id=made)
    ws.run(QUERIES.ring)
    return int(made)


def _redefine(ws: Scope, segment_id: int, tree: Condition, now: datetime) -> None:
    open_lock(ws)
    definitions = _check_references(ws, tree)
    check_circle(ws, tree, definitions, segment_id)
    dependents = ws.rows(QUERIES.find_dependents, id=segment_id)
    check_depth(tree, definitions, max((depth for *_, depth in dependents), default=0))
    ws.run(QUERIES.define_segment, id=segment_id, now=now, **_columns(tree, definitions))
    changed = [segment_id]
    for other_id, owner, definition, _ in dependents:
        other = from_json(definition)
        columns = _columns(other, read_definitions(ws, [other]))
        check_echo(owner, columns["event_names"])
        ws.run(QUERIES.define_segment, id=other_id, now=now, **columns)
        changed.append(other_id)
    ws.run(QUERIES.unbuild, ids=changed)
    ws.run(QUERIES.ring)


def _check_references(ws: Scope, tree: Condition) -> Definitions:
    """Return the trees of all segments that this one is built on; raises `SegmentNotFound` when one is missing or put away."""
    definitions = read_definitions(ws, [tree])
    gone = find_missing(ws, definitions)
    if gone:
        raise SegmentNotFound(f"Segment {gone[0]} is archived; use another one.", segment_id=gone[0])
    return definitions


def _columns(tree: Condition, definitions: Definitions) -> dict[str, Any]:
    """Return a definition with what it depends on."""
    whole = list(_all_leaves(tree, definitions, set()))
    return {
        "definition": canonical(tree).decode(),
        "event_names": sorted({name for leaf in whole for name in event_names(leaf)}),
        "attributes": sorted({name for leaf in whole for path in attribute_names(leaf) for name in _on_the_way(path)}),
        "topics": sorted({leaf.topic for leaf in whole if isinstance(leaf, Consent)}),
        "segment_ids": sorted({leaf.segment_id for leaf in leaves(tree) if isinstance(leaf, Segment)}),
    }


def _on_the_way(path: str) -> Iterator[str]:
    """Yield `cart` and `cart.total` for `cart.total`: a change of either may be one of it."""
    steps = path.split(".")
    return (".".join(steps[:end]) for end in range(1, len(steps) + 1))


def _all_leaves(tree: Condition, definitions: Definitions, seen: set[int]) -> Iterator[Leaf]:
    """Yield the leaves of a tree and, once each, of the segments that it names, however deep."""
    for leaf in leaves(tree):
        yield leaf
        if isinstance(leaf, Segment) and leaf.segment_id not in seen:
            seen.add(leaf.segment_id)
            meant = definitions[leaf.segment_id]
            yield from () if isinstance(meant, Listed) else _all_leaves(meant, definitions, seen)


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise InvalidInput("name", name, f"give it a name of 1 to {MAX_NAME} characters")
    return name.strip()


def make_feed(everywhere: Scope) -> int | None:
    """Put changes that ClickHouse has not been told of into a batch; return its number, None when there are none. Commit before `carry_feed`."""
    made = everywhere.rows(QUERIES.make_feed, limit=FEED_ROWS)
    return made[0][0] if made else None


def find_feeds(everywhere: Scope) -> list[tuple[int, int]]:
    """Return (workspace, batch) of the batches on their way to ClickHouse."""
    return [(row[0], row[1]) for row in everywhere.rows(QUERIES.find_feeds)]


def carry_feed(ws: Scope, ch: Client, feed: int, now: datetime, *, again: bool, keeps_log: bool = False) -> InsertsIgnored | None:
    """Write a batch of changes to ClickHouse as events, `again` when another may have begun with it. What nobody asks for any more is deleted.

    Returns what ClickHouse takes and does not keep, once the kept log has it; raises it where no log is kept.
    """
    bounds = ws.one(QUERIES.find_feed, feed=feed)
    if bounds is None:
        return None
    rows = ws.rows(QUERIES.read_feed, **bounds)
    # As in the intake: numbers come back with an older copy of PostgreSQL, times do not.
    token = f"segments:{ws.workspace_id}:{feed}:{rows[0][5].timestamp():.6f}" if rows else ""
    told, lost = [_to_event(ws, row) for row in rows], None
    try:
        append(ch, told, token, again=again)
    except InsertsIgnored as ignored:
        if not keeps_log:
            raise
        lost = ignored
    ws.run(QUERIES.prune_changes, **bounds)
    ws.run(QUERIES.forget_archived_changes, **bounds)
    # Not when another has carried the same meanwhile, and kept it.
    if ws.run(QUERIES.close_feed, feed=feed) and keeps_log:
        events.keep(ws, events.pack(told), now, is_there=lost is None)
    return lost


def _to_event(ws: Scope, row: tuple[Any, ...]) -> EventRow:
    change_id, segment_id, name, person_id, entered, at = row
    assert ws.workspace_id is not None
    return EventRow(
        workspace_id=ws.workspace_id,
        lane_id=0,
        message_id=f"segment:{change_id}",
        kind="segment",
        name="Segment Entered" if entered else "Segment Left",
        at=at,
        received_at=at,
        user_id=None,
        anonymous_id=None,
        properties=json.dumps({"segment_id": segment_id, "segment": name}, ensure_ascii=False).encode(),
        context=b"{}",
        source="segments",
        person_id=person_id,
        actor_id=person_id,
    )
