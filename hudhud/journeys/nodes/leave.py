"""Leave: end the person's runs in other journeys. This one goes on; where it shall end, too, there is `exit`."""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Action, Word

MOST = 100


class Leave(Action, frozen=True, tag_field="kind", tag="leave"):
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
