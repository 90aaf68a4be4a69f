"""The nodes of a condition tree, and ways through it. What they mean: types.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Op = Literal[
    "is", "is_not", "more_than", "less_than", "at_least", "at_most", "contains", "starts_with", "one_of",
    "has_any", "has_all", "has_none", "is_set", "is_not_set",
]  # fmt: skip
Take = Literal["sum", "average", "min", "max", "first", "last"]
DayOp = Literal["in", "ago", "within_next", "within_last", "more_than_in", "more_than_ago"]
Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None
ORDER_OPS = frozenset({"more_than", "less_than", "at_least", "at_most"})
TEXT_OPS = frozenset({"contains", "starts_with"})
BARE_OPS = frozenset({"is_set", "is_not_set"})
ITEM_OPS = frozenset({"has_any", "has_all", "has_none"})  # about the items of a list
MANY_OPS = ITEM_OPS | {"one_of"}  # take several values
BUILT_IN = frozenset({"@language", "@country", "@created_at"})
TAKE_NUMBERS = frozenset({"sum", "average", "min", "max"})
Did = Literal["sent", "bounced", "opened", "clicked"]
MESSAGE_EVENTS: dict[Did, str] = {
    "sent": "Message Sent",
    "bounced": "Message Bounced",
    "opened": "Message Opened",
    "clicked": "Message Clicked",
}
ITEMS = "[]"
COMPANY_KEY = "@key"
BY_PERSONS = frozenset({"opened", "clicked"})  # what machines do too
Stay = Literal["is_in", "was_in", "reached_goal", "left"]
JOURNEY_EVENTS = ("Journey Entered", "Journey Left")
ENDS: dict[Stay, tuple[str, ...]] = {"reached_goal": ("goal",), "left": ("goal", "finished", "exited")}  # not: merged into another run
# Our own records of who came and went: what is to be asked instead, so that it is known what a condition depends on.
INSTEAD = {"Segment Entered": "segment", "Segment Left": "segment", "Journey Entered": "journey", "Journey Left": "journey"}


class _Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of everything that is told apart by `kind`."""


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many events it takes."""

    op: Literal["at_least", "at_most", "exactly"] = "at_least"
    value: int = 1

    def admits(self, number: int) -> bool:
        """Say whether `number` events satisfy this."""
        return {"at_least": number >= self.value, "at_most": number <= self.value, "exactly": number == self.value}[self.op]


class Ever(_Node, frozen=True, tag="ever"):
    """All time up to now."""


class Last(_Node, frozen=True, tag="last"):
    """The last so-and-so many days, hours or minutes up to now."""

    amount: int
    unit: Literal["days", "hours", "minutes"] = "days"

    @property
    def length(self) -> timedelta:
        """The window's length."""
        return timedelta(**{self.unit: self.amount})


class Between(_Node, frozen=True, tag="between", rename={"from_": "from"}):
    """From an instant up to, not including, another."""

    from_: datetime
    to: datetime


class SinceEntry(_Node, frozen=True, tag="since_entry"):
    """After the person entered a journey (or, `later_day`, on a later calendar day, UTC); only journeys know it."""

    later_day: bool = False


Window = Ever | Last | Between | SinceEntry


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A filter on one property of an event; `products[].category` reaches into the items of a list."""

    property: str
    op: Op
    value: Value = None

    def place(self) -> tuple[str, str]:
        """Return the list that the property reaches into ('': none), and the path in each of its items or in the event."""
        listed, found, inner = self.property.partition(f"{ITEMS}.")
        return (listed, inner) if found else ("", self.property)


class Attribute(_Node, frozen=True, tag="attribute"):
    """A person's attribute compares so with a value."""

    name: str
    op: Op
    value: Value = None


class Event(_Node, frozen=True, tag="event"):
    """A person did (or did not do) something so often in a window."""

    name: str
    count: Count = Count()
    window: Window = Ever()
    where: tuple[Where, ...] = ()


class Consent(_Node, frozen=True, tag="consent"):
    """A person's subscription to a topic on a channel is in this state."""

    topic: str
    channel: str = "email"
    state: Literal["subscribed", "pending", "unsubscribed"] = "subscribed"


class Segment(_Node, frozen=True, tag="segment"):
    """A person is (or is not) in another segment, as last recorded."""

    segment_id: int
    member: bool = True


class Amount(_Node, frozen=True, tag="amount"):
    """What a property of a person's events comes to (the sum, the average, the first …) compares so with a value."""

    name: str
    property: str
    take: Take
    op: Op
    value: Value = None
    window: Window = Ever()
    where: tuple[Where, ...] = ()


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event that is part of a sequence."""

    name: str
    where: tuple[Where, ...] = ()


class Within(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much time at most, counted from the step before or from the first one."""

    amount: int
    unit: Literal["days", "hours", "minutes"] = "days"
    after: Literal["previous", "first"] = "previous"

    @property
    def length(self) -> timedelta:
        """As a duration."""
        return timedelta(**{self.unit: self.amount})


class Sequence(_Node, frozen=True, tag="sequence"):
    """A person did two to six things one after another: within a time at most, without another in between."""

    steps: tuple[Step, ...]
    within: Within | None = None
    without: Step | None = None
    window: Window = Ever()


class Day(_Node, frozen=True, tag="date"):
    """A person's date is so many days away from today; `yearly`: its anniversary is."""

    name: str
    op: DayOp
    days: int = 0
    yearly: bool = False


class Near(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many kilometres around a point; degrees north and east."""

    latitude: int | float
    longitude: int | float
    km: int | float


class Place(_Node, frozen=True, tag="place"):
    """A person is known to be there: in one of these countries, and regions, and cities, and near a point; or, `outside`, known to be elsewhere."""

    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    near: Near | None = None
    outside: bool = False


class Company(_Node, frozen=True, tag="company"):
    """A person is in a company of which all of this is true; of no filters: in any at all. `@key` is what the company is called by."""

    where: tuple[Where, ...] = ()


class Share(_Node, frozen=True, tag="share"):
    """A person is among so many percent chosen by lot: the same people for the same salt."""

    percent: int | float
    salt: str


class Engaged(_Node, frozen=True, tag="message"):
    """So often in a window a person was sent messages, did not get them, or (they, and no machine) opened them or clicked in them.

    All messages, or those of one template, one journey (its key), one channel.
    """

    did: Did
    template: str | None = None
    journey: str | None = None
    channel: str | None = None
    count: Count = Count()
    window: Window = Ever()

    def to_event(self) -> Event:
        """Return the same asked of the events that only delivery writes; opens and clicks come with a verdict on who it was."""
        verdict = (Where("verdict", "is", "human"),) if self.did in BY_PERSONS else ()
        narrowed = {"template": self.template, "journey": self.journey, "channel": self.channel}
        where = (*verdict, *(Where(name, "is", value) for name, value in narrowed.items() if value is not None))
        return Event(MESSAGE_EVENTS[self.did], self.count, self.window, where)


class InJourney(_Node, frozen=True, tag="journey"):
    """A person is in a journey (its key), or has in a window entered it, reached its goal, or left it in whatever way."""

    journey: str
    did: Stay = "is_in"
    window: Window = Ever()

    def to_event(self) -> Event:
        """Return the same asked of the events that only journeys cause; being in one is no event."""
        mine = Where("journey", "is", self.journey)
        if self.did == "was_in":
            return Event(JOURNEY_EVENTS[0], window=self.window, where=(mine,))
        return Event(JOURNEY_EVENTS[1], window=self.window, where=(mine, Where("outcome", "one_of", ENDS[self.did])))


class RunAnswer(_Node, frozen=True, tag="run"):
    """What the person's run of a journey was answered (`loyalty.points`) compares so with a value; only journeys know it."""

    name: str
    op: Op
    value: Value = None


class And(_Node, frozen=True, tag="and"):
    """All of these hold; of nothing: everybody."""

    of: tuple[Condition, ...]


class Or(_Node, frozen=True, tag="or"):
    """At least one of these holds."""

    of: tuple[Condition, ...]


class Not(_Node, frozen=True, tag="not"):
    """This does not hold."""

    of: Condition


Leaf = Attribute | Event | Engaged | InJourney | Amount | Sequence | Day | Place | Company | Share | Consent | Segment | RunAnswer
Condition = And | Or | Not | Leaf


def to_json(tree: Condition) -> dict[str, Any]:
    """Return the tree as plain JSON values; `from_json` of it is the same tree."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tree))
    return plain


def canonical(tree: Condition) -> bytes:
    """Return the one byte form of a tree: equal trees have equal bytes."""
    return msgspec.json.encode(tree, order="deterministic")


def children(node: Condition) -> tuple[tuple[str, Condition], ...]:
    """Return a node's parts, each with its step in a path: `of[0]`, `of[1]`, … or `of`."""
    if isinstance(node, And | Or):
        return tuple((f"of[{place}]", child) for place, child in enumerate(node.of))
    return (("of", node.of),) if isinstance(node, Not) else ()


def walk(tree: Condition, path: str = "") -> Iterator[tuple[str, Condition]]:
    """Yield every node with its path (`of[1].of`), the tree itself first; the root's path is empty."""
    yield path, tree
    for step, child in children(tree):
        yield from walk(child, f"{path}.{step}" if path else step)


def leaves(tree: Condition) -> Iterator[Leaf]:
    """Yield every leaf, from left to right."""
    return (node for _, node in walk(tree) if not isinstance(node, And | Or | Not))


def event_names(leaf: Leaf) -> tuple[str, ...]:
    """Return the names of the events that a leaf depends on."""
    if isinstance(leaf, Sequence):
        return tuple(step.name for step in (*leaf.steps, leaf.without) if step is not None)
    if isinstance(leaf, Engaged):
        return (MESSAGE_EVENTS[leaf.did],)
    if isinstance(leaf, InJourney):
        return JOURNEY_EVENTS if leaf.did == "is_in" else (leaf.to_event().name,)
    return (leaf.name,) if isinstance(leaf, Event | Amount) else ()


def attribute_names(leaf: Leaf) -> tuple[str, ...]:
    """Return the names of the attributes that a leaf depends on."""
    if isinstance(leaf, Day):
        return (leaf.name, "@time_zone")
    if isinstance(leaf, Place):
        asked = {"@country": leaf.countries, "@region": leaf.regions, "@city": leaf.cities, "@position": leaf.near}
        return tuple(name for name, value in asked.items() if value)
    if isinstance(leaf, Company):
        return ("@company",)
    return (leaf.name,) if isinstance(leaf, Attribute) else ()


def journey_keys(tree: Condition) -> frozenset[str]:
    """Return the keys of the journeys that a tree asks for itself."""
    return frozenset(leaf.journey for leaf in leaves(tree) if isinstance(leaf, InJourney | Engaged) and leaf.journey is not None)


def by_list(filters: Iterable[Where]) -> dict[str, list[Where]]:
    """Return the filters by the list that they reach into ('': none): those of one list are about one and the same item."""
    found: dict[str, list[Where]] = {}
    for where in filters:
        found.setdefault(where.place()[0], []).append(where)
    return found


def asks_entry(leaf: Leaf) -> bool:
    """Say whether the leaf asks what happened since the entry into a journey."""
    return isinstance(leaf, Event | Engaged | InJourney | Amount | Sequence) and isinstance(leaf.window, SinceEntry)


def to_ms(instant: datetime, *, up: bool = False) -> int:
    """Return whole milliseconds since 1970, rounded down (or up); events have no finer time."""
    return -((EPOCH - instant) // MILLISECOND) if up else (instant - EPOCH) // MILLISECOND
