"""Words of journeys: the parts of a graph, a batch of due runs, what a node decides, and the errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec

from hudhud.kit.errors import Conflict, HudhudError, NotFound
from hudhud.kit.localtime import ClockTime
from hudhud.segments.types import Condition, Where

# The event by which the API lets a person enter; its property `journey` names the journey.
CALLED = "Journey Called"
Unit = Literal["minutes", "hours", "days"]
Positive = Annotated[int, msgspec.Meta(gt=0, le=100_000)]
Offset = Annotated[int, msgspec.Meta(ge=-3660, le=3660)]  # days
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a graph: immutable, and an unknown field raises."""


class Span(Part, frozen=True):
    """A length of time."""

    amount: Positive
    unit: Unit

    def length(self) -> timedelta:
        """Return it as a duration."""
        return timedelta(**{self.unit: self.amount})


class OnEvent(Part, frozen=True, tag_field="kind", tag="event"):
    """A run begins when an event of one of these names arrives and its properties pass."""

    name: Word | tuple[Word, ...]
    where: tuple[Where, ...] = ()

    def event_names(self) -> tuple[str, ...]:
        """Return the names, however many were written."""
        return (self.name,) if isinstance(self.name, str) else self.name


class OnSegmentEnter(Part, frozen=True, tag_field="kind", tag="segment_enter"):
    """A run begins when a person enters a segment, given by its id or as conditions."""

    segment: int | Condition


class OnSegmentLeave(Part, frozen=True, tag_field="kind", tag="segment_leave"):
    """A run begins when a person leaves a segment, given by its id or as conditions; who is erased or merged away leaves nothing."""

    segment: int | Condition


class OnSubscribe(Part, frozen=True, tag_field="kind", tag="subscribe"):
    """A run begins when a person subscribes to a topic by e-mail."""

    topic: Word


class OnDate(Part, frozen=True, tag_field="kind", tag="date", omit_defaults=True, kw_only=True):
    """A run begins so many days after (before: negative) a date that is known of the person, at this time where they live.

    `yearly`: each year on this day; the 29 of February is the 28th in other years.
    """

    attribute: Word
    days: Offset = 0
    at: ClockTime
    yearly: bool = False


class OnSchedule(Part, frozen=True, tag_field="kind", tag="schedule", omit_defaults=True, kw_only=True):
    """Runs begin for everybody in a segment, on the days of a rule (RFC 5545) that counts from `first`, at this time where each lives."""

    segment: int | Condition
    rule: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    first: date
    at: ClockTime


class OnCall(Part, frozen=True, tag_field="kind", tag="api"):
    """A run begins when the API is called for a person; the call comes by the intake as the event `CALLED`, like any other fact."""


OnSegment = OnSegmentEnter | OnSegmentLeave
OfSegment = OnSegmentEnter | OnSegmentLeave | OnSchedule
ByClock = OnDate | OnSchedule
Trigger = OnEvent | OnSegmentEnter | OnSegmentLeave | OnSubscribe | OnDate | OnSchedule | OnCall


# How much a journey's messages matter where a cap lets not all of them go.
Priority = Literal["low", "normal", "high"]


class Never(Part, frozen=True, tag_field="kind", tag="never"):
    """One run for each person and key, ever."""


class Always(Part, frozen=True, tag_field="kind", tag="always"):
    """A new run whenever none of this person and key is under way."""


class After(Part, frozen=True, tag_field="kind", tag="after"):
    """A new run when none is under way and the last one began at least this many days ago."""

    days: Positive


Reentry = Never | Always | After


class Reason(StrEnum):
    """Why a run moved or ended: the closed set of `run_log.reason`; the app has words for each in every language."""

    TRIGGERED = "triggered"
    DELAY_OVER = "delay_over"
    NO_DATE_AHEAD = "no_date_ahead"
    MESSAGE_PLANNED = "message_planned"
    FALLBACK_PLANNED = "fallback_planned"
    ENGAGED = "engaged"
    ALREADY_SEEN = "already_seen"
    ALREADY_DONE = "already_done"
    WINDOW_OPENED = "window_opened"
    CONDITION_MET = "condition_met"
    TIMED_OUT = "timed_out"
    BRANCH_TRUE = "branch_true"
    NO_BRANCH_TRUE = "no_branch_true"
    LOT_DRAWN = "lot_drawn"
    HELD_OUT = "held_out"
    TEST_WON = "test_won"
    ACTION_PLANNED = "action_planned"
    ANSWERED = "answered"
    REQUEST_FAILED = "request_failed"
    COUPON_GIVEN = "coupon_given"
    NO_COUPON = "no_coupon"
    END_REACHED = "end_reached"
    GOAL_REACHED = "goal_reached"
    EXIT_CONDITION = "exit_condition"
    PERSON_MERGED = "person_merged"
    VERSION_MOVED = "version_moved"
    STEP_REMOVED = "step_removed"
    OTHER_JOURNEY = "other_journey"
    RERUN = "rerun"


class Refusal(StrEnum):
    """Why an action of a node, or a part of it, was not done: the closed set of `notes` in `run_log.detail`; the app has words for each."""

    PERSON_GONE = "person_gone"
    NO_VALUE = "no_value"
    NOT_A_NUMBER = "not_a_number"
    UNSUBSCRIBED = "unsubscribed"
    NOT_CONFIRMED = "not_confirmed"
    SAID_SINCE = "said_since"
    TOPIC_UNKNOWN = "topic_unknown"
    NOT_RUNNING = "not_running"
    NOT_ADMITTED = "not_admitted"
    NOT_IN = "not_in"
    LEFT_BEFORE = "left_before"
    BAD_REQUEST = "bad_request"
    NO_COUPON = "no_coupon"
    FAILED = "failed"


# After a node that acts, a run goes on only so much later: what it changed is then known to conditions and to mails.
SETTLE = timedelta(seconds=5)
# Edges that no node may name: a run's beginning and ends.
ENDS = frozenset({"start", "end", "goal", "exit", "merged", "left", "moved"})
# Edges by which a run stays on its node, for the next message of a chain: `fallback.1`, `fallback.2`.
STAYS = "fallback."


class Due(NamedTuple):
    """A run that stands on a node and may leave it now. Times are the run's own, not the worker's."""

    run_id: int
    person_id: int
    visit: int
    waiting: bool
    entered_at: datetime
    arrived_at: datetime
    due_at: datetime


@dataclass(slots=True)
class Plan:
    """What a node decides for a batch: who takes which edge, who stays till the deadline, who gets the message, on whom it acts.

    `settle`: how long those who go on rest first, wherever they come to. `own`: for which runs another reason holds than for their edge.
    `rests`: who stays till a moment without having been held by the clock. `links`: which message of a chain a run is to get, 0 if none is said.
    """

    moves: dict[str, list[Due]] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)
    holds: list[Due] = field(default_factory=list)
    holds_until: list[tuple[Due, datetime]] = field(default_factory=list)
    rests: list[tuple[Due, datetime]] = field(default_factory=list)
    sends: list[Due] = field(default_factory=list)
    links: dict[int, int] = field(default_factory=dict)
    effects: list[Due] = field(default_factory=list)
    settle: timedelta = timedelta(0)
    own: dict[int, Reason] = field(default_factory=dict)

    def add(self, edge: str, runs: list[Due], reason: Reason) -> None:
        """Let these leave by `edge`, too, for a reason that may be another than that of those who do already."""
        if runs:
            self.moves[edge] = [*self.moves.get(edge, ()), *runs]
            if self.reasons.setdefault(edge, reason) != reason:
                self.own |= dict.fromkeys((run.run_id for run in runs), reason)

    def move(self, edge: str, runs: list[Due], reason: Reason) -> Plan:
        """Let `runs` leave by `edge`."""
        if runs:
            self.moves[edge] = runs
            self.reasons[edge] = reason
        return self


class Silent(Part, frozen=True):
    """A node that asks nothing, and on which nobody rests."""

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing."""
        return {}

    def hold(self) -> None:
        """No rest."""
        return


class Action(Silent, frozen=True):
    """A node whose work the effects role does (acting/doing.py)."""

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Leave it to the effects role, and go on."""
        return Plan(effects=batch, settle=SETTLE).move("next", batch, Reason.ACTION_PLANNED)


class Node(Protocol):
    """A node kind: its fields are its schema; what it answers here is all that planner, checks and editor know of it."""

    @property
    def kind(self) -> str:
        """Return the word in `kind`."""

    def exits(self) -> dict[str, str]:
        """Return edge -> id of the next node; empty for an end."""

    def conditions(self) -> dict[str, Condition]:
        """Return the condition trees it asks about, by name."""

    def hold(self) -> timedelta | None:
        """Return how long a run rests here; None = not at all."""

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:
        """Decide for due runs; `facts` holds for each condition the ids of the runs for which it is true."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a graph: where, what, and what to do."""

    node: str
    code: str
    message: str
    remedy: str


class InvalidJourney(HudhudError):
    """The journey is not valid."""

    code = "invalid_journey"
    status = 422

    def __init__(self, problems: list[Problem]) -> None:
        """List every problem at once."""
        lines = [f"{p.node or 'journey'}: {p.message}; {p.remedy}" for p in problems]
        shown = [{"node": p.node, "code": p.code, "message": p.message, "remedy": p.remedy} for p in problems]
        super().__init__("\n".join(lines), problems=shown)


class JourneyNotFound(NotFound):
    """There is no journey with this key."""

    code = "journey_not_found"


class JourneyExists(Conflict):
    """There is a journey with this key already."""

    code = "journey_exists"


class JourneyInUse(Conflict):
    """People are in the journey, or something asks for it."""

    code = "journey_in_use"


class VersionNotFound(NotFound):
    """The journey has no version with this number."""

    code = "version_not_found"


class RunNotFound(NotFound):
    """The journey has no such run, or the run no such step."""

    code = "run_not_found"


class DraftNotFound(NotFound):
    """The journey has no draft."""

    code = "draft_not_found"


class DraftChanged(Conflict):
    """Somebody else has saved the draft meanwhile."""

    code = "draft_changed"


class ApprovalNeeded(Conflict):
    """Publishing needs another member's approval here: save a draft and ask for it."""

    code = "approval_needed"


class OwnDraft(Conflict):
    """Another member must approve this, signed in: not who saved it or asked about it, and no program."""

    code = "own_draft"


class AlreadyDecided(Conflict):
    """The test has a winner already."""

    code = "test_decided"


class UnknownTest(NotFound):
    """The journey's current version has no such test."""

    code = "test_not_found"


class JourneyBusy(Conflict):
    """People are being moved to another version."""

    code = "journey_busy"


class JourneyLoop(Conflict):
    """A journey's end would begin it again, or that of another one which begins it."""

    code = "journey_loop"


class JourneyNotReady(Conflict):
    """The journey cannot start yet."""

    code = "journey_not_ready"
