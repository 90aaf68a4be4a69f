"""Random graphs and histories: what is rehearsed over them is what the live run did, moment by moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.journeys import queries
from hudhud.journeys.rehearsing.driving import drive
from hudhud.journeys.rehearsing.script import Cast, write_script
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import open_rehearsal
from hudhud.kit.sql import Query
from tests.journeys.stage import END, T0, Stage, delay, event_since, make_stage, send
from tests.journeys.test_against_reference import LIVE, NAMES, PACE, PEOPLE, ZONES, graphs, slow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope

QUARTER_HOURS = timedelta(minutes=15)
DAYS = 12
STORY = Query(
    "story",
    "SELECT r.person_id, r.entered_at, r.outcome, l.visit, l.node, l.edge, l.reason, l.at FROM run_log l JOIN run r ON r.id = l.run_id "
    "ORDER BY r.person_id, r.entered_at, l.visit",
)
SENT = Query("sent", "SELECT r.person_id, r.entered_at, m.step, m.visit FROM message m JOIN run r ON r.id = m.source_id ORDER BY 1, 2, 4")

PLAIN = {"key": "random", "trigger": {"kind": "event", "name": "Start"}, "goal": None, "exit_on": [], "start": "n0"}

# No two at the same instant, and none when a timer can be due: what comes first then is nobody's promise.
histories = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(NAMES), st.integers(0, 4 * 24 * 4)),
    min_size=3,
    max_size=14,
    unique_by=lambda one: one[2],
)


@pytest.mark.long
@settings(slow, max_examples=25)
@given(graph=graphs(), history=histories)
def test_a_rehearsal_tells_the_story_of_the_live_run(db: Database, ch: Client, graph: dict[str, Any], history: list[Any]) -> None:
    compare(db, ch, graph, history, DAYS)


@pytest.mark.long
@settings(slow, max_examples=25)
@given(graph=graphs(), history=histories)
def test_it_does_so_where_a_step_is_longer_than_a_day(db: Database, ch: Client, graph: dict[str, Any], history: list[Any]) -> None:
    compare(db, ch, graph, history, 200 * DAYS)


def test_of_several_entries_within_one_step_each_counts_as_of_its_own_moment(db: Database, ch: Client) -> None:
    """A run that is over before the person comes again is no hindrance, however wide the step is in which both happen."""
    nodes = {"n0": send("t", "n1"), "n1": END}
    rest = {"n0": delay(1, "hours", "n1"), "n1": END}
    for reentry, way in (("always", nodes), ("always", rest), ("never", nodes)):
        graph = {**PLAIN, "reentry": {"kind": reentry}, "nodes": way}
        compare(db, ch, graph, [(0, "Start", at) for at in (0, 1, 2, 3, 7, 12)], 200 * DAYS)


def test_a_wait_right_behind_an_action_is_looked_at_before_facts_count_there(db: Database, ch: Client) -> None:
    """What ends the journey and what the wait is for is one and the same: the end wins, however wide the step is."""
    again = event_since("Start")
    act = {"kind": "update", "changes": [{"do": "increment", "attribute": "acts"}], "next": "n1"}
    rest = {"kind": "wait", "until": again, "timeout": {"amount": 12, "unit": "hours"}, "met": "n2", "timed_out": "n2"}
    graph = {**PLAIN, "reentry": {"kind": "never"}, "exit_on": [again], "nodes": {"n0": act, "n1": rest, "n2": END}}
    compare(db, ch, graph, [(0, "Start", 0), (0, "Start", 1)], 200 * DAYS)


def compare(db: Database, ch: Client, graph: dict[str, Any], history: list[Any], days: int) -> None:
    """Let a history happen live, rehearse the same over so many days, and compare each step of each run."""
    stage = make_stage(db, ch)
    people = stage.people(*[{}] * PEOPLE)
    with db.workspace(stage.workspace_id) as ws:
        ws.run(LIVE, ids=people, zones=[*ZONES])
    graph = {name: value for name, value in graph.items() if name != "ends_at"}
    # No mail leaves here, so nobody's silence begins, while a rehearsal assumes who answers: chains have tests of their own (test_chains).
    graph["nodes"] = {
        node_id: {name: value for name, value in node.items() if name != "fallbacks"} for node_id, node in graph["nodes"].items()
    }
    stage.publish(graph)
    odd = timedelta(minutes=7, seconds=3)
    events = sorted((stage.event(people[who], name, T0 + at * QUARTER_HOURS + odd) for who, name, at in history), key=lambda one: one.at)
    for event in events:
        pass_time(stage, event.at - timedelta(milliseconds=1))
        stage.take(event)
    until = T0 + timedelta(days=days)
    pass_time(stage, until)
    with db.workspace(stage.workspace_id) as ws:
        lived = told(ws)
        version, number = queries.get_version(ws, "random")
    script = write_script([Cast(version, number)], T0 - timedelta(days=1), until)
    with open_rehearsal(db.url, ch) as world:
        drive(world, script)
        with world.scope(stage.workspace_id) as ws:
            assert told(ws) == lived


def pass_time(stage: Stage, until: datetime) -> None:
    """Let each timer fire when it is due: a message that leaves late may find its hours over."""
    while True:
        with stage.db.workspace(stage.workspace_id) as ws:
            due = planner.next_due(ws, planner.find_versions(ws))
        if due is None or due > until:
            return
        stage.tick(due, PACE)


def told(ws: Scope) -> tuple[Sequence[Any], Sequence[Any]]:
    return ws.rows(STORY), ws.rows(SENT)
