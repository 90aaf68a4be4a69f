"""Where somebody lives, as far as it is known: country, region, city, position. Each part says what told it; the whole, when it was told last.

From weak to strong: the time zone (a country at most), the address that they came from, the device, what somebody stated. Of equally
strong ones the latest counts. What is weaker may add what is finer ("in Estonia" by them, "in Tartu" by the address), but only where it does
not contradict: who is in Estonia by their own word, and in Berlin by the address, is nowhere finer than Estonia. And when a part
changes, what was finer than the old one is forgotten, unless something stronger had said it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from hudhud.people.identifiers import normal_country, normal_place, normal_position, place_word

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from hudhud.people.types import Identity

    Normal = Callable[[Any], str | None]

PARTS = ("country", "region", "city", "position")
STRENGTH = {"default": 0, "zone": 1, "ip": 2, "device": 3, "stated": 4}
# In the provenance, beside the parts: when it was told last. Word of the same place is noted once a day: each note is a new version of the person.
TOLD_AT = "place_at"
AGAIN = timedelta(days=1)
# What becomes another when a part does, if nothing else is said of it.
FINER = {"country": ("region", "city", "position"), "region": ("city", "position"), "city": ("region", "position"), "position": ()}
# The traits that say it: of their own, or in an address (Segment's, Shopify's).
ADDRESSES = ("address", "default_address")
TRAITS: Mapping[str, tuple[str, ...]] = {"country": ("country",), "region": ("region",), "city": ("city",), "position": ()}
IN_ADDRESS: Mapping[str, tuple[str, ...]] = {
    "country": ("country_code", "countryCode", "country"),
    "region": ("region", "state", "province"),
    "city": ("city",),
}
NORMAL: Mapping[str, Normal] = {"country": normal_country, "region": normal_place, "city": normal_place}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Settled(NamedTuple):
    """What a word about a place changes: parts with their new values (None: not known any more), and what is noted of where it comes from."""

    values: dict[str, str | None]
    provenance: dict[str, str]


def stated_by(part: str) -> tuple[str, ...]:
    """Return the traits that may have stated a part."""
    return (*TRAITS[part], *ADDRESSES)


def told_by(identity: Identity, traits: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what a claim tells of somebody's place, with who tells it, the strongest first; `traits`: those of its attributes that count."""
    yield "stated", read_traits(traits)
    for origin, said in (("device", identity.device), ("ip", identity.ip_place)):
        if said:
            yield origin, read_parts(said)
    zone = traits.get("timezone") or traits.get("time_zone") or (identity.device or {}).get("time_zone")
    if isinstance(zone, str) and (country := countries_of_zones().get(zone)):
        yield "zone", {"country": country}


def read_traits(traits: Mapping[str, Any]) -> dict[str, str]:
    """Return the place that traits state."""
    addresses = [traits[name] for name in ADDRESSES if isinstance(traits.get(name), dict)]
    found: dict[str, str] = {}
    for part, normal in NORMAL.items():
        said = [traits.get(name) for name in TRAITS[part]]
        said += [address.get(name) for address in addresses for name in IN_ADDRESS[part]]
        if value := next((value for one in said if (value := normal(one))), None):
            found[part] = value
    for address in addresses:
        if position := normal_position(address.get("latitude"), address.get("longitude")):
            found.setdefault("position", position)
    return found


def read_location(location: object) -> dict[str, str]:
    """Return the parts that a device tells of its place (Segment's `context.location`)."""
    if not isinstance(location, dict):
        return {}
    found = {part: value for part, normal in NORMAL.items() if (value := normal(location.get(part)))}
    position = normal_position(location.get("latitude"), location.get("longitude"))
    return found | ({"position": position} if position else {})


def read_parts(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts among what is told of somebody; `position` is two numbers with a comma."""
    north, _, east = str(said.get("position", "")).partition(",")
    return read_location({**said, "latitude": north, "longitude": east})


def settle(known: Mapping[str, str | None], provenance: Mapping[str, str], told: Mapping[str, str], origin: str, at: datetime) -> Settled:
    """Return what changes when somebody's place is told by `origin` as of `at`."""
    rank, told_at = STRENGTH[origin], _told_at(provenance)
    values: dict[str, str | None] = {}
    origins: dict[str, str] = {}
    for part in (part for part in PARTS if part in told):
        stands = _rank(known, provenance, part)
        if known.get(part) is None or (rank >= stands and not _same(part, known[part], told[part]) and at >= told_at):
            values[part] = told[part]
            origins[part] = origin
        elif not _same(part, known[part], told[part]):
            break  # somebody who knows better says otherwise: what is finer is of another place
        elif rank > stands:
            origins[part] = origin
    moved = [part for part in values if known.get(part) is not None]
    lost = {finer for part in moved for finer in FINER[part] if finer not in told and _rank(known, provenance, finer) <= rank}
    values |= {part: None for part in lost if known.get(part) is not None}
    confirmed = any(known.get(part) is not None and _rank(known, provenance, part) <= rank for part in told)
    if values or origins or (confirmed and at - told_at >= AGAIN):
        origins[TOLD_AT] = max(at, told_at).astimezone(UTC).isoformat(timespec="milliseconds")
    return Settled(values, origins)


def find_taken(ours: Mapping[str, str | None], theirs: Mapping[str, str | None], chosen: Collection[str]) -> list[str]:
    """Return which parts somebody gets from another who becomes one with them; `chosen`: `@country` for the other one's place as a whole."""
    if "@country" in chosen and theirs.get("country") is not None:
        return [part for part in PARTS if ours.get(part) != theirs.get(part)]
    if None not in {ours.get("country"), theirs.get("country")} and ours.get("country") != theirs.get("country"):
        return []
    parts = PARTS if not any(ours.get(part) for part in FINER["country"]) else PARTS[:1]
    return [part for part in parts if ours.get(part) is None and theirs.get(part) is not None]


def _rank(known: Mapping[str, str | None], provenance: Mapping[str, str], part: str) -> int:
    return -1 if known.get(part) is None else STRENGTH.get(provenance.get(part, "default"), 0)


def _same(part: str, one: str | None, other: str) -> bool:
    return one == other or (one is not None and part in {"region", "city"} and place_word(one) == place_word(other))


def _told_at(provenance: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(provenance[TOLD_AT]) if TOLD_AT in provenance else _NEVER


@lru_cache(maxsize=1)
def countries_of_zones() -> Mapping[str, str]:
    """Return the country of each time zone that lies in one (the IANA list that comes with `tzdata`)."""
    lines = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
