"""Where there is a value already: the rule of each field decides, whatever comes first, and twice is as once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudhud.kit.errors import InvalidInput
from hudhud.people.types import Upsert
from hudhud.people.upsert import admitted
from hudhud.transfer import actions, queries, runner
from hudhud.transfer.plans import Options
from hudhud.transfer.source import from_path
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.workers import transfers
from tests.make import NOW
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

RULES = Upsert({"a": "if_empty", "b": "new_only", "c": "append", "d": "newest"}, "on")


@pytest.mark.parametrize(
    ("known", "said", "is_new", "written"),
    [
        (
            {},
            {"a": 1, "b": 1, "c": [1], "d": 1, "e": 1, "on": "2026-01-01"},
            True,
            {"a": 1, "b": 1, "c": [1], "d": 1, "e": 1, "on": "2026-01-01"},
        ),
        ({}, {"a": 1, "b": 1, "c": [1], "d": 1}, False, {"a": 1, "c": [1], "d": 1}),
        ({"a": 0, "c": [2, 1], "e": 0}, {"a": 1, "c": [1, 3], "e": 1}, False, {"c": [2, 1, 3], "e": 1}),
        ({"a": "", "c": "x"}, {"a": 1, "c": ["y", "y"]}, False, {"a": 1, "c": ["x", "y"]}),
        ({"d": 0, "on": "2026-01-02"}, {"d": 1, "on": "2026-01-01"}, False, {}),
        ({"d": 0, "on": "2026-01-02"}, {"d": 1, "on": "2026-01-02T00:00:00Z"}, False, {"d": 1, "on": "2026-01-02T00:00:00Z"}),
        ({"on": "2026-01-02"}, {"d": 1, "on": "2026-01-01"}, False, {"d": 1}),
        ({"d": 0, "on": "2026-01-02"}, {"d": 1, "on": "never"}, False, {}),
        ({"d": 0}, {"d": 1, "on": "2026-01-01"}, False, {"d": 1, "on": "2026-01-01"}),
    ],
)
def test_each_rule_decides_about_its_field(known: dict[str, Any], said: dict[str, Any], is_new: bool, written: dict[str, Any]) -> None:  # noqa: FBT001 -- a column of the table
    assert admitted(RULES, known, said, is_new=is_new) == written


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(0, 2),
        "b": st.integers(0, 2),
        "c": st.lists(st.integers(0, 3), max_size=3),
        "d": st.integers(0, 2),
        "e": st.integers(0, 2),
        "on": st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-03T10:00:00+02:00"]),
    },
)


@given(VALUES, VALUES)
def test_a_row_that_comes_twice_changes_nothing_more(known: dict[str, Any], said: dict[str, Any]) -> None:
    once = {**known, **admitted(RULES, known, said, is_new=False)}
    assert {**once, **admitted(RULES, once, said, is_new=False)} == once


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def job(line: Line, path: Path, *rules: str, newest_by: str = "") -> runner.Job:
    options = Options(("user_id=id", "email=mail"), rules=rules, newest_by=newest_by)
    return runner.prepare(line.db, line.shop, "people", from_path(path), options, lambda: NOW, time.sleep, keys=line.context.keys)


def test_a_list_follows_its_rules(line: Line, tmp_path: Path) -> None:
    line.put(identify("u1", email="kept@b.ee", city="Tartu", tags=["old"], plan="gold", on="2026-02-01"))
    line.work()
    path = tmp_path / "people.csv"
    path.write_text(
        "id,mail,city,tags,plan,on,source\n"
        "u1,other@b.ee,Narva,old;new,lead,2026-01-01,fair\n"
        "u2,u2@b.ee,Narva,new,lead,2026-01-01,fair\n"
        "u2,more@b.ee,Paide,newer,basic,2026-01-05,web\n"
    )
    rules = ("email=if_empty", "traits.city=if_empty", "traits.tags=append", "traits.plan=newest", "traits.source=new_only")
    runner.run_file(job(line, path, *rules, newest_by="traits.on"), lambda _: None)
    line.work()
    known = dict(line.sql("SELECT i.value, p.attributes FROM person p JOIN identifier i ON i.person_id = p.id AND namespace = 'user_id'"))
    assert known == {
        "u1": {"email": "kept@b.ee", "city": "Tartu", "tags": ["old", "new"], "plan": "gold", "on": "2026-02-01"},
        "u2": {"email": "u2@b.ee", "city": "Narva", "tags": ["new", "newer"], "plan": "basic", "on": "2026-01-05", "source": "fair"},
    }
    assert line.sql("SELECT value FROM identifier WHERE namespace = 'email' ORDER BY 1") == [("kept@b.ee",), ("u2@b.ee",)]


def test_the_dry_run_follows_the_rules(line: Line) -> None:
    line.put(identify("u1", email="kept@b.ee", city="Tartu"), identify("u2", city=""))
    line.work()
    body = b"id,mail,city\nu1,other@b.ee,Narva\nu2,,Narva\n"
    columns = (Column("id", "user_id"), Column("mail", "email", upsert="if_empty"), Column("city", "traits.city", upsert="if_empty"))
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, "people", "list.csv", len(body), NOW, actor="test")
        actions.put_piece(ws, import_id, 0, body)
        actions.ask_check(ws, import_id, Plan(Reading(), columns))
    assert transfers.work_once(line.context)
    with line.db.workspace(line.shop) as ws:
        counted = queries.get_import(ws, import_id).numbers
    assert counted is not None
    assert (counted.new, counted.changed, counted.unchanged) == (0, 1, 1)


@pytest.mark.parametrize(
    ("rules", "newest_by"),
    [
        (("traits.city=sometimes",), ""),
        (("user_id=if_empty",), ""),
        (("traits.town=if_empty",), ""),
        (("email=append",), ""),
        (("traits.city=newest",), ""),
        (("traits.city=if_empty",), "traits.on"),
        (("traits.city",), ""),
        (("traits.city=newest", "traits.on=append"), "traits.on"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(line: Line, tmp_path: Path, rules: tuple[str, ...], newest_by: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,mail,city,on\nu1,,Narva,2026-01-01\n")
    with pytest.raises(InvalidInput):
        job(line, path, *rules, newest_by=newest_by)


@pytest.mark.parametrize("upsert", [5, {}, {"rules": {"a": 1}}, {"rules": [], "newest_by": None}])
def test_rules_that_cannot_be_read_in_a_line_cost_that_line(line: Line, tmp_path: Path, upsert: Any) -> None:  # noqa: ANN401 -- any JSON
    bad, good = ({**identify(user, city="Narva"), "messageId": user} for user in ("bad", "good"))
    path = tmp_path / "people.ndjson"
    path.write_text(json.dumps({**bad, "context": {"upsert": upsert}}) + "\n" + json.dumps(good) + "\n")
    read = runner.prepare(line.db, line.shop, "people", from_path(path), Options(), lambda: NOW, time.sleep, keys=line.context.keys)
    report = runner.run_file(read, lambda _: None)
    assert (report.accepted, report.rejected) == (1, 1)
    # One that is in the log already stops nobody either.
    line.put({**bad, "context": {"upsert": upsert}}, source="import:7")
    line.work()
    assert line.sql("SELECT value FROM identifier") == [("good",)]
    assert "context.upsert" in line.rejects()[0][1]


def test_nothing_that_was_there_is_cut_off_a_list_and_truth_is_no_number() -> None:
    long = list(range(2_000))
    assert admitted(RULES, {"c": long}, {"c": ["new"]}, is_new=False) == {"c": long}
    assert admitted(RULES, {"c": [1, 1, {"a": 1, "b": 2}]}, {"c": [True, 1, {"b": 2, "a": 1}]}, is_new=False) == {
        "c": [1, 1, {"a": 1, "b": 2}, True]
    }
    assert len(admitted(RULES, {"c": 1}, {"c": long}, is_new=False)["c"]) == 1_000


def test_the_newest_wins_however_dates_are_written_and_what_is_no_date_is_refused(line: Line) -> None:
    body = b"id,word,on\nu1,newer,02.01.2026\nu1,older,31.12.2025\nu1,odd,1767225600\n"
    columns = (Column("id", "user_id"), Column("word", "traits.word", upsert="newest"), Column("on", "traits.on"))
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, "people", "list.csv", len(body), NOW, actor="test")
        actions.put_piece(ws, import_id, 0, body)
        actions.ask_run(ws, import_id, Plan(Reading(dates="dmy"), columns, newest_by="traits.on"), NOW, actor="test")
    assert transfers.work_once(line.context)
    line.work()
    assert line.sql("SELECT attributes FROM person") == [({"word": "newer", "on": "2026-01-02"},)]
    assert line.sql("SELECT line FROM import_reject") == [(4,)]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_imports_of_100_000_people_at_once_double_nobody_and_the_newer_one_stands(line: Line, tmp_path: Path) -> None:
    """F-37: two processes, one of them with older data, and two that read the log."""
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_DATA": str(tmp_path)}
    workers = [
        subprocess.Popen([sys.executable, "-m", "hudhud.workers.main", "--roles", "intake"], env=env, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    imports = []
    for name, day in (("older", "2026-01-01"), ("newer", "2026-02-01")):
        path = tmp_path / f"{name}.csv"
        with path.open("w") as file:
            file.write("id,mail,word,on,free\n")
            file.writelines(f"u{number},p{number}@b.ee,{name},{day},{name}\n" for number in range(100_000))
        program = [
            sys.executable,
            "-m",
            "hudhud.cli",
            "import",
            "people",
            str(path),
            "--json",
            "--map",
            "user_id=id",
            "--map",
            "email=mail",
        ]
        program += ["--rule", "traits.word=newest", "--newest-by", "traits.on"]
        imports.append(subprocess.Popen(program, env=env, stdout=subprocess.PIPE, text=True))
    reports = [json.loads(each.communicate(timeout=600)[0]) for each in imports]
    for worker in workers:
        worker.terminate()
    said = "".join(worker.communicate(timeout=60)[1] for worker in workers)
    assert [(report["accepted"], report["rejected"], report["processed"]) for report in reports] == [(100_000, 0, True)] * 2
    assert "deadlock" not in said
    assert "role.failed" not in said
    counts = "count(*), count(DISTINCT attributes ->> 'email'), count(*) FILTER (WHERE attributes ->> 'word' = 'newer' AND attributes ->> 'on' = '2026-02-01')"
    assert line.sql(f"SELECT {counts} FROM person WHERE merged_into IS NULL") == [(100_000, 100_000, 100_000)]
    # Without a rule, the row that is processed last stands: of each person one of the two, whole.
    assert line.sql("SELECT count(*) FROM person WHERE attributes ->> 'free' IN ('older', 'newer')") == [(100_000,)]
    assert line.sql("SELECT namespace, count(*) FROM identifier GROUP BY 1 ORDER BY 1") == [("email", 100_000), ("user_id", 100_000)]
    assert line.rejects() == []
    assert line.ch.query("SELECT count() FROM event").result_rows == [(200_000,)]
