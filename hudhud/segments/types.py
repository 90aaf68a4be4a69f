"""The condition tree, and what segments tell the rest: one language for segments, triggers, branches, waits and goals.

What holds when (the same rules in SQL, in `explain` and in the tests' oracle):

- **Time.** Everything is decided at an instant `now`, in milliseconds. Events with `at > now` do not exist yet.
  `last 7 days` is `now - 7 days < at <= now`; `between` is `from <= at < to`; `since_entry` is `at > since`.
- **Missing.** An attribute or property that is not there (or null) makes every comparison false, `is_not` and
  `is_not_set` alone are true: who has no city is not from Tallinn.
- **Types.** The condition's value decides. A number is compared with numbers and with text that reads as a plain decimal
  number ("12.50"), as 64-bit floats. Text is compared with text, letter by letter (ISO dates therefore sort
  right), true and false with true and false. A stored value of another type is as good as another value: `is_not` is true, all else false.
- **Lists.** `has_any` and `has_all`: one item of the list is one of the values, or for each of the values one is. `has_none` is true when `has_any` is not, so also
  where there is no list. What is no list has no items. The values are texts and numbers: beside others in a list, true and false are stored as those.
- **Amounts.** `sum` and `average` are of the numbers that the events have, in millionths, exactly, whatever their order; text that reads as a
  number is one, 10^15 and more is none. `min` and `max` are of the numbers as they are. No numbers: nothing, which compares as a missing value does (also
  a sum). `first` and `last` look at the first and the last event that passes, whether it has the property or not; of several at the very
  same millisecond it is enough when one has the value.
- **Sequences.** Each event comes at least a millisecond after the one before, and not later than `within` after that one (or, `after` "first",
  after the first); what is `without` does not come strictly between the first and the last. One event can be a part of several chains.
- **Days.** A date is text that begins with 2026-03-31 (what follows must begin with `T` or a space) from 1900 to 2299, as written, whatever its zone; today is
  the day in the person's time zone, or in the workspace's for whom no other is known (of `@created_at` the day is that in UTC). `within_next 7` is today and the seven days after it, `more_than_ago 7` is from the eighth day before today backwards. `yearly` looks at month and day alone, so
  --03-31 will do; who has 29 February has it on the 28th in years without one. Anything else is no date: false.
- **Places.** Where somebody is, as far as it is known (people/places.py): they stated it, their device or address told it. Names of regions and cities are compared
  without capitals and accents. In a place is who is in each part that is asked for. `outside` is who is known not to be in one of them. What is
  not known is neither: who has no position is neither near nor far. Distances are great circles on a globe of 6,371.0088 km.
- **Companies.** All filters of one condition are about one and the same company, also `is_not` and `is_not_set`: there is one of theirs whose plan is another.
  Its attributes count as they are today (`group` calls), as do people's.
- **Messages.** What became of messages are events that only delivery can write (the names are refused to everybody else): `Message Sent`, when
  a server took it (whether it reached the inbox nobody knows), `Message Bounced`, when none would, for whatever reason; `Message Opened` and `Message
  Clicked`, a few seconds after the act, at the act's own time; of these `human` is the verdict that counts, by the rules of the day it was given. A message that was never
  opened by its picture can have been read, and what a person's own program fetches may be told from a machine's wrongly.
- **Journeys.** `Journey Entered` and `Journey Left` are told a second or two after a run began or ended, at the run's own time. In a journey is who
  has a run there that has begun and not ended. A run that ended because its person was merged into another who has one too was not left.
- **Shares.** The lot of a person is xxHash64("salt:id"), modulo 10,000; the lowest so many hundredths of a percent are in, for ever.
- **Paths.** `cart.total` reaches into nested objects; a key that contains a dot is the same path. In filters on events `products[].price` reaches into
  the items of a list: all filters of one condition that reach into the same list are about one and the same item, also `is_not` and `is_not_set` (an item
  whose price is another). Where there is no list, or none of objects, there is no such item.
- **Runs.** What the run of a journey was answered is known to that journey alone, compares as properties do, and is asked of no database of events.
- **People.** Events of merged actors belong to the survivor; merged and erased people are in no segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.kit.errors import Conflict, HudhudError, NotFound
from hudhud.segments.conditions.checks import from_json
from hudhud.segments.conditions.nodes import (
    EPOCH,
    ITEM_OPS,
    MILLISECOND,
    ORDER_OPS,
    Amount,
    And,
    Attribute,
    Between,
    Company,
    Condition,
    Consent,
    Count,
    Day,
    DayOp,
    Engaged,
    Event,
    Ever,
    InJourney,
    Last,
    Leaf,
    Near,
    Not,
    Op,
    Or,
    Place,
    RunAnswer,
    Scalar,
    Segment,
    Sequence,
    Share,
    SinceEntry,
    Step,
    Take,
    Value,
    Where,
    Window,
    Within,
    asks_entry,
    attribute_names,
    by_list,
    canonical,
    children,
    event_names,
    journey_keys,
    leaves,
    to_json,
    to_ms,
    walk,
)
from hudhud.segments.conditions.values import to_instant
from hudhud.segments.text.form import from_text, to_text
from hudhud.segments.text.tokens import BadText

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

__all__ = [
    "EPOCH",
    "ITEM_OPS",
    "MILLISECOND",
    "ORDER_OPS",
    "Amount",
    "And",
    "Attribute",
    "BadText",
    "Between",
    "Change",
    "Company",
    "Condition",
    "Consent",
    "Count",
    "Day",
    "DayOp",
    "Engaged",
    "Event",
    "Ever",
    "InJourney",
    "Last",
    "Leaf",
    "Near",
    "Not",
    "Op",
    "Or",
    "Place",
    "RunAnswer",
    "Scalar",
    "Segment",
    "SegmentCycle",
    "SegmentInUse",
    "SegmentNotFound",
    "SegmentOwned",
    "Sequence",
    "Share",
    "SinceEntry",
    "Step",
    "Take",
    "TooCostly",
    "Touched",
    "Value",
    "Verdict",
    "Where",
    "Window",
    "Within",
    "asks_entry",
    "attribute_names",
    "by_list",
    "canonical",
    "children",
    "event_names",
    "from_json",
    "from_text",
    "journey_keys",
    "leaves",
    "to_instant",
    "to_json",
    "to_ms",
    "to_text",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Touched:
    """What a batch changed in one workspace: whom, and which facts about them."""

    person_ids: frozenset[int]  # after merging: survivors
    event_names: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()  # names of changed attributes, also @language and @country; "*" = any
    topics: frozenset[str] = frozenset()  # keys of topics whose subscriptions changed
    # When the batch's events happened, by name: what time will do is planned from it. None: look it up (slower).
    instants: Mapping[str, Collection[datetime]] | None = None
    # Whom the events of each name are about (in the order of `instants`), and whose attributes or topics changed. None: anybody of these people.
    doers: Mapping[str, Collection[int]] | None = None
    changed: Collection[int] | None = None
    # What those events say, as it came (JSON; nothing: nobody can tell what ClickHouse has of it), in the same order. None: it may be anything.
    properties: Mapping[str, Collection[bytes]] | None = None
    # Of whom ClickHouse does not know yet what has changed since: asked about all the same, and again when it does.
    behind: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()  # of these people: who was erased
    created: frozenset[int] = frozenset()  # of these people: whom this batch has made
    # The first row of the log that it has, where ClickHouse had none of its events before it came, and has all of them now. None: nobody is sure of that.
    first_row: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One person entered or left one segment."""

    segment_id: int
    person_id: int
    entered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one node holds for one person, and the value that decided it.

    `value` of an attribute is what is stored (None: missing), of an event {"count", "last_at"}, of being in a journey since when (None: not in it), of an amount the sum,
    average … or value (None: there is none), of a sequence the instants of the latest chain (None: there is none), of a share the person's
    lot in percent, of a place where they are and how far from the point in kilometres, of companies the keys of those that pass, of consent the state (None: never asked), of a segment whether the person is a member; what it asks for stands below where it is named first.
    """

    path: str
    node: Condition
    holds: bool
    value: object = None
    of: tuple[Verdict, ...] = field(default=())


class SegmentNotFound(NotFound):
    """There is no such segment."""

    code = "segment_not_found"


class SegmentInUse(Conflict):
    """Another segment is built on this one; change that one first."""

    code = "segment_in_use"


class SegmentOwned(Conflict):
    """This segment is a part of something else; change that instead."""

    code = "segment_owned"


class SegmentCycle(Conflict):
    """This would make the segment depend on itself."""

    code = "segment_cycle"


class TooCostly(HudhudError):
    """Counting these conditions takes more time or memory than one question may have; look at a shorter time, or at fewer kinds of events."""

    code = "too_costly"
    status = 422
