"""Taking imports back in odd company: one after another, with words of the person's own between them, with somebody at them at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.events import actions as event_actions
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.kit import sql
from hudhud.people import actions as people
from hudhud.people.types import Identity
from hudhud.transfer import actions
from hudhud.transfer import undo as undoing
from hudhud.workers import segments, transfers
from tests.make import NOW
from tests.transfer.test_undo import HEADER, bring, known, states, undo
from tests.workers.line import Line, identify
from tests.workers.test_main import until

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize("turn", [1, pytest.param(0, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_two_that_are_taken_back_at_once_leave_nothing(line: Line, monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
    """Page by page beside each other, each page one person."""
    monkeypatch.setattr(undoing, "PAGE", 1)
    names = [f"p{number}" for number in range(6)]
    line.put(*[identify(name, city="Tartu") for name in names[:3]])
    line.work()
    before = known(line)
    both = [
        bring(line, HEADER + b"".join(f"{name},{name}@{city}.ee,{city},,yes\n".encode() for name in names[start:])) for start, city in ((0, "paide"), (turn, "narva"))
    ]  # fmt: skip
    with line.db.workspace(line.shop) as ws:
        for import_id in both:
            actions.ask_undo(ws, import_id, NOW, only_count=False, actor="test")
    with ThreadPoolExecutor(2) as beside:
        assert all(beside.map(transfers.work_once, [line.new_context("one"), line.new_context("two")]))
    line.work()
    assert line.sql("SELECT DISTINCT state, problem FROM import") == [("undone", "")]
    assert known(line) == before
    assert line.sql("SELECT value FROM identifier WHERE namespace = 'email'") == []
    assert states(line) == {}


def test_nobody_is_greeted_for_being_back_by_an_undo(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    tartu = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
    nodes = {"wait": {"kind": "delay", "amount": 1, "unit": "days", "next": "end"}, "end": {"kind": "exit", "reason": "done"}}
    drawn = {
        "key": "back",
        "names": {"en": "Back"},
        "trigger": {"kind": "segment_enter", "segment": tartu},
        "nodes": nodes,
        "start": "wait",
    }
    line.put(identify("old", city="Tartu"), identify("own", city="Tartu"), identify("api"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        journeys.publish(ws, graph.parse(drawn), NOW, by="test")
        journeys.start(ws, "back", NOW, by="test")
    segments.work_once(line.context, line.ch, NOW)
    import_id = bring(line, HEADER + b"old,,Paide,,\nown,,Paide,,\napi,,Paide,,\n")
    line.clock.at += timedelta(minutes=1)
    with line.db.workspace(line.shop) as ws:
        # What nobody has been told of yet when the page comes is no work of the undo.
        people.resolve(ws, [Identity((("user_id", "api"),), "identify", line.clock.now(), attributes={"city": "Tartu"})], line.clock.now())
    delete = event_actions.delete_brought

    def work_meanwhile(db: Database, ch: Client, workspace_id: int, source: str, keep: Callable[[], None]) -> None:
        """The intake keeps pace with the pages; what somebody does themselves counts as ever."""
        line.put(identify("own", city="Tartu"))
        line.work()
        delete(db, ch, workspace_id, source, keep)

    monkeypatch.setattr(event_actions, "delete_brought", work_meanwhile)
    undo(line, import_id)
    segments.work_once(line.context, line.ch, line.clock.now())
    members = "SELECT i.value FROM identifier i JOIN run r ON r.person_id = i.person_id ORDER BY 1"
    assert line.sql(members) == [("api",), ("own",)]
    # It is written down all the same.
    entered = "SELECT DISTINCT i.value FROM segment_change c JOIN identifier i USING (person_id) WHERE entered ORDER BY 1"
    assert line.sql(entered) == [("api",), ("old",), ("own",)]


def test_who_is_joined_while_a_page_waits_gets_nothing_back_and_stays_joined(line: Line) -> None:
    line.put(identify("one", city="Tartu"), identify("two", city="Narva", email="two@b.ee"))
    line.work()
    import_id = bring(line, HEADER + b"two,new@b.ee,Paide,,\n")
    one, two = (line.sql("SELECT person_id FROM identifier WHERE value = %s", name)[0][0] for name in ("one", "two"))
    with line.db.workspace(line.shop) as ws:
        actions.ask_undo(ws, import_id, NOW, only_count=False, actor="test")
    with ThreadPoolExecutor(1) as beside:
        with line.db.workspace(line.shop) as ws:
            people.join(ws, one, two, frozenset(), NOW, "test")
            undoing = beside.submit(transfers.work_once, line.context)
            until(lambda: line.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") != [])
        assert undoing.result()
    line.work()
    assert line.sql("SELECT value FROM identifier WHERE person_id = %s", two) == []
    assert line.sql("SELECT attributes ->> 'city' FROM person WHERE id = %s", two) == [("Paide",)]


def test_nothing_of_an_import_outlives_it(line: Line) -> None:
    """A list that was stopped half way: neither its bytes after an undo, nor whom it spoke of after a month."""
    first, second = (bring(line, HEADER + b"u%d,,Paide,,\n" % number) for number in (1, 2))
    line.sql("UPDATE import SET state = 'cancelled' RETURNING id")
    piece = "INSERT INTO import_piece (workspace_id, import_id, place, body) SELECT workspace_id, id, 0, 'u' FROM import RETURNING 1"
    line.sql(piece)
    undo(line, first)
    assert line.sql("SELECT import_id FROM import_piece") == line.sql("SELECT DISTINCT import_id FROM import_person") == [(second,)]
    transfers.tidy(line.db, NOW + 2 * actions.KEPT)
    assert line.sql("SELECT FROM import_person") == []
    assert line.sql("SELECT id FROM import") == [(first,)]


def test_an_undo_that_fails_says_so_and_can_be_asked_for_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    import_id = bring(line, HEADER + b"u1,,Paide,,\n")
    with line.db.workspace(line.shop) as ws:
        actions.ask_undo(ws, import_id, NOW, only_count=False, actor="test")
    with monkeypatch.context() as patched:
        patched.setattr(people, "take_back", lambda *_, **__: 1 / 0)
        assert transfers.work_once(line.context)
    assert line.sql("SELECT state, problem FROM import") == [
        ("failed", transfers.UNDO_STOPPED.format("ZeroDivisionError: division by zero"))
    ]
    undo(line, import_id)
    assert known(line) == {}


def test_whose_consent_counts_again_is_not_welcomed_again(line: Line) -> None:
    line.put(identify("old", subscriptions={"newsletter": True}))
    line.work()
    line.clock.at += timedelta(hours=1)
    import_id = bring(line, HEADER + b"old,,,,no\n")
    line.clock.at += timedelta(hours=1)
    undo(line, import_id)
    assert states(line) == {"old": "subscribed"}
    journeys = sql.load("hudhud.journeys")
    page = {"from_txid": "0", "from_id": 0, "to_txid": str(2**60), "to_id": 0}
    with line.db.workspace(line.shop) as ws:
        assert [at for _, at in ws.rows(journeys.find_subscribed, topic="newsletter", since=NOW, **page)] == [NOW]
        assert [at for _, at in ws.rows(journeys.replay_subscribed, topic="newsletter", since=NOW, until=line.clock.now())] == [NOW]
