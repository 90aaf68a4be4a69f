"""The routes, asked through the web process, by two members and a viewer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.content.sandbox import shared
from tests import make
from tests.app.browser import PASSWORD, Browser
from tests.app.conftest import events_url as events_url
from tests.app.conftest import web as web

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

OWNER = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", "workspace": "Shop", "time_zone": "UTC"}
NOBODY: dict[str, Any] = {"tree": {"kind": "attribute", "name": "never_said", "op": "is_set"}}
DRAFT: dict[str, Any] = {"name": "Spring", "topic": "newsletter", "audience": NOBODY, "variants": [{"name": "A", "template": "hello"}]}


@pytest.fixture
def browser(web: Wiring) -> Browser:
    browser = Browser()
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    with web.db.everywhere() as everywhere:
        workspace_id = everywhere.conn.execute("SELECT id FROM workspace").fetchone()[0]  # type: ignore[index]
    with web.db.workspace(workspace_id) as ws:
        make.template(ws, shared())
    return browser


def ask(browser: Browser, method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 -- JSON
    found, answer = browser.ask(method, f"campaigns{path}", body)
    assert found == status, answer
    return answer


def test_from_a_name_to_sent_and_back(browser: Browser) -> None:
    made = ask(browser, "POST", "", {"name": "Spring"}, 201)
    assert (made["state"], made["revision"]) == ("draft", 1)
    assert {one["code"] for one in made["problems"]} == {"topic", "audience", "template"}
    place = f"/{made['id']}"
    assert ask(browser, "POST", f"{place}/send", {"revision": 1}, 422)["code"] == "campaign_problems"
    saved = ask(browser, "PUT", place, {"definition": DRAFT, "revision": 1})
    assert (saved["problems"], saved["revision"], saved["definition"]["audience"]["tree"]["op"]) == ([], 2, "is_set")
    assert ask(browser, "PUT", place, {"definition": DRAFT, "revision": 1}, 409)["code"] == "campaign_changed"
    sent = ask(browser, "POST", f"{place}/send", {"revision": 2})
    assert (sent["state"], sent["undo_until"]) == ("scheduled", sent["starts_at"])
    assert ask(browser, "PUT", place, {"definition": DRAFT, "revision": 2}, 409)["code"] == "campaign_state"
    assert ask(browser, "POST", f"{place}/undo")["state"] == "draft"
    copy = ask(browser, "POST", f"{place}/duplicate", {"name": "Autumn"}, 201)
    cards = ask(browser, "GET", "?search=aut")
    assert [(one["id"], one["name"], one["numbers"]) for one in cards["items"]] == [(copy["id"], "Autumn", None)]
    ask(browser, "DELETE", f"/{copy['id']}", status=204)
    assert ask(browser, "GET", f"/{copy['id']}", status=404)["code"] == "campaign_not_found"
    assert ask(browser, "POST", f"{place}/archive")["archived"]
    assert ask(browser, "GET", "")["items"] == []
    assert len(ask(browser, "GET", "?archived=true")["items"]) == 1


def test_reads_of_a_draft(browser: Browser) -> None:
    place = f"/{ask(browser, 'POST', '', DRAFT, 201)['id']}"
    assert ask(browser, "GET", f"{place}/audience")["recipients"] == 0
    asked = {"audience": NOBODY, "topic": "newsletter", "template": "hello", "skip_seen": {"days": 3}}
    assert ask(browser, "POST", "/audience", asked)["steps"] == []
    assert ask(browser, "GET", f"{place}/audience/people")["items"] == []
    assert ask(browser, "GET", f"{place}/numbers")["selected"] == 0
    assert ask(browser, "GET", f"{place}/messages")["items"] == []
    assert ask(browser, "GET", f"{place}/excluded")["items"] == []
    assert ask(browser, "GET", f"{place}/why/1", status=404)["code"] == "not_found"
    assert ask(browser, "GET", f"{place}/test", status=409)["code"] == "campaign_state"


# Of what a definition may not be: one app answers about all.
BAD: tuple[dict[str, Any], ...] = (
    {"name": ""},
    {"variants": []},
    {"variants": [{"name": "A"}, {"name": "A"}]},
    {"audience": {"sql": "SELECT 1"}},
    {"audience": {"tree": {"kind": "free_sql"}}},
    {"when": {"kind": "local", "on": "2026-02-30", "at": "09:00"}},
    {"when": {"kind": "at", "at": "2026-01-01T09:00:00"}},
    {"test": {"percent": 0}},
    {"per_hour": 0},
    {"colour": "red"},
    {"when": {"kind": "at", "at": "0001-01-01T00:00:00+14:00"}},
    {"when": {"kind": "local", "on": "9999-12-31", "at": "23:00"}},
    {"when": {"kind": "best_hour", "on": "0001-01-01"}},
    {"ends_at": "9999-12-31T23:59:59-12:00"},
    {"name": "nu\x00l"},
    {"audience": {"tree": {"kind": "and", "of": [NOBODY["tree"]] * 500}}},
    {"audience": {"tree": {"kind": "event", "name": "x", "window": {"kind": "since_entry"}}}},
    {"test": {"metric": {"kind": "event", "name": "x", "where": [{"property": "p", "op": "is", "value": "v"}] * 50}}},
)


def test_what_is_no_definition_is_refused(browser: Browser) -> None:
    answers = [ask(browser, "POST", "", {**DRAFT, **bad}, 422) for bad in BAD]
    assert {one["code"] for one in answers} == {"invalid_input"}


def test_another_member_must_approve_where_the_workspace_asks_for_it(browser: Browser) -> None:
    assert browser.ask("PATCH", "workspace", {"publishing_needs_approval": True})[0] == 200
    made = ask(browser, "POST", "", DRAFT, 201)
    place = f"/{made['id']}"
    assert made["needs_approval"]
    assert ask(browser, "POST", f"{place}/send", {"revision": 1}, 409)["code"] == "approval_needed"
    ask(browser, "POST", f"{place}/review", {"revision": 1, "word": "asked"})
    assert ask(browser, "POST", f"{place}/review", {"revision": 1, "word": "approved"}, 409)["code"] == "own_draft"
    ben = browser.ask("POST", "members", {"email": "ben@example.com", "name": "Ben", "role": "marketer"})[1]
    other = Browser()
    assert other.sign_in("ben@example.com", ben["first_password"]) == 200
    assert not ask(other, "POST", f"{place}/review", {"revision": 1, "word": "approved"})["needs_approval"]
    assert ask(browser, "POST", f"{place}/send", {"revision": 1})["state"] == "scheduled"
    # What is changed afterwards was approved by nobody.
    ask(browser, "POST", f"{place}/undo")
    changed = ask(browser, "PUT", place, {"definition": {**DRAFT, "name": "Other"}, "revision": 1})
    assert (changed["review"], changed["needs_approval"]) == (None, True)


def test_a_variant_to_colleagues_alone_with_its_own_subject_and_sender(browser: Browser, web: Wiring) -> None:
    variants = [
        {"name": "A", "template": "hello"},
        {"name": "B", "template": "hello", "subject": {"en": "For {{ person.id | default: 7 }}"}, "sender_name": "Anna"},
    ]
    place = f"/{ask(browser, 'POST', '', {**DRAFT, 'variants': variants}, 201)['id']}"
    # Nobody in particular has no name: it says so instead of sending.
    assert ask(browser, "POST", f"{place}/test-send", {"to": ["me"]})["reason"] == "missing_value"
    assert ask(browser, "POST", f"{place}/test-send", {"to": ["stranger@example.com"]}, 422)["code"] == "invalid_input"
    assert ask(browser, "POST", f"{place}/test-send", {"to": ["me"], "variant": "C"}, 422)["code"] == "invalid_input"
    with web.db.workspace(1) as ws:
        person = make.person(ws, "eva@example.com", first_name="Eva")
    sent = ask(browser, "POST", f"{place}/test-send", {"to": ["me"], "variant": "B", "person_id": person})
    assert [(one["address"], one["end"]) for one in sent["items"]] == [("ada@example.com", "mailbox")]
    (mail,) = browser.ask("GET", "mailbox")[1]["items"]
    assert mail["subject"] == f"[Test] For {person}"
    shown = browser.ask("GET", f"mailbox/{mail['id']}")[1]
    assert shown["headers"]["From"].startswith("Anna ")
    assert "Hi Eva" in shown["html"]


def test_conditions_nested_without_end_are_refused(browser: Browser) -> None:
    tree: dict[str, Any] = NOBODY["tree"]
    for _ in range(400):
        tree = {"kind": "not", "of": tree}
    assert ask(browser, "POST", "/audience", {"topic": "newsletter", "audience": {"tree": tree}}, 422)["code"] == "invalid_input"


def test_what_ends_before_it_begins_is_a_problem(browser: Browser) -> None:
    when = {"kind": "at", "at": "2199-01-01T09:00:00Z"}
    made = ask(browser, "POST", "", {**DRAFT, "when": when, "ends_at": "2198-12-31T09:00:00Z"}, 201)
    assert [one["code"] for one in made["problems"]] == ["ends_at"]


def test_a_segment_that_a_campaign_to_come_asks_for_is_not_put_away_and_home_says_what_waits(browser: Browser) -> None:
    segment_id = browser.ask("POST", "segments", {"name": "Nobody", "tree": NOBODY["tree"]})[1]["id"]
    campaign = ask(browser, "POST", "", {**DRAFT, "audience": {"include": [segment_id]}}, 201)
    uses = browser.ask("GET", f"segments/{segment_id}/uses")[1]["items"]
    assert [(one["kind"], one["names"], one["status"]) for one in uses] == [("campaign", {"": "Spring"}, "draft")]
    ask(browser, "POST", f"/{campaign['id']}/send", {"revision": 1})
    status, refused = browser.ask("DELETE", f"segments/{segment_id}")
    assert (status, refused["code"], refused["uses"][0]["key"]) == (409, "segment_in_use", str(campaign["id"]))
    ask(browser, "POST", f"/{campaign['id']}/undo")
    assert browser.ask("DELETE", f"segments/{segment_id}")[0] == 204
    assert [one["code"] for one in ask(browser, "GET", f"/{campaign['id']}")["problems"]] == ["segment"]


def test_a_page_after_nobody_is_refused(browser: Browser) -> None:
    place = f"/{ask(browser, 'POST', '', DRAFT, 201)['id']}"
    for pages, after in itertools.product(("audience/people", "excluded"), (-1, 2**70)):
        assert ask(browser, "GET", f"{place}/{pages}?after={after}", status=422)["code"] == "invalid_input"
