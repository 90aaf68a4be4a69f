"""From a row to a Segment message: `--map FIELD=COLUMN`.

FIELD is user_id, anonymous_id, message_id, at, event (events only), traits.NAME, properties.NAME or a NAME alone (a property of an
event, a trait of a person). COLUMN is a column's name, a text with {COLUMN} in it, or =TEXT for a text as it stands. Columns that no
rule uses become properties or traits of their own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = re.compile(r"\{([^{}]+)\}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
_TRUTH = {"true": True, "false": False}
# Digits that are no numbers.
TEXT_NAMES = frozenset({"phone", "zip", "postcode", "postal_code", "email"})
ID_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId"}
WRONG = "write FIELD=COLUMN, e.g. --map user_id=customer_id; see hudhud import events --help"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field's value comes from: literal text and columns by turns."""

    field: str
    parts: tuple[tuple[bool, str], ...]  # (is a column, name or text)

    def value(self, cells: dict[str, str]) -> str:
        """Put the value together; empty when every column in it is."""
        texts = [cells[part] if is_column else part for is_column, part in self.parts]
        columns = [cells[part].strip() for is_column, part in self.parts if is_column]
        return "" if columns and not any(columns) else "".join(texts).strip()


@dataclass(frozen=True, slots=True)
class Mapping:
    """How rows of one file are read."""

    kind: str  # people or events
    rules: tuple[Rule, ...]
    rest: tuple[str, ...]  # columns that no rule uses
    at_time: time
    consent: dict[str, bool] = field(default_factory=dict)
    consent_source: str = ""

    def message(self, cells: dict[str, str]) -> dict[str, Any]:
        """Make the message of a row; raises `InvalidInput` that names the field."""
        message: dict[str, Any] = {"type": "track" if self.kind == "events" else "identify"}
        inner: dict[str, dict[str, Any]] = {"properties": {}, "traits": {}}
        own = inner["properties" if self.kind == "events" else "traits"]
        for name in self.rest:
            _put(own, name, cells[name].strip())
        for rule in self.rules:
            self._apply(rule, rule.value(cells), message, inner)
        if self.consent:
            inner["traits"]["subscriptions"] = self.consent
            message["context"] = {"consent": {"source": self.consent_source}}
        message["traits" if self.kind == "people" else "properties"] = own
        return message

    def _apply(self, rule: Rule, value: str, message: dict[str, Any], inner: dict[str, dict[str, Any]]) -> None:
        group, _, name = rule.field.partition(".")
        if rule.field in ID_FIELDS:
            if value:
                message[ID_FIELDS[rule.field]] = value
        elif rule.field == "at":
            if value:
                message["timestamp"] = self._instant(value)
        elif rule.field == "event":
            message["event"] = value
        elif group in inner and name:
            _put(inner[group], name, value)
        else:
            _put(inner["properties" if self.kind == "events" else "traits"], rule.field, value)

    def _instant(self, value: str) -> str:
        try:
            at = datetime.fromisoformat(value)
            if len(value) <= len("2026-01-31"):
                at = datetime.combine(at.date(), self.at_time)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
        except (ValueError, OverflowError):
            raise InvalidInput("at", value, "use ISO 8601, e.g. 2026-01-31 or 2026-01-31T12:00:00Z") from None


def _put(target: dict[str, Any], name: str, value: str) -> None:
    if not value:
        return
    if name in TEXT_NAMES:
        target[name] = value
    elif _NUMBER.fullmatch(value):
        target[name] = float(value) if "." in value else int(value)
    else:
        target[name] = _TRUTH.get(value.lower(), value)


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file, as the command line says it."""

    maps: Sequence[str] = ()
    at_time: str = "00:00"
    subscribe: Sequence[str] = ()
    consent_source: str = ""


def read_mapping(kind: str, options: Options, columns: Sequence[str]) -> Mapping:
    """Read the options; raises `InvalidInput` that names what is wrong."""
    rules = tuple(_read_rule(text, columns) for text in options.maps)
    used = {part for rule in rules for is_column, part in rule.parts if is_column}
    try:
        at = time.fromisoformat(options.at_time)
    except ValueError:
        raise InvalidInput("--at-time", options.at_time, "use HH:MM, e.g. 12:00") from None
    fields = {rule.field for rule in rules}
    if kind == "events" and "event" not in fields:
        raise InvalidInput("--map", None, 'name the event, e.g. --map event="Order Completed"')
    if not fields & {"user_id", "anonymous_id"} and not (kind == "people" and ("email" in columns or {"email", "traits.email"} & fields)):
        raise InvalidInput("--map", None, f"say whom a row is about, e.g. --map user_id={columns[0]}")
    if options.subscribe and (kind != "people" or not options.consent_source):
        raise InvalidInput("--subscribe", ", ".join(options.subscribe), 'is for people, and needs --source "where and how they agreed"')
    rest = tuple(column for column in columns if column not in used)
    return Mapping(kind, rules, rest, at, dict.fromkeys(options.subscribe, True), options.consent_source)


def _read_rule(text: str, columns: Sequence[str]) -> Rule:
    name, mark, source = text.partition("=")
    name = name.strip()
    if not mark or not name or not source:
        raise InvalidInput("--map", text, WRONG)
    if source in columns:
        return Rule(name, ((True, source),))
    if source.startswith("="):
        return Rule(name, ((False, source[1:]),))
    parts = tuple((index % 2 == 1, part) for index, part in enumerate(_PLACE.split(source)) if part)
    unknown = [part for is_column, part in parts if is_column and part not in columns]
    if unknown or (name != "event" and not any(is_column for is_column, _ in parts)):
        raise InvalidInput("--map", text, f"there is no column {unknown[0] if unknown else source!r}; there are {', '.join(columns)}")
    return Rule(name, parts)
