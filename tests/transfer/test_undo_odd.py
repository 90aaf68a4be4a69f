"""Taking imports back in odd company: one after another, with words of the person's own between them, with somebody at them at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from tests.make import NOW
from tests.transfer.test_undo import HEADER, bring, known, states, undo
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_imports_that_are_both_taken_back_nothing_stays(line: Line, order: tuple[int, int]) -> None:
    line.put(identify("old", city="Tartu"), identify("none"))
    line.work()
    before = known(line)
    both = [
        bring(line, HEADER + b"old,,Paide,,yes\nnone,none@b.ee,Paide,,yes\nmade,,Paide,,yes\n"),
        bring(line, HEADER + b"old,,Narva,FI,yes\nnone,new@b.ee,Narva,,yes\nmade,,Narva,,yes\n"),
    ]
    for place in order:
        undo(line, both[place])
    assert known(line) == before
    assert states(line) == {}
    assert line.sql("SELECT value FROM identifier WHERE namespace = 'email'") == []


def test_who_said_no_themselves_is_not_subscribed_again_by_an_undo(line: Line) -> None:
    line.put(identify("old", subscriptions={"newsletter": True}))
    line.work()
    ((old,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'old'")
    import_id = bring(line, HEADER + b"old,,,,no\nnew,,,,yes\n")
    ((new,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'new'")
    with line.db.workspace(line.shop) as ws:
        consent.record(ws, [ConsentChange(one, "newsletter", "email", "unsubscribed", NOW, "one_click", {}) for one in (old, new)])
    undo(line, import_id)
    assert states(line) == {"old": "unsubscribed", "new": "unsubscribed"}
