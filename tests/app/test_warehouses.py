"""A database from its first connection to the people it brings, by the API and the command line: the password is never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hudhud.accounts.actions import create_key
from hudhud.app.wiring import wiring
from hudhud.cli import cli
from hudhud.kit.config import settings
from hudhud.workers import warehouses
from hudhud.workers.context import Context
from tests.app.browser import Browser
from tests.warehouses.conftest import cluster, shop
from tests.warehouses.shop import LOOPBACK, PEOPLE, Shop
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring

__all__ = ["cluster", "shop"]


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def line(web: Wiring, ch: Client, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setenv("HUDHUD_PRIVATE_NETWORKS", LOOPBACK)
    settings.cache_clear()
    line = Line(web.db, ch, clickhouse_url)
    line.context = Context("tester", settings(), web.db, line.clock, wiring().keys)
    return line


def connection(shop: Shop) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": shop.port, "database": shop.database, "user": "hudhud", "tls": "off"}


@pytest.mark.long
def test_from_connecting_to_people(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    with line.db.workspace(line.shop) as ws:
        api = Browser(key=create_key(ws, kind="api", name="test", scopes=["read", "write", "admin"], now=line.clock.now(), actor="test")[1])
    new = {"name": "Shop", "kind": "people", "connection": connection(shop), "password": shop.password}
    status, told = api.ask("POST", "warehouses", new | {"password": "no"})
    assert (status, told["field"]) == (422, "password"), told
    status, made = api.ask("POST", "warehouses", new)
    assert (status, shop.password in json.dumps(made)) == (201, False), made
    path = f"warehouses/{made['id']}"
    assert api.ask("POST", f"{path}/run") == (
        409,
        {"code": "warehouse_without_plan", "message": "Say first what is read and what its columns mean."},
    )
    selection = {"query": "customer", "cursor": "updated_at"}
    status, seen = api.ask("POST", f"{path}/look", {"selection": selection})
    assert (status, [one["field"] for one in seen["columns"]][:3]) == (200, ["traits.id", "email", "traits.city"]), seen
    columns = [{"name": one["name"], "field": "user_id" if one["name"] == "id" else one["field"]} for one in seen["columns"]]
    plan = {"reading": seen["reading"], "columns": columns}
    status, told = api.ask("PUT", f"{path}/plan", {"selection": selection | {"cursor": "nope"}, "plan": plan})
    assert (status, told["field"]) == (422, "cursor")
    assert api.ask("PUT", f"{path}/plan", {"selection": selection, "plan": plan})[0] == 200
    status, found = api.ask("PUT", f"{path}/schedule", {"schedule": {"every": "day", "at": "06:00"}})
    assert (status, found["next_at"] is not None) == (200, True)
    status, run = api.ask("POST", f"{path}/run")
    assert (status, api.ask("POST", f"{path}/run")[0]) == (202, 409)
    assert warehouses.work_once(line.context)
    line.work()
    status, page = api.ask("GET", f"{path}/runs")
    assert [(one["id"], one["state"], one["accepted"]) for one in page["items"]] == [(run["id"], "done", 5)]
    assert api.ask("GET", f"imports/{run['id']}")[1]["state"] == "done"
    assert api.ask("GET", "imports")[1]["items"] == []
    everything = json.dumps([api.ask("GET", path)[1], api.ask("GET", "warehouses")[1], api.ask("GET", "audit")[1]])
    assert shop.password not in everything
    assert line.sql("SELECT count(*) FROM warehouse WHERE position(%s IN warehouse::text) > 0", shop.password) == [(0,)]
    assert api.ask("PATCH", path, {"name": "Other"})[1]["name"] == "Other"
    assert api.ask("PUT", f"{path}/connection", {"connection": connection(shop), "password": shop.password})[0] == 200
    assert api.ask("POST", f"{path}/anew")[1]["place"] is None
    assert api.ask("DELETE", path)[0] == 204
    assert api.ask("GET", path)[0] == 404
    assert api.ask("GET", f"imports/{run['id']}")[0] == 200


@pytest.mark.long
def test_the_command_line_adds_reads_and_forgets(line: Line, shop: Shop, tmp_path: object) -> None:
    shop.do(PEOPLE)

    def command(*words: str) -> str:
        done = CliRunner().invoke(cli, ["warehouse", *words, *(["--data", str(tmp_path)])])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    whom = [
        "--host",
        "127.0.0.1",
        "--port",
        str(shop.port),
        "--database",
        shop.database,
        "--user",
        "hudhud",
        "--tls",
        "off",
        "--password",
        shop.password,
    ]
    what = ["--query", "customer", "--cursor", "updated_at", "--map", "user_id=id", "--every", "15 minutes"]
    made = json.loads(command("add", "Shop", *whom, *what, "--json"))
    assert made["columns"]["id"] == "user_id"
    number = str(made["id"])
    assert "rests" in command("pause", number)
    assert "goes on" in command("go-on", number)
    assert "It is asked for" in command("read", number)
    assert warehouses.work_once(line.context)
    assert "done, 5 rows taken, 0 refused" in command("list")
    assert command("delete", number) == "It is forgotten\n"
