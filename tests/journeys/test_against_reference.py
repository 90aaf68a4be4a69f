"""Random graphs, events and clock steps: the set-based planner and the obvious one must tell the same story of every run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hudhud.journeys.planner import Pace
from hudhud.kit.sql import Query
from tests.journeys.reference import Happening, Reference
from tests.journeys.stage import T0, Stage, make_stage

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

NAMES = ("Start", "A", "B")
PEOPLE = 3
HALF_DAYS = timedelta(hours=12)
# Each question is asked as of the very moment when a run is due, so that both sides see the same facts.
PACE = Pace(limit=4, resolution=timedelta(0))
LOG = Query("log", "SELECT r.id, l.node, l.edge, l.reason, l.at FROM run_log l JOIN run r ON r.id = l.run_id ORDER BY r.id, l.visit")
RUNS = Query("runs", "SELECT id, person_id, entered_at, outcome FROM run ORDER BY id")
SENDS = Query("sends", "SELECT source_id, step, visit FROM message ORDER BY source_id, visit")

windows = st.sampled_from([{"kind": "since_entry", "later_day": False}, {"kind": "since_entry", "later_day": True}, {"kind": "ever"}])
trees = st.builds(
    lambda name, value, window: {"kind": "event", "name": name, "count": {"op": "at_least", "value": value}, "window": window, "where": []},
    st.sampled_from(NAMES),
    st.integers(1, 2),
    windows,
)
reentries = st.sampled_from([{"kind": "never"}, {"kind": "always"}, {"kind": "after", "days": 1}])


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    size = draw(st.integers(1, 5))
    nodes: dict[str, Any] = {f"n{size}": {"kind": "exit", "reason": "done"}}
    for i in reversed(range(size)):
        ahead = st.integers(i + 1, size).map(lambda n: f"n{n}")
        # The first way on leads to the next node, so that all can be reached.
        span = {"amount": draw(st.integers(1, 3)) * 12, "unit": "hours"}
        nodes[f"n{i}"] = draw(
            st.sampled_from(
                [
                    {"kind": "delay", **span, "next": f"n{i + 1}"},
                    {"kind": "send", "template": "t", "topic": "newsletter", "next": f"n{i + 1}"},
                    {"kind": "wait", "until": draw(trees), "timeout": span, "met": draw(ahead), "timed_out": f"n{i + 1}"},
                    {"kind": "branch", "branches": [{"if": draw(trees), "next": draw(ahead)}], "otherwise": f"n{i + 1}"},
                ]
            )
        )
    return {
        "key": "random",
        "trigger": {"kind": "event", "name": "Start"},
        "reentry": draw(reentries),
        "goal": draw(st.none() | trees),
        "exit_on": draw(st.lists(trees, max_size=1)),
        "nodes": nodes,
        "start": "n0",
    }


# Batches of (person, name, time) and, between them, clock steps; times on a coarse grid, so that facts and deadlines meet.
happenings = st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(NAMES), st.integers(0, 10))
BEGIN = [(0, "Start", 0), (1, "Start", 1), (2, "Start", 0)]
schedules = st.lists(st.lists(happenings, min_size=1, max_size=6) | st.integers(0, 12), min_size=2, max_size=8)


slow = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(slow, max_examples=12)
@given(graph=graphs(), schedule=schedules)
def test_both_planners_tell_the_same_story(db: Database, ch: Client, graph: dict[str, Any], schedule: list[Any]) -> None:
    compare(make_stage(db, ch), graph, schedule)


@pytest.mark.prove
@pytest.mark.timeout(1200)
@settings(slow, max_examples=400)
@given(graph=graphs(), schedule=schedules)
def test_both_planners_tell_the_same_long_story(db: Database, ch: Client, graph: dict[str, Any], schedule: list[Any]) -> None:
    compare(make_stage(db, ch), graph, schedule)


def compare(stage: Stage, graph: dict[str, Any], schedule: list[Any]) -> None:
    people = stage.people(*[{}] * PEOPLE)
    reference = Reference(graph)
    stage.publish(graph)
    for step in [BEGIN, *schedule, 40]:
        if isinstance(step, int):
            stage.tick(T0 + step * HALF_DAYS, PACE)
            reference.tick(T0 + step * HALF_DAYS)
        else:
            events = [stage.event(people[who], name, T0 + at * HALF_DAYS) for who, name, at in step]
            stage.take(*events)
            reference.take([Happening(event.person_id, event.name, event.at, event.message_id) for event in events])
    assert told(stage) == [(run.person, run.entered_at, run.outcome, run.log, run.sends) for run in ordered(reference)]


def ordered(reference: Reference) -> list[Any]:
    return sorted(reference.runs, key=lambda run: (run.person, run.entered_at))


def told(stage: Stage) -> list[tuple[Any, ...]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        runs, log, sends = ws.rows(RUNS), ws.rows(LOG), ws.rows(SENDS)
    story = [
        (
            person_id,
            entered_at,
            outcome,
            [tuple(row[1:]) for row in log if row[0] == run_id],
            [(row[1], row[2]) for row in sends if row[0] == run_id],
        )
        for run_id, person_id, entered_at, outcome in runs
    ]
    return sorted(story, key=lambda run: (run[0], run[1]))
