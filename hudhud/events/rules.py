"""Rules for events: a JSON Schema for the properties of a name. What breaks them is counted and shown, or refused where that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs
import msgspec

from hudhud.events.errors import EventNameNotFound
from hudhud.events.log import find_seen, message_hash
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events", "registry.sql")
MAX_RULES_BYTES = 32 * 1024
MAX_BROKEN = 20  # so many are told of one event
MAX_EXPECTED = 200
Mode = Literal["warn", "reject"]


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where an event breaks the rules."""

    event: Event
    path: str
    rule: str
    expected: str

    @property
    def text(self) -> str:
        """Say it in one line."""
        return f"{self.path or 'properties'}: {self.rule} {self.expected}".strip()


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking events: those to go on with, those to refuse, and everything that is broken about either."""

    kept: list[Event]
    refused: list[tuple[Event, str]]  # with what is wrong
    broken: list[Broken]


def set_rules(ws: Scope, name: str, rules: dict[str, Any] | None, mode: Mode) -> None:
    """Set the JSON Schema of a name's properties (None: anything goes); raises `InvalidInput` or `EventNameNotFound`."""
    text = None if rules is None else msgspec.json.encode(rules).decode()
    if text is not None:
        if len(text) > MAX_RULES_BYTES:
            raise InvalidInput("rules", f"{len(text)} bytes", f"use at most {MAX_RULES_BYTES}")
        if "\\u0000" in text:
            raise InvalidInput("rules", "\\u0000", "remove the NUL character")
        _compile(text)
    if not ws.run(QUERIES.set_rules, name=name, rules=text, mode=mode):
        raise EventNameNotFound
    ws.run(QUERIES.clear_violations, name=name)


@lru_cache(maxsize=256)
def _compile(rules: str) -> Any:  # noqa: ANN401 -- the library has a class for each draft
    """Compile a schema; patterns run in linear time, and nothing is fetched."""
    try:
        return jsonschema_rs.validator_for(rules, mask="…", pattern_options=jsonschema_rs.RegexOptions(), retriever=_fetch_nothing)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        said = str(error).partition("\n")[0][:200]
        raise InvalidInput("rules", "…", f"this is no JSON Schema: {said}") from None


def _fetch_nothing(address: str) -> Any:  # noqa: ANN401 -- what the library asks for
    message = f"{address} is elsewhere; write its content into the rules"
    raise ValueError(message)


def check_rules(ws: Scope, events: Sequence[Event]) -> Checked:
    """Check the events whose names have rules. Refused is none whose message_id is known: deduplication has the last word about those."""
    rules = {name: (text, mode) for name, text, mode in ws.rows(QUERIES.find_rules)}
    if not rules:
        return Checked(list(events), [], [])
    broken = {id(event): found for event in events if event.name in rules and (found := _check(event, rules[event.name][0]))}
    strict = [event for event in events if id(event) in broken and rules[event.name][1] == "reject"]
    known = find_seen(ws, strict)
    refused = {id(event) for event in strict if message_hash(event) not in known}
    return Checked(
        [event for event in events if id(event) not in refused],
        [(event, "; ".join(one.text for one in broken[id(event)])) for event in strict if id(event) in refused],
        [one for found in broken.values() for one in found],
    )


def _check(event: Event, rules: str) -> list[Broken]:
    """Return where an event breaks the rules."""
    try:
        values = msgspec.json.decode(event.properties)
    except (msgspec.DecodeError, RecursionError):
        return [Broken(event, "", "type", '"object"')]
    found = []
    for error in _compile(rules).iter_errors(values):
        # A place in a list is any place in it.
        path, rule = ["*" if isinstance(step, int) else step for step in error.instance_path], error.kind.name
        expected: Any = _find(rules, error.schema_path)
        if rule == "required":
            path, expected = [*path, error.kind.property], None
        text = "" if expected is None else msgspec.json.encode(expected).decode()[:MAX_EXPECTED]
        found.append(Broken(event, ".".join(path)[:MAX_EXPECTED], rule, text))
        if len(found) == MAX_BROKEN:
            break
    return found


def _find(rules: str, way: Sequence[str | int]) -> Any:  # noqa: ANN401 -- any JSON
    """Return what stands in a schema at this place; None when that is behind a reference."""
    here = msgspec.json.decode(rules)
    for step in way:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    return here


def record_broken(ws: Scope, broken: Sequence[Broken]) -> None:
    """Count where events broke rules."""
    if not broken:
        return
    groups: dict[tuple[str, str, str], list[Broken]] = {}
    for one in broken:
        groups.setdefault((one.event.name, one.path, one.rule), []).append(one)
    ws.run(
        QUERIES.record_violations,
        events=[key[0] for key in groups],
        paths=[key[1] for key in groups],
        rules=[key[2] for key in groups],
        expecteds=[group[-1].expected for group in groups.values()],
        counts=[len(group) for group in groups.values()],
        ats=[group[-1].event.received_at for group in groups.values()],
        message_ids=[group[-1].event.message_id for group in groups.values()],
    )
