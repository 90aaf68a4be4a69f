"""What is built on a segment, and the way round a circle of segments: what must be known before one is changed or put away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import InvalidInput
from hudhud.segments.asking.ask import QUERIES, read_definitions
from hudhud.segments.asking.sets import Listed
from hudhud.segments.types import Segment, SegmentCycle, SegmentInUse, SegmentNotFound, SegmentOwned, attribute_names, journey_keys, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.types import Condition


# What is told when somebody moves between the segments of an owner; asked for there, a move would cause the next one, for ever.
ECHOES = {"lifecycle": "Lifecycle Stage Changed"}
MAX_DEPTH = 50  # segments one below the other: far more than anybody has in mind, far fewer than would exhaust a call stack


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that asks for a segment, an event or an attribute, and where in it."""

    kind: str  # segment, stage, persona, journey, campaign, endpoint
    key: str  # a segment's, persona's or endpoint's id, a stage's or journey's key
    names: dict[str, str]  # by language; a segment has one for all: ""
    status: str = ""  # of a journey: draft, running, paused
    version: int | None = None
    is_current: bool = True  # False: an older version of a journey that people are still under way in
    places: tuple[str, ...] = ()  # in a journey: trigger, goal, exit_on.0, the id of a node with the name of its condition
    properties: tuple[str, ...] = ()  # of an event: which of them it asks for

    @property
    def title(self) -> str:
        """Return what to call it in a message."""
        return self.names.get("") or self.names.get("en") or next(iter(self.names.values()), self.key)


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the segments that name this one."""
    return [Use("segment", str(row[0]), {"": row[1]}) for row in ws.rows(QUERIES.find_users, id=segment_id)]


def find_asked_journeys(ws: Scope, tree: Condition) -> set[str]:
    """Return the keys of the journeys that a tree asks for, itself or by the segments it is built on."""
    meant = [one for one in read_definitions(ws, [tree]).values() if not isinstance(one, Listed)]
    return {key for one in (tree, *meant) for key in journey_keys(one)}


def find_asked_attributes(ws: Scope, tree: Condition) -> set[str]:
    """Return the names of the attributes that a tree asks for, itself or by the segments it is built on."""
    meant = [one for one in read_definitions(ws, [tree]).values() if not isinstance(one, Listed)]
    return {name for one in (tree, *meant) for leaf in leaves(one) for name in attribute_names(leaf)}


def find_missing(ws: Scope, segment_ids: Iterable[int]) -> list[int]:
    """Return which of these segments there are not (any more)."""
    wanted = sorted(set(segment_ids))
    return [row[0] for row in ws.rows(QUERIES.find_missing, ids=wanted)] if wanted else []


def check_unused(name: str, segment_id: int, uses: Sequence[Use]) -> None:
    """Raise `SegmentInUse` with all of `uses`, and what to do about them."""
    if not uses:
        return
    where = ", ".join(f"the {use.kind} “{use.title}”" for use in uses)
    raise SegmentInUse(
        f"“{name}” is used by {where}; take it out there first.", segment_id=segment_id, uses=[use_to_json(use) for use in uses]
    )


def use_to_json(use: Use) -> dict[str, Any]:
    """Return a use as it goes over the wire."""
    return {
        "kind": use.kind,
        "key": use.key,
        "names": use.names,
        "status": use.status,
        "version": use.version,
        "is_current": use.is_current,
        "places": list(use.places),
        "properties": list(use.properties),
    }


def check_listed(ws: Scope, segment_id: int) -> None:
    """Raise `SegmentOwned` if a segment is a part of something else, `SegmentNotFound` if there is none."""
    owner = ws.value(QUERIES.find_owner, id=segment_id)
    if owner is None:
        raise SegmentNotFound(segment_id=segment_id)
    if owner:
        raise SegmentOwned(f"This segment is a part of {owner!r}; change that instead.", segment_id=segment_id, owner=owner)


def check_echo(owner: str, event_names: Iterable[str]) -> None:
    """Raise `SegmentCycle` if a segment of this owner asks, however indirectly, for the events that its own members cause."""
    kind = owner.partition(":")[0]
    if ECHOES.get(kind) in set(event_names):
        raise SegmentCycle(f"A rule of the {kind} cannot ask for “{ECHOES[kind]}”: every move would cause the next one. Take it out.")


def check_circle(ws: Scope, tree: Condition, definitions: Definitions, segment_id: int) -> None:
    """Raise `SegmentCycle` that names the way round if the tree asks, however indirectly, for the segment it is to define."""
    way = _way(tree, definitions, segment_id, set())
    if way is None:
        return
    names = dict(ws.rows(QUERIES.find_names, ids=way))
    path = [{"id": one, "name": names.get(one, "")} for one in (segment_id, *way)]
    round_ = " → ".join(f"“{step['name']}”" for step in path)
    raise SegmentCycle(f"This would make the segment depend on itself: {round_}. Take one of them out.", segment_id=segment_id, path=path)


def check_depth(tree: Condition, definitions: Definitions, above: int = 0) -> None:
    """Raise `InvalidInput` where segments that name segments stand too deep one below the other; `above`: how many stand on this one."""
    if _depth(tree, definitions, {}) + above > MAX_DEPTH:
        raise InvalidInput("tree", f"segments of segments, more than {MAX_DEPTH} deep", "write what the lower ones ask for into this one")


def _depth(tree: Condition, definitions: Definitions, found: dict[int, int]) -> int:
    for leaf in leaves(tree):
        if isinstance(leaf, Segment) and leaf.segment_id not in found:
            meant = definitions[leaf.segment_id]
            found[leaf.segment_id] = 1 if isinstance(meant, Listed) else 1 + _depth(meant, definitions, found)
    return max((found[leaf.segment_id] for leaf in leaves(tree) if isinstance(leaf, Segment)), default=0)


def _way(tree: Condition, definitions: Definitions, goal: int, seen: set[int]) -> list[int] | None:
    for leaf in leaves(tree):
        if not isinstance(leaf, Segment) or leaf.segment_id in seen:
            continue
        if leaf.segment_id == goal:
            return [goal]
        seen.add(leaf.segment_id)
        meant = definitions[leaf.segment_id]
        way = None if isinstance(meant, Listed) else _way(meant, definitions, goal, seen)
        if way is not None:
            return [leaf.segment_id, *way]
    return None
