"""Ninety days of a shop, from a seed: who came when, looked at what, and what became of the cart. Pure: same seed, same shop."""

from __future__ import annotations

import random
from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hudhud.demo.goods import CURRENCY, PRODUCTS, SHOP
from hudhud.demo.names import DOMAINS, TONGUES
from hudhud.demo.shopper import Happening, Shopper
from hudhud.demo.side import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 90
# How busy each hour of the day and each day of the week (Monday first) is.
HOURS = list(accumulate((1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 10, 9, 8, 8, 9, 10, 12, 14, 15, 13, 8, 3)))
WEEK = (0.95, 0.9, 0.95, 1.0, 1.1, 1.25, 1.2)
# Kinds of people: share, visits a month, chance that a visit fills a cart, chance that a cart is bought.
KINDS = {
    "looker": (0.42, 0.8, 0.10, 0.0),
    "once": (0.28, 0.9, 0.42, 0.45),
    "regular": (0.22, 1.9, 0.50, 0.62),
    "loyal": (0.08, 3.6, 0.60, 0.80),
}
# How many orders are followed by a review.
REVIEWS = {"regular": 0.08, "loyal": 0.1}
WEIGHTS = list(accumulate(product.weight for product in PRODUCTS))


class Shop:
    """A generator of shoppers and of what they do."""

    def __init__(self, seed: int, now: datetime, pictures: str) -> None:
        """Start `DAYS` before `now`; `pictures` is the address of the pictures' folder."""
        self.random = random.Random(seed)
        self.reviews = random.Random(seed)  # a die of their own: with or without them, the rest happens alike
        self.now = now
        self.start = now - timedelta(days=DAYS)
        self.side = Side(seed, self.start, now)
        self.goods = [product.properties(pictures) for product in PRODUCTS]
        self.carts = 0

    def shoppers(self, count: int) -> list[Shopper]:
        """Invent people: half of them are older than the history, the rest joined on the way."""
        return [self._shopper(number) for number in range(1, count + 1)]

    def newcomer(self, number: int) -> Shopper:
        """Invent somebody who joins now."""
        shopper = self._shopper(number)
        shopper.joined_at, shopper.left_at = self.now, None
        return shopper

    def _shopper(self, number: int) -> Shopper:
        pick = self.random
        tongue = pick.choices(TONGUES, [each.share for each in TONGUES])[0]
        (first, first_latin), (last, last_latin) = pick.choice(tongue.first), pick.choice(tongue.last)
        country, zone, city = pick.choice(tongue.places)
        kind = pick.choices(list(KINDS), [share for share, *_ in KINDS.values()])[0]
        is_old = pick.random() < 0.5  # noqa: PLR2004 -- half
        joined_at = self.start - timedelta(days=pick.expovariate(1 / 150)) if is_old else self.start + pick.random() * timedelta(days=DAYS)
        left_at = self.start + timedelta(days=pick.uniform(10, 30)) if pick.random() < 0.3 else None  # noqa: PLR2004 -- who falls silent
        return Shopper(
            number,
            {
                "first_name": first,
                "last_name": last,
                "name": f"{first} {last}",
                "email": f"{first_latin}.{last_latin}.{number}@{pick.choice(DOMAINS)}",
                "language": tongue.code,
                "country": country,
                "time_zone": zone,
                "city": city,
                **self.side.describe(joined_at),
            },
            kind,
            joined_at,
            left_at if left_at and left_at > joined_at else None,
            pick.random() < 0.74,  # noqa: PLR2004 -- most read the newsletter
        )

    def visits(self, shopper: Shopper) -> list[datetime]:
        """Return when somebody came: more in the evening and at the weekend."""
        pick = self.random
        since = max(shopper.joined_at, self.start)
        until = min(shopper.left_at or self.now, self.now)
        days = (until - since) / timedelta(days=1)
        if days <= 0:
            return []
        # Who is about to leave came often before: they are the ones worth winning back.
        expected = KINDS[shopper.kind][1] * days / 30 * (2.5 if shopper.left_at else 1.0)
        count = int(expected) + (pick.random() < expected % 1) + (shopper.joined_at >= self.start)
        found = (self._moment(since, days) for _ in range(count))
        return sorted(at for at in found if since <= at < until)

    def _moment(self, since: datetime, days: float) -> datetime:
        pick = self.random
        day = since + timedelta(days=pick.random() * days)
        if pick.random() > WEEK[day.weekday()] / WEEK[5]:
            day += timedelta(days=(pick.choice((4, 5, 6)) - day.weekday()) % 7)
        hour = bisect(HOURS, pick.random() * HOURS[-1])
        return day.replace(
            hour=min(hour, 23), minute=pick.randrange(60), second=pick.randrange(60), microsecond=pick.randrange(1000) * 1000
        )

    def visit(self, shopper: Shopper, at: datetime) -> Iterator[Happening]:
        """Yield what one visit consists of: pages, products, perhaps a cart, perhaps an order."""
        pick = self.random
        _, _, fills, buys = KINDS[shopper.kind]
        yield Happening(shopper.number, at, "page", "Page Viewed", {"path": "/", "url": f"{SHOP}/", "title": "Bird shop"})
        looked = sorted({bisect(WEIGHTS, pick.random() * WEIGHTS[-1]) for _ in range(pick.randrange(1, 4))})
        for index in looked:
            at += timedelta(seconds=pick.randrange(12, 95))
            yield Happening(shopper.number, at, "track", "Product Viewed", self.goods[index])
        if pick.random() < fills:
            yield from self._cart(shopper, looked[: pick.randrange(1, 3)], at, is_bought=pick.random() < buys)

    def _cart(self, shopper: Shopper, indexes: list[int], at: datetime, *, is_bought: bool) -> Iterator[Happening]:
        pick = self.random
        self.carts += 1
        cart_id = f"c{shopper.number}-{int(at.timestamp())}"
        items = [self.goods[index] | {"quantity": pick.choice((1, 1, 1, 2))} for index in indexes]
        cart = {"cart_id": cart_id, "cart_url": f"{SHOP}/cart/{cart_id}", "currency": CURRENCY}
        for item in items:
            at += timedelta(seconds=pick.randrange(8, 40))
            yield Happening(shopper.number, at, "track", "Product Added", item | cart)
        value = round(sum(item["price"] * item["quantity"] for item in items), 2)
        at += timedelta(seconds=pick.randrange(20, 120))
        yield Happening(shopper.number, at, "track", "Checkout Started", cart | {"value": value, "products": items})
        if is_bought:
            at += timedelta(seconds=pick.randrange(40, 240))
            order = {"order_id": f"o{cart_id[1:]}", "total": value, "revenue": value, "products": items}
            yield Happening(shopper.number, at, "track", "Order Completed", cart | order)
            yield from self._review(shopper, items[0], at)

    def _review(self, shopper: Shopper, item: dict[str, Any], at: datetime) -> Iterator[Happening]:
        """Some who come often say some days later what they think."""
        if self.reviews.random() < REVIEWS.get(shopper.kind, 0):
            at += timedelta(days=self.reviews.uniform(2, 9))
            product = {name: item[name] for name in ("product_id", "name") if name in item}
            yield Happening(shopper.number, at, "track", "Product Reviewed", product | {"rating": self.reviews.choice((4, 5, 5))})

    def history(self, shoppers: list[Shopper]) -> list[Happening]:
        """Return everything that happened before now, in order of time."""
        found = (happening for shopper in shoppers for happening in self._life(shopper) if happening.at < self.now)
        return sorted(found, key=lambda happening: happening.at)

    def _life(self, shopper: Shopper) -> list[Happening]:
        """Return the visits of somebody, and what they did beside them."""
        visits = [happening for at in self.visits(shopper) for happening in self.visit(shopper, at)]
        return visits + [Happening(*deed) for deed in self.side.beside(shopper, visits)]
