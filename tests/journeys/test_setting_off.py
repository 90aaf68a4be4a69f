"""Journeys that are rehearsed together start each other and take people out of each other, as they do live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.journeys import queries
from hudhud.journeys.rehearsing.performing import Stage as Place
from hudhud.journeys.rehearsing.performing import perform
from hudhud.journeys.rehearsing.rehearsals import Request
from tests.journeys.stage import DAY, END, HOUR, T0, delay, send

if TYPE_CHECKING:
    from hudhud.journeys.rehearsing.rehearsal import Rehearsal
    from tests.journeys.stage import Stage

LESSONS: dict[str, Any] = {
    "key": "lessons", "trigger": {"kind": "api"}, "run_key": "course", "start": "mail",
    "nodes": {"mail": send("hello", "rest"), "rest": delay(2, "days", "more"), "more": send("more", "end"), "end": END},
}  # fmt: skip
WELCOME: dict[str, Any] = {
    "key": "welcome", "trigger": {"kind": "event", "name": "Signed Up"}, "start": "rest",
    "nodes": {"rest": delay(1, "hours", "begin"), "begin": {"kind": "start", "journey": "lessons", "next": "who"},
              "who": {"kind": "branch", "branches": [{"if": {"kind": "event", "name": "Bought"}, "next": "stay"}], "otherwise": "end"},
              "stay": delay(1, "days", "stop"), "stop": {"kind": "leave", "journeys": ["lessons", "elsewhere"], "next": "end"}, "end": END},
}  # fmt: skip
ELSEWHERE: dict[str, Any] = {"key": "elsewhere", "trigger": {"kind": "event", "name": "Never"}, "nodes": {"end": END}, "start": "end"}


def figures(one: Rehearsal) -> tuple[int, int, int, int]:
    return one.runs, one.finished, one.exited, one.sends


def test_a_rehearsal_of_all_lets_journeys_start_and_end_each_others_runs(stage: Stage, clickhouse_url: str) -> None:
    people = stage.people(*[{}] * 6)
    for graph in (ELSEWHERE, LESSONS, WELCOME):
        stage.publish(graph)
    bought = [stage.event(one, "Bought", T0 - HOUR) for one in people[:2]]
    signed = [stage.event(one, "Signed Up", T0 + number * HOUR / 6, course=f"c{number}") for number, one in enumerate(people)]
    stage.take(*bought)
    stage.take(*signed)
    for hours in range(0, 100, 1):
        stage.tick(T0 + hours * HOUR)
        stage.act(T0 + hours * HOUR)
    live = stage.outcomes()
    assert len([outcome for _, outcome in live if outcome == "exited"]) == 2
    place = Place(stage.db, clickhouse_url)
    found = perform(place, stage.workspace_id, Request(), T0 - HOUR, T0 + 4 * DAY, T0 + 4 * DAY)
    lessons, welcome = (next(one for one in found.together.journeys if one.journey == key) for key in ("lessons", "welcome"))
    assert figures(lessons) == (6, 4, 2, len(stage.messages())) == (6, 4, 2, 10)
    assert figures(welcome) == (6, 6, 0, 0)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "lessons")
        assert lessons.nodes == queries.node_numbers(ws, version)
    assert "actions_not_done" not in found.assumptions
    # Alone, nobody is there to be started.
    alone = perform(place, stage.workspace_id, Request(journeys=("welcome",)), T0 - HOUR, T0 + 4 * DAY, T0 + 4 * DAY)
    assert "actions_not_done" in alone.assumptions
    assert figures(alone.together.journeys[0]) == (6, 6, 0, 0)
