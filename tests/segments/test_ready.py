"""The ready segments: whole in four languages, counted by one statement, known again once they are made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.segments import queries
from hudhud.segments.types import canonical, to_json
from tests.app.conftest import web as web
from tests.segments.oracle import Event, members
from tests.segments.test_api import browser as browser
from tests.segments.test_api import events_url as events_url
from tests.segments.test_api import stage as stage

if TYPE_CHECKING:
    from tests.app.browser import Browser
    from tests.segments.stage import Stage

LANGUAGES = {"en", "et", "fa", "ar"}
NEEDED = {
    *("new_subscribers", "active_leads", "first_time_buyers", "retention", "lapsed", "champions"),
    *("likely_to_buy", "likely_to_leave", "bargain_hunters", "awareness", "interest", "comparison", "advocacy", "loyalty"),
}


def test_each_ready_segment_is_whole() -> None:
    ready = queries.find_ready()
    assert {one.key for one in ready} >= NEEDED
    assert len({one.key for one in ready}) == len({canonical(one.tree) for one in ready}) == len(ready)
    for one in ready:
        assert one.names.keys() == one.texts.keys() == LANGUAGES
        assert all(one.names.values())
        assert all(one.texts.values())
    for language in LANGUAGES:
        assert len({one.names[language] for one in ready}) == len(ready)


def test_ready_segments_are_counted_and_known_again(stage: Stage, browser: Browser) -> None:
    now = stage.now
    buyer, regular, reader = (stage.person(created_at=now - timedelta(days=400)) for _ in range(3))
    reader.subscriptions = ["newsletter:email:subscribed"]
    stage.mirror(reader)
    stage.happen(
        Event(buyer.id, "Order Completed", now - timedelta(days=200), {"total": 10}),
        *(Event(regular.id, "Order Completed", now - timedelta(days=days), {"total": 90.5, "coupon": "SPRING"}) for days in (5, 60, 100)),
        Event(reader.id, "Message Opened", now - timedelta(days=3)),
    )
    found = browser.ask("GET", "segments/ready/counts")[1]["counts"]
    trees = {one.key: to_json(one.tree) for one in queries.find_ready()}
    assert found == {key: len(members(stage.world, tree, now)) for key, tree in trees.items()}
    ones = {"champions", "loyalty", "retention", "bargain_hunters", "lapsed", "engaged_readers"}
    assert ones <= {key for key, count in found.items() if count == 1}

    items = browser.ask("GET", "segments/ready")[1]["items"]
    assert {one["segment_id"] for one in items} == {None}
    champions = next(one for one in items if one["key"] == "champions")
    made = browser.ask("POST", "segments", {"name": champions["names"]["fa"], "tree": champions["tree"]})[1]
    installed = {one["key"]: one["segment_id"] for one in browser.ask("GET", "segments/ready")[1]["items"]}
    assert {key: number for key, number in installed.items() if number} == {"champions": made["id"]}
