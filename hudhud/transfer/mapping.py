"""From a row to a Segment message: which column means what.

FIELD is user_id, anonymous_id, message_id, at, event (events only), email, phone, topic.KEY (people only), traits.NAME, properties.NAME,
a bare `properties` (a JSON object) or a NAME alone (a property of an event, a trait of a person). On the command line COLUMN is a
column's name, a text with {COLUMN} in it, or =TEXT for a text as it stands; columns that no rule uses keep their own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.types import EARLIEST, KINDS, LATEST, MAX_EVENT_BYTES, MAX_ID_LENGTH, MAX_NAME_LENGTH, TooLarge
from hudhud.kit.errors import InvalidInput
from hudhud.people.identifiers import normal_email, normal_phone
from hudhud.transfer import values
from hudhud.transfer.upserts import attribute_of, upsert_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hudhud.transfer.types import DateStyle, Kind, Plan, Reading, ValueType

_PLACE = re.compile(r"\{([^{}]+)\}")
# Digits that are no numbers.
TEXT_NAMES = frozenset({"phone", "zip", "postcode", "postal_code", "email"})
ID_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId"}
WHOM = frozenset({"user_id", "anonymous_id", "email", "traits.email"})
WRONG = "write FIELD=COLUMN, e.g. --map user_id=customer_id; see hudhud import events --help"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field's value comes from: literal text and columns (by place) by turns."""

    field: str
    parts: tuple[tuple[int, str], ...]  # (place of the column or -1, text)
    type: ValueType = "auto"
    is_list: bool = False  # appended to what there is

    def value(self, cells: Sequence[str]) -> str:
        """Put the value together; empty when every column in it is."""
        if len(self.parts) == 1:
            place, text = self.parts[0]
            return cells[place].strip() if place >= 0 else text
        if all(place < 0 or not cells[place].strip() for place, _ in self.parts) and any(place >= 0 for place, _ in self.parts):
            return ""
        return "".join(cells[place] if place >= 0 else text for place, text in self.parts).strip()


@dataclass(frozen=True, slots=True)
class Mapping:
    """How rows of one file are read."""

    kind: str  # people or events
    rules: tuple[Rule, ...]
    dates: DateStyle = "iso"
    decimal: str = "."
    phone_prefix: str = ""
    at_time: time = time()
    consent: dict[str, str] = field(default_factory=dict)
    consent_source: str = ""
    upsert: dict[str, Any] | None = None  # upserts.py


class Maker:
    """Makes the body of each row's message; raises `InvalidInput` that names the field."""

    def __init__(self, mapping: Mapping) -> None:
        """Prepare one step for each rule."""
        self.is_people = mapping.kind == "people"
        self.mapping = mapping
        # Own values of one column are what most of a file is: they go by without asking what they are.
        self.own_steps: list[tuple[int, str, Callable[[str], Any] | None]] = []
        self.other_steps: list[tuple[Rule, str, str, Callable[[str], Any]]] = []
        for rule in mapping.rules:
            where, name, read = self._step(rule)
            if where == "own" and len(rule.parts) == 1 and rule.parts[0][0] >= 0:
                self.own_steps.append((rule.parts[0][0], name, None if read is str else read))
            else:
                self.other_steps.append((rule, where, name, read))
        self.upsert = {"upsert": mapping.upsert} if mapping.upsert else {}
        self.context = _encode(self.upsert) if self.upsert else b""
        self.proof = _encode({"consent": {"source": mapping.consent_source}, **self.upsert}) if mapping.consent_source else self.context

    def _step(self, rule: Rule) -> tuple[str, str, Callable[[str], Any]]:
        """Return where a value goes (head, own, topic or other), its name there, and what reads it."""
        group, _, name = rule.field.partition(".")
        heads: dict[str, tuple[str, str, Callable[[str], Any]]] = {key: ("head", wire, _identifier) for key, wire in ID_FIELDS.items()}
        heads["at"] = ("head", "timestamp", self._instant)
        if not self.is_people:
            heads |= {"event": ("head", "event", _event_name), "type": ("head", "type", _kind), "properties": ("whole", "", _object)}
        if rule.field in heads:
            return heads[rule.field]
        if group == "topic" and name and self.is_people:
            return "topic", name, values.consent
        own = "traits" if self.is_people else "properties"
        if group in {"traits", "properties"} and name:
            return ("own" if group == own else "other"), name, self._reader(name, rule)
        return "own", rule.field, self._reader(rule.field, rule)

    def _reader(self, name: str, rule: Rule) -> Callable[[str], Any]:
        kind = rule.type
        if rule.is_list:
            return values.listed
        if name == "email" and self.is_people:
            return _address
        if name == "phone" and self.is_people:
            return partial(_phone, prefix=self.mapping.phone_prefix)
        if kind == "auto":
            return str if name in TEXT_NAMES else values.auto
        readers: dict[str, Callable[[str], Any]] = {
            "text": str,
            "number": partial(values.number, decimal=self.mapping.decimal),
            "truth": values.truth,
            "date": partial(values.date, style=self.mapping.dates),
            "json": _json,
            "own": values.from_cell,
        }
        return readers[kind]

    def _instant(self, value: str) -> str:
        found = values.instant(value, self.mapping.dates, self.mapping.at_time)
        if not EARLIEST.isoformat() <= found < LATEST.isoformat():
            raise InvalidInput("at", value, "use a time between 1970 and 2199")
        return found

    def message(self, cells: Sequence[str]) -> dict[str, Any]:
        """Make the message of a row."""
        own: dict[str, Any] = {}
        message: dict[str, Any] = {"type": "identify" if self.is_people else "track"}
        topics: dict[str, Any] = dict(self.mapping.consent)
        for place, name, read in self.own_steps:
            if text := cells[place].strip():
                own[name] = read(text) if read else text
        for rule, where, name, read_other in self.other_steps:
            if not (text := rule.value(cells)):
                continue
            value = read_other(text if where == "own" or rule.type != "own" else text.removeprefix("'"))
            if where == "head":
                message[name] = value
            elif where == "own":
                own[name] = value
            elif where == "topic":
                topics |= {name: value} if value else {}
            elif where == "whole":
                own.update(value)
            else:
                message.setdefault("properties" if self.is_people else "traits", {})[name] = value
        if topics:
            own["subscriptions"] = {key: {"email": state} for key, state in topics.items()}
        message["traits" if self.is_people else "properties"] = own
        return message

    def body(self, message: dict[str, Any], message_id: str) -> bytes:
        """Write and check a message: everything that the door would say to it."""
        if not message.get("userId") and not message.get("anonymousId") and not (self.is_people and "email" in message["traits"]):
            raise InvalidInput("userId", None, "the row names nobody: its e-mail and its customer number are empty")
        if not self.is_people and message["type"] == "track" and not message.get("event"):
            raise InvalidInput("event", None, "name the event, e.g. Order Completed")
        message.setdefault("messageId", message_id)
        try:
            raw = _encode(message)
        except UnicodeEncodeError:
            raise InvalidInput("row", "�", "a byte in it is no character of the chosen encoding") from None
        if b"\\u0000" in raw:
            raise InvalidInput("body", "\\u0000", "remove the NUL character; no database text can hold it")
        if context := self.proof if "subscriptions" in message.get("traits", ()) else self.context:
            raw = raw[:-1] + b',"context":' + context + b"}"
        if len(raw) > MAX_EVENT_BYTES:
            raise TooLarge(f"row: {len(raw)} bytes; one row may have {MAX_EVENT_BYTES}", field="row", limit=MAX_EVENT_BYTES)
        return raw


def _identifier(value: str) -> str:
    if len(value) > MAX_ID_LENGTH:
        raise InvalidInput("id", value, f"use at most {MAX_ID_LENGTH} characters")
    return value


def _event_name(value: str) -> str:
    if len(value) > MAX_NAME_LENGTH:
        raise InvalidInput("event", value, f"use at most {MAX_NAME_LENGTH} characters")
    return value


def _kind(value: str) -> str:
    if value not in KINDS:
        raise InvalidInput("type", value, f"use one of {', '.join(KINDS)}")
    return value


def _address(value: str) -> str:
    """Keep an address as it is written once it has a normal form; ours carry an apostrophe before = + - @."""
    plain = value.removeprefix("'") if value[:2] in {"'=", "'+", "'-"} else value
    normal_email(plain)
    return plain


def _phone(value: str, prefix: str) -> str:
    plain = value.removeprefix("'")
    if prefix and not plain.startswith(("+", "00")):
        plain = prefix + plain.removeprefix("0")
    return normal_phone(plain)


def _json(value: str) -> Any:  # noqa: ANN401 -- any JSON
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidInput("json", value, "write JSON, or read the column as text") from None


def _object(value: str) -> dict[str, Any]:
    found = _json(value)
    if not isinstance(found, dict):
        raise InvalidInput("properties", value, 'write a JSON object, e.g. {"total": 20.5}')
    return found


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file, as the command line says it."""

    maps: Sequence[str] = ()
    at_time: str = "00:00"
    subscribe: Sequence[str] = ()
    consent_source: str = ""
    rules: Sequence[str] = ()  # FIELD=RULE: types.py Upsert
    newest_by: str = ""


def mapping_of(kind: Kind, plan: Plan, columns: Sequence[str], topics: Sequence[str]) -> Mapping:
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
    named = {rule.field.removeprefix("topic.") for rule in rules if rule.field.startswith("topic.")} | set(plan.subscribe)
    if unknown := sorted(named - set(topics)):
        raise InvalidInput("topics", ", ".join(unknown), f"there are {', '.join(topics)}")
    fields = {rule.field for rule in rules}
    _check(kind, fields, consent=bool(named), source=plan.consent_source)
    upsert = upsert_of(kind, {column.field: column.upsert for column in plan.columns if column.field}, plan.newest_by, fields)
    found = _mapping(kind, rules, plan.reading, plan.subscribe, plan.consent_source)
    return _dated(replace(found, upsert=upsert))


def _mapping(kind: str, rules: Sequence[Rule], reading: Reading, subscribe: Sequence[str], source: str) -> Mapping:
    consent = dict.fromkeys(subscribe, "subscribed")
    return Mapping(kind, tuple(rules), reading.dates, reading.decimal, reading.phone_prefix, consent=consent, consent_source=source)


def _dated(mapping: Mapping) -> Mapping:
    """Read the date that the rule `newest` goes by as a date: as another text it would be older than any, and every row would win."""
    newest_by = mapping.upsert["newest_by"] if mapping.upsert else ""
    rules = [
        replace(rule, type="date") if newest_by and attribute_of(rule.field) == newest_by and rule.type != "own" else rule
        for rule in mapping.rules
    ]
    return replace(mapping, rules=tuple(rules))


def _check(kind: str, fields: set[str], *, consent: bool, source: str) -> None:
    if kind == "events" and not fields & {"event", "type"}:
        raise InvalidInput("--map", None, 'name the event, e.g. --map event="Order Completed"')
    if not fields & (WHOM if kind == "people" else {"user_id", "anonymous_id"}):
        raise InvalidInput("--map", None, "say whom a row is about: user_id, anonymous_id or (people) email, e.g. --map user_id=id")
    if consent and (kind != "people" or not source.strip()):
        raise InvalidInput("--subscribe", "topics", 'is for people, and needs --source "where and how they agreed"')


def read_options(kind: str, options: Options, columns: Sequence[str], reading: Reading) -> Mapping:
    """Turn the command line's options into a mapping; raises `InvalidInput` that names what is wrong."""
    rules = [_read_rule(text, columns) for text in options.maps]
    used = {place for rule in rules for place, _ in rule.parts}
    try:
        at = time.fromisoformat(options.at_time)
    except ValueError:
        raise InvalidInput("--at-time", options.at_time, "use HH:MM, e.g. 12:00") from None
    rest = [Rule(name, ((place, ""),)) for place, name in enumerate(columns) if place not in used]
    own = "traits" if kind == "people" else "properties"
    named = rules + [Rule(f"{own}.{rule.field}", rule.parts) for rule in rest]
    fields = {rule.field for rule in named}
    _check(kind, fields, consent=bool(options.subscribe), source=options.consent_source)
    chosen = dict(_read_upsert(text) for text in options.rules)
    listed = [replace(rule, is_list=chosen.get(rule.field) == "append") for rule in named]
    found = _mapping(kind, listed, reading, options.subscribe, options.consent_source)
    return _dated(replace(found, at_time=at, upsert=upsert_of(kind, chosen, options.newest_by, fields)))


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
