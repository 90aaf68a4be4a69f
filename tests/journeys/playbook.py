"""What a playbook's story is made of. Samples of events and traits are those of docs/guide/playbooks.md.

Ann does what the journey is for, Bob does nothing, Cat has done the step already (or does it twice), Dan did not agree to mail, Eve is not concerned.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.journeys.stage import T0

if TYPE_CHECKING:
    from datetime import datetime

ANN, BOB, CAT, DAN, EVE = range(5)
GUIDE = Path("docs/guide/playbooks.md")
Deed = tuple[int, float, str, dict[str, Any]]  # who, hours after the beginning, event, properties that differ from the sample
Traits = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Playbook:
    """A story of so many days, and what comes of it: how many enter each node, how many mails may leave, how many runs end by the goal and by an exit."""

    days: int
    entered: dict[str, int]
    mails: dict[str, int]
    goal: int
    exited: int = 0
    deeds: tuple[Deed, ...] = ()
    traits: Traits = ({}, {}, {}, {}, {})
    subscribe: tuple[int, ...] = ()  # to the newsletter in the story itself
    enter: tuple[tuple[int, float], ...] = ()  # the segment, after so many hours
    begins: datetime = T0
    agreed: tuple[int, ...] = (ANN, BOB, CAT, EVE)
    answers: dict[str, str | int] = field(default_factory=dict)


def read_samples() -> dict[str, dict[str, Any]]:
    """Read the sample events of the guide: name -> properties."""
    found = (json.loads(text) for text in re.findall(r'`(\{"event".*?\})`', GUIDE.read_text("utf-8")))
    return {one["event"]: one["properties"] for one in found}


SAMPLES = read_samples()
ORDER = "Order Completed"
HUMAN = {"verdict": "human"}
FEEDER, SEED = {"name": "Tube feeder", "category": "Feeders"}, {"name": "Winter mix", "category": "Seed"}


def by_date(name: str, ann: str, cat: str) -> Traits:
    """Give Ann, Bob and Dan one date, Cat another, and Eve none."""
    return ({name: ann}, {name: ann}, {name: cat}, {name: ann}, {})


def each(who: tuple[int, ...], hours: float, event: str, **properties: object) -> tuple[Deed, ...]:
    """Let several do the same, a minute apart."""
    return tuple((one, hours + one / 60, event, properties) for one in who)
