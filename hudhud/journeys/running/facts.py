"""What a condition depends on, and the quick conditions that one event alone decides.

A quick condition is "such an event at least once since the entry", or several of them joined by `or`. Those are decided
in memory, to the millisecond, when the event passes; all others by one ClickHouse query for all people of a batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.segments.types import ORDER_OPS, Condition, Consent, Or, Segment, SinceEntry, attribute_names, by_list, event_names, leaves
from hudhud.segments.types import Event as EventLeaf
from hudhud.segments.types import asks_entry as is_since_entry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.events.types import Event
    from hudhud.segments.types import Scalar, Where

# As in the SQL of segments.
_DECIMAL = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,9})?")


@dataclass(frozen=True)
class Watch:
    """One condition of a version: where it stands, and which facts can change it."""

    place: str  # goal, exit_on.0, or the id of a wait node
    tree: Condition
    quick: tuple[EventLeaf, ...]  # empty: only a query can tell
    event_names: frozenset[str]
    about_people: bool  # attributes or consent
    segment_ids: frozenset[int]


def watch(place: str, tree: Condition) -> Watch:
    """Look through a condition once."""
    parts = list(leaves(tree))
    return Watch(
        place=place,
        tree=tree,
        quick=quick_leaves(tree),
        event_names=frozenset(name for leaf in parts for name in event_names(leaf)),
        about_people=any(isinstance(leaf, Consent) or attribute_names(leaf) for leaf in parts),
        segment_ids=frozenset(leaf.segment_id for leaf in parts if isinstance(leaf, Segment)),
    )


def quick_leaves(tree: Condition) -> tuple[EventLeaf, ...]:
    """Return the leaves of a quick condition; empty for any other."""
    parts = tree.of if isinstance(tree, Or) else (tree,)
    quick = [leaf for leaf in parts if isinstance(leaf, EventLeaf) and _is_quick(leaf)]
    return tuple(quick) if len(quick) == len(parts) else ()


def _is_quick(leaf: EventLeaf) -> bool:
    return leaf.count.op == "at_least" and leaf.count.value == 1 and isinstance(leaf.window, SinceEntry)


def asks_entry(tree: Condition) -> bool:
    """Say whether the condition asks what happened since the entry."""
    return any(is_since_entry(leaf) for leaf in leaves(tree))


def decides(event: Event, wanted: Iterable[EventLeaf], entered_at: datetime) -> bool:
    """Say whether this event alone makes a quick condition true for a run that began at `entered_at`."""
    return any(leaf.name == event.name and _is_since(event.at, leaf, entered_at) and passes(event, leaf.where) for leaf in wanted)


def _is_since(at: datetime, leaf: EventLeaf, entered_at: datetime) -> bool:
    assert isinstance(leaf.window, SinceEntry)
    return at.date() > entered_at.date() if leaf.window.later_day else at > entered_at


def passes(event: Event, where: tuple[Where, ...]) -> bool:
    """Say whether the event's properties pass every filter, by the rules of segments/types.py."""
    if not where:
        return True
    properties = read_properties(event)
    for listed, some in by_list(where).items():
        wholes = _items(properties, listed) if listed else [properties]
        if not any(all(holds(find_value(whole, part.place()[1]), part) for part in some) for whole in wholes):
            return False
    return True


def _items(properties: dict[str, Any], path: str) -> list[dict[str, Any]]:
    listed = find_value(properties, path)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def read_properties(event: Event) -> dict[str, Any]:
    """Decode an event's properties."""
    properties: dict[str, Any] = msgspec.json.decode(event.properties or b"{}")
    return properties


def find_value(part: dict[str, Any], path: str, prefix: str = "") -> object:
    """Return the first value at a dotted path, or None; a key that contains dots is the same path, an object is no value."""
    for name, inner in part.items():
        whole = f"{prefix}{name}"
        if isinstance(inner, dict):
            found = find_value(inner, path, f"{whole}.") if path.startswith(f"{whole}.") else None
            if found is not None:
                return found
        elif inner is not None and whole == path:
            return inner
    return None


def holds(stored: object, part: Where) -> bool:
    """Say whether a stored value passes a filter, by the rules of segments/types.py."""
    if part.op in {"is_set", "is_not_set"}:
        return (stored is not None) == (part.op == "is_set")
    if isinstance(part.value, tuple):
        return _holds_of_many(stored, part.op, part.value)
    assert part.value is not None
    if part.op in {"is", "is_not"}:
        return _same(stored, part.value) == (part.op == "is")
    return _compares(stored, part.op, part.value)


def _holds_of_many(stored: object, op: str, values: tuple[Scalar, ...]) -> bool:
    if op == "one_of":
        return any(_same(stored, one) for one in values)
    items = stored if isinstance(stored, list) else []
    found = [any(_same(item, one) for item in items) for one in values]
    return all(found) if op == "has_all" else any(found) == (op == "has_any")


def _same(stored: object, value: Scalar) -> bool:
    known = _as_type_of(value, stored)
    return known is not None and bool(known == value)


def _compares(stored: object, op: str, value: Scalar) -> bool:
    known: Any = _as_type_of(value, stored)
    if known is None:
        return False
    if op in ORDER_OPS:
        other: Any = float(value) if isinstance(value, int | float) else value
        return bool({"more_than": known > other, "less_than": known < other, "at_least": known >= other, "at_most": known <= other}[op])
    return bool(value in known if op == "contains" else known.startswith(value))


def _as_type_of(value: Scalar, stored: object) -> float | str | bool | None:
    """Return the stored value as the kind of thing it is compared with; None if it is another."""
    if isinstance(value, bool) or isinstance(stored, bool):
        return stored if isinstance(value, bool) and isinstance(stored, bool) else None
    if isinstance(value, str):
        return stored if isinstance(stored, str) else None
    if isinstance(stored, str):
        return float(stored) if _DECIMAL.fullmatch(stored) else None
    return float(stored) if isinstance(stored, int | float) else None
