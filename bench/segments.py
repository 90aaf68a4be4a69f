"""Segments: "a page viewed in 7 days and no order in 30" over 10 M events of 1 M people, as the builder shows it, and kept current by batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import shapes_of_people
from bench.base import COPY_EVENTS as COPY_EVENTS
from bench.base import EVENTS, NOW, PEOPLE, make_data
from bench.figures import Figure, best
from bench.shape import DAYS_7, DAYS_30
from bench.shapes import by_hand
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.segments import actions, queries
from hudhud.segments.types import Touched, from_json

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PAGE = {"kind": "event", "name": "Page Viewed", "window": DAYS_7}
ORDER = {"kind": "event", "name": "Order Completed", "window": DAYS_30}
LAPSING = from_json(shapes_of_people.LAPSING)


def measure(*, events: int = EVENTS, people: int = PEOPLE) -> list[Figure]:
    """Count by hand and by us, over the same events."""
    with Stack() as stack, stack.ch() as ch:
        workspace_id, _ = open_shop(stack)
        make_data(ch, workspace_id, events=events, people=people)
        found, floor, way = by_hand(ch, workspace_id, shapes_of_people.LAPSING_BY_HAND)
        with stack.db.workspace(workspace_id) as ws:
            ours = queries.count(ws, ch, LAPSING, NOW)
            took = best(lambda: queries.count(ws, ch, LAPSING, NOW))
            preview = best(lambda: queries.preview(ws, ch, LAPSING, NOW))
            sample = queries.choose_sample(ch, workspace_id)
            estimated = best(lambda: queries.preview(ws, ch, LAPSING, NOW, sample=sample))
        refresh = _refresh(stack.db, ch, workspace_id, people)
        memory = stack.clickhouse_mb()
    if ours != found:
        message = f"ours counts {ours}, by hand {found}"
        raise AssertionError(message)
    note = f"{ours:,} of {people:,} people, {events:,} events"
    return [
        Figure("segment count", took * 1000, "ms", at_least=False, floor=floor * 1000, floor_name=way, ratio_target=2.0, note=note),
        Figure(
            "segment count, as the builder shows it", preview * 1000, "ms", target=500, at_least=False, note="each condition, reachable"
        ),
        Figure("  the same, estimated from a sample", estimated * 1000, "ms", target=300, at_least=False, note="while somebody edits"),
        Figure("memory of ClickHouse after these queries", memory, "MB", target=1536, at_least=False, note=f"{events:,} events"),
        Figure("segment refresh, 1,000 people", refresh * 1000, "ms", note="2 segments of 2 windows each"),
    ]


def _refresh(db: Database, ch: Client, workspace_id: int, people: int) -> float:
    """Time a batch that touches a thousand people spread over the base."""
    some = Touched(frozenset(range(1, people, max(people // 1000, 1))), frozenset({"Page Viewed", "Order Completed"}))
    with db.workspace(workspace_id) as ws:
        for name, tree in (("Lapsing", LAPSING), ("Buying", from_json({"kind": "and", "of": [PAGE, ORDER]}))):
            actions.create_segment(ws, name, tree, NOW, by="cli")
    with db.workspace(workspace_id) as ws:
        actions.build(ws, ch, NOW)
    with db.workspace(workspace_id) as ws:
        return best(lambda: actions.refresh(ws, ch, some, NOW))
