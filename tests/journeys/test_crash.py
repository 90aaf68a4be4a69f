"""Killed in the middle, started twice: each visit of each run happens once, each message is planned once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hudhud.journeys.running.planner import Pace
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, T0, Stage, delay, send

if TYPE_CHECKING:
    from typing import Any

PEOPLE = 60
ROOT = Path(__file__).parents[2]
SMALL = Pace(limit=7)
VISITS = Query("visits", "SELECT run_id, array_agg(visit ORDER BY visit) AS visits FROM run_log GROUP BY run_id")
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
GRAPH: dict[str, Any] = {
    "key": "j",
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {
        "rest": delay(1, "days", "who"),
        "who": {"kind": "branch", "branches": [{"if": PRO, "next": "mail"}], "otherwise": "end"},
        "mail": send("hello", "end"),
        "end": END,
    },
    "start": "rest",
}
WORKER = """
import sys
from datetime import datetime
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import Database

db, ch = Database(sys.argv[1]).open(), connect(sys.argv[2])
with db.everywhere() as everywhere:
    versions = planner.find_versions(everywhere)
planner.tick(LiveWorld(db, ch), versions, datetime.fromisoformat(sys.argv[3]), planner.Pace(limit=7))
"""


@pytest.fixture
def filled(stage: Stage) -> Stage:
    people = stage.people(*({"plan": "pro" if i % 2 else "free"} for i in range(PEOPLE)))
    stage.publish(GRAPH)
    stage.take(*(stage.event(person_id, "Signed Up", T0) for person_id in people))
    return stage


def check_each_step_once(stage: Stage) -> None:
    assert [outcome for _, outcome in stage.outcomes()] == ["finished"] * PEOPLE
    with stage.db.workspace(stage.workspace_id) as ws:
        visits = [row[1] for row in ws.rows(VISITS)]
    assert sorted(visits) == [[0, 1, 2, 3]] * (PEOPLE // 2) + [[0, 1, 2, 3, 4]] * (PEOPLE // 2)
    messages = stage.messages()
    assert len(messages) == len({message["source_id"] for message in messages}) == PEOPLE // 2


@pytest.mark.parametrize("point", ["journeys.moved:3", "journeys.moved:14", "journeys.asked:2"])
def test_a_killed_worker_leaves_nothing_half_done(filled: Stage, clickhouse_url: str, point: str) -> None:
    arguments = [sys.executable, "-c", WORKER, filled.db.url, clickhouse_url, (T0 + DAY).isoformat()]
    killed = subprocess.run(arguments, env={**os.environ, "HUDHUD_FAILPOINT": point}, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(filled.messages()) < PEOPLE // 2
    filled.tick(T0 + DAY, SMALL)
    check_each_step_once(filled)


def test_two_workers_do_what_one_does(filled: Stage) -> None:
    threads = [threading.Thread(target=filled.tick, args=(T0 + DAY, SMALL)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    filled.tick(T0 + DAY, SMALL)
    check_each_step_once(filled)
