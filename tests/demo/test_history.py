"""The invented past: the same for the same seed, plausible, and over before now."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from hudhud.demo.history import DAYS, Shop
from hudhud.demo.live import Trickle
from hudhud.demo.names import DOMAINS

if TYPE_CHECKING:
    from hudhud.demo.shopper import Happening, Shopper

NOW = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)


def build(seed: int = 20, count: int = 2000) -> tuple[list[Shopper], list[Happening]]:
    shop = Shop(seed, NOW, "http://shop/pictures")
    shoppers = shop.shoppers(count)
    return shoppers, shop.history(shoppers)


def test_the_same_seed_gives_the_same_shop() -> None:
    assert build() == build()
    assert build(1, 20) != build(2, 20)


def test_everything_happened_within_the_ninety_days_and_after_joining() -> None:
    shoppers, history = build()

    assert all(NOW - timedelta(days=DAYS) <= happening.at < NOW for happening in history)
    assert all(happening.at >= shoppers[happening.number - 1].joined_at for happening in history)
    assert [happening.at for happening in history] == sorted(happening.at for happening in history)


def test_the_shop_has_what_its_segments_ask_for() -> None:
    shoppers, history = build()
    orders = Counter(happening.number for happening in history if happening.name == "Order Completed")
    last = {happening.number: happening.at for happening in history}
    names = Counter(happening.name for happening in history)

    assert {shopper.attributes["language"] for shopper in shoppers} == {"en", "et", "fa", "ar"}
    assert len({shopper.attributes["email"] for shopper in shoppers}) == len(shoppers)
    assert all(shopper.attributes["email"].endswith(DOMAINS) for shopper in shoppers)
    assert all(shopper.attributes["email"].isascii() for shopper in shoppers)
    assert 0.7 < sum(shopper.reads for shopper in shoppers) / len(shoppers) < 0.8
    assert sum(count >= 2 and last[number] < NOW - timedelta(days=60) for number, count in orders.items()) >= 10
    assert any(happening.name == "Checkout Started" and happening.at > NOW - timedelta(days=1) for happening in history)
    assert names["Product Viewed"] > names["Product Added"] > names["Checkout Started"] > names["Order Completed"] > 0


def test_an_order_belongs_to_its_cart_and_adds_up() -> None:
    _, history = build(count=500)
    started = {happening.properties["cart_id"]: happening for happening in history if happening.name == "Checkout Started"}
    orders = [happening for happening in history if happening.name == "Order Completed"]

    assert len({order.properties["order_id"] for order in orders}) == len(orders)
    for order in orders:
        cart = started[order.properties["cart_id"]]
        assert order.at > cart.at
        assert order.properties["products"] == cart.properties["products"]
        total = sum(item["price"] * item["quantity"] for item in order.properties["products"])
        assert order.properties["total"] == round(total, 2)
        assert cart.properties["cart_url"].startswith("https://shop.example/cart/")


def test_visitors_of_the_trickle_are_segment_messages() -> None:
    trickle = Trickle("http://shop/pictures", seed=3)
    for minute in range(60):
        trickle.visit(NOW + timedelta(minutes=minute))

    kinds = Counter(body["type"] for _, _, _, body in trickle.coming)

    assert {"identify", "page", "track"} == set(kinds)
    assert all(at >= NOW for at, *_ in trickle.coming)
    signed_up = [body for _, _, _, body in trickle.coming if body["type"] == "identify"]
    assert {"subscriptions", "email", "language"} <= set(signed_up[0]["traits"])
    assert len(msgspec.json.encode([body for *_, body in trickle.coming])) < 32 * 1024 * len(trickle.coming)


def test_the_first_visitor_wants_the_newsletter_at_once() -> None:
    for seed in range(20):
        trickle = Trickle("http://shop/pictures", seed)
        trickle.visit(NOW)
        (told,) = [(at, body["traits"]["subscriptions"]) for at, _, _, body in trickle.coming if body["type"] == "identify"]
        assert told == (NOW, {"newsletter": True})
