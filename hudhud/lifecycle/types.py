"""The lifecycle: stages in an order, and where people stand.

A person's stage is the furthest one whose rule holds. Rules are condition trees; who is where is kept by the segments, of
which each stage has two of its own (docs/decisions/0016-lifecycle.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.kit.errors import Conflict, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.segments.types import Condition

MOVED = "Lifecycle Stage Changed"
COLOURS = ("gray", "red", "pink", "grape", "violet", "indigo", "blue", "cyan", "teal", "green", "lime", "yellow", "orange")
MOST_STAGES = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. Being in it is a segment: a condition asks for it by `place_id`."""

    id: int
    key: str  # what events call it
    position: int  # 1 = the first
    names: dict[str, str]  # by language; "": the same in all
    texts: dict[str, str]
    colour: str
    rule: Condition
    rule_id: int
    place_id: int
    count: int
    built_at: datetime | None  # None: it is being counted
    checked_at: datetime | None
    failure: str | None  # why it could not be asked about lately


@dataclass(frozen=True, slots=True)
class Move:
    """One person went from one stage to another; None: from outside, or out of all of them."""

    id: int
    from_id: int | None
    to_id: int | None
    is_forward: bool
    since: datetime | None  # when the one before was entered, where that is known
    at: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of everybody who entered a stage in a time: they went on, they were lost, or they are there still."""

    entered: int
    onward: int  # their next move led to a later stage
    lost: int  # it led to an earlier one, or out
    median_s: float | None  # half of those who went on had done so after this many seconds

    @property
    def staying(self) -> int:
        """Who has not moved again."""
        return self.entered - self.onward - self.lost


@dataclass(frozen=True, slots=True)
class Flow:
    """How many went from one stage to another in a time."""

    from_id: int | None
    to_id: int | None
    is_forward: bool
    moves: int


class StageNotFound(NotFound):
    """There is no such stage of the lifecycle."""

    code = "stage_not_found"


class LastStage(Conflict):
    """A lifecycle needs a stage; add another one first."""

    code = "last_stage"
