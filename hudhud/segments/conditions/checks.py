"""Reading a condition tree: what is unknown, missing or out of bounds is refused by path, value and remedy."""

from __future__ import annotations

import re
from typing import get_args

import msgspec

from hudhud.kit.errors import InvalidInput
from hudhud.segments.conditions.nodes import (
    BARE_OPS,
    BUILT_IN,
    COMPANY_KEY,
    INSTEAD,
    ITEM_OPS,
    ITEMS,
    ORDER_OPS,
    TAKE_NUMBERS,
    Amount,
    Attribute,
    Company,
    Condition,
    Consent,
    Count,
    Day,
    DayOp,
    Did,
    Engaged,
    Event,
    Ever,
    InJourney,
    Op,
    Or,
    Place,
    RunAnswer,
    Segment,
    Sequence,
    Share,
    Stay,
    Take,
    Where,
    canonical,
    walk,
)
from hudhud.segments.conditions.values import MAX_VALUES, check_path, check_span, check_text, check_value, check_window, to_instant

FORMAT = 1  # of the stored JSON; a tree may say `"version": 1` at its root
MAX_DEPTH = 10
MAX_NODES = 200
MAX_BYTES = 60_000  # as JSON: what a statement can carry, whatever has to be escaped in it
MAX_WHERE = 20
LEAST_STEPS, MAX_STEPS = 2, 6
MAX_COUNT = 1_000_000_000
MAX_DAYS, MAX_YEARLY_DAYS = 36_500, 365
LEAST_KM, MOST_KM = 0.1, 20_000
HUNDREDTHS = 100  # of a percent: so fine are shares
AMOUNT_OPS = ORDER_OPS | BARE_OPS | {"is", "is_not"}

CHOICES = {
    "op": get_args(Op),
    "count.op": ("at_least", "at_most", "exactly"),
    "date.op": get_args(DayOp),
    "take": get_args(Take),
    "did": get_args(Did),
    "journey.did": get_args(Stay),
    "kind": (
        "and",
        "or",
        "not",
        "attribute",
        "date",
        "event",
        "amount",
        "sequence",
        "message",
        "journey",
        "place",
        "company",
        "share",
        "consent",
        "segment",
        "run",
    ),
    "window.kind": ("ever", "last", "between", "since_entry"),
    "unit": ("days", "hours", "minutes"),
    "after": ("previous", "first"),
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
    size = len(canonical(tree))
    if size > MAX_BYTES:
        raise InvalidInput("condition", f"{size} bytes", f"use at most {MAX_BYTES}; make a list, or make a part of it a segment of its own")
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
    parent = _at(data, path.rpartition(".")[0])
    kind = parent.get("kind") if isinstance(parent, dict) else None
    last = step.rpartition(".")[2]
    choices = CHOICES.get(step) or CHOICES.get(f"{kind}.{last}") or CHOICES.get(last)
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
    elif isinstance(node, Event | Engaged | InJourney | Amount | Sequence):
        _check_events(at, node, journey=journey)
    elif isinstance(node, Day | Place | Company | Share):
        _check_fact(at, node)
    elif isinstance(node, Consent):
        check_text(f"{at}topic", node.topic)
        if not re.fullmatch(r"[a-z_]{1,40}", node.channel):
            raise InvalidInput(f"{at}channel", node.channel, "use a channel such as `email`")
    elif isinstance(node, RunAnswer):
        if not journey:
            raise InvalidInput(f"{at}kind", "run", "only steps of a journey know what its run was answered; ask for something else here")
        check_path(f"{at}name", node.name)
        check_value(at, node.op, node.value)
    elif isinstance(node, Segment) and not 0 < node.segment_id < 2**63:
        raise InvalidInput(f"{at}segment_id", node.segment_id, "use the id of a segment")


def _check_fact(at: str, node: Day | Place | Company | Share) -> None:
    if isinstance(node, Day):
        _check_day(at, node)
    elif isinstance(node, Place):
        _check_place(at, node)
    elif isinstance(node, Company):
        _check_company(at, node)
    else:
        _check_share(at, node)


def _check_attribute(at: str, node: Attribute) -> None:
    if node.name.startswith("@") and node.name not in BUILT_IN:
        raise InvalidInput(f"{at}name", node.name, f"use an attribute's name or one of {', '.join(sorted(BUILT_IN))}")
    check_path(f"{at}name", node.name)
    if node.name == "@created_at":
        if node.op not in ORDER_OPS:
            raise InvalidInput(f"{at}op", node.op, f"use one of {', '.join(sorted(ORDER_OPS))} for an instant")
        to_instant(f"{at}value", node.value)
        return
    if node.name in BUILT_IN and node.op in ITEM_OPS:
        raise InvalidInput(f"{at}op", node.op, f"{node.name} is one word, no list; use `one_of`")
    check_value(at, node.op, node.value)


def _check_events(at: str, node: Event | Engaged | InJourney | Amount | Sequence, *, journey: bool) -> None:
    check_window(f"{at}window", node.window, journey=journey)
    if isinstance(node, Sequence):
        _check_sequence(at, node)
        return
    if isinstance(node, InJourney):
        check_text(f"{at}journey", node.journey)
        if node.did == "is_in" and not isinstance(node.window, Ever):
            raise InvalidInput(f"{at}window", "", "leave it out: who is in it is asked of now; use `was_in` for a span of time")
        return
    if isinstance(node, Engaged):
        for name, value in (("template", node.template), ("journey", node.journey), ("channel", node.channel)):
            if value is not None:
                check_text(f"{at}{name}", value)
        _check_count(at, node.count)
        return
    _check_name(f"{at}name", node.name)
    _check_where(at, node.where)
    if isinstance(node, Amount):
        _check_amount(at, node)
        return
    _check_count(at, node.count)


def _check_count(at: str, count: Count) -> None:
    least = 0 if count.op != "at_least" else 1
    if not least <= count.value <= MAX_COUNT:
        raise InvalidInput(f"{at}count.value", count.value, f"use a whole number from {least} up")


def _check_amount(at: str, node: Amount) -> None:
    check_path(f"{at}property", node.property)
    if node.take in TAKE_NUMBERS:
        if node.op not in AMOUNT_OPS:
            raise InvalidInput(f"{at}op", node.op, f"use one of {', '.join(sorted(AMOUNT_OPS))} for a number")
        if node.op not in BARE_OPS and (isinstance(node.value, bool) or not isinstance(node.value, int | float)):
            raise InvalidInput(f"{at}value", node.value, f"`{node.take}` is compared with a number")
    check_value(at, node.op, node.value)


def _check_sequence(at: str, node: Sequence) -> None:
    if not LEAST_STEPS <= len(node.steps) <= MAX_STEPS:
        raise InvalidInput(f"{at}steps", f"{len(node.steps)} steps", f"give {LEAST_STEPS} to {MAX_STEPS} steps")
    named = {f"steps[{place}]": step for place, step in enumerate(node.steps)}
    for name, step in (named | ({"without": node.without} if node.without else {})).items():
        _check_name(f"{at}{name}.name", step.name)
        _check_where(f"{at}{name}.", step.where)
    if node.within is not None:
        check_span(f"{at}within", node.within)


def _check_name(path: str, name: str) -> None:
    check_text(path, name)
    if name in INSTEAD:
        raise InvalidInput(path, name, f'use {{"kind": "{INSTEAD[name]}"}} to ask who is in it')


def _check_where(at: str, filters: tuple[Where, ...]) -> None:
    if len(filters) > MAX_WHERE:
        raise InvalidInput(f"{at}where", f"{len(filters)} filters", f"use at most {MAX_WHERE}")
    for place, where in enumerate(filters):
        check_path(f"{at}where[{place}].property", where.property, in_list=True)
        check_value(f"{at}where[{place}].", where.op, where.value)


def _check_day(at: str, node: Day) -> None:
    if node.name.startswith("@") and node.name != "@created_at":
        raise InvalidInput(f"{at}name", node.name, "use an attribute that holds a date, or @created_at")
    check_path(f"{at}name", node.name)
    most = MAX_YEARLY_DAYS if node.yearly else MAX_DAYS
    if not 0 <= node.days <= most:
        raise InvalidInput(f"{at}days", node.days, f"use a whole number of days from 0 to {most}")
    if node.yearly and node.op.startswith("more_than"):
        raise InvalidInput(f"{at}op", node.op, "an anniversary comes again: use in, ago, within_next or within_last")


def _check_company(at: str, node: Company) -> None:
    _check_where(at, node.where)
    for place, where in enumerate(node.where):
        path = f"{at}where[{place}]"
        if where.property.startswith("@") and where.property != COMPANY_KEY:
            raise InvalidInput(f"{path}.property", where.property, f"use an attribute of companies or {COMPANY_KEY}")
        if ITEMS in where.property:
            raise InvalidInput(f"{path}.property", where.property, "name a value, not a list")


def _check_place(at: str, node: Place) -> None:
    if not (node.countries or node.regions or node.cities or node.near):
        raise InvalidInput(f"{at}countries", [], "say where: countries, regions, cities, or near a point")
    for name, words in (("countries", node.countries), ("regions", node.regions), ("cities", node.cities)):
        if len(words) > MAX_VALUES:
            raise InvalidInput(f"{at}{name}", f"{len(words)} names", f"use at most {MAX_VALUES}")
        for place, word in enumerate(words):
            check_text(f"{at}{name}[{place}]", word)
    for place, country in enumerate(node.countries):
        if not re.fullmatch("[A-Z]{2}", country):
            raise InvalidInput(f"{at}countries[{place}]", country, "use the two letters of a country, such as EE")
    if node.near is not None:
        for name, value, least, most in (
            ("latitude", node.near.latitude, -90, 90),
            ("longitude", node.near.longitude, -180, 180),
            ("km", node.near.km, LEAST_KM, MOST_KM),
        ):
            if not least <= value <= most:
                raise InvalidInput(f"{at}near.{name}", value, f"use a number from {least} to {most}")


def _check_share(at: str, node: Share) -> None:
    check_text(f"{at}salt", node.salt)
    hundredths = node.percent * HUNDREDTHS
    if not 0 < node.percent <= HUNDREDTHS or abs(hundredths - round(hundredths)) > 1e-6:  # noqa: PLR2004 -- 0.07 * 100 is not quite 7
        raise InvalidInput(f"{at}percent", node.percent, "use more than 0 and at most 100, with two decimals at most")
