"""Wait: until a condition is true, at most for a time. A fact at exactly the deadline still counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import Due, Part, Plan, Reason, Span
from hudhud.segments.types import Condition

if TYPE_CHECKING:
    from datetime import timedelta


class Wait(Part, frozen=True, tag_field="kind", tag="wait"):
    """`{"kind": "wait", "until": condition, "timeout": {"amount", "unit"}, "met": id, "timed_out": id}`."""

    until: Condition
    timeout: Span
    met: str
    timed_out: str

    @property
    def kind(self) -> Literal["wait"]:
        """Return the word in `kind`."""
        return "wait"

    def exits(self) -> dict[str, str]:
        """Two ways on."""
        return {"met": self.met, "timed_out": self.timed_out}

    def conditions(self) -> dict[str, Condition]:
        """It asks one thing."""
        return {"until": self.until}

    def hold(self) -> timedelta:
        """Rest at most this long."""
        return self.timeout.length()

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:
        """On arrival: on if true already, else stay till the deadline. At the deadline: the condition decides."""
        true = facts.get("until", set())
        plan = Plan(holds=[run for run in batch if run.run_id not in true and not run.waiting])
        plan.move("met", [run for run in batch if run.run_id in true], Reason.CONDITION_MET)
        late = [run for run in batch if run.run_id not in true and run.waiting]
        return plan.move("timed_out", late, Reason.TIMED_OUT)
