"""What happens beside visits: parcels, wish lists, the app, the seed box, a bird walk. By a die of its own: with or without it, the rest happens alike.

It is what the ready journeys are told of (docs/guide/playbooks.md), so that each can be rehearsed on the sample shop.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.demo.goods import SHOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.demo.shopper import Happening, Shopper

# Somebody's number, when, and what they did: (kind, name, properties).
Deed = tuple[int, datetime, str, str, dict[str, Any]]
DAY = timedelta(days=1)
WALK_AFTER = 45 * DAY
WALK_HOUR = 18
FEATURES = ("bird finder", "wish list", "garden diary")


class Side:
    """Throws the die for one shop."""

    def __init__(self, seed: int, start: datetime, now: datetime) -> None:
        """Begin at `start`."""
        self.random = random.Random(f"side {seed}")
        self.start, self.now = start, now
        self.walk = (start + WALK_AFTER).replace(hour=WALK_HOUR, minute=0, second=0, microsecond=0)

    def describe(self, joined_at: datetime) -> dict[str, Any]:
        """Return what else is known of somebody."""
        pick = self.random
        known: dict[str, Any] = {"customer_since": joined_at.date().isoformat()}
        if self._happens(0.4):
            known["birthday"] = f"{pick.randrange(1950, 2006)}-{pick.randrange(1, 13):02}-{pick.randrange(1, 29):02}"
        if self._happens(0.06):
            known |= {"renews_on": self._day(30, 90), "plan": "Seed box"}
        if self._happens(0.1):
            known |= {"runs_out_on": self._day(0, 110), "runs_out_name": "Winter mix, 10 kg"}
        if self._happens(0.08):
            known["nps"] = pick.randrange(4, 11)
        return known

    def beside(self, shopper: Shopper, visits: list[Happening]) -> Iterator[Deed]:
        """Yield what somebody did beside their visits."""
        number = shopper.number
        for happening in visits:
            if happening.name == "Order Completed":
                yield from ((number, *deed) for deed in self._parcel(happening))
            elif happening.name == "Product Viewed" and self._happens(0.03):
                yield from ((number, *deed) for deed in self._wish(happening))
        since, until = max(shopper.joined_at, self.start), min(shopper.left_at or self.now, self.now)
        if until - since > DAY:
            for deed in (*self._begin(shopper, since), *self._read(since, until), *self._go(since, until)):
                if since <= deed[0] < until:
                    yield (number, *deed)

    def _happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def _day(self, least: int, most: int) -> str:
        return (self.start + self.random.randrange(least, most) * DAY).date().isoformat()

    def _later(self, at: datetime, least: float, most: float) -> datetime:
        return at + timedelta(seconds=int(self.random.uniform(least, most) * 86_400), milliseconds=self.random.randrange(1_000))

    def _parcel(self, order: Happening) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
        order_id = order.properties["order_id"]
        if self._happens(0.02):
            yield self._later(order.at, 0.1, 0.5), "track", "Order Cancelled", {"order_id": order_id}
            return
        sent = self._later(order.at, 0.5, 1.5)
        parcel = {"shipment_id": f"s{order_id[1:]}", "order_id": order_id}
        tracking = {"carrier": "Omniva", "tracking_url": f"{SHOP}/track/{order_id}", "products": order.properties["products"]}
        yield sent, "track", "Order Shipped", parcel | tracking
        yield self._later(sent, 1, 4), "track", "Order Delivered", parcel

    def _wish(self, look: Happening) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
        goods = look.properties
        yield self._later(look.at, 0.001, 0.002), "track", "Product Added to Wishlist", goods
        if self._happens(0.5):
            cheaper = goods | {"old_price": goods["price"], "price": round(goods["price"] * 0.8, 2)}
            yield self._later(look.at, 4, 20), "track", "Wishlist Price Dropped", cheaper

    def _begin(self, shopper: Shopper, since: datetime) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
        """How those who are new begin: an account, the app, what they try."""
        if shopper.joined_at < self.start:
            return
        if self._happens(0.3):
            yield self._later(since, 0.1, 2), "track", "Application Installed", {"version": "2.1"}
        if self._happens(0.2):
            yield self._later(since, 0.01, 0.02), "track", "Signed Up", {"start_url": f"{SHOP}/start"}
            for feature in FEATURES:
                if self._happens(0.4):
                    yield self._later(since, 0.1, 12), "track", "Feature Used", {"feature": feature}
            if self._happens(0.4):
                yield self._later(since, 2, 20), "track", "Activated", {"plan": "free"}

    def _read(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
        """What they read: guides, the blog, prices for schools, what others tell."""
        at = self._later(since, 0, (until - since) / DAY)
        if self._happens(0.05):
            yield at, "track", "Resource Requested", {"resource": "Birds of your garden", "resource_url": f"{SHOP}/guide.pdf"}
            for name, chance in (("Case Study Viewed", 0.3), ("Webinar Registered", 0.3), ("Demo Requested", 0.2)):
                if self._happens(chance):
                    yield self._later(at, 0.5, 20), "track", name, {"from": "guide"}
        if self._happens(0.05):
            for week in range(3):
                yield at + week * 5 * DAY, "track", "Content Published", {"category": "Garden birds", "items": []}
        if self._happens(0.02):
            for look in range(3):
                yield at + look * DAY, "page", "Page Viewed", {"path": "/pricing", "url": f"{SHOP}/pricing"}
        if self._happens(0.03):
            yield at, "page", "Page Viewed", {"path": "/customers", "url": f"{SHOP}/customers"}

    def _go(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
        """The bird walk, friends who order, a seed box that goes on, a new model of the binoculars."""
        at = self._later(since, 0, (until - since) / DAY)
        if self._happens(0.03):
            yield at, "track", "Referral Completed", {"order_id": f"f{int(at.timestamp())}"}
        if self._happens(0.03):
            yield at, "track", ("Subscription Renewed" if self._happens(0.8) else "Subscription Cancelled"), {"plan": "Seed box"}
        if self._happens(0.03):
            yield at, "track", "Successor Released", {"product_id": "binoculars-10x42", "name": "Binoculars 10×42", "price": 329.0}
        if since < self.walk and self._happens(0.06):
            comes = self._happens(0.8)
            yield (
                self.walk - timedelta(days=self.random.uniform(1, 12)),
                "track",
                "Event Registered" if comes else "Event Declined",
                {"event": "walk"},
            )
            if comes and self._happens(0.7):
                yield self.walk + timedelta(seconds=self.random.randrange(1_800)), "track", "Event Attended", {"event": "walk"}
