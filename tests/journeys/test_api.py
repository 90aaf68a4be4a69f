"""The routes, asked through the web process."""

from __future__ import annotations

import itertools
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.events.actions import record_names
from hudhud.journeys.recipes import find_ready, templates
from hudhud.kit.clickhouse import connect
from tests.app.browser import PASSWORD, Browser
from tests.app.conftest import web as web
from tests.journeys.stage import DAY, END, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.app.wiring import Wiring
    from tests.conftest import Engines

_numbers = itertools.count(1)

OWNER = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", "workspace": "Shop", "time_zone": "UTC"}
GRAPH: dict[str, Any] = {
    "names": {"en": "Hello", "fa": "سلام"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "goal": event_since("Order"),
    "nodes": {"hello": send("hello", "rest"), "rest": delay(2, "days", "end"), "end": END},
    "start": "hello",
}


@pytest.fixture
def events_url(engines: Engines) -> Iterator[str]:
    """Give each test a ClickHouse of its own: here every test's workspace is number 1."""
    name = f"journeys_api_{os.getpid()}_{next(_numbers)}"
    with connect(engines.clickhouse.format("hudhud")) as admin:
        admin.command(f"CREATE DATABASE {name} ENGINE = Atomic")
        with connect(engines.clickhouse.format(name)) as fresh:
            migrate_clickhouse(fresh, load("clickhouse"))
        yield engines.clickhouse.format(name)
        admin.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def browser(web: Wiring) -> Browser:
    assert web.settings.clickhouse_url
    browser = Browser()
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    assert browser.ask("PUT", "journeys/hello", {"graph": GRAPH}) == (200, {"key": "hello", "number": 1})
    return browser


@pytest.fixture
def stage(web: Wiring, browser: Browser) -> Stage:
    return Stage(web.db, connect(web.settings.clickhouse_url), browser.ask("GET", "me")[1]["workspace"]["id"])


def test_publish_start_numbers_runs_and_why(browser: Browser, stage: Stage) -> None:
    assert browser.ask("GET", "journeys")[1]["items"][0] | {"updated_at": ""} == {
        "id": 1,
        "key": "hello",
        "status": "draft",
        "started_at": None,
        "paused_at": None,
        "updated_at": "",
        "number": 1,
        "here": 0,
        "names": {"en": "Hello", "fa": "سلام"},
        "trigger": {"kind": "event", "name": "Signed Up", "where": []},
        "nodes": 3,
    }
    assert browser.ask("POST", "journeys/hello/start")[1]["status"] == "running"
    ann, bob, cid = stage.people({}, {}, {})
    at = datetime.fromisoformat(browser.ask("GET", "journeys/hello")[1]["started_at"]) + DAY
    stage.take(stage.event(ann, "Signed Up", at), stage.event(bob, "Signed Up", at))
    stage.tick(at)
    stage.take(stage.event(bob, "Order", at + DAY))

    numbers = browser.ask("GET", "journeys/hello/numbers")[1]
    assert numbers["nodes"] == {
        "hello": {"entered": 2, "here": 0, "left": 2},
        "rest": {"entered": 2, "here": 1, "left": 1},
        "end": {"entered": 0, "here": 0, "left": 0},
    }
    assert [edge["count"] for edge in numbers["edges"] if edge["edge"] == "goal"] == [1]
    runs = browser.ask("GET", "journeys/hello/runs?node=rest")[1]["items"]
    assert [(run["person_id"], run["node"], run["outcome"]) for run in runs] == [(ann, "rest", None)]

    inside, goal, outside = (browser.ask("GET", f"journeys/hello/why/{who}")[1] for who in (ann, bob, cid))
    assert (inside["state"], goal["state"], outside["state"]) == ("in", "goal", "never_in")
    assert [step["code"] for step in goal["runs"][0]["steps"]] == ["triggered", "message_planned", "goal_reached"]
    assert goal["runs"][0]["steps"][1]["data"]["message"]["state"] == "planned"
    assert {rule["code"]: rule["holds"] for rule in outside["rules"]} == {"journey_running": True, "trigger_event": False, "reentry": None}


def test_rehearsals_are_over_days_of_the_workspace(browser: Browser) -> None:
    # Where it is three and a half hours later.
    assert browser.ask("PATCH", "workspace", {"time_zone": "Asia/Tehran"})[0] == 200
    status, made = browser.ask("POST", "rehearsals", {"journeys": ["hello"], "from": "2025-12-31", "to": "2026-01-02"})
    found = browser.ask("GET", f"rehearsals/{made['id']}")[1]
    assert (status, found["begins_at"], found["ends_at"]) == (202, "2025-12-30T20:30:00Z", "2026-01-02T20:29:59.999Z")
    status, problem = browser.ask("POST", "rehearsals", {"journeys": ["hello"], "from": "yesterday", "to": "2026-01-02"})
    assert (status, problem["field"]) == (422, "from")


def test_mistakes_are_told_by_node(browser: Browser) -> None:
    broken = GRAPH | {"nodes": GRAPH["nodes"] | {"hello": send("hello", "nowhere")}}
    status, problem = browser.ask("PUT", "journeys/hello", {"graph": broken})
    assert (status, problem["code"], problem["problems"][0]["node"]) == (422, "invalid_journey", "hello")
    assert browser.ask("GET", "journeys/nothing")[0] == 404
    assert browser.ask("POST", "journeys/hello/pause")[1]["code"] == "journey_not_ready"


def test_ready_journeys_are_listed(browser: Browser) -> None:
    items = browser.ask("GET", "journeys/ready")[1]["items"]
    assert [(item["key"], item["installed"]) for item in items] == [(key, False) for key in find_ready()]
    cart = next(item for item in items if item["key"] == "cart")
    assert {node["template"] for node in cart["graph"]["nodes"].values() if node["kind"] == "send"} == {
        mail["key"] for mail in cart["mails"]
    }
    assert {mail["subjects"]["en"] for mail in cart["mails"]} >= {"You left something in your cart"}


@pytest.mark.parametrize("key", ["cart", "second_order", "welcome", "winback"])
def test_a_ready_journey_is_installed_whole(browser: Browser, key: str) -> None:
    assert browser.ask("POST", f"journeys/{key}/install") == (200, {"key": key, "number": 1})
    assert browser.ask("POST", f"journeys/{key}/install") == (200, {"key": key, "number": 1})
    present = {item["key"]: set(item["languages"]) for item in browser.ask("GET", "templates")[1]["items"]}
    assert {present[template] == {"en", "et", "fa", "ar"} for template in templates(find_ready()[key])} == {True}
    assert browser.ask("POST", f"journeys/{key}/start")[1]["status"] == "running"


def test_a_ready_journey_that_was_edited_is_not_installed_over(browser: Browser) -> None:
    browser.ask("POST", "journeys/welcome/install")
    graph = browser.ask("GET", "journeys/welcome")[1]["graph"]
    mine = {**graph, "names": {"en": "Mine"}}
    assert browser.ask("PUT", "journeys/welcome", {"graph": mine})[1]["number"] == 2
    assert browser.ask("POST", "journeys/welcome/install") == (200, {"key": "welcome", "number": 2})
    assert browser.ask("GET", "journeys/welcome")[1]["graph"]["names"] == {"en": "Mine"}


def test_the_gallery_tells_its_questions_and_takes_answers(browser: Browser, stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        record_names(ws, [stage.event(1, name, T0) for name in ("Purchase", "Order Paid")])
    items = {one["key"]: one for one in browser.ask("GET", "journeys/ready")[1]["items"]}
    order, pool = items["cart"]["questions"]
    assert (order["key"], order["kind"], order["sure"], set(order["texts"])) == ("order", "event", False, {"en", "et", "fa", "ar"})
    assert {choice["value"] for choice in order["choices"]} == {"Purchase", "Order Paid"}
    assert (pool["guess"], pool["sure"]) == ("cart", True)
    status, problem = browser.ask("POST", "journeys/cart/install")
    assert (status, problem["code"], problem["questions"]) == (422, "answers_needed", ["order"])
    assert browser.ask("POST", "journeys/cart/install", {"answers": {"order": "Purchase"}}) == (200, {"key": "cart", "number": 1})
    assert browser.ask("GET", "journeys/cart")[1]["graph"]["goal"]["name"] == "Purchase"


def test_what_a_journey_does_to_people_is_told_by_the_api(browser: Browser, stage: Stage) -> None:
    changes = [{"do": "increment", "attribute": "visits"}, {"do": "copy", "attribute": "nick", "from": "person.first_name"}]
    nodes = {
        "share": {
            "kind": "split",
            "shares": [{"name": "Order", "percent": 50, "next": "count"}, {"name": "B", "percent": 50, "next": "count"}],
        },
        "count": {"kind": "update", "changes": changes, "next": "end"},
        "end": END,
    }
    graph = {**GRAPH, "trigger": {"kind": "event", "name": "Visited"}, "goal": None, "nodes": nodes, "start": "share"}
    assert browser.ask("PUT", "journeys/count", {"graph": graph}) == (200, {"key": "count", "number": 1})
    assert browser.ask("GET", "journeys/count")[1]["graph"]["nodes"]["share"]["salt"] == "count.share"
    # Changed by it, read by it; a share that is called like an event is none.
    for name, places in (("visits", ["count"]), ("nick", ["count"]), ("first_name", ["count"])):
        found = browser.ask("GET", f"attributes/uses?name={name}")[1]["items"]
        assert [(use["kind"], use["key"], use["places"]) for use in found] == [("journey", "count", places)]
    assert [use["key"] for use in browser.ask("GET", "events/uses?name=Order")[1]["items"]] == ["hello"]
    (ann,) = stage.people({"visits": "many"})
    assert browser.ask("POST", "journeys/count/start")[0] == 200
    at = datetime.fromisoformat(browser.ask("GET", "journeys/count")[1]["started_at"]) + DAY
    stage.take(stage.event(ann, "Visited", at))
    stage.tick(at + DAY)
    stage.act(at + DAY)
    (way,) = [edge for edge, group in browser.ask("GET", "journeys/count/lots")[1]["items"][0]["ways"].items() if group["people"]]
    status, told = browser.ask("GET", f"journeys/count/why/{ann}")
    steps = told["runs"][0]["steps"]
    assert (status, [step["data"]["edge"] for step in steps]) == (200, ["start", way, "next", "end"])
    assert (steps[2]["data"]["effect"], steps[2]["data"]["notes"]) == (
        "refused",
        [{"reason": "not_a_number", "name": "visits"}, {"reason": "no_value", "name": "nick"}],
    )
    assert steps[2]["text"].endswith(": refused; visits: not_a_number; nick: no_value")


def test_a_call_lets_a_person_enter_and_a_journey_runs_out(stage: Stage, browser: Browser) -> None:
    (ann,) = stage.people({})
    called = {**GRAPH, "trigger": {"kind": "api"}, "send_window": {"from": "09:00", "to": "20:00"}, "ends_at": "2100-01-01T00:00:00Z"}
    assert browser.ask("PUT", "journeys/called", {"graph": called})[0] == 200
    call = {"person_id": ann, "properties": {"total": 5}, "key": "order-7"}
    assert browser.ask("POST", "journeys/called/enter", call)[0] == 409
    assert browser.ask("POST", "journeys/called/start")[0] == 200
    assert browser.ask("POST", "journeys/called/enter", call) == (202, {"accepted": True, "again": False})
    assert browser.ask("POST", "journeys/called/enter", {**call, "user_id": "u"})[1]["field"] == "person_id"
    assert browser.ask("POST", "journeys/called/enter", {"user_id": "nobody", "key": "1"})[0] == 404
    assert browser.ask("GET", "journeys/called")[1]["graph"]["send_window"] == {"from": "09:00", "to": "20:00"}
    assert browser.ask("POST", "journeys/called/drain")[1]["status"] == "draining"
    assert browser.ask("POST", "journeys/called/enter", call)[0] == 409


def test_a_test_and_a_target_tell_what_they_show_and_who_is_declared_wins(browser: Browser) -> None:
    arms = [{"name": "a", "percent": 50, "next": "rest"}, {"name": "b", "percent": 50, "next": "end"}]
    test = {"kind": "test", "arms": arms, "metric": {"kind": "goal"}, "window": {"amount": 1, "unit": "days"}}
    target = {"kind": "count", "count": 5, "by": "2030-01-01"}
    graph = {**GRAPH, "nodes": {"ab": test, "rest": delay(2, "days", "end"), "end": END}, "start": "ab", "target": target}
    assert browser.ask("PUT", "journeys/hello", {"graph": graph})[0] == 200
    (found,) = browser.ask("GET", "journeys/hello/tests")[1]["items"]
    assert (found["node"], found["metric"], found["winner"]) == ("ab", "goal", None)
    assert [arm["name"] for arm in found["now"]["arms"]] == ["a", "b"]
    status, said = browser.ask("POST", "journeys/hello/tests/ab/winner", {"winner": "c"})
    assert (status, said["field"]) == (422, "winner")
    assert browser.ask("POST", "journeys/hello/tests/ab/winner", {"winner": "a"})[0] == 204
    assert browser.ask("POST", "journeys/hello/tests/ab/winner", {"winner": "b"})[1]["code"] == "test_decided"
    assert browser.ask("POST", "journeys/hello/tests/rest/anew")[1]["code"] == "test_not_found"
    (found,) = browser.ask("GET", "journeys/hello/tests")[1]["items"]
    assert (found["winner"], found["verdict"]) == ("a", "called")
    assert browser.ask("POST", "journeys/hello/tests/ab/anew") == (200, {"number": 2})
    assert browser.ask("GET", "journeys/hello/target")[1]["progress"]["target"] == 5
    (listed,) = browser.ask("GET", "targets")[1]["items"]
    assert (listed["journey"], listed["reached"]) == ("hello", 0)
    assert browser.ask("GET", "audit")[1]["items"][0]["action"] == "journey.test_anew"
