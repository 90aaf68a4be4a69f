"""The sample shop by HTTP: fill, look at it, let it live, remove it without a trace."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.demo import actions, live
from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

OWNER = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def owner(web: Wiring) -> Browser:
    assert web.settings.base_url
    browser = Browser()
    browser.ask("POST", "setup", OWNER)
    return browser


def count_everything(web: Wiring) -> dict[str, int]:
    """Count the workspace's rows in every table of both databases."""
    with web.db.workspace(1) as ws:
        tables = [row[0] for row in ws.rows(actions.QUERIES.find_tables, kept=[])]
        counts = {table: next(iter(ws.conn.execute(f"SELECT count(*) FROM {table}")))[0] for table in tables}
    for table in ("event", "person_event", "person", "person_override"):
        counts[f"clickhouse.{table}"] = web.clickhouse.query(f"SELECT count() FROM {table}").result_rows[0][0]
    return counts


def test_the_sample_shop_comes_and_goes_whole(web: Wiring, owner: Browser) -> None:
    before = count_everything(web)

    status, made = owner.ask("POST", "demo")
    assert status == 200, made
    assert (made["people"], made["segments"], made["journeys"]) == (5000, 7, ["welcome", "cart"])

    home = owner.ask("GET", "home")[1]
    assert (home["people"], home["is_sample"], home["running_journeys"]) == (5000, True, 2)
    assert home["reachable"] == {"email": 5000}
    assert sum(day["events"] for day in home["days"]) > 1000
    assert home["messages_7d"]["sent"] == 0, "the past starts nothing"
    assert owner.ask("GET", "me")[1]["workspace"]["is_sample"] is True
    counts = {item["name"]: item for item in owner.ask("GET", "events/names")[1]["items"]}
    assert counts["Order Completed"]["count"] == made["orders"]

    assert owner.ask("POST", "demo")[1]["code"] == "not_empty"

    assert owner.ask("DELETE", "demo") == (200, {"removed": True})
    after = count_everything(web)
    assert {table: rows for table, rows in after.items() if rows != before[table] and table != "audit_log"} == {}
    assert owner.ask("DELETE", "demo")[1]["code"] == "not_sample"
    assert owner.ask("GET", "home")[1]["people"] == 0


def test_a_workspace_with_people_is_left_alone(web: Wiring, owner: Browser) -> None:
    with web.db.workspace(1) as ws:
        ws.conn.execute("INSERT INTO person (workspace_id, created_at, updated_at) VALUES (1, now(), now())")

    assert owner.ask("POST", "demo")[1]["code"] == "not_empty"
    assert owner.ask("GET", "me")[1]["workspace"]["is_sample"] is False


@pytest.mark.long
def test_it_can_be_filled_again_and_then_lives(web: Wiring, owner: Browser) -> None:
    now = web.clock.now()
    small: dict[str, Any] = {"pictures": "http://x", "actor": "cli", "people_count": 50}
    for moment in (now, now + timedelta(minutes=5)):
        with web.db.workspace(1) as ws:
            made = actions.fill(ws, web.clickhouse, web.sandbox, moment, **small)
        assert web.clickhouse.query("SELECT count() FROM event").result_rows == [(made.events,)]
        actions.settle(web.db, 1)
        with web.db.workspace(1) as ws:
            # Killed while ClickHouse is emptied, it leaves nothing that workers would miss there.
            assert ws.conn.execute("SELECT count(*) FROM intake_kept").fetchone() == (0,)
            actions.clear(ws, web.clickhouse, moment, actor="cli")

    with web.db.workspace(1) as ws:
        ws.run(actions.QUERIES.set_sample, is_sample=True)
    trickle = live.Trickle("http://x", seed=5)
    trickle.visit(now)
    planned = len(trickle.coming)
    with web.db.workspace(1) as ws:
        assert 1 <= trickle.emit(ws, now) < planned
        assert trickle.emit(ws, now + timedelta(hours=1)) >= 1
        assert actions.is_at_work(ws)
    with web.db.workspace(1) as ws:
        ws.conn.execute("DELETE FROM intake")
        actions.stop(ws)
    trickle.visit(now)
    with web.db.workspace(1) as ws:
        assert trickle.emit(ws, now) == 0, "a sample that is being removed has no trickle"
        assert not actions.is_at_work(ws)
    # Whoever was stopped half-way can do it again.
    assert owner.ask("DELETE", "demo")[0] == 200
    assert owner.ask("GET", "me")[1]["workspace"]["is_sample"] is False


def test_goods_have_pictures(web: Wiring) -> None:
    assert web.settings.base_url
    status, picture = Browser().ask("GET", "/demo/pictures/hoopoe-print.svg")
    assert (status, picture[:4]) == (200, b"<svg")
    assert Browser().ask("GET", "/demo/pictures/nothing.svg")[0] == 404
