"""Each listed shape of a segment: counted beside the best query written by hand, and estimated as a builder does it, over 10 M events of 1 M people."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap64

from bench.base import EVENTS, NOW, PEOPLE, make_data
from bench.figures import Figure, best
from bench.shapes_of_events import SHAPES as OF_EVENTS
from bench.shapes_of_people import EVERY, LAPSING, LIST, SEGMENT
from bench.shapes_of_people import SHAPES as OF_PEOPLE
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.segments import actions, queries
from hudhud.segments.keeping.stored import write_members
from hudhud.segments.types import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clickhouse_connect.driver.client import Client

    from bench.shape import Shape
    from hudhud.kit.db import Scope
    from hudhud.segments.asking.sampling import Sample

SHAPES = (*OF_EVENTS, *OF_PEOPLE)


def measure(*, events: int = EVENTS, people: int = PEOPLE) -> list[Figure]:
    """Count by hand and by us, over the same events."""
    with Stack() as stack, stack.ch() as ch:
        workspace_id, _ = open_shop(stack)
        make_data(ch, workspace_id, events=events, people=people)
        stack.analyze()
        with stack.db.workspace(workspace_id) as ws:
            numbers = _make_segments(ws, people)
            sample = queries.choose_sample(ch, workspace_id)
            measured = [_beside(ws, ch, shape, numbers, sample) for shape in SHAPES]
    counts, estimates = zip(*measured, strict=True)
    slowest = max(estimates)
    return [
        *counts,
        Figure(f"segment estimate, slowest of {len(SHAPES)} shapes", slowest[0] * 1000, "ms", target=300, at_least=False, note=slowest[1]),
    ]


def _make_segments(ws: Scope, people: int) -> dict[str, int]:
    """Make the segment and the list that shapes ask for."""
    made = {
        SEGMENT: actions.create_segment(ws, "Lapsing", from_json(LAPSING), NOW, by="cli"),
        LIST: actions.create_list(ws, "Some", NOW, by="cli"),
    }
    write_members(ws, made[LIST], BitMap64(range(EVERY, people + 1, EVERY)))
    return made


def _beside(ws: Scope, ch: Client, shape: Shape, numbers: Mapping[str, int], sample: Sample | None) -> tuple[Figure, tuple[float, str]]:
    """Count a shape by hand and by us; and estimate it."""
    found, floor, way = by_hand(ch, ws.workspace_id or 0, shape.by_hand)
    tree = from_json(_numbered(shape.tree, numbers))
    ours = queries.count(ws, ch, tree, NOW)
    if ours != found:
        message = f"{shape.name}: ours counts {ours}, by hand {found}"
        raise AssertionError(message)
    took = best(lambda: queries.count(ws, ch, tree, NOW))
    estimated = best(lambda: queries.preview(ws, ch, tree, NOW, sample=sample))
    figure = Figure(
        f"segment count: {shape.name}",
        took * 1000,
        "ms",
        target=1000,
        at_least=False,
        floor=floor * 1000,
        floor_name=way,
        ratio_target=2.0,
        note=f"{ours:,} people; estimate {estimated * 1000:.0f} ms",
    )
    return figure, (estimated, shape.name)


def by_hand(ch: Client, workspace_id: int, queries_by_hand: Mapping[str, str]) -> tuple[int, float, str]:
    """Return the answer, and the seconds and the name of the quickest query."""
    answers = {way: ch.query(text, parameters={"w": workspace_id}).result_rows[0][0] for way, text in queries_by_hand.items()}
    if len(set(answers.values())) != 1:
        message = f"the queries by hand disagree: {answers}"
        raise AssertionError(message)
    times = {way: best(partial(ch.query, text, parameters={"w": workspace_id})) for way, text in queries_by_hand.items()}
    way = min(times, key=lambda name: times[name])
    return int(answers[way]), times[way], way


def _numbered(tree: Any, numbers: Mapping[str, int]) -> Any:  # noqa: ANN401 -- JSON
    """Put the numbers of segments where their words stand."""
    if isinstance(tree, dict):
        return {name: _numbered(value, numbers) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_numbered(one, numbers) for one in tree]
    return numbers.get(tree, tree) if isinstance(tree, str) else tree
