"""Writes about journeys: publish, start, pause, and what a batch of facts sets in motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.delivery import actions as delivery
from hudhud.journeys import graph as graphs
from hudhud.journeys.editing.changeover import CHANGEOVER
from hudhud.journeys.editing.changeover import order as order_changeover
from hudhud.journeys.editing.placing import KEEP_ALL
from hudhud.journeys.loops import check_graph
from hudhud.journeys.loops import check_loops as check_loops
from hudhud.journeys.loops import check_segment as check_segment
from hudhud.journeys.running import entries, merges, planner, reactions, sending
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.telling import tell_runs as tell_runs
from hudhud.journeys.times import clocks
from hudhud.journeys.types import ByClock, JourneyNotFound, JourneyNotReady, OnSegment, OnSegmentLeave, OnSubscribe
from hudhud.journeys.uses import check_segments
from hudhud.kit import sql
from hudhud.segments.actions import ensure_segment, open_lock, release_owned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event
    from hudhud.journeys.editing.placing import Rule
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.running.reactions import Facts
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Change

QUERIES = sql.load("hudhud.journeys")
PAGE_ROWS = 5_000


def take(ws: Scope, ch: Client, events: Sequence[Event], changes: Sequence[Change], now: datetime) -> int:
    """Let one workspace's batch of facts begin, move and end runs; return how many it touched. A repeat changes nothing.

    `events` are resolved (`person_id` is the survivor) and already in ClickHouse; `changes` are what segments told.
    """
    # Nothing is published between this look at the versions and the commit: nobody is moved to one that these facts are not told.
    ws.run(CHANGEOVER.open_gate)
    versions = planner.find_versions(ws, ("running", "paused", "draining"))
    if not versions:
        return 0
    known = {version.id: version for version in versions}
    merges.hand_over(ws, known, sorted({event.person_id for event in events if _may_tell_of_merge(event)}), now)
    facts = reactions.sort_facts(events, changes)
    concerned = reactions.find_concerned(ws, versions, facts)
    # First of all, on whatever version people are: what ends somebody's run does not bring them in at the same time.
    begun = {version.id: _let_in(ws, ch, version, facts, changes) for version in versions if version.is_current}
    touched = sum(begun.values())
    for version in versions:
        # Who came in with these facts may be touched by them.
        if begun.get(version.id) or version.journey_id in concerned:
            touched += reactions.react(ws, ch, version, facts, now)
        touched += clocks.look_again(ws, version, (event.person_id for event in facts.about_people), now)
    touched += sending.hear(ws, versions, events)
    if touched:
        ws.run(MOVES.ring)
    return touched


def _let_in(ws: Scope, ch: Client, version: Version, facts: Facts, changes: Sequence[Change]) -> int:
    if version.status != "running":
        return 0
    return entries.enter(ws, ch, version, [*entries.candidates(version, facts.by_name), *changed_segment(ws, version, changes)])


def _may_tell_of_merge(event: Event) -> bool:
    """Say whether the event's person may have taken others in: also where it was their actor's that another worker has just merged."""
    return event.kind in reactions.ABOUT_PEOPLE or event.actor_id != event.person_id


def changed_segment(ws: Scope, version: Version, changes: Sequence[Change]) -> list[entries.Candidate]:
    """Return who enters a journey because of entering its segment, or of leaving it."""
    since, leaves = version.started_at, isinstance(version.graph.trigger, OnSegmentLeave)
    if version.segment_id is None or since is None:
        return []
    mine = [change for change in changes if change.segment_id == version.segment_id and change.entered != leaves and change.at >= since]
    if mine and leaves:
        living = {row[0] for row in ws.rows(MOVES.find_living, person_ids=sql.numbers(sorted({change.person_id for change in mine})))}
        mine = [change for change in mine if change.person_id in living]
    return [entries.Candidate(change.person_id, change.at) for change in sorted(mine, key=lambda change: change.at)]


def begins_with_subscription(version: Version) -> bool:
    """Say whether the consent log begins this journey's runs."""
    return isinstance(version.graph.trigger, OnSubscribe)


def take_subscribers(ws: Scope, ch: Client, version: Version) -> tuple[int, bool]:
    """Begin runs for people who subscribed by any door: one page of the consent log. Returns how many, and whether more may follow."""
    trigger = version.graph.trigger
    assert isinstance(trigger, OnSubscribe)
    page = ws.one(QUERIES.find_page, journey_id=version.journey_id, version_id=version.id, limit=PAGE_ROWS)
    if page is None:
        return 0, False
    size = page.pop("size")
    rows = ws.rows(QUERIES.find_subscribed, topic=trigger.topic, **page)
    begun = entries.enter(ws, ch, version, [entries.Candidate(*row) for row in rows])
    ws.run(QUERIES.turn_page, journey_id=version.journey_id, to_txid=page["to_txid"], to_id=page["to_id"])
    return begun, size == PAGE_ROWS


def publish(ws: Scope, graph: Graph, now: datetime, *, by: str, rule: Rule = KEEP_ALL) -> int:
    """Append a version if the graph differs from the current one; new runs enter it. Returns the version's number.

    People who are under way stay on the version that they are on, or move to this one by the rule; with a graph that is the current one, too.
    Raises `InvalidJourney`, `JourneyLoop`, and `InvalidInput` for a rule that names steps which there are not.
    """
    # In this order, as those who bring facts in: segments, the gate, the journey's row.
    open_lock(ws)
    ws.run(CHANGEOVER.close_gate)
    ws.run(QUERIES.make_journey, key=graph.key, now=now)
    journey = _lock(ws, graph.key)
    text = graphs.canonical(graph)
    current = ws.one(QUERIES.current_version, journey_id=journey["id"])
    if current is None or current["graph"] != text:
        check_segments(ws, graph)
        if isinstance(graph.trigger, OnSubscribe | ByClock) and (
            current is None or graphs.parse(current["graph"]).trigger != graph.trigger
        ):
            ws.run(QUERIES.begin_reading, journey_id=journey["id"], now=now)
        segment_id = _segment_of(ws, graph, now)
        version_id = ws.value(QUERIES.add_version, journey_id=journey["id"], graph=text, now=now, created_by=by)
        ws.run(QUERIES.set_version, journey_id=journey["id"], version_id=version_id, segment_id=segment_id, ends_at=graph.ends_at, now=now)
        check_graph(ws, graph)
        current = ws.one(QUERIES.current_version, journey_id=journey["id"])
        record_audit(ws, now, by, "journey.publish", f"journey:{graph.key}", version_id=version_id, names=graph.names)
    assert current is not None
    if order_changeover(ws, journey["id"], current["id"], graph, rule, now, by=by) is not None:
        record_audit(
            ws,
            now,
            by,
            "journey.move_runs",
            f"journey:{graph.key}",
            number=current["number"],
            rule=msgspec.to_builtins(rule),
            names=graph.names,
        )
        ws.run(MOVES.ring)
    return int(current["number"])


def make_journeys(ws: Scope, keys: Sequence[str], now: datetime) -> None:
    """Make journeys of which nothing is published yet, so that those which are published next may ask for each other."""
    for key in keys:
        ws.run(QUERIES.make_journey, key=key, now=now)


def _segment_of(ws: Scope, graph: Graph, now: datetime) -> int | None:
    """Return the segment whose changes begin runs; conditions get an unlisted one of their own."""
    segment = graph.trigger.segment if isinstance(graph.trigger, OnSegment) else None
    owner = f"journey:{graph.key}"
    if segment is not None and not isinstance(segment, int):
        return ensure_segment(ws, segment, now, owner=owner)
    release_owned(ws, owner, now)
    return segment


def start(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Let a journey run; after a pause everybody has as long to rest as before it, or waits for the next moment by the clock."""
    # As in `publish`: whoever brings facts in holds runs of it, and may want the journey's row.
    ws.run(CHANGEOVER.close_gate)
    journey = _lock(ws, key)
    if journey["version_id"] is None:
        raise JourneyNotReady(f"{key}: nothing is published; publish a version first")
    if journey["archived_at"] is not None:
        raise JourneyNotReady(f"{key}: it was put away; restore it first")
    if journey["ends_at"] is not None and journey["ends_at"] <= now:
        raise JourneyNotReady(f"{key}: it ended at {journey['ends_at'].isoformat()}; publish a version with a later `ends_at`, or none")
    _resume(ws, journey, now)
    if journey["status"] != "running":
        ws.run(QUERIES.start_journey, journey_id=journey["id"], now=now)
        ws.run(QUERIES.begin_reading, journey_id=journey["id"], now=now)
        record_audit(ws, now, by, "journey.start", f"journey:{key}", names=_names(ws, journey))
    ws.run(MOVES.ring)


def drain(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Let nobody enter any more; who is inside goes on to the end. Also out of a pause."""
    ws.run(CHANGEOVER.close_gate)
    journey = _lock(ws, key)
    if journey["status"] == "draft":
        raise JourneyNotReady(f"{key}: it is not running, so nobody is inside; start it first")
    _resume(ws, journey, now)
    if journey["status"] != "draining":
        ws.run(QUERIES.drain_journey, journey_id=journey["id"], now=now)
        record_audit(ws, now, by, "journey.drain", f"journey:{key}", names=_names(ws, journey))
    ws.run(MOVES.ring)


def find_over(everywhere: Scope, now: datetime) -> list[tuple[int, str]]:
    """Return running journeys whose end has come: workspace and key."""
    return [(row[0], row[1]) for row in everywhere.rows(QUERIES.find_over, now=now)]


def _resume(ws: Scope, journey: dict[str, Any], now: datetime) -> None:
    """Let those who are inside go on after a pause, if there was one."""
    if journey["paused_at"] is None:
        return
    versions = [version for version in planner.find_versions(ws, ("paused",)) if version.journey_id == journey["id"]]
    clocked = [(version.id, node_id) for version in versions for node_id in version.clocked]
    where = {"version_ids": [pair[0] for pair in clocked], "nodes": [pair[1] for pair in clocked]}
    ws.run(QUERIES.shift_runs, journey_id=journey["id"], paused_at=journey["paused_at"], now=now, **where)
    ws.run(QUERIES.miss_moments, paused_at=journey["paused_at"], now=now, **where)
    delivery.go_on(ws, "journey", journey["key"], now)


def pause(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Let nobody enter and nobody move; facts still wake, end and reach goals. From the commit on no message of it is handed over that is not yet marked."""
    ws.run(CHANGEOVER.close_gate)
    journey = _lock(ws, key)
    if journey["status"] == "draft":
        raise JourneyNotReady(f"{key}: it is not running; start it first")
    if journey["status"] != "paused":
        delivery.begin_to_pause(ws)
        ws.run(QUERIES.pause_journey, journey_id=journey["id"], now=now)
        record_audit(ws, now, by, "journey.pause", f"journey:{key}", names=_names(ws, journey))


def _names(ws: Scope, journey: dict[str, Any]) -> dict[str, str]:
    current = ws.one(QUERIES.current_version, journey_id=journey["id"])
    return {} if current is None else graphs.parse(current["graph"]).names


def _lock(ws: Scope, key: str) -> dict[str, Any]:
    journey = ws.one(QUERIES.lock_journey, key=key)
    if journey is None:
        raise JourneyNotFound(f"There is no journey {key!r}.", key=key)
    return journey
