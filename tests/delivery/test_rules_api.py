"""Rules for sending over the API: what they would have held, what they hold, and that a message says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import actions, effect, queries
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
        found = effect.measure(ws, [weekly, daily], ("11:00", "13:00"), desk.clock.now())
        assert (found["sent"], found["held"], found["in_quiet_hours"], found["one_in"]) == (8, {0: 6, 1: 0}, 8, 1)
        assert effect.measure(ws, [], ("13:00", "11:00"), desk.clock.now())["in_quiet_hours"] == 0
        assert effect.measure(ws, [weekly], None, desk.clock.now() + timedelta(days=40))["sent"] == 0


@pytest.mark.parametrize("every", [1, 5])
def test_where_people_are_many_rules_are_tried_on_some_and_the_rest_is_estimated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Also where most ids are other workspaces'."""
    monkeypatch.setattr(effect, "PEOPLE", 400)
    make_crowd = """
    WITH other AS (INSERT INTO workspace (name, created_at) VALUES ('other', now()) RETURNING id),
    crowd AS (INSERT INTO person (workspace_id, created_at, updated_at)
              SELECT CASE WHEN hashint4(g) %% %s = 0 THEN %s ELSE (SELECT id FROM other) END, now(), now() FROM generate_series(1, 2000 * %s) g RETURNING id, workspace_id),
    sent AS (INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state_at, state)
             SELECT c.workspace_id, 'test', 1, 'day' || d, 1, c.id, 'email', 'newsletter', 'hello', '{}', %s, %s::timestamptz + d * interval '1 day', 'accepted'
             FROM crowd c, generate_series(1, 3) d WHERE c.workspace_id = %s RETURNING id, workspace_id, state_at)
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) SELECT workspace_id, id, 1, 'accepted', state_at FROM sent
    """
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute(make_crowd, (every, desk.workspace_id, every, desk.clock.now(), desk.clock.now(), desk.workspace_id))
    with desk.db.workspace(desk.workspace_id) as ws:
        caps = [Cap(7, "a week", 1, 1, Unit.WEEKS)]
        found = effect.measure(ws, caps, ("11:00", "13:00"), desk.clock.now() + timedelta(days=5))
        monkeypatch.setattr(effect, "MOST_MESSAGES", 300)
        fewer = effect.measure(ws, caps, None, desk.clock.now() + timedelta(days=5))
    assert found["one_in"] >= 4
    ((sent,),) = desk.rows("SELECT count(*) FROM message_outcome WHERE workspace_id = %s", desk.workspace_id)
    assert found["sent"] == pytest.approx(sent, rel=0.1)
    assert (found["held"][7] * 3, found["in_quiet_hours"]) == (found["sent"] * 2, found["sent"])
    assert fewer["one_in"] > found["one_in"]
    assert fewer["sent"] == pytest.approx(sent, rel=0.2)


def test_the_messages_of_one_person_stand_for_nobody_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace of one who gets everything: a test address, a monitor."""
    monkeypatch.setattr(effect, "MOST_MESSAGES", 2)
    desk.send("p@example.com")
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute(
            "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)"
            " SELECT workspace_id, 'test', source_id, 's' || g, 1, person_id, channel, topic, template, '{}', planned_at, due_at, state_at FROM message, generate_series(1, 8) g"
        )
    desk.work()
    with desk.db.workspace(desk.workspace_id) as ws:
        found = effect.measure(ws, [Cap(0, "a day", 1, 1, Unit.DAYS)], None, desk.clock.now())
    assert (found["sent"], found["held"], found["one_in"]) == (9, {0: 8}, 1)


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
