"""F-28: a journey is edited while ten thousand people are in it; the worker that moves them is killed. Nobody stalls, nobody is written to twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions, graph
from hudhud.journeys.editing import changeover
from hudhud.journeys.editing.placing import Rule
from hudhud.kit.sql import Query
from tests.harness import checker
from tests.harness.checker import Evidence
from tests.journeys.stage import DAY, END, T0, Stage, delay, make_stage, send

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

ROOT = Path(__file__).parents[2]
PEOPLE = 10_000
MOVER = """
import sys
from datetime import datetime
from hudhud.journeys.editing import changeover
from hudhud.kit.db import Database

db, workspace, now = Database(sys.argv[1]).open(), int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
with db.workspace(workspace) as ws:
    (order,) = [order for _, order in changeover.find_open(ws)]
some = 1
while some:
    with db.workspace(workspace) as ws:
        some = changeover.carry_out(ws, order, now)
"""
SENT = Query("sent", "SELECT template, count(*), count(DISTINCT person_id) FROM message GROUP BY 1 ORDER BY 1")
OUTCOMES = Query("outcomes", "SELECT outcome, count(*) FROM run GROUP BY 1")


def journey(**nodes: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": "j",
        "names": {"en": "j"},
        "trigger": {"kind": "event", "name": "Go"},
        "nodes": {**nodes, "end": END},
        "start": next(iter(nodes)),
    }


def edit(stage: Stage, raw: dict[str, Any], day: int, failpoint: str = "") -> None:
    """Publish, and let a process move everybody; with a fail point it dies, and another one does the rest."""
    now = T0 + day * DAY
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(raw), now, by="test", rule=Rule("move"))
    command = [sys.executable, "-c", MOVER, stage.db.url, str(stage.workspace_id), now.isoformat()]
    if failpoint:
        killed = subprocess.run(command, env={**os.environ, "HUDHUD_FAILPOINT": failpoint}, cwd=ROOT, check=False)
        assert killed.returncode == -signal.SIGKILL
    subprocess.run(command, cwd=ROOT, check=True)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert changeover.find_open(ws) == []


@pytest.mark.long
def test_f28_steps_are_removed_and_added_while_ten_thousand_people_are_inside(db: Database, ch: Client) -> None:
    stage = make_stage(db, ch)
    people = stage.people(*[{}] * PEOPLE)
    stage.publish(
        journey(first=send("one", "rest"), rest=delay(5, "days", "second"), second=send("two", "last"), last=delay(5, "days", "end"))
    )
    stage.take(*(stage.event(one, "Go", T0) for one in people))
    stage.tick(T0)
    # The step on which all of them stand is deleted: they go on at once; then one is added where the journey had ended.
    edit(
        stage, journey(first=send("one", "second"), second=send("two", "last"), last=delay(5, "days", "end")), 1, "journeys.changed_over:2"
    )
    stage.tick(T0 + DAY)
    added = {"last": delay(2, "days", "third"), "third": send("three", "end")}
    edit(stage, journey(first=send("one", "second"), second=send("two", "last"), **added), 2, "journeys.changed_over:1")
    stage.tick(T0 + 9 * DAY)
    with db.everywhere() as everywhere:
        assert [tuple(row) for row in everywhere.rows(OUTCOMES)] == [("finished", PEOPLE)]
        assert [tuple(row) for row in everywhere.rows(SENT)] == [(word, PEOPLE, PEOPLE) for word in ("one", "three", "two")]
        checker.check(Evidence(everywhere, ch), "I7", "I8")
