"""Segment shapes, each beside what people who know ClickHouse write for it; the quickest of those is the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MINE = "workspace_id = {w:UInt64}"
_LAST_30 = "at > '2026-03-01 00:00:00' AND at <= '2026-03-31 00:00:00'"
_ORDERS = f"{_MINE} AND name = 'Order Completed' AND {_LAST_30}"
_PEOPLE = f"SELECT count() FROM person FINAL WHERE {_MINE} AND gone = 0"
_DAYS_30 = {"kind": "last", "amount": 30, "unit": "days"}
_WEEK = {"amount": 7, "unit": "days"}
_HAT = [{"property": "products[].category", "op": "is", "value": "hats"}, {"property": "products[].price", "op": "more_than", "value": 150}]
_WAY = ("Page Viewed", "Product Added", "Checkout Started", "Order Completed")


@dataclass(frozen=True)
class Shape:
    """A condition, and queries that answer with the same number."""

    name: str
    tree: dict[str, Any]
    by_hand: dict[str, str]


def _amount(take: str, name: str, **rest: object) -> dict[str, Any]:
    return {"kind": "amount", "take": take, "name": name, "property": "price", **rest}


def _in_order(*names: str, **rest: object) -> dict[str, Any]:
    return {"kind": "sequence", "steps": [{"name": name} for name in names], "window": _DAYS_30, **rest}


def _funnel(*names: str) -> str:
    tests = ", ".join(f"name = '{name}'" for name in names)
    return f"windowFunnel(604800000, 'strict_increase')(toUInt64(toUnixTimestamp64Milli(at)), {tests}) = {len(names)}"


def _having(where: str, having: str) -> str:
    return f"SELECT count() FROM (SELECT actor_id FROM event WHERE {where} GROUP BY actor_id HAVING {having})"


SHAPES = (
    Shape(
        "sum of a property",
        _amount("sum", "Order Completed", op="more_than", value=100, window=_DAYS_30),
        {"HAVING sum": _having(_ORDERS, "sum(properties.price.:Int64) > 100")},
    ),
    Shape(
        "average of a property",
        _amount("average", "Product Added", op="at_least", value=40, window=_DAYS_30),
        {"HAVING avg": _having(f"{_MINE} AND name = 'Product Added' AND {_LAST_30}", "avg(properties.price.:Int64) >= 40")},
    ),
    Shape(
        "last value of a property",
        _amount("last", "Product Added", op="is", value=56),
        {"HAVING argMax": _having(f"{_MINE} AND name = 'Product Added'", "argMax(properties.price.:Int64, at) = 56")},
    ),
    Shape(
        "one event after another within 7 days",
        _in_order("Product Added", "Order Completed", within=_WEEK),
        {
            "windowFunnel": _having(
                f"{_MINE} AND name IN ('Product Added', 'Order Completed') AND {_LAST_30}", _funnel("Product Added", "Order Completed")
            ),
            "ASOF JOIN": (
                f"SELECT uniqExact(b.actor_id) FROM (SELECT actor_id, at FROM event WHERE {_ORDERS}) AS b"
                f" ASOF JOIN (SELECT actor_id, at FROM event WHERE {_MINE} AND name = 'Product Added' AND {_LAST_30}) AS a"
                " ON a.actor_id = b.actor_id AND a.at < b.at WHERE b.at <= a.at + INTERVAL 7 DAY"
            ),
        },
    ),
    Shape(
        "one event after the commonest within 7 days",
        _in_order("Page Viewed", "Order Completed", within=_WEEK),
        {
            "windowFunnel": _having(
                f"{_MINE} AND name IN ('Page Viewed', 'Order Completed') AND {_LAST_30}", _funnel("Page Viewed", "Order Completed")
            )
        },
    ),
    Shape(
        "one event after another, without a third in between",
        _in_order("Product Added", "Order Completed", within=_WEEK, without={"name": "Checkout Started"}),
        {
            "lagInFrame": (
                "SELECT uniqExact(actor_id) FROM (SELECT actor_id, name, at, lagInFrame(name) OVER w AS name_before, lagInFrame(at) OVER w AS at_before"
                f" FROM event WHERE {_MINE} AND name IN ('Product Added', 'Order Completed', 'Checkout Started') AND {_LAST_30}"
                " WINDOW w AS (PARTITION BY actor_id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))"
                " WHERE name = 'Order Completed' AND name_before = 'Product Added' AND at <= at_before + INTERVAL 7 DAY"
            )
        },
    ),
    Shape(
        "four events one after another within 7 days",
        _in_order(*_WAY, within={**_WEEK, "after": "first"}),
        {"windowFunnel": _having(f"{_MINE} AND name IN {_WAY} AND {_LAST_30}", _funnel(*_WAY))},
    ),
    Shape(
        "an item of a list",
        {"kind": "event", "name": "Order Completed", "window": _DAYS_30, "where": _HAT},
        {
            "arrayExists": (
                f"SELECT uniqExact(actor_id) FROM event WHERE {_ORDERS} AND arrayExists((category, price) -> category = 'hats' AND price > 150,"
                " properties.products[].category.:String, properties.products[].price.:Int64)"
            )
        },
    ),
    Shape(
        "a birthday in 7 days",
        {"kind": "date", "name": "born", "yearly": True, "op": "in", "days": 7},
        {"substring": f"{_PEOPLE} AND substring(attributes.born.:String, 6, 5) = '04-07'"},
    ),
    Shape(
        "a date within the next 7 days",
        {"kind": "date", "name": "renewal", "op": "within_next", "days": 7},
        {"toDate": f"{_PEOPLE} AND toDateOrNull(attributes.renewal.:String) BETWEEN '2026-03-31' AND '2026-04-07'"},
    ),
    Shape(
        "a share by lot",
        {"kind": "share", "percent": 10, "salt": "spring"},
        {"xxHash64": f"{_PEOPLE} AND xxHash64(concat('spring:', toString(person_id))) % 10000 < 1000"},
    ),
)
