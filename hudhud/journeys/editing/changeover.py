"""Changeovers: people under way move to a newer version, by a rule that the author chose when it was published.

The order is written with the publication. The journeys worker carries it out in batches, each in one transaction in which a run changes its
version, its place and its log together: killed in the middle, each run is on exactly one version, and the order is still open. `visit` goes
up, so whoever saw a run on its old version finds that it has gone.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from hudhud.journeys.editing.placing import KEEP_ALL, Landing, Rule, check_rule, place
from hudhud.journeys.running.version import parsed
from hudhud.journeys.types import Reason
from hudhud.kit import failpoint, sql
from hudhud.kit.sql import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.running.worlds import World
    from hudhud.kit.db import Scope

CHANGEOVER = sql.load("hudhud.journeys.editing", "changeover.sql")
COUNT_FLOW = sql.load("hudhud.journeys.running", "moves.sql").count_flow
BATCH = 5_000
# So long people are moved at a time; then timers have their turn.
SLICE_S = 0.5
# Whoever went on from a step for one of these reasons was acted on there.
ACTED = (Reason.MESSAGE_PLANNED, Reason.WINDOW_OPENED, Reason.ACTION_PLANNED, Reason.ANSWERED, Reason.REQUEST_FAILED, Reason.COUPON_GIVEN)
# The edge of `journey_flow` by which people come from an older version, from '' to the step that follows.
MOVED_TO = "moved:"


@dataclass(frozen=True, slots=True)
class Older:
    """A version that people are on, older than the one in question."""

    id: int
    number: int
    text: str

    @property
    def graph(self) -> Graph:
        """Return the typed graph."""
        return parsed(self.text)


@dataclass(frozen=True, slots=True)
class Order:
    """An order in this transaction's hands: where people go, and what time it is for them."""

    id: int
    journey_id: int
    version_id: int
    rule: str
    number: int
    text: str
    now: datetime
    rests_at: datetime

    def places(self, old: Older) -> dict[str, Landing]:
        """Return where the people of an older version go."""
        return place(old.graph, parsed(self.text), msgspec.json.decode(self.rule, type=Rule))


def find_older(ws: Scope, journey_id: int, version_id: int) -> list[Older]:
    """Return the older versions that people are on, or may be on in a moment."""
    return ws.into(Older, CHANGEOVER.find_older, journey_id=journey_id, version_id=version_id)


def order(ws: Scope, journey_id: int, version_id: int, graph: Graph, rule: Rule, now: datetime, *, by: str) -> int | None:
    """Order people under way to be moved to a version; return the order's id, None if the rule moves nobody. Raises `InvalidInput`."""
    if rule == KEEP_ALL:
        return None
    older = find_older(ws, journey_id, version_id)
    check_rule(rule, [one.graph for one in older], graph)
    if not rule.moves() or not older:
        return None
    made: int = ws.value(
        CHANGEOVER.order_changeover,
        journey_id=journey_id,
        version_id=version_id,
        rule=msgspec.json.encode(rule).decode(),
        now=now,
        by=by,
    )
    return made


def find_open(everywhere: Scope) -> list[tuple[int, int]]:
    """Return (workspace, order) of all that is not done yet."""
    return [(row[0], row[1]) for row in everywhere.rows(CHANGEOVER.find_open)]


def give_up(_: int, error: Exception) -> None:
    """Let an error in one order end it all."""
    raise error


def carry_on(
    world: World,
    orders: Sequence[tuple[int, int]],
    now: datetime,
    stop: Callable[[], bool],
    beat: Callable[[], None],
    fail: Callable[[int, Exception], None] = give_up,
) -> int:
    """Carry out open orders, (workspace, order) each, a batch of each in turn, for about a slice of time; return how many runs it touched.

    An order that raises is told to `fail`, which raises where that concerns more than this order; the others go on.
    """
    done, until = 0, time.monotonic() + SLICE_S
    busy = list(orders)
    while busy and not stop():
        moved = {}
        for workspace_id, order_id in busy:
            moved[workspace_id, order_id] = 0
            try:
                with world.scope(workspace_id) as ws:
                    moved[workspace_id, order_id] = carry_out(ws, order_id, now)
            except Exception as error:  # noqa: BLE001 -- one broken order must not hold up all journeys
                fail(order_id, error)
            beat()
        done += sum(moved.values())
        busy = [one for one in busy if moved[one]] if time.monotonic() < until else []
    return done


def carry_out(ws: Scope, order_id: int, now: datetime, limit: int = BATCH) -> int:
    """Move one batch; return how many. With nobody left the order is done; 0 too where another worker has it, or has the last people."""
    row = ws.one(CHANGEOVER.take_order, id=order_id, now=now)
    if row is None:
        return 0
    taken = Order(**row)
    is_left = False
    for old in find_older(ws, taken.journey_id, taken.version_id):
        places = taken.places(old)
        rows = ws.rows(CHANGEOVER.claim_standing, version_id=old.id, nodes=list(places), limit=limit)
        if rows:
            return _move(ws, taken, old, places, rows)
        is_left = is_left or bool(ws.value(CHANGEOVER.is_standing, version_id=old.id, nodes=list(places)))
    if not is_left:
        ws.run(CHANGEOVER.close_order, id=taken.id, now=now)
    return 0


def _move(ws: Scope, taken: Order, old: Older, places: Mapping[str, Landing], rows: Sequence[tuple[int, str]]) -> int:
    groups: dict[str, list[int]] = defaultdict(list)
    for run_id, node_id in rows:
        groups[node_id].append(run_id)
    left: Counter[tuple[str, str]] = Counter()
    came: Counter[tuple[str, str]] = Counter()
    for node_id, run_ids in groups.items():
        landing = places[node_id]
        if landing.node is None:
            _leave(ws, taken, old, node_id, run_ids)
            left[node_id, "exit"] += len(run_ids)
        else:
            _land(ws, taken, old, node_id, landing, run_ids)
            left[node_id, "moved"] += len(run_ids)
            came["", MOVED_TO + landing.node] += len(run_ids)
    _count(ws, old.id, left)
    _count(ws, taken.version_id, came)
    ws.run(CHANGEOVER.count_order, id=taken.id, moved=came.total(), ended=len(rows) - came.total())
    failpoint.reach("journeys.changed_over")
    return len(rows)


def _land(ws: Scope, taken: Order, old: Older, node_id: str, landing: Landing, run_ids: list[int]) -> None:
    assert landing.node is not None
    node = parsed(taken.text).nodes[landing.node]
    if landing.repeats:
        pairs = [(step, past) for step, passed in landing.repeats for past in passed]
        steps, passed = [one[0] for one in pairs], [one[1] for one in pairs]
        ws.run(CHANGEOVER.keep_repeats, steps=steps, passed=passed, acted=list(ACTED), run_ids=numbers(run_ids))
    ws.run(
        CHANGEOVER.land,
        **_step(taken, old, node_id, {"version": taken.number, "to": landing.node, "how": landing.how}),
        reason=Reason.VERSION_MOVED,
        version_id=taken.version_id,
        target=landing.node,
        is_same=landing.is_same,
        is_fresh=landing.is_fresh,
        rests_at=taken.rests_at,
        rest=node.hold(),
        is_looked_at=node.hold() is None or bool(node.conditions()),
        run_ids=numbers(run_ids),
    )


def _leave(ws: Scope, taken: Order, old: Older, node_id: str, run_ids: list[int]) -> None:
    ws.run(
        CHANGEOVER.leave,
        **_step(taken, old, node_id, {"version": taken.number}),
        reason=Reason.STEP_REMOVED,
        outcome="exited",
        run_ids=numbers(run_ids),
    )


def _step(taken: Order, old: Older, node_id: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {"old_id": old.id, "node": node_id, "now": taken.now, "detail": msgspec.json.encode(detail).decode()}


def _count(ws: Scope, version_id: int, flow: Counter[tuple[str, str]]) -> None:
    if flow:
        nodes, edges = zip(*flow, strict=True)
        ws.run(COUNT_FLOW, version_id=version_id, nodes=texts(nodes), edges=texts(edges), counts=list(flow.values()))


def take_repeats(ws: Scope, step: str, run_ids: Sequence[int]) -> set[int]:
    """Return which of these runs took this step before they were moved; from their next visit on it acts on them again."""
    return {row[0] for row in ws.rows(CHANGEOVER.take_repeats, step=step, run_ids=numbers(run_ids))}
