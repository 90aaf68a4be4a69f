"""Saved rehearsals: frozen with what the journey asks for and nothing else, performed again anywhere, differences told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.journeys.graph import parse
from hudhud.journeys.rehearsing import fixtures
from hudhud.journeys.rehearsing.performing import Stage as Place
from hudhud.kit.errors import InvalidInput
from tests.journeys.stage import DAY, END, HOUR, T0, Stage, delay, event_since, make_stage, send

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.rehearsing.fixtures import Fixture
    from hudhud.kit.db import Database

PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
GRAPH: dict[str, Any] = {
    "key": "j",
    "names": {"en": "j"},
    "trigger": {"kind": "event", "name": "Signed Up", "where": [{"property": "form.name", "op": "is", "value": "footer"}]},
    "goal": event_since("Order"),
    "nodes": {
        "who": {"kind": "branch", "branches": [{"if": PRO, "next": "offer"}], "otherwise": "rest"},
        "offer": send("offer", "rest"),
        "rest": delay(2, "days", "remind"),
        "remind": send("remind", "end"),
        "end": END,
    },
    "start": "who",
}


@pytest.fixture
def place(stage: Stage, clickhouse_url: str) -> Place:
    return Place(stage.db, clickhouse_url)


@pytest.fixture
def saved(stage: Stage, place: Place) -> Fixture:
    people = stage.people(*({"plan": "pro" if n % 2 else "free", "email": f"secret{n}@example.com", "diary": "secret"} for n in range(8)))
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0)
        consent.record(ws, [ConsentChange(one, "newsletter", "email", "subscribed", T0, "api", {}) for one in people[:6]])
        ws.conn.execute(
            "INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) SELECT %s, 'email', id || 'secret@example.com', id, now() FROM unnest(%s) id",
            (stage.workspace_id, people),
        )
    signed = [stage.event(one, "Signed Up", T0 + n * HOUR, form={"name": "footer"}, note="secret") for n, one in enumerate(people)]
    stage.record([*signed, stage.event(people[0], "Order", T0 + DAY), stage.event(people[1], "Diary", T0, text="secret")])
    return fixtures.save(place, stage.ch, stage.workspace_id, parse(GRAPH), T0 - DAY, T0 + 5 * DAY, 100)


def test_it_holds_what_the_journey_asks_for_and_no_word_more(saved: Fixture) -> None:
    raw = fixtures.write(saved)
    assert b"secret" not in raw
    assert [one.id for one in saved.people] == [*range(1, 9)]
    assert {tuple(one.attributes) for one in saved.people} == {("plan",)}
    assert {event.name for event in saved.events} == {"Signed Up", "Order"}
    expected = saved.expected
    assert (expected["people"], expected["goal"], expected["sends"], expected["skips"]) == (8, 1, 11, {"not_subscribed": 3})
    assert fixtures.read(raw) == saved
    with pytest.raises(InvalidInput, match="has written"):
        fixtures.read(b"{}")


@pytest.mark.long
def test_it_is_performed_again_without_the_shop_and_tells_what_an_edit_changes(
    db: Database, ch: Client, place: Place, saved: Fixture
) -> None:
    make_stage(db, ch)
    assert fixtures.check(place, saved) == []
    edited = {**GRAPH, "nodes": {**GRAPH["nodes"], "rest": delay(6, "hours", "remind"), "remind": send("remind", "thanks"), "thanks": END}}
    edited["nodes"] = {name: node for name, node in edited["nodes"].items() if name != "end"}
    assert fixtures.check(place, saved, parse(edited)) == [
        "finished: 8 instead of 7",
        "goal: 0 instead of 1",
        "sends: 12 instead of 11",
        "deliverable: 9 instead of 8",
        "end ─end→: 0 instead of 7",
        "remind ─next→ end: 0 instead of 7",
        "remind ─next→ thanks: 8 instead of 0",
        "rest ─goal→: 0 instead of 1",
        "rest ─next→ remind: 8 instead of 7",
        "thanks ─end→: 8 instead of 0",
        "step end: is gone",
        "step thanks: is new, 8 come to it",
        "step remind: 8 come to it instead of 7",
    ]


def test_stored_segments_are_refused_with_a_remedy(stage: Stage, place: Place) -> None:
    asks = {**GRAPH, "exit_on": [{"kind": "segment", "segment_id": 7, "member": True}]}
    with pytest.raises(InvalidInput, match="write their conditions into the journey"):
        fixtures.save(place, stage.ch, stage.workspace_id, parse(asks), T0, T0 + DAY, 10)
