"""What nodes do to people: carried out behind the planner, once for each visit, and noted in the run's log.

A batch is one transaction: it takes rows of one node, does what the node says (acting/doing.py), notes what came of each in `run_log` and removes
the rows. All of it is PostgreSQL's, so whoever dies in between has done nothing, and nobody does anything twice. A rehearsal's planner
writes rows like these to a table of its own, where nobody looks for them (decision 28).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from hudhud.journeys.acting import asking
from hudhud.journeys.acting import doing as acting
from hudhud.journeys.acting.doing import Effect, Outcome
from hudhud.journeys.editing.changeover import CHANGEOVER
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.version import Version
from hudhud.journeys.types import Refusal
from hudhud.kit import failpoint, sql
from hudhud.kit.sql import numbers, texts
from hudhud.people.actions import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.acting", "effects.sql")
BATCH = 2_000
DOING = {**acting.DOING, "webhook": asking.request, "coupon": asking.give}

log = structlog.get_logger()


class Pending(NamedTuple):
    """A node that has something to do."""

    workspace_id: int
    version_id: int
    node: str


def find_pending(everywhere: Scope) -> list[Pending]:
    """Return the nodes that have something to do, those that have waited longest first."""
    return [Pending(*row) for row in everywhere.rows(QUERIES.find_pending)]


def carry_out(
    ws: Scope, ch: Client, pending: Pending, now: datetime, is_poison: Callable[[BaseException], bool], limit: int = BATCH
) -> int:
    """Do what one node does for up to `limit` runs, in one transaction; return for how many. `is_poison`: whether an error is one row's own."""
    (version,) = ws.into(Version, MOVES.find_versions_by_id, ids=[pending.version_id])
    kind = version.node(pending.node).kind
    if kind in {"start", "leave"}:
        ws.run(CHANGEOVER.open_gate)
    if kind in {"update", "topic"}:
        # First of all, as everywhere: an erasure holds people before it removes these rows.
        hold(ws)
    rows = ws.rows(QUERIES.claim, version_id=version.id, node=pending.node, limit=limit)
    effects = [Effect(*row) for row in rows]
    if effects:
        _note(ws, _try(ws, ch, version, pending.node, effects, now, is_poison))
        failpoint.reach("effects.done")
    return len(effects)


def _try(
    ws: Scope,
    ch: Client,
    version: Version,
    node_id: str,
    effects: Sequence[Effect],
    now: datetime,
    is_poison: Callable[[BaseException], bool],
) -> dict[Effect, Outcome]:
    """Do it for all, or halve them until the one that cannot be done stands alone."""
    node = version.node(node_id)
    try:
        with ws.conn.transaction():
            return DOING[node.kind](ws, ch, version, node_id, effects, now)
    except Exception as error:
        if not is_poison(error):
            raise
        if len(effects) == 1:
            log.exception("effects.failed", version_id=version.id, node=node_id, run_id=effects[0].run_id)
            return {effects[0]: Outcome(is_done=False, notes=({"reason": Refusal.FAILED},))}
    half = len(effects) // 2
    halves = (effects[:half], effects[half:])
    return {effect: came for some in halves for effect, came in _try(ws, ch, version, node_id, some, now, is_poison).items()}


def _note(ws: Scope, outcomes: dict[Effect, Outcome]) -> None:
    ws.run(
        QUERIES.record,
        run_ids=numbers(effect.run_id for effect in outcomes),
        visits=numbers(effect.visit for effect in outcomes),
        details=texts(msgspec.json.encode(outcome.to_detail()).decode() for outcome in outcomes.values()),
    )
