"""Journey steps: a delay, a branch by attribute, a send and the end, for 500,000 runs, beside SQL written by hand for those very moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bench.figures import Figure
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.journeys import actions, graph
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

RUNS = 500_000
QUERIES = sql.load("bench", "journeys.sql")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HORIZON = NOW + timedelta(hours=2)
GRAPH = {
    "names": {"en": "Bench"},
    "trigger": {"kind": "event", "name": "Order Completed"},
    "nodes": {
        "rest": {"kind": "delay", "amount": 1, "unit": "hours", "next": "who"},
        "who": {
            "kind": "branch",
            "branches": [{"if": {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}, "next": "mail"}],
            "otherwise": "end",
        },
        "mail": {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"},
        "end": {"kind": "exit", "reason": "done"},
    },
    "start": "rest",
}
# The floor goes through the nodes in the order in which people meet them.
BY_HAND = (QUERIES.by_hand_rest, QUERIES.by_hand_who, QUERIES.by_hand_mail, QUERIES.by_hand_end)


def measure(*, runs: int = RUNS) -> list[Figure]:
    """Ours and by hand on the same tables, one after the other."""
    with Stack() as stack:
        workspace_id, _ = open_shop(stack)
        make_people(stack, workspace_id, runs)
        _place(stack, workspace_id, "by_hand")
        steps, seconds = _by_hand(stack, workspace_id, "by_hand")
        floor = steps / seconds
        _place(stack, workspace_id, "ours")
        ours, took = _ours(stack, workspace_id)
    if ours != steps:
        message = f"ours took {ours} steps, the floor {steps}"
        raise AssertionError(message)
    note = f"{runs:,} runs, {ours:,} steps, {took:.0f} s"
    return [
        Figure("journey steps", ours / took, "steps/s", target=20_000, floor=floor, floor_name="SQL by hand", ratio_target=0.4, note=note)
    ]


def make_people(stack: Stack, workspace_id: int, count: int) -> None:
    """Make so many people in both engines, every other one on the plan "pro"."""
    with stack.db.workspace(workspace_id) as ws:
        ws.run(QUERIES.people, now=NOW, count=count)
        first, last = ws.rows(sql.Query("ids", "SELECT min(id), max(id) FROM person"))[0]
    mirror = (
        "INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at)"
        ' SELECT %(workspace)s, number + %(first)s, 1, 0, if(number %% 2 = 1, \'{"plan":"pro"}\', \'{"plan":"free"}\')::JSON, \'2026-01-01\' FROM numbers(%(count)s)'
    )
    with stack.ch() as ch:
        ch.command(mirror, {"workspace": workspace_id, "first": first, "count": last - first + 1})


def _place(stack: Stack, workspace_id: int, key: str) -> None:
    with stack.db.workspace(workspace_id) as ws:
        actions.publish(ws, graph.parse({"key": key, **GRAPH}), NOW, by="bench")
        journey_id, version_id = find_ids(ws, key)
        ws.run(QUERIES.place, journey_id=journey_id, version_id=version_id, now=NOW)
    stack.analyze()


def find_ids(ws: Scope, key: str) -> tuple[int, int]:
    """Return a journey's id and that of its current version."""
    found = ws.one(sql.Query("ids", "SELECT id, version_id FROM journey WHERE key = %(key)s"), key=key)
    assert found is not None
    return found["id"], found["version_id"]


def _by_hand(stack: Stack, workspace_id: int, key: str) -> tuple[int, float]:
    steps = 0
    with stack.db.workspace(workspace_id) as ws:
        _, version_id = find_ids(ws, key)
    began = time.perf_counter()
    for query in BY_HAND:
        moved = 1
        while moved:
            with stack.db.workspace(workspace_id) as ws:
                moved = ws.run(query, version_id=version_id, horizon=HORIZON)
            steps += moved
    return steps, time.perf_counter() - began


def _ours(stack: Stack, workspace_id: int) -> tuple[int, float]:
    with stack.db.workspace(workspace_id) as ws:
        actions.start(ws, "ours", NOW, by="bench")
    with stack.db.everywhere() as everywhere, stack.ch() as ch:
        versions = planner.find_versions(everywhere)
        began = time.perf_counter()
        steps = planner.tick(LiveWorld(stack.db, ch), versions, HORIZON)
        return steps, time.perf_counter() - began
