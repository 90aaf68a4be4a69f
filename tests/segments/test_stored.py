"""Who is recorded in a segment: the set as it was written, and who turned since; also for who has read it before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from pyroaring import BitMap64

from hudhud.segments.keeping import stored
from hudhud.segments.keeping.membership import open_lock
from hudhud.segments.keeping.stored import Sets, read_members, turn_members, write_members
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

# Where bitmaps change from one part to the next, and what only 64 bits hold.
EDGES = [1, 2**16 - 1, 2**16, 2**16 + 1, 2**32 - 1, 2**32, 2**32 + 2**16, 2**63 - 1]


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


class Undone(Exception): ...


def segment(stage: Stage, number: int = 1) -> int:
    return stage.segment({"kind": "event", "name": f"Event {number}"})


def look(stage: Stage, segment_id: int, people: BitMap64 | None = None) -> BitMap64:
    with stage.db.workspace(stage.workspace_id) as ws:
        return read_members(ws, [segment_id], people)[segment_id]


def row(stage: Stage, segment_id: int) -> tuple[int, int, str]:
    """Return how many are in, in how many bytes who turned is waiting, and the version."""
    with stage.db.workspace(stage.workspace_id) as ws:
        found = ws.conn.execute(
            "SELECT count, octet_length(turned), version::text FROM segment_membership WHERE segment_id = %s", (segment_id,)
        ).fetchone()
    assert found is not None
    return found[0], found[1], found[2]


def turn(stage: Stage, segment_id: int, people: BitMap64) -> dict[int, int]:
    with stage.db.workspace(stage.workspace_id) as ws:
        open_lock(ws)
        return turn_members(ws, {segment_id: people})


def test_who_turns_is_in_or_out_whether_written_beside_the_set_or_into_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lots, segment_id, members, versions = Random(1), segment(stage), BitMap64(), set()
    monkeypatch.setattr(stored, "LEAST_FOLDED", 400)
    for number in range(40):
        some = BitMap64([*lots.sample(EDGES, 3), *(lots.randrange(1, 2**17) for _ in range(10))])
        members ^= some
        if number % 3 == 0:
            monkeypatch.setattr(stored, "_sets", Sets())  # another process
        assert turn(stage, segment_id, some) == {segment_id: len(members)}
        assert (look(stage, segment_id), look(stage, segment_id, some)) == (members, members & some)
        count, waiting, version = row(stage, segment_id)
        assert (count, waiting <= 400) == (len(members), True)
        versions.add(version)
    assert 2 < len(versions) < 20


def test_a_large_set_is_not_written_again_for_a_few_who_turn(stage: Stage) -> None:
    segment_id, members = segment(stage), BitMap64(range(1, 400_000, 3))
    with stage.db.workspace(stage.workspace_id) as ws:
        open_lock(ws)
        write_members(ws, segment_id, members)
    version = row(stage, segment_id)[2]
    for start in range(1, 1_000, 100):
        turn(stage, segment_id, BitMap64(range(start, start + 100)))
    assert look(stage, segment_id) == members ^ BitMap64(range(1, 1_001))
    assert row(stage, segment_id)[2] == version


def test_what_was_rolled_back_never_was_also_for_who_has_read_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    segment_id, people = segment(stage), BitMap64([1, 2, 3])
    turn(stage, segment_id, people)
    for least in (stored.LEAST_FOLDED, 0):  # beside the set, then into it
        monkeypatch.setattr(stored, "LEAST_FOLDED", least)
        before = row(stage, segment_id)
        with suppress(Undone), stage.db.workspace(stage.workspace_id) as ws:
            open_lock(ws)
            turn_members(ws, {segment_id: BitMap64([2, 9])})
            assert read_members(ws, [segment_id]) == {segment_id: BitMap64([1, 3, 9])}
            raise Undone
        assert (look(stage, segment_id), row(stage, segment_id)) == (people, before)


def test_two_who_write_at_once_lose_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "LEAST_FOLDED", 100)
    segment_id = segment(stage)

    def write(first: int) -> None:
        for person_id in range(first, 60, 2):
            turn(stage, segment_id, BitMap64([person_id]))

    with ThreadPoolExecutor(2) as both:
        list(both.map(write, (1, 2)))
    assert look(stage, segment_id) == BitMap64(range(1, 60))
    assert row(stage, segment_id)[0] == 59


def test_a_process_remembers_the_sets_that_it_used_last_and_no_more_than_fit() -> None:
    sets, versions = Sets(most=100), [uuid4() for _ in range(4)]
    for number, version in enumerate(versions):
        sets.put(version, BitMap64([number]), 40)
        sets.get(versions[0])
    assert [sets.get(version) for version in versions] == [BitMap64([0]), None, None, BitMap64([3])]
    sets.put(versions[0], BitMap64([0]), 40)
    assert sets.get(versions[3]) == BitMap64([3])
    sets.put(uuid4(), BitMap64([5]), 1_000)
    assert [sets.get(version) for version in versions] == [None] * 4
