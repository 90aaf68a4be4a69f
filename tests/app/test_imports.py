"""A file from its upload to the people it brings, and out again: look, dry run, run, stop, bad rows, export."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hudhud.accounts.actions import create_key, update_workspace
from hudhud.app import exporting
from hudhud.events.telling import Fact, tell
from hudhud.kit.errors import InvalidInput
from hudhud.transfer.types import PIECE_BYTES
from hudhud.workers import segments, transfers
from tests import make
from tests.app.browser import Browser
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def line(web: Wiring, ch: Client, clickhouse_url: str) -> Line:
    return Line(web.db, ch, clickhouse_url)


def client(line: Line, workspace_id: int = 0) -> Browser:
    with line.db.workspace(workspace_id or line.shop) as ws:
        return Browser(key=create_key(ws, kind="api", name="test", scopes=["read", "write"], now=line.clock.now(), actor="test")[1])


def upload(api: Browser, body: bytes, kind: str = "people", name: str = "list.csv") -> str:
    status, made = api.ask("POST", "imports", {"kind": kind, "name": name, "size": len(body)})
    assert status == 200, (made, body)
    for place, start in enumerate(range(0, len(body), made["piece_bytes"])):
        data = base64.b64encode(body[start : start + made["piece_bytes"]]).decode()
        assert api.ask("PUT", f"imports/{made['id']}/pieces/{place}", {"data": data})[0] == 204
    return f"imports/{made['id']}"


def understood(api: Browser, path: str, **plan: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    status, found = api.ask("POST", f"{path}/look", {})
    assert status == 200, found
    columns = [{name: column[name] for name in ("name", "field", "type")} for column in found["columns"]]
    return {"reading": found["reading"], "columns": columns, "consent_source": "test", **plan}


def bring(line: Line, api: Browser, body: bytes, **plan: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    kind = plan.pop("kind", "people")
    path = upload(api, body, kind)
    status, found = api.ask("POST", f"{path}/start", {"plan": understood(api, path, **plan)})
    assert status == 200, found
    assert transfers.work_once(line.context)
    line.work()
    status, found = api.ask("GET", path)
    assert (status, found["state"]) == (200, "done"), found
    return dict(found)


def states(line: Line) -> dict[str, str]:
    return dict(line.sql("SELECT value, state FROM identifier JOIN subscription USING (person_id) WHERE namespace = 'email'"))


def test_a_list_is_looked_at_counted_and_brought_in(line: Line) -> None:
    api = client(line)
    line.put(
        identify("u1", email="ann@b.ee", city="Tartu", subscriptions={"newsletter": False}),
        identify("u2", email="eve@b.ee", city="Narva", subscriptions={"newsletter": True}),
    )
    line.work()
    rows = ["Email;city;Newsletter", "ann@b.ee;Tartu;yes", "eve@b.ee;Narva;yes", "new@b.ee;Võru;yes", "new@b.ee;Võru;no", "bad@b;x;yes"]
    path = upload(api, "\n".join(rows).encode("cp1252"))
    plan = understood(api, path)
    assert (plan["reading"]["encoding"], plan["reading"]["delimiter"]) == ("cp1252", ";")
    plan["columns"][2]["field"] = "topic.newsletter"
    assert api.ask("POST", f"{path}/check", {"plan": {**plan, "consent_source": ""}})[0] == 422
    assert api.ask("POST", f"{path}/check", {"plan": plan})[1]["state"] == "checking"
    assert transfers.work_once(line.context)
    checked = api.ask("GET", path)[1]
    numbers = {name: checked["numbers"][name] for name in ("new", "changed", "unchanged", "bad", "kept_out")}
    assert (checked["state"], numbers) == ("checked", {"new": 1, "changed": 1, "unchanged": 2, "bad": 1, "kept_out": 1})
    assert [reason.partition(":")[0] for reason in checked["numbers"]["reasons"]] == ["email"]
    assert line.sql("SELECT count(*) FROM person") == [(2,)]
    assert api.ask("POST", f"{path}/start", {})[0] == 200
    assert transfers.work_once(line.context)
    line.work()
    done = api.ask("GET", path)[1]
    assert (done["state"], done["accepted"], done["rejected"]) == ("done", 4, 1)
    assert states(line) == {"ann@b.ee": "unsubscribed", "eve@b.ee": "subscribed", "new@b.ee": "unsubscribed"}
    assert line.sql("SELECT proof -> 'consent' ->> 'source' FROM consent_log WHERE source ~ '^import:'") == [("test",)] * 4
    refused = list(csv.reader(io.StringIO(api.ask("GET", f"{path}/rejects")[1].decode())))
    assert (refused[0], refused[1][0], refused[1][2:]) == (["line", "reason", "Email", "city", "Newsletter"], "6", ["bad@b", "x", "yes"])
    assert line.sql("SELECT count(*) FROM import_piece") == [(0,)]
    assert api.ask("DELETE", path)[0] == 204
    assert api.ask("GET", path)[0] == 404


def test_pieces_are_checked_and_missing_ones_are_told(line: Line) -> None:
    api = client(line)
    path = f"imports/{api.ask('POST', 'imports', {'kind': 'people', 'name': 'x.csv', 'size': PIECE_BYTES + 3})[1]['id']}"
    for place, data in ((0, b"abc"), (1, b"abcd"), (2, b"abc")):
        assert api.ask("PUT", f"{path}/pieces/{place}", {"data": base64.b64encode(data).decode()})[0] == 422
    assert api.ask("PUT", f"{path}/pieces/1", {"data": "no base64!"})[0] == 422
    assert api.ask("PUT", f"{path}/pieces/1", {"data": base64.b64encode(b"abc").decode()})[0] == 204
    assert api.ask("POST", f"{path}/look", {})[0] == 409
    assert api.ask("POST", f"{path}/start", {})[0] == 422
    assert api.ask("POST", f"{path}/cancel")[0] == 409
    empty = upload(api, b"\n\n")
    assert api.ask("POST", f"{empty}/look", {})[0] == 422


def test_a_stopped_import_goes_on_and_two_at_once_harm_nobody(line: Line) -> None:
    api = client(line)
    body = ("user_id,email,n\n" + "".join(f"u{n},p{n}@b.ee,{n}\n" for n in range(6_000))).encode()
    first, second = upload(api, body), upload(api, body.replace(b",n\n", b",m\n", 1))
    for path in (first, second):
        assert api.ask("POST", f"{path}/start", {"plan": understood(api, path)})[0] == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hudhud.transfer.runner.reach", lambda point: point == "import.chunk" and api.ask("POST", f"{first}/cancel"))
        assert transfers.work_once(line.context)
    stopped = api.ask("GET", first)[1]
    assert (stopped["state"], stopped["accepted"]) == ("cancelled", 5_000)
    assert transfers.work_once(line.context)
    assert api.ask("POST", f"{first}/start", {})[0] == 200
    assert transfers.work_once(line.context)
    assert not transfers.work_once(line.context)
    assert api.ask("GET", first)[1]["accepted"] == 6_000
    line.work()
    assert line.sql("SELECT count(*), count(DISTINCT attributes ->> 'n'), sum((attributes ->> 'm')::int) FROM person") == [
        (6_000, 6_000, sum(range(6_000)))
    ]


HARD = {
    "=cmd|' /C calc'!A0": "+1",
    "@sum": "-x",
    "tab": "\tx",
    "quote": "'x",
    "comma": 'a,"b"\nc',
    "number": "007",
    "like": "5",
    "yes": "true",
}


def test_our_own_export_restores_everything_elsewhere(line: Line) -> None:
    api = client(line)
    line.put(
        identify("=u1", "v1", email="Ann+x@b.ee", phone="+37255512345", language="fa", **HARD, age=5, vip=True, tags=["a", 1], big=1e300),
        identify(None, "v2", subscriptions={"newsletter": True}, first_name="Eve"),
        track("=u1", "Order Completed", properties={"total": 20.5, "note": "=1"}, messageId="m1", timestamp="2026-02-20T10:00:00Z"),
        track("gone", "=Seen", messageId="m2", timestamp="2026-02-21T10:00:00Z"),
    )
    line.work()
    with line.db.everywhere() as everywhere:
        ((person_id,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'v2'")
        tell(everywhere, [Fact(line.shop, person_id, "Journey Entered", "own", line.clock.now(), {})], line.clock.now())
    line.work()
    other = make.workspace(line.db, "Other")
    elsewhere = client(line, other)
    tables = {name: exported(api, name) for name in ("people", "events")}
    lines = {name: exported(api, name, "ndjson") for name in ("people", "events")}
    for row in csv.reader(io.StringIO((tables["people"] + tables["events"]).decode())):
        assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r"} for cell in row), row
    bring(line, elsewhere, tables["people"])
    bring(line, elsewhere, tables["events"], kind="events")
    assert without_numbers(elsewhere, "people") == without_numbers(api, "people")
    assert without_numbers(elsewhere, "events") == without_numbers(api, "events")
    third = client(line, make.workspace(line.db, "Third"))
    for name in ("people", "events"):
        path = upload(third, lines[name], name, f"{name}.ndjson")
        assert third.ask("POST", f"{path}/start", {"plan": understood(third, path)})[0] == 200
        assert transfers.work_once(line.context)
        line.work()
    assert without_numbers(third, "people") == without_numbers(api, "people")
    assert json.loads(lines["events"].splitlines()[0])["properties"] == {"total": 20.5, "note": "=1"}


def exported(api: Browser, name: str, form: str = "csv") -> bytes:
    period = "&begin=2026-01-01T00:00:00Z&end=2026-04-01T00:00:00Z" if name == "events" else ""
    status, body = api.ask("GET", f"exports/{name}?format={form}{period}")
    assert (status, len(body) > 100) == (200, True)
    return bytes(body)


def without_numbers(api: Browser, name: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(exported(api, name).decode())))
    plain = [[json.dumps(json.loads(cell)) if cell[:1] == "{" else cell for cell in row] for row in rows]
    return [plain[0], *sorted(row[1 if name == "people" else 0 :] for row in plain[1:])]


def test_members_of_a_segment_are_exported(line: Line) -> None:
    api = client(line)
    line.put(identify("u1", city="Tartu"), identify("u2", city="Narva"))
    line.work()
    tree = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
    made = api.ask("POST", "segments", {"name": "Tartu", "tree": tree})[1]
    segments.work_once(line.context, line.ch, line.clock.now())
    rows = list(csv.reader(io.StringIO(api.ask("GET", f"exports/people?segment_id={made['id']}")[1].decode())))
    assert [row[1] for row in rows] == ["user_id", "u1"]
    assert api.ask("GET", "exports/people?segment_id=999")[0] == 404


@pytest.mark.long
def test_a_day_without_an_offset_is_the_workspaces(line: Line) -> None:
    api = client(line)
    with line.db.workspace(line.shop) as ws:
        update_workspace(ws, line.clock.now(), "test", time_zone="Europe/Tallinn")
    line.put(
        *(
            track("u1", at, timestamp=at)
            for at in ("2026-01-31T21:59:59Z", "2026-01-31T22:00:00Z", "2026-02-01T21:59:59Z", "2026-02-01T22:00:00Z")
        )
    )
    line.work()
    lines = api.ask("GET", "exports/events?format=ndjson&begin=2026-02-01&end=2026-02-02")[1].decode().splitlines()
    assert [json.loads(one)["event"] for one in lines] == ["2026-01-31T22:00:00Z", "2026-02-01T21:59:59Z"]
    # The command line means the same day.
    typed = CliRunner().invoke(exporting.group, ["events", "--format", "ndjson", "--from", "2026-02-01", "--to", "2026-02-02"])
    assert (typed.exit_code, typed.stdout.splitlines()) == (0, lines)
    assert isinstance(CliRunner().invoke(exporting.group, ["events", "--from", "2026-02-02", "--to", "2026-02-01"]).exception, InvalidInput)


@pytest.mark.long
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_killed_workers_lose_and_double_nothing(line: Line, passes: int) -> None:
    api = client(line)
    body = ("user_id,at,event,n\n" + "".join(f"u{n},{'2026-01-01' if n % 1000 else 'never'},E,{n}\n" for n in range(16_000))).encode()
    path = upload(api, body, "events")
    assert api.ask("POST", f"{path}/start", {"plan": understood(api, path)})[0] == 200
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_FAILPOINT": f"import.chunk:{passes}"}
    program = [sys.executable, "-m", "hudhud.workers.main", "--roles", "transfers"]
    assert subprocess.run(program, env=env, capture_output=True, timeout=60, check=False).returncode == -signal.SIGKILL
    while not transfers.work_once(line.context):
        pass
    found = api.ask("GET", path)[1]
    assert (found["state"], found["accepted"], found["rejected"]) == ("done", 15_984, 16)
    ids = "count(*), count(DISTINCT convert_from(body, 'utf8')::jsonb ->> 'messageId')"
    assert line.sql(f"SELECT {ids} FROM intake") == [(15_984, 15_984)]
