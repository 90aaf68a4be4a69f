"""From a row to a Segment message: which column means what.

FIELD is user_id, anonymous_id, message_id, at, event (events only), email, phone, traits.NAME, properties.NAME, a bare `properties` (a JSON
object), a NAME alone (a property of an event, a trait of a person), or what a row says about consent: topic.KEY, unsubscribed, suppressed and more
(sayings.py). On the command line COLUMN is a
column's name, a text with {COLUMN} in it, or =TEXT for a text as it stands; columns that no rule uses keep their own name.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.errors import TooLarge
from hudhud.events.types import EARLIEST, KINDS, LATEST, MAX_EVENT_BYTES, MAX_ID_LENGTH, MAX_NAME_LENGTH
from hudhud.kit.errors import InvalidInput
from hudhud.people.identifiers import normal_email, normal_phone
from hudhud.transfer import values
from hudhud.transfer.sayings import Sayings, is_saying

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hudhud.consent.types import Refusal
    from hudhud.transfer.rules import Mapping, Rule
    from hudhud.transfer.types import Typed

# Digits that are no numbers.
TEXT_NAMES = frozenset({"phone", "zip", "postcode", "postal_code", "email"})
ID_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId"}
WHOM = frozenset({"user_id", "anonymous_id", "email", "traits.email"})
_encode = msgspec.json.Encoder().encode
# What a column that has a type of its own is spared.
_TYPED = frozenset({values.auto, values.number, values.truth})


class Maker:
    """Makes the body of each row's message; raises `InvalidInput` that names the field."""

    def __init__(self, mapping: Mapping) -> None:
        """Prepare one step for each rule."""
        self.is_people = mapping.kind != "events"
        self.mapping = mapping
        saying = [rule for rule in mapping.rules if is_saying(mapping.kind, rule.field)]
        self.sayings = Sayings(mapping, saying) if saying or mapping.consent or mapping.refused or mapping.kind == "suppressions" else None
        # Own values of one column are what most of a file is: they go by without asking what they are.
        self.own_steps: list[tuple[int, str, Callable[[str], Any] | None]] = []
        self.head_steps: list[tuple[int, str, Callable[[str], Any]]] = []
        self.other_steps: list[tuple[Rule, str, str, Callable[[str], Any]]] = []
        used = Counter(place for rule in mapping.rules for place, _ in rule.parts)
        # Columns whose cells may come as values (types.py Typed): all others are also read as text by somebody.
        self.typed: Typed = {}
        for rule in [rule for rule in mapping.rules if rule not in saying]:
            where, name, read = self._step(rule)
            if where == "own" and len(rule.parts) == 1 and rule.parts[0][0] >= 0:
                place = rule.parts[0][0]
                self.own_steps.append((place, name, None if read is str else read))
                if used[place] == 1 and getattr(read, "func", read) in _TYPED:
                    self.typed[place] = rule.type
            elif where == "head" and len(rule.parts) == 1 and rule.parts[0][0] >= 0 and rule.type != "own":
                self.head_steps.append((rule.parts[0][0], name, read))
            else:
                self.other_steps.append((rule, where, name, read))
        self.upsert = {"upsert": mapping.upsert} if mapping.upsert else {}
        self._prepare_whole()

    def _prepare_whole(self) -> None:
        """Tell apart what a reader of typed cells has read already (tables.py Record `is_read`): that becomes a message all at once."""
        places, names = [place for place, _, _ in self.own_steps], [name for _, name, _ in self.own_steps]
        # Of one place alone itemgetter makes no tuple; of two columns for one name the last that is not empty counts.
        self.can_whole = len(names) > 1 and len(set(names)) == len(names)
        self.own_names = names
        self.own_cells: Callable[[Sequence[Any]], Sequence[Any]] = itemgetter(*places) if self.can_whole else tuple
        self.unread = [(name, read) for place, name, read in self.own_steps if self.typed.get(place) != "auto"]

    def _whole(self, cells: Sequence[Any]) -> dict[str, Any]:
        own = dict(zip(self.own_names, self.own_cells(cells), strict=True))
        for name, read in self.unread:
            cell = own[name]
            if cell.__class__ is str:
                text = cell.strip()
                own[name] = read(text) if read and text else text
        return {name: cell for name, cell in own.items() if cell.__class__ is not str or cell} if "" in own.values() else own

    def _by_steps(self, cells: Sequence[Any]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for place, name, read in self.own_steps:
            cell = cells[place]
            if cell.__class__ is not str:
                own[name] = cell
            elif text := cell.strip():
                own[name] = read(text) if read else text
        return own

    def _step(self, rule: Rule) -> tuple[str, str, Callable[[str], Any]]:
        """Return where a value goes (head, own, whole or other), its name there, and what reads it."""
        group, _, name = rule.field.partition(".")
        heads: dict[str, tuple[str, str, Callable[[str], Any]]] = {key: ("head", wire, _identifier) for key, wire in ID_FIELDS.items()}
        heads["at"] = ("head", "timestamp", self._instant)
        if not self.is_people:
            heads |= {"event": ("head", "event", _event_name), "type": ("head", "type", _kind), "properties": ("whole", "", _object)}
        if rule.field in heads:
            return heads[rule.field]
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

    def message(self, cells: Sequence[Any], *, is_read: bool = False) -> tuple[dict[str, Any], Refusal | None]:
        """Make the message of a row, and read which address it says must not be written to."""
        own = self._whole(cells) if is_read and self.can_whole else self._by_steps(cells)
        message: dict[str, Any] = {"type": "identify" if self.is_people else "track"}
        for place, name, read in self.head_steps:
            if text := cells[place].strip():
                message[name] = read(text)
        for rule, where, name, read_other in self.other_steps:
            if not (text := rule.value(cells)):
                continue
            value = read_other(text if where == "own" or rule.type != "own" else values.check_whole(text).removeprefix("'"))
            if where == "head":
                message[name] = value
            elif where == "own":
                own[name] = value
            elif where == "whole":
                own.update(value)
            else:
                message.setdefault("properties" if self.is_people else "traits", {})[name] = value
        message["traits" if self.is_people else "properties"] = own
        if self.upsert:
            message["context"] = self.upsert
        return message, self.sayings.read(cells, message, own) if self.sayings else None

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
