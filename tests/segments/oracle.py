"""The oracle: what conditions mean, said again slowly, one person and one event at a time, without any of the product's evaluation."""

# ruff: noqa: ANN401, C901, PLR0911, PLR0912 -- slow and obvious: one question, one function, values of any type

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

MISSING = object()
OPPOSITE = {"is_not": "is", "is_not_set": "is_set", "has_none": "has_any"}


@dataclass
class Person:
    id: int
    attributes: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    position: tuple[float, float] | None = None
    time_zone: str = ""
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    subscriptions: list[str] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
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
    companies: dict[str, dict[str, Any]] = field(default_factory=dict)


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
    if kind == "date":
        return date_holds(tree, person, now.astimezone(ZoneInfo(person.time_zone or "UTC")).date())
    if kind == "place":
        return place_holds(tree, person)
    if kind == "company":
        return bool(companies_of(world, tree, person))
    if kind == "share":
        return xxh64(f"{tree['salt']}:{person.id}".encode()) % 10_000 < round(tree["percent"] * 100)
    if kind == "sequence":
        return chain(world, tree, person, now, since) is not None
    if kind == "journey":
        return bool(stay(world, tree, person, now, since))
    found = messages(world, tree, person, now, since) if kind == "message" else passing(world, tree, tree["window"], person, now, since)
    if kind == "amount":
        return amount_holds(tree, found)
    wanted = tree["count"]["value"]
    return {"at_least": len(found) >= wanted, "at_most": len(found) <= wanted, "exactly": len(found) == wanted}[tree["count"]["op"]]


def passing(
    world: World, step: dict[str, Any], window: dict[str, Any], person: Person, now: datetime, since: datetime | None
) -> list[Event]:
    """Return their events of a name that pass its filters, inside the window."""
    return [
        event
        for event in world.events
        if world.merged.get(event.actor_id, event.actor_id) == person.id
        and event.name == step["name"]
        and event.at <= now
        and in_window(window, event.at, now, since)
        and passes(event, step["where"])
    ]


def stay(world: World, leaf: dict[str, Any], person: Person, now: datetime, since: datetime | None = None) -> list[Event]:
    """Return what makes the leaf true: the entries that no end belongs to, or the entries or ends inside the window."""
    name = "Journey Entered" if leaf["did"] in {"is_in", "was_in"} else "Journey Left"
    where = [{"property": "journey", "op": "is", "value": leaf["journey"]}]
    found = passing(world, {"name": name, "where": where}, leaf["window"], person, now, since)
    if leaf["did"] == "is_in":
        ended = passing(world, {"name": "Journey Left", "where": where}, {"kind": "ever"}, person, now, since)
        return [event for event in found if event.properties["run"] not in {end.properties["run"] for end in ended}]
    outcomes = {"was_in": {None}, "reached_goal": {"goal"}, "left": {"goal", "finished", "exited"}}[leaf["did"]]
    return [event for event in found if event.properties.get("outcome") in outcomes]


def messages(world: World, leaf: dict[str, Any], person: Person, now: datetime, since: datetime | None) -> list[Event]:
    """Return what is told of their messages of that kind; of opens and clicks only those by persons."""
    found = passing(world, {"name": f"Message {leaf['did'].title()}", "where": []}, leaf["window"], person, now, since)
    if leaf["did"] in {"opened", "clicked"}:
        found = [event for event in found if event.properties.get("verdict") == "human"]
    for name in ("template", "journey", "channel"):
        found = [event for event in found if leaf[name] in {None, event.properties.get(name)}]
    return found


def passes(event: Event, filters: list[dict[str, Any]]) -> bool:
    """All filters hold; those that reach into one list hold for the same item of it."""
    outside = [part for part in filters if "[]." not in part["property"]]
    if not all(compares(find(event.properties, part["property"]), part["op"], part.get("value")) for part in outside):
        return False
    for name in {part["property"].split("[].")[0] for part in filters if part not in outside}:
        inside = [part for part in filters if part["property"].startswith(f"{name}[].")]
        items = find(event.properties, name)
        matching = [
            item
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict)
            and all(compares(find(item, part["property"].split("[].")[1]), part["op"], part.get("value")) for part in inside)
        ]
        if not matching:
            return False
    return True


def amount_holds(leaf: dict[str, Any], events: list[Event]) -> bool:
    op, value = leaf["op"], leaf.get("value")
    if op in OPPOSITE:
        return not amount_holds({**leaf, "op": OPPOSITE[op]}, events)
    if leaf["take"] in {"first", "last"}:
        instant = (min if leaf["take"] == "first" else max)((event.at for event in events), default=None)
        return any(compares(find(event.properties, leaf["property"]), op, value) for event in events if event.at == instant)
    amount = amount_of(leaf["take"], [as_number(find(event.properties, leaf["property"])) for event in events])
    if amount is None:
        return False
    if op == "is_set":
        return True
    other = Fraction(value) if leaf["take"] in {"min", "max"} else Fraction(round(float(value) * 1_000_000), 1_000_000)
    return compares_numbers(amount, op, other)


def amount_of(take: str, values: list[float | None]) -> Fraction | None:
    """Return the amount as an exact fraction; None: there are no numbers."""
    numbers = [value for value in values if value is not None]
    if take in {"min", "max"}:
        return Fraction((min if take == "min" else max)(numbers)) if numbers else None
    added = [Fraction(round(value * 1_000_000), 1_000_000) for value in numbers if abs(value) < 1e15]
    if not added:
        return None
    return sum(added, Fraction(0)) / (len(added) if take == "average" else 1)


def chain(world: World, leaf: dict[str, Any], person: Person, now: datetime, since: datetime | None) -> list[datetime] | None:
    """Return the instants of the chain with the latest last event, of those the one with the latest but one, and so on."""
    steps = [[event.at for event in passing(world, step, leaf["window"], person, now, since)] for step in leaf["steps"]]
    without = [event.at for event in passing(world, leaf["without"], leaf["window"], person, now, since)] if leaf.get("without") else []
    found: list[list[datetime]] = [[at] for at in steps[0]]
    for ats in steps[1:]:
        found = [[*begun, at] for begun in found for at in set(ats) if begun[-1] < at and in_time(leaf.get("within"), begun, at)]
    found = [ats for ats in found if not any(ats[0] < other < ats[-1] for other in without)]
    return max(found, key=lambda ats: ats[::-1], default=None)


def in_time(within: dict[str, Any] | None, begun: list[datetime], at: datetime) -> bool:
    if within is None:
        return True
    edge = begun[0] if within.get("after") == "first" else begun[-1]
    return at - edge <= timedelta(**{within["unit"]: within["amount"]})


def date_holds(leaf: dict[str, Any], person: Person, today: date) -> bool:
    stored = person.created_at.date().isoformat() if leaf["name"] == "@created_at" else find(person.attributes, leaf["name"])
    if not isinstance(stored, str) or not (stored[10:] == "" or stored[10:11] in {"T", " "} or stored.startswith("--")):
        return False
    days, op = leaf["days"], leaf["op"]
    if leaf["yearly"]:
        between = {"in": [days], "ago": [-days], "within_next": range(days + 1), "within_last": range(-days, 1)}[op]
        return any(is_anniversary(stored, today + timedelta(days=away)) for away in between)
    try:
        day = date.fromisoformat(stored[:10])
    except ValueError:
        return False
    if stored[:10] != day.isoformat() or not 1900 <= day.year <= 2299:
        return False
    away = (day - today).days
    return {
        "in": away == days,
        "ago": away == -days,
        "within_next": 0 <= away <= days,
        "within_last": -days <= away <= 0,
        "more_than_in": away > days,
        "more_than_ago": away < -days,
    }[op]


def is_anniversary(stored: str, day: date) -> bool:
    written = re.fullmatch(r"(?:[0-9]{4}|-)-([0-9]{2}-[0-9]{2})(?:[T ].*)?", stored, re.DOTALL)
    if written is None:
        return False
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return written[1] == f"{day:%m-%d}" or (written[1] == "02-29" and not leap and (day.month, day.day) == (2, 28))


def place_holds(leaf: dict[str, Any], person: Person) -> bool:
    """Each part that is asked for is True, False, or None: nobody knows."""
    parts: list[bool | None] = []
    for name, stored in (("countries", person.country), ("regions", person.region), ("cities", person.city)):
        if leaf.get(name):
            parts.append(plain_word(stored) in {plain_word(one) for one in leaf[name]} if stored else None)
    if near := leaf.get("near"):
        there = (near["latitude"], near["longitude"])
        parts.append(kilometres(person.position, there) <= near["km"] if person.position else None)
    return False in parts if leaf.get("outside") else all(parts)


def companies_of(world: World, leaf: dict[str, Any], person: Person) -> list[str]:
    """Return the keys of their companies for which every filter holds."""
    return sorted(
        key
        for key in person.companies
        if all(compares(find({**world.companies[key], "@key": key}, one["property"]), one["op"], one.get("value")) for one in leaf["where"])
    )


def plain_word(name: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(mark))


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The angle between two arrows from the middle of the earth, times its radius."""
    (x, y, z), (u, v, w) = map(arrow, (one, other))
    across = math.hypot(y * w - z * v, z * u - x * w, x * v - y * u)
    return 6371.0088 * math.atan2(across, x * u + y * v + z * w)


def arrow(position: tuple[float, float]) -> tuple[float, float, float]:
    north, east = map(math.radians, position)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0, as github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md describes it."""
    p1, p2, p3, p4, p5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
    mask = 2**64 - 1

    def turn(value: int, by: int) -> int:
        return (value << by | value >> (64 - by)) & mask

    def mix(lane: int, word: int) -> int:
        return turn((lane + word * p2) & mask, 31) * p1 & mask

    def read(start: int, size: int) -> int:
        return int.from_bytes(data[start : start + size], "little")

    at, total = 0, p5
    if len(data) >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while at + 32 <= len(data):
            lanes = [mix(lane, read(at + 8 * place, 8)) for place, lane in enumerate(lanes)]
            at += 32
        total = sum(turn(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & mask
        for lane in lanes:
            total = ((total ^ mix(0, lane)) * p1 + p4) & mask
    total = (total + len(data)) & mask
    while at + 8 <= len(data):
        total = (turn(total ^ mix(0, read(at, 8)), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= len(data):
        total = (turn(total ^ (read(at, 4) * p1 & mask), 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        total = turn(total ^ (byte * p5 & mask), 11) * p1 & mask
    total = (total ^ total >> 33) * p2 & mask
    total = (total ^ total >> 29) * p3 & mask
    return total ^ total >> 32


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
    if op == "has_none":
        return not compares(stored, "has_any", value)
    if op in {"has_any", "has_all"}:
        found = [any(compares(item, "is", one) for item in (stored if isinstance(stored, list) else [])) for one in value]
        return any(found) if op == "has_any" else all(found)
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
    return compares_numbers(left, op, right)


def compares_numbers(left: Any, op: str, right: Any) -> bool:
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
