"""Segment shapes about what is known of people, and of several conditions, each beside the best query written by hand."""

from __future__ import annotations

from typing import Any

from bench.shape import DAYS_7, DAYS_30, LAST_7, LAST_30, MINE, Shape, named, of_people

_PAGES, _ORDERS = named("Page Viewed", LAST_7), named("Order Completed", LAST_30)
_OPENED = named("Message Opened", LAST_30) + " AND properties.verdict.:String = 'human'"
_BORN, _RENEWAL = "attributes.born.:String", "attributes.renewal.:String"
_TAGS = "attributes.tags.:`Array(Nullable(String))`"
_ROOT = "sin(radians(latitude - 58.38) / 2) * sin(radians(latitude - 58.38) / 2) + cos(radians(58.38)) * cos(radians(latitude)) * sin(radians(longitude - 26.725) / 2) * sin(radians(longitude - 26.725) / 2)"
_PROS = f"SELECT key FROM company FINAL WHERE {MINE} AND JSONExtractString(attributes, 'plan') = 'pro' AND JSONExtractInt(attributes, 'seats') > 100"
_PAGE: dict[str, Any] = {"kind": "event", "name": "Page Viewed", "window": DAYS_7}
_ORDER: dict[str, Any] = {"kind": "event", "name": "Order Completed", "window": DAYS_30}
_LETTER: dict[str, Any] = {"kind": "consent", "topic": "newsletter"}
LAPSING: dict[str, Any] = {"kind": "and", "of": [_PAGE, {"kind": "not", "of": _ORDER}]}
# "A page in 7 days and no order in 30".
LAPSING_BY_HAND = {
    "anti IN": f"SELECT uniqExact(actor_id) FROM event WHERE {_PAGES} AND actor_id NOT IN (SELECT actor_id FROM event WHERE {_ORDERS})",
    "HAVING": (
        f"SELECT count() FROM (SELECT actor_id FROM event WHERE ({_PAGES}) OR ({_ORDERS}) GROUP BY actor_id"
        " HAVING countIf(name = 'Page Viewed') > 0 AND countIf(name = 'Order Completed') = 0)"
    ),
    "bitmaps": (
        f"SELECT bitmapAndnotCardinality((SELECT groupBitmapState(actor_id) FROM event WHERE {_PAGES}),"
        f" (SELECT groupBitmapState(actor_id) FROM event WHERE {_ORDERS}))"
    ),
}
# Numbers of segments are known when they are made.
SEGMENT, LIST = "the number of a segment: lapsing", "the number of a list"
EVERY = 97  # each so-manieth person is on the list


def _attribute(name: str, op: str, value: object = None) -> dict[str, Any]:
    return {"kind": "attribute", "name": name, "op": op, **({} if value is None else {"value": value})}


def _day(name: str, op: str, days: int, **rest: object) -> dict[str, Any]:
    return {"kind": "date", "name": name, "op": op, "days": days, **rest}


SHAPES = (
    Shape("a text", _attribute("city", "is", "Tartu"), of_people("attributes.city.:String = 'Tartu'")),
    Shape("a part of a text", _attribute("city", "contains", "art"), of_people("position(attributes.city.:String, 'art') > 0")),
    Shape("one of some texts", _attribute("plan", "one_of", ["pro", "team"]), of_people("attributes.plan.:String IN ('pro', 'team')")),
    Shape("another text, or none", _attribute("plan", "is_not", "free"), of_people("ifNull(attributes.plan.:String != 'free', 1)")),
    Shape("a number", _attribute("age", "at_least", 65), of_people("attributes.age.:Int64 >= 65")),
    Shape("nothing known", _attribute("referrer", "is_not_set"), of_people("attributes.referrer IS NULL", "attributes.referrer.:String IS NULL")),
    Shape("one of these in a list", _attribute("tags", "has_any", ["vip", "press"]), of_people(f"hasAny({_TAGS}, ['vip', 'press'])", f"arrayExists(tag -> tag IN ('vip', 'press'), {_TAGS})")),
    Shape("all of these in a list", _attribute("tags", "has_all", ["vip", "loyal"]), of_people(f"hasAll({_TAGS}, ['vip', 'loyal'])")),
    Shape("none of these in a list", _attribute("tags", "has_none", ["vip", "staff"]), of_people(f"NOT hasAny({_TAGS}, ['vip', 'staff'])")),
    Shape("known since", _attribute("@created_at", "at_least", "2025-09-01T00:00:00Z"), of_people("created_at >= '2025-09-01 00:00:00'")),
    Shape("a birthday in 7 days", _day("born", "in", 7, yearly=True), of_people(f"substring({_BORN}, 6, 5) = '04-07'")),
    Shape("a birthday within 30 days", _day("born", "within_next", 30, yearly=True), of_people(f"substring({_BORN}, 6, 5) BETWEEN '03-31' AND '04-30'")),
    Shape(
        "a date within the next 7 days",
        _day("renewal", "within_next", 7),
        of_people(f"toDateOrNull({_RENEWAL}) BETWEEN '2026-03-31' AND '2026-04-07'", f"{_RENEWAL} BETWEEN '2026-03-31' AND '2026-04-07'"),
    ),
    Shape(
        "a date more than 30 days ago",
        _day("renewal", "more_than_ago", 30),
        of_people(f"toDateOrNull({_RENEWAL}) < '2026-03-01'", f"{_RENEWAL} < '2026-03-01'"),
    ),
    Shape("a country and a city", {"kind": "place", "countries": ["EE"], "cities": ["Tartu"]}, of_people("country = 'EE' AND city = 'Tartu'")),
    Shape(
        "near a point",
        {"kind": "place", "near": {"latitude": 58.38, "longitude": 26.725, "km": 50}},
        of_people(f"latitude BETWEEN 57.9 AND 58.9 AND 2 * 6371.0088 * asin(sqrt({_ROOT})) <= 50"),
    ),
    Shape(
        "in a company with two traits",
        {"kind": "company", "where": [{"property": "plan", "op": "is", "value": "pro"}, {"property": "seats", "op": "more_than", "value": 100}]},
        of_people(f"arrayExists(key -> key IN ({_PROS}), companies)"),
    ),
    Shape(
        "a share by lot",
        {"kind": "share", "percent": 10, "salt": "spring"},
        of_people("xxHash64(concat('spring:', toString(person_id))) % 10000 < 1000"),
    ),
    Shape("a subscription", _LETTER, of_people("has(subscriptions, 'newsletter:email:subscribed')")),
    Shape("an event and not another", LAPSING, LAPSING_BY_HAND),
    Shape(
        "an event and a text",
        {"kind": "and", "of": [_ORDER, _attribute("city", "is", "Tartu")]},
        of_people(f"attributes.city.:String = 'Tartu' AND person_id IN (SELECT actor_id FROM event WHERE {_ORDERS})"),
    ),
    Shape(
        "one event or another",
        {"kind": "or", "of": [_ORDER, {"kind": "event", "name": "Checkout Started", "window": DAYS_7}]},
        {
            "OR": f"SELECT uniqExact(actor_id) FROM event WHERE ({_ORDERS}) OR ({named('Checkout Started', LAST_7)})",
            "UNION ALL": (
                f"SELECT uniqExact(actor_id) FROM (SELECT actor_id FROM event WHERE {_ORDERS}"
                f" UNION ALL SELECT actor_id FROM event WHERE {named('Checkout Started', LAST_7)})"
            ),
        },
    ),
    Shape(
        "another segment and a text",
        {"kind": "and", "of": [{"kind": "segment", "segment_id": SEGMENT}, _attribute("city", "is", "Tartu")]},
        of_people(
            f"attributes.city.:String = 'Tartu' AND person_id IN (SELECT actor_id FROM event WHERE {_PAGES})"
            f" AND person_id NOT IN (SELECT actor_id FROM event WHERE {_ORDERS})"
        ),
    ),
    Shape(
        "on a list, and an event",
        {"kind": "and", "of": [{"kind": "segment", "segment_id": LIST}, _ORDER]},
        {"%": f"SELECT uniqExact(actor_id) FROM event WHERE {_ORDERS} AND actor_id % {EVERY} = 0"},
    ),
    Shape(
        "six conditions, nested",
        {
            "kind": "and",
            "of": [
                _attribute("city", "is", "Tallinn"),
                _LETTER,
                _attribute("tags", "has_none", ["staff"]),
                {"kind": "or", "of": [_ORDER, {"kind": "amount", "take": "sum", "name": "Order Completed", "property": "price", "op": "more_than", "value": 300}]},
                {"kind": "not", "of": {"kind": "message", "did": "opened", "window": DAYS_30}},
            ],
        },
        of_people(
            f"attributes.city.:String = 'Tallinn' AND has(subscriptions, 'newsletter:email:subscribed') AND NOT hasAny({_TAGS}, ['staff'])"
            f" AND person_id IN (SELECT actor_id FROM event WHERE {named('Order Completed')} GROUP BY actor_id"
            f" HAVING max(at) > '2026-03-01 00:00:00' OR sum(properties.price.:Int64) > 300)"
            f" AND person_id NOT IN (SELECT actor_id FROM event WHERE {_OPENED})"
        ),
    ),
)  # fmt: skip
