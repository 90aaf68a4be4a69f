"""The one consent gate: each reason, asked when a message is claimed and again right before it is handed over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.consent.actions import record, suppress
from hudhud.consent.types import ConsentChange
from hudhud.delivery import actions
from hudhud.delivery.actions import plan
from hudhud.delivery.claims import claim
from hudhud.delivery.slot import Slot
from hudhud.delivery.types import PlannedMessage, PlannedSet
from hudhud.kit.localtime import Hours
from hudhud.people.actions import join
from tests import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.kit.db import Scope
    from tests.delivery.conftest import Desk


def _sql(statement: str) -> Callable[[Scope, int], object]:
    return lambda ws, person_id: ws.conn.execute(statement, {"id": person_id})  # type: ignore[call-overload] -- tests write their queries


def _suppressed(reason: str) -> Callable[[Scope, int], object]:
    return lambda ws, _: suppress(ws, {f"suppressed_{reason}@example.com": "seen"}, reason, make.NOW)  # type: ignore[arg-type]


CASES: dict[str, Callable[[Scope, int], object]] = {
    "": lambda _ws, _id: None,
    "not_subscribed": _sql("DELETE FROM subscription WHERE person_id = %(id)s"),
    "not_confirmed": _sql("UPDATE subscription SET state = 'pending' WHERE person_id = %(id)s"),
    "unsubscribed": _sql("UPDATE subscription SET state = 'unsubscribed' WHERE person_id = %(id)s"),
    "no_address": _sql("DELETE FROM identifier WHERE person_id = %(id)s"),
    "person_erased": _sql("UPDATE person SET erased_at = now() WHERE id = %(id)s"),
    "topic_unknown": _sql("UPDATE message SET topic = 'gone' WHERE person_id = %(id)s"),
    "template_unknown": _sql("UPDATE message SET template = 'gone' WHERE person_id = %(id)s"),
    "expired": _sql("UPDATE message SET expires_at = planned_at WHERE person_id = %(id)s"),
    "suppressed_hard_bounce": _suppressed("hard_bounce"),
    "suppressed_complaint": _suppressed("complaint"),
    "suppressed_manual": _suppressed("manual"),
    "suppressed_erased": _suppressed("erased"),
}


def test_every_reason_skips_with_its_name(desk: Desk) -> None:
    desk.send(*[f"{reason or 'fine'}@example.com" for reason in CASES])
    people = [int(str(row[0])) for row in desk.rows("SELECT person_id FROM message ORDER BY id")]
    with desk.db.workspace(desk.workspace_id) as ws:
        for case, person_id in zip(CASES.values(), people, strict=True):
            case(ws, person_id)
    desk.work()
    states = desk.rows("SELECT state, reason FROM message ORDER BY id")
    assert states == [("skipped" if reason else "accepted", reason) for reason in CASES]
    assert desk.told() == ["fine@example.com"]
    assert desk.rows("SELECT reason FROM message_outcome WHERE state = 'skipped' ORDER BY message_id") == [
        (reason,) for reason in CASES if reason
    ]


def test_transactional_mail_needs_no_consent_but_no_suppressed_address(desk: Desk) -> None:
    desk.send("ada@example.com", "Bob@example.com", topic="transactional")
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute("UPDATE subscription SET state = 'unsubscribed'")
        suppress(ws, {"bOB@example.com": ""}, "complaint", make.NOW)
    desk.work()
    assert desk.states() == {"ada@example.com": ("accepted", ""), "Bob@example.com": ("skipped", "suppressed_complaint")}


def test_the_survivor_of_a_merge_gets_the_mail_and_the_newest_word_of_both_counts(desk: Desk) -> None:
    desk.send("old@example.com", "gone@example.com")
    with desk.db.workspace(desk.workspace_id) as ws:
        old, gone = (row[0] for row in ws.conn.execute("SELECT id FROM person ORDER BY id").fetchall())
        new = make.person(ws, "new@example.com", ())
        late = make.person(ws, "late@example.com", ())
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (new, old))
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (late, gone))
        record(ws, [ConsentChange(late, "newsletter", "email", "unsubscribed", make.NOW + timedelta(seconds=1), "api")])
    desk.work()
    assert desk.told() == ["new@example.com"]
    assert desk.rows("SELECT sent_to, state, reason FROM message ORDER BY id") == [(new, "accepted", ""), (None, "skipped", "unsubscribed")]


MEANWHILE = ["unsubscribed", "person_erased", "suppressed_hard_bounce", "suppressed_complaint", "no_address"]


@pytest.mark.parametrize("reason", MEANWHILE)
def test_f27_what_happens_between_claim_and_hand_over_is_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    original = Slot._may_send

    async def change_first(self: Slot, mail: object) -> bool:
        with desk.db.workspace(desk.workspace_id) as ws:
            (person,) = ws.conn.execute("SELECT id FROM person").fetchone()  # type: ignore[misc]
            CASES[reason](ws, person)
        return await original(self, mail)  # type: ignore[arg-type]

    monkeypatch.setattr(Slot, "_may_send", change_first)
    desk.send(f"{reason}@example.com")
    desk.work()
    assert desk.rows("SELECT state, reason FROM message") == [("skipped", reason)]
    assert desk.told() == []


@pytest.mark.parametrize("says_no", [False, True])
def test_f27_a_merge_between_claim_and_hand_over_is_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, says_no: bool) -> None:
    """What was written for one person does not leave: it is written anew for who they are now, if that one agrees, and goes to them once."""
    original = Slot._may_send
    merged: list[object] = []
    with desk.db.workspace(desk.workspace_id) as ws:
        survivor = make.person(ws, "new@example.com", (), first_name="Grace")

    async def merge_first(self: Slot, mail: object) -> bool:
        if not merged:
            merged.append(mail)
            with desk.db.workspace(desk.workspace_id) as ws:
                (gone,) = next(iter(ws.conn.execute("SELECT person_id FROM message")))
                join(ws, survivor, gone, frozenset(), make.NOW, "test")
                if says_no:
                    record(ws, [ConsentChange(survivor, "newsletter", "email", "unsubscribed", make.NOW + timedelta(seconds=1), "api")])
        return await original(self, mail)  # type: ignore[arg-type]

    monkeypatch.setattr(Slot, "_may_send", merge_first)
    desk.send("old@example.com")
    desk.work()
    if says_no:
        assert desk.rows("SELECT state, reason FROM message") == [("skipped", "unsubscribed")]
        assert desk.told() == []
        return
    assert desk.rows("SELECT state, reason, sent_to, attempts FROM message") == [("accepted", "", survivor, 1)]
    (entry,) = desk.ledger.entries()
    assert (entry.recipient, entry.message()["Subject"]) == ("new@example.com", "Hello Grace")


def test_planning_twice_is_planning_once(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        person_id = make.person(ws)
        row = PlannedMessage("journey", 7, "hello", person_id, "newsletter", "hello", event={"total": 5})
        again = PlannedSet("journey", "hello", "newsletter", "hello", [7, 8], [1, 1], [person_id, person_id], ['{"total": 5}', "{}"])
        assert len(plan(ws, [row], make.NOW)) == 1
        assert plan(ws, [row], make.NOW) == []
        assert actions.plan_set(ws, again, make.NOW) == 1
    assert desk.rows("SELECT source_id, event FROM message ORDER BY id") == [(7, {"total": 5}), (8, {})]


def test_a_domain_with_a_limit_gets_its_share_and_the_rest_later(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.put_limit(ws, "Slow.example", 0.001, 2)
    desk.send("a@slow.example", "b@slow.example", "c@slow.example", "d@quick.example")
    desk.work()
    assert sorted(desk.told()) == ["a@slow.example", "b@slow.example", "d@quick.example"]
    assert desk.rows("SELECT state, attempts, due_at > %s FROM message WHERE state <> 'accepted'", make.NOW) == [("planned", 0, True)]


def test_a_message_with_hours_leaves_in_them_alone_where_the_person_lives(desk: Desk) -> None:
    evening = make.NOW.replace(hour=19, minute=30, second=0, microsecond=0)
    hours = Hours(since="09:00", until="20:00")
    zones = {"ada@example.com": "UTC", "eve@example.com": "Europe/Helsinki", "kei@example.com": None}
    with desk.db.workspace(desk.workspace_id) as ws:
        people = [make.person(ws, address) for address in zones]
        for person_id, zone in zip(people, zones.values(), strict=True):
            ws.conn.execute("UPDATE person SET time_zone = %s WHERE id = %s", (zone, person_id))
        ws.conn.execute("UPDATE workspace SET time_zone = 'Asia/Tokyo'")
        actions.plan_set(ws, PlannedSet("journey", "hello", "newsletter", "hello", [1, 2, 3], [1, 1, 1], people, hours=hours), evening)
    with desk.db.everywhere() as everywhere:
        chunk = claim(everywhere, "late", 10, evening)
    assert chunk is not None
    assert [message.person_id for message in chunk.messages] == people[:1]
    morning = evening.replace(day=2, minute=0)
    assert desk.rows("SELECT state, reason, due_at, attempts FROM message ORDER BY id") == [
        ("claimed", "", None, 1),
        ("planned", "send_window", morning.replace(hour=7), 0),
        ("planned", "send_window", morning.replace(hour=0), 0),
    ]
    with desk.db.everywhere() as everywhere:
        later = claim(everywhere, "late", 10, morning.replace(hour=7))
    assert later is not None
    assert [message.person_id for message in later.messages] == people[1:]
