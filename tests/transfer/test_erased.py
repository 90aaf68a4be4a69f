"""A list that does not know that somebody was erased here does not bring them back, and nothing of its row stays; unless somebody says so."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.people import erasure
from hudhud.transfer import runner
from hudhud.transfer.check import check
from hudhud.transfer.plans import Options
from hudhud.transfer.queries import find_rejects
from hudhud.transfer.source import from_path
from hudhud.workers import erasure as worker
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    line = Line(db, ch, clickhouse_url)
    line.put(identify("u1", email="Ann@b.ee"), identify("u2", email="eve@b.ee"))
    line.work()
    ((ann,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'u1'")
    with db.workspace(line.shop) as ws:
        erasure.ask(ws, line.context.keys, ann, line.clock.now(), "user:1")
    for _ in range(50):
        line.work()
        worker.work_once(line.context, line.ch)
        if line.sql("SELECT step FROM erasure WHERE step = 'asked'") == []:
            break
    line.clock.at += timedelta(hours=1)
    return line


def bring(line: Line, path: Path, kind: str = "people", **options: object) -> tuple[int, list[tuple[int, str, Any]]]:
    """Return how many rows were taken, and the bad ones."""
    given = (line.shop, kind, from_path(path), Options(**options), line.clock.now, time.sleep)  # type: ignore[arg-type]
    job = runner.prepare(line.db, *given, keys=line.context.keys)  # type: ignore[arg-type]
    runner._open(job)
    would = check(job).bad
    report = runner.run_file(job, lambda _: None)
    with line.db.workspace(line.shop) as ws:
        found = find_rejects(ws, report.id)
    # A dry run counts what the run then does.
    assert would == report.rejected == len(found)
    return report.accepted, found


WHOM = ("user_id=user_id",)
LIST = "user_id,email,city\nu1,new@b.ee,Tartu\nu2,eve@b.ee,Narva\n,ann@b.ee,Valga\nu3,ann@b.ee,Elva\n"


def test_whom_somebody_erased_is_left_out_without_a_word_of_them(line: Line, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    taken, bad = bring(line, path, maps=WHOM)
    # The last one is somebody else, with an address that stays suppressed.
    assert (taken, [(number, cells) for number, _, cells in bad]) == (2, [(2, []), (4, [])])
    assert {reason.partition(";")[0] for _, reason, _ in bad} == {"erased: whom this row is about was erased here on 2026-03-01"}
    line.work()
    assert line.sql("SELECT value FROM identifier WHERE namespace = 'user_id' ORDER BY 1") == [("u2",), ("u3",)]
    assert line.sql("SELECT address, reason FROM suppression") == [("ann@b.ee", "erased")]
    events = tmp_path / "orders.csv"
    events.write_text("user_id,total\nu1,5\nu2,6\n")
    assert bring(line, events, "events", maps=(*WHOM, "event==Order Completed"))[0] == 1
    never = tmp_path / "never.csv"
    never.write_text("email\nann@b.ee\nother@b.ee\n")
    assert bring(line, never, "suppressions", refused="manual")[0] == 1
    lines = tmp_path / "list.ndjson"
    lines.write_text('{"type": "identify", "userId": "u1", "traits": {"city": "Tartu"}}\n')
    assert bring(line, lines)[1][0][2] == []


def test_who_is_let_back_in_comes_as_somebody_new(line: Line, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    assert bring(line, path, maps=WHOM)[0] == 2
    # The same file, otherwise read: it is not one that was imported before.
    assert bring(line, path, maps=WHOM, takes_erased=True) == (4, [])
    line.work()
    assert line.sql("SELECT attributes ->> 'city' FROM person p JOIN identifier i ON i.person_id = p.id WHERE i.value = 'u1'") == [
        ("Tartu",)
    ]
