"""The live ticker: the last quarter of an hour, newest first, with names."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.people import actions as people
from hudhud.people.types import Identity
from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.app.wiring import Wiring

COLUMNS = ["workspace_id", "name", "at", "actor_id", "message_id", "kind", "received_at", "properties", "context"]


def test_the_ticker_names_who_did_what_and_forgets_what_is_old(web: Wiring) -> None:
    browser = Browser()
    browser.ask("POST", "setup", {"email": "ada@example.com", "password": PASSWORD})
    now = web.clock.now()
    with web.db.workspace(1) as ws:
        claims = [
            Identity((("email", "mari@example.com"),), "import", now, attributes={"name": "Mari"}),
            Identity((("user_id", "2"),), "import", now),
        ]
        mari, nameless = people.resolve(ws, claims, now).person_ids

    def event(number: int, actor: int, name: str, at: datetime, kind: str = "track") -> list[object]:
        return [1, name, at, actor, f"m{number}", kind, at, {"name": "Nyjer seed"} if number == 1 else {}, ""]

    rows = [
        event(1, mari, "Product Viewed", now - timedelta(minutes=3)),
        event(2, nameless, "Order Completed", now - timedelta(minutes=1)),
        event(3, mari, "Identified", now - timedelta(minutes=1), "identify"),
        event(4, mari, "Order Completed", now - timedelta(minutes=16)),
    ]
    web.clickhouse.insert("event", rows, column_names=COLUMNS)

    status, told = browser.ask("GET", "home/ticker")
    assert status == 200, told
    assert [(item["message_id"], item["person"]["name"], item["about"]) for item in told["items"]] == [
        ("m2", None, ""),
        ("m1", "Mari", "Nyjer seed"),
    ]
    assert told["items"][1]["person_id"] == mari
