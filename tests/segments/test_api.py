"""Segments, asked by HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.segments.types import Touched
from tests.app.browser import PASSWORD, Browser
from tests.app.conftest import web as web
from tests.segments.oracle import Event
from tests.segments.stage import Stage

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring

NOW = datetime.now(UTC).replace(microsecond=0)
OWNER = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", "workspace": "Bird shop", "time_zone": "Europe/Tallinn"}
ORDERED = {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 30, "unit": "days"}}
IN_TARTU = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
TREE = {"kind": "and", "of": [ORDERED, IN_TARTU]}


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    """The web process asks the ClickHouse that these tests write to."""
    return clickhouse_url


@pytest.fixture
def stage(web: Wiring, ch: Client) -> Stage:
    assert Browser().ask("POST", "setup", OWNER)[0] == 201
    return Stage(web.db, ch, 1, NOW)


@pytest.fixture
def browser(stage: Stage) -> Browser:  # noqa: ARG001 -- somebody is there to sign in
    browser = Browser()
    browser.sign_in("ada@example.com")
    return browser


def make_shop(stage: Stage) -> list[int]:
    people = [stage.person(attributes={"city": city}, reachable=["email"]) for city in ("Tartu", "Tartu", "Tallinn")]
    stage.happen(*(Event(person.id, "Order Completed", NOW - timedelta(days=1)) for person in people[1:]))
    return [person.id for person in people]


def test_conditions_are_counted_while_they_are_written(stage: Stage, browser: Browser) -> None:
    make_shop(stage)
    status, answer = browser.ask("POST", "segments/count", {"tree": TREE})
    assert status == 200
    assert (answer["count"], answer["reachable"]) == (1, {"email": 1})
    assert [(part["path"], part["count"]) for part in answer["conditions"]] == [("of[0]", 2), ("of[1]", 2)]
    assert browser.ask("POST", "segments/count", {"tree": {"kind": "and", "of": []}})[1]["count"] == 3


def test_values_are_offered_while_conditions_are_written(stage: Stage, browser: Browser) -> None:
    make_shop(stage)
    assert browser.ask("GET", "segments/values?kind=attribute&name=city") == (
        200,
        {"items": [{"value": "Tartu", "count": 2}], "exact": True},
    )
    assert browser.ask("GET", f"segments/values?kind=attribute&name=city&search={'x' * 61}")[0] == 422


def test_a_segment_is_made_counted_listed_changed_and_put_away(stage: Stage, browser: Browser) -> None:
    first, second, _ = make_shop(stage)
    stage.build()  # the stages of the lifecycle, which every workspace has
    status, made = browser.ask("POST", "segments", {"name": "مشتریان تارتو", "tree": TREE})
    assert (status, made["state"], made["count"]) == (201, "counting", 0)
    assert stage.build() == [made["id"]]

    listed = browser.ask("GET", "segments")[1]
    assert [(one["id"], one["name"], one["state"], one["count"]) for one in listed["items"]] == [(made["id"], "مشتریان تارتو", "ready", 1)]
    assert listed["items"][0]["tree"]["of"][1] == made["tree"]["of"][1]
    assert (listed["next"], listed["total"]) == (None, 1)

    stage.happen(Event(first, "Order Completed", NOW))
    stage.refresh(Touched(frozenset({first}), frozenset({"Order Completed"})))
    members = browser.ask("GET", f"segments/{made['id']}/members")[1]
    assert [one["person_id"] for one in members["items"]] == [first, second]
    assert [one["since"] for one in members["items"]] == [stage.now.isoformat(), None]
    assert [part["holds"] for part in members["items"][0]["why"]["of"]] == [True, True]
    assert members["items"][0]["why"]["of"][1]["value"] == "Tartu"
    assert browser.ask("GET", f"segments/{made['id']}/members?limit=1")[1]["next"] == first

    status, changed = browser.ask("PATCH", f"segments/{made['id']}", {"name": "Everybody", "tree": {"kind": "and", "of": []}})
    assert (status, changed["name"], changed["state"], changed["tree"]) == (200, "Everybody", "counting", {"kind": "and", "of": []})
    assert browser.ask("DELETE", f"segments/{made['id']}")[0] == 204
    assert browser.ask("GET", f"segments/{made['id']}")[1]["code"] == "segment_not_found"
    actions = [entry["action"] for entry in browser.ask("GET", "audit")[1]["items"]]
    assert [action for action in actions if action.startswith("segment.")] == ["segment.archive", "segment.update", "segment.create"]


def test_why_somebody_is_not_in(stage: Stage, browser: Browser) -> None:
    first, second, _ = make_shop(stage)
    inner = browser.ask("POST", "segments", {"name": "Buyers", "tree": ORDERED})[1]["id"]
    tree = {"kind": "and", "of": [{"kind": "segment", "segment_id": inner}, IN_TARTU]}
    outer = browser.ask("POST", "segments", {"name": "Buyers in Tartu", "tree": tree})[1]["id"]

    answer = browser.ask("POST", "segments/explain", {"segment_id": outer, "person_id": first})[1]
    assert (answer["holds"], [part["holds"] for part in answer["of"]]) == (False, [False, True])
    segment = answer["of"][0]
    assert (segment["condition"], segment["value"]) == ({"kind": "segment", "segment_id": inner, "member": True}, False)
    assert segment["of"][0]["value"] == {"count": 0, "last_at": None}

    answer = browser.ask("POST", "segments/explain", {"tree": tree, "person_id": second})[1]
    assert answer["holds"] is True
    assert browser.ask("POST", "segments/explain", {"tree": tree, "person_id": 999_999})[1]["code"] == "person_not_found"
    day_before = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert answer["of"][0]["of"][0]["value"] == {"count": 1, "last_at": day_before}


def test_bad_conditions_are_named(browser: Browser) -> None:
    tree = {"kind": "and", "of": [{**IN_TARTU, "op": "resembles"}]}
    for path, body in (("segments/count", {"tree": tree}), ("segments", {"name": "x", "tree": tree})):
        status, problem = browser.ask("POST", path, body)
        assert (status, problem["code"], problem["field"]) == (422, "invalid_input", "of[0].op")
        assert problem["remedy"].startswith("use one of is, is_not")


TEXT = 'did "Order Completed" in last 30 days\nand city is "Tartu"'


def test_a_segment_is_read_and_saved_as_text(browser: Browser) -> None:
    said = browser.ask("POST", "segments/text", {"tree": TREE})[1]
    assert said["text"] == TEXT
    status, made = browser.ask("POST", "segments", {"name": "Buyers in Tartu", "text": TEXT})
    assert (status, made["tree"], made["text"]) == (201, said["tree"], TEXT)
    changed = browser.ask("PATCH", f"segments/{made['id']}", {"text": "everybody"})[1]
    assert (changed["tree"], changed["text"]) == ({"kind": "and", "of": []}, "everybody")
    assert browser.ask("GET", f"segments/{made['id']}")[1]["text"] == "everybody"


def test_what_is_wrong_with_a_text_is_told_by_line_and_column(browser: Browser) -> None:
    for path in ("segments", "segments/text"):
        status, problem = browser.ask("POST", path, {"name": "x", "text": "everybody\nand city resembles"})
        assert (status, problem["code"], problem["field"]) == (422, "bad_text", "text")
        assert (problem["line"], problem["column"]) == (2, 10)
    assert browser.ask("POST", "segments/text", {})[1]["remedy"] == "send either tree or text"
