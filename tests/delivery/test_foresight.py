"""What rules would do to messages that are not there: the claim's own rules, moment by moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hudhud.delivery.caps import Cap, Room, Unit
from hudhud.delivery.foresight import Wanted, foresee
from hudhud.kit.localtime import Hours

NOON, HOUR = datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(hours=1)
DAILY = Cap(1, "one a day", 1, 1, Unit.DAYS)


def wanted(number: int, hours: float = 0, person_id: int = 1, **more: object) -> Wanted:
    return Wanted(number, person_id, "j", "email", "newsletter", NOON + hours * HOUR, "UTC")._replace(**more)


def told(*messages: Wanted, sent: tuple[Room, ...] = (), quiet: Hours | None = None) -> dict[int, tuple[object, ...]]:
    return {one.id: (one.outcome, one.reason, one.at - NOON, one.cap) for one in foresee(messages, sent, [DAILY], quiet)}


def test_the_best_of_a_moment_goes_and_the_others_wait_for_room() -> None:
    assert told(wanted(1), wanted(2, priority=1), wanted(3, value=2.0), wanted(4, person_id=2)) == {
        2: ("left", "", 0 * HOUR, None),
        3: ("left", "", 24 * HOUR, "one a day"),
        1: ("skipped", "capped", 24 * HOUR, "one a day"),
        4: ("left", "", 0 * HOUR, None),
    }


def test_what_was_sent_before_takes_room_and_what_expires_while_it_waits_is_capped() -> None:
    before = Room(-1, 1, "email", "newsletter", NOON - 20 * HOUR)
    found = told(wanted(1), wanted(2, 1, expires_at=NOON + 3 * HOUR), wanted(3, expires_at=NOON), sent=(before,))
    assert found == {
        3: ("skipped", "expired", 0 * HOUR, None),
        1: ("left", "", 4 * HOUR, "one a day"),
        2: ("skipped", "capped", 3 * HOUR, "one a day"),
    }


def test_hours_come_before_caps_and_hours_that_never_meet_skip() -> None:
    open_ = Hours(since="08:00", until="22:00")
    assert told(wanted(1, 11), wanted(2, 20.5), quiet=open_) == {1: ("left", "", 20 * HOUR, None), 2: ("left", "", 44 * HOUR, "one a day")}
    night = '{"from": "23:00", "to": "05:00"}'
    assert told(wanted(1, hours=2, expires_at=None)._replace(hours=night), quiet=open_) == {1: ("skipped", "quiet_hours", 2 * HOUR, None)}
