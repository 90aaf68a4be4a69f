"""The lifecycle by its API: ready stages, changes of rules, what asks for a stage, numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.journeys.types import JourneyLoop
from hudhud.lifecycle import actions
from hudhud.lifecycle.ready import find_ready
from hudhud.segments.queries import count, explain
from hudhud.segments.types import from_json
from hudhud.workers import segments
from tests.app.browser import Browser
from tests.app.conftest import web as web
from tests.app.test_people import a_key
from tests.lifecycle.town import Town, did
from tests.workers.line import Line, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring

DAY = timedelta(days=1)
LANGUAGES = {"en", "et", "fa", "ar"}


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def line(web: Wiring, ch: Client, clickhouse_url: str) -> Line:
    return Line(web.db, ch, clickhouse_url)


@pytest.fixture
def api(line: Line) -> Browser:
    return Browser(key=a_key(line))


def shown(api: Browser) -> list[tuple[Any, ...]]:
    _, found = api.ask("GET", "lifecycle?days=3650")
    return [(one["key"], one["count"], one["entered"], one["onward"], one["lost"], one["staying"]) for one in found["stages"]]


def test_seven_ready_stages_in_four_languages_suit_a_shop_on_its_first_day(line: Line, api: Browser) -> None:
    for one in find_ready():
        assert (one.names.keys(), one.texts.keys()) == (LANGUAGES, LANGUAGES), one.key
    with line.db.workspace(line.shop) as ws:
        actions.install(ws, line.clock.now())
        actions.install(ws, line.clock.now())
    orders = [track("loyal", "Order Completed") for _ in range(4)]
    line.put(
        track("looker", "Product Viewed"),
        track("looker", "Product Viewed"),
        track("cart", "Checkout Started"),
        track("once", "Order Completed"),
        *orders,
        *orders[:2],
        track("fan", "Order Completed"),
        track("fan", "Product Reviewed"),
        track("twice", "Order Completed"),
        track("twice", "Order Completed"),
        {"type": "page", "anonymousId": "visitor"},
    )
    line.work()
    segments.work_once(line.context, line.ch, line.clock.now())
    _, found = api.ask("GET", "lifecycle")
    assert [(one["key"], one["count"]) for one in found["stages"]] == [
        (key, 1) for key in ("awareness", "interest", "comparison", "purchase", "retention", "advocacy", "loyalty")
    ]
    assert (found["outside"], found["flows"]) == (0, [])


def test_the_funnel_says_what_became_of_everybody_who_came_in(line: Line, api: Browser) -> None:
    town = Town(line)
    town.put(track("ann", "Seen"), track("bob", "Seen"), track("eve", "Seen"))
    for days, users in ((1, ["ann"]), (2, ["bob"])):
        line.clock.at += days * DAY
        town.put(*(track(user, "Order Completed") for user in users))
    line.clock.at += 31 * DAY
    town.settle()
    keys = [stage.key for stage in town.stages()]
    # Both buyers went quiet, and are known again. The API asks by the wall clock, years ahead of this story.
    assert shown(api) == [(keys[0], 3, 5, 2, 0, 3), (keys[1], 0, 2, 0, 2, 0), (keys[2], 0, 0, 0, 0, 0)]
    _, found = api.ask("GET", "lifecycle?days=3650")
    assert [one["median_s"] for one in found["stages"]] == [2 * 86_400, None, None]
    named = {number: one["key"] for number, one in found["names"].items()} | {"None": None}
    assert [(named[str(flow["from"])], named[str(flow["to"])], flow["forward"], flow["moves"]) for flow in found["flows"]] == [
        (None, keys[0], True, 3),
        (keys[0], keys[1], True, 2),
        (keys[1], keys[0], False, 2),
    ]
    _, bob = api.ask("GET", f"people/{town.person('bob')}/lifecycle")
    assert (bob["stage"]["key"], [move["spent_s"] for move in bob["items"]]) == (keys[0], [31 * 86_400, 3 * 86_400, None])
    _, there = api.ask("GET", f"lifecycle/stages/{town.ids['Known']}/people?limit=2")
    assert (len(there["items"]), there["total"], there["next"]) == (2, 3, there["items"][1]["person_id"])
    assert bob["since"] in {one["since"] for one in there["items"]}


def test_stages_are_made_changed_put_in_order_and_removed(line: Line, api: Browser) -> None:
    town = Town(line)
    town.put(track("ann", "Seen"))
    status, vip = api.ask("POST", "lifecycle/stages", {"name": "VIP", "rule": did("Seen"), "colour": "orange"})
    assert (status, vip["names"], vip["key"], vip["state"]) == (201, {"": "VIP"}, "stage_4", "counting")
    town.settle()
    assert town.stages()[-1].count == 1
    changed = {"name": "ثابت\u200cقدم", "text": "The best", "colour": "red", "rule": did("Nothing")}
    assert api.ask("PATCH", f"lifecycle/stages/{vip['id']}", changed)[0] == 200
    _, best = api.ask("GET", f"lifecycle/stages/{vip['id']}")
    assert (best["names"], best["texts"], best["colour"], best["key"]) == ({"": "ثابت\u200cقدم"}, {"": "The best"}, "red", "stage_4")
    assert {key: value for key, value in best["rule"].items() if key in {"kind", "name"}} == {"kind": "event", "name": "Nothing"}
    town.settle()
    assert [stage.count for stage in town.stages()] == [1, 0, 0, 0]
    order = [vip["id"], *town.ids.values()]
    assert api.ask("PUT", "lifecycle/order", {"ids": order})[0] == 204
    assert api.ask("PUT", "lifecycle/order", {"ids": order[1:]})[1]["field"] == "ids"
    assert [stage.id for stage in town.stages()] == order
    assert api.ask("DELETE", f"lifecycle/stages/{town.ids['Known']}")[0] == 204
    town.settle()
    assert town.place("ann") is None
    # What happened in a stage that is gone can still be told.
    _, ann = api.ask("GET", f"people/{town.person('ann')}/lifecycle")
    assert [ann["names"][str(move["to"])]["names"] for move in ann["items"]] == [{"": "Known"}]
    for stage_id in order[:1] + order[2:3]:
        assert api.ask("DELETE", f"lifecycle/stages/{stage_id}")[0] == 204
    assert api.ask("DELETE", f"lifecycle/stages/{town.ids['Regular']}")[1]["code"] == "last_stage"
    for body, field in (({"name": " "}, "name"), ({"colour": "#fff"}, "colour"), ({"text": "x" * 501}, "text")):
        assert api.ask("PATCH", f"lifecycle/stages/{town.ids['Regular']}", body)[1]["field"] == field


def test_a_stage_that_is_asked_for_is_kept(line: Line, api: Browser) -> None:
    town = Town(line)
    buyer, regular = town.stages()[1:]
    in_buyer = {"kind": "segment", "segment_id": buyer.place_id, "member": True}
    _, segment = api.ask("POST", "segments", {"name": "Of buyers", "tree": in_buyer})
    moved = did("Lifecycle Stage Changed") | {"where": [{"property": "to", "op": "is", "value": buyer.key}]}
    api.ask("POST", "segments", {"name": "Became buyers", "tree": moved})
    status, refused = api.ask("DELETE", f"lifecycle/stages/{buyer.id}")
    assert (status, refused["code"]) == (409, "segment_in_use")
    assert [(use["kind"], use["names"]) for use in refused["uses"]] == [("segment", {"": "Of buyers"}), ("segment", {"": "Became buyers"})]
    assert [use["names"] for use in api.ask("GET", f"lifecycle/stages/{buyer.id}/uses")[1]["items"]] == [
        {"": "Of buyers"},
        {"": "Became buyers"},
    ]
    # A rule that is built on a segment keeps that one in turn.
    rule = {"kind": "segment", "segment_id": segment["id"], "member": True}
    assert api.ask("PATCH", f"lifecycle/stages/{regular.id}", {"rule": did("Order Completed", 3)})[0] == 200
    assert api.ask("PATCH", f"lifecycle/stages/{regular.id}", {"rule": rule})[1]["code"] == "segment_cycle"
    _, other = api.ask("POST", "segments", {"name": "Seen", "tree": did("Seen")})
    rule = {"kind": "segment", "segment_id": other["id"], "member": True}
    assert api.ask("PATCH", f"lifecycle/stages/{regular.id}", {"rule": rule})[0] == 200
    assert [use["kind"] for use in api.ask("GET", f"segments/{other['id']}/uses")[1]["items"]] == ["stage"]
    assert api.ask("DELETE", f"segments/{other['id']}")[1]["uses"][0]["kind"] == "stage"
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert api.ask(method, f"segments/{buyer.place_id}", body)[1]["code"] == "segment_owned"


def test_a_move_cannot_be_what_moves_people(line: Line, api: Browser) -> None:
    town = Town(line)
    known = town.ids["Known"]
    assert api.ask("PATCH", f"lifecycle/stages/{known}", {"rule": did("Lifecycle Stage Changed")})[1]["code"] == "segment_cycle"
    _, other = api.ask("POST", "segments", {"name": "Seen", "tree": did("Seen")})
    rule = {"kind": "segment", "segment_id": other["id"], "member": True}
    assert api.ask("PATCH", f"lifecycle/stages/{known}", {"rule": rule})[0] == 200
    assert api.ask("PATCH", f"segments/{other['id']}", {"tree": did("Lifecycle Stage Changed")})[1]["code"] == "segment_cycle"


def publish_care(town: Town, trigger: dict[str, Any]) -> None:
    end = {"end": {"kind": "exit", "reason": "done"}}
    care = graph.parse({"key": "care", "names": {"en": "Care"}, "trigger": trigger, "nodes": end, "start": "end"})
    with town.scope() as ws:
        journeys.publish(ws, care, town.line.clock.now(), by="user:1")


def test_a_journey_that_moves_begin_cannot_be_what_moves_people(line: Line, api: Browser) -> None:
    town = Town(line)
    publish_care(town, {"kind": "event", "name": ["Seen", "Lifecycle Stage Changed"]})
    outside = {"kind": "not", "of": {"kind": "journey", "journey": "care", "did": "is_in"}}
    status, refused = api.ask("PATCH", f"lifecycle/stages/{town.ids['Known']}", {"rule": outside})
    assert (status, refused["code"], refused["path"]) == (409, "journey_loop", ["care", "care"])

    publish_care(town, {"kind": "event", "name": "Seen"})
    assert api.ask("PATCH", f"lifecycle/stages/{town.ids['Known']}", {"rule": outside})[0] == 200
    with pytest.raises(JourneyLoop):
        publish_care(town, {"kind": "event", "name": "Lifecycle Stage Changed"})


def test_a_journey_that_a_stage_begins_cannot_be_what_that_stage_asks_for(line: Line, api: Browser) -> None:
    town = Town(line)
    known, buyer, regular = (town.ids[name] for name in ("Known", "Buyer", "Regular"))
    outside = {"kind": "not", "of": {"kind": "journey", "journey": "care", "did": "is_in"}}
    status, refused = api.ask("PATCH", f"lifecycle/stages/{buyer}", {"rule": outside})
    assert (status, refused["field"]) == (422, "of.journey")
    publish_care(town, {"kind": "segment_enter", "segment": town.stages()[1].place_id})

    # Who is in a stage is in none of the later ones: their rules decide it too.
    for method, path in (("PATCH", f"/{buyer}"), ("PATCH", f"/{regular}"), ("POST", "")):
        status, refused = api.ask(method, f"lifecycle/stages{path}", {"name": "Mine", "rule": outside})
        assert (status, refused["code"], refused["path"]) == (409, "journey_loop", ["care", "care"])
    assert api.ask("PATCH", f"lifecycle/stages/{known}", {"rule": outside})[0] == 200
    assert api.ask("PUT", "lifecycle/order", {"ids": [buyer, regular, known]})[1]["code"] == "journey_loop"
    assert [stage.id for stage in town.stages()] == [known, buyer, regular]


def test_a_condition_on_a_stage_holds_as_of_any_instant(line: Line, api: Browser) -> None:
    town = Town(line)
    town.put(track("ann", "Seen"), track("ann", "Order Completed"))
    in_buyer = {"kind": "segment", "segment_id": town.stages()[1].place_id, "member": True}
    ann = town.person("ann")
    status, why = api.ask("POST", "segments/explain", {"person_id": ann, "tree": in_buyer})
    assert (status, why["holds"]) == (200, False)  # the wall clock is far ahead: the order has aged
    with line.db.workspace(line.shop) as ws:
        tree = from_json(in_buyer)
        assert [count(ws, line.ch, tree, line.clock.now() + days * DAY) for days in (-1, 0, 29, 31)] == [0, 1, 1, 0]
        verdict = explain(ws, line.ch, tree, ann, line.clock.now())
    # In the segment of the stage: its rule holds, that of the later stage does not.
    assert [(part.holds, part.value) for part in verdict.of[0].of] == [(True, True), (True, False)]
