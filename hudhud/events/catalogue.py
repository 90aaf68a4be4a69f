"""The catalogue as it is read: event names, their properties, what is unusual about them, and the last events of a name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.errors import EventNameNotFound
from hudhud.events.registry import Known, is_personal
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

NAMES = sql.load("hudhud.events")
QUERIES = sql.load("hudhud.events", "registry.sql")
CLICKHOUSE = sql.load("hudhud.events", "clickhouse.sql")
DAY = timedelta(days=1)
# A kind of value is new when it came so much later than the first one, and for so long after.
LATER, NEW_FOR = timedelta(hours=1), timedelta(days=14)
# A property that so many of the events had is missed when the last day has none.
USUAL = 0.5
# An event is missed after a day, or after so many times its usual pause, when it has come often enough to know that.
PAUSES, OFTEN = 10, 20
SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of JSON value that a property has had."""

    kind: str
    first_seen_at: datetime
    last_seen_at: datetime
    samples: list[Any]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an event, with the kinds of its values, the oldest first."""

    name: str
    kinds: list[Kind]
    share: float  # how many of the events have it, lately
    is_personal: bool  # its values are not shown


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 -- never used beside the built-in one
    """Something unusual: new_kind (of values of a known property), vanished (a property), stopped (the event)."""

    kind: str
    since: datetime
    property: str = ""
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """Where events break the rules of their name."""

    path: str
    rule: str
    expected: str
    count: int
    first_at: datetime
    last_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class EventName:
    """A name that events have, and what is known about them."""

    name: str
    first_seen_at: datetime
    last_seen_at: datetime
    count: int
    rules: dict[str, Any] | None
    mode: str
    keep_days: int | None
    broken: int  # places where they break rules
    details: list[Property] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)  # of one name only

    @property
    def properties(self) -> dict[str, str]:
        """Return each property with the kind that its values have had last."""
        return {one.name: max(one.kinds, key=lambda kind: kind.last_seen_at).kind for one in self.details}


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the last events of a name; values that tell who somebody is are hidden."""

    at: datetime
    message_id: str
    person_id: int
    properties: dict[str, Any]


def find_names(ws: Scope, now: datetime) -> list[EventName]:
    """Every event name, the most frequent first."""
    return _names(ws, now, None)


def get_name(ws: Scope, name: str, now: datetime) -> EventName:
    """One event name, also with what breaks its rules; raises `EventNameNotFound`."""
    found = _names(ws, now, name)
    if not found:
        raise EventNameNotFound
    found[0].violations.extend(ws.into(Violation, QUERIES.find_violations, event=name))
    return found[0]


def find_last_seen(ws: Scope, name: str) -> datetime | None:
    """When an event of this name happened last; None: it is not known yet."""
    found = ws.into(EventName, NAMES.find_names, name=name)
    return found[0].last_seen_at if found else None


def _names(ws: Scope, now: datetime, name: str | None) -> list[EventName]:
    found = ws.into(EventName, NAMES.find_names, name=name)
    known: dict[str, list[Known]] = defaultdict(list)
    for one in ws.into(Known, QUERIES.find_properties, event=name):
        known[one.event].append(one)
    for event in found:
        event.details.extend(_properties(known[event.name]))
        event.warnings.extend(_warnings(event, known[event.name], now))
    return found


def _properties(known: Iterable[Known]) -> list[Property]:
    grouped: dict[str, list[Known]] = defaultdict(list)
    for one in known:
        grouped[one.property].append(one)
    return [
        Property(
            name,
            [Kind(one.kind, one.first_seen_at, one.last_seen_at, one.samples) for one in kinds],
            min(1.0, sum(one.share for one in kinds)),
            is_personal(name),
        )
        for name, kinds in grouped.items()
    ]


def _warnings(event: EventName, known: list[Known], now: datetime) -> list[Warning]:
    peaks: dict[str, float] = defaultdict(float)
    for row in known:
        peaks[row.property] += row.peak
    found = []
    for one in event.details:
        newest, last = one.kinds[-1], max(kind.last_seen_at for kind in one.kinds)
        if newest.first_seen_at - one.kinds[0].first_seen_at > LATER and now - newest.first_seen_at < NEW_FOR:
            found.append(Warning("new_kind", newest.first_seen_at, one.name, one.kinds[-2].kind, newest.kind))
        if peaks[one.name] >= USUAL and event.last_seen_at - last > DAY:
            found.append(Warning("vanished", last, one.name))
    pause = (event.last_seen_at - event.first_seen_at) / max(1, event.count - 1)
    if event.count >= OFTEN and now - event.last_seen_at > max(DAY, PAUSES * pause):
        found.append(Warning("stopped", event.last_seen_at))
    return found


def find_samples(ws: Scope, ch: Client, name: str) -> list[Sample]:
    """The last events of a name, newest first; raises `EventNameNotFound`."""
    found = ws.into(EventName, NAMES.find_names, name=name)
    if not found:
        raise EventNameNotFound
    since = found[0].last_seen_at - DAY
    rows = ch.query(
        CLICKHOUSE.samples.text,
        parameters={
            "workspace_id": ws.workspace_id,
            "name": name,
            "since": since.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds"),
            "limit": SAMPLES,
        },
    ).result_rows
    return [
        Sample(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), message_id, person_id, hide(msgspec.json.decode(properties)))
        for at, message_id, person_id, properties in rows
    ]


def hide(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """Return JSON with dots in place of the values that tell who somebody is."""
    if isinstance(value, dict):
        return {name: "•••" if is_personal(name) and not isinstance(inner, dict | list) else hide(inner) for name, inner in value.items()}
    return [hide(inner) for inner in value] if isinstance(value, list) else value
