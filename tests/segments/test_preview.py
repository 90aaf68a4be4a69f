"""What the builder shows while somebody edits: exact numbers, estimates with an error that can be trusted, and answers nobody waits for any more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.kit.errors import InvalidInput
from hudhud.segments import queries
from hudhud.segments.asking import preview as previews
from hudhud.segments.asking.sampling import Estimate, Sample, estimate
from hudhud.segments.types import from_json
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PEOPLE, MERGED, SEEDS = 12_000, 2_000, 50
MAKE_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at, reachable)
SELECT {w:UInt64}, number + 1, 1, number >= {people:UInt64}, concat('{"lot":', toString(intHash32(number + 5) % 1000), '}')::JSON, {now:DateTime64(3, 'UTC')},
       if(number % 3 = 0, ['email'], []) FROM numbers({people:UInt64} + {merged:UInt64})
"""
# Some 2,000 of the orders are recorded for somebody who has been merged since.
MAKE_ORDERS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
SELECT {w:UInt64}, 'Order Completed', {now:DateTime64(3, 'UTC')}, intHash64(number) % ({people:UInt64} + {merged:UInt64}) + 1, toString(number), 'track',
       {now:DateTime64(3, 'UTC')}, '{}'::JSON, '{}' FROM numbers({people:UInt64})
"""
MERGE = """
INSERT INTO person_override (workspace_id, actor_id, person_id, version)
SELECT {w:UInt64}, {people:UInt64} + number + 1, intHash32(number) % {people:UInt64} + 1, 1 FROM numbers({merged:UInt64})
"""
ORDERED = {"kind": "event", "name": "Order Completed"}
LOT = {"kind": "attribute", "name": "lot", "op": "less_than"}
# From one in a thousand to nearly everybody.
TREE = from_json({"kind": "or", "of": [{**LOT, "value": 1}, {**LOT, "value": 10}, {**LOT, "value": 990}, {**ORDERED, "count": {"op": "at_least", "value": 3}}, {"kind": "not", "of": ORDERED}]})  # fmt: skip


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def crowd(stage: Stage) -> Stage:
    given = {"w": stage.workspace_id, "people": PEOPLE, "merged": MERGED, "now": NOW}
    for statement in (MAKE_PEOPLE, MAKE_ORDERS, MERGE):
        stage.ch.command(statement, given)
    return stage


def numbers(found: queries.Preview) -> list[Estimate]:
    return [found.count, *(one for _, one in found.conditions), *found.reachable.values()]


@pytest.mark.long
def test_nine_in_ten_estimates_hold_the_truth(crowd: Stage) -> None:
    with crowd.db.workspace(crowd.workspace_id) as ws:
        truth = numbers(queries.preview(ws, crowd.ch, TREE, NOW))
        samples = [numbers(queries.preview(ws, crowd.ch, TREE, NOW, sample=Sample(8, seed))) for seed in range(SEEDS)]
    assert all(one.error == 0 for one in truth)
    for place, true in enumerate(truth):
        told = [sample[place] for sample in samples]
        held = sum(abs(one.count - true.count) <= one.error for one in told)
        assert held >= 0.9 * SEEDS, (true, held)
        # Neither by telling so little that it is always true: no error is more than a few times that of plain counting.
        assert sum(one.error for one in told) / SEEDS < 3 * 1.96 * (true.count * 7 + 16) ** 0.5 + 10
        assert abs(sum(one.count for one in told) / SEEDS - true.count) < 0.02 * PEOPLE


@pytest.mark.parametrize(
    ("found", "asked", "whole", "told"),
    [
        (31, 250, 250, Estimate(31)),
        (0, 0, 40, Estimate(0, 40)),
        (0, 1000, 8000, Estimate(0, 27)),
        (1000, 1000, 8000, Estimate(8000, 27)),
        (775, 62_500, 1_000_000, Estimate(12_400, 900)),
    ],
)
def test_what_a_sample_tells(found: int, asked: int, whole: int, told: Estimate) -> None:
    assert estimate(found, asked, whole) == told


def test_a_small_base_is_counted_and_a_large_one_sampled(crowd: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.choose_sample(crowd.ch, crowd.workspace_id) is None
    monkeypatch.setattr(previews, "FEW_PEOPLE", 10_000)
    monkeypatch.setattr(previews, "SAMPLED_PEOPLE", 2_000)
    assert queries.choose_sample(crowd.ch, crowd.workspace_id) == Sample(4)


def test_a_newer_draft_takes_the_place_of_the_one_before(stage: Stage) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    began, ended = threading.Event(), []
    mark = f"/*draft {stage.workspace_id} form1*/"

    def wait_long() -> None:
        try:
            stage.ch.query(f"{mark} SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1")
        except DatabaseError as error:
            ended.append(str(error))
        began.set()

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    while not stage.ch.query("SELECT 1 FROM system.processes WHERE position(query, {mark:String}) > 0", {"mark": mark}).result_rows:
        assert waiting.is_alive()
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.preview(ws, stage.ch, from_json(ORDERED), NOW, draft="form2").count == Estimate(1)
        assert waiting.is_alive()
        assert queries.preview(ws, stage.ch, from_json(ORDERED), NOW, draft="form1").count == Estimate(1)
    assert began.wait(30)
    assert "QUERY_WAS_CANCELLED" in ended[0]


def test_the_statement_of_a_draft_is_told_from_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft that is given up answers with 409: its statement carries the mark by which the newer one finds it."""

    def cancel(*_: object, mark: str, **__: object) -> None:
        raise DatabaseError(f"Code: 394. Query {mark!r} was cancelled. (QUERY_WAS_CANCELLED)")

    monkeypatch.setattr(previews, "ask", cancel)
    with stage.db.workspace(stage.workspace_id) as ws, pytest.raises(previews.Superseded) as raised:
        queries.preview(ws, stage.ch, from_json(ORDERED), NOW, draft="form1")
    assert (raised.value.status, raised.value.data) == (409, {"draft": "form1"})
    with stage.db.workspace(stage.workspace_id) as ws, pytest.raises(InvalidInput, match="letters and digits"):
        queries.preview(ws, stage.ch, from_json(ORDERED), NOW, draft="*/ DROP")
