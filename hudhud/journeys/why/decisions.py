"""Why a run went this way at one step: each condition that the step asked, with the value that decided it, as things stood at that moment.

What people did is asked up to the moment of the step, and since the entry where the condition says so. What is known of a person (attributes,
consent) is as it is today: `as_known_now` says so, and the person's history has what it was.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.journeys.acting import answers
from hudhud.journeys.running.version import parsed
from hudhud.journeys.types import RunNotFound
from hudhud.kit import sql
from hudhud.segments import queries as segments
from hudhud.segments.types import And, Between, Not, Or, SinceEntry, Verdict, attribute_names, leaves, to_json

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys.why", "ahead.sql")
# Times of events are kept to the millisecond; "since the entry" begins just after it.
JUST_AFTER = timedelta(milliseconds=1)


def why_step(ws: Scope, ch: Client, key: str, run_id: int, visit: int) -> dict[str, Any]:
    """Explain one step of a run of this journey; raises `RunNotFound`."""
    step = ws.one(QUERIES.get_step, journey=key, run_id=run_id, visit=visit)
    if step is None:
        raise RunNotFound(f"{key}: there is no step {visit} of run {run_id}", key=key, run_id=run_id, visit=visit)
    asked = _asked(parsed(step.pop("text")), step["node"], step["edge"])
    verdicts = {name: _explain(ws, ch, tree, step) for name, tree in asked.items()}
    knows = any(attribute_names(leaf) for tree in asked.values() for leaf in leaves(tree))
    return {**step, "conditions": [{"name": name, "verdict": tell_verdict(one)} for name, one in verdicts.items()], "as_known_now": knows}


def _asked(graph: Graph, node_id: str, edge: str) -> dict[str, Condition]:
    """Return what was asked by name: what ends runs where that was it, else the step's own conditions, else the entry condition."""
    if edge == "goal" and graph.goal is not None:
        return {"goal": graph.goal}
    if edge == "exit" and node_id in graph.nodes:
        return {f"exit_on.{number}": tree for number, tree in enumerate(graph.exit_on)}
    if not node_id:
        return {} if graph.entry is None else {"entry": graph.entry}
    node = graph.nodes.get(node_id)
    return {} if node is None else node.conditions()


def _explain(ws: Scope, ch: Client, tree: Condition, step: dict[str, Any]) -> Verdict:
    def ask(part: Condition) -> Verdict:
        return segments.explain(ws, ch, as_of_entry(part, step["entered_at"], step["at"]), step["person_id"], step["at"])

    return (
        answers.explain(tree, answers.find_given(ws, [step["run_id"]]).get(step["run_id"], {}), ask)
        if answers.asks_run(tree)
        else ask(tree)
    )


def as_of_entry(tree: Condition, entered_at: datetime, at: datetime) -> Condition:
    """Return the condition with "since the entry" written as the span that it was for one run."""
    if isinstance(tree, And | Or):
        return type(tree)(tuple(as_of_entry(child, entered_at, at) for child in tree.of))
    if isinstance(tree, Not):
        return Not(as_of_entry(tree.of, entered_at, at))
    window = getattr(tree, "window", None)
    if not isinstance(window, SinceEntry):
        return tree
    begin = entered_at + JUST_AFTER
    if window.later_day:
        begin = entered_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return msgspec.structs.replace(tree, window=Between(from_=min(begin, at), to=at + JUST_AFTER))


def tell_verdict(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain JSON values."""
    return {
        "path": verdict.path,
        "condition": to_json(verdict.node),
        "holds": verdict.holds,
        "value": verdict.value,
        "of": [tell_verdict(part) for part in verdict.of],
    }
