"""Every invariant of the checker is shown to fail on a violation and to be silent on a sound state."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.kit.clickhouse import connect
from tests.harness import checker
from tests.harness.book import Entry
from tests.harness.checker import Evidence
from tests.harness.history import Call
from tests.harness.sampler import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope
    from tests.conftest import Engines

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count()
GRAPH = {
    "key": "welcome",
    "names": {"en": "Welcome"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"hello": {"kind": "send", "template": "hello", "topic": "news", "next": "end"}, "end": {"kind": "exit", "reason": "done"}},
    "start": "hello",
}


@pytest.fixture(scope="module")
def tables(engines: Engines) -> Iterator[Client]:
    """One ClickHouse database for all tests of this file: making one costs a second."""
    name = f"checker_{os.getpid()}"
    with closing(connect(engines.clickhouse.format("hudhud"))) as admin:
        admin.command(f"CREATE DATABASE {name} ENGINE = Atomic")
        with closing(connect(engines.clickhouse.format(name))) as client:
            migrate_clickhouse(client, load("clickhouse"))
            yield client
        admin.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def ch(tables: Client) -> Client:
    for table in ("event", "person_event"):
        tables.command(f"TRUNCATE TABLE {table}")
    return tables


@pytest.fixture
def ws(db: Database) -> Iterator[Scope]:
    with db.everywhere() as ws:
        yield ws


@pytest.fixture
def sound(ws: Scope, ch: Client) -> Evidence:
    """One event, one run, one mail: everything as it should be."""
    do(ws, "INSERT INTO workspace (name, created_at) VALUES ('Shop', %s), ('Other', %s)", NOW, NOW)
    do(ws, "INSERT INTO person (workspace_id, created_at, updated_at) VALUES (1, %s, %s)", NOW, NOW)
    do(ws, "INSERT INTO topic (workspace_id, key, names, created_at) VALUES (1, 'news', '{}', %s)", NOW)
    do(ws, "INSERT INTO journey (workspace_id, key, created_at, updated_at) VALUES (1, 'welcome', %s, %s)", NOW, NOW)
    graph = "INSERT INTO journey_version (workspace_id, journey_id, number, graph, created_at, created_by) VALUES (1, 1, 1, %s, %s, 'cli')"
    do(ws, graph, json.dumps(GRAPH), NOW)
    ended = "INSERT INTO run (workspace_id, journey_id, version_id, person_id, entered_at, ended_at, outcome) VALUES (1, 1, 1, 1, %s, %s, 'finished')"
    do(ws, ended, NOW, NOW)
    for visit, node, edge in ((0, "", "entered"), (1, "hello", "next"), (2, "end", "end")):
        log_step(ws, visit, node, edge, NOW + timedelta(seconds=visit))
    message = (
        "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at, attempts)"
        " VALUES (1, 'journey', 1, 'hello', 1, 1, 'email', 'news', 'hello', '{}', %s, 'accepted', %s, 1)"
    )
    do(ws, message, NOW, NOW)
    do(ws, "INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) VALUES (1, 1, 1, 'accepted', %s)", NOW)
    add_event(ch, "m1")
    calls = [collected("m1", status=200), collected("m2", status=503), collected("m3", status=None)]
    return Evidence(ws, ch, calls=calls, ledger=[mail(1)], samples=[Sample(0.0, "worker", 7, 80.0, 1.0)])


def do(ws: Scope, text: str, *values: object) -> None:
    ws.conn.execute(text, values)


def log_step(ws: Scope, visit: int, node: str, edge: str, at: datetime) -> None:
    text = "INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at) VALUES (1, %s, 1, 1, %s, %s, 'x', %s)"
    do(ws, text, visit, node, edge, at)


def add_event(ch: Client, message_id: str, *tables: str, workspace: int = 1) -> None:
    for table in tables or ("event", "person_event"):
        names = ["workspace_id", "name", "at", "actor_id", "message_id", "kind"]
        # The table drops a block that is the same as an earlier one; a violation is one that differs.
        at = NOW + timedelta(milliseconds=next(_numbers))
        ch.insert(table, [[workspace, "Order", at, 1, message_id, "track"]], column_names=names)


def collected(message_id: str, *, status: int | None) -> Call:
    body = json.dumps({"batch": [{"type": "track", "messageId": message_id}]})
    return Call(1, "POST", "/v1/batch", body, time.monotonic(), status=status)


def mail(row: int, *, at: float = 0.0, recipient: str = "anna@example.com") -> Entry:
    return Entry(recipient, "shop@example.com", f"<{row}.1@hudhud.test>", "00", at, 0.0, 1, told=True)


def with_(seen: Evidence, **changes: object) -> Evidence:
    return dataclasses.replace(seen, **changes)  # type: ignore[arg-type]


def test_a_sound_state_passes(sound: Evidence) -> None:
    checker.check(sound)


def test_i1_an_acknowledged_event_that_is_nowhere(sound: Evidence) -> None:
    assert checker.events_are_there(with_(sound, calls=[*sound.calls, collected("gone", status=200)])) == [
        "1 of 2 acknowledged events are not in event: gone",
        "1 of 2 acknowledged events are not in person_event: gone",
    ]


def test_i1_refused_later_with_its_reason_is_not_missing(sound: Evidence) -> None:
    text = "INSERT INTO intake_reject (workspace_id, received_at, source, reason, detail, body) VALUES (1, %s, 'collect', 'x', 'y', %s)"
    do(sound.ws, text, NOW, b'{"messageId": "bad"}')
    assert checker.events_are_there(with_(sound, calls=[collected("bad", status=200)])) == []


def test_i2_an_event_twice(sound: Evidence) -> None:
    add_event(sound.ch, "m1", "event")
    assert checker.events_are_there_once(sound) == ["1 events are in event more than once: m1 x 2"]


@pytest.mark.parametrize(
    ("state", "rows", "finding"),
    [
        ("accepted", [1, 1], "message 1 (accepted) left 2 times"),
        ("in_doubt", [1, 1], "message 1 (in_doubt) left 2 times"),
        ("accepted", [], "1 messages are called accepted, but never arrived: 1"),
        ("skipped", [1], "message 1 is skipped, but it left"),
        ("accepted", [1, 99], "1 mails left without a row (Message-ID says 99)"),
    ],
)
def test_i3_mails_and_rows(sound: Evidence, state: str, rows: list[int], finding: str) -> None:
    do(sound.ws, "UPDATE message SET state = %s", state)
    assert checker.mails_match_their_rows(with_(sound, ledger=[mail(row) for row in rows])) == [finding]


@pytest.mark.parametrize("mails", [0, 1])
def test_i3_in_doubt_is_either(sound: Evidence, mails: int) -> None:
    do(sound.ws, "UPDATE message SET state = 'in_doubt'")
    assert checker.mails_match_their_rows(with_(sound, ledger=[mail(1)] * mails)) == []


def test_i3_transactional_may_arrive_twice(sound: Evidence) -> None:
    do(sound.ws, "UPDATE topic SET stream = 'transactional'")
    assert checker.mails_match_their_rows(with_(sound, ledger=[mail(1), mail(1)])) == []


@pytest.mark.parametrize(
    ("break_it", "finding"),
    [
        ("UPDATE message SET state = 'deferred', due_at = now()", "message 1 is still deferred (, 1 attempts)"),
        ("UPDATE message_outcome SET state = 'deferred'", "message 1 is accepted, its last outcome says deferred"),
        ("DELETE FROM message_outcome", "message 1 is accepted, its last outcome says None"),
        ("UPDATE run SET ended_at = NULL, outcome = NULL", "run 1 has outcome None and stands at None"),
        ("INSERT INTO journey_effect VALUES (1, 1, 1, 1, 1, 'tag', now())", "run 1 has not done visit 1 at tag"),
    ],
)
def test_i4_what_has_not_ended(sound: Evidence, break_it: str, finding: str) -> None:
    do(sound.ws, break_it)
    assert finding in checker.everything_has_ended(sound)


def test_i5_mail_after_no(sound: Evidence) -> None:
    stop = Call(9, "POST", "/u/token", "", 100.0, {"stops": "anna@example.com"}, 200, answered_at=100.0)
    assert checker.no_means_no(with_(sound, calls=[stop], ledger=[mail(1, at=99.0), mail(1, at=104.9)])) == []
    assert checker.no_means_no(with_(sound, calls=[stop], ledger=[mail(1, at=105.5)])) == [
        "anna@example.com got mail 5.5 s after the acknowledged stop"
    ]


def test_i6_a_claim_that_outlives_its_lease(sound: Evidence) -> None:
    do(sound.ws, "INSERT INTO delivery_lease (worker, until, message_ids) VALUES ('w1', clock_timestamp() - interval '1 minute', '{1}')")
    do(sound.ws, "UPDATE message SET state = 'claimed', lease_id = 1")
    (finding,) = checker.leases_are_kept(sound)
    assert finding.startswith("message 1 is claimed, held by w1 until ")
    assert checker.leases_are_kept(with_(sound, lease_grace_s=120.0)) == []


def test_i6_a_lane_that_nobody_takes(sound: Evidence) -> None:
    do(sound.ws, "INSERT INTO intake (lane, workspace_id, received_at, source, body) VALUES (3, 1, %s, 'collect', '{}')", NOW)
    assert checker.leases_are_kept(sound) == []
    do(sound.ws, "UPDATE intake_lane SET worker = 'w1', lease_until = clock_timestamp() - interval '1 minute' WHERE lane = 3")
    (finding,) = checker.leases_are_kept(sound)
    assert finding.startswith("lane 3 waits for w1")


def test_i7_a_row_in_the_wrong_workspace(sound: Evidence) -> None:
    do(sound.ws, "UPDATE message SET workspace_id = 2")
    add_event(sound.ch, "m9", "event", workspace=2)
    assert checker.workspaces_are_apart(sound) == [
        "message 1 is of another workspace than its person",
        "message_outcome 1 is of another workspace than its person",
        "events of person 1 are in workspace 2",
    ]


@pytest.mark.parametrize(
    ("break_it", "finding"),
    [
        ("DELETE FROM run_log WHERE visit = 1", "run 1 goes from visit 0 to 2"),
        ("UPDATE run_log SET at = at - interval '1 day' WHERE visit = 2", "run 1 goes back in time at visit 2"),
        ("UPDATE run_log SET edge = 'end' WHERE visit = 1", "run 1 took end from hello and came to end instead of None"),
        ("UPDATE run_log SET node = 'hello' WHERE visit = 2", "run 1 took next from hello and came to hello instead of end"),
        (
            """UPDATE run_log SET edge = 'moved', detail = '{"to": "hello"}' WHERE visit = 1""",
            "run 1 took moved from hello and came to end instead of hello",
        ),
        ("UPDATE message SET visit = 2", "message 1 has no step 2 at hello in run 1"),
    ],
)
def test_i8_steps_that_do_not_follow(sound: Evidence, break_it: str, finding: str) -> None:
    do(sound.ws, break_it)
    assert any(found.startswith(finding) for found in checker.steps_are_in_order(sound))


def test_i8_an_edit_leads_people_elsewhere(sound: Evidence) -> None:
    do(sound.ws, """UPDATE run_log SET edge = 'moved', detail = '{"to": "end"}' WHERE visit = 1""")
    assert checker.steps_are_in_order(sound) == []


def test_i9_a_loop(sound: Evidence) -> None:
    do(sound.ws, "UPDATE message SET attempts = 21")
    assert checker.nothing_loops(sound) == ["message 1 has 21 attempts and 1 outcomes"]


def test_i10_memory_and_backlog(sound: Evidence) -> None:
    do(sound.ws, "INSERT INTO intake (lane, workspace_id, received_at, source, body) VALUES (3, 1, %s, 'collect', '{}')", NOW)
    samples = [Sample(0.0, "worker", 7, 300.0, 1.0)]
    assert checker.queues_and_memory_are_bounded(with_(sound, samples=samples)) == [
        "1 events wait in the intake log",
        "worker used 300 MB, the ceiling is 256 MB",
    ]


def test_all_that_is_wrong_is_told_at_once(sound: Evidence) -> None:
    do(sound.ws, "UPDATE message SET attempts = 21")
    with pytest.raises(AssertionError, match=r"2 violations\nI3: 1 messages are called accepted.*\nI9: message 1"):
        checker.check(with_(sound, ledger=[]))
