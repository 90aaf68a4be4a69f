"""Coupon: give the person a code of a pool, which mails and requests behind it read as `coupon.…`. With none left they go the other way."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from hudhud.journeys.types import Due, Plan, Reason, Silent, Word

# A code is given within seconds; who was given none for so long, as the role that does it was away, goes the other way.
PATIENCE = timedelta(days=7)


class Coupon(Silent, frozen=True, tag_field="kind", tag="coupon"):
    """`{"kind": "coupon", "pool": key, "next": id, "otherwise": id}`: one code for each run and step, also where the run comes again while it is good."""

    pool: Word
    next: Word
    otherwise: Word

    @property
    def kind(self) -> Literal["coupon"]:
        """Return the word in `kind`."""
        return "coupon"

    def exits(self) -> dict[str, str]:
        """On with a code, or without one."""
        return {"next": self.next, "otherwise": self.otherwise}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Who comes waits until they are given a code (asking.py)."""
        came = [run for run in batch if not run.waiting]
        plan = Plan(effects=came, holds_until=[(run, run.due_at + PATIENCE) for run in came])
        return plan.move("otherwise", [run for run in batch if run.waiting], Reason.TIMED_OUT)
