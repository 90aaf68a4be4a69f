"""Taking an import back: what it alone did is undone, what others have done since stays, and counting first says the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.events.telling import Fact, tell
from hudhud.segments import actions as segment_actions
from hudhud.segments.types import from_json
from hudhud.transfer import actions, queries
from hudhud.transfer.types import Column, Plan, Reading, TooLate, Undone, WrongState
from hudhud.workers import segments, transfers
from tests.harness.typed import typed
from tests.make import NOW
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PEOPLE = Plan(
    Reading(),
    (
        Column("user_id", "user_id"),
        Column("email", "email"),
        Column("city", "traits.city"),
        Column("country", "traits.country"),
        Column("newsletter", "topic.newsletter"),
    ),
    consent_source="test",
)
HEADER = b"user_id,email,city,country,newsletter\n"


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def bring(line: Line, body: bytes, plan: Plan = PEOPLE, kind: str = "people") -> int:
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, kind, "list.csv", len(body), NOW, actor="test")  # type: ignore[arg-type]
        actions.put_piece(ws, import_id, 0, body)
        actions.ask_run(ws, import_id, plan, NOW, actor="test")
    assert transfers.work_once(line.context)
    line.work()
    return import_id


def undo(line: Line, import_id: int, *, only_count: bool = False) -> Undone:
    with line.db.workspace(line.shop) as ws:
        actions.ask_undo(ws, import_id, line.clock.now(), only_count=only_count, actor="test")
    assert transfers.work_once(line.context)
    line.work()
    with line.db.workspace(line.shop) as ws:
        found = queries.get_import(ws, import_id)
    assert (found.state, found.problem) == ("done" if only_count else "undone", "")
    assert found.undo is not None
    return found.undo


def note(line: Line, user: str, name: str) -> None:
    """Note something about somebody, as Hudhud itself does."""
    ((person_id,),) = line.sql("SELECT person_id FROM identifier WHERE value = %s", user)
    with line.db.everywhere() as everywhere:
        tell(everywhere, [Fact(line.shop, person_id, name, f"{name}:{user}", NOW, {})], NOW)
    line.work()


def known(line: Line) -> dict[str, dict[str, Any]]:
    return dict(
        line.sql(
            "SELECT i.value, p.attributes FROM person p JOIN identifier i ON i.person_id = p.id AND i.namespace = 'user_id' ORDER BY 1"
        )
    )


def places(line: Line) -> dict[str, tuple[str, str]]:
    rows = line.sql(
        "SELECT i.value, p.country, p.provenance ->> 'country' FROM person p JOIN identifier i ON i.person_id = p.id AND namespace = 'user_id'"
    )
    return {name: (country, origin) for name, country, origin in rows}


def states(line: Line) -> dict[str, str]:
    return dict(line.sql("SELECT value, state FROM identifier JOIN subscription USING (person_id) WHERE namespace = 'user_id' ORDER BY 1"))


def test_what_an_import_alone_did_is_undone_and_what_others_did_since_stays(line: Line) -> None:
    line.put(
        identify("old", email="old@b.ee", city="Tartu", country="EE", subscriptions={"newsletter": True}),
        identify("busy", email="busy@b.ee", city="Narva"),
    )
    line.work()
    before = (known(line), places(line), states(line))
    rows = b"old,new@b.ee,Paide,FI,no\nbusy,busy@b.ee,Paide,FI,\nmade,made@b.ee,Paide,FI,yes\nmet,met@b.ee,Paide,FI,yes\n"
    import_id = bring(line, HEADER + rows)
    assert known(line)["old"] == {"email": "new@b.ee", "city": "Paide", "country": "FI"}
    assert states(line) == {"old": "unsubscribed", "made": "subscribed", "met": "subscribed"}
    line.put(identify("busy", city="Valga"), track("met", "Page Seen"), bulk=False)
    line.work()
    note(line, "made", "Lifecycle Stage Changed")
    told = undo(line, import_id, only_count=True)
    # Of old: the e-mail, both addresses, city and country (each as it was said, and as it is known); of busy: country; of met: country and city.
    assert told == Undone(1, 1, 7 + 2 + 4, 2, 3, 0, 4)
    assert len(known(line)) == 4
    assert undo(line, import_id) == told
    now = known(line)
    assert now == {"old": before[0]["old"], "busy": {"email": "busy@b.ee", "city": "Valga"}, "met": {"email": "met@b.ee"}}
    assert places(line) == {"old": before[1]["old"], "busy": (None, None), "met": (None, None)}
    assert states(line) == before[2]
    assert line.sql("SELECT value FROM identifier WHERE namespace = 'email' ORDER BY 1") == [("busy@b.ee",), ("met@b.ee",), ("old@b.ee",)]
    log = line.sql("SELECT state, source, applied FROM consent_log WHERE source ~ 'undo' ORDER BY id")
    assert sorted(log) == [("subscribed", f"undo:{import_id}", True)] + [("unsubscribed", f"undo:{import_id}", True)] * 2
    assert sorted(name for (name,) in line.events("name")) == ["Identified"] * 3 + ["Lifecycle Stage Changed", "Page Seen"]
    assert line.ch.query("SELECT count() FROM person FINAL WHERE gone = 0").result_rows == [(3,)]
    assert line.sql("SELECT count(*) FROM import_person") == [(0,)]


def test_a_file_that_was_taken_back_may_come_again(line: Line) -> None:
    plan = Plan(Reading(), (Column("user_id", "user_id"), Column("event", "event"), Column("message_id", "message_id"), Column("at", "at")))
    body = b"user_id,event,message_id,at\nu1,Order Completed,m1,2026-01-01\nu2,Order Completed,,2026-01-01\n"
    tree = {"kind": "event", "name": "Order Completed", "count": {"op": "at_least", "value": 1}, "window": {"kind": "ever"}, "where": []}
    with line.db.workspace(line.shop) as ws:
        segment_actions.create_segment(ws, "Buyers", from_json(tree), NOW, by="test")
    line.put(track("u1", "Page Seen"))
    line.work()
    segments.work_once(line.context, line.ch, NOW)
    import_id = bring(line, body, plan, "events")
    assert line.sql("SELECT count FROM segment_membership") == [(2,)]
    assert undo(line, import_id).events == 2
    assert line.events("name") == [("Page Seen",)]
    assert line.events("name", "person_event") == [("Page Seen",)]
    segments.work_once(line.context, line.ch, NOW)
    assert line.sql("SELECT count FROM segment_membership") == [(0,)]
    assert line.sql("SELECT value FROM identifier") == [("u1",)]
    bring(line, body, plan, "events")
    assert line.events("name").count(("Order Completed",)) == 2


@pytest.mark.long
def test_an_undo_that_was_killed_goes_on_and_ends_as_one_that_was_not(line: Line) -> None:
    line.put(*(identify(f"u{number}", city="Tartu") for number in range(0, 2_500, 2)))
    line.work()
    before = known(line)
    import_id = bring(line, HEADER + b"".join(b"u%d,,Paide,,yes\n" % number for number in range(2_500)))
    with line.db.workspace(line.shop) as ws:
        actions.ask_undo(ws, import_id, NOW, only_count=False, actor="test")
    for point in ("undo.page:2", "undo.events:1"):
        env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_FAILPOINT": point}
        program = [sys.executable, "-m", "hudhud.workers.main", "--roles", "transfers"]
        assert subprocess.run(program, env=env, capture_output=True, timeout=60, check=False).returncode == -signal.SIGKILL
    while not transfers.work_once(line.context):
        pass
    with line.db.workspace(line.shop) as ws:
        found = queries.get_import(ws, import_id)
    # The city as it was said, and as it is known.
    assert (found.state, found.undo) == ("undone", Undone(1_250, 0, 2 * 1_250, 0, 2_500, 0, 2_500))
    assert (known(line), states(line)) == (before, {})


@pytest.mark.long
def test_the_command_line_counts_and_takes_back(line: Line, tmp_path: Path) -> None:
    import_id = bring(line, HEADER + b"u1,,Paide,,\n")
    line.sql("UPDATE import SET started_at = now() RETURNING id")  # the command has the present's clock
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_DATA": str(tmp_path)}
    program = ["import", "undo", str(import_id)]
    assert typed([*program, "--count", "--no-wait"], env).stdout == "It is asked for, and will be done when Hudhud runs: hudhud up\n"
    assert transfers.work_once(line.context)
    assert typed([*program, "--json"], env).stdout.startswith('{"state": "undoing"')
    assert transfers.work_once(line.context)
    assert known(line) == {}


def test_it_is_refused_when_it_is_too_old_or_undone_already(line: Line) -> None:
    import_id = bring(line, HEADER + b"u1,,Paide,,\n")
    with line.db.workspace(line.shop) as ws, pytest.raises(TooLate):
        actions.ask_undo(ws, import_id, NOW + 2 * actions.KEPT, only_count=True, actor="test")
    undo(line, import_id)
    with line.db.workspace(line.shop) as ws, pytest.raises(WrongState):
        actions.ask_undo(ws, import_id, NOW, only_count=True, actor="test")
