"""The registry: which events there are, what their properties look like, and where that has changed.

Kept by the intake worker: names are counted exactly; of the properties a sample of each batch is looked at, and written where
something is new, else at most once a minute.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

NAMES = sql.load("hudhud.events")
QUERIES = sql.load("hudhud.events", "registry.sql")
KINDS = {str: "text", bool: "truth", int: "number", float: "number", list: "list", dict: "object"}
LOOKED_AT = 100  # so many events of a name in a batch
AGAIN = timedelta(minutes=1)
# The share that is known counts as much as that of so many events.
INERTIA = 20
MAX_PROPERTIES, MAX_PROPERTY_LENGTH = 300, 200
MAX_SAMPLES, MAX_SAMPLE_LENGTH = 5, 40
# Words in a property's name, and forms of a value, that tell who somebody is.
_PERSONAL = frozenset(
    {"email", "mail", "phone", "mobile", "tel", "telephone", "fax", "name", "firstname", "lastname", "surname", "fullname", "username", "nickname",
     "address", "street", "zip", "zipcode", "postcode", "postalcode", "postal", "birthday", "birthdate", "birth", "dob", "ip", "password", "token", "secret", "iban", "ssn",
     "passport", "latitude", "longitude", "lat", "lng", "avatar",
     "nimi", "eesnimi", "perenimi", "perekonnanimi", "kasutajanimi", "telefon", "mobiil", "meil", "epost", "aadress", "tänav", "sihtnumber", "sünnipäev",
     "sünniaeg", "isikukood",
     "نام", "ایمیل", "رایانامه", "تلفن", "موبایل", "آدرس", "نشانی", "کدپستی", "تولد", "زادروز", "کدملی", "گذرواژه",
     "اسم", "الاسم", "بريد", "البريد", "إيميل", "هاتف", "الهاتف", "جوال", "الجوال", "العنوان", "ميلاد", "الميلاد"}
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])|\d+")
_LETTERS = re.compile(r"[^\W\d_]+")  # of any script: "address1", "نام‌خانوادگی"
_PERSONAL_VALUE = re.compile(r"@|%40|^\+?[\d\s().-]{7,}$|^\d{1,3}(\.\d{1,3}){3}$")

Key = tuple[str, str]  # property, kind


@dataclass(slots=True)
class Look:
    """What a sample of one batch's events of a name looks like."""

    size: int
    first_at: datetime
    last_at: datetime
    counts: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    samples: dict[Key, list[Any]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one property with values of one kind."""

    event: str
    property: str
    kind: str
    first_seen_at: datetime
    last_seen_at: datetime
    share: float
    peak: float
    samples: list[Any]


def is_personal(name: str) -> bool:
    """Say whether a property of this name may tell who somebody is: its values are not shown as samples."""
    plain = name.lower()
    words = [*(word.lower().rstrip("0123456789") for word in _WORDS.findall(name)), *_LETTERS.findall(plain), re.sub(r"[\W_]", "", plain)]
    return not _PERSONAL.isdisjoint(words)


def is_telling(value: object) -> bool:
    """Say whether a value may be shown as a sample."""
    if isinstance(value, str):
        return len(value) <= MAX_SAMPLE_LENGTH and not _PERSONAL_VALUE.search(value)
    return isinstance(value, bool | int | float)


def record_names(ws: Scope, events: Sequence[Event]) -> None:
    """Count events by name, and keep what their properties look like."""
    if not events:
        return
    named: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        named[event.name].append(event)
    looked = ws.rows(
        NAMES.record_names,
        names=list(named),
        firsts=[min(event.at for event in group) for group in named.values()],
        lasts=[max(event.at for event in group) for group in named.values()],
        counts=[len(group) for group in named.values()],
    )
    now = max(event.received_at for event in events)
    looks = {name: look(group) for name, group in named.items()}
    due = {name for name, looked_at in looked if looked_at is None or not now - AGAIN < looked_at <= now}
    _record(ws, looks, due, now)


def look(events: Sequence[Event]) -> Look:
    """Look at some of the events, spread evenly."""
    some = events[:: max(1, len(events) // LOOKED_AT)]
    found = Look(len(some), min(event.at for event in some), max(min(event.at, event.received_at) for event in some))
    for event in some:
        if event.properties != b"{}":
            _look_at(found, event.properties)
    return found


def _look_at(found: Look, properties: bytes) -> None:
    try:
        values = msgspec.json.decode(properties)
    except (msgspec.DecodeError, RecursionError):
        return
    for name, value in values.items():
        kind = KINDS.get(type(value))
        if kind is None or len(name) > MAX_PROPERTY_LENGTH:
            continue
        key = (name, kind)
        found.counts[key] += 1
        samples = found.samples[key]
        if len(samples) < MAX_SAMPLES and value not in samples and is_telling(value):
            samples.append(value)


def _record(ws: Scope, looks: dict[str, Look], due: set[str], now: datetime) -> None:
    """Write what is due, and what shows something new."""
    known: dict[str, dict[Key, Known]] = defaultdict(dict)
    for row in ws.rows(QUERIES.find_looks, events=list(looks)):
        one = Known(*row)
        known[one.event][one.property, one.kind] = one
    fresh = {name for name, found in looks.items() if not found.counts.keys() <= known[name].keys() and len(known[name]) < MAX_PROPERTIES}
    rows = [row for name in sorted(due | fresh) for row in _rows(name, looks[name], known[name])]
    if rows:
        columns = zip(*rows, strict=True)
        ws.run(
            QUERIES.record_looks,
            **dict(zip(("events", "properties", "kinds", "firsts", "lasts", "shares", "samples"), map(list, columns), strict=True)),
        )
    if due or fresh:
        ws.run(QUERIES.mark_looked, names=sorted(due | fresh), now=now)


def _rows(name: str, found: Look, known: dict[Key, Known]) -> list[tuple[str, str, str, datetime, datetime, float, str]]:
    """Return a row for each property of a name that is known, or was found; the share of what was not found goes down."""
    weight = found.size / (found.size + INERTIA)
    rows = []
    for key in sorted(known.keys() | set(sorted(found.counts.keys() - known.keys())[: MAX_PROPERTIES - len(known)])):
        old, count = known.get(key), found.counts.get(key, 0)
        share = (1 - weight) * (old.share if old else 0) + weight * count / found.size
        first, last = (found.first_at, found.last_at) if count or old is None else (old.first_seen_at, old.last_seen_at)
        samples = _samples(key[0], found.samples.get(key, []), old.samples if old else [])
        rows.append((name, *key, min(first, last), last, share, msgspec.json.encode(samples).decode()))
    return rows


def _samples(name: str, new: list[Any], old: list[Any]) -> list[Any]:
    if is_personal(name):
        return []
    return (new + [value for value in old if value not in new])[:MAX_SAMPLES]
