"""What runs were answered and given on their way: `run.…` and `coupon.…` in conditions, requests and mails behind.

Conditions on it are of one run and need no query: they are decided first. Where that does not decide the tree, its other parts are asked of all
people of a batch together, as ever: as many questions as there are parts, however many ways the answers may fall.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.journeys.running.facts import find_value, holds
from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.segments.types import And, Not, Or, RunAnswer, Verdict, Where, children, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys.acting", "requests.sql")
# Of everybody, and of nobody.
TRUE, FALSE = And(()), Not(And(()))
Given = dict[str, dict[str, Any]]


def find_given(ws: Scope, run_ids: Iterable[int]) -> dict[int, Given]:
    """Return for each run that was answered or given anything: `{"run": {name: …}, "coupon": {…, pool: {…}}}`."""
    found: dict[int, Given] = defaultdict(dict)
    for run_id, root, name, text in ws.rows(QUERIES.find_facts, run_ids=numbers(run_ids)):
        value, group = msgspec.json.decode(text), found[run_id].setdefault(root, {})
        if root == "coupon":
            # The newest is the coupon, whichever pool it is of.
            group |= value
        group[name] = value
    return dict(found)


def keep(ws: Scope, root: str, name: str, values: Mapping[tuple[int, int], Any]) -> None:
    """Keep for runs, by (run, visit), what they were answered or given under a name."""
    if values:
        run_ids, visits = zip(*values, strict=True)
        texts = [msgspec.json.encode(value).decode() for value in values.values()]
        ws.run(QUERIES.keep_facts, root=root, name=name, run_ids=numbers(run_ids), visits=numbers(visits), values=texts)


def asks_run(tree: Condition) -> bool:
    """Say whether a condition asks what the run was answered."""
    return any(isinstance(leaf, RunAnswer) for leaf in leaves(tree))


def parts_of(tree: Condition) -> list[Condition]:
    """Return the greatest parts of a tree that ask nothing of the run."""
    return [part for _, child in children(tree) for part in parts_of(child)] if asks_run(tree) else [tree]


def weigh(tree: Condition, given: Given, true: Mapping[Condition, Collection[int]], run_id: int) -> bool:
    """Say whether a tree is true of a run; `true`: of which runs its `parts_of` are."""
    if not asks_run(tree):
        return run_id in true[tree]
    if isinstance(tree, RunAnswer):
        return decide(tree, given) == TRUE
    below = (weigh(child, given, true, run_id) for _, child in children(tree))
    return all(below) if isinstance(tree, And) else any(below) if isinstance(tree, Or) else not next(below)


def decide(tree: Condition, given: Given) -> Condition:
    """Put true and false in the place of what a tree asks of the run, and fold it."""
    if isinstance(tree, RunAnswer):
        value = find_value(given.get("run", {}), tree.name)
        return TRUE if holds(value, Where(tree.name, tree.op, tree.value)) else FALSE
    if isinstance(tree, Not):
        inner = decide(tree.of, given)
        return inner.of if isinstance(inner, Not) else Not(inner)
    if not isinstance(tree, And | Or):
        return tree
    decisive, empty = (FALSE, TRUE) if isinstance(tree, And) else (TRUE, FALSE)
    parts = [part for part in (decide(one, given) for one in tree.of) if part != empty]
    if decisive in parts:
        return decisive
    return type(tree)(tuple(parts)) if parts else empty


def explain(tree: Condition, given: Given, ask: Callable[[Condition], Verdict], path: str = "") -> Verdict:
    """Return the verdict on a tree that asks of the run, too; `ask` judges what is known of people."""
    if isinstance(tree, RunAnswer):
        value = find_value(given.get("run", {}), tree.name)
        return Verdict(path, tree, holds(value, Where(tree.name, tree.op, tree.value)), value)
    if not asks_run(tree):
        return _below(ask(tree), path)
    below = tuple(explain(child, given, ask, f"{path}.{step}" if path else step) for step, child in children(tree))
    truths = [one.holds for one in below]
    is_true = all(truths) if isinstance(tree, And) else any(truths) if isinstance(tree, Or) else not truths[0]
    return Verdict(path, tree, is_true, of=below)


def _below(verdict: Verdict, path: str) -> Verdict:
    whole = f"{path}.{verdict.path}" if path and verdict.path else path or verdict.path
    return replace(verdict, path=whole, of=tuple(_below(one, path) for one in verdict.of))
