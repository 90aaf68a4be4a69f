"""Exit: the run ends here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import Due, Part, Plan, Reason, Word

if TYPE_CHECKING:
    from hudhud.segments.types import Condition


class Exit(Part, frozen=True, tag_field="kind", tag="exit"):
    """`{"kind": "exit", "reason": word}`."""

    reason: Word

    @property
    def kind(self) -> Literal["exit"]:
        """Return the word in `kind`."""
        return "exit"

    def exits(self) -> dict[str, str]:
        """No way on."""
        return {}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing."""
        return {}

    def hold(self) -> None:
        """No rest."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Whoever comes here is finished."""
        return Plan().move("end", batch, Reason.END_REACHED)
