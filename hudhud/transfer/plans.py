"""From a plan, or the command line's options, to a mapping of these columns; what cannot work is refused before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from typing import TYPE_CHECKING, Literal

from hudhud.kit.errors import InvalidInput
from hudhud.transfer.guess import fields_of
from hudhud.transfer.mapping import WHOM
from hudhud.transfer.rules import Mapping, Rule
from hudhud.transfer.sayings import REFUSALS, is_saying
from hudhud.transfer.upserts import attribute_of, upsert_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hudhud.consent.types import Topic
    from hudhud.transfer.types import Kind, Plan, Reading, Why

_PLACE = re.compile(r"\{([^{}]+)\}")
WRONG = "write FIELD=COLUMN, e.g. --map user_id=customer_id; see hudhud import events --help"


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file, as the command line says it."""

    maps: Sequence[str] = ()
    at_time: str = "00:00"
    subscribe: Sequence[str] = ()
    consent_source: str = ""
    rules: Sequence[str] = ()  # FIELD=RULE: types.py Upsert
    newest_by: str = ""
    refused: Why | Literal[""] = ""
    takes_erased: bool = False


def mapping_of(kind: Kind, plan: Plan, columns: Sequence[str], topics: Sequence[Topic]) -> Mapping:
    """Turn a plan for these columns into a mapping; raises `InvalidInput` that names what is wrong."""
    rules = [
        Rule(column.field, ((place, ""),), column.type, column.upsert == "append")
        for place, column in enumerate(plan.columns)
        if column.field
    ]
    if len(plan.columns) != len(columns):
        raise InvalidInput("columns", len(plan.columns), f"the file has {len(columns)} columns; look at it again")
    if plan.event:
        rules.append(Rule("event", ((-1, plan.event),)))
    found = _mapping(kind, rules, plan.reading, lambda: topics, plan)
    fields = {rule.field for rule in rules}
    upsert = upsert_of(kind, {column.field: column.upsert for column in plan.columns if column.field}, plan.newest_by, fields)
    return _dated(replace(found, upsert=upsert))


def _mapping(
    kind: Kind, rules: Sequence[Rule], reading: Reading, find_topics: Callable[[], Sequence[Topic]], said: Plan | Options
) -> Mapping:
    fields = {rule.field for rule in rules}
    named = {field.removeprefix("topic.") for field in fields if field.startswith("topic.") and kind != "events"} | set(said.subscribe)
    _check_whom(kind, fields)
    _check_consent(kind, fields, named, said)
    # Topics only where they matter: a file is known by its mapping, too.
    topics = find_topics() if named or said.refused or any(is_saying(kind, field) for field in fields) else ()
    keys = tuple(topic.key for topic in topics)
    if unknown := sorted(named.difference(keys)):
        raise InvalidInput("topics", ", ".join(unknown), f"there are {', '.join(keys)}")
    return Mapping(
        kind,
        tuple(rules),
        reading.dates,
        reading.decimal,
        reading.phone_prefix,
        consent=dict.fromkeys(said.subscribe, "subscribed"),
        consent_source=said.consent_source,
        refused=said.refused,
        topics=keys,
        marketing=tuple(topic.key for topic in topics if topic.stream == "marketing"),
    )


def _dated(mapping: Mapping) -> Mapping:
    """Read the date that the rule `newest` goes by as a date: as another text it would be older than any, and every row would win."""
    newest_by = mapping.upsert["newest_by"] if mapping.upsert else ""
    rules = [
        replace(rule, type="date") if newest_by and attribute_of(rule.field) == newest_by and rule.type != "own" else rule
        for rule in mapping.rules
    ]
    return replace(mapping, rules=tuple(rules))


def _check_whom(kind: str, fields: set[str]) -> None:
    if kind == "events" and not fields & {"event", "type"}:
        raise InvalidInput("--map", None, 'name the event, e.g. --map event="Order Completed"')
    if kind == "suppressions":
        if not fields & {"email", "phone", "address"}:
            raise InvalidInput("--map", None, "say which column has the address: email or phone, e.g. --map email=Mail")
    elif not fields & ({"user_id", "anonymous_id"} if kind == "events" else WHOM):
        raise InvalidInput("--map", None, "say whom a row is about: user_id, anonymous_id or (people) email, e.g. --map user_id=id")


def _check_consent(kind: str, fields: set[str], named: set[str], said: Plan | Options) -> None:
    if kind == "events":
        if named or said.refused:
            raise InvalidInput("--subscribe", "topics", "is for lists of people")
        return
    if ("topic" in fields) != ("state" in fields) and kind == "consent":
        raise InvalidInput(
            "--map", None, "say which columns have the topic and what was said about it: --map topic=List --map state=Status"
        )
    if (named or (kind == "consent" and "topic" in fields)) and not said.consent_source.strip() and "consent.source" not in fields:
        raise InvalidInput("--subscribe", "topics", 'needs --source "where and how they agreed"')
    if kind == "consent" and not (named or said.refused or "topic" in fields or fields & REFUSALS.keys()):
        raise InvalidInput(
            "--map", None, "say what they said: --map topic.newsletter=Status, --map unsubscribed=Date, or --subscribe newsletter"
        )
    if kind == "suppressions" and not (said.refused or fields & REFUSALS.keys()):
        raise InvalidInput("--refused", None, "say why they must not be written to: unsubscribed, hard_bounce, complaint or manual")


def read_options(kind: Kind, options: Options, columns: Sequence[str], reading: Reading, topics: Callable[[], Sequence[Topic]]) -> Mapping:
    """Turn the command line's options into a mapping; raises `InvalidInput` that names what is wrong."""
    rules = [_read_rule(text, columns) for text in options.maps]
    used = {place for rule in rules for place, _ in rule.parts}
    try:
        at = time.fromisoformat(options.at_time)
    except ValueError:
        raise InvalidInput("--at-time", options.at_time, "use HH:MM, e.g. 12:00") from None
    named = rules + _rest(kind, columns, used, {rule.field for rule in rules})
    chosen = dict(_read_upsert(text) for text in options.rules)
    listed = [replace(rule, is_list=chosen.get(rule.field) == "append") for rule in named]
    found = _mapping(kind, listed, reading, topics, options)
    return _dated(replace(found, at_time=at, upsert=upsert_of(kind, chosen, options.newest_by, {rule.field for rule in named})))


def _rest(kind: Kind, columns: Sequence[str], used: set[int], mapped: set[str]) -> list[Rule]:
    """Rules for columns that none was given for: their own name, except where a header tells of consent, which is never taken for an attribute."""
    own = "properties" if kind == "events" else "traits"
    rules = []
    for place, (name, (field, read)) in enumerate(zip(columns, fields_of(kind, columns), strict=True)):
        if place in used:
            continue
        if field in REFUSALS:
            rules.append(Rule(field, ((place, ""),), read))
        elif kind in {"people", "events"}:
            rules.append(Rule(f"{own}.{name}", ((place, ""),)))
        elif field and field not in mapped:
            rules.append(Rule(field, ((place, ""),), read))
    return rules


def _read_upsert(text: str) -> tuple[str, str]:
    field, mark, rule = text.partition("=")
    if not mark:
        raise InvalidInput("--rule", text, "write FIELD=RULE, e.g. --rule traits.city=if_empty")
    return field, rule


def _read_rule(text: str, columns: Sequence[str]) -> Rule:
    name, mark, source = text.partition("=")
    name = name.strip()
    if not mark or not name or not source:
        raise InvalidInput("--map", text, WRONG)
    if source in columns:
        return Rule(name, ((columns.index(source), ""),))
    if source.startswith("="):
        return Rule(name, ((-1, source[1:]),))
    pieces = [(index % 2 == 1, part) for index, part in enumerate(_PLACE.split(source)) if part]
    unknown = [part for is_column, part in pieces if is_column and part not in columns]
    if unknown or (name != "event" and not any(is_column for is_column, _ in pieces)):
        raise InvalidInput("--map", text, f"there is no column {unknown[0] if unknown else source!r}; there are {', '.join(columns)}")
    return Rule(name, tuple((columns.index(part), "") if is_column else (-1, part) for is_column, part in pieces))
