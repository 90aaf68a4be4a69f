"""What others say reaches the message, its address and the history: once each, and in any order with the same end."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery.outcomes.fold import fold
from hudhud.delivery.outcomes.kept import keep
from hudhud.delivery.outcomes.names import find_message, name_of
from hudhud.delivery.outcomes.rules import OutcomeRules, put_rules
from hudhud.delivery.outcomes.types import Evidence, Kind, Report
from hudhud.delivery.returnpath import to_return_path
from tests import make
from tests.delivery.conftest import KEYS

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

SAYS = {
    "soft": Evidence("452 4.3.1 system full", said=Kind.SOFT_BOUNCE),
    "hard": Evidence("550 5.1.1 no such user", said=Kind.HARD_BOUNCE),
    "delivered": Evidence("", said=Kind.DELIVERED),
    "complaint": Evidence("", said=Kind.COMPLAINT),
    "block": Evidence("550 5.7.1 spam", said=Kind.BLOCK),
    "reply": Evidence("out of office", is_reply=True),
    "unsubscribed": Evidence("", said=Kind.UNSUBSCRIBED),
}


def say(desk: Desk, message_id: int, what: str, minute: int = 0, key: str = "") -> None:
    """Let a provider report, and let it have its effect."""
    at = desk.clock.at + timedelta(minutes=minute)
    report = Report("postmark", key or f"{message_id}:{what}:{minute}", SAYS[what], at, (name_of(KEYS, message_id),))
    with desk.db.everywhere() as everywhere:
        keep(everywhere, KEYS, desk.workspace_id, [report], desk.clock.at + timedelta(hours=1))
        fold(everywhere, desk.clock.at + timedelta(hours=1), 100)


def sent(desk: Desk, *addresses: str) -> list[int]:
    """Return messages that have left."""
    ids = desk.send(*addresses)
    desk.rows(
        "UPDATE message SET state = 'accepted', due_at = NULL, state_at = %s, address = (SELECT value FROM identifier i WHERE i.person_id = message.person_id AND namespace = 'email') RETURNING id",
        desk.clock.at - timedelta(hours=1),
    )
    return ids


def suppressed(desk: Desk) -> dict[object, object]:
    return dict(desk.rows("SELECT address, reason FROM suppression"))


@pytest.mark.parametrize(
    ("told", "state", "reason"),
    [
        ([("delivered", 1)], "delivered", ""),
        ([("soft", 1), ("delivered", 2)], "delivered", ""),
        ([("delivered", 1), ("soft", 2)], "bounced", "soft_bounce"),
        ([("delivered", 1), ("hard", 2)], "bounced", "hard_bounce"),
        ([("hard", 1), ("delivered", 2)], "bounced", "hard_bounce"),
        ([("delivered", 1), ("complaint", 2), ("hard", 3)], "complained", ""),
        ([("soft", 1), ("hard", 2)], "bounced", "hard_bounce"),
        ([("reply", 1)], "accepted", ""),
    ],
)
def test_in_whatever_order_it_is_heard_it_ends_the_same(desk: Desk, told: list[tuple[str, int]], state: str, reason: str) -> None:
    orders = list(itertools.permutations(told))
    for order, message_id in zip(orders, sent(desk, *[f"p{number}@a.example" for number in range(len(orders))]), strict=True):
        for what, minute in [*order, *order]:
            say(desk, message_id, what, minute)
        assert desk.rows("SELECT state, reason FROM message WHERE id = %s", message_id) == [(state, reason)], order
        lines = desk.rows("SELECT state, reason, at FROM message_outcome WHERE message_id = %s", message_id)
        assert len(lines) == len(set(lines)), order


def test_only_what_says_that_nobody_is_there_or_who_complained_suppresses(desk: Desk) -> None:
    for what, message_id in zip(SAYS, sent(desk, *[f"{what}@a.example" for what in SAYS]), strict=True):
        say(desk, message_id, what)
    assert suppressed(desk) == {"hard@a.example": "hard_bounce", "complaint@a.example": "complaint"}
    # Why stands there, and which report it was.
    assert desk.rows("SELECT detail FROM suppression WHERE reason = 'hard_bounce'")[0][0].endswith("550 5.1.1 no such user")  # type: ignore[attr-defined]
    assert set(desk.rows("SELECT address, effect FROM message_report WHERE effect <> ''")) == {
        ("hard@a.example", "suppressed"),
        ("complaint@a.example", "suppressed"),
        ("soft@a.example", "counted"),
        ("unsubscribed@a.example", "unsubscribed"),
    }
    left = desk.rows(
        "SELECT i.value FROM subscription s JOIN topic t ON t.id = s.topic_id JOIN identifier i ON i.person_id = s.person_id AND i.namespace = 'email' WHERE s.state = 'unsubscribed' AND t.key = 'newsletter'"
    )
    assert left == [("unsubscribed@a.example",)]


def test_soft_bounces_count_in_a_window_and_a_delivery_ends_the_count(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        put_rules(ws, OutcomeRules(soft_bounces=3, soft_days=10))
    [person] = [row[0] for row in desk.rows("SELECT person_id FROM message WHERE id = %s", sent(desk, "ann@a.example")[0])]
    ids = [row[0] for row in desk.rows(COPIES, person, 12)]
    day = 24 * 60
    for message_id, (what, minute) in zip(ids, [("soft", -11 * day), ("soft", -3), ("soft", -2)], strict=False):
        say(desk, message_id, what, minute)  # type: ignore[arg-type]
    assert suppressed(desk) == {}, "the first of them lies before the window"
    say(desk, ids[3], "delivered", -1)  # type: ignore[arg-type]
    assert desk.rows("SELECT count(*) FROM soft_bounce") == [(0,)]
    for message_id in ids[4:6]:
        say(desk, message_id, "soft", 1)  # type: ignore[arg-type]
        say(desk, message_id, "soft", 1)  # type: ignore[arg-type]
        say(desk, message_id, "block", 2)  # type: ignore[arg-type]
    assert suppressed(desk) == {}
    say(desk, ids[7], "soft", 2)  # type: ignore[arg-type]
    assert suppressed(desk) == {"ann@a.example": "soft_bounce"}
    [(detail,)] = desk.rows("SELECT detail FROM suppression")
    assert str(detail).startswith("3 soft bounces in 10 days; message ")
    # It has had its effect: whoever takes the address off the list begins anew.
    desk.rows("DELETE FROM suppression RETURNING address")
    say(desk, ids[8], "soft", 3)  # type: ignore[arg-type]
    assert suppressed(desk) == {}


COPIES = """
INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at, address)
SELECT workspace_id, 'test', 1000 + n, 'copy', 1, person_id, channel, topic, template, event, planned_at, state, state_at, address
FROM message, generate_series(1, 12) n WHERE person_id = %s LIMIT %s RETURNING id"""


def test_what_comes_before_the_message_has_left_waits_for_it(desk: Desk) -> None:
    [message_id] = sent(desk, "early@a.example")
    desk.rows("UPDATE message SET state = 'handing_over' WHERE id = %s RETURNING id", message_id)
    say(desk, message_id, "delivered")
    assert desk.rows("SELECT state FROM message") == [("handing_over",)]
    desk.rows("UPDATE message SET state = 'accepted' WHERE id = %s RETURNING id", message_id)
    with desk.db.everywhere() as everywhere:
        assert fold(everywhere, desk.clock.at, 10) == 1
        assert fold(everywhere, desk.clock.at, 10) == 0
    assert desk.rows("SELECT state FROM message") == [("delivered",)]
    assert desk.rows("SELECT count(*) FROM message_report") == [(0,)]


def test_a_delivery_resolves_a_doubt(desk: Desk) -> None:
    [message_id] = sent(desk, "doubt@a.example")
    desk.rows("UPDATE message SET state = 'in_doubt', reason = 'no_reply' WHERE id = %s RETURNING id", message_id)
    say(desk, message_id, "delivered")
    assert desk.rows("SELECT state, reason FROM message") == [("delivered", "")]


def test_nobody_speaks_for_a_message_of_another_workspace_or_without_its_name(desk: Desk) -> None:
    [message_id] = sent(desk, "ann@a.example")
    other = make.workspace(desk.db, "Other")
    forged = [f"{message_id}.{'A' * 32}@x", f"<{message_id}@x>", "ann@a.example", "A" * 32]
    reports = [Report("ses", f"k{number}", SAYS["hard"], desk.clock.at, (text,), "ann@a.example") for number, text in enumerate(forged)]
    with desk.db.everywhere() as everywhere:
        assert keep(everywhere, KEYS, desk.workspace_id, reports, desk.clock.at) == len(forged)
        genuine = Report("ses", "genuine", SAYS["hard"], desk.clock.at, (name_of(KEYS, message_id),), "ann@a.example")
        assert keep(everywhere, KEYS, other, [genuine], desk.clock.at) == 1
        assert fold(everywhere, desk.clock.at, 10) == 0
    assert suppressed(desk) == {}
    assert desk.rows("SELECT count(*), count(message_id) FROM message_report") == [(4, 0)]


def test_our_name_of_a_message_is_found_in_each_of_its_forms() -> None:
    name = name_of(KEYS, 77)
    path = to_return_path(KEYS, 77, "b.example")
    assert len(path.partition("@")[0]) <= 64
    for text in (name, f"<77.{name}@shop.example>", path, path.upper(), f'{{"hudhud": "{name}"}}', f"hudhud-{name}"):
        assert find_message(KEYS, ["nothing", text]) == 77, text
    assert find_message(KEYS, [name[:-1] + ("A" if name[-1] != "A" else "B"), name[:-1], "x" + name]) is None


def test_a_server_s_refusal_says_which_report_it_was(desk: Desk) -> None:
    desk.send("550-5.1.1@a.example", "550-5.7.1@a.example", "550-5.2.2@a.example")
    desk.work()
    found = desk.rows("SELECT address, kind, rule, effect, source FROM message_report ORDER BY address")
    assert found == [
        ("550-5.1.1@a.example", "hard_bounce", "status_5.1.1", "suppressed", "smtp"),
        ("550-5.2.2@a.example", "mailbox_full", "status_5.2.2", "counted", "smtp"),
        ("550-5.7.1@a.example", "block", "status_5.7.1", "", "smtp"),
    ]
    assert suppressed(desk) == {"550-5.1.1@a.example": "hard_bounce"}
