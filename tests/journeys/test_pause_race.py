"""A journey that goes on after a pause while facts come in: neither waits for the other in a circle."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hudhud.journeys import actions
from hudhud.journeys.running import planner
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, T0, Stage, delay, event_since, send
from tests.journeys.test_changeover import REST, journey, standing

if TYPE_CHECKING:
    import pytest

    from hudhud.kit.db import Scope

# As a wait by the clock leaves them: who came first goes on last, and lies behind.
LATER = Query("later", "UPDATE run_position SET due_at = due_at + interval '1 hour' WHERE person_id = %(person_id)s")
BLOCKED = Query("blocked", "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def test_going_on_after_a_pause_waits_for_facts_before_it_holds_anybody(stage: Stage) -> None:
    """Facts take runs in the order of their ids, a resumption all at once in any: each could hold one that the other wants."""
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LATER, person_id=ann)
        actions.pause(ws, "j", T0 + DAY, by="test")
        where = ws.one(Query("where", "SELECT id AS version_id, journey_id FROM journey_version WHERE workspace_id = %(workspace_id)s"))
    assert where is not None
    failed: list[BaseException] = []

    def start() -> None:
        try:
            with stage.db.workspace(stage.workspace_id) as ws:
                actions.start(ws, "j", T0 + 2 * DAY, by="test")
        except Exception as error:  # noqa: BLE001 -- told below
            failed.append(error)

    thread = threading.Thread(target=start)
    with stage.db.workspace(stage.workspace_id) as facts:
        actions.take(facts, stage.ch, [], [], T0 + 2 * DAY)
        # What `take` does for two people, with the resumption in between.
        facts.rows(MOVES.find_standing, **where, person_ids=[ann])
        thread.start()
        with stage.db.workspace(stage.workspace_id) as ws:
            while not ws.value(BLOCKED):
                assert thread.is_alive(), "it did not wait"
        facts.rows(MOVES.find_standing, **where, person_ids=[bob])
    thread.join()
    assert failed == []
    assert {row[4] - T0 for row in standing(stage)} == {11 * DAY, 11 * DAY + DAY / 24}


def test_a_pause_under_way_stops_the_tick_that_has_begun(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick has read which journeys run; each batch asks again, also after a question to ClickHouse for which nobody is held."""
    (ann,) = stage.people({})
    asks = {"kind": "branch", "branches": [{"if": event_since("Ordered"), "next": "mail"}], "otherwise": "mail"}
    stage.publish(journey({"rest": delay(1, "days", "asks"), "asks": asks, "mail": send("hello", "end"), "end": END}, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    real = planner.ask

    def pause(ws: Scope) -> None:
        actions.pause(ws, "j", T0 + DAY, by="test")

    def pause_while_asked(*given: object) -> object:
        with stage.db.workspace(stage.workspace_id) as ws:
            pause(ws)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(planner, "ask", pause_while_asked)
    assert stage.tick(T0 + DAY) == 0
    assert [row[:3] for row in stage.log()] == [(ann, "", "start")]
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + DAY, by="test")
        versions = planner.find_versions(ws)
        pause(ws)
    monkeypatch.undo()
    assert planner.tick(LiveWorld(stage.db, stage.ch), versions, T0 + 9 * DAY) == 0
    assert stage.messages() == []
