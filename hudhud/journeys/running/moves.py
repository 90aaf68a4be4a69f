"""Moving sets of runs: along an edge, to the end, into messages. Each move is one statement that writes its log line and counts, too."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.delivery import actions as delivery
from hudhud.delivery.types import PlannedSet
from hudhud.journeys.acting import answers
from hudhud.journeys.editing.changeover import take_repeats
from hudhud.journeys.types import STAYS, Due, Reason
from hudhud.kit import sql
from hudhud.kit.sql import instants, numbers, texts

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime, timedelta

    from hudhud.journeys.nodes.send import Send
    from hudhud.journeys.running.version import Version
    from hudhud.journeys.types import Plan, Priority
    from hudhud.kit.db import Scope

MOVES = sql.load("hudhud.journeys.running", "moves.sql")
SOURCE = "journey"
# Counts of fallbacks, among those of edges: no way that anybody takes.
SENT = "fallback_sent."
# As numbers, for what orders messages.
PRIORITIES: dict[Priority | None, int] = {"low": -1, None: 0, "normal": 0, "high": 1}
OUTCOMES = {
    Reason.END_REACHED: "finished",
    Reason.GOAL_REACHED: "goal",
    Reason.EXIT_CONDITION: "exited",
    Reason.OTHER_JOURNEY: "exited",
    Reason.STEP_REMOVED: "exited",
    Reason.PERSON_MERGED: "merged",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A run that a fact moves or ends: when, and what decided."""

    run: Due
    node: str
    at: datetime
    detail: dict[str, object] = field(default_factory=dict)


class Leg(NamedTuple):
    """A node that runs have left, by which edge and why."""

    node: str
    edge: str
    reason: Reason


# Legs that runs take within one transaction, the first one from where they stood.
Trail = tuple[Leg, ...]


@dataclass(slots=True)
class Carried:
    """What became of a batch on one node: how many steps it took, who goes on at once and by which way, and on which nodes some were put down who could."""

    steps: int
    onward: list[tuple[str, list[Due], Trail]] = field(default_factory=list)
    ahead: set[str] = field(default_factory=set)


def carry_out(
    ws: Scope, version: Version, node_id: str, plan: Plan, now: datetime, trail: Trail = (), passing: Container[str] = ()
) -> Carried:
    """Do what a node has decided for a claimed batch, at the moments the runs were due.

    `trail`: the legs by which they have come here within this transaction, and which are not written yet. `passing`: nodes which they are not put down on
    where they need not rest there: those are told of in what is returned, and taken on or put down by whoever asks.
    """
    node, repeated = version.node(node_id), _take_repeats(ws, node_id, plan)
    carried = Carried(sum(len(runs) for runs in plan.moves.values()))
    if plan.holds:
        _hold(ws, version, node_id, plan.holds, trail)
    hold_until(ws, plan.holds_until)
    hold_until(ws, plan.rests, waiting=False)
    if plan.sends:
        _plan_links(ws, version, node_id, plan, now)
    if plan.effects:
        plan_effects(ws, version, node_id, plan.effects)
    onward = node.exits().keys() | version.stays(node_id).keys()
    for edge, runs in plan.moves.items():
        if edge in onward:
            own = plan.own | dict.fromkeys(repeated, Reason.ALREADY_DONE)
            for reason in dict.fromkeys((plan.reasons[edge], *own.values())):
                some = [run for run in runs if own.get(run.run_id, plan.reasons[edge]) == reason] if own else runs
                if some:
                    _lead(ws, version, some, (*trail, Leg(node_id, edge, reason)), plan.settle, passing, carried)
        elif runs:
            _end_due(ws, version, runs, (*trail, Leg(node_id, edge, plan.reasons[edge])))
    return carried


def _take_repeats(ws: Scope, node_id: str, plan: Plan) -> set[int]:
    """Take out of a plan those for whom the step would act a second time, as a new version has led the way round; return their runs."""
    # Always asked: whoever has read the versions before an order would not know of it.
    if not (plan.sends or plan.effects):
        return set()
    repeated = take_repeats(ws, node_id, [run.run_id for run in (*plan.sends, *plan.effects)])
    if not repeated:
        return repeated
    plan.sends = [run for run in plan.sends if run.run_id not in repeated]
    plan.effects = [run for run in plan.effects if run.run_id not in repeated]
    # Who would wait here until it is done goes on as if it were.
    waiting = [run for run, _ in plan.holds_until if run.run_id in repeated]
    plan.holds_until = [(run, at) for run, at in plan.holds_until if run.run_id not in repeated]
    for edge in [edge for edge in plan.moves if edge.startswith(STAYS)]:
        waiting += [run for run in plan.moves[edge] if run.run_id in repeated]
        plan.moves[edge] = [run for run in plan.moves[edge] if run.run_id not in repeated]
    plan.move("next", [*plan.moves.get("next", ()), *waiting], plan.reasons.get("next", Reason.ALREADY_DONE))
    return repeated


def hold_until(ws: Scope, held: Sequence[tuple[Due, datetime]], *, waiting: bool = True) -> None:
    """Let runs rest where they stand, each until its own moment; `waiting`: as they were looked at by the clock, and are held by it."""
    if held:
        ws.run(MOVES.hold_until, waiting=waiting, run_ids=numbers(run.run_id for run, _ in held), ats=instants(at for _, at in held))


def _hold(ws: Scope, version: Version, node_id: str, runs: list[Due], trail: Trail) -> None:
    """Let runs rest till their deadline, where they stand or have come to."""
    rest, run_ids = version.node(node_id).hold(), numbers(run.run_id for run in runs)
    if trail:
        ws.run(MOVES.advance_due, **_gone(version, trail), target=node_id, rest=rest, looked_at=True, run_ids=run_ids)
    else:
        ws.run(MOVES.hold, run_ids=run_ids, rest=rest)


def _lead(ws: Scope, version: Version, runs: list[Due], trail: Trail, settle: timedelta, passing: Container[str], carried: Carried) -> None:
    """Put runs down where the last leg leads them, unless they need not rest there and go on at once."""
    last = trail[-1]
    target, rest, looked_at = _arrive(version, last.node, last.edge)
    if not rest and not settle and target in passing:
        carried.onward.append((target, runs, trail))
        return
    if not rest:
        # Also where something settles first: a rehearsal's step is wide, and on a wait facts count only once its condition was looked at.
        carried.ahead.add(target)
    run_ids = numbers(run.run_id for run in runs)
    ws.run(MOVES.advance_due, **_gone(version, trail), target=target, rest=max(rest, settle), looked_at=looked_at, run_ids=run_ids)


def _gone(version: Version, trail: Trail) -> dict[str, object]:
    nodes, edges, reasons = zip(*trail, strict=True)
    legs = {"nodes": list(nodes), "edges": list(edges), "reasons": list(reasons)}
    return {"workspace_id": version.workspace_id, "version_id": version.id, "hops": len(trail), **legs}


def plan_effects(ws: Scope, version: Version, node_id: str, runs: list[Due]) -> None:
    """Leave what the node does to these people to the effects role: a row for each run, which this transaction moves on, too."""
    ws.run(
        MOVES.plan_effects,
        workspace_id=version.workspace_id,
        version_id=version.id,
        node=node_id,
        run_ids=numbers(run.run_id for run in runs),
        visits=numbers(run.visit for run in runs),
        person_ids=numbers(run.person_id for run in runs),
        ats=instants(run.due_at for run in runs),
    )


def _end_due(ws: Scope, version: Version, runs: list[Due], trail: Trail) -> None:
    ws.run(MOVES.end_due, **_gone(version, trail), outcome=OUTCOMES[trail[-1].reason], run_ids=numbers(run.run_id for run in runs))


def advance(ws: Scope, version: Version, node_id: str, edge: str, decided: Sequence[Decided], reason: Reason) -> None:
    """Move runs along an edge at the moments of the facts that decided."""
    ws.run(
        MOVES.advance_at,
        **_along(version, node_id, edge, reason),
        **_given(decided),
    )


def end(ws: Scope, version: Version, node_id: str, edge: str, decided: Sequence[Decided], reason: Reason) -> None:
    """End runs that stand on one node."""
    ws.run(
        MOVES.end_runs,
        **_ended(version, node_id, edge, reason),
        **_given(decided),
    )


def _step(version: Version, node_id: str, edge: str, reason: Reason) -> dict[str, object]:
    return {"workspace_id": version.workspace_id, "version_id": version.id, "node": node_id, "edge": edge, "reason": reason}


def _along(version: Version, node_id: str, edge: str, reason: Reason) -> dict[str, Any]:
    target, rest, looked_at = _arrive(version, node_id, edge)
    return {**_step(version, node_id, edge, reason), "target": target, "rest": rest, "looked_at": looked_at}


def _arrive(version: Version, node_id: str, edge: str) -> tuple[str, timedelta, bool]:
    """Return where an edge leads, how long a run rests there, and whether it counts as looked at."""
    stays = version.stays(node_id)
    if edge in stays:
        return node_id, stays[edge], False
    target = version.node(node_id).exits()[edge]
    return target, *version.rest_on_arrival(target)


def _ended(version: Version, node_id: str, edge: str, reason: Reason) -> dict[str, object]:
    return {**_step(version, node_id, edge, reason), "outcome": OUTCOMES[reason]}


def _given(decided: Sequence[Decided]) -> dict[str, object]:
    return {
        "run_ids": numbers(one.run.run_id for one in decided),
        "ats": instants(one.at for one in decided),
        "details": texts(msgspec.json.encode(one.detail).decode() if one.detail else None for one in decided),
    }


def count(ws: Scope, version: Version, flow: Counter[tuple[str, str]]) -> None:
    """Record what is not counted where runs move: how many began, and the fallbacks that were sent."""
    if flow:
        nodes, edges = zip(*flow, strict=True)
        ws.run(
            MOVES.count_flow,
            workspace_id=version.workspace_id,
            version_id=version.id,
            nodes=list(nodes),
            edges=list(edges),
            counts=list(flow.values()),
        )


def _plan_links(ws: Scope, version: Version, node_id: str, plan: Plan, now: datetime) -> None:
    """Plan for each run the message of its chain that is next; count the fallbacks."""
    node = version.node(node_id)
    assert node.kind == "send"
    groups: dict[int, list[Due]] = defaultdict(list)
    for run in plan.sends:
        groups[plan.links.get(run.run_id, 0)].append(run)
    for link, runs in groups.items():
        plan_messages(ws, version, node, node_id, runs, now, link=link)
    count(ws, version, Counter({(node_id, f"{SENT}{link}"): len(runs) for link, runs in groups.items() if link}))


def plan_messages(ws: Scope, version: Version, node: Send, node_id: str, runs: list[Due], now: datetime, *, link: int = 0) -> None:
    """Plan one message for each run: the first of the step, or (`link`) one of its fallbacks."""
    template, channel = node.links()[link]
    events = dict(ws.rows(MOVES.find_triggers, run_ids=numbers(run.run_id for run in runs)))
    known = answers.find_given(ws, [run.run_id for run in runs])
    given = {run_id: msgspec.json.encode(one).decode() for run_id, one in known.items()}
    planned = PlannedSet(
        source_kind=SOURCE,
        source_key=version.key,
        step=node_id,
        topic=node.topic,
        template=template,
        channel=channel,
        source_ids=[run.run_id for run in runs],
        visits=[run.visit for run in runs],
        person_ids=[run.person_id for run in runs],
        events=[events.get(run.run_id, "{}") for run in runs] if events else [],
        hours=version.graph.send_window,
        priority=PRIORITIES[version.graph.priority],
        value=node.value,
        expires_ats=[run.due_at + node.expires_after.length() for run in runs] if node.expires_after else [],
        givens=[given.get(run.run_id) for run in runs] if given else [],
        seen_sinces=[node.seen_since(run.due_at) for run in runs] if node.skip_if_seen else [],
    )
    delivery.plan_set(ws, planned, now)
