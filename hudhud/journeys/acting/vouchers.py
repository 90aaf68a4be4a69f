"""Coupons in journeys: how long one is good where the person lives, what mails read of it, what a rehearsal takes for one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.clocks.queries import find_lives
from hudhud.coupons.queries import find_days, find_missing, get_pool
from hudhud.coupons.types import Given, PoolNotFound, Wanted, link_to
from hudhud.journeys.acting import answers
from hudhud.journeys.types import Plan, Problem, Reason
from hudhud.kit.localtime import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.coupon import Coupon
    from hudhud.journeys.types import Due
    from hudhud.kit.db import Scope

SAMPLE = "SAMPLE"


def check_pools(ws: Scope, graph: Graph) -> list[Problem]:
    """Return which pools the graph names and there are not."""
    named = [(node_id, node.pool) for node_id, node in graph.nodes.items() if node.kind == "coupon"]
    missing = find_missing(ws, (key for _, key in named))
    return [
        Problem(node_id, "unknown_pool", f"pool: there is no pool of coupons {key!r}", "make it, or name one that there is")
        for node_id, key in named
        if key in missing
    ]


class Calendar:
    """Until when codes of a pool are good, for some people."""

    def __init__(self, ws: Scope, key: str, person_ids: Iterable[int], now: datetime) -> None:
        """Read where they live."""
        self.now, self.lives = now, find_lives(ws, sorted(set(person_ids)))
        self.days = find_days(ws, key)

    def want(self, run_id: int, visit: int, person_id: int) -> Wanted:
        """Return what is wanted for a run: a code that is good to the end of the last day where the person lives."""
        return Wanted(run_id, person_id, self.end(person_id), visit)

    def end(self, person_id: int) -> datetime | None:
        """Return until when codes that are given now are good by the pool's days."""
        if self.days is None:
            return None
        zone = zone_named(self.lives[person_id].zone)
        day = self.now.astimezone(zone).date() + timedelta(days=self.days + 1)
        return datetime.combine(day, time.min, zone).astimezone(UTC)

    def tell(self, key: str, person_id: int, given: Given) -> dict[str, Any]:
        """Return what mails read: `expires_on` is the last whole day on which the code is good where the person lives."""
        told: dict[str, Any] = {"pool": key, "code": given.code}
        if given.url:
            told["url"] = given.url
        if given.expires_at is not None:
            local = given.expires_at.astimezone(zone_named(self.lives[person_id].zone))
            told["expires_at"] = local.isoformat()
            last = local.date() - timedelta(days=1)
            if last >= self.now.astimezone(local.tzinfo).date():
                told["expires_on"] = last.isoformat()
        return told


def assume(ws: Scope, node: Coupon, batch: Sequence[Due], now: datetime) -> Plan:
    """Plan for a rehearsal, which gives no codes away: as many people as there are codes today get one, the others none."""
    try:
        pool = get_pool(ws, node.pool, now)
    except PoolNotFound:
        return Plan().move("otherwise", list(batch), Reason.NO_COUPON)
    lucky = list(batch)
    if pool.free is not None:
        used = int(ws.value(answers.QUERIES.count_facts, root="coupon", name=node.pool))
        lucky = lucky[: max(0, pool.free - used)]
    calendar = Calendar(ws, node.pool, (run.person_id for run in lucky), now)
    told = {}
    for run in lucky:
        ends = [one for one in (calendar.end(run.person_id), pool.ends_at) if one is not None]
        sample = Given(SAMPLE, min(ends, default=None), link_to(pool.url, SAMPLE))
        told[run.run_id, run.visit] = calendar.tell(node.pool, run.person_id, sample)
    answers.keep(ws, "coupon", node.pool, told)
    chosen = {run.run_id for run in lucky}
    plan = Plan().move("next", lucky, Reason.COUPON_GIVEN)
    return plan.move("otherwise", [run for run in batch if run.run_id not in chosen], Reason.NO_COUPON)
