"""Exit: the run ends here."""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Due, Plan, Reason, Silent, Word


class Exit(Silent, frozen=True, tag_field="kind", tag="exit"):
    """`{"kind": "exit", "reason": word}`."""

    reason: Word

    @property
    def kind(self) -> Literal["exit"]:
        """Return the word in `kind`."""
        return "exit"

    def exits(self) -> dict[str, str]:
        """No way on."""
        return {}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Whoever comes here is finished."""
        return Plan().move("end", batch, Reason.END_REACHED)
