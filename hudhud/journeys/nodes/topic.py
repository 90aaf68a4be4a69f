"""Topic: subscribe the person to a topic by e-mail, or unsubscribe them.

A "no" of theirs stands, whoever has written it down, and so does a request that they have not confirmed: a journey never turns either into a
"yes". That is refused with its reason in the run's log, and the run goes on.
"""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Action, Word


class Topic(Action, frozen=True, tag_field="kind", tag="topic"):
    """`{"kind": "topic", "do": "subscribe" | "unsubscribe", "topic": key, "next": id}`."""

    do: Literal["subscribe", "unsubscribe"]
    topic: Word
    next: str

    @property
    def kind(self) -> Literal["topic"]:
        """Return the word in `kind`."""
        return "topic"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}
