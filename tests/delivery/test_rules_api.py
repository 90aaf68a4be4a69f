"""Rules for sending over the API: what they would have held, what they hold, and that a message says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import actions, queries
from hudhud.delivery.caps import Cap, Unit
from hudhud.kit.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk


def test_what_rules_would_have_held_is_counted_on_what_was_sent(desk: Desk) -> None:
    for day in range(4):
        desk.send(*[f"p{number}@example.com" for number in range(2)], step=f"day{day}") if day == 0 else None
        if day:
            with desk.db.workspace(desk.workspace_id) as ws:
                ws.conn.execute(
                    "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)"
                    " SELECT workspace_id, 'test', source_id, %s, 1, person_id, channel, topic, template, '{}', %s, %s, %s FROM message WHERE step = 'day0'",
                    (f"day{day}", *[desk.clock.now()] * 3),
                )
        desk.work()
        desk.clock.at += timedelta(days=1)
    weekly, daily = Cap(0, "a week", 1, 1, Unit.WEEKS), Cap(1, "a day", 1, 1, Unit.DAYS)
    with desk.db.workspace(desk.workspace_id) as ws:
        found = queries.measure(ws, [weekly, daily], ("11:00", "13:00"), desk.clock.now())
        assert (found["sent"], found["held"], found["in_quiet_hours"], found["one_in"]) == (8, {0: 6, 1: 0}, 8, 1)
        assert queries.measure(ws, [], ("13:00", "11:00"), desk.clock.now())["in_quiet_hours"] == 0
        assert queries.measure(ws, [weekly], None, desk.clock.now() + timedelta(days=40))["sent"] == 0


def test_a_cap_is_about_a_topic_that_there_is_and_is_changed_in_place(desk: Desk) -> None:
    cap = Cap(0, "few", 3, 1, Unit.DAYS)
    with desk.db.workspace(desk.workspace_id) as ws:
        for topic in ("gone", "transactional"):
            with pytest.raises(InvalidInput, match="newsletter"):
                actions.add_cap(ws, Cap(0, "few", 3, 1, Unit.DAYS, None, topic), desk.clock.now())
        cap_id = actions.add_cap(ws, cap, desk.clock.now())
        actions.change_cap(ws, Cap(cap_id, "fewer", 2, 1, Unit.WEEKS, "email", "offers"), desk.clock.now())
        assert queries.find_caps(ws) == [Cap(cap_id, "fewer", 2, 1, Unit.WEEKS, "email", "offers")]
        actions.drop_cap(ws, cap_id, desk.clock.now())
        with pytest.raises(NotFound):
            actions.drop_cap(ws, cap_id, desk.clock.now())
