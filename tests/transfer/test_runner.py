from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.crypto import Keys
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import actions, queries, runner
from hudhud.transfer.export import rejects
from hudhud.transfer.plans import Options
from hudhud.transfer.queries import reject_pages
from hudhud.transfer.source import from_path
from hudhud.transfer.tables import read_rows
from hudhud.transfer.types import ImportRunning, Reading
from hudhud.workers import transfers
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from hudhud.kit.db import Database
    from hudhud.transfer.runner import Job, Report
    from hudhud.transfer.types import Kind

ORDERS = Options(("user_id=customer_id", "at=ordered_on", "event=Order Completed", "total=amount_usd"), "12:00")
HEADER = "customer_id,ordered_on,quantity,amount_usd\n"


@pytest.fixture
def shop(db: Database) -> int:
    return make.workspace(db)


def run(db: Database, shop: int, path: Path, options: Options = ORDERS, kind: Kind = "events") -> Report:
    return runner.run_file(prepare(db, shop, path, options, kind), lambda _: None)


def prepare(db: Database, shop: int, path: Path, options: Options = ORDERS, kind: Kind = "events") -> Job:
    return runner.prepare(db, shop, kind, from_path(path), options, lambda: NOW, time.sleep, keys=Keys((b"test",)))


def bad_rows(db: Database, shop: int, report: Report, columns: list[str]) -> list[list[str]]:
    text = b"".join(rejects(reject_pages(lambda: db.workspace(shop), report.id), columns, "csv")).decode()
    return list(csv.reader(io.StringIO(text)))


def log(db: Database) -> list[dict[str, Any]]:
    with db.everywhere() as everywhere:
        rows = everywhere.conn.execute("SELECT body FROM intake ORDER BY id").fetchall()
    return [{name: value for name, value in json.loads(row[0]).items() if name != "messageId"} for row in rows]


def test_a_row_becomes_the_message_that_the_mapping_says(db: Database, shop: int, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "00007,1997-01-02,3,20.76\n00008,1997-01-02T10:30:00+02:00,,0.00\n")
    report = run(db, shop, path)
    assert (report.accepted, report.rejected, report.line) == (2, 0, 3)
    assert log(db) == [
        {
            "type": "track",
            "userId": "00007",
            "event": "Order Completed",
            "timestamp": "1997-01-02T12:00:00Z",
            "properties": {"quantity": 3, "total": 20.76},
        },
        {"type": "track", "userId": "00008", "event": "Order Completed", "timestamp": "1997-01-02T08:30:00Z", "properties": {"total": 0.0}},
    ]
    with db.everywhere() as everywhere:
        assert everywhere.conn.execute("SELECT DISTINCT source, lane >= 8 FROM intake").fetchall() == [(f"import:{report.id}", True)]


def test_people_come_with_templates_constants_and_consent(db: Database, shop: int, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id;Name;VIP;phone\n7;Ann Lee;true;0037255512345\n")
    options = Options(
        ("user_id=id", "email={id}@example.com", "traits.name=Name", "plan==gold"),
        subscribe=("newsletter",),
        consent_source="checkout 2024",
    )
    assert run(db, shop, path, options, "people").accepted == 1
    assert log(db) == [
        {
            "type": "identify",
            "userId": "7",
            "context": {"consent": {"source": "checkout 2024"}},
            "traits": {
                "VIP": True,
                "phone": "+37255512345",
                "email": "7@example.com",
                "name": "Ann Lee",
                "plan": "gold",
                "subscriptions": {"newsletter": {"email": "subscribed"}},
            },
        }
    ]


@pytest.mark.parametrize(
    "body",
    [
        "id,name\r\n1,Jürgen\r\n2,Ann\r\n".encode(),
        "id,name\r1,Jürgen\r2,Ann\r".encode(),
        "\ufeffid;name\n1;Jürgen\n\n2;Ann\n".encode(),
        "id\tname\n1\tJürgen\n2\tAnn".encode("latin-1"),
        "id,name\n1,Jürgen\n2,Ann\n".encode("utf-16"),
        "\ufeffid,name\n1,Jürgen\n2,Ann\n".encode("utf-16-be"),
        gzip.compress('id,"name",\n1,"Jürgen",\n2,Ann,\n'.encode()),
    ],
    ids=["utf-8", "cr", "bom", "latin-1 tab", "utf-16", "utf-16-be", "gzip quoted"],
)
def test_files_are_read_as_they_come(db: Database, shop: int, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(body)
    assert run(db, shop, path, Options(("user_id=id",)), "people").rejected == 0
    assert [(message["userId"], message["traits"]["name"]) for message in log(db)] == [("1", "Jürgen"), ("2", "Ann")]


def test_a_bad_row_costs_one_row_and_stands_in_a_file_with_its_reason(db: Database, shop: int, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        HEADER
        + 'u1,1997-01-02,3,1\nu2,2/1/1997,1,1\nu3\n,1997-01-02,1,1\nu5,1997-01-02,"a\0b",1\nu6,1997-01-02,1,1,more\nu7,1997-01-02,1,1\n'
    )
    report = run(db, shop, path)
    assert [message["userId"] for message in log(db)] == ["u1", "u7"]
    rows = bad_rows(db, shop, report, HEADER.strip().split(","))
    assert rows[0] == ["line", "reason", "customer_id", "ordered_on", "quantity", "amount_usd"]
    assert [(row[0], row[1].split(":")[0]) for row in rows[1:]] == [("3", "at"), ("4", "row"), ("5", "userId"), ("6", "body"), ("7", "row")]
    assert rows[1][2:] == ["u2", "2/1/1997", "1", "1"]


def test_rows_that_cannot_be_what_they_say_cost_themselves_only(db: Database, shop: int, tmp_path: Path) -> None:
    early = tmp_path / "early.csv"
    early.write_text(HEADER + "1,0001-01-01T00:00:00+14:00,1,2\n2,1997-01-02,1,2\n")
    broken = tmp_path / "broken.ndjson"
    broken.write_bytes(b'\xef\xbb\xbf{"type":"track","userId":"3","event":"\xff"}\n{"type":"track","userId":"4","event":"E"}\n')
    opened = tmp_path / "opened.csv"
    opened.write_text(HEADER + '5,1997-01-02,1,2\n6,1997-01-02,1,"2\n7,1997-01-02,1,2\n')
    found = [run(db, shop, early), run(db, shop, broken, Options()), run(db, shop, opened)]
    assert [(report.accepted, report.rejected) for report in found] == [(1, 1), (1, 1), (2, 1)]
    assert [row["userId"] for row in log(db)] == ["2", "4", "5", "7"]
    assert "is a quote left open?" in bad_rows(db, shop, found[2], ["row"])[1][1]


def test_json_lines_are_segment_messages(db: Database, shop: int, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    lines = [
        {"type": "track", "userId": "u1", "event": "A", "messageId": "m1"},
        {"type": "track", "userId": "u1"},
        {"type": "page", "anonymousId": "a"},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\nno json\n")
    report = run(db, shop, path, Options())
    assert (report.accepted, report.rejected) == (2, 2)
    text = b"".join(rejects(reject_pages(lambda: db.workspace(shop), report.id), [], "ndjson")).decode()
    told = [json.loads(line) for line in text.splitlines()]
    assert [(line["line"], line["reason"].split(":")[0]) for line in told] == [(2, "event"), (5, "body")]
    people = run(db, shop, path, Options(), "people")
    assert (people.accepted, people.rejected) == (0, 4)


@pytest.mark.parametrize(
    ("header", "maps", "words"),
    [
        ("a,b", ("user_id=a",), "name the event"),
        ("a,b", ("event=X",), "whom a row is about"),
        ("a,b", ("event=X", "user_id=c"), "no column 'c'"),
        ("a,b", ("event=X", "user_id={a}{c}"), "no column 'c'"),
        ("a,b", ("event=X", "user_id"), "FIELD=COLUMN"),
        ("", ("event=X",), "it is empty"),
    ],
)
def test_a_wrong_mapping_is_refused_before_anything_is_written(
    db: Database, shop: int, tmp_path: Path, header: str, maps: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(header)
    with pytest.raises(InvalidInput, match=words):
        run(db, shop, path, Options(maps))
    assert log(db) == []


def test_a_second_run_does_nothing_and_two_at_once_are_refused(db: Database, shop: int, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "u1,1997-01-02,3,1\n")
    first = run(db, shop, path)
    again = run(db, shop, path)
    assert (again.id, again.accepted, again.already, len(log(db))) == (first.id, 1, True, 1)
    job = prepare(db, shop, path)
    with runner._alone(job), pytest.raises(ImportRunning):
        runner.run_file(job, lambda _: None)


@pytest.mark.long
@pytest.mark.parametrize("point", ["import.chunk:1", "import.chunk:2"])
def test_a_killed_import_goes_on_where_it_was(db: Database, clickhouse_url: str, tmp_path: Path, point: str) -> None:
    make.workspace(db)
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "".join(f"u{number},{'1997-01-02' if number % 1000 else 'never'},1,1\n" for number in range(12_000)))
    program = [sys.executable, "-m", "hudhud.cli", "import", "events", str(path), "--no-wait", "--json", "--at-time", "12:00"]
    program += [part for rule in ORDERS.maps for part in ("--map", rule)]
    env = {**os.environ, "DATABASE_URL": db.url, "CLICKHOUSE_URL": clickhouse_url, "HUDHUD_DATA": str(tmp_path / "data")}
    killed = subprocess.run(program, env={**env, "HUDHUD_FAILPOINT": point}, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    done = subprocess.run(program, env=env, capture_output=True, timeout=60, check=False)
    report = json.loads(done.stdout)
    assert (report["accepted"], report["rejected"], report["line"]) == (11_988, 12, 12_001)
    with db.everywhere() as everywhere:
        assert everywhere.conn.execute(
            "SELECT count(*), count(DISTINCT convert_from(body, 'utf8')::jsonb ->> 'messageId') FROM intake"
        ).fetchone() == (11_988, 11_988)
    with Path(report["rejects"]).open(newline="") as file:
        assert [int(row[0]) for row in csv.reader(file) if row[0] != "line"] == [number + 2 for number in range(0, 12_000, 1000)]


def test_an_open_quote_over_a_large_file_costs_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + 'u1,"1997-01-02,3,1\n' + "u2,1997-01-02,3,1\n" * 20_000)
    found = list(read_rows(from_path(path), Reading(), 4, lambda _: None))
    assert [record.line for record in found if record.problem] == [2]
    assert len(found) == 20_002


def test_a_page_of_bad_rows_has_few_bytes_however_large_they_are(
    db: Database, shop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_BYTES", 10_000)
    path = tmp_path / "people.csv"
    path.write_text("email,note\n" + "".join(f"nobody{n},{'x' * (4_000 if n % 2 else 20_000)}\n" for n in range(8)))
    report = run(db, shop, path, Options(), "people")
    assert (report.accepted, report.rejected) == (0, 8)
    pages = [[line for line, _, _ in page] for page in reject_pages(partial(db.workspace, shop), report.id)]
    # A page ends with the row by which it has enough; one alone may be larger.
    assert pages == [[2], [3, 4], [5, 6], [7, 8], [9]]


def test_so_many_bad_rows_are_kept_and_of_the_others_their_number(
    db: Database, shop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK_ROWS", 50)
    monkeypatch.setattr(runner, "MOST_REJECT_BYTES", 10_000)
    monkeypatch.setattr(actions, "MOST_BYTES", 25_000)
    monkeypatch.setattr(actions, "KEPT_BYTES", 20_000)
    reports = []
    for number in range(3):
        path = tmp_path / f"orders{number}.csv"
        path.write_text(HEADER + f"0000{number},1997-01-02,3,20.76\n" + "00008,never,3,20.76\n" * 300)
        reports.append(run(db, shop, path))
    assert [(report.accepted, report.rejected) for report in reports] == [(1, 300)] * 3

    def state() -> list[tuple[int, int]]:
        with db.workspace(shop) as ws:
            return [(len(queries.find_rejects(ws, report.id)), queries.get_import(ws, report.id).rejects_gone) for report in reports]

    before = state()
    assert all(0 < kept < 100 and kept + gone == 300 for kept, gone in before)
    columns = ["customer_id", "ordered_on", "quantity", "amount_usd"]
    with db.workspace(shop) as ws:
        assert [line for line, _, _ in queries.find_rejects(ws, reports[0].id)] == list(range(3, 3 + before[0][0]))
    text = b"".join(rejects(reject_pages(lambda: db.workspace(shop), reports[0].id), columns, "csv", before[0][1])).decode()
    assert f"{before[0][1]} more rows were refused" in text.splitlines()[-1]
    # Of a workspace that has too many the oldest go, and are counted.
    transfers.tidy(db, NOW)
    assert state() == [(0, 300), *before[1:]]
    transfers.tidy(db, NOW)
    assert state() == [(0, 300), *before[1:]]
    transfers.tidy(db, NOW + timedelta(days=40))
    assert [kept for kept, _ in state()] == [0, 0, 0]
    with db.workspace(shop) as ws:
        assert ws.conn.execute("SELECT sum(reject_bytes) FROM import").fetchone() == (0,)
