"""Random graphs, events and clock steps: the set-based planner and the obvious one must tell the same story of every run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hudhud.journeys import queries
from hudhud.journeys.measuring import rounds
from hudhud.journeys.running.planner import Pace
from hudhud.kit.sql import Query
from tests.journeys.reference import Happening, Reference, Told
from tests.journeys.reference_sends import SendingReference
from tests.journeys.stage import T0, Stage, make_stage
from tests.journeys.test_chains import leave

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

Said = tuple[str, int, int | None] | None
NAMES = ("Start", "A", "B")
PEOPLE = 3
HALF_DAYS = timedelta(hours=12)
# Each question is asked as of the very moment when a run is due, so that both sides see the same facts.
PACE = Pace(limit=4, resolution=timedelta(0))
LOG = Query("log", "SELECT r.id, l.node, l.edge, l.reason, l.at FROM run_log l JOIN run r ON r.id = l.run_id ORDER BY r.id, l.visit")
RUNS = Query("runs", "SELECT id, person_id, entered_at, outcome FROM run ORDER BY id")
LIVE = Query(
    "live", "UPDATE person p SET time_zone = z.zone FROM unnest(%(ids)s::bigint[], %(zones)s::text[]) AS z (id, zone) WHERE p.id = z.id"
)
SENDS = Query("sends", "SELECT source_id, step, visit FROM message ORDER BY source_id, visit")

ACTS = Query("acts", "SELECT run_id, node, visit, at FROM journey_effect ORDER BY run_id, visit")
HITS = Query(
    "hits",
    "INSERT INTO engagement (workspace_id, message_id, kind, at, method, verdict) "
    "SELECT workspace_id, id, %(kind)s, %(at)s, 'GET', 'human' FROM message WHERE person_id = %(person_id)s",
)
MAILS = Query("mails", "SELECT DISTINCT source_id, step FROM message WHERE person_id = %(person_id)s")
ACTED = Query("acted", "SELECT id, (attributes ->> 'acts')::integer FROM person")

windows = st.sampled_from([{"kind": "since_entry", "later_day": False}, {"kind": "since_entry", "later_day": True}, {"kind": "ever"}])
trees = st.builds(
    lambda name, value, window: {"kind": "event", "name": name, "count": {"op": "at_least", "value": value}, "window": window, "where": []},
    st.sampled_from(NAMES),
    st.integers(1, 2),
    windows,
)
reentries = st.sampled_from([{"kind": "never"}, {"kind": "always"}, {"kind": "after", "days": 1}])


# Where each of the people lives.
ZONES = ("UTC", "America/New_York", "Asia/Tehran")
clocks = st.sampled_from(["00:00", "07:00", "12:00", "15:30", "22:00"])
days = st.sampled_from([{}, {}, {"weekdays": ["mon", "sat"]}])
moments = st.builds(lambda at, some: {"kind": "time", "at": at, **some}, clocks, days)
windows_to_send = st.builds(
    lambda hours, some: {"from": hours[0], "to": hours[1], **some}, st.lists(clocks, min_size=2, max_size=2, unique=True), days
)
spans = st.sampled_from([{"amount": 12, "unit": "hours"}, {"amount": 1, "unit": "days"}])
chains = st.lists(st.builds(lambda after, unless: {"template": "u", "after": after, "unless": unless}, spans, st.sampled_from(["opened", "clicked"])), min_size=1, max_size=2)  # fmt: skip
instants = st.integers(0, 12).map(lambda n: (T0 + n * HALF_DAYS).isoformat().replace("+00:00", "Z"))


def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the rules around a graph that are left out where nothing is said."""
    entry = draw(st.none() | trees.map(lambda tree: {**tree, "window": {"kind": "ever"}}))
    drawn = {"entry": entry, "send_window": draw(st.none() | windows_to_send), "ends_at": draw(st.none() | instants)}
    return {name: value for name, value in drawn.items() if value is not None}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    size = draw(st.integers(1, 5))
    last = {"kind": draw(st.sampled_from(["exit", "exit", "goal"])), "reason": "done"}
    nodes: dict[str, Any] = {f"n{size}": last}
    for i in reversed(range(size)):
        ahead = st.integers(i + 1, size).map(lambda n: f"n{n}")
        # The first way on leads to the next node, so that all can be reached.
        span = {"amount": draw(st.integers(1, 3)) * 12, "unit": "hours"}
        part = draw(st.integers(1, 99))
        salt = draw(st.sampled_from(["a", "b", "c"]))
        # A held out way may act on nobody: straight to the end.
        held = {"kind": "holdout", "percent": part, "next": f"n{i + 1}", "held": f"n{size}", "salt": salt}
        shares = [("A", part, f"n{i + 1}"), ("B", 100 - part, draw(ahead))]
        nodes[f"n{i}"] = draw(
            st.sampled_from(
                [
                    {"kind": "delay", **span, "next": f"n{i + 1}"},
                    {"kind": "delay", **draw(st.sampled_from([span, {}])), "until": draw(moments), "next": f"n{i + 1}"},
                    {"kind": "send", "template": "t", "topic": "newsletter", "next": f"n{i + 1}"},
                    {"kind": "send", "template": "t", "topic": "newsletter", "next": f"n{i + 1}", "fallbacks": draw(chains)},
                    {"kind": "wait", "until": draw(trees), "timeout": span, "met": draw(ahead), "timed_out": f"n{i + 1}"},
                    {"kind": "branch", "branches": [{"if": draw(trees), "next": draw(ahead)}], "otherwise": f"n{i + 1}"},
                    {"kind": "split", "shares": [{"name": n, "percent": p, "next": to} for n, p, to in shares], "salt": salt},
                    {
                        "kind": "test",
                        "arms": [{"name": n, "percent": p, "next": to} for n, p, to in shares],
                        "salt": salt,
                        "metric": {"kind": "event", "name": "A"},
                        "window": span,
                        "explore": draw(st.sampled_from([0, 30])),
                    },
                    held,
                    {"kind": "update", "changes": [{"do": "increment", "attribute": "acts"}], "next": f"n{i + 1}"},
                ]
            )
        )
    return {
        "key": "random",
        "trigger": {"kind": "event", "name": "Start"},
        "reentry": draw(reentries),
        "goal": draw(st.none() | trees),
        "exit_on": draw(st.lists(trees, max_size=1)),
        **rules(draw),
        "nodes": nodes,
        "start": "n0",
    }


# Batches of (person, name, time) and, between them, clock steps; times on a coarse grid, so that facts and deadlines meet.
happenings = st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(NAMES), st.integers(0, 10))
# Who opens, or clicks in, what they have got so far.
hits = st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(["open", "click"]), st.integers(0, 12))
# When a winner is declared, and when the test is begun anew.
sayings = st.none() | st.tuples(st.sampled_from("AB"), st.integers(0, 6), st.none() | st.integers(4, 10))
BEGIN = [(0, "Start", 0), (1, "Start", 1), (2, "Start", 0)]
schedules = st.lists(st.lists(happenings, min_size=1, max_size=6) | st.integers(0, 12) | hits, min_size=2, max_size=8)


slow = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(slow, max_examples=12)
@given(graph=graphs(), schedule=schedules, said=sayings)
def test_both_planners_tell_the_same_story(db: Database, ch: Client, graph: dict[str, Any], schedule: list[Any], said: Said) -> None:
    compare(make_stage(db, ch), graph, schedule, said)


@pytest.mark.prove
@pytest.mark.timeout(1200)
@settings(slow, max_examples=400)
@given(graph=graphs(), schedule=schedules, said=sayings)
def test_both_planners_tell_the_same_long_story(db: Database, ch: Client, graph: dict[str, Any], schedule: list[Any], said: Said) -> None:
    compare(make_stage(db, ch), graph, schedule, said)


def tell(stage: Stage, told: Told) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "random")
        for node in {(node.salt, node.design): node_id for node_id, node in rounds.find_tests(version).items()}.values():
            assert told.winner is not None
            assert told.at is not None
            rounds.call(ws, "random", node, told.winner, {}, told.at, by="test")
            if told.anew_at is not None:
                rounds.begin_anew(ws, "random", node, told.anew_at, by="test")


def compare(stage: Stage, graph: dict[str, Any], schedule: list[Any], said: Said = None) -> None:
    people = stage.people(*[{}] * PEOPLE)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(LIVE, ids=people, zones=[*ZONES])
    told_of = Told() if said is None else Told(said[0], T0 + said[1] * HALF_DAYS, None if said[2] is None else T0 + said[2] * HALF_DAYS)
    reference = SendingReference(graph, dict(zip(people, ZONES, strict=True)), told_of)
    stage.publish(graph)
    if said is not None:
        tell(stage, told_of)
    for step in [BEGIN, *schedule, 40, 42, 44]:
        if isinstance(step, int):
            stage.tick(T0 + step * HALF_DAYS, PACE)
            leave(stage, T0 + step * HALF_DAYS)
            reference.tick(T0 + step * HALF_DAYS)
        elif isinstance(step, tuple):
            answer(stage, people[step[0]], step[1], T0 + step[2] * HALF_DAYS)
            reference.hit(people[step[0]], step[1], T0 + step[2] * HALF_DAYS)
        else:
            events = [stage.event(people[who], name, T0 + at * HALF_DAYS) for who, name, at in step]
            stage.take(*events)
            reference.take([Happening(event.person_id, event.name, event.at, event.message_id) for event in events])
    assert told(stage) == [(run.person, run.entered_at, run.outcome, run.log, run.sends, run.acts) for run in ordered(reference)]
    stage.act(T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        acted = {person_id: acts for person_id, acts in ws.rows(ACTED) if acts}
    assert acted == {person: acts for person in people if (acts := sum(len(run.acts) for run in reference.runs if run.person == person))}


def answer(stage: Stage, person_id: int, kind: str, at: datetime) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(HITS, person_id=person_id, kind=kind, at=at)
        mails = ws.rows(MAILS, person_id=person_id)
    told = [{"source_kind": "journey", "source_id": run_id, "step": step, "verdict": "human"} for run_id, step in mails]
    stage.take(*(stage.event(person_id, {"open": "Message Opened", "click": "Message Clicked"}[kind], at, **one) for one in told))


def ordered(reference: Reference) -> list[Any]:
    return sorted(reference.runs, key=lambda run: (run.person, run.entered_at))


def told(stage: Stage) -> list[tuple[Any, ...]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        runs, log, sends, acts = ws.rows(RUNS), ws.rows(LOG), ws.rows(SENDS), ws.rows(ACTS)
    story = [
        (
            person_id,
            entered_at,
            outcome,
            [tuple(row[1:]) for row in log if row[0] == run_id],
            [(row[1], row[2]) for row in sends if row[0] == run_id],
            [tuple(row[1:]) for row in acts if row[0] == run_id],
        )
        for run_id, person_id, entered_at, outcome in runs
    ]
    return sorted(story, key=lambda run: (run[0], run[1]))
