"""Killed between what a node does to people and the note of it, started many times over: each visit acts once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hudhud.journeys.acting import effects
from hudhud.kit.sql import Query
from hudhud.workers.quarantine import is_poison
from tests.journeys.stage import END, HOUR, T0, Stage, delay
from tests.journeys.test_acting import notes, topics

if TYPE_CHECKING:
    from typing import Any

PEOPLE, RUNS = 8, 3
ROOT = Path(__file__).parents[2]
NODES: dict[str, Any] = {
    "count": {"kind": "update", "changes": [{"do": "increment", "attribute": "n"}], "next": "news"},
    "news": {"kind": "topic", "do": "subscribe", "topic": "newsletter", "next": "other"},
    "other": {"kind": "start", "journey": "other", "next": "end"},
    "end": END,
}
GRAPH: dict[str, Any] = {"key": "j", "trigger": {"kind": "event", "name": "Cart"}, "run_key": "cart", "nodes": NODES, "start": "count"}
OTHER: dict[str, Any] = {
    "key": "other",
    "trigger": {"kind": "event", "name": "Nothing"},
    "run_key": "cart",
    "nodes": {"rest": delay(9, "days", "end"), "end": END},
    "start": "rest",
}
CAME = Query(
    "came",
    "SELECT p.id, (p.attributes ->> 'n')::integer, (SELECT count(*) FROM consent_log c WHERE c.person_id = p.id),"
    " (SELECT count(*) FROM run r JOIN journey j ON j.id = r.journey_id WHERE j.key = 'other' AND r.person_id = p.id) FROM person p ORDER BY p.id",
)
WORKER = """
import sys
from datetime import datetime
from hudhud.journeys.acting import effects
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import Database
from hudhud.workers.quarantine import is_poison

db, ch = Database(sys.argv[1]).open(), connect(sys.argv[2])
while True:
    with db.everywhere() as everywhere:
        pending = effects.find_pending(everywhere)
    for one in pending:
        with db.workspace(one.workspace_id) as ws:
            effects.carry_out(ws, ch, one, datetime.fromisoformat(sys.argv[3]), is_poison, 5)
"""


@pytest.fixture
def filled(stage: Stage) -> Stage:
    people = stage.people(*[{}] * PEOPLE)
    topics(stage)
    stage.publish(OTHER)
    stage.publish(GRAPH)
    stage.take(*(stage.event(person_id, "Cart", T0, cart=f"c{i}") for person_id in people for i in range(RUNS)))
    stage.tick(T0 + HOUR)
    return stage


def check_each_visit_acted_once(stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        came = list(ws.rows(CAME))
    # Three carts: three times one more, the same word at the same moment, and three runs of the other journey.
    assert [row[1:] for row in came] == [(RUNS, 1, RUNS)] * PEOPLE
    assert [detail for _, _, detail in notes(stage)] == [{"effect": "done"}] * (PEOPLE * RUNS * 3)


LONG = [pytest.param(f"effects.done:{n}", marks=pytest.mark.long) for n in (1, 5, 6, 10, 11, 14)]


@pytest.mark.parametrize("point", ["effects.done:8", *LONG])
def test_a_killed_worker_has_done_nothing_that_is_not_noted(filled: Stage, clickhouse_url: str, point: str) -> None:
    arguments = [sys.executable, "-c", WORKER, filled.db.url, clickhouse_url, (T0 + HOUR).isoformat()]
    killed = subprocess.run(arguments, env={**os.environ, "HUDHUD_FAILPOINT": point}, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert filled.act(T0 + HOUR) > 0
    check_each_visit_acted_once(filled)


def test_many_workers_do_what_one_does(filled: Stage) -> None:
    def work() -> None:
        while True:
            with filled.db.workspace(filled.workspace_id) as ws:
                pending = effects.find_pending(ws)
            if not pending:
                return
            for one in pending:
                with filled.db.workspace(filled.workspace_id) as ws:
                    effects.carry_out(ws, filled.ch, one, T0 + HOUR, is_poison, 3)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_each_visit_acted_once(filled)
