"""Words of campaigns: what an author writes down, the states, and the errors.

A definition is kept as it was saved. It may lack things while it is a draft (`problems` say what); what is there is of the right shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from hudhud.kit.errors import Conflict, HudhudError, InvalidInput, NotFound
from hudhud.kit.localtime import ClockTime
from hudhud.kit.lots import LOTS, count_lots
from hudhud.segments.types import And, Condition, Event, Not, Or, Segment, Where, from_json, to_json

SOURCE = "campaign"  # message.source_kind
STEP = "send"
CHANNEL = "email"
UNDO = timedelta(seconds=60)
MOST_VARIANTS = 8
WHOLE = 100

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Key = Annotated[str, msgspec.Meta(max_length=64)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]
Ids = Annotated[tuple[int, ...], msgspec.Meta(max_length=50)]


FIRST_YEAR, LAST_YEAR = 2000, 2200


def _check_year(on: date) -> None:
    """Refuse days that no clock can be reckoned for."""
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        message = f"use a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(message)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a definition: immutable, and an unknown field raises."""


class Span(Part, frozen=True):
    """A length of time."""

    amount: Annotated[int, msgspec.Meta(gt=0, le=10_000)]
    unit: Literal["minutes", "hours", "days"]

    def length(self) -> timedelta:
        """Return it as a duration."""
        return timedelta(**{self.unit: self.amount})


class Audience(Part, frozen=True):
    """Who is meant: in any of the segments `include` and in the tree, whichever are given; in none of `exclude`."""

    include: Ids = ()
    exclude: Ids = ()
    tree: Condition | None = None

    def is_empty(self) -> bool:
        """Say whether nobody was chosen yet."""
        return not self.include and self.tree is None

    def condition(self) -> Condition | None:
        """Return it as one condition; None where nothing is said."""
        parts: list[Condition] = []
        if self.include:
            parts.append(_any_of(self.include))
        if self.tree is not None:
            parts.append(self.tree)
        if self.exclude:
            parts.append(Not(_any_of(self.exclude)))
        return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else None


def _any_of(ids: tuple[int, ...]) -> Condition:
    return Segment(ids[0]) if len(ids) == 1 else Or(tuple(Segment(one) for one in ids))


class Variant(Part, frozen=True):
    """What one share of the audience gets: a template with, perhaps, another subject line or sender's name, or at another time of the day."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "A"
    template: Key = ""
    subject: dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=500)]] | None = None
    sender_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    at: ClockTime | None = None


class Opened(Part, frozen=True, tag_field="kind", tag="open"):
    """They opened the mail; persons, not machines."""


class Clicked(Part, frozen=True, tag_field="kind", tag="click"):
    """They clicked in it; persons, not machines."""


class Did(Part, frozen=True, tag_field="kind", tag="event"):
    """They did this after it had left."""

    name: Word
    where: tuple[Where, ...] = ()


Metric = Opened | Clicked | Did


class Test(Part, frozen=True):
    """A share of the audience gets the variants in equal parts; `wait` after its last mail was due the winner goes to the rest.

    A winner is who is the best with the given certainty (percent). Where nobody is, `tie` goes to the rest; null: the author decides.
    """

    percent: Percent = 20.0
    metric: Metric = Opened()
    wait: Span = Span(4, "hours")
    certainty: Annotated[float, msgspec.Meta(ge=80, le=99.9)] = 95.0
    tie: str | None = None

    def __post_init__(self) -> None:
        """Refuse shares finer than lots."""
        count_lots(self.percent)

    def lots(self) -> int:
        """Return how many of all lots test."""
        return count_lots(self.percent)

    def is_whole(self) -> bool:
        """Say whether everybody tests: nobody waits for a winner."""
        return self.lots() == LOTS


class Now(Part, frozen=True, tag_field="kind", tag="now"):
    """As soon as it is sent, after a minute in which it can be taken back."""


class At(Part, frozen=True, tag_field="kind", tag="at"):
    """At an instant."""

    at: Instant

    def __post_init__(self) -> None:
        """Write it in UTC."""
        _check_year(self.at)
        msgspec.structs.force_setattr(self, "at", self.at.astimezone(UTC))


Passed = Literal["now", "tomorrow", "skip"]


class Local(Part, frozen=True, tag_field="kind", tag="local"):
    """On a day, at this time on each one's own clock. `passed`: what becomes of those for whom that is over as it begins."""

    on: date
    at: ClockTime
    passed: Passed = "now"

    def __post_init__(self) -> None:
        """Refuse days out of reach."""
        _check_year(self.on)


class BestHour(Part, frozen=True, tag_field="kind", tag="best_hour"):
    """On a day, at the hour at which each answers most, on their own clock."""

    on: date
    passed: Passed = "now"

    def __post_init__(self) -> None:
        """Refuse days out of reach."""
        _check_year(self.on)


When = Now | At | Local | BestHour


class Days(Part, frozen=True):
    """Since so many days."""

    days: Annotated[int, msgspec.Meta(gt=0, le=3650)]


class Definition(Part, frozen=True):
    """A campaign as it is written down."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    topic: Key = ""
    audience: Audience = Audience()
    variants: Annotated[tuple[Variant, ...], msgspec.Meta(min_length=1, max_length=MOST_VARIANTS)] = (Variant(),)
    test: Test | None = None
    when: When = Now()
    per_hour: Annotated[int, msgspec.Meta(gt=0, le=100_000_000)] | None = None
    ends_at: Instant | None = None
    skip_seen: Days | Literal[True] | None = None

    def __post_init__(self) -> None:
        """Refuse variants that cannot be told apart."""
        if len({variant.name for variant in self.variants}) < len(self.variants):
            message = "`variants`: give each a name of its own"
            raise ValueError(message)
        if self.ends_at is not None:
            _check_year(self.ends_at)
            msgspec.structs.force_setattr(self, "ends_at", self.ends_at.astimezone(UTC))

    def pace(self) -> timedelta | None:
        """Return the time from one mail to the next; None: none was asked for."""
        return None if self.per_hour is None else timedelta(hours=1) / self.per_hour

    def variant(self, name: str) -> Variant:
        """Return the variant with this name; raises `InvalidInput`."""
        for one in self.variants:
            if one.name == name:
                return one
        raise InvalidInput("variant", name, f"use one of {', '.join(one.name for one in self.variants)}")

    def seen_since(self, now: datetime) -> datetime | None:
        """Return since when nobody may have got the template; None: it is not asked."""
        if self.skip_seen is None:
            return None
        return (
            now - timedelta(days=self.skip_seen.days) if isinstance(self.skip_seen, Days) else datetime.min.replace(year=1970, tzinfo=UTC)
        )


def read(plain: object) -> Definition:
    """Read a definition from plain JSON values; raises `InvalidInput`."""
    try:
        return msgspec.convert(plain, Definition)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise InvalidInput("definition" + place.strip("`").removeprefix("$"), plain, problem) from None


def read_given(given: object) -> Definition:
    """Read what somebody has written down: as `read`, and its conditions keep to the bounds of segments. Raises `InvalidInput`."""
    try:
        definition = read(given)
    except RecursionError:
        raise InvalidInput("definition.audience.tree", "nested too deeply", "make a part of it a segment of its own") from None
    if definition.audience.tree is not None:
        _check_condition(definition.audience.tree, "definition.audience.tree")
    if definition.test is not None and isinstance(definition.test.metric, Did):
        _check_condition(Event(definition.test.metric.name, where=definition.test.metric.where), "definition.test.metric")
    return definition


def _check_condition(condition: Condition, place: str) -> None:
    try:
        from_json(to_json(condition))
    except InvalidInput as error:
        raise InvalidInput(f"{place}.{error.data['field']}", error.data["value"], str(error.data["remedy"])) from None


def plain(definition: Definition) -> dict[str, Any]:
    """Return it as plain JSON values; `read` of it is the same."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(definition))
    return found


class Status(StrEnum):
    """What was decided about a campaign; where it stands is computed from its rows (`State`)."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class State(StrEnum):
    """Where a campaign stands, computed from what was decided and from its rows."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    MATERIALISING = "materialising"  # rows are being written; those that are there leave already
    SENDING = "sending"
    TESTING = "testing"  # the share that tests has its mails; the rest waits for the winner
    UNDECIDED = "undecided"  # nothing was shown, and the author said that they decide
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class Out(StrEnum):
    """Why somebody of the audience gets no row: asked in this order, the first that is true counts."""

    PERSON_GONE = "person_gone"
    PERSON_MERGED = "person_merged"
    PERSON_ERASED = "person_erased"
    NO_ADDRESS = "no_address"
    SUPPRESSED_HARD_BOUNCE = "suppressed_hard_bounce"
    SUPPRESSED_COMPLAINT = "suppressed_complaint"
    SUPPRESSED_SOFT_BOUNCE = "suppressed_soft_bounce"
    SUPPRESSED_MANUAL = "suppressed_manual"
    SUPPRESSED_ERASED = "suppressed_erased"
    NOT_SUBSCRIBED = "not_subscribed"
    NOT_CONFIRMED = "not_confirmed"
    UNSUBSCRIBED = "unsubscribed"
    PERSON_PAUSED = "person_paused"
    ALREADY_SEEN = "already_seen"
    MOMENT_PASSED = "moment_passed"
    CANCELLED = "cancelled"


ORDER = {reason.value: place for place, reason in enumerate(Out)}


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a campaign from being sent: what, where in the definition, and what to do."""

    code: str
    field: str
    message: str
    remedy: str
    variant: str | None = None


@dataclass(frozen=True)
class Campaign:
    """A campaign with all that was decided about it."""

    id: int
    definition: Definition
    revision: int
    status: Status
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    review: str | None
    review_at: datetime | None
    review_by: str | None
    note: str
    resend_of: int | None
    launched_at: datetime | None
    launched_by: str | None
    starts_at: datetime | None
    undo_until: datetime | None
    frozen_at: datetime | None
    audience: int | None
    paused_at: datetime | None
    cancelled_at: datetime | None
    closed_at: datetime | None
    undecided_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    winner: str | None
    verdict: str | None
    archived_at: datetime | None
    failing: str


class CampaignNotFound(NotFound):
    """There is no such campaign."""

    code = "campaign_not_found"


class CampaignChanged(Conflict):
    """Somebody else has saved the campaign meanwhile."""

    code = "campaign_changed"


class CampaignState(Conflict):
    """This cannot be done with the campaign as it stands."""

    code = "campaign_state"


class CampaignNeedsApproval(Conflict):
    """Sending needs another member's approval here: ask for it first."""

    code = "approval_needed"


class OwnCampaign(Conflict):
    """Another member must approve this, signed in: not who saved it or asked about it, and no program."""

    code = "own_draft"


class CampaignProblems(HudhudError):
    """The campaign cannot be sent yet."""

    code = "campaign_problems"
    status = 422

    def __init__(self, problems: list[Problem]) -> None:
        """List every problem at once."""
        lines = [f"{one.field}: {one.message}; {one.remedy}" for one in problems]
        super().__init__("\n".join(lines), problems=[vars(one) for one in problems])
