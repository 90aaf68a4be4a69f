"""Sends that ask something first: whether the person has answered what the step sent before, has seen this mail already, may be written to now.

A chain of fallbacks is a run that stays on its step: each message is a visit of its own, and the log line before it (`fallback.1`) says which
message is next. So a crash repeats nothing, and a run that is moved to another version goes on where it was.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.journeys.running.facts import read_properties
from hudhud.journeys.times import clocks
from hudhud.journeys.types import STAYS, Due, Plan, Reason
from hudhud.kit import sql
from hudhud.kit.lots import LOTS, draw
from hudhud.kit.sql import instants, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.events.types import Event
    from hudhud.journeys.nodes.send import Fallback, Send
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.running", "sending.sql")
ANSWERS = ("Message Opened", "Message Clicked")
# Until an open that has just come in is known to be a person's.
JUDGING = timedelta(seconds=10)
UNDER_WAY = frozenset({"planned", "deferred", "claimed", "handing_over"})


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """When a rehearsal begins, and the shares of people who are assumed to open and to click a mail that nobody has got."""

    since: datetime
    opened: float = 0.25
    clicked: float = 0.03


def plan_sends(ws: Scope, version: Version, node_id: str, batch: list[Due], now: datetime, rehearsed: Rehearsed | None) -> Plan:
    """Decide for runs that are due on a send. `rehearsed`: virtual time goes by, and reactions are assumed."""
    node, plan = version.node(node_id), Plan()
    assert node.kind == "send"
    if node.fallbacks:
        _look_at_chains(ws, version, node_id, batch, plan, now, rehearsed)
        settled = {run.run_id for runs in (*plan.moves.values(), [run for run, _ in plan.rests]) for run in runs}
        batch = [run for run in batch if run.run_id not in settled]
    if node.skip_if_seen and batch:
        seen = _find_seen(ws, node, batch, plan.links, rehearsed)
        plan.add("next", [run for run in batch if run.run_id in seen], Reason.ALREADY_SEEN)
        batch = [run for run in batch if run.run_id not in seen]
    if version.graph.send_window is not None and batch:
        batch, plan.holds_until = clocks.hold_closed(ws, version.graph.send_window, batch, None if rehearsed else now)
    _send(node, plan, batch)
    return plan


def _send(node: Send, plan: Plan, batch: list[Due]) -> None:
    plan.sends = batch
    groups: dict[tuple[str, Reason], list[Due]] = defaultdict(list)
    for run in batch:
        link = plan.links.get(run.run_id, 0)
        first = Reason.WINDOW_OPENED if run.waiting else Reason.MESSAGE_PLANNED
        edge = f"{STAYS}{link + 1}" if link < len(node.fallbacks) else "next"
        groups[edge, Reason.FALLBACK_PLANNED if link else first].append(run)
    for (edge, reason), runs in groups.items():
        plan.add(edge, runs, reason)


def _look_at_chains(
    ws: Scope, version: Version, node_id: str, batch: list[Due], plan: Plan, now: datetime, rehearsed: Rehearsed | None
) -> None:
    """Note which message is next for whom; let go on who has answered, and rest who may still do so."""
    node = version.node(node_id)
    assert node.kind == "send"
    found = ws.rows(
        QUERIES.find_links, step=node_id, run_ids=numbers(run.run_id for run in batch), visits=numbers(run.visit for run in batch)
    )
    plan.links = dict(found)
    # A newer version has fewer.
    plan.add("next", [run for run in batch if plan.links.get(run.run_id, 0) > len(node.fallbacks)], Reason.ALREADY_DONE)
    staying = [run for run in batch if 0 < plan.links.get(run.run_id, 0) <= len(node.fallbacks)]
    answered, seen, rests = (
        _ask(ws, node, node_id, staying, plan.links, now)
        if rehearsed is None
        else _assume(version, node, node_id, staying, plan.links, rehearsed)
    )
    plan.add("next", answered, Reason.ENGAGED)
    plan.add("next", seen, Reason.ALREADY_SEEN)
    plan.rests = rests


def find_next(ws: Scope, node: Send, node_id: str, run_id: int, visit: int) -> Fallback | None:
    """Return the message that a run stays on a step for, if it does."""
    found = ws.rows(QUERIES.find_links, step=node_id, run_ids=numbers([run_id]), visits=numbers([visit]))
    link = next((row[1] for row in found), 0)
    return node.fallbacks[link - 1] if 0 < link <= len(node.fallbacks) else None


Asked = tuple[list[Due], list[Due], list[tuple[Due, datetime]]]


def _ask(ws: Scope, node: Send, node_id: str, staying: list[Due], links: dict[int, int], now: datetime) -> Asked:
    """Return who has answered, who had got the message meanwhile, and who may still answer, until when.

    The wait counts from when the message left; one that never does is waited out.
    """
    asked = {
        "run_ids": numbers(run.run_id for run in staying),
        "visits": numbers(run.visit for run in staying),
        "links": numbers(links[run.run_id] for run in staying),
        "by_clicks": [node.fallbacks[links[run.run_id] - 1].unless == "clicked" for run in staying],
    }
    rows = {row[0]: row[1:] for row in ws.rows(QUERIES.find_answers, step=node_id, **asked)} if staying else {}
    answered, seen, rests = [], [], []
    for run in staying:
        is_answered, is_open, state, reason, due_at, left_at = rows[run.run_id]
        after = node.fallbacks[links[run.run_id] - 1].after.length()
        until = (left_at or run.arrived_at) + after
        if state in UNDER_WAY:
            until = max(due_at or now, now, run.due_at) + after
        elif is_open:
            until = max(until, now + JUDGING)
        if is_answered:
            answered.append(run)
        elif reason == Reason.ALREADY_SEEN:
            seen.append(run)
        elif until > run.due_at:
            rests.append((run, until))
    return answered, seen, rests


def _assume(version: Version, node: Send, node_id: str, staying: list[Due], links: dict[int, int], rehearsed: Rehearsed) -> Asked:
    """Let so many answer as is assumed, by lot: the same each time."""
    answered = []
    for run in staying:
        link = links[run.run_id]
        share = rehearsed.clicked if node.fallbacks[link - 1].unless == "clicked" else rehearsed.opened
        if draw(f"{version.key}.{node_id}.{link}.{run.entered_at.isoformat()}", run.person_id) < share * LOTS:
            answered.append(run)
    return answered, [], []


def _find_seen(ws: Scope, node: Send, batch: list[Due], links: dict[int, int], rehearsed: Rehearsed | None) -> set[int]:
    """Return the runs whose people have seen what they would be sent."""
    by_template: dict[str, list[Due]] = defaultdict(list)
    for run in batch:
        by_template[node.links()[links.get(run.run_id, 0)][0]].append(run)
    found: set[int] = set()
    for template, runs in by_template.items():
        asked = {
            "run_ids": numbers(run.run_id for run in runs),
            "person_ids": numbers(run.person_id for run in runs),
            "sinces": instants(node.seen_since(run.due_at) for run in runs),
            "template": template,
        }
        if rehearsed is None:
            found |= {row[0] for row in ws.rows(QUERIES.find_seen, **asked)}
        else:
            found |= {row[0] for row in ws.rows(QUERIES.find_seen_rehearsed, **asked, begins_at=rehearsed.since)}
    return found


def hear(ws: Scope, versions: Iterable[Version], events: Sequence[Event]) -> int:
    """Let runs that stay for a fallback be looked at as soon as their people answer; return how many were told of."""
    chains = [(version.id, node_id) for version in versions for node_id in version.chains]
    answers: dict[tuple[int, str], datetime] = {}
    for event in events if chains else ():
        if event.name in ANSWERS:
            told = read_properties(event)
            if told.get("verdict") == "human" and told.get("source_kind") == "journey" and isinstance(told.get("source_id"), int):
                answers.setdefault((told["source_id"], str(told.get("step"))), event.at)
    if not answers:
        return 0
    return ws.run(
        QUERIES.look_now,
        run_ids=numbers(run_id for run_id, _ in answers),
        steps=[step for _, step in answers],
        ats=instants(answers.values()),
        version_ids=[version_id for version_id, _ in chains],
        nodes=[node_id for _, node_id in chains],
    )
