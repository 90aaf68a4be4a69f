"""Rehearsal: the live planner, on temporary tables, driven through a span of history. It writes nothing.

Virtual time goes from one moment with something to do to the next, in steps no finer than `resolution`: first the facts up
to then, then the timers. What cannot be known of the past is assumed and said in `assumptions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec import structs

from hudhud.journeys import entries, planner, reactions
from hudhud.journeys.graph import canonical
from hudhud.journeys.nodes.kinds import EFFECTS
from hudhud.journeys.planner import Pace
from hudhud.journeys.queries import edge_numbers, node_numbers
from hudhud.journeys.replay import open_replay
from hudhud.journeys.worlds import open_rehearsal
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.segments.types import Consent, Segment, attribute_names, leaves

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.replay import Replay
    from hudhud.journeys.version import Version
    from hudhud.journeys.worlds import RehearsalWorld
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
MOST_STEPS = 2_000
FINEST = timedelta(minutes=1)
DELIVERABLE = "deliverable"


@dataclass(frozen=True)
class Rehearsal:
    """What would have happened: people per node and edge, messages per day, what the consent gate would have said."""

    journey: str
    version: int
    since: datetime
    until: datetime
    resolution_s: int
    runs: int
    people: int
    finished: int
    goal: int
    exited: int
    waiting: int
    sends: int  # people and runs that reach a send node, with or without consent
    deliverable: int  # of those, what the consent gate lets through
    skips: dict[str, int]
    nodes: dict[str, dict[str, int]]
    edges: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    assumptions: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the span is called `from` and `to`."""
        head = {"journey": self.journey, "version": self.version, "from": self.since.isoformat(), "to": self.until.isoformat()}
        rest = {name: value for name, value in vars(self).items() if name not in {"journey", "version", "since", "until"}}
        return head | rest


def read_instant(field_name: str, text: str, zone: str, *, end_of_day: bool = False) -> datetime:
    """Read an instant, or a date in the workspace's time zone: its beginning, or with `end_of_day` its last moment. Raises `InvalidInput`.

    An instant without an offset is one of that zone, too.
    """
    try:
        if len(text) == len("1997-01-01"):
            day = date.fromisoformat(text)
            if end_of_day:
                # Not the same wall clock's last moment: clocks may be changed at midnight.
                return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC) - timedelta(microseconds=1)
            return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidInput(field_name, text, "use a date such as 1998-06-30, or an instant such as 1998-06-30T12:00:00Z") from None
    return (instant.replace(tzinfo=ZoneInfo(zone)) if instant.tzinfo is None else instant).astimezone(UTC)


def rehearse(database_url: str, ch: Client, version: Version, number: int, since: datetime, until: datetime) -> Rehearsal:
    """Drive one version through [since, until]; raises `InvalidInput` for an empty span."""
    if since >= until:
        raise InvalidInput("to", until.isoformat(), "it must be later than `from`")
    # From when to when it shall run says nothing of the span that it is tried on.
    always = structs.replace(version.graph, starts_at=None, ends_at=None)
    version = replace(version, started_at=since, text=canonical(always))
    resolution = max(FINEST, timedelta(seconds=math.ceil((until - since).total_seconds() / MOST_STEPS)))
    with open_rehearsal(database_url, ch) as world:
        with world.scope(version.workspace_id) as ws:
            replay = open_replay(ws, ch, version, since, until)
        _drive(world, version, replay, resolution)
        with world.scope(version.workspace_id) as ws:
            return _sum_up(ws, version, number, since, until, resolution)


def _drive(world: RehearsalWorld, version: Version, replay: Replay, resolution: timedelta) -> None:
    pace = Pace(resolution=resolution, in_order=True)
    entered, analyzed = 0, 100
    instant: datetime | None = replay.since
    while instant is not None:
        steps = math.ceil((instant - replay.since) / resolution)
        instant = min(replay.since + steps * resolution, replay.until)
        with world.scope(version.workspace_id) as ws:
            events, found = replay.take_until(instant)
            entered += entries.enter(ws, world.ch, version, found, resolution)
            if events:
                reactions.react(ws, world.ch, version, reactions.sort_facts(events, ()), instant)
            if entered >= analyzed:
                ws.run(QUERIES.analyze)
                analyzed = entered * 10
            planner.tick(world, [version], instant, pace)
            instant = _next_instant(ws, version, replay)


def _next_instant(ws: Scope, version: Version, replay: Replay) -> datetime | None:
    """Return when there is something to do next: a fact, or a timer."""
    due = planner.next_due(ws, [version])
    ahead = [at for at in (replay.next_at(), due) if at is not None and at <= replay.until]
    return min(ahead, default=None)


def _sum_up(ws: Scope, version: Version, number: int, since: datetime, until: datetime, resolution: timedelta) -> Rehearsal:
    outcomes = {row[0]: row[1] for row in ws.rows(QUERIES.count_runs)}
    verdicts = {row[0]: row[1] for row in ws.rows(QUERIES.count_deliverable)}
    messages = ws.all(QUERIES.count_sends)
    return Rehearsal(
        journey=version.key,
        version=number,
        since=since,
        until=until,
        resolution_s=int(resolution.total_seconds()),
        runs=sum(outcomes.values()),
        people=ws.value(QUERIES.count_people),
        finished=outcomes.get("finished", 0),
        goal=outcomes.get("goal", 0),
        exited=outcomes.get("exited", 0),
        waiting=outcomes.get("waiting", 0),
        sends=sum(verdicts.values()),
        deliverable=verdicts.pop(DELIVERABLE, 0),
        skips=verdicts,
        nodes=node_numbers(ws, version),
        edges=edge_numbers(ws, version),
        messages=[{"day": row["day"].isoformat(), "node": row["node"], "count": row["count"]} for row in messages],
        assumptions=assumptions(version),
    )


def assumptions(version: Version) -> list[str]:
    """Return what a rehearsal of this graph takes for granted, as words that the app explains."""
    asked = [leaf for tree in version.graph.conditions().values() for leaf in leaves(tree)]
    found = ["addresses_as_now", "no_reactions_to_rehearsed_messages"]
    found += ["attributes_as_now"] if any(attribute_names(leaf) for leaf in asked) else []
    found += ["consent_in_conditions_as_now"] if any(isinstance(leaf, Consent) for leaf in asked) else []
    found += ["segments_as_now"] if any(isinstance(leaf, Segment) for leaf in asked) else []
    found += ["actions_not_done"] if any(node.kind in EFFECTS for node in version.graph.nodes.values()) else []
    found += ["time_zones_as_now"] if version.clocked else []
    return found
