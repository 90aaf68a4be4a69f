"""The oracle: what conditions mean, said again slowly, one person and one event at a time, without any of the product's evaluation."""

# ruff: noqa: ANN401, C901, PLR0911 -- slow and obvious: one question, one function, values of any type

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MISSING = object()


@dataclass
class Person:
    id: int
    attributes: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    country: str = ""
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    subscriptions: list[str] = field(default_factory=list)
    reachable: list[str] = field(default_factory=list)
    gone: bool = False


@dataclass
class Event:
    actor_id: int
    name: str
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    people: list[Person]
    events: list[Event]
    merged: dict[int, int] = field(default_factory=dict)
    segments: dict[int, dict[str, Any]] = field(default_factory=dict)


def members(world: World, tree: dict[str, Any], now: datetime) -> set[int]:
    return {person.id for person in world.people if not person.gone and holds(world, tree, person, now)}


def holds(world: World, tree: dict[str, Any], person: Person, now: datetime, since: datetime | None = None) -> bool:
    kind = tree["kind"]
    if kind == "and":
        return all(holds(world, part, person, now, since) for part in tree["of"])
    if kind == "or":
        return any(holds(world, part, person, now, since) for part in tree["of"])
    if kind == "not":
        return not holds(world, tree["of"], person, now, since)
    if kind == "segment":
        return holds(world, world.segments[tree["segment_id"]], person, now) == tree["member"]
    if kind == "consent":
        return f"{tree['topic']}:{tree['channel']}:{tree['state']}" in person.subscriptions
    if kind == "attribute":
        return attribute_holds(tree, person)
    number = 0
    for event in world.events:
        theirs = world.merged.get(event.actor_id, event.actor_id) == person.id
        if theirs and event.name == tree["name"] and event.at <= now and in_window(tree["window"], event.at, now, since):
            number += all(compares(find(event.properties, part["property"]), part["op"], part.get("value")) for part in tree["where"])
    wanted = tree["count"]["value"]
    return {"at_least": number >= wanted, "at_most": number <= wanted, "exactly": number == wanted}[tree["count"]["op"]]


def in_window(window: dict[str, Any], at: datetime, now: datetime, since: datetime | None) -> bool:
    if window["kind"] == "last":
        return now - timedelta(**{window["unit"]: window["amount"]}) < at
    if window["kind"] == "between":
        return datetime.fromisoformat(window["from"]) <= at < datetime.fromisoformat(window["to"])
    if window["kind"] == "since_entry":
        assert since is not None
        return at.date() > since.date() if window["later_day"] else at > since
    return True


def attribute_holds(leaf: dict[str, Any], person: Person) -> bool:
    if leaf["name"] == "@created_at":
        other = datetime.fromisoformat(leaf["value"])
        at = person.created_at
        return {"more_than": at > other, "less_than": at < other, "at_least": at >= other, "at_most": at <= other}[leaf["op"]]
    if leaf["name"] == "@language":
        stored: Any = person.language or MISSING
    elif leaf["name"] == "@country":
        stored = person.country or MISSING
    else:
        stored = find(person.attributes, leaf["name"])
    return compares(stored, leaf["op"], leaf.get("value"))


def find(value: Any, path: str) -> Any:
    flat: dict[str, Any] = {}

    def walk(prefix: str, part: dict[str, Any]) -> None:
        for name, inner in part.items():
            whole = f"{prefix}{name}"
            if isinstance(inner, dict):
                walk(f"{whole}.", inner)
            elif inner is not None:
                flat.setdefault(whole, inner)

    walk("", value)
    return flat.get(path, MISSING)


def compares(stored: Any, op: str, value: Any) -> bool:
    if op == "is_set":
        return stored is not MISSING
    if op == "is_not_set":
        return stored is MISSING
    if op == "is_not":
        return not compares(stored, "is", value)
    if op == "one_of":
        return any(compares(stored, "is", one) for one in value)
    if isinstance(value, bool):
        return isinstance(stored, bool) and stored == value
    if isinstance(value, str):
        if not isinstance(stored, str):
            return False
        left, right = stored.encode(), value.encode()
    else:
        number = as_number(stored)
        if number is None:
            return False
        left, right = number, float(value)
    if op == "contains":
        return right in left
    if op == "starts_with":
        return left.startswith(right)
    return {"is": left == right, "more_than": left > right, "less_than": left < right, "at_least": left >= right, "at_most": left <= right}[
        op
    ]


def as_number(stored: Any) -> float | None:
    if isinstance(stored, bool):
        return None
    if isinstance(stored, int | float):
        return float(stored)
    if isinstance(stored, str) and re.fullmatch(r"-?[0-9]{1,15}([.][0-9]{1,9})?", stored):
        return float(stored)
    return None
