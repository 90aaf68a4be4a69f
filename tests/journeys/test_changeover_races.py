"""A move that is killed, raced and taken in turns: each run is moved once, and takes each step once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hudhud.journeys import actions, graph, queries
from hudhud.journeys.editing import changeover
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from hudhud.workers import journeys as worker
from hudhud.workers.context import Context
from tests.journeys.stage import DAY, END, MINUTE, T0, Stage, delay, send
from tests.journeys.test_changeover import MOVE, ORDERS, REST, change_over, journey, sent, standing

ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from datetime import datetime
from hudhud.journeys.editing import changeover
from hudhud.kit.db import Database

db = Database(sys.argv[1]).open()
workspace, now = int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
with db.workspace(workspace) as ws:
    (order,) = [order for _, order in changeover.find_open(ws)]
some = 1
while some:
    with db.workspace(workspace) as ws:
        some = changeover.carry_out(ws, order, now, 7)
"""


@pytest.mark.parametrize("pass_", [pytest.param(1, marks=pytest.mark.long), 3])
def test_killed_in_the_middle_everybody_is_on_one_version_and_the_rest_follow(stage: Stage, pass_: int) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(journey(REST, "rest"))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(journey({**REST, "rest": delay(3, "days", "mail")}, "rest")), T0 + DAY, by="test", rule=MOVE)
    arguments = [sys.executable, "-c", WORKER, stage.db.url, str(stage.workspace_id), (T0 + DAY).isoformat()]
    failpoint = {"HUDHUD_FAILPOINT": f"journeys.changed_over:{pass_}"}
    killed = subprocess.run(arguments, env={**os.environ, **failpoint}, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    versions = [row[1] for row in standing(stage)]
    assert (versions.count(1), versions.count(2)) == (40 - 7 * (pass_ - 1), 7 * (pass_ - 1))
    # Until all are moved, nobody takes a step on the old version.
    stage.tick(T0 + 30 * DAY)
    assert len(sent(stage)) == versions.count(2)
    change_over(stage, T0 + DAY)
    stage.tick(T0 + 30 * DAY)
    assert sorted(sent(stage)) == [(one, "hello") for one in people]
    assert [outcome for _, outcome in stage.outcomes()] == ["finished"] * 40
    with stage.db.workspace(stage.workspace_id) as ws:
        assert [tuple(row) for row in ws.rows(ORDERS)] == [(40, 0, True)]


def test_a_planner_that_has_seen_them_on_the_old_version_finds_them_gone(stage: Stage) -> None:
    """Two workers, a mover and facts at once: each run is moved once, and takes each step once."""
    people = stage.people(*({"plan": "pro"} for _ in range(30)))
    pro = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
    who = {"kind": "branch", "branches": [{"if": pro, "next": "mail"}], "otherwise": "end"}
    nodes = {"rest": delay(1, "days", "who"), "who": who, "mail": send("hello", "end"), "end": END}
    stage.publish(journey(nodes, "rest"))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    with stage.db.workspace(stage.workspace_id) as ws:
        seen = planner.find_versions(ws)
        actions.publish(ws, graph.parse(journey({**nodes, "mail": send("other", "end")}, "rest")), T0 + DAY, by="test", rule=MOVE)

    def tick() -> None:
        planner.tick(LiveWorld(stage.db, stage.ch), seen, T0 + DAY, planner.Pace(limit=4))

    threads = [threading.Thread(target=tick) for _ in range(2)] + [
        threading.Thread(target=change_over_quietly, args=(stage,)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    change_over(stage, T0 + DAY)
    stage.tick(T0 + DAY)
    assert sorted(person for person, _ in sent(stage)) == people
    assert [outcome for _, outcome in stage.outcomes()] == ["finished"] * 30


def change_over_quietly(stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        orders = [order for _, order in changeover.find_open(ws)]
    for order in orders:
        for _ in range(40):
            with stage.db.workspace(stage.workspace_id) as ws:
                changeover.carry_out(ws, order, T0 + DAY, 3)


WAITING_FOR_THE_GATE = Query(
    "waiting",
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
)


def test_nothing_is_published_between_a_look_at_the_versions_and_what_is_done_with_it(stage: Stage) -> None:
    """Else a fact would not be told to the version to which its person is moved meanwhile."""
    stage.publish(journey(REST, "rest"))
    new = graph.parse(journey({**REST, "rest": delay(3, "days", "mail")}, "rest"))

    def edit() -> None:
        with stage.db.workspace(stage.workspace_id) as ws:
            actions.publish(ws, new, T0, by="test", rule=MOVE)

    thread = threading.Thread(target=edit)
    with stage.db.workspace(stage.workspace_id) as facts:
        actions.take(facts, stage.ch, [], [], T0)
        thread.start()
        with stage.db.workspace(stage.workspace_id) as ws:
            while not ws.value(WAITING_FOR_THE_GATE):
                assert thread.is_alive(), "it was published"
        assert [version.id for version in planner.find_versions(facts)] == [
            version.id for version in planner.find_versions(facts) if version.is_current
        ]
    thread.join()
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.get_version(ws, "j")[1] == 2


def test_of_two_orders_neither_waits_for_the_other_and_timers_have_their_turn(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    people = stage.people(*[{}] * 8)
    for key in ("a", "b"):
        stage.publish({**journey(REST, "rest"), "key": key})
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    with stage.db.workspace(stage.workspace_id) as ws:
        for key in ("a", "b"):
            new = {**journey({**REST, "rest": delay(3, "days", "mail")}, "rest"), "key": key}
            actions.publish(ws, graph.parse(new), T0 + DAY, by="test", rule=MOVE)
        orders = changeover.find_open(ws)
    carry_out = changeover.carry_out
    monkeypatch.setattr(changeover, "carry_out", lambda ws, order, now: carry_out(ws, order, now, 3))
    world, beats = LiveWorld(stage.db, stage.ch), []

    def carry_on() -> int:
        return changeover.carry_on(world, orders, T0 + DAY, lambda: False, lambda: beats.append(1))

    # One round and no more: three of each.
    monkeypatch.setattr(changeover, "SLICE_S", 1e-9)
    assert carry_on() == 6
    assert len(beats) == 2
    monkeypatch.setattr(changeover, "SLICE_S", 60.0)
    assert carry_on() == 10
    with stage.db.workspace(stage.workspace_id) as ws:
        assert [tuple(row) for row in ws.rows(ORDERS)] == [(8, 0, True), (8, 0, True)]


def test_the_worker_moves_people_before_it_lets_timers_fire(stage: Stage, tmp_path: Path) -> None:
    people = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    new = journey({**REST, "rest": delay(1, "days", "mail"), "mail": send("other", "end")}, "rest")
    now = T0 + 3 * DAY
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(new), now, by="test", rule=MOVE)
    context = Context("tester", Settings(data=tmp_path), stage.db, FixedClock(now), Keys((b"key",)))
    worker.work_once(context, stage.ch, now)
    assert standing(stage) == [(one, 2, "rest", False, now) for one in people]
    worker.work_once(context, stage.ch, now + MINUTE)
    worker.fold(context)
    assert sorted(sent(stage)) == [(one, "other") for one in people]
    assert stage.outcomes() == [(one, "finished") for one in people]
