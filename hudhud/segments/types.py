"""The condition tree, and what segments tell the rest: one language for segments, triggers, branches, waits and goals.

What holds when (the same rules in SQL, in `explain` and in the tests' oracle):

- **Time.** Everything is decided at an instant `now`, in milliseconds. Events with `at > now` do not exist yet.
  `last 7 days` is `now - 7 days < at <= now`; `between` is `from <= at < to`; `since_entry` is `at > since`.
- **Missing.** An attribute or property that is not there (or null) makes every comparison false, `is_not` and
  `is_not_set` alone are true: who has no city is not from Tallinn.
- **Types.** The condition's value decides. A number is compared with numbers and with text that reads as a plain decimal
  number ("12.50"), as 64-bit floats. Text is compared with text, letter by letter (ISO dates therefore sort
  right), true and false with true and false. A stored value of another type is as good as another value: `is_not` is true, all else false.
- **Paths.** `cart.total` reaches into nested objects; a key that contains a dot is the same path.
- **People.** Events of merged actors belong to the survivor; merged and erased people are in no segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from hudhud.kit.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

FORMAT = 1  # of the stored JSON; a tree may say `"version": 1` at its root
MAX_DEPTH = 10
MAX_NODES = 200
MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_NAME = 256
MAX_WHERE = 20
MAX_COUNT = 1_000_000_000
MAX_NUMBER = 2.0**63
MAX_WINDOW = timedelta(days=36_500)
EPOCH = EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Op = Literal["is", "is_not", "more_than", "less_than", "at_least", "at_most", "contains", "starts_with", "one_of", "is_set", "is_not_set"]
Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None
ORDER_OPS = frozenset({"more_than", "less_than", "at_least", "at_most"})
TEXT_OPS = frozenset({"contains", "starts_with"})
BARE_OPS = frozenset({"is_set", "is_not_set"})
BUILT_IN = frozenset({"@language", "@country", "@created_at"})
# Our own records of who came and went; asking for them would make a segment depend on itself.
SEGMENT_EVENTS = frozenset({"Segment Entered", "Segment Left"})


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
    """A filter on one property of an event."""

    property: str
    op: Op
    value: Value = None


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


class And(_Node, frozen=True, tag="and"):
    """All of these hold; of nothing: everybody."""

    of: tuple[Condition, ...]


class Or(_Node, frozen=True, tag="or"):
    """At least one of these holds."""

    of: tuple[Condition, ...]


class Not(_Node, frozen=True, tag="not"):
    """This does not hold."""

    of: Condition


Leaf = Attribute | Event | Consent | Segment
Condition = And | Or | Not | Leaf


CHOICES = {
    "op": get_args(Op),
    "count.op": ("at_least", "at_most", "exactly"),
    "kind": ("and", "or", "not", "attribute", "event", "consent", "segment"),
    "window.kind": ("ever", "last", "between", "since_entry"),
    "unit": ("days", "hours", "minutes"),
    "state": ("subscribed", "pending", "unsubscribed"),
}


def to_json(tree: Condition) -> dict[str, Any]:
    """Return the tree as plain JSON values; `from_json` of it is the same tree."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tree))
    return plain


def canonical(tree: Condition) -> bytes:
    """Return the one byte form of a tree: equal trees have equal bytes."""
    return msgspec.json.encode(tree, order="deterministic")


def from_json(data: object, *, journey: bool = False) -> Condition:
    """Read a tree from plain JSON values; `journey` allows `since_entry` windows.

    Raises `InvalidInput` that names the path, the value and the remedy for anything unknown, missing or out of bounds.
    """
    if isinstance(data, dict) and "version" in data:
        if data["version"] != FORMAT or isinstance(data["version"], bool):
            raise InvalidInput("version", data["version"], f"this Hudhud reads version {FORMAT}")
        data = {key: value for key, value in data.items() if key != "version"}
    _check_size(data)
    try:
        tree: Condition = msgspec.convert(data, Condition)
    except msgspec.ValidationError as problem:
        raise _explained(data, str(problem)) from None
    for path, node in walk(tree):
        _check(path, node, journey=journey)
    return tree


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


def _check_size(data: object) -> None:
    layer: list[object] = [data]
    nodes = 0
    for _depth in range(MAX_DEPTH):
        layer = [part for node in layer if isinstance(node, dict) for part in _parts(node.get("of"))]
        nodes += len(layer)
        if nodes > MAX_NODES:
            raise InvalidInput("of", f"{nodes} conditions", f"use at most {MAX_NODES}; make a part of it a segment of its own")
        if not layer:
            return
    raise InvalidInput("of", "nested too deeply", f"nest at most {MAX_DEPTH} levels; make a part of it a segment of its own")


def _parts(of: object) -> list[object] | tuple[object, ...]:
    return of if isinstance(of, list | tuple) else [of] if of is not None else []


def _explained(data: object, problem: str) -> InvalidInput:
    """Turn msgspec's "… - at `$.of[0].op`" into our error with path, value and what to write instead."""
    reason, _, place = problem.partition(" - at `")
    path = place.rstrip("`").removeprefix("$").removeprefix(".")
    if named := re.search(r"(unknown|required) field `(.*)`", reason):
        path = f"{path}.{named[2]}" if path else named[2]
        remedy = "leave it out: there is no such field here" if named[1] == "unknown" else "this field is needed"
        return InvalidInput(path, _at(data, path), remedy)
    step = ".".join(re.findall(r"[a-z_]+", path)[-2:])
    choices = CHOICES.get(step) or CHOICES.get(step.rpartition(".")[2])
    remedy = f"use one of {', '.join(choices)}" if choices and reason.startswith("Invalid") else reason[:1].lower() + reason[1:]
    return InvalidInput(path or "condition", _at(data, path), remedy)


def _at(data: object, path: str) -> object:
    for step in re.findall(r"\w+", path):
        data = data[int(step)] if isinstance(data, list | tuple) else data.get(step) if isinstance(data, dict) else None
    return data


def _check(path: str, node: Condition, *, journey: bool) -> None:
    at = f"{path}." if path else ""
    if isinstance(node, Or) and not node.of:
        raise InvalidInput(f"{at}of", [], "give at least one condition, or `and` of nothing for everybody")
    if isinstance(node, Attribute):
        _check_attribute(at, node)
    elif isinstance(node, Event):
        _check_event(at, node, journey=journey)
    elif isinstance(node, Consent):
        _check_text(f"{at}topic", node.topic)
        if not re.fullmatch(r"[a-z_]{1,40}", node.channel):
            raise InvalidInput(f"{at}channel", node.channel, "use a channel such as `email`")
    elif isinstance(node, Segment) and not 0 < node.segment_id < 2**63:
        raise InvalidInput(f"{at}segment_id", node.segment_id, "use the id of a segment")


def _check_attribute(at: str, node: Attribute) -> None:
    if node.name.startswith("@") and node.name not in BUILT_IN:
        raise InvalidInput(f"{at}name", node.name, f"use an attribute's name or one of {', '.join(sorted(BUILT_IN))}")
    _check_path(f"{at}name", node.name)
    if node.name == "@created_at":
        if node.op not in ORDER_OPS:
            raise InvalidInput(f"{at}op", node.op, f"use one of {', '.join(sorted(ORDER_OPS))} for an instant")
        to_instant(f"{at}value", node.value)
        return
    _check_value(at, node.op, node.value)


def _check_event(at: str, node: Event, *, journey: bool) -> None:
    _check_text(f"{at}name", node.name)
    if node.name in SEGMENT_EVENTS:
        raise InvalidInput(f"{at}name", node.name, 'use {"kind": "segment"} to ask for membership')
    least = 0 if node.count.op != "at_least" else 1
    if not least <= node.count.value <= MAX_COUNT:
        raise InvalidInput(f"{at}count.value", node.count.value, f"use a whole number from {least} up")
    _check_window(f"{at}window", node.window, journey=journey)
    if len(node.where) > MAX_WHERE:
        raise InvalidInput(f"{at}where", f"{len(node.where)} filters", f"use at most {MAX_WHERE}")
    for place, where in enumerate(node.where):
        _check_path(f"{at}where[{place}].property", where.property)
        _check_value(f"{at}where[{place}].", where.op, where.value)


def _check_window(path: str, window: Window, *, journey: bool) -> None:
    if isinstance(window, SinceEntry) and not journey:
        raise InvalidInput(f"{path}.kind", "since_entry", "only journeys know an entry; use `last` or `between` in a segment")
    if isinstance(window, Last) and not (0 < window.amount <= 10**8 and window.length <= MAX_WINDOW):
        raise InvalidInput(f"{path}.amount", window.amount, f"use 1 up to {MAX_WINDOW.days} days")
    if isinstance(window, Between):
        for name, instant in (("from", window.from_), ("to", window.to)):
            if instant.tzinfo is None or not EARLIEST <= instant <= LATEST:
                raise InvalidInput(f"{path}.{name}", instant.isoformat(), "use an instant with its zone, such as 2026-03-01T00:00:00Z")
        if window.from_ >= window.to:
            raise InvalidInput(f"{path}.to", window.to.isoformat(), "it must be later than `from`")


def _check_value(at: str, op: Op, value: Value) -> None:
    if op in BARE_OPS:
        if value is not None:
            raise InvalidInput(f"{at}value", value, f"`{op}` takes no value")
        return
    if op == "one_of":
        if not isinstance(value, tuple) or not 0 < len(value) <= MAX_VALUES:
            raise InvalidInput(f"{at}value", value, f"give a list of 1 to {MAX_VALUES} values")
        for place, one in enumerate(value):
            _check_scalar(f"{at}value[{place}]", one)
        return
    if value is None or isinstance(value, tuple):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes one value")
    if op in TEXT_OPS and not (isinstance(value, str) and value):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes text")
    if op in ORDER_OPS and isinstance(value, bool):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes a number or text (dates as 2026-03-01)")
    _check_scalar(f"{at}value", value)


def _check_scalar(path: str, value: Scalar) -> None:
    if isinstance(value, str):
        if len(value) > MAX_TEXT or "\0" in value:
            raise InvalidInput(path, value, f"use at most {MAX_TEXT} characters, none of them NUL")
        _check_encodes(path, value)
    elif not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise InvalidInput(path, value, "use a number between -2^63 and 2^63")


def _check_encodes(path: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(path, value, "it contains half a character; type it again") from None


def _check_text(path: str, value: str) -> None:
    if not value.strip() or len(value) > MAX_NAME or "\0" in value:
        raise InvalidInput(path, value, f"use 1 to {MAX_NAME} characters")
    _check_encodes(path, value)


def _check_path(path: str, value: str) -> None:
    _check_text(path, value)
    if "" in value.split("."):
        raise InvalidInput(path, value, "use names joined by single dots, such as cart.total")


def to_instant(path: str, value: object) -> datetime:
    """Read an ISO 8601 instant with its zone; raises `InvalidInput` naming `path`."""
    remedy = "use an instant with its zone, such as 2026-03-01T00:00:00Z"
    if not isinstance(value, str):
        raise InvalidInput(path, value, remedy)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput(path, value, remedy) from None
    if instant.tzinfo is None or not EARLIEST <= instant <= LATEST:
        raise InvalidInput(path, value, remedy)
    return instant.astimezone(UTC)


def to_ms(instant: datetime, *, up: bool = False) -> int:
    """Return whole milliseconds since 1970, rounded down (or up); events have no finer time."""
    return -((EPOCH - instant) // MILLISECOND) if up else (instant - EPOCH) // MILLISECOND


@dataclass(frozen=True, slots=True)
class Touched:
    """What a batch changed in one workspace: whom, and which facts about them."""

    person_ids: frozenset[int]  # after merging: survivors
    event_names: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()  # names of changed attributes, also @language and @country; "*" = any
    topics: frozenset[str] = frozenset()  # keys of topics whose subscriptions changed
    # When the batch's events happened, by name: what time will do is planned from it. None: look it up (slower).
    instants: Mapping[str, Collection[datetime]] | None = None


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

    `value` of an attribute is what is stored (None: missing), of an event {"count", "last_at"}, of consent the state
    (None: never asked), of a segment whether the person is a member.
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


class SegmentCycle(Conflict):
    """This would make the segment depend on itself."""

    code = "segment_cycle"
