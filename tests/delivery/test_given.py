"""Mails that say what their run was given and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery.actions import plan_set
from hudhud.delivery.types import PlannedSet
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk


def test_a_mail_says_the_code_and_the_answer_that_came_with_it(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        make.template(ws, desk.sandbox, "code", subject="A code", text="{{ coupon.code }} of {{ run.stock.left }}\n")
        person_id = make.person(ws, "ada@example.com", ("newsletter",))
        given = '{"coupon": {"code": "BACK-7", "spring": {"code": "BACK-7"}}, "run": {"stock": {"left": 3}}}'
        planned = PlannedSet("journey", "n1", "newsletter", "code", [1], [1], [person_id], givens=[given])
        plan_set(ws, planned, desk.clock.now())

    desk.work()

    assert set(desk.states().values()) == {("accepted", "")}
    (mail,) = desk.ledger.entries()
    plain = mail.message().get_body(("plain",))
    assert plain is not None
    assert "BACK-7 of 3" in plain.get_content()
