"""Segment shapes about what people did, each beside what people who know ClickHouse write for it; the quickest of those is the floor."""

from __future__ import annotations

from typing import Any

from bench.shape import DAYS_7, DAYS_30, LAST_7, LAST_30, MINE, PEOPLE, Shape, having, named, nobody, whoever

_ORDERS = named("Order Completed", LAST_30)
_WEEK = {"amount": 7, "unit": "days"}
_FEBRUARY = {"kind": "between", "from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
_HAT = [{"property": "products[].category", "op": "is", "value": "hats"}, {"property": "products[].price", "op": "more_than", "value": 150}]
_HANDY = [{"property": "category", "op": "one_of", "value": ["hats", "tea"]}]
_DEAR = [{"property": "price", "op": "more_than", "value": 150}]
_WAY = ("Page Viewed", "Product Added", "Checkout Started", "Order Completed")
_PRICE = "properties.price.:Int64"


def _event(name: str, **rest: object) -> dict[str, Any]:
    return {"kind": "event", "name": name, **rest}


def _count(op: str, value: int) -> dict[str, Any]:
    return {"op": op, "value": value}


def _amount(take: str, name: str, **rest: object) -> dict[str, Any]:
    return {"kind": "amount", "take": take, "name": name, "property": "price", **rest}


def _in_order(*names: str, **rest: object) -> dict[str, Any]:
    return {"kind": "sequence", "steps": [{"name": name} for name in names], "window": DAYS_30, **rest}


def _funnel(*names: str) -> str:
    tests = ", ".join(f"name = '{name}'" for name in names)
    return f"windowFunnel(604800000, 'strict_increase')(toUInt64(toUnixTimestamp64Milli(at)), {tests}) = {len(names)}"


SHAPES = (
    Shape("the commonest event in 7 days", _event("Page Viewed", window=DAYS_7), whoever(named("Page Viewed", LAST_7))),
    Shape("an event in 30 days", _event("Order Completed", window=DAYS_30), whoever(_ORDERS)),
    Shape("the commonest event ever", _event("Page Viewed"), whoever(named("Page Viewed"))),
    Shape(
        "an event three times in 30 days",
        _event("Product Added", window=DAYS_30, count=_count("at_least", 3)),
        having(named("Product Added", LAST_30), "count() >= 3"),
    ),
    Shape(
        "an event twice between two days",
        _event("Product Added", window=_FEBRUARY, count=_count("exactly", 2)),
        having(named("Product Added", "at >= '2026-02-01 00:00:00' AND at < '2026-03-01 00:00:00'"), "count() = 2"),
    ),
    Shape("no event in 30 days", {"kind": "not", "of": _event("Order Completed", window=DAYS_30)}, nobody(_ORDERS)),
    Shape(
        "an event twice at most",
        _event("Page Viewed", window=DAYS_30, count=_count("at_most", 2)),
        {
            "NOT IN": f"{PEOPLE} AND person_id NOT IN (SELECT actor_id FROM event WHERE {named('Page Viewed', LAST_30)} GROUP BY actor_id HAVING count() > 2)"
        },
    ),
    Shape(
        "an event with a number",
        _event("Product Viewed", window=DAYS_30, where=_DEAR),
        whoever(f"{named('Product Viewed', LAST_30)} AND {_PRICE} > 150"),
    ),
    Shape(
        "an event with one of some texts",
        _event("Product Added", window=DAYS_30, where=_HANDY),
        whoever(f"{named('Product Added', LAST_30)} AND properties.category.:String IN ('hats', 'tea')"),
    ),
    Shape(
        "an item of a list",
        _event("Order Completed", window=DAYS_30, where=_HAT),
        whoever(
            f"{_ORDERS} AND arrayExists((category, price) -> category = 'hats' AND price > 150,"
            " properties.products[].category.:String, properties.products[].price.:Int64)"
        ),
    ),
    Shape(
        "the sum of a property",
        _amount("sum", "Order Completed", op="more_than", value=100, window=DAYS_30),
        having(_ORDERS, f"sum({_PRICE}) > 100"),
    ),
    Shape("the average of a property", _amount("average", "Product Added", op="at_least", value=40, window=DAYS_30), having(named("Product Added", LAST_30), f"avg({_PRICE}) >= 40")),
    Shape("the least of a property", _amount("min", "Product Added", op="less_than", value=20), having(named("Product Added"), f"min({_PRICE}) < 20")),
    Shape("the most of a property", _amount("max", "Product Added", op="at_least", value=180), having(named("Product Added"), f"max({_PRICE}) >= 180")),
    Shape("the first value of a property", _amount("first", "Order Completed", op="at_least", value=150), having(named("Order Completed"), f"argMin({_PRICE}, at) >= 150")),
    Shape("the last value of a property", _amount("last", "Product Added", op="is", value=56), having(named("Product Added"), f"argMax({_PRICE}, at) = 56")),
    Shape(
        "one event after another within 7 days",
        _in_order("Product Added", "Order Completed", within=_WEEK),
        {
            **having(f"{MINE} AND name IN ('Product Added', 'Order Completed') AND {LAST_30}", _funnel("Product Added", "Order Completed")),
            "ASOF JOIN": (
                f"SELECT uniqExact(b.actor_id) FROM (SELECT actor_id, at FROM event WHERE {_ORDERS}) AS b"
                f" ASOF JOIN (SELECT actor_id, at FROM event WHERE {named('Product Added', LAST_30)}) AS a"
                " ON a.actor_id = b.actor_id AND a.at < b.at WHERE b.at <= a.at + INTERVAL 7 DAY"
            ),
        },
    ),
    Shape(
        "one event after the commonest within 7 days",
        _in_order("Page Viewed", "Order Completed", within=_WEEK),
        {
            **having(f"{MINE} AND name IN ('Page Viewed', 'Order Completed') AND {LAST_30}", _funnel("Page Viewed", "Order Completed")),
            "ASOF JOIN": (
                f"SELECT uniqExact(b.actor_id) FROM (SELECT actor_id, at FROM event WHERE {_ORDERS}) AS b"
                f" ASOF JOIN (SELECT actor_id, at FROM event WHERE {named('Page Viewed', LAST_30)}) AS a"
                " ON a.actor_id = b.actor_id AND a.at < b.at WHERE b.at <= a.at + INTERVAL 7 DAY"
            ),
        },
    ),
    Shape(
        "one event after another, without a third in between",
        _in_order("Product Added", "Order Completed", within=_WEEK, without={"name": "Checkout Started"}),
        {
            "lagInFrame": (
                "SELECT uniqExact(actor_id) FROM (SELECT actor_id, name, at, lagInFrame(name) OVER w AS name_before, lagInFrame(at) OVER w AS at_before"
                f" FROM event WHERE {MINE} AND name IN ('Product Added', 'Order Completed', 'Checkout Started') AND {LAST_30}"
                " WINDOW w AS (PARTITION BY actor_id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))"
                " WHERE name = 'Order Completed' AND name_before = 'Product Added' AND at <= at_before + INTERVAL 7 DAY"
            )
        },
    ),
    Shape(
        "four events one after another within 7 days",
        _in_order(*_WAY, within={**_WEEK, "after": "first"}),
        having(f"{MINE} AND name IN {_WAY} AND {LAST_30}", _funnel(*_WAY)),
    ),
    Shape(
        "a mail opened by its reader",
        {"kind": "message", "did": "opened", "template": "welcome", "window": DAYS_30},
        whoever(f"{named('Message Opened', LAST_30)} AND properties.template.:String = 'welcome' AND properties.verdict.:String = 'human'"),
    ),
    Shape(
        "three mails sent in 30 days",
        {"kind": "message", "did": "sent", "count": _count("at_least", 3), "window": DAYS_30},
        having(named("Message Sent", LAST_30), "count() >= 3"),
    ),
    Shape(
        "in a journey now",
        {"kind": "journey", "journey": "cart", "did": "is_in"},
        {
            "NOT IN": (
                f"SELECT uniqExact(actor_id) FROM event WHERE {named('Journey Entered')} AND properties.journey.:String = 'cart' AND properties.run.:Int64"
                f" NOT IN (SELECT properties.run.:Int64 FROM event WHERE {named('Journey Left')} AND properties.journey.:String = 'cart')"
            )
        },
    ),
    Shape(
        "reached a journey's goal",
        {"kind": "journey", "journey": "cart", "did": "reached_goal", "window": DAYS_30},
        whoever(f"{named('Journey Left', LAST_30)} AND properties.journey.:String = 'cart' AND properties.outcome.:String = 'goal'"),
    ),
)  # fmt: skip
