"""Why a message was sent, is held or was skipped: as it was at its moment, not as it is today."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.consent.actions import record, suppress
from hudhud.consent.types import ConsentChange
from hudhud.delivery.actions import plan_set
from hudhud.delivery.explain import WhyMessage, why
from hudhud.delivery.types import PlannedSet
from hudhud.kit.localtime import Hours
from tests import make

if TYPE_CHECKING:
    from datetime import datetime

    from tests.delivery.conftest import Desk

HOUR = timedelta(hours=1)


def plan_for(desk: Desk, *addresses: str, hours: Hours | None = None) -> list[int]:
    """Plan a mail to people who have subscribed by the one door that leaves a proof; return the messages."""
    with desk.db.workspace(desk.workspace_id) as ws:
        ids = [make.person(ws, address, ()) for address in addresses]
        record(ws, [ConsentChange(one, "newsletter", "email", "subscribed", make.NOW - 24 * HOUR, "form") for one in ids])
        plan_set(ws, PlannedSet("test", "hello", "newsletter", "hello", ids, [1] * len(ids), ids, hours=hours), make.NOW)
    return [int(str(row[0])) for row in desk.rows("SELECT id FROM message ORDER BY id")]


def told(desk: Desk, message_id: int, now: datetime = make.NOW) -> WhyMessage:
    with desk.db.workspace(desk.workspace_id) as ws:
        return why(ws, message_id, now)


def against(found: WhyMessage) -> list[str]:
    return [line.code for line in found.lines if line.holds is False]


def leave(desk: Desk, person_id: int, at: datetime) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        record(ws, [ConsentChange(person_id, "newsletter", "email", "unsubscribed", at, "one_click", {"ip": "10.0.0.1", "text": "Leave"})])


def person_of(desk: Desk, message_id: int) -> int:
    return int(str(desk.rows("SELECT person_id FROM message WHERE id = %s", message_id)[0][0]))


def test_a_mail_that_left_shows_consent_as_it_was_then(desk: Desk) -> None:
    (sent,) = plan_for(desk, "ann@example.com")
    desk.work()
    leave(desk, person_of(desk, sent), make.NOW + HOUR)
    with desk.db.workspace(desk.workspace_id) as ws:
        suppress(ws, {"ann@example.com": "seen"}, "complaint", make.NOW + HOUR)
    found = told(desk, sent, make.NOW + 2 * HOUR)
    assert (found.verdict, found.as_of, against(found)) == ("sent", make.NOW, [])
    lines = {line.code: line for line in found.lines}
    assert lines["consent"].data["state"] == "subscribed"
    assert lines["suppression"].data == {"reason": None, "since": None, "is_listed_now": True}
    assert lines["delivery"].data["attempts"] == 1


def test_a_word_that_came_too_late_is_told_as_such(desk: Desk) -> None:
    (sent,) = plan_for(desk, "ann@example.com")
    desk.work()
    leave(desk, person_of(desk, sent), make.NOW - timedelta(seconds=1))
    (line,) = [line for line in told(desk, sent, make.NOW + HOUR).lines if line.code == "consent"]
    assert (line.holds, line.data["is_late"], line.data["state"]) == (None, True, "unsubscribed")


def test_what_was_skipped_names_the_rule_and_its_proof_without_whose_computer(desk: Desk) -> None:
    skipped, listed = plan_for(desk, "ann@example.com", "bob@example.com")
    leave(desk, person_of(desk, skipped), make.NOW - timedelta(seconds=1))
    with desk.db.workspace(desk.workspace_id) as ws:
        suppress(ws, {"bob@example.com": "asked"}, "manual", make.NOW - HOUR)
    desk.work()
    found = told(desk, skipped)
    assert (found.verdict, found.reason, against(found)) == ("skipped", "unsubscribed", ["consent", "delivery"])
    (line,) = [line for line in found.lines if line.code == "consent"]
    assert (line.data["source"], line.data["proof"]) == ("one_click", {"text": "Leave"})
    assert against(told(desk, listed)) == ["suppression", "delivery"]


def test_a_mail_outside_its_hours_says_when_they_begin_and_by_whose_clock(desk: Desk) -> None:
    (message_id,) = plan_for(desk, "ann@example.com", hours=Hours(since="03:00", until="03:30"))
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET time_zone = 'Asia/Tehran', provenance = '{\"time_zone\": \"stated\"}'")
    found = told(desk, message_id)
    assert (found.verdict, against(found)) == ("waits", ["hours"])
    (line,) = [line for line in found.lines if line.code == "hours"]
    assert (line.data["local"][-5:], line.data["zone"], line.data["told_by"]) == ("03:00", "Asia/Tehran", "stated")
