"""The words of each leaf, written and read: a new kind of leaf gets a pair of functions here, and until then is written as `kind {JSON}`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from hudhud.segments.conditions.nodes import (
    Amount,
    Attribute,
    Company,
    Consent,
    Day,
    Did,
    Engaged,
    Event,
    InJourney,
    Place,
    Segment,
    Sequence,
    Share,
    Stay,
    Take,
    to_json,
)
from hudhud.segments.text import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hudhud.segments.conditions.nodes import Leaf
    from hudhud.segments.text.reader import Reader

    Plain = dict[str, Any]

STATES = {"subscribed": "to", "pending": "for", "unsubscribed": "from"}
DAYS = {
    "in": "in {}",
    "ago": "{} ago",
    "within_next": "in next {}",
    "within_last": "in last {}",
    "more_than_in": "more than {} ahead",
    "more_than_ago": "more than {} ago",
}


def write_event(leaf: Event) -> str:
    """`did "Order Completed" at least 2 times where total more than 50 in last 30 days`."""
    return f"did {words.quoted(leaf.name)}{words.count(leaf.count)}{words.where(leaf.where)}{words.window(leaf.window)}"


def write_sequence(leaf: Sequence) -> str:
    """`did "Product Added" then "Order Completed" within 7 days without "Cart Emptied" in last 30 days`."""
    steps = " then ".join(map(words.step, leaf.steps))
    within = words.within(leaf.within) if leaf.within else ""
    without = f" without {words.step(leaf.without)}" if leaf.without else ""
    return f"did {steps}{within}{without}{words.window(leaf.window)}"


def read_did(reader: Reader) -> Plain:
    """Read what somebody did, once or several times, or one thing after another."""
    name = reader.name("the name of an event")
    count = reader.count()
    first = {"name": name, **reader.where()}
    if not reader.sees("then"):
        return {"kind": "event", **first, **count, **reader.window()}
    if count:
        raise reader.refused("things one after another are not counted; take out how many times")
    steps = [first]
    while reader.take("then"):
        steps.append(_read_step(reader))
    return {"kind": "sequence", "steps": steps, **_read_within(reader), **_read_without(reader), **reader.window()}


def _read_step(reader: Reader) -> Plain:
    return {"name": reader.name("the name of an event"), **reader.where()}


def _read_within(reader: Reader) -> Plain:
    if not reader.take("within"):
        return {}
    within = {"amount": reader.whole("how many days, hours or minutes"), "unit": reader.unit()}
    return {"within": within | ({"after": "first"} if reader.take("of", "the", "first") else {})}


def _read_without(reader: Reader) -> Plain:
    return {"without": _read_step(reader)} if reader.take("without") else {}


def write_amount(leaf: Amount) -> str:
    """`sum of total over "Order Completed" more than 100 in last 30 days`."""
    what = f"{leaf.take} of {words.name(leaf.property)} over {words.quoted(leaf.name)} {words.comparison(leaf.op, leaf.value)}"
    return f"{what}{words.where(leaf.where)}{words.window(leaf.window)}"


def read_amount(reader: Reader, take: str) -> Plain:
    """Read what a property of events comes to."""
    reader.expect("of")
    what = {"property": reader.name("the name of a property")}
    reader.expect("over")
    what["name"] = reader.name("the name of an event")
    return {"kind": "amount", "take": take, **what, **reader.comparison(), **reader.where(), **reader.window()}


def write_message(leaf: Engaged) -> str:
    """`message opened template welcome at least 2 times in last 7 days`."""
    narrowed = {"template": leaf.template, "journey": leaf.journey, "channel": leaf.channel}
    said = "".join(f" {name} {words.name(one)}" for name, one in narrowed.items() if one is not None)
    return f"message {leaf.did}{said}{words.count(leaf.count)}{words.window(leaf.window)}"


def read_message(reader: Reader) -> Plain:
    """Read what became of messages."""
    did = _one_of(reader, get_args(Did))
    narrowed = {name: reader.name(f"the key of the {name}") for name in ("template", "journey", "channel") if reader.take(name)}
    return {"kind": "message", "did": did, **narrowed, **reader.count(), **reader.window()}


def write_journey(leaf: InJourney) -> str:
    """`journey welcome reached_goal in last 30 days`."""
    return f"journey {words.name(leaf.journey)} {leaf.did}{words.window(leaf.window)}"


def read_journey(reader: Reader) -> Plain:
    """Read where somebody is, or was, on a journey."""
    return {"kind": "journey", "journey": reader.name("the key of a journey"), "did": _one_of(reader, get_args(Stay)), **reader.window()}


def write_date(leaf: Day) -> str:
    """`date born in 7 days every year`."""
    return f"date {words.name(leaf.name)} {DAYS[leaf.op].format(words.amount(leaf.days, 'days'))}{' every year' if leaf.yearly else ''}"


def read_date(reader: Reader) -> Plain:
    """Read how far from today a date is."""
    name = reader.name("an attribute that holds a date")
    op, days = _read_days(reader)
    return {"kind": "date", "name": name, "op": op, "days": days, "yearly": reader.take("every", "year")}


def _read_days(reader: Reader) -> tuple[str, int]:
    for start, op in ((("in", "next"), "within_next"), (("in", "last"), "within_last"), (("in",), "in")):
        if reader.take(*start):
            return op, _days(reader)
    more = reader.take("more", "than")
    days = _days(reader)
    if more and reader.take("ahead"):
        return "more_than_in", days
    reader.expect("ago")
    return "more_than_ago" if more else "ago", days


def _days(reader: Reader) -> int:
    days = reader.whole("how many days")
    if not (reader.take("days") or reader.take("day")):
        raise reader.refused("write `days` here")
    return days


PLACES = {"country": "countries", "region": "regions", "city": "cities"}


def write_place(leaf: Place) -> str:
    """`place in country ("EE", "LV"), 50 km around (59.437, 24.754)`, `place outside city ("Tartu")`."""
    said = [f"{word} {words.value(names)}" for word, field in PLACES.items() if (names := getattr(leaf, field))]
    if leaf.near:
        north, east, km = (json.dumps(number) for number in (leaf.near.latitude, leaf.near.longitude, leaf.near.km))
        said.append(f"{km} km around ({north}, {east})")
    return f"place {'outside' if leaf.outside else 'in'} {', '.join(said)}"


def read_place(reader: Reader) -> Plain:
    """Read where somebody is, or is not."""
    outside = _one_of(reader, ("in", "outside")) == "outside"
    found: Plain = {"kind": "place", "outside": outside}
    found |= _read_part(reader)
    while reader.take(","):
        token = reader.next
        more = _read_part(reader)
        if more.keys() & found.keys():
            raise reader.refused("say each of country, region, city and km once", token)
        found |= more
    return found


def _read_part(reader: Reader) -> Plain:
    for word, field in PLACES.items():
        if reader.take(word):
            return {field: reader.values()}
    km = reader.number("country, region, city, or how many kilometres")
    reader.expect("km", "around", "(")
    north = reader.number("degrees north")
    reader.expect(",")
    east = reader.number("degrees east")
    reader.expect(")")
    return {"near": {"latitude": north, "longitude": east, "km": km}}


def write_share(leaf: Share) -> str:
    """`share 10 % by lot spring`."""
    return f"share {json.dumps(leaf.percent)} % by lot {words.name(leaf.salt)}"


def read_share(reader: Reader) -> Plain:
    """Read a share of all people."""
    percent = reader.number("how many percent")
    reader.expect("%")
    reader.expect("by", "lot")
    return {"kind": "share", "percent": percent, "salt": reader.name("the name of the lot")}


def write_consent(leaf: Consent) -> str:
    """`subscribed to newsletter`, `unsubscribed from offers by sms`."""
    by = "" if leaf.channel == "email" else f" by {words.name(leaf.channel)}"
    return f"{leaf.state} {STATES[leaf.state]} {words.name(leaf.topic)}{by}"


def read_consent(reader: Reader, state: str) -> Plain:
    """Read a subscription's state."""
    reader.expect(STATES[state])
    topic = reader.name("the key of a topic")
    return {"kind": "consent", "topic": topic, "state": state, **({"channel": reader.name("a channel")} if reader.take("by") else {})}


def write_segment(leaf: Segment) -> str:
    """`in segment 7`, `outside segment 7`."""
    return f"{'in' if leaf.member else 'outside'} segment {leaf.segment_id}"


def write_company(leaf: Company) -> str:
    """`in company where plan is "pro", seats more than 10`."""
    return f"in company{words.where(leaf.where)}"


def read_segment(reader: Reader, where: str) -> Plain:
    """Read a place in or outside another segment, or in a company."""
    if where == "in" and reader.take("company"):
        return {"kind": "company", **reader.where()}
    reader.expect("segment")
    return {"kind": "segment", "segment_id": reader.whole("the number of a segment"), "member": where == "in"}


def write_attribute(leaf: Attribute) -> str:
    """`city one of ("Tartu", "Tallinn")`."""
    return f"{words.name(leaf.name)} {words.comparison(leaf.op, leaf.value)}"


def read_attribute(reader: Reader) -> Plain:
    """Read a comparison of an attribute; or any leaf as its kind and the rest as JSON."""
    name = reader.name("a condition")
    if isinstance(given := reader.next.value, dict):
        reader.place += 1
        return {**given, "kind": name}
    return {"kind": "attribute", "name": name, **reader.comparison()}


def write_plain(leaf: Leaf) -> str:
    """`attribute {"name": "city", …}`: a leaf that has no words of its own."""
    plain = to_json(leaf)
    return f"{words.name(plain.pop('kind'))} {json.dumps(plain, ensure_ascii=False)}"


def _one_of(reader: Reader, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if reader.take(choice):
            return choice
    raise reader.refused(f"write one of {', '.join(choices)} here")


WRITE: Mapping[type, Callable[[Any], str]] = {
    Event: write_event,
    Sequence: write_sequence,
    Amount: write_amount,
    Engaged: write_message,
    InJourney: write_journey,
    Day: write_date,
    Place: write_place,
    Company: write_company,
    Share: write_share,
    Consent: write_consent,
    Segment: write_segment,
    Attribute: write_attribute,
}
# By the word that they begin with; all others are attributes.
READ: Mapping[str, Callable[[Reader], Plain]] = {
    "did": read_did,
    "message": read_message,
    "journey": read_journey,
    "date": read_date,
    "place": read_place,
    "share": read_share,
    **{take: lambda reader, take=take: read_amount(reader, take) for take in get_args(Take)},  # type: ignore[misc]
    **{state: lambda reader, state=state: read_consent(reader, state) for state in STATES},  # type: ignore[misc]
    **{place: lambda reader, place=place: read_segment(reader, place) for place in ("in", "outside")},  # type: ignore[misc]
}
