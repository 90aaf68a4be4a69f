"""Reading a condition tree: what is unknown, missing or out of bounds is refused by path, value and remedy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec

from hudhud.kit.errors import InvalidInput
from hudhud.segments.tree import (
    BARE_OPS,
    BUILT_IN,
    EPOCH,
    ORDER_OPS,
    SEGMENT_EVENTS,
    TEXT_OPS,
    Attribute,
    Between,
    Condition,
    Consent,
    Event,
    Last,
    Op,
    Or,
    Scalar,
    Segment,
    SinceEntry,
    Value,
    Window,
    walk,
)

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
EARLIEST, LATEST = EPOCH, datetime(2200, 1, 1, tzinfo=UTC)

CHOICES = {
    "op": get_args(Op),
    "count.op": ("at_least", "at_most", "exactly"),
    "kind": ("and", "or", "not", "attribute", "event", "consent", "segment"),
    "window.kind": ("ever", "last", "between", "since_entry"),
    "unit": ("days", "hours", "minutes"),
    "state": ("subscribed", "pending", "unsubscribed"),
}


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
