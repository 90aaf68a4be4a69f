"""Too many complaints or dead addresses: marketing stands still, visibly, until somebody lets it go on; transactional mail never does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery.outcomes import brakes
from hudhud.delivery.outcomes.rules import OutcomeRules, put_rules
from hudhud.kit.errors import InvalidInput
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

GONE = """
WITH made AS (
    INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at, address)
    SELECT %(ws)s, 'journey', n, %(key)s, %(key)s || %(at)s::timestamptz::text, 1, n, 'email', %(topic)s, 'hello', '{}', %(at)s, 'accepted', %(at)s, 'x@a.example' FROM generate_series(1, %(sent)s) n RETURNING id
), told AS (
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) SELECT %(ws)s, id, 1, 'accepted', %(at)s FROM made
)
INSERT INTO message_report (workspace_id, message_id, source, key, kind, rule, at, received_at, applied_at)
SELECT %(ws)s, id, 'brevo', %(key)s || id, %(kind)s, 'provider_word', %(at)s, %(at)s, %(at)s FROM made ORDER BY id LIMIT %(bad)s"""


def gone(desk: Desk, key: str, sent: int, bad: int, kind: str = "complaint", topic: str = "newsletter", hours_ago: float = 1) -> None:
    """Let so many mails of a journey have gone out, of which so many were bad."""
    at = desk.clock.at - timedelta(hours=hours_ago)
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute(GONE, {"ws": desk.workspace_id, "key": key, "sent": sent, "bad": bad, "kind": kind, "topic": topic, "at": at})


def pull(desk: Desk) -> int:
    return brakes.look(desk.db, desk.clock.at, desk.clock.at - timedelta(days=1))


def pulled(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT source_kind, source_key, cause, sent, bad FROM sending_brake WHERE released_at IS NULL ORDER BY id")


def test_a_journey_that_annoys_stands_still_and_others_go_on(desk: Desk) -> None:
    gone(desk, "bad", 400, 3)
    gone(desk, "good", 2000, 0)
    gone(desk, "few", 20, 5)
    gone(desk, "old", 400, 40, hours_ago=30)
    gone(desk, "receipts", 400, 40, topic="transactional")
    assert pull(desk) == 1
    assert pulled(desk) == [("journey", "bad", "complaints", 400, 3)]
    assert pull(desk) == 0
    ids = desk.send("ann@a.example", "bob@a.example")
    desk.rows("UPDATE message SET source_kind = 'journey', source_key = 'bad' WHERE id = %s RETURNING id", ids[0])
    desk.rows("UPDATE message SET source_kind = 'journey', source_key = 'good' WHERE id = %s RETURNING id", ids[1])
    desk.work()
    assert desk.told() == ["bob@a.example"]
    assert desk.rows("SELECT state, reason, due_at FROM message WHERE id = %s", ids[0]) == [("planned", "braked", None)]
    # Somebody looked, and lets it go on: what waited leaves, and is counted anew.
    [(brake_id,)] = desk.rows("SELECT id FROM sending_brake")
    with desk.db.workspace(desk.workspace_id) as ws:
        assert brakes.release(ws, brake_id, desk.clock.at, "user:1") == 1  # type: ignore[arg-type]
        with pytest.raises(brakes.NoBrake):
            brakes.release(ws, brake_id, desk.clock.at, "user:1")  # type: ignore[arg-type]
    desk.work()
    assert sorted(desk.told()) == ["ann@a.example", "bob@a.example"]
    assert pull(desk) == 0
    desk.clock.at += timedelta(hours=3)
    gone(desk, "bad", 1, 0)
    gone(desk, "again", 400, 10)
    assert pull(desk) == 1
    assert pulled(desk) == [("journey", "again", "complaints", 400, 10)]


def test_where_each_is_a_little_bad_all_marketing_stands_still_and_transactional_mail_goes(desk: Desk) -> None:
    for number in range(4):
        gone(desk, f"j{number}", 150, 9, "hard_bounce")
    assert pull(desk) == 1
    assert pulled(desk) == [("", "", "hard_bounces", 600, 36)]
    desk.clock.at = make.NOW
    [marketing] = desk.send("ann@a.example")
    [receipt] = desk.send("bob@a.example", topic="transactional")
    [trial] = desk.send("cat@a.example", step="trial")
    desk.rows("UPDATE message SET source_kind = 'api' WHERE id = ANY (%s) RETURNING id", [marketing, receipt])
    desk.work()
    # A test mail that somebody sends to themselves goes, too.
    assert sorted(desk.told()) == ["bob@a.example", "cat@a.example"]
    assert desk.rows("SELECT reason FROM message WHERE id = %s", marketing) == [("braked",)]
    assert trial


def test_the_numbers_are_the_workspace_s_own(desk: Desk) -> None:
    gone(desk, "bad", 400, 3)
    with desk.db.workspace(desk.workspace_id) as ws:
        put_rules(ws, OutcomeRules(complaint_rate=0.01))
        with pytest.raises(InvalidInput, match="bounce_rate"):
            put_rules(ws, OutcomeRules(bounce_rate=2))
    assert pull(desk) == 0
    with desk.db.workspace(desk.workspace_id) as ws:
        put_rules(ws, OutcomeRules(complaint_rate=0.01, bounce_rate=0.001, brake_least=401))
    gone(desk, "dead", 400, 4, "hard_bounce")
    assert pull(desk) == 1
    assert pulled(desk) == [("", "", "hard_bounces", 800, 4)]
