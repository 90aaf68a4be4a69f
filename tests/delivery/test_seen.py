"""A mail that nobody gets twice: asked again when it is about to leave, as two journeys may have planned it before either's had left."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import actions, claims
from hudhud.delivery.explain import why
from hudhud.delivery.types import PlannedSet, State
from tests.delivery.test_caps import DAY, HOUR, _claim, _person, _plan, _settle, _state

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def _plan_once(desk: Desk, person_id: int, run: int, since: datetime = EVER) -> int:
    """Plan the mail `hello` for a run, unless its person has got it since; return the message."""
    planned = PlannedSet("journey", "mail", "newsletter", "hello", [run], [1], [person_id], seen_sinces=[since])
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.plan_set(ws, planned, desk.clock.now())
    return int(str(desk.rows("SELECT max(id) FROM message")[0][0]))


@pytest.mark.parametrize("ends", [State.ACCEPTED, State.REJECTED])
def test_of_two_that_are_due_together_one_leaves_and_the_other_waits_for_what_becomes_of_it(desk: Desk, ends: State) -> None:
    ada = _person(desk)
    first, second = _plan_once(desk, ada, 1), _plan_once(desk, ada, 2)
    chunk = _claim(desk)
    assert chunk is not None
    assert [one.id for one in chunk.messages] == [first]
    assert _state(desk, second)[0] == "planned"
    _settle(desk, chunk, ends)
    desk.clock.at += HOUR
    _claim(desk)
    assert _state(desk, second)[:2] == (("skipped", "already_seen") if ends is State.ACCEPTED else ("claimed", ""))
    if ends is State.ACCEPTED:
        with desk.db.workspace(desk.workspace_id) as ws:
            lines = {line.code: line.holds for line in why(ws, second, desk.clock.now()).lines}
        assert lines["seen"] is False


def test_two_workers_at_once_do_not_both_let_it_through(desk: Desk) -> None:
    ada = _person(desk)
    first, second = _plan_once(desk, ada, 1), _plan_once(desk, ada, 2)
    other = threading.Thread(target=_claim, args=(desk,))
    with desk.db.everywhere() as everywhere:
        assert claims.claim(everywhere, "first", 1, desk.clock.now()) is not None
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join(10)
    assert (_state(desk, first)[0], _state(desk, second)[0]) == ("claimed", "planned")


def test_what_was_got_long_ago_or_by_nobody_else_and_tests_do_not_count_and_merged_people_do(desk: Desk) -> None:
    ada, old = _person(desk), _person(desk, "old@example.com")
    _plan(desk, ada, "try")
    desk.work()
    _plan_once(desk, old, 1)
    desk.work()
    desk.clock.at += DAY
    now = desk.clock.now()
    # A test is no news; what was got on the edge of the days counts, what was before does not.
    after, edge = _plan_once(desk, old, 2, now - DAY + HOUR / 3600), _plan_once(desk, old, 3, now - DAY)
    tried = _plan_once(desk, ada, 4)
    _claim(desk)
    assert [_state(desk, one)[:2] for one in (edge, after, tried)] == [("skipped", "already_seen"), ("claimed", ""), ("claimed", "")]
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (ada, old))
    joined = _plan_once(desk, ada, 5)
    desk.clock.at += HOUR
    _claim(desk)
    assert _state(desk, joined)[:2] == ("skipped", "already_seen")
