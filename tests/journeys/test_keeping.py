"""Whole journeys: another like it, put away, taken out, forgotten; refused with what to do while anybody needs them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import web as web
from tests.journeys.stage import DAY, END, Stage, delay, send
from tests.journeys.test_api import browser as browser
from tests.journeys.test_api import events_url as events_url
from tests.journeys.test_api import stage as stage

if TYPE_CHECKING:
    from tests.app.browser import Browser

LOTS: dict[str, Any] = {"kind": "holdout", "percent": 10, "next": "hello", "held": "end"}
GRAPH: dict[str, Any] = {
    "names": {"en": "Lots"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"lots": LOTS, "hello": send("hello", "rest"), "rest": delay(2, "days", "end"), "end": END},
    "start": "lots",
}


@pytest.mark.long
def test_another_one_like_it_is_a_draft_with_lots_of_its_own(browser: Browser) -> None:
    browser.ask("PUT", "journeys/lots", {"graph": GRAPH})
    made = browser.ask("POST", "journeys/lots/duplicate", {"key": "more"})[1]
    assert (made["revision"], made["number"], made["graph"]["key"], "salt" in made["graph"]["nodes"]["lots"]) == (1, None, "more", False)
    assert browser.ask("POST", "journeys/lots/duplicate", {"key": "more"})[1]["code"] == "journey_exists"
    assert browser.ask("POST", "journeys/nothing/duplicate", {"key": "much"})[0] == 404
    (draft,) = browser.ask("GET", "journeys/drafts")[1]["items"]
    assert (draft["key"], draft["number"], draft["names"]) == ("more", None, {"en": "Lots"})
    # Before it is published it is in no list, and breaks none.
    assert [item["key"] for item in browser.ask("GET", "journeys")[1]["items"]] == ["hello", "lots"]
    assert [item["key"] for item in browser.ask("GET", "home")[1]["journeys"]] == ["hello", "lots"]
    assert browser.ask("POST", "journeys/more/draft/publish", {"revision": 1})[0] == 200
    salts = {key: browser.ask("GET", f"journeys/{key}")[1]["graph"]["nodes"]["lots"]["salt"] for key in ("lots", "more")}
    assert salts == {"lots": "lots.lots", "more": "more.lots"}


def test_nobody_loses_a_journey_that_they_are_in_or_that_is_asked_for(browser: Browser, stage: Stage) -> None:
    started = datetime.fromisoformat(browser.ask("POST", "journeys/hello/start")[1]["started_at"]) + DAY
    (ann,) = stage.people({})
    stage.take(stage.event(ann, "Signed Up", started))
    status, refused = browser.ask("DELETE", "journeys/hello")
    assert (status, refused["code"], refused["here"]) == (409, "journey_in_use", 1)
    assert "let them run out" in refused["message"]
    stage.tick(started + 3 * DAY)
    assert "pause it first" in browser.ask("POST", "journeys/hello/archive")[1]["message"]
    browser.ask("POST", "journeys/hello/pause")
    asks = {"kind": "journey", "journey": "hello", "did": "was_in", "window": {"kind": "ever"}}
    segment = browser.ask("POST", "segments", {"name": "Greeted", "tree": asks})[1]["id"]
    browser.ask("PUT", "journeys/other", {"graph": {**GRAPH, "exit_on": [asks]}})
    leave = {"kind": "leave", "journeys": ["hello"], "next": "end"}
    browser.ask("PUT", "journeys/third", {"graph": {**GRAPH, "nodes": {"out": leave, "end": END}, "start": "out"}})
    uses = browser.ask("POST", "journeys/hello/archive")[1]["uses"]
    assert uses == [{"kind": "journey", "name": "other"}, {"kind": "journey", "name": "third"}, {"kind": "segment", "name": "Greeted"}]
    assert browser.ask("DELETE", f"segments/{segment}")[0] == 204
    assert [browser.ask("DELETE", f"journeys/{key}")[0] for key in ("other", "third")] == [204, 204]
    # What explains mails that people got is put away, and still explains them.
    assert "archive it" in browser.ask("DELETE", "journeys/hello")[1]["message"]
    assert browser.ask("POST", "journeys/hello/archive")[0] == 204
    assert browser.ask("GET", "journeys")[1] == {"items": [], "next": None, "total": 0}
    assert [item["key"] for item in browser.ask("GET", "journeys?archived=true")[1]["items"]] == ["hello"]
    assert browser.ask("GET", f"journeys/hello/why/{ann}")[1]["state"] == "finished"
    assert browser.ask("POST", "journeys/hello/start")[1]["code"] == "journey_not_ready"
    assert browser.ask("POST", "journeys/hello/restore")[0] == 204
    assert browser.ask("POST", "journeys/hello/start")[1]["status"] == "running"
