"""A ClickHouse that is built once more from the raw events has the same bytes: whatever came twice, late, merged or odd."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.app.replay import compare, replay
from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.kit.clickhouse import connect
from tests.make import NOW
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
    name = f"{ch.database}_replay"
    ch.command(f"CREATE DATABASE {name} ENGINE = Atomic")
    client = connect(clickhouse_url.replace(str(ch.database), name))
    migrate_clickhouse(client, load("clickhouse"))
    yield client
    client.close()
    ch.command(f"DROP DATABASE {name} SYNC")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_gives_the_same_bytes(db: Database, ch: Client, clickhouse_url: str, empty: Client, seed: int) -> None:
    chance = random.Random(seed)
    line = Line(db, ch, clickhouse_url)
    sent: list[dict[str, Any]] = []
    for number in range(300):
        who = chance.randrange(20)
        at = (NOW - timedelta(days=chance.choice([0, 0, 1, 40, 400]), seconds=chance.randrange(90_000))).isoformat()
        made = chance.choice(
            [
                track(f"u{who}", chance.choice(["Order", "View"]), properties=chance.choice(ODD)),
                {"type": "page", "anonymousId": f"v{who}", "properties": {"path": "/"}, "context": {"ip": "::1"}},
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
    for start in range(0, 300, 60):
        line.put(*sent[start : start + 60], *chance.sample(sent[: start + 60], 20))
        line.work()
    replay(db, ch, empty)
    compared = compare(ch, empty)
    assert [one.table for one in compared if not one.same] == []
    rows = {one.table: one.rows for one in compared}
    assert (rows["event"], rows["person_event"]) == (300, 300)
    assert rows["person_override"] > 0
    # The comparison is one: a value that is changed is seen.
    empty.command("ALTER TABLE person_event UPDATE properties = '{}' WHERE message_id = 'm7' SETTINGS mutations_sync = 1")
    empty.command("INSERT INTO person_override SELECT workspace_id, actor_id, person_id + 1, version + 1 FROM person_override LIMIT 1")
    assert {one.table for one in compare(ch, empty) if not one.same} >= {"person_override"}
