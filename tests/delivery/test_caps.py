"""Caps: exact in every rolling window, whoever claims; the best goes, the others wait, and each says what it lost to."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.delivery import actions, claims
from hudhud.delivery.caps import Cap, Unit
from hudhud.delivery.explain import why
from hudhud.delivery.types import Mark, PlannedMessage, Settlement, State
from tests import make

if TYPE_CHECKING:
    from hudhud.delivery.explain import Line
    from hudhud.delivery.types import Chunk
    from tests.delivery.conftest import Desk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOPICS = ("newsletter", "offers", "transactional")


def _cap(desk: Desk, name: str = "few", most: int = 1, **more: object) -> int:
    with desk.db.workspace(desk.workspace_id) as ws:
        return actions.add_cap(ws, Cap(0, name, most, **{"amount": 1, "unit": Unit.DAYS} | more), desk.clock.now())  # type: ignore[arg-type]


def _plan(desk: Desk, person_id: int, *steps: str, **more: object) -> list[int]:
    """Plan one message for each step; `topic` and the rest as the message has them."""
    given = {"topic": "newsletter", "template": "hello"} | more
    return plan_all(desk, [PlannedMessage("test", person_id, step, person_id, **given) for step in steps])  # type: ignore[arg-type]


def plan_all(desk: Desk, rows: list[PlannedMessage]) -> list[int]:
    with desk.db.workspace(desk.workspace_id) as ws:
        return actions.plan(ws, rows, desk.clock.now())


def _person(desk: Desk, address: str = "ada@example.com") -> int:
    with desk.db.workspace(desk.workspace_id) as ws:
        return make.person(ws, address, TOPICS)


def _state(desk: Desk, message_id: int) -> tuple[object, ...]:
    return desk.rows("SELECT state, reason, due_at FROM message WHERE id = %s", message_id)[0]


def _claim(desk: Desk, limit: int = 100) -> Chunk | None:
    with desk.db.everywhere() as everywhere:
        return claims.claim(everywhere, "worker", limit, desk.clock.now())


def _settle(desk: Desk, chunk: Chunk, state: State) -> None:
    with desk.db.everywhere() as everywhere:
        marks = [Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]
        claims.mark(everywhere, marks, desk.clock.now())
        due_at = desk.clock.now() + HOUR if state is State.DEFERRED else None
        claims.settle(
            everywhere, [Settlement(one.id, chunk.lease_id, state, due_at=due_at) for one in chunk.messages], "worker", desk.clock.now()
        )


def test_the_best_goes_and_the_others_wait_for_the_window_to_have_room(desk: Desk) -> None:
    ada, now = _person(desk), desk.clock.now()
    _cap(desk)
    (plain,) = _plan(desk, ada, "plain")
    (valued,) = _plan(desk, ada, "valued", value=3.5)
    (hasty,) = _plan(desk, ada, "hasty", value=3.5, expires_at=now + 12 * HOUR)
    (urgent,) = _plan(desk, ada, "urgent", priority=1)
    desk.work()
    assert _state(desk, urgent)[:2] == ("accepted", "")
    assert _state(desk, hasty) == ("planned", "capped", now + 12 * HOUR)
    assert _state(desk, valued) == _state(desk, plain) == ("planned", "capped", now + DAY)
    held = desk.rows("SELECT cap, taken_by, since, room_at, ended_at FROM message_hold WHERE message_id = %s", plain)
    assert held == [("few", [urgent], now, now + DAY, None)]
    desk.clock.at += 12 * HOUR
    desk.work()
    assert _state(desk, hasty)[:2] == ("skipped", "capped")
    desk.clock.at += 12 * HOUR
    desk.work()
    assert _state(desk, valued)[:2] == ("accepted", "")
    # It has waited one window long, and a better one has its place: it is too late.
    assert _state(desk, plain)[:2] == ("skipped", "capped")
    assert desk.rows("SELECT taken_by, ended_at FROM message_hold WHERE message_id = %s", plain) == [([valued], desk.clock.now())]


def test_what_a_cap_does_not_cover_goes(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk, topic="newsletter", channel="email")
    first = _plan(desk, ada, "n1", "n2")
    others = [*_plan(desk, ada, "o1", "o2", topic="offers"), *_plan(desk, ada, "t1", "t2", topic="transactional")]
    bob = _plan(desk, _person(desk, "bob@example.com"), "n1")
    desk.work()
    assert [_state(desk, one)[:2] for one in first] == [("accepted", ""), ("planned", "capped")]
    assert {_state(desk, one)[0] for one in (*others, *bob)} == {"accepted"}


def test_several_caps_hold_each_by_the_one_that_has_room_last(desk: Desk) -> None:
    ada, now = _person(desk), desk.clock.now()
    _cap(desk, "a day", 2)
    _cap(desk, "a week of offers", 1, unit=Unit.WEEKS, topic="offers")
    one, two = _plan(desk, ada, "a", "b", topic="offers")
    three, four = _plan(desk, ada, "c", "d")
    desk.work()
    assert [_state(desk, at)[0] for at in (one, two, three, four)] == ["accepted", "planned", "accepted", "planned"]
    assert desk.rows("SELECT message_id, cap, room_at FROM message_hold ORDER BY message_id") == [
        (two, "a week of offers", now + 7 * DAY),
        (four, "a day", now + DAY),
    ]


def test_four_workers_find_the_same_room_once(desk: Desk) -> None:
    _cap(desk, most=2)
    people = [_person(desk, f"p{number}@example.com") for number in range(30)]
    plan_all(
        desk, [PlannedMessage("test", one, f"s{step}", one, "newsletter", "hello", priority=step) for step in range(8) for one in people]
    )
    chunks: list[Chunk | None] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while chunk := _claim(desk, 25):
            chunks.append(chunk)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got: dict[int, list[int]] = defaultdict(list)
    for person_id, step in desk.rows("SELECT person_id, priority FROM message WHERE state = 'claimed'"):
        got[person_id].append(step)  # type: ignore[index, arg-type]
    assert {person: sorted(steps) for person, steps in got.items()} == {person: [6, 7] for person in people}
    assert sum(len(chunk.messages) for chunk in chunks if chunk) == 60
    assert desk.rows("SELECT count(*) FROM message WHERE state = 'planned' AND reason = 'capped'") == [(180,)]


def test_room_of_what_was_not_sent_is_free_at_once_and_a_delayed_one_keeps_its_room(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk)
    (first,) = _plan(desk, ada, "first", priority=1)
    (second,) = _plan(desk, ada, "second")
    chunk = _claim(desk)
    assert chunk is not None
    assert [one.id for one in chunk.messages] == [first]
    _settle(desk, chunk, State.DEFERRED)
    assert _state(desk, second)[2] == desk.clock.now() + DAY
    desk.clock.at += HOUR
    again = _claim(desk)
    assert again is not None
    assert [one.id for one in again.messages] == [first]
    _settle(desk, again, State.REJECTED)
    assert _state(desk, second) == ("planned", "capped", desk.clock.now())
    desk.work()
    assert _state(desk, second)[:2] == ("accepted", "")


def test_a_cap_counts_what_was_sent_before_it_was_set_and_lets_go_when_it_is_lifted(desk: Desk) -> None:
    ada = _person(desk)
    _plan(desk, ada, "before")
    desk.work()
    desk.clock.at += HOUR
    cap_id = _cap(desk)
    (late,) = _plan(desk, ada, "late")
    desk.work()
    assert _state(desk, late) == ("planned", "capped", make.NOW + DAY)
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.drop_cap(ws, cap_id, desk.clock.now())
    desk.work()
    assert _state(desk, late)[:2] == ("accepted", "")
    with desk.db.everywhere() as everywhere:
        assert actions.forget_rooms(everywhere, desk.clock.now(), 100) == 1


def test_a_claim_that_is_being_made_counts_for_the_cap_that_is_set_meanwhile(desk: Desk) -> None:
    ada = _person(desk)
    _plan(desk, ada, "first")
    setter = threading.Thread(target=_cap, args=(desk,))
    with desk.db.everywhere() as everywhere:
        assert claims.claim(everywhere, "worker", 100, desk.clock.now()) is not None
        setter.start()
        while not desk.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            pass
    setter.join()
    (second,) = _plan(desk, ada, "second")
    assert _claim(desk) is not None
    assert _state(desk, second)[:2] == ("planned", "capped")


def test_people_who_are_one_now_share_their_room(desk: Desk) -> None:
    old, new = _person(desk, "old@example.com"), _person(desk, "new@example.com")
    _cap(desk, most=2)
    _plan(desk, old, "one")
    _plan(desk, new, "two")
    desk.work()
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (new, old))
    (third,) = _plan(desk, old, "three")
    desk.work()
    assert _state(desk, third)[:2] == ("planned", "capped")


def test_no_rolling_window_ever_holds_more(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk, most=3, amount=5, unit=Unit.HOURS)
    for number in range(24):
        _plan(desk, ada, f"n{number}", expires_at=desk.clock.now() + timedelta(hours=7))
        desk.work()
        desk.clock.at += timedelta(minutes=47)
    sent = sorted(at for (at,) in desk.rows("SELECT at FROM message_outcome WHERE state = 'accepted'") if isinstance(at, datetime))
    assert len(sent) > 10
    assert all(later - first >= timedelta(hours=5) for first, later in zip(sent, sent[3:], strict=False))


def test_why_names_the_cap_and_what_took_the_room(desk: Desk) -> None:
    ada = _person(desk)
    _cap(desk, "one a day")
    (first,) = _plan(desk, ada, "first", priority=1)
    (second,) = _plan(desk, ada, "second")
    desk.work()
    lines = _why(desk, second)
    assert lines["cap"].holds is False
    assert (lines["cap"].data["cap"], lines["cap"].data["taken_by"]) == ("one a day", [first])
    desk.clock.at += DAY
    desk.work()
    assert _why(desk, second)["cap"].holds is True
    assert "cap" not in _why(desk, first)
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.put_quiet_hours(ws, "08:00", "20:00", desk.clock.now())
    (third,) = _plan(desk, ada, "third")
    desk.work()
    quiet = _why(desk, third)["quiet_hours"]
    assert (quiet.holds, quiet.data["opens_at"], quiet.data["told_by"]) == (False, desk.clock.now().replace(hour=20), "workspace")


def _why(desk: Desk, message_id: int) -> dict[str, Line]:
    with desk.db.workspace(desk.workspace_id) as ws:
        return {line.code: line for line in why(ws, message_id, desk.clock.now()).lines}
