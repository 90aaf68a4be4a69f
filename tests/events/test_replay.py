"""A ClickHouse that is built once more from the raw events has the same bytes: whatever came twice, late, merged or odd."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.app.replay import TABLES, compare, replay
from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.events.actions import delete_old, find_terms, set_keep
from hudhud.kit.clickhouse import connect
from hudhud.people import actions as people
from hudhud.people.unmerge import undo_merge
from hudhud.segments.actions import create_segment
from hudhud.segments.types import from_json
from hudhud.workers import retention, segments
from tests.make import NOW
from tests.people.test_erasure import ask, carry_on
from tests.transfer.test_undo import HEADER, bring, undo
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

ODD: list[dict[str, Any]] = [
    {},
    {"a": {"b": 1.5, "c": [1, "x"]}},
    {"a.b": 1, "a": {"b": 2}},
    {"n": 1},
    {"n": "1"},
    {"n": None},
    {"é": "01/02/2024", "list": [{"x": 1}]},
]


@pytest.fixture
def empty(clickhouse_url: str, ch: Client) -> Iterator[Client]:
    yield from _database(clickhouse_url, ch, "replay")


@pytest.fixture
def older(clickhouse_url: str, ch: Client) -> Iterator[Client]:
    yield from _database(clickhouse_url, ch, "older")


def _database(url: str, ch: Client, what: str) -> Iterator[Client]:
    name = f"{ch.database}_{what}"
    ch.command(f"CREATE DATABASE {name} ENGINE = Atomic")
    client = connect(url.replace(str(ch.database), name))
    migrate_clickhouse(client, load("clickhouse"))
    yield client
    client.close()
    ch.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def copy(source: Client, target: Client) -> None:
    """Put everything of one ClickHouse into another, as a backup does."""
    for table in TABLES:
        source.command(f"INSERT INTO {target.database}.{table} SELECT * FROM {table}")


def differing(one: Client, other: Client) -> list[str]:
    return [each.table for each in compare(one, other) if not each.same]


def live_through(line: Line, chance: random.Random, numbers: range) -> None:
    """Let much happen to twenty people, some of it twice, late, or in odd forms."""
    sent: list[dict[str, Any]] = []
    for number in numbers:
        who = chance.randrange(20)
        at = (NOW - timedelta(days=chance.choice([0, 0, 1, 40, 400]), seconds=chance.randrange(90_000))).isoformat()
        made = chance.choice(
            [
                track(f"u{who}", chance.choice(["Order", "View"]), properties=chance.choice(ODD)),
                {"type": "page", "anonymousId": f"v{who}", "properties": {"path": "/"}, "context": {"ip": "::1"}},
                {"type": "group", "userId": f"u{who}", "groupId": f"g{who % 3}", "traits": {"plan": chance.choice(["a", "b"])}},
                identify(
                    f"u{who}",
                    f"v{chance.randrange(20)}",
                    plan=chance.choice(["gold", 1, None]),
                    subscriptions={"newsletter": chance.random() < 0.5},
                ),
                {"type": "alias", "userId": f"u{who}", "previousId": f"v{chance.randrange(20)}"},
            ]
        )
        sent.append({**made, "messageId": f"m{number}", "timestamp": at})
    for start in range(0, len(sent), 60):
        line.put(*sent[start : start + 60], *chance.sample(sent[: start + 60], 20))
        line.work()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_gives_the_same_bytes(line: Line, empty: Client, seed: int) -> None:
    live_through(line, random.Random(seed), range(300))
    replay(line.db, None, empty)
    assert differing(line.ch, empty) == []
    rows = {one.table: one.rows for one in compare(line.ch, empty)}
    assert (rows["event"], rows["person_event"]) == (300, 300)
    assert rows["person_override"] > 0
    # The comparison is one: a value that is changed is seen.
    empty.command("ALTER TABLE person_event UPDATE properties = '{}' WHERE message_id = 'm7' SETTINGS mutations_sync = 1")
    empty.command("INSERT INTO person_override SELECT workspace_id, actor_id, person_id + 1, version + 1 FROM person_override LIMIT 1")
    assert {*differing(line.ch, empty)} >= {"person_override"}


@pytest.mark.long
def test_what_was_deleted_and_undone_in_between_does_not_come_back(line: Line, empty: Client, older: Client) -> None:
    """From the kept log alone; from a copy of some time ago with the log since; and from such a copy that was put in place of the one in use."""
    with line.db.workspace(line.shop) as ws:
        create_segment(ws, "Buyers", from_json({"kind": "event", "name": "Order"}), NOW, by="user:1")
    segments.work_once(line.context, line.ch, NOW)
    live_through(line, random.Random(3), range(120))
    line.put(identify("gone", email="gone@example.com"), track("gone", "Order"), track("gone", "Old", timestamp="2020-01-01T00:00:00Z"))
    line.put(identify("one"), identify("two"), track("two", "View"))
    line.work()
    import_id = bring(line, HEADER + b"u1,,Paide,,yes\nimported,,Narva,,yes\n")
    ((one,), (two,)) = line.sql("SELECT person_id FROM identifier WHERE value IN ('one', 'two') ORDER BY value")
    with line.db.workspace(line.shop) as ws:
        people.join(ws, one, two, frozenset(), NOW, "test")
    line.work()
    segments.work_once(line.context, line.ch, line.clock.now())
    copy(line.ch, older)
    first = line.sql("SELECT max(id) FROM intake_kept")[0][0]

    ((gone,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'gone'")
    ask(line, gone)
    carry_on(line)
    undo(line, import_id)
    with line.db.workspace(line.shop) as ws:
        undo_merge(ws, line.sql("SELECT id FROM person_merge WHERE merged_id = %s", two)[0][0], NOW, "test")
        set_keep(ws, "Old", 30)
    retention.work_once(line.context, line.ch)
    live_through(line, random.Random(4), range(120, 240))
    segments.work_once(line.context, line.ch, line.clock.now())
    line.work()

    replay(line.db, None, empty)
    assert differing(line.ch, empty) == []
    assert line.sql("SELECT count(*) FROM intake_kept WHERE actors && ARRAY[%s]::bigint[] OR source = %s", gone, f"import:{import_id}") == [
        (0,)
    ]
    # The log is kept for some days; what was before stands in the copy.
    line.sql("DELETE FROM intake_kept WHERE id <= %s RETURNING id", first)
    for table in TABLES:
        empty.command(f"TRUNCATE TABLE {table}")
    replay(line.db, older, empty)
    assert {*differing(line.ch, empty)} <= {"event", "person_event"}
    with line.db.everywhere() as everywhere:
        for term in find_terms(everywhere):
            delete_old(empty, term, line.clock.now())
            delete_old(older, term, line.clock.now())
    assert differing(line.ch, empty) == []
    replay(line.db, None, older)
    assert differing(line.ch, older) == []
    # Once more: nothing is there twice.
    replay(line.db, None, older)
    assert differing(line.ch, older) == []
    assert (
        older.query("SELECT count(), uniqExact(message_id) FROM event").first_row
        == line.ch.query("SELECT count(), uniqExact(message_id) FROM event").first_row
    )
