"""69,659 real orders of 23,570 people (tests/data/cdnow_orders.csv.gz; Fader and Hardie's CDNOW data set)."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).parents[1] / "data" / "cdnow_orders.csv.gz"
PATIENCE = timedelta(days=60)
NOON = time(12, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """One row; `line` makes its message id, for rows of one person and day can be alike."""

    line: int
    customer: str
    on: date
    quantity: int
    amount: float

    def to_event(self) -> dict[str, Any]:
        """Return the Segment message of this order."""
        return {
            "type": "track",
            "messageId": f"cdnow-{self.line}",
            "userId": self.customer,
            "event": "Order Completed",
            "timestamp": datetime.combine(self.on, NOON).isoformat(),
            "properties": {"quantity": self.quantity, "total": self.amount},
        }


def orders(*, every: int = 1) -> list[Order]:
    """Read the orders of every n-th customer."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = enumerate(csv.DictReader(file), start=2)
        return [
            Order(line, row["customer_id"], date.fromisoformat(row["ordered_on"]), int(row["quantity"]), float(row["amount_usd"]))
            for line, row in rows
            if int(row["customer_id"]) % every == 0
        ]


def by_day(rows: Iterable[Order]) -> dict[date, list[Order]]:
    """Group by day, in order."""
    days: dict[date, list[Order]] = defaultdict(list)
    for row in rows:
        days[row.on].append(row)
    return dict(sorted(days.items()))


def without_second_order(rows: Iterable[Order]) -> set[str]:
    """Return who made no order on a later day within 60 days of the first: the slow, obvious way.

    An order exactly at the deadline counts as made: all orders are at noon, so the 60th day counts.
    """
    days: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        days[row.customer].add(row.on)
    return {customer for customer, made in days.items() if not any(min(made) < day <= min(made) + PATIENCE for day in made)}


def address(customer: str) -> str:
    """Return the address that a customer gets in these tests."""
    return f"c{customer}@cdnow.test"
