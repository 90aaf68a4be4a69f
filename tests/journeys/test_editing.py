"""A journey edited while people are in it, by several editors, asked through the web process."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest

from hudhud.journeys.editing import changeover
from tests.app.browser import Browser
from tests.app.conftest import web as web
from tests.journeys.stage import DAY, END, HOUR, Stage, delay, event_since, send
from tests.journeys.test_api import browser as browser
from tests.journeys.test_api import events_url as events_url
from tests.journeys.test_api import stage as stage

WAIT = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 8, "unit": "days"}, "met": "end", "timed_out": "nudge"}
FIRST: dict[str, Any] = {
    "names": {"en": "Hello", "fa": "سلام"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"rest": delay(10, "days", "wait"), "wait": WAIT, "nudge": send("nudge", "end"), "end": END},
    "start": "rest",
}


def edited(**nodes: Any) -> dict[str, Any]:  # noqa: ANN401 -- nodes of any kind
    raw = copy.deepcopy(FIRST)
    raw["nodes"] |= nodes
    return raw


@pytest.fixture
def editor(browser: Browser) -> Browser:
    """Another member of the workspace."""
    made = browser.ask("POST", "members", {"email": "bob@example.com", "name": "Bob", "role": "marketer"})[1]
    bob = Browser()
    assert bob.sign_in("bob@example.com", made["first_password"]) == 200
    return bob


def test_two_editors_do_not_overwrite_each_other(browser: Browser, editor: Browser) -> None:
    begun = browser.ask("GET", "journeys/hello/draft")[1]
    assert (begun["revision"], begun["number"], begun["updated_by"]) == (0, 1, None)
    assert begun["graph"]["nodes"]["hello"]["template"] == "hello"
    saved = browser.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 0})[1]
    assert (saved["revision"], saved["graph"]["key"]) == (1, "hello")
    status, clash = editor.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 0})
    assert (status, clash["code"], clash["revision"]) == (409, "draft_changed", 1)
    assert clash["updated_by"] == saved["updated_by"]
    assert (
        editor.ask("PUT", "journeys/hello/draft", {"graph": edited(end={"kind": "exit", "reason": "over"}), "revision": 1})[1]["revision"]
        == 2
    )
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 1})[1]["code"] == "draft_changed"
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 2}) == (200, {"key": "hello", "number": 2})
    status, gone = editor.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 2})
    assert (status, gone["code"], gone["revision"]) == (409, "draft_changed", 0)
    assert browser.ask("GET", "journeys/hello/draft")[1]["revision"] == 0


def test_a_draft_that_is_gone_is_not_taken_for_the_next_one(browser: Browser, editor: Browser) -> None:
    """Its revision does not come again: neither a save nor a word that was meant for the one is taken for the other."""
    assert browser.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 0})[1]["revision"] == 1
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 1})[0] == 200
    assert editor.ask("PUT", "journeys/hello/draft", {"graph": edited(rest=delay(3, "days", "wait")), "revision": 0})[1]["revision"] == 2
    assert browser.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 1})[1]["code"] == "draft_changed"
    assert browser.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "approved"})[1]["code"] == "draft_changed"
    assert browser.ask("GET", "journeys/hello/draft")[1]["graph"]["nodes"]["rest"]["amount"] == 3


@pytest.mark.long
def test_a_draft_may_be_wrong_while_it_is_worked_on(browser: Browser) -> None:
    broken = edited(rest=delay(10, "days", "nowhere"))
    saved = browser.ask("PUT", "journeys/hello/draft", {"graph": broken, "revision": 0})[1]
    assert {(problem["node"], problem["code"]) for problem in saved["problems"]} == {("rest", "unknown_node")}
    assert browser.ask("GET", "journeys/hello")[1]["graph"]["start"] == "hello"
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 1})[1]["code"] == "invalid_journey"
    unheard = {**send("nudge", "end"), "topic": "unheard"}
    mended = browser.ask("PUT", "journeys/hello/draft", {"graph": edited(nudge=unheard), "revision": 1})[1]
    # Sound, but nothing to send it with yet.
    assert {(problem["node"], problem["code"]) for problem in mended["problems"]} == {
        ("nudge", "unknown_template"),
        ("nudge", "unknown_topic"),
    }
    assert browser.ask("DELETE", "journeys/hello/draft?revision=1")[0] == 409
    assert browser.ask("DELETE", "journeys/hello/draft?revision=2")[0] == 204
    assert browser.ask("DELETE", "journeys/hello/draft?revision=2")[1]["code"] == "draft_not_found"


@pytest.mark.long
def test_a_new_journey_begins_as_a_draft(browser: Browser) -> None:
    assert browser.ask("GET", "journeys/fresh/draft")[0] == 404
    assert browser.ask("PUT", "journeys/fresh/draft", {"graph": {"nodes": 3}, "revision": 0})[1]["number"] is None
    assert browser.ask("PUT", "journeys/fresh/draft", {"graph": {"nodes": 3}, "revision": 0})[0] == 409
    assert browser.ask("POST", "journeys/fresh/start")[1]["code"] == "journey_not_ready"
    assert browser.ask("DELETE", "journeys/fresh/draft?revision=1")[0] == 204
    assert browser.ask("GET", "journeys/fresh/versions")[0] == 404


def test_publishing_can_need_another_members_word(browser: Browser, editor: Browser) -> None:
    assert browser.ask("PATCH", "workspace", {"publishing_needs_approval": True})[1]["publishing_needs_approval"] is True
    assert browser.ask("PUT", "journeys/hello", {"graph": FIRST})[1]["code"] == "approval_needed"
    assert browser.ask("POST", "journeys/hello/versions/1/publish", {})[1]["code"] == "approval_needed"
    browser.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 0})
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 1})[1]["code"] == "approval_needed"
    asked = browser.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "asked", "note": "Shorter now"})[1]
    assert (asked["review"], asked["note"]) == ("asked", "Shorter now")
    assert browser.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "approved"})[1]["code"] == "own_draft"
    key = Browser(key=browser.ask("POST", "keys", {"kind": "api", "scopes": ["write"]})[1]["key"])
    assert key.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "approved"})[1]["code"] == "own_draft"
    refused = editor.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "refused", "note": "Too short"})[1]
    assert (refused["review"], refused["note"]) == ("refused", "Too short")
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 1})[1]["code"] == "approval_needed"
    assert editor.ask("POST", "journeys/hello/draft/review", {"revision": 1, "word": "approved"})[1]["review"] == "approved"
    # What is changed after the word was given has not got it.
    browser.ask("PUT", "journeys/hello/draft", {"graph": FIRST, "revision": 1})
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 2})[1]["code"] == "approval_needed"
    assert editor.ask("POST", "journeys/hello/draft/review", {"revision": 2, "word": "approved"})[0] == 200
    assert browser.ask("POST", "journeys/hello/draft/publish", {"revision": 2})[1] == {"key": "hello", "number": 2}
    told = [line["action"] for line in browser.ask("GET", "audit")[1]["items"] if line["action"].startswith("journey.")]
    assert told[:5] == ["journey.publish", *(f"journey.review_{word}" for word in ("approved", "approved", "refused", "asked"))]
    # Nobody approves what they have saved by a key of theirs.
    key.ask("PUT", "journeys/keyed/draft", {"graph": FIRST, "revision": 0})
    assert browser.ask("POST", "journeys/keyed/draft/review", {"revision": 1, "word": "approved"})[1]["code"] == "own_draft"
    assert editor.ask("POST", "journeys/keyed/draft/review", {"revision": 1, "word": "approved"})[1]["review"] == "approved"


def enter(browser: Browser, stage: Stage, *days: int) -> tuple[list[int], datetime]:
    """Let people in, so many days before now; return them and now, a moment after the last of them came."""
    assert browser.ask("PUT", "journeys/hello", {"graph": FIRST})[0] == 200
    # Written to the millisecond only.
    started = datetime.fromisoformat(browser.ask("POST", "journeys/hello/start")[1]["started_at"]) + HOUR
    people = stage.people(*[{}] * len(days))
    stage.take(*(stage.event(one, "Signed Up", started + day * DAY) for one, day in zip(people, days, strict=True)))
    return people, started


def test_impact_tells_who_would_move_where_and_when_and_changes_nothing(browser: Browser, stage: Stage) -> None:
    # One has waited long, as one who came when the journey was started far back.
    people, started = enter(browser, stage, 0, 0, 1, 2)
    stage.tick(started + 10 * DAY)  # two are on the wait now
    stage.take(stage.event(people[0], "Visit", started + HOUR))
    new = edited(rest=delay(30, "days", "wait"), wait={**WAIT, "until": event_since("Visit")})
    body = {"graph": new, "runs": "move"}
    before = browser.ask("GET", "journeys/hello/numbers")[1]["nodes"]
    found = browser.ask("POST", "journeys/hello/impact", body)[1]
    assert browser.ask("GET", "journeys/hello/numbers")[1]["nodes"] == before
    assert (found["number"], found["marks"]) == (2, {"rest": "changed", "wait": "changed"})
    assert [(change["kind"], change["node"], change["field"]) for change in found["changes"]] == [
        ("node_changed", "rest", "amount"),
        ("node_changed", "wait", "until"),
    ]
    assert found["people"]["here"] == 4
    steps = {step["node"]: step for step in found["steps"]}
    assert (steps["rest"]["here"], steps["rest"]["to"], steps["rest"]["how"], steps["rest"]["at_once"]) == (2, "rest", "same", 0)
    assert [later["day"] for later in steps["rest"]["later"]] == [(started + (30 + day) * DAY).date().isoformat() for day in (1, 2)]
    assert (steps["wait"]["here"], steps["wait"]["asked"], steps["wait"]["met_of"]) == (2, 2, 2)
    # Published as it is, nobody leaves it.
    same = browser.ask("POST", "journeys/hello/impact", {"number": 2, "runs": "move"})[1]
    assert (same["people"]["keep"], same["changes"]) == (4, [])
    kept = browser.ask("POST", "journeys/hello/impact", {"graph": new})[1]
    assert (kept["people"]["keep"], {step["how"] for step in kept["steps"]}) == (4, {"keep"})


@pytest.mark.long
def test_impact_counts_the_mails_that_would_follow_at_once(browser: Browser, stage: Stage) -> None:
    enter(browser, stage, 0, 0, 0)
    gone = {name: node for name, node in FIRST["nodes"].items() if name not in {"rest", "wait"}}
    found = browser.ask("POST", "journeys/hello/impact", {"graph": {**FIRST, "nodes": gone, "start": "nudge"}, "runs": "move"})[1]
    (step,) = found["steps"]
    assert (step["how"], step["to"], step["at_once"]) == ("nearest", "nudge", 3)
    assert found["sends"] == [{"node": "nudge", "template": "nudge", "people": 3, "is_exact": True}]
    leaving = {"runs": "move", "nodes": {"rest": {"kind": "exit"}}}
    found = browser.ask("POST", "journeys/hello/impact", {"graph": {**FIRST, "nodes": gone, "start": "nudge"}, "runs": leaving})[1]
    assert (found["people"]["leave"], found["sends"]) == (3, [])
    status, said = browser.ask("POST", "journeys/hello/impact", {"runs": {"nodes": {"nowhere": {"kind": "move"}}}})
    assert (status, said["field"]) == (422, "runs.nodes.nowhere")


def test_versions_their_people_and_the_way_back(browser: Browser, stage: Stage) -> None:
    _, started = enter(browser, stage, 0, 0)
    assert browser.ask("PUT", "journeys/hello", {"graph": edited(rest=delay(3, "days", "wait")), "runs": "move"})[1]["number"] == 3
    carry_out(stage, started)
    again = {"runs": {"runs": "move"}}
    assert browser.ask("POST", "journeys/hello/versions/2/publish", again)[1] == {"key": "hello", "number": 4}
    carry_out(stage, started)
    items = browser.ask("GET", "journeys/hello/versions")[1]["items"]
    assert [(item["number"], item["is_current"], item["here"], item["entered"]) for item in items] == [
        (4, True, 2, 0),
        (3, False, 0, 0),
        (2, False, 0, 2),
        (1, False, 0, 0),
    ]
    assert (items[0]["move"]["moved"], items[0]["move"]["rule"], items[2]["move"]) == (2, {"runs": "move", "nodes": {}}, None)
    assert browser.ask("GET", "journeys/hello/versions/4")[1]["graph"] == browser.ask("GET", "journeys/hello/versions/2")[1]["graph"]
    assert browser.ask("GET", "journeys/hello/diff?before=2&after=4")[1] == {"changes": [], "marks": {}}
    (change,) = browser.ask("GET", "journeys/hello/diff?before=3")[1]["changes"]
    assert change == {"kind": "node_changed", "node": "rest", "field": "amount", "before": 3, "after": 10}
    assert browser.ask("GET", "journeys/hello/versions/9")[1]["code"] == "version_not_found"


def carry_out(stage: Stage, now: datetime) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        for _, order in changeover.find_open(ws):
            while changeover.carry_out(ws, order, now):
                pass
