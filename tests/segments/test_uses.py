"""What is built on a segment is told, and keeps it from being put away; what names a missing one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.journeys.types import InvalidJourney, JourneyLoop
from hudhud.kit.sql import Query
from tests.app.conftest import web as web
from tests.segments.test_api import browser as browser
from tests.segments.test_api import events_url as events_url
from tests.segments.test_api import stage as stage
from tests.segments.test_membership import did, is_in, negated

if TYPE_CHECKING:
    from tests.app.browser import Browser
    from tests.segments.stage import Stage

STAND = Query(
    "stand",
    """INSERT INTO run_position (run_id, workspace_id, version_id, person_id, visit, node, waiting, entered_at, arrived_at, due_at)
    SELECT 1, %(workspace_id)s, min(id), 1, 1, 'rest', false, now(), now(), now() FROM journey_version""",
)
LEAVE = Query("leave", "DELETE FROM run_position WHERE workspace_id = %(workspace_id)s")
OWNED = Query(
    "owned", "SELECT count(*) FROM segment_membership m JOIN segment s ON s.id = m.segment_id WHERE starts_with(s.owner, 'journey:')"
)


def drawn(trigger: dict[str, Any], **parts: object) -> graph.Graph:
    nodes = {
        "rest": {"kind": "wait", "until": did(), "timeout": {"amount": 1, "unit": "days"}, "met": "fork", "timed_out": "fork"},
        "fork": {"kind": "branch", "branches": [{"if": parts.pop("asked", did()), "next": "end"}], "otherwise": "end"},
        "end": {"kind": "exit", "reason": "done"},
    }
    return graph.parse({"key": "care", "names": {"en": "Care", "et": "Hool"}, "trigger": trigger, "nodes": nodes, "start": "rest", **parts})


def publish(stage: Stage, journey: graph.Graph) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        return journeys.publish(ws, journey, stage.now, by="user:1")


def uses(browser: Browser, segment_id: int) -> list[tuple[Any, ...]]:
    items = browser.ask("GET", f"segments/{segment_id}/uses")[1]["items"]
    return [(one["kind"], one["key"], one["version"], one["is_current"], one["places"]) for one in items]


EVENT = {"kind": "event", "name": "Order Completed"}


def test_a_used_segment_is_kept_and_says_by_what(stage: Stage, browser: Browser) -> None:
    base = stage.segment(did(), name="Buyers")
    outer = stage.segment(negated(is_in(base)), name="All others")
    entering = {"kind": "segment_enter", "segment": base}
    publish(stage, drawn(entering, goal=is_in(outer), exit_on=[did("Asked"), is_in(base, member=False)], asked=is_in(base)))
    publish(stage, drawn(entering, asked={"kind": "and", "of": [did(), is_in(base)]}))
    assert uses(browser, base) == [("segment", str(outer), None, True, []), ("journey", "care", 2, True, ["trigger", "fork.0"])]
    # People are under way in the older version.
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(STAND)
    assert uses(browser, base)[2] == ("journey", "care", 1, False, ["trigger", "exit_on.1", "fork.0"])
    assert uses(browser, outer) == [("journey", "care", 1, False, ["goal"])]

    status, refused = browser.ask("DELETE", f"segments/{base}")
    assert (status, refused["code"]) == (409, "segment_in_use")
    assert [(one["kind"], one["names"]) for one in refused["uses"][:2]] == [
        ("segment", {"": "All others"}),
        ("journey", {"en": "Care", "et": "Hool"}),
    ]
    assert refused["message"].endswith("take it out there first.")
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LEAVE)
    assert browser.ask("DELETE", f"segments/{outer}")[0] == 204
    publish(stage, drawn(EVENT))
    assert uses(browser, base) == []
    assert browser.ask("DELETE", f"segments/{base}")[0] == 204
    assert not {base, outer} & stage.members().keys()
    assert browser.ask("GET", f"segments/{base}/uses")[0] == 404


def test_a_segment_of_a_journeys_own_goes_with_its_trigger(stage: Stage, browser: Browser) -> None:
    base = stage.segment(did())
    publish(stage, drawn({"kind": "segment_enter", "segment": {"kind": "and", "of": [is_in(base), did("Asked")]}}))
    assert uses(browser, base) == [("journey", "care", 1, True, ["trigger"])]
    publish(stage, drawn(EVENT))
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.value(OWNED) == 0
    assert browser.ask("DELETE", f"segments/{base}")[0] == 204


def test_a_journey_may_not_ask_for_a_missing_segment(stage: Stage) -> None:
    gone = stage.segment(did())
    number = publish(stage, drawn(EVENT))
    with stage.db.workspace(stage.workspace_id) as ws:
        from_there = {"kind": "segment_enter", "segment": gone + 1}
        with pytest.raises(InvalidJourney) as refused:
            journeys.publish(ws, drawn(from_there, asked=is_in(gone + 2)), stage.now, by="user:1")
        assert [(one["node"], one["code"]) for one in refused.value.data["problems"]] == [  # type: ignore[attr-defined]
            ("", "unknown_segment"),
            ("fork", "unknown_segment"),
        ]
    assert publish(stage, drawn(EVENT)) == number


def test_segments_are_compared(stage: Stage, browser: Browser) -> None:
    for number in range(8):
        stage.person(attributes={f"in_{place}": bool(number >> place & 1) for place in range(3)})
    ids = [stage.segment({"kind": "attribute", "name": f"in_{place}", "op": "is", "value": True}, name=f"S{place}") for place in range(3)]
    asked = "&".join(f"ids={one}" for one in ids)
    found = browser.ask("GET", f"segments/overlap?{asked}")[1]
    assert [(one["name"], one["count"]) for one in found["segments"]] == [("S0", 4), ("S1", 4), ("S2", 4)]
    assert found["together"] == 7
    assert {tuple(one["in"]): (one["count"], one["shared"]) for one in found["parts"]} == {
        (ids[0],): (1, 4),
        (ids[1],): (1, 4),
        (ids[2],): (1, 4),
        (ids[0], ids[1]): (1, 2),
        (ids[0], ids[2]): (1, 2),
        (ids[1], ids[2]): (1, 2),
        tuple(ids): (1, 1),
    }
    assert browser.ask("GET", f"segments/overlap?ids={ids[0]}&ids={ids[0]}")[1]["field"] == "ids"
    assert browser.ask("GET", f"segments/overlap?ids={ids[0]}&ids=999999")[0] == 404


def in_journey(key: str = "care", did: str = "is_in") -> dict[str, Any]:
    return {"kind": "journey", "journey": key, "did": did}


def test_a_journey_that_there_is_not_is_refused_where_it_is_asked_for(stage: Stage, browser: Browser) -> None:
    tree = {"kind": "and", "of": [did(), {"kind": "not", "of": in_journey()}, {"kind": "message", "did": "sent", "journey": "gone"}]}
    status, refused = browser.ask("POST", "segments", {"name": "Cared for", "tree": tree})
    assert (status, refused["field"]) == (422, "of[1].of.journey")
    publish(stage, drawn(EVENT))
    assert browser.ask("POST", "segments", {"name": "Cared for", "tree": tree})[1]["field"] == "of[2].journey"
    assert browser.ask("POST", "segments", {"name": "Cared for", "tree": in_journey()})[0] == 201
    with pytest.raises(InvalidJourney) as error:
        publish(stage, drawn(EVENT, asked=in_journey("gone")))
    problems: Any = error.value.data["problems"]
    assert [(one["node"], one["code"]) for one in problems] == [("fork", "unknown_journey")]


def test_no_journey_is_begun_by_its_own_runs(stage: Stage, browser: Browser) -> None:
    publish(stage, drawn(EVENT))
    outside = stage.segment(negated(in_journey()), name="Not cared for")
    above = stage.segment({"kind": "and", "of": [did(), is_in(outside)]}, name="Above")
    with pytest.raises(JourneyLoop, match="care → care"):
        publish(stage, drawn({"kind": "segment_enter", "segment": above}))
    with pytest.raises(JourneyLoop):
        publish(stage, drawn({"kind": "segment_enter", "segment": in_journey(did="was_in")}))
    # Asked inside, or of another journey, it is no loop; that one may not be begun by this one's runs then, nor may a segment come between later.
    fine = stage.segment(did(), name="Buyers")
    publish(stage, drawn({"kind": "segment_enter", "segment": fine}, exit_on=[in_journey("care", "reached_goal")], asked=is_in(outside)))
    status, refused = browser.ask("PATCH", f"segments/{fine}", {"tree": is_in(above)})
    assert (status, refused["code"], refused["path"]) == (409, "journey_loop", ["care", "care"])
    assert browser.ask("GET", f"segments/{fine}")[1]["tree"]["kind"] == "event"


def test_outgoing_webhooks_are_uses_too(stage: Stage, browser: Browser) -> None:
    base = stage.segment(did())
    wanted = {
        "url": "https://crm.example.com/secret",
        "wants": ["segment.entered", "event.tracked"],
        "segments": [base],
        "events": ["Asked"],
    }
    status, made = browser.ask("POST", "endpoints", wanted)
    assert status == 201
    key = str(made["id"])
    assert uses(browser, base) == [("endpoint", key, None, True, [])]
    status, refused = browser.ask("DELETE", f"segments/{base}")
    assert (status, refused["uses"][0]["names"]) == (409, {"": "crm.example.com"})
    publish(stage, drawn(EVENT, goal=did("Asked")))
    asked = browser.ask("GET", "events/uses?name=Asked")[1]["items"]
    assert [(one["kind"], one["key"], one["places"]) for one in asked] == [("journey", "care", ["goal"]), ("endpoint", key, [])]
    ordered = browser.ask("GET", "events/uses?name=Order Completed")[1]["items"]
    # In one shape, whatever is asked about.
    assert {*ordered[0]} == {*asked[0]} == {*browser.ask("GET", f"segments/{base}/uses")[1]["items"][0]}
    assert ("journey", ["trigger", "rest.until", "fork"]) in [(one["kind"], one["places"]) for one in ordered]


def test_dates_are_uses_of_attributes_and_a_trigger_may_name_several_events(stage: Stage, browser: Browser) -> None:
    born = {"kind": "date", "name": "Born", "op": "in", "days": 0, "yearly": True}
    stage.segment(born, name="Birthdays")
    publish(stage, drawn({"kind": "event", "name": ["Born", "Asked"]}, asked=born))

    def places(what: str) -> list[tuple[str, list[str]]]:
        return [(one["kind"], one["places"]) for one in browser.ask("GET", f"{what}/uses?name=Born")[1]["items"]]

    assert places("events") == [("journey", ["trigger"])]
    assert places("attributes") == [("segment", []), ("journey", ["fork"])]
    publish(stage, drawn({"kind": "date", "attribute": "Born", "at": "09:00"}))
    assert (places("events"), places("attributes")) == ([], [("segment", []), ("journey", ["trigger"])])
