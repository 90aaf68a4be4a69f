"""Random worlds and trees for Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.segments.grounds import CITIES, COMPANIES, POSITIONS, places
from tests.segments.oracle import Event, Person, World
from tests.segments.written import wire as wire
from tests.segments.written import write as write
from tests.segments.written import write_events as write_events
from tests.segments.written import write_merged as write_merged
from tests.segments.written import write_people as write_people

NOW = datetime(2026, 3, 31, 12, 0, 0, 500_000, tzinfo=UTC)
MS = timedelta(milliseconds=1)
NAMES = ("Page Viewed", "Order Completed", "شراء")
MAILS = ("Message Sent", "Message Bounced", "Message Opened", "Message Clicked")
TEMPLATES, JOURNEYS, CHANNELS = ("welcome", "نوروز"), ("cart", "win back"), ("email", "sms")
PATHS = ("price", "cart.total", "we`ird 'name\"", "قیمت", "^odd:[x]", "back\\slash")
ITEM_PATHS = ("products[].category", "products[].price", "products[].maker.city", "cart.items[].category", "we`ird 'list\"[].price")
TEXTS = (
    "Tartu",
    "Tallinn",
    "تهران",
    "5",
    "5.50",
    "-0",
    "",
    " 5",
    "1e3",
    "true",
    "2026-03-01",
    "01/02/2026",
    "x'y\\n",
    "tab\tline\nend`",
    "{p0:String}",
    "😀",
)
NUMBERS = (0, 1, 5, 5.5, -3, 1e3, 2**53, 0.1, 100)
# Each window's edges fall on these distances from now, a millisecond to either side included.
EDGES = (timedelta(0), timedelta(minutes=90), timedelta(hours=5), timedelta(days=7), timedelta(days=30), timedelta(days=400))

scalars = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans())
members = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS))
# ClickHouse keeps no true and false beside other things in a list.
lists = st.one_of(
    st.lists(members, max_size=4), st.lists(st.sampled_from(TEXTS), max_size=4), st.lists(st.booleans(), min_size=1, max_size=2)
)
stored = st.one_of(scalars, scalars, st.none(), lists)
instants = st.builds(lambda edge, off: NOW - edge + off * MS, st.sampled_from(EDGES), st.integers(-2, 2))


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """An object whose paths are told once each: nested or with a dot in the key."""
    found: dict[str, Any] = {}
    for path in draw(st.sets(st.sampled_from(PATHS), max_size=4)):
        value = draw(stored)
        if path == "cart.total" and draw(st.booleans()):
            found["cart"] = {"total": value, "n": 1}
        else:
            found[path] = value
    for path in draw(st.sets(st.sampled_from(["products", "products", "cart.items", "we`ird 'list\""]), max_size=2)):
        found[path] = draw(st.one_of(st.lists(items, max_size=3), st.lists(st.one_of(items, stored), max_size=3), items))
    return found


items = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"category": stored, "price": stored, "maker": st.fixed_dictionaries({}, optional={"city": stored})}
    ),
    st.fixed_dictionaries({}, optional={"category": st.sampled_from(TEXTS[:3]), "price": st.sampled_from(NUMBERS), "maker.city": stored}),
)
# Days from today that the conditions ask about, some a day off; 29 February, a day that is none, and much that only looks like a date.
days = st.one_of(
    st.builds(
        lambda away, off, form: form.format(day=NOW.date() + timedelta(days=away + off)),
        st.sampled_from([-400, -365, -31, -30, -7, -1, 0, 1, 7, 30, 365, 400]),
        st.integers(-1, 1),
        st.sampled_from(["{day}", "{day}", "{day}T23:59:59Z", "{day} 00:00", "--{day:%m-%d}", "19{day:%y-%m-%d}", "{day}x", "{day:%Y-%m}"]),
    ),
    st.sampled_from(
        [
            "2024-02-29",
            "2026-02-29",
            "2026-02-31",
            "--02-29",
            "1899-12-31",
            "2299-12-31",
            "2300-01-01",
            "0001-03-31",
            "",
            "soon",
            20260331,
            True,
        ]
    ),
)
facts = st.builds(lambda one, other: one | other, objects(), st.dictionaries(st.sampled_from(["renewal", "born"]), days))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    people = [draw(_people(number)) for number in range(1, draw(st.integers(1, 6)) + 1)]
    events = draw(st.lists(_events(len(people)), max_size=20))
    merged = {}
    if len(people) > 2 and draw(st.booleans()):
        people[0].gone = True
        merged[people[0].id] = people[1].id
    return World(people, events, merged, companies=COMPANIES)


def _people(number: int) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        id=st.just(number),
        attributes=facts,
        language=st.sampled_from(["", "en", "fa"]),
        companies=st.lists(st.sampled_from([*COMPANIES]), unique=True, max_size=3),
        country=st.sampled_from(["", "EE", "IR"]),
        region=st.sampled_from(["", "Tartumaa"]),
        city=st.sampled_from(["", *CITIES]),
        position=st.one_of(st.none(), st.sampled_from(POSITIONS)),
        time_zone=st.sampled_from(["", "Asia/Tehran", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"]),
        created_at=instants,
        subscriptions=st.lists(st.sampled_from(["news:email:subscribed", "news:email:unsubscribed", "a'b:email:pending"]), unique=True),
        reachable=st.sampled_from([[], ["email"], ["phone"]]),
    )


def _events(people: int) -> st.SearchStrategy[Event]:
    engagement = st.fixed_dictionaries(
        {
            "verdict": st.sampled_from(["human", "human", "machine", "unknown"]),
            "template": st.sampled_from(TEMPLATES),
            "journey": st.sampled_from([None, *JOURNEYS]),
            "channel": st.sampled_from(CHANNELS),
        }
    )
    return st.one_of(
        st.builds(Event, actor_id=st.integers(1, people), name=st.sampled_from(NAMES), at=instants, properties=objects()),
        st.builds(Event, actor_id=st.integers(1, people), name=st.sampled_from(NAMES), at=instants, properties=objects()),
        st.builds(Event, actor_id=st.integers(1, people), name=st.sampled_from(MAILS), at=instants, properties=engagement),
        _journey_events(people),
    )


def _journey_events(people: int) -> st.SearchStrategy[Event]:
    begun = st.fixed_dictionaries({"journey": st.sampled_from(JOURNEYS), "run": st.integers(1, 4)})
    ended = st.builds(lambda run, how: {**run, "outcome": how}, begun, st.sampled_from(["goal", "finished", "exited", "merged"]))
    person = st.integers(1, people)
    return st.one_of(
        st.builds(Event, actor_id=person, name=st.just("Journey Entered"), at=instants, properties=begun),
        st.builds(Event, actor_id=person, name=st.just("Journey Left"), at=instants, properties=ended),
    )


def comparisons(name: str, names: tuple[str, ...], *, listed: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    texts = st.sampled_from([text for text in TEXTS if text])
    of_items = {"op": st.sampled_from(["has_any", "has_all", "has_none"]), "value": st.lists(members, min_size=1, max_size=3)}
    return st.one_of(
        *([st.fixed_dictionaries({name: st.sampled_from(names), **of_items})] if listed else []),
        st.fixed_dictionaries({name: st.sampled_from(names), "op": st.sampled_from(["is", "is_not"]), "value": scalars}),
        st.fixed_dictionaries(
            {
                name: st.sampled_from(names),
                "op": st.sampled_from(["more_than", "less_than", "at_least", "at_most"]),
                "value": st.one_of(st.sampled_from(NUMBERS), st.sampled_from(TEXTS)),
            }
        ),
        st.fixed_dictionaries({name: st.sampled_from(names), "op": st.sampled_from(["contains", "starts_with"]), "value": texts}),
        st.fixed_dictionaries({name: st.sampled_from(names), "op": st.just("one_of"), "value": st.lists(scalars, min_size=1, max_size=4)}),
        st.fixed_dictionaries({name: st.sampled_from(names), "op": st.sampled_from(["is_set", "is_not_set"])}),
    )


def wheres(most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    inside = comparisons("property", ITEM_PATHS)
    return st.one_of(st.lists(comparisons("property", PATHS), max_size=most), st.lists(inside, min_size=1, max_size=most + 1))


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["ever", "last", "last", "between"]))
    if kind == "last":
        amount, unit = draw(st.sampled_from([(90, "minutes"), (5, "hours"), (7, "days"), (30, "days"), (400, "days")]))
        return {"kind": kind, "amount": amount, "unit": unit}
    if kind == "between":
        start = draw(instants)
        return {"kind": kind, "from": start.isoformat(), "to": (start + draw(st.sampled_from(EDGES[1:]))).isoformat()}
    return {"kind": "ever"}


def attributes() -> st.SearchStrategy[dict[str, Any]]:
    created = st.fixed_dictionaries(
        {
            "kind": st.just("attribute"),
            "name": st.just("@created_at"),
            "op": st.sampled_from(["more_than", "less_than", "at_least", "at_most"]),
            "value": st.builds(lambda at, us: (at + timedelta(microseconds=us)).isoformat(), instants, st.sampled_from([0, 1, 999])),
        }
    )
    own = comparisons("name", PATHS).map(lambda leaf: {"kind": "attribute", **leaf})
    built_in = comparisons("name", ("@language", "@country"), listed=False).map(lambda leaf: {"kind": "attribute", **leaf})
    return st.one_of(own, own, own, built_in, created)


def event_leaves(window: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "kind": st.just("event"),
            "name": st.sampled_from(NAMES),
            "count": st.one_of(
                st.just({"op": "at_least", "value": 1}),
                st.fixed_dictionaries({"op": st.sampled_from(["at_most", "exactly"]), "value": st.integers(0, 3)}),
                st.fixed_dictionaries({"op": st.just("at_least"), "value": st.integers(2, 3)}),
            ),
            "window": windows() if window is None else window,
            "where": wheres(2),
        }
    )


takes = st.one_of(
    st.fixed_dictionaries(
        {
            "take": st.sampled_from(["sum", "average", "min", "max"]),
            "op": st.sampled_from(["is", "is_not", "more_than", "less_than", "at_least", "at_most"]),
            "value": st.one_of(st.sampled_from(NUMBERS), st.sampled_from([5.25, 10, 10.5, 2.6, -0.1])),
        }
    ),
    st.fixed_dictionaries({"take": st.sampled_from(["sum", "average", "min", "max"]), "op": st.sampled_from(["is_set", "is_not_set"])}),
    st.builds(
        lambda take, leaf: {"take": take, "op": leaf["op"], **({"value": leaf["value"]} if "value" in leaf else {})},
        st.sampled_from(["first", "last"]),
        comparisons("name", PATHS),
    ),
)


def amounts(window: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    head = st.fixed_dictionaries(
        {
            "kind": st.just("amount"),
            "name": st.sampled_from(NAMES),
            "property": st.sampled_from([*PATHS, "price", "price"]),
            "window": windows() if window is None else window,
            "where": wheres(1),
        }
    )
    return st.builds(lambda one, other: one | other, head, takes)


def within(span: tuple[int, str], after: str) -> dict[str, Any]:
    return {"amount": span[0], "unit": span[1], "after": after}


def sequences(window: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    step = st.fixed_dictionaries({"name": st.sampled_from(NAMES), "where": st.one_of(st.just([]), wheres(1))})
    spans = st.sampled_from([(90, "minutes"), (5, "hours"), (7, "days"), (30, "days")])
    return st.fixed_dictionaries(
        {
            "kind": st.just("sequence"),
            "steps": st.one_of(st.lists(step, min_size=2, max_size=2), st.lists(step, min_size=3, max_size=6)),
            "within": st.one_of(st.none(), st.builds(within, spans, st.sampled_from(["previous", "first"]))),
            "without": st.one_of(st.none(), step),
            "window": windows() if window is None else window,
        }
    )


def engagements(window: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "kind": st.just("message"),
            "did": st.sampled_from(["sent", "bounced", "opened", "clicked"]),
            "template": st.sampled_from([None, *TEMPLATES]),
            "journey": st.sampled_from([None, None, *JOURNEYS]),
            "channel": st.sampled_from([None, None, *CHANNELS]),
            "count": st.fixed_dictionaries({"op": st.sampled_from(["at_least", "at_most", "exactly"]), "value": st.integers(1, 2)}),
            "window": windows() if window is None else window,
        }
    )


def stays(window: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    head = {"kind": st.just("journey"), "journey": st.sampled_from(JOURNEYS)}
    return st.one_of(
        st.fixed_dictionaries({**head, "did": st.just("is_in"), "window": st.just({"kind": "ever"})}),
        st.fixed_dictionaries(
            {**head, "did": st.sampled_from(["was_in", "reached_goal", "left"]), "window": windows() if window is None else window}
        ),
    )


dates = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("date"),
            "name": st.sampled_from(["renewal", "born", "@created_at"]),
            "op": st.sampled_from(["in", "ago", "within_next", "within_last", "more_than_in", "more_than_ago"]),
            "days": st.sampled_from([0, 1, 7, 30, 365, 400]),
            "yearly": st.just(False),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("date"),
            "name": st.sampled_from(["renewal", "born", "@created_at"]),
            "op": st.sampled_from(["in", "ago", "within_next", "within_last"]),
            "days": st.sampled_from([0, 1, 31, 32, 365]),
            "yearly": st.just(True),
        }
    ),
)
shares = st.fixed_dictionaries(
    {
        "kind": st.just("share"),
        "percent": st.sampled_from([0.01, 10, 33.33, 50, 99.99, 100]),
        "salt": st.sampled_from(["a", "نوروز", "x" * 40]),
    }
)
companies = st.lists(
    st.one_of(
        comparisons("property", ("plan", "seats", "tags", "home.city", "we`ird 'name\"", "active")),
        comparisons("property", ("@key",), listed=False),
        st.fixed_dictionaries(
            {"property": st.just("plan"), "op": st.sampled_from(["is", "is_not"]), "value": st.sampled_from(["pro", "free"])}
        ),
    ),
    max_size=2,
).map(lambda where: {"kind": "company", "where": where})
consents = st.fixed_dictionaries(
    {
        "kind": st.just("consent"),
        "topic": st.sampled_from(["news", "a'b"]),
        "channel": st.just("email"),
        "state": st.sampled_from(["subscribed", "pending", "unsubscribed"]),
    }
)


def trees(leaf: st.SearchStrategy[dict[str, Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    leaf = (
        leaf
        if leaf is not None
        else st.one_of(
            event_leaves(),
            event_leaves(),
            attributes(),
            consents,
            amounts(),
            sequences(),
            engagements(),
            stays(),
            dates,
            shares,
            places,
            places,
            companies,
            companies,
        )
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(lambda of: {"kind": "and", "of": of}, st.lists(inner, max_size=3)),
            st.builds(lambda of: {"kind": "or", "of": of}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda of: {"kind": "not", "of": of}, inner),
        ),
        max_leaves=5,
    )
