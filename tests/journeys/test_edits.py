"""Random edits of random journeys while people go through them: nobody lost, nobody on two versions, no message twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.journeys import actions, graph
from hudhud.journeys.editing import changeover
from hudhud.journeys.editing.changeover import ACTED
from hudhud.journeys.editing.placing import Keep, Leave, Move, Rule, To
from hudhud.kit.sql import Query
from tests.journeys.stage import T0, Stage, make_stage
from tests.journeys.test_against_reference import HALF_DAYS, NAMES, PACE, graphs, slow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PEOPLE = 4
FAR = timedelta(days=200)
RUNS = Query(
    "runs",
    "SELECT r.id, r.outcome, r.version_id, p.version_id, p.visit, p.node FROM run r LEFT JOIN run_position p ON p.run_id = r.id ORDER BY r.id",
)
LOG = Query("log", "SELECT run_id, visit, version_id, node, edge, reason, at, detail FROM run_log ORDER BY run_id, visit")
SENDS = Query("sends", "SELECT source_id, step FROM message")
MOVED = Query("moved", "SELECT coalesce(sum(moved), 0)::bigint AS moved, coalesce(sum(ended), 0)::bigint AS ended FROM journey_changeover")
STEPS = [f"n{i}" for i in range(6)]
choices = st.dictionaries(
    st.sampled_from(STEPS),
    st.just(Keep()) | st.just(Move()) | st.just(Leave()) | st.builds(To, st.sampled_from(STEPS)),
    max_size=2,
)
rules = st.builds(Rule, st.sampled_from(["keep", "move", "move"]), choices)
happenings = st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(NAMES))
# What happens: facts, time, an edit with a rule, a batch of the move, and one that breaks off before it is written.
operations = st.lists(
    st.tuples(st.just("facts"), st.lists(happenings, min_size=1, max_size=4))
    | st.tuples(st.just("time"), st.integers(1, 5))
    | st.tuples(st.just("edit"), st.tuples(graphs(), rules))
    | st.tuples(st.just("batch"), st.integers(1, 3))
    | st.tuples(st.just("crash"), st.integers(1, 3)),
    min_size=3,
    max_size=12,
)


class Crash(Exception):
    """The worker dies before it commits."""


def break_off(crash: bool) -> None:  # noqa: FBT001 -- the one thing it is asked
    """Die, or go on."""
    if crash:
        raise Crash


@settings(slow, max_examples=4)
@given(first=graphs(), script=operations)
def test_nobody_is_lost_and_no_message_comes_twice(db: Database, ch: Client, first: dict[str, Any], script: list[Any]) -> None:
    play(make_stage(db, ch), first, script)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(slow, max_examples=600)
@given(first=graphs(), script=operations)
def test_nobody_is_lost_in_long_stories(db: Database, ch: Client, first: dict[str, Any], script: list[Any]) -> None:
    play(make_stage(db, ch), first, script)


@dataclass
class Play:
    """A stage, its people, and where its clock stands."""

    stage: Stage
    people: list[int]
    step: int = 0
    versions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> Any:  # noqa: ANN401 -- datetime
        return T0 + self.step * HALF_DAYS

    def facts(self, some: list[tuple[int, str]]) -> None:
        self.stage.take(*(self.stage.event(self.people[who], name, self.now + timedelta(minutes=i)) for i, (who, name) in enumerate(some)))

    def time(self, steps: int) -> None:
        self.step += steps
        self.stage.tick(self.now, PACE)

    def edit(self, change: tuple[dict[str, Any], Rule]) -> None:
        raw, rule = change
        # A rule can name only steps that there are, and that people leave.
        is_same = self.versions[-1] == {**raw, **ALWAYS}
        known = set() if is_same else set(self.versions[-1]["nodes"])
        nodes = {
            node_id: choice
            for node_id, choice in rule.nodes.items()
            if node_id in known and not (isinstance(choice, To) and choice.node not in raw["nodes"])
        }
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            actions.publish(ws, graph.parse({"names": {"en": "R"}, **raw, **ALWAYS}), self.now, by="test", rule=Rule(rule.runs, nodes))
        self.versions.append({**raw, **ALWAYS})

    def batch(self, limit: int, *, crash: bool = False) -> int:
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            orders = [order for _, order in changeover.find_open(ws)]
        done = 0
        for order in orders:
            try:
                with self.stage.db.workspace(self.stage.workspace_id) as ws:
                    done += changeover.carry_out(ws, order, self.now, limit)
                    break_off(crash)
            except Crash:
                done = 0
        check(self.stage)
        return done

    def crash(self, limit: int) -> None:
        self.batch(limit, crash=True)


# Everybody may come in, at any time.
ALWAYS: dict[str, Any] = {"entry": None, "ends_at": None, "reentry": {"kind": "always"}}


def play(stage: Stage, first: dict[str, Any], script: list[Any]) -> None:
    told = Play(stage, stage.people(*[{}] * PEOPLE))
    first = {**first, **ALWAYS}
    stage.publish(first, T0 - HALF_DAYS)
    told.versions.append(first)
    told.facts([(who, "Start") for who in range(PEOPLE)])
    for word, argument in script:
        getattr(told, word)(argument)
    while told.batch(100):
        pass
    with stage.db.workspace(stage.workspace_id) as ws:
        assert changeover.find_open(ws) == []
    # A message goes only while its hours are open: so look every few hours of a week.
    for hours in range(0, 8 * 24, 3):
        stage.tick(T0 + FAR + timedelta(hours=hours), PACE)
        if all(outcome for _, outcome in stage.outcomes()):
            break
    check(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        runs, log = ws.rows(RUNS), ws.rows(LOG)
        assert [(row[0], row[5]) for row in runs if row[1] is None] == []
        moved = Counter(row[5] for row in log)
        assert ws.one(MOVED) == {"moved": moved["version_moved"], "ended": moved["step_removed"]}


def check(stage: Stage) -> None:
    """Each run stands on one version, or has ended; its log has no gap; no step has sent to it twice (no graph here has a circle)."""
    with stage.db.workspace(stage.workspace_id) as ws:
        runs, log, sends = ws.rows(RUNS), ws.rows(LOG), ws.rows(SENDS)
    visits = Counter(row[0] for row in log)
    for run_id, outcome, version_id, on, visit, _ in runs:
        assert (outcome is None) == (on is not None), run_id
        assert on in {None, version_id}, run_id
        assert visit in {None, visits[run_id]}, run_id
    assert [row[1] for row in log] == [i for run_id in sorted(visits) for i in range(visits[run_id])]
    assert {pair: count for pair, count in Counter(tuple(row) for row in sends).items() if count > 1} == {}
    acted = Counter((row[0], row[3]) for row in log if row[5] in ACTED)
    assert {pair: count for pair, count in acted.items() if count > 1} == {}
    # Time never runs back in a run's log.
    times: dict[int, Any] = {}
    for row in log:
        assert row[6] >= times.get(row[0], row[6]), row
        times[row[0]] = row[6]
