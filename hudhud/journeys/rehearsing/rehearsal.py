"""Rehearsal: the live planner, on temporary tables, driven through a span of history (driving.py). It writes nothing.

What cannot be known of the past is assumed and said in `assumptions`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hudhud.journeys.nodes.kinds import EFFECTS
from hudhud.journeys.queries import edge_numbers, node_numbers
from hudhud.journeys.rehearsing.driving import drive
from hudhud.journeys.rehearsing.script import Cast, write_script
from hudhud.journeys.rehearsing.setting_off import named_by
from hudhud.journeys.running.worlds import open_rehearsal
from hudhud.journeys.times.until import AtBestHour
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.segments.types import Consent, Segment, attribute_names, leaves

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.rehearsing.script import Script
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
DELIVERABLE = "deliverable"
# What is done to journeys that are rehearsed together is done, and answers and coupons are assumed.
UNDONE = EFFECTS - {"webhook", "coupon", "start", "leave"}


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
    through: dict[str, int] = field(default_factory=dict)  # deliverable messages by node
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
    script = write_script([Cast(version, number)], since, until)
    with open_rehearsal(database_url, ch) as world:
        drive(world, script)
        with world.scope(version.workspace_id) as ws:
            return sum_up(ws, script, script.casts[0])


def sum_up(ws: Scope, script: Script, cast: Cast) -> Rehearsal:
    """Count what has become of one version's people."""
    version = cast.version
    outcomes = {row[0]: row[1] for row in ws.rows(QUERIES.count_runs, journey_id=version.journey_id)}
    verdicts: Counter[str] = Counter()
    through: Counter[str] = Counter()
    for step, verdict, count in ws.rows(QUERIES.count_deliverable, journey=version.key):
        verdicts[verdict] += count
        through[step] += count if verdict == DELIVERABLE else 0
    messages = ws.all(QUERIES.count_sends, journey=version.key)
    return Rehearsal(
        journey=version.key,
        version=cast.number,
        since=script.since,
        until=script.until,
        resolution_s=int(script.resolution.total_seconds()),
        runs=sum(outcomes.values()),
        people=ws.value(QUERIES.count_people, journey_id=version.journey_id),
        finished=outcomes.get("finished", 0),
        goal=outcomes.get("goal", 0),
        exited=outcomes.get("exited", 0),
        waiting=outcomes.get("waiting", 0),
        sends=verdicts.total(),
        deliverable=verdicts.pop(DELIVERABLE, 0),
        skips=dict(verdicts),
        nodes=node_numbers(ws, version),
        edges=edge_numbers(ws, version),
        messages=[{"day": row["day"].isoformat(), "node": row["node"], "count": row["count"]} for row in messages],
        through=dict(through),
        assumptions=assumptions(version, {one.version.key for one in script.casts}),
    )


def assumptions(version: Version, together: AbstractSet[str]) -> list[str]:
    """Return what a rehearsal of this graph takes for granted, as words that the app explains; `together`: the journeys that are rehearsed."""
    asked = [leaf for tree in version.graph.conditions().values() for leaf in leaves(tree)]
    found = ["addresses_as_now", "no_reactions_to_rehearsed_messages"]
    found += ["attributes_as_now"] if any(attribute_names(leaf) for leaf in asked) else []
    found += ["consent_in_conditions_as_now"] if any(isinstance(leaf, Consent) for leaf in asked) else []
    found += ["segments_as_now"] if any(isinstance(leaf, Segment) for leaf in asked) else []
    kinds = {node.kind for node in version.graph.nodes.values()}
    others = {key for node in version.graph.nodes.values() for key in named_by(node)}
    found += ["actions_not_done"] if kinds & UNDONE or others - together else []
    found += ["answers_assumed"] if "webhook" in kinds else []
    found += ["coupons_assumed"] if "coupon" in kinds else []
    found += ["answers_to_mails_assumed"] if version.chains else []
    found += ["time_zones_as_now"] if version.clocked else []
    found += ["best_hours_as_now"] if any(isinstance(node.until, AtBestHour) for node in version.untils.values()) else []
    return found
