"""What is refused costs nobody else anything, is kept with its reason, and has its effect once after the cause is cured."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hudhud.events import queries, rejects
from hudhud.events.actions import body_hash, resubmit, resubmit_all, set_keep
from hudhud.events.queries import count_rejects, find_rejects
from hudhud.events.rejects import Resent
from hudhud.events.types import Reason, Refusal, reread
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.kit.errors import InvalidInput
from hudhud.workers import retention
from hudhud.workers.messages import to_event, to_message
from tests import make
from tests.make import NOW
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

POISONED = [3, 41, 42, 77]


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def forbid(line: Line, table: str, rule: str) -> None:
    """Let PostgreSQL refuse values that nobody foresaw."""
    with line.db.everywhere() as everywhere:
        everywhere.conn.execute(f"ALTER TABLE {table} ADD CONSTRAINT forbidden CHECK ({rule}) NOT VALID")


def allow(line: Line, table: str) -> None:
    with line.db.everywhere() as everywhere:
        everywhere.conn.execute(f"ALTER TABLE {table} DROP CONSTRAINT forbidden")


def plans(line: Line) -> list[tuple[int, str]]:
    """Who has which plan, by PostgreSQL; ClickHouse must say the same."""
    mirrored: list[Any] = [
        *line.ch.query("SELECT attributes.number::Int64, attributes.plan::String FROM person FINAL WHERE NOT gone").result_rows
    ]
    known: list[tuple[Any, ...]] = line.sql("SELECT (attributes ->> 'number')::bigint, attributes ->> 'plan' FROM person")
    assert sorted(mirrored) == sorted(known)
    return sorted((number, plan) for number, plan in known)


def messages(poisoned: list[int]) -> list[dict[str, object]]:
    one = [identify(f"u{n}", plan="poison" if n in poisoned else "gold", number=n, subscriptions={"newsletter": True}) for n in range(100)]
    return [{**message, "messageId": f"m{n}"} for n, message in enumerate(one)]


def test_a_poisoned_batch_costs_the_poison_alone_and_that_has_its_effect_once_when_cured(line: Line) -> None:
    forbid(line, "person", "attributes ->> 'plan' <> 'poison'")
    line.put(*messages(POISONED))
    assert line.work() == 1
    assert plans(line) == [(n, "gold") for n in range(100) if n not in POISONED]
    assert (
        line.events("message_id", "person_event")
        == line.events("message_id")
        == sorted((f"m{n}",) for n in range(100) if n not in POISONED)
    )
    assert line.sql("SELECT count(*) FROM subscription") == [(96,)]
    with line.db.workspace(line.shop) as ws:
        assert sorted(json.loads(reject.body)["messageId"] for reject in find_rejects(ws, reason="poison")) == ["m3", "m41", "m42", "m77"]
        assert [json.loads(reject.body)["userId"] for reject in find_rejects(ws, search='"m42"')] == ["u42"]
        assert count_rejects(ws) == {"poison": 4}
    # The sender tries one of them again before anybody has cured the cause: it is kept once more, and will count once all the same.
    line.put(messages(POISONED)[41])
    assert line.work() == 1
    allow(line, "person")
    for _ in range(2):
        with line.db.workspace(line.shop) as ws:
            resubmit_all(ws, Reason.POISON, NOW)
        line.put(*messages(POISONED))
        line.work()
    assert plans(line) == [(n, "poison" if n in POISONED else "gold") for n in range(100)]
    assert line.events("message_id", "person_event") == line.events("message_id") == sorted((f"m{n}",) for n in range(100))
    assert len(line.rejects()) == 5


def test_what_journeys_cannot_take_is_stored_and_told(line: Line) -> None:
    plan = {
        "key": "j",
        "names": {"en": "J"},
        "trigger": {"kind": "event", "name": "Order Completed"},
        "nodes": {"end": {"kind": "exit", "reason": "done"}},
        "start": "end",
    }
    with line.db.workspace(line.shop) as ws:
        journeys.publish(ws, graph.parse(plan), NOW, by="test")
        journeys.start(ws, "j", NOW, by="test")
    line.put(*[track(f"u{n}", "Product Viewed", messageId=f"v{n}") for n in range(8)])
    line.work()
    forbid(line, "run", "person_id % 5 <> 0")
    line.put(*[track(f"u{n}", "Order Completed", messageId=f"o{n}") for n in range(8)])
    assert line.work() == 1
    spoilt = [n for (n,) in line.sql("SELECT substr(value, 2)::int FROM identifier WHERE namespace = 'user_id' AND mod(person_id, 5) = 0")]
    assert spoilt
    assert len(line.events()) == len(line.events(table="person_event")) == 16
    assert line.sql("SELECT count(*) FROM run") == [(8 - len(spoilt),)]
    with line.db.workspace(line.shop) as ws:
        rejects = find_rejects(ws)
        assert sorted((reject.reason, json.loads(reject.body)["messageId"]) for reject in rejects) == sorted(
            ("undecided", f"o{n}") for n in spoilt
        )
        with pytest.raises(InvalidInput, match="taken already"):
            resubmit(ws, rejects[0].id, None, NOW)


def test_consent_that_was_refused_counts_once_its_topic_exists_and_changes_nothing_else(line: Line) -> None:
    line.put(identify("u1", plan="tin", subscriptions={"club": True}))
    line.work()
    line.put(identify("u1", plan="gold"))
    line.work()
    line.sql("INSERT INTO topic (workspace_id, key, names, created_at) VALUES (%s, 'club', '{}', %s) RETURNING 1", line.shop, NOW)
    for expected in (1, 0):
        with line.db.workspace(line.shop) as ws:
            assert resubmit_all(ws, Reason.CONSENT_REFUSED, NOW) == Resent(sent=expected)
        line.work()
    assert line.sql("SELECT attributes ->> 'plan' FROM person") == [("gold",)]
    assert line.sql("SELECT t.key, s.state FROM subscription s JOIN topic t ON t.id = s.topic_id") == [("club", "subscribed")]


def test_rejects_end_after_ninety_days(line: Line) -> None:
    line.put(identify("u1", subscriptions={"club": True}))
    line.work()
    for days, left in ((89, 1), (91, 0)):
        line.clock.at = NOW + timedelta(days=days)
        retention.work_once(line.context, line.ch)
        assert len(line.rejects()) == left


def test_events_end_when_their_time_is_over(line: Line) -> None:
    old = (NOW - timedelta(days=31)).isoformat()
    line.put(
        track("u1", messageId="old", timestamp=old), track("u1", messageId="new"), track("u1", "Order", messageId="kept", timestamp=old)
    )
    line.work()
    with line.db.workspace(line.shop) as ws:
        set_keep(ws, "Product Viewed", 30)
    for _ in range(2):
        retention.work_once(line.context, line.ch)
        assert line.events("message_id") == line.events("message_id", "person_event") == [("kept",), ("new",)]


def test_a_refused_group_call_comes_back_as_it_was(line: Line) -> None:
    raw = b'{"type": "group", "userId": "u1", "messageId": "g", "groupId": 7, "traits": { "groupId": "x", "seats" : 1 }}'
    event = to_event(reread(raw), line.shop, 1, NOW, "server")
    again = to_event(reread(msgspec.json.encode(to_message(event))), line.shop, 2, NOW, "server")
    assert (again.properties, body_hash(again)) == (event.properties, body_hash(event))


def test_too_many_rejects_lose_their_oldest_which_is_counted_and_a_page_is_not_large(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "MOST_BYTES", 90_000)
    monkeypatch.setattr(rejects, "KEPT_BYTES", 55_000)
    monkeypatch.setattr(queries, "PAGE_BYTES", 25_000)
    monkeypatch.setattr(retention, "GROWN_BYTES", 50_000)
    other = make.workspace(line.db, "other")

    def refuse(workspace_id: int, count: int) -> None:
        with line.db.workspace(workspace_id) as ws:
            rejects.refuse(
                ws, [Refusal(workspace_id, "server", Reason.INVALID, "x", b"%09d" % n + b"x" * 9_991) for n in range(count)], NOW
            )

    refuse(other, 8)
    refuse(line.shop, 8)
    with line.db.workspace(line.shop) as ws:
        assert queries.find_gone_rejects(ws) is None
    known = retention.make_room(line.context, 0)
    refuse(line.shop, 2)
    assert known > 90_000
    # Grown too little for anybody to look; then looked at all the same: ten are too many, the eight of the other shop are not.
    assert retention.make_room(line.context, known) == known
    retention.make_room(line.context, 0)
    with line.db.workspace(line.shop) as ws:
        gone = queries.find_gone_rejects(ws)
        assert gone
        assert (gone.count, gone.bytes, gone.last_at) == (5, 50_000, line.clock.now())
        first = queries.find_rejects(ws)
        rest = queries.find_rejects(ws, after=first[-1].id)
        assert [int(one.body[:9]) for one in [*first, *rest]] == [1, 0, 7, 6, 5]
        assert [len(first), len(rest), queries.is_last_page(first, 50), queries.is_last_page(rest, 50)] == [3, 2, False, True]
    assert line.sql("SELECT workspace_id, count(*) FROM intake_reject GROUP BY 1 ORDER BY 2") == [(line.shop, 5), (other, 8)]
