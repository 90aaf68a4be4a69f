"""Start: let the person enter another journey, by that journey's rule of re-entry. This one goes on."""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Action, Word


class Start(Action, frozen=True, tag_field="kind", tag="start"):
    """`{"kind": "start", "journey": key, "next": id}`: it sees what started this one as its own trigger."""

    journey: Word
    next: str

    @property
    def kind(self) -> Literal["start"]:
        """Return the word in `kind`."""
        return "start"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}
