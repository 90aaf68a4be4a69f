"""What became of messages reaches the intake log once each, whatever dies or stays open meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.delivery.actions import plan_set, tell_outcomes
from hudhud.delivery.types import PlannedSet
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

TELLING = [sys.executable, "-m", "hudhud.workers.main", "--roles", "telling"]
OUTCOME = "INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) SELECT workspace_id, id, 1, 'accepted', now() FROM message WHERE id = %s RETURNING id"


def told(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(bytes(row[0])) for row in desk.rows("SELECT body FROM intake ORDER BY id")]  # type: ignore[arg-type]


def tell_until(desk: Desk, count: int, limit: int = 100) -> list[dict[str, Any]]:
    """Tell until so many are told: transactions of other tests in the same cluster hold the log of outcomes back."""
    until = time.monotonic() + 15
    while len(told(desk)) < count and time.monotonic() < until:
        with desk.db.everywhere() as everywhere:
            tell_outcomes(everywhere, desk.clock.at, limit)
        time.sleep(0.002)
    return told(desk)


def test_a_mail_that_was_taken_and_one_that_was_not_are_told(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        people = [make.person(ws, address) for address in ("ok@a.example", "550-5.1.1@a.example", "451@a.example")]
        plan_set(
            ws, PlannedSet("journey", "hello", "newsletter", "hello", [7, 8, 9], [1, 1, 1], people, source_key="welcome"), desk.clock.at
        )
    desk.work()
    sent, bounced = sorted(tell_until(desk, 2), key=lambda one: one["event"], reverse=True)
    assert (sent["event"], bounced["event"]) == ("Message Sent", "Message Bounced")
    about = {
        "channel": "email",
        "template": "hello",
        "topic": "newsletter",
        "source_kind": "journey",
        "step": "hello",
        "journey": "welcome",
    }
    assert about.items() <= sent["properties"].items()
    assert {**about, "reason": "peer_rejected", "code": 550}.items() <= bounced["properties"].items()
    assert sent["timestamp"] == desk.clock.at.isoformat()
    owners = dict(desk.rows("SELECT value, person_id FROM identifier WHERE namespace = 'anonymous_id'"))
    assert [owners[one["anonymousId"]] for one in (sent, bounced)] == people[:2]


def test_pages_tell_each_once_and_nothing_of_the_erased(desk: Desk) -> None:
    messages = desk.send(*[f"p{number}@a.example" for number in range(5)])
    desk.work()
    desk.rows("UPDATE person SET erased_at = now() WHERE id = (SELECT person_id FROM message WHERE id = %s) RETURNING id", messages[2])
    found = tell_until(desk, 4, limit=2)
    assert sorted(one["properties"]["message_id"] for one in found) == [one for one in messages if one != messages[2]]
    with desk.db.everywhere() as everywhere:
        assert tell_outcomes(everywhere, desk.clock.at, 100) == 0


def test_an_outcome_that_is_committed_late_is_not_overlooked(desk: Desk) -> None:
    first, second = desk.send("a@a.example", "b@a.example")
    with desk.db.workspace(desk.workspace_id) as late:
        late.conn.execute(OUTCOME, (first,))
        desk.rows(OUTCOME, second)
        with desk.db.everywhere() as everywhere:
            assert tell_outcomes(everywhere, desk.clock.at, 100) == 0
    assert [one["properties"]["message_id"] for one in tell_until(desk, 2)] == [first, second]


@pytest.mark.long
def test_a_worker_that_is_killed_while_it_tells_doubles_nothing(desk: Desk) -> None:
    messages = desk.send(*[f"p{number}@a.example" for number in range(20)])
    desk.work()
    env = {**os.environ, "DATABASE_URL": desk.db.url, "HUDHUD_FAILPOINT": "telling.told:1", "CLICKHOUSE_URL": "http://127.0.0.1:1/none"}
    assert subprocess.run(TELLING, env=env, timeout=30, check=False).returncode == -signal.SIGKILL
    assert told(desk) == []
    assert sorted(one["properties"]["message_id"] for one in tell_until(desk, 20)) == messages
