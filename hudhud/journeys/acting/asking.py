"""What the effects role does for nodes on which the run waits until it is done: a request is written, a code given.

Who cannot be asked about, or for whom no code is left, goes the other way at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.coupons import actions as coupons
from hudhud.journeys.acting import answers, vouchers, webhooks
from hudhud.journeys.acting.doing import DONE, Outcome, find_living, find_triggers, refused
from hudhud.journeys.running import moves
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.types import Due, Reason, Refusal
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.acting.doing import Effect, Outcomes
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

# Texts of so many people are filled in at a time.
PAGE = 200


def take_standing(ws: Scope, version: Version, node_id: str, effects: Sequence[Effect]) -> tuple[dict[Effect, Due], Outcomes]:
    """Take the runs that still stand where they waited; the second value: those that have left. Who is being moved this moment is in neither, and comes later."""
    where = {"version_id": version.id, "node": node_id, "run_ids": numbers(one.run_id for one in effects)}
    taken = {row[0]: Due._make(row) for row in ws.rows(webhooks.QUERIES.take_standing_here, **where)}
    standing = dict(ws.rows(webhooks.QUERIES.find_standing_here, **where))
    here = {one: taken[one.run_id] for one in effects if one.run_id in taken and taken[one.run_id].visit == one.visit}
    return here, {one: refused(Refusal.LEFT_BEFORE) for one in effects if standing.get(one.run_id) != one.visit}


def go_on(
    ws: Scope, version: Version, node_id: str, edge: str, reason: Reason, runs: Sequence[tuple[Due, dict[str, object]]], now: datetime
) -> None:
    """Let runs that waited for this leave their node, each with what its log shall keep."""
    if runs:
        decided = [Decided(run, node_id, max(now, run.arrived_at), detail) for run, detail in runs]
        moves.advance(ws, version, node_id, edge, decided, reason)
        ws.run(MOVES.ring)


def request(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """Write requests for who stands here, as of now; the requests role sends them. Who lacks a value that the request needs goes the way `failed`."""
    node = version.node(node_id)
    assert node.kind == "webhook"
    here, outcomes = take_standing(ws, version, node_id, effects)
    living, triggers = find_living(ws, list(here)), find_triggers(ws, list(here))
    given = answers.find_given(ws, (one.run_id for one in here))
    writer = webhooks.Writer(ws, node)
    asked = [one for one in here if one.person_id in living]
    outcomes |= {one: refused(Refusal.PERSON_GONE) for one in here if one.person_id not in living}
    written: list[tuple[Due, webhooks.Request]] = []
    failed: list[tuple[Due, dict[str, object]]] = []
    for start in range(0, len(asked), PAGE):
        some = asked[start : start + PAGE]
        facts = [writer.facts(living[one.person_id], triggers.get(one.run_id, {}), given.get(one.run_id, {})) for one in some]
        for one, filled in zip(some, writer.fill(facts), strict=True):
            try:
                if filled.reason:
                    raise ValueError(f"{filled.reason}: {filled.detail}")  # noqa: TRY301 -- as what cannot be sent
                written.append((here[one], writer.request(filled)))
                outcomes[one] = DONE
            except ValueError as error:
                failed.append((here[one], {"host": node.host, "problem": str(error)[:200]}))
                outcomes[one] = Outcome(is_done=False, notes=({"reason": Refusal.BAD_REQUEST},))
    if written:
        webhooks.write(ws, version.id, node_id, node, written, now)
    go_on(ws, version, node_id, "failed", Reason.REQUEST_FAILED, failed, now)
    return outcomes


def give(ws: Scope, ch: Client, version: Version, node_id: str, effects: Sequence[Effect], now: datetime) -> Outcomes:  # noqa: ARG001 -- as all of them
    """Give codes of a pool to who stands here, all in one statement; where none is left, or comes free in a moment, people go the way `otherwise`."""
    node = version.node(node_id)
    assert node.kind == "coupon"
    here, outcomes = take_standing(ws, version, node_id, effects)
    living = find_living(ws, list(here))
    outcomes |= {one: refused(Refusal.PERSON_GONE) for one in here if one.person_id not in living}
    wanting = {one.run_id: one for one in here if one.person_id in living}
    who = {run_id: living[one.person_id].id for run_id, one in wanting.items()}
    calendar = vouchers.Calendar(ws, node.pool, who.values(), now)
    wishes = [calendar.want(run_id, one.visit, who[run_id]) for run_id, one in wanting.items()]
    given, may_come = coupons.give(ws, node.pool, node_id, wishes, now)
    told = {run_id: calendar.tell(node.pool, who[run_id], one) for run_id, one in given.items()}
    answers.keep(ws, "coupon", node.pool, {(run_id, wanting[run_id].visit): one for run_id, one in told.items()})
    lucky = [(here[wanting[run_id]], {"pool": node.pool, "code": one["code"]}) for run_id, one in told.items()]
    go_on(ws, version, node_id, "next", Reason.COUPON_GIVEN, lucky, now)
    outcomes |= {wanting[run_id]: DONE for run_id in told}
    if not may_come:
        left = [one for run_id, one in wanting.items() if run_id not in told]
        go_on(ws, version, node_id, "otherwise", Reason.NO_COUPON, [(here[one], {"pool": node.pool}) for one in left], now)
        outcomes |= {one: refused(Refusal.NO_COUPON) for one in left}
    return outcomes
