"""Segment's own SDKs against our door, unchanged, and the abandoned cart from the first event to the last mail ("Shown by" 3)."""

from __future__ import annotations

import http.client
import re
import subprocess
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from segment.analytics.client import Client as Segment

from hudhud.coupons import actions as coupons
from hudhud.kit.db import Database
from tests.acceptance.quiet import look_behind, wait_until_quiet
from tests.acceptance.replay import Live, Stage
from tests.harness import checker
from tests.harness.ledger import LedgerProcess
from tests.harness.product import Product
from tests.sdk.node import SDK, find_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from tests.harness.book import Entry

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT, PEOPLE = 5_000, 50
LINK = "https://shop.example.com/p/42?colour=blue&size=L&q=a%20b#reviews"
CHECKOUT = "https://shop.example.com/checkout?cart=c-1&token=x%2By"


class Shop:
    """A running Hudhud, its clock, and the ledger that its mails go to."""

    def __init__(self, hudhud: Product, stage: Stage | Live, ledger: LedgerProcess) -> None:
        self.hudhud, self.stage, self.ledger = hudhud, stage, ledger
        hudhud.command("owner", "create", "--email", "owner@example.com", "--password", "correct horse battery")
        self.key = hudhud.key("api")

    def segment(self) -> Segment:
        return Segment(self.key, host=self.hudhud.url, on_error=self._fail, max_retries=10)

    def _fail(self, error: Exception, _items: list[dict[str, Any]]) -> None:
        raise AssertionError(error)

    def later(self, **span: float) -> None:
        self.stage.move_to(self.stage.at + timedelta(**span))
        self.settle()

    def by_their_clock(self, at: datetime) -> datetime:
        """Say our instant as the SDK's machine would, whose clock is months away from ours: `sentAt` tells by how much."""
        return at + (datetime.now(UTC) - self.stage.at)

    def settle(self) -> None:
        wait_until_quiet(self.hudhud, self.stage, seconds=120, step=timedelta(0))

    def mails(self) -> dict[str, list[Entry]]:
        by_person: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.ledger.entries():
            by_person[entry.recipient].append(entry)
        return by_person


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "clock", START)


@pytest.fixture
def shop(tmp_path: Path, stage: Stage | Live) -> Iterator[Shop]:
    with LedgerProcess(tmp_path / "mails.ndjson", 28120, keep_raw=True) as ledger:
        settings = {"HUDHUD_CLOCK": stage.setting, "HUDHUD_SMTP_URL": ledger.url}
        with Product(tmp_path, 28121, **settings) as hudhud:
            yield Shop(hudhud, stage, ledger)


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("stage", [Live()], ids=["live"])
def test_ten_thousand_events_of_both_sdks_are_there_once_and_in_order(shop: Shop) -> None:
    node = subprocess.Popen([find_node(), "count.mjs", shop.hudhud.url, shop.key, str(COUNT), str(PEOPLE)], cwd=SDK)
    python = shop.segment()
    for number in range(COUNT):
        properties, at = {"number": number, "by": "python"}, START + timedelta(milliseconds=number)
        python.track(f"python-{number % PEOPLE}", "Counted", properties, timestamp=at, message_id=f"python-{number}")
    python.shutdown()
    assert node.wait(120) == 0
    shop.settle()
    with look_behind(shop.hudhud) as (ws, ch):
        rows = ch.query(
            "SELECT actor_id, groupArray(by), groupArray(number) FROM ("
            "  SELECT actor_id, properties.by::String AS by, properties.number::Int64 AS number FROM event WHERE name = 'Counted' ORDER BY actor_id, at, number)"
            " GROUP BY actor_id"
        ).result_rows
        seen: list[tuple[str, int]] = []
        for _, by, numbers in rows:
            assert len(set(by)) == 1
            assert numbers == sorted(numbers)
            assert {number % PEOPLE for number in numbers} == {numbers[0] % PEOPLE}
            seen += [(by[0], number) for number in numbers]
        assert len(rows) == 2 * PEOPLE
        assert sorted(seen) == sorted((by, number) for by in ("python", "node") for number in range(COUNT))
        checker.check(checker.Evidence(ws, ch), "I2", "I4", "I6", "I7", "I10")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_abandoned_cart_arrives_shows_the_items_leads_back_and_stops_after_an_order(shop: Shop) -> None:
    shop.hudhud.command("journey", "install", "cart")
    with closing(Database(shop.hudhud.database_url).open()) as db, db.workspace(1) as ws:
        coupons.add_codes(ws, "cart", [("BACK-7", None)], START, by="test")
    shop.hudhud.command("journey", "start", "cart")
    segment = shop.segment()
    for name in ("anna", "ben"):
        traits = {
            "email": f"{name}@example.com",
            "first_name": name.title(),
            "language": "en",
            "subscriptions": {"newsletter": True, "offers": True},
        }
        segment.identify(name, traits, timestamp=shop.by_their_clock(START))
        for number, product in enumerate(("Blue shirt", "Grüne Socken")):
            item = {"cart_id": f"c-{name}", "name": product, "price": 19.9 + number, "quantity": 1, "url": LINK, "checkout_url": CHECKOUT}
            segment.track(name, "Product Added", item, timestamp=shop.by_their_clock(START + timedelta(seconds=1 + number)))
    segment.flush()
    shop.later(minutes=59)
    assert shop.mails() == {}
    shop.later(minutes=2)
    assert sorted(shop.mails()) == ["anna@example.com", "ben@example.com"]
    first = shop.mails()["anna@example.com"][0].message()
    html = part(first, "html")
    for text in (html, part(first, "plain")):
        assert "Blue shirt" in text
        assert "Grüne Socken" in text
    targets = [follow(link) for link in re.findall(r'href="([^"]+/t/c/[^"]+)"', html)]
    assert LINK in targets
    assert CHECKOUT in targets
    # Anna orders: nothing more for her. Ben does not, and gets the rest.
    segment.track("anna", "Order Completed", {"cart_id": "c-anna", "total": 40.8}, timestamp=shop.by_their_clock(shop.stage.at))
    segment.shutdown()
    shop.settle()
    shop.later(hours=24)
    shop.later(days=2)
    # The code is there; the mail with it follows as soon as the clock goes on.
    shop.later(seconds=1)
    shop.later(days=2)
    counts = {address: len(mails) for address, mails in shop.mails().items()}
    assert counts == {"anna@example.com": 1, "ben@example.com": 3}
    assert "BACK-7" in part(shop.mails()["ben@example.com"][-1].message(), "plain")
    with look_behind(shop.hudhud) as (ws, ch):
        checker.check(checker.Evidence(ws, ch, ledger=shop.ledger.entries()))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def follow(link: str) -> str:
    """Ask a link of a mail where it leads to, as a browser does."""
    parts = urlsplit(link.replace("&amp;", "&"))
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    line.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers={"user-agent": "Mozilla/5.0"})
    answer = line.getresponse()
    answer.read()
    line.close()
    assert answer.status in {302, 303, 307}, (link, answer.status)
    return answer.headers["location"]
