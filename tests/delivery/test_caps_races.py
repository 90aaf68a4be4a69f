"""Caps under what goes wrong: room given back at a bad moment, workers that are lost, people merged since, peers that put off."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hudhud.delivery import actions, claims
from hudhud.delivery.types import PlannedMessage, State
from tests import make
from tests.delivery.test_caps import DAY, HOUR, _cap, _claim, _person, _plan, _settle, _state

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk


def test_quiet_hours_hold_where_another_worker_has_the_first_that_are_due(desk: Desk) -> None:
    other = make.workspace(desk.db, "other")
    with desk.db.workspace(other) as ws:
        make.template(ws, desk.sandbox, text="Hi\n")
        rows = [PlannedMessage("test", 1, "first", make.person(ws, "bob@example.com"), "newsletter", "hello")]
        actions.plan(ws, rows, desk.clock.now() - HOUR)
    ada = _person(desk)
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.put_quiet_hours(ws, "08:00", "20:00", desk.clock.now())
    (late,) = _plan(desk, ada, "late")
    with desk.db.everywhere() as everywhere:
        assert claims.claim(everywhere, "first", 1, desk.clock.now()) is not None
        _claim(desk, 1)
    assert _state(desk, late) == ("planned", "quiet_hours", desk.clock.now().replace(hour=20))


def test_room_that_is_refused_in_a_claim_is_free_in_that_claim(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    (first,) = _plan(desk, ada, "first", priority=1, expires_at=desk.clock.now() + HOUR)
    chunk = _claim(desk)
    assert chunk is not None
    _settle(desk, chunk, State.DEFERRED)
    desk.clock.at += HOUR
    (second,) = _plan(desk, ada, "second")
    _claim(desk)
    assert (_state(desk, first)[:2], _state(desk, second)[0]) == (("skipped", "expired"), "claimed")


def test_room_that_comes_free_after_a_merge_wakes_whoever_is_that_person_now(desk: Desk) -> None:
    old, new = _person(desk, "old@example.com"), _person(desk, "new@example.com")
    _cap(desk)
    _plan(desk, old, "first")
    chunk = _claim(desk)
    assert chunk is not None
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (new, old))
    (second,) = _plan(desk, new, "second")
    _claim(desk)
    assert _state(desk, second)[:2] == ("planned", "capped")
    _settle(desk, chunk, State.REJECTED)
    assert _state(desk, second)[2] == desk.clock.now()


def test_room_of_a_lost_worker_s_last_attempt_wakes_who_waits_for_it(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    (first,) = _plan(desk, ada, "first", priority=1)
    (second,) = _plan(desk, ada, "second")
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE message SET attempts = 19 WHERE id = %s", (first,))
    with desk.db.everywhere() as everywhere:
        claims.claim(everywhere, "gone", 10, desk.clock.now(), lease_s=-1)
    with desk.db.everywhere() as everywhere:
        claims.reap(everywhere, desk.clock.now(), desk.data)
    assert _state(desk, first)[:2] == ("rejected", "attempts_exhausted")
    assert _state(desk, second) == ("planned", "capped", desk.clock.now())


def test_room_that_is_given_back_while_it_is_looked_at_is_not_overlooked(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    _plan(desk, ada, "first")
    chunk = _claim(desk)
    assert chunk is not None
    (second,) = _plan(desk, ada, "second")
    rejecter = threading.Thread(target=_settle, args=(desk, chunk, State.REJECTED))
    with desk.db.everywhere() as everywhere:
        claims.claim(everywhere, "other", 10, desk.clock.now())
        rejecter.start()
        while not desk.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert rejecter.is_alive()
    rejecter.join()
    assert _state(desk, second) == ("planned", "capped", desk.clock.now())


def test_the_best_of_a_topic_goes_though_there_are_many_of_others(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk, topic="newsletter")
    (plain,) = _plan(desk, ada, "plain")
    _plan(desk, ada, *[f"o{number}" for number in range(25)], topic="offers", priority=1)
    (best,) = _plan(desk, ada, "best", value=2.0)
    _claim(desk, 1)
    assert (_state(desk, plain)[:2], _state(desk, best)[0]) == (("planned", "capped"), "claimed")


def test_who_waits_for_a_message_that_leaves_late_waits_that_much_longer(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    (first,) = _plan(desk, ada, "first", priority=1)
    (second,) = _plan(desk, ada, "second")
    chunk = _claim(desk)
    assert chunk is not None
    desk.clock.at += HOUR
    _settle(desk, chunk, State.ACCEPTED)
    desk.clock.at = make.NOW + DAY
    _claim(desk)
    assert _state(desk, second) == ("planned", "capped", make.NOW + DAY + HOUR)
    desk.clock.at += HOUR
    _claim(desk)
    assert [_state(desk, one)[0] for one in (first, second)] == ["accepted", "claimed"]


def test_who_waits_for_a_token_keeps_the_room_that_it_won(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.put_limit(ws, "example.com", 0.01, 1)
        ws.conn.execute("UPDATE sending_limit SET tokens = 0")
    (first,) = _plan(desk, ada, "first", priority=1)
    (second,) = _plan(desk, ada, "second")
    _claim(desk)
    assert (_state(desk, first)[1], _state(desk, second)[1]) == ("", "capped")
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE subscription SET state = 'unsubscribed' WHERE person_id = %s", (ada,))
        ws.conn.execute("UPDATE message SET topic = 'offers' WHERE id = %s", (second,))
    assert desk.rows("SELECT message_id FROM message_room") == [(first,)]
    desk.clock.at += HOUR
    _claim(desk)
    assert _state(desk, second)[2] == desk.clock.now()


def test_mail_leaves_while_a_cap_counts_what_was_sent_and_counts_for_it(desk: Desk) -> None:
    ada = _person(desk)
    (before,) = _plan(desk, ada, "before")
    chunk = _claim(desk)
    assert chunk is not None
    _settle(desk, chunk, State.ACCEPTED)
    (meanwhile, claimed) = _plan(desk, ada, "meanwhile"), _plan(desk, ada, "claimed", due_at=desk.clock.now() + HOUR)
    setter = threading.Thread(target=_cap, args=(desk,))
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("LOCK TABLE message_room IN EXCLUSIVE MODE")
        setter.start()
        while not desk.rows("SELECT FROM pg_locks WHERE relation = 'message_room'::regclass AND NOT granted"):
            assert setter.is_alive()
        chunk = _claim(desk)
        assert chunk is not None
    setter.join()
    assert [one.id for one in chunk.messages] == meanwhile
    assert {row[0] for row in desk.rows("SELECT message_id FROM message_room")} == {before, *meanwhile}
    desk.clock.at += HOUR
    _claim(desk)
    assert _state(desk, claimed[0])[1] == "capped"
