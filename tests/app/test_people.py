"""People, timelines, event names and refused messages, as the app and programs ask for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hudhud.accounts.actions import create_key
from hudhud.events.rejects import refuse
from hudhud.events.types import Reason, Refusal
from hudhud.kit.steady import SteadyClock
from hudhud.workers.main import QUERIES
from tests.app.browser import Browser
from tests.people import canary
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def line(web: Wiring, ch: Client, clickhouse_url: str) -> Line:
    return Line(web.db, ch, clickhouse_url)


def a_key(line: Line) -> str:
    with line.db.workspace(line.shop) as ws:
        return create_key(ws, kind="api", name="test", scopes=["read", "write"], now=line.clock.now(), actor="test")[1]


def test_people_and_what_they_did(line: Line) -> None:
    line.put(
        identify("u1", email="ann@example.com", first_name="Ann"),
        *[track("u1", properties={"n": n}, timestamp=f"2026-03-01T10:00:0{n}Z") for n in range(3)],
        track("u2"),
    )
    line.put(track("u1", messageId="m1"), track("u1", "Other", messageId="m1"))
    line.work()
    api = Browser(key=a_key(line))
    _, people = api.ask("GET", "people?limit=1")
    assert (len(people["items"]), people["total"], people["next"]) == (1, 2, str(people["items"][0]["id"]))
    _, rest = api.ask("GET", f"people?limit=1&after={people['next']}")
    assert {item["identifiers"][0]["value"] for item in [*people["items"], *rest["items"]]} <= {"u1", "u2", "ann@example.com"}
    (ann,) = api.ask("GET", "people?search=ann@ex")[1]["items"]
    status, profile = api.ask("GET", f"people/{ann['id']}")
    assert (status, profile["attributes"]["first_name"], profile["segments"], profile["merged"]) == (200, "Ann", [], [])
    _, first = api.ask("GET", f"people/{ann['id']}/timeline?limit=2")
    _, second = api.ask("GET", f"people/{ann['id']}/timeline?limit=10&before={first['next'].replace('+', '%2B')}")
    assert [entry["properties"].get("n") for entry in second["items"]][-3:] == [2, 1, 0]
    assert (len(first["items"]) + len(second["items"]), second["next"]) == (5, None)
    assert {name["name"] for name in api.ask("GET", "events/names")[1]["items"]} == {"Identified", "Product Viewed"}
    (reject,) = api.ask("GET", "events/rejects?reason=conflict")[1]["items"]
    assert api.ask("POST", f"events/rejects/{reject['id']}/resubmit", {})[0] == 200
    assert api.ask("POST", f"events/rejects/{reject['id']}/resubmit", {})[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "people/0",
        "people/99999999999999999999",
        "people?search=%00",
        "people?limit=0",
        "people/1/timeline?before=yesterday",
        "events/rejects?reason=none",
    ],
)
def test_what_cannot_be_asked_is_answered_with_a_reason(line: Line, path: str) -> None:
    line.put(track("u1"))
    line.work()
    status, answer = Browser(key=a_key(line)).ask("GET", path)
    assert status == 422
    assert answer["message"]


def test_a_person_of_another_workspace_is_not_there(line: Line, ch: Client, clickhouse_url: str) -> None:
    line.put(track("u1"))
    line.work()
    person_id = Browser(key=a_key(line)).ask("GET", "people")[1]["items"][0]["id"]
    other = Browser(key=a_key(Line(line.db, ch, clickhouse_url)))
    assert [other.ask("GET", path)[0] for path in (f"people/{person_id}", f"people/{person_id}/timeline")] == [404, 404]


def test_attributes_are_listed_with_their_kind_and_commonest_values(line: Line, ch: Client, clickhouse_url: str) -> None:
    line.put(
        *[identify(f"u{number}", city="Tartu" if number else "Narva", vip=True, age=30 + number) for number in range(3)],
        identify("u9", city=None, note="x" * 61),
    )
    line.work()
    status, answer = Browser(key=a_key(line)).ask("GET", "attributes")
    assert status == 200
    found = {item["name"]: (item["kind"], item["values"]) for item in answer["items"]}
    assert found == {"age": ("number", []), "city": ("string", ["Tartu"]), "note": ("string", []), "vip": ("boolean", ["true"])}
    other = Line(line.db, ch, clickhouse_url)
    assert Browser(key=a_key(other)).ask("GET", "attributes")[1]["items"] == []


def test_a_person_is_exported_whole_and_then_erased(line: Line, web: Wiring) -> None:
    person_id = canary.fill(line)
    line.put({"type": "group", "userId": canary.USER, "groupId": "acme", "traits": {"seats": 5}})
    line.work()
    line.put(track(canary.USER, "Waiting"), track("somebody", "Else"))
    api = Browser(key=a_key(line))
    status, file = api.ask("GET", f"people/{person_id}/export")
    assert status == 200
    assert {name for name, items in file.items() if items == []} == {"lifecycle_moves", "segments", "segment_changes", "suppressions"}
    assert [canary.MARK in str(file[name]) for name in ("identifiers", "consent", "messages", "mails", "runs", "refused", "events")] == [
        True
    ] * 7
    assert [event["context"]["userAgent"] for event in file["events"] if event["name"] == "Noted"] == [canary.MARK]
    assert [(one["company"], one["attributes"]) for one in file["companies"]] == [("acme", {"seats": 5})]
    assert [json.loads(one)["event"] for one in file["waiting"]] == ["Waiting"]
    assert api.ask("POST", f"people/{person_id}/erase")[0] == 403
    with web.db.workspace(line.shop) as ws:
        admin = Browser(key=create_key(ws, kind="api", name="admin", scopes=["admin"], now=line.clock.now(), actor="test")[1])
    status, asked = admin.ask("POST", f"people/{person_id}/erase")
    assert (status, asked["step"], asked["person_id"]) == (202, "asked", person_id)
    assert [admin.ask("GET", f"people/{person_id}{path}")[0] for path in ("", "/export")] == [404, 404]
    assert [item["id"] for item in api.ask("GET", "erasures")[1]["items"]] == [asked["id"]]


def test_home_says_when_a_website_brings_too_many_addresses(line: Line) -> None:
    """A-25: the door has kept them (tests/edge/test_newcomers.py); whoever opens the app sees it, and can let the real ones in."""
    refused = [identify("u1", email="ann@example.com"), identify("u2", email="eve@example.com")]
    with line.db.workspace(line.shop) as ws:
        told = [Refusal(line.shop, "collect", Reason.ADDRESSES, "too many", json.dumps(message).encode()) for message in refused]
        refuse(ws, told, datetime.now(UTC))  # the app's clock
        refuse(ws, [Refusal(line.shop, "collect", Reason.INVALID, "no event", b"{}")], datetime.now(UTC))
    api = Browser(key=a_key(line))
    needs = {need["kind"]: need for need in api.ask("GET", "home")[1]["attention"]}
    assert (needs["many_addresses"]["count"], needs["many_addresses"]["link"]) == (2, "/data/rejects")
    assert (needs["events_rejected"]["count"], needs["events_rejected"]["link"]) == (1, "/data/rejects")
    assert api.ask("POST", "events/rejects/resubmit", {"reason": "addresses"})[1]["sent"] == 2
    assert "many_addresses" not in {need["kind"] for need in api.ask("GET", "home")[1]["attention"]}
    line.work()
    with line.db.workspace(line.shop) as ws:
        assert ws.conn.execute("SELECT count(*) FROM identifier WHERE namespace = 'email'").fetchone() == (2,)


@pytest.mark.parametrize(("set_by", "kind"), [(7_200.0, "clock_ahead"), (-7_200.0, "clock_back")])
def test_home_says_that_the_clock_was_set_until_it_is_right_again(line: Line, set_by: float, kind: str) -> None:
    wall = passed = 1_000_000.0
    line.context.clock = SteadyClock(wall=lambda: wall, passed=lambda: passed)
    api = Browser(key=a_key(line))

    def needs() -> dict[str, int]:
        line.context.clock.now()
        with line.db.everywhere() as everywhere:
            everywhere.run(QUERIES.beat, worker="w", roles=["here"], stats=[json.dumps(line.context.stats("here"))])
        return {need["kind"]: need["count"] for need in api.ask("GET", "home")[1]["attention"]}

    assert kind not in needs()
    wall += set_by
    assert needs()[kind] == 120
    wall -= set_by
    assert kind not in needs()
