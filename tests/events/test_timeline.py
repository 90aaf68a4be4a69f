"""What happened to a person, page by page: nothing twice, nothing left out, and as quick for who has a million events."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.events.queries import FEW_ACTORS, find_timeline
from hudhud.kit.errors import InvalidInput
from hudhud.people.actions import resolve
from hudhud.people.types import Identity
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.events.queries import Entry
    from hudhud.kit.db import Database, Scope

# Seven happen at each instant; those of one actor, or of several in turn.
HAPPEN = """
INSERT INTO person_event (workspace_id, actor_id, at, name, kind, message_id, properties)
SELECT {w:UInt64}, {actors:Array(UInt64)}[number % length({actors:Array(UInt64)}) + 1], {now:DateTime64(3, 'UTC')} - toIntervalSecond(intDiv(number, 7) * {apart:UInt32}),
       'Page Viewed', 'track', lower(hex(cityHash64(number))), concat('{"number":', toString(number), '}') FROM numbers({start:UInt64}, {events:UInt64})
"""
PART = 250_000


def people(ws: Scope, *names: str) -> list[int]:
    return resolve(ws, [Identity((("user_id", name),), "identify", NOW, {}) for name in names], NOW).person_ids


def merged(ws: Scope, count: int) -> list[int]:
    """Make one person out of so many."""
    ids = people(ws, *(f"u{number}" for number in range(count)))
    told = [Identity((("user_id", "u0"), ("user_id", f"u{number}")), "alias", NOW) for number in range(1, count)]
    resolve(ws, told, NOW)
    return ids


def happen(ch: Client, workspace_id: int, actors: list[int], events: int, apart: int = 1) -> None:
    given = {"w": workspace_id, "actors": actors, "now": NOW, "apart": apart}
    for start in range(0, events, PART):
        ch.command(HAPPEN, {**given, "start": start, "events": min(PART, events - start)})


def pages(ws: Scope, ch: Client, person_id: int, limit: int) -> list[Entry]:
    found: list[Entry] = []
    while page := find_timeline(ws, ch, person_id, limit=limit, before=found[-1].cursor if found else ""):
        found += page
    return found


@pytest.mark.parametrize("actors", [1, 3, FEW_ACTORS + 1])
def test_pages_have_everything_once_in_order(db: Database, ch: Client, actors: int) -> None:
    with db.workspace(shop := make.workspace(db)) as ws:
        ids = merged(ws, actors)
        happen(ch, shop, ids, 40)
        happen(ch, shop, people(ws, "another"), 40)
        for limit in (6, 11):
            found = pages(ws, ch, ids[0], limit)
            assert found == sorted(found, key=lambda entry: (entry.at, entry.message_id), reverse=True)
            assert sorted(entry.properties["number"] for entry in found) == list(range(40))


@pytest.mark.parametrize("before", ["soon|a", "0001-01-01T00:00:00+14:00|a"])
def test_what_is_no_place_in_a_timeline_is_refused(db: Database, ch: Client, before: str) -> None:
    with db.workspace(make.workspace(db)) as ws, pytest.raises(InvalidInput, match="before"):
        find_timeline(ws, ch, people(ws, "u")[0], before=before)


@pytest.mark.long
def test_a_page_of_a_million_events_costs_what_a_page_of_a_hundred_does(db: Database, ch: Client) -> None:
    """The table is read backwards from the cursor: so the median of a page is within a few milliseconds, wherever it lies."""
    with db.workspace(shop := make.workspace(db)) as ws:
        busy, quiet = people(ws, "busy", "quiet")
        happen(ch, shop, [busy], 1_000_000, apart=200)
        happen(ch, shop, [quiet], 100, apart=200)
        deep = f"{(NOW - timedelta(seconds=200 * (500_000 // 7))).isoformat()}|"
        seconds = {}
        for name, person_id, before in (("quiet", quiet, ""), ("first", busy, ""), ("deep", busy, deep)):
            took = []
            for _ in range(15):
                began = time.perf_counter()
                assert len(find_timeline(ws, ch, person_id, before=before)) == 50
                took.append(time.perf_counter() - began)
            seconds[name] = sorted(took)[len(took) // 2]
        assert max(seconds["first"], seconds["deep"]) < 6 * seconds["quiet"], seconds
