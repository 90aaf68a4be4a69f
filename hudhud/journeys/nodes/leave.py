"""Leave: end the person's runs in other journeys. This one goes on; where it shall end, too, there is `exit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import SETTLE, Due, Part, Plan, Reason, Word

if TYPE_CHECKING:
    from hudhud.segments.types import Condition

MOST = 100


class Leave(Part, frozen=True, tag_field="kind", tag="leave"):
    """`{"kind": "leave", "journeys": [key, …], "next": id}`."""

    journeys: tuple[Word, ...]
    next: str

    def __post_init__(self) -> None:
        """Refuse none, and the same one twice."""
        if not 0 < len(self.journeys) <= MOST or len(set(self.journeys)) < len(self.journeys):
            message = f"`journeys`: give one to {MOST} keys, each once"
            raise ValueError(message)

    @property
    def kind(self) -> Literal["leave"]:
        """Return the word in `kind`."""
        return "leave"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing."""
        return {}

    def hold(self) -> None:
        """No rest before it."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Leave it to the effects role, and go on."""
        return Plan(effects=batch, settle=SETTLE).move("next", batch, Reason.ACTION_PLANNED)
