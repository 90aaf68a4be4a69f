"""A-08: two walls between workspaces, each shown to hold with the other one removed; roles; forged requests (A-03)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from hudhud.demo import actions as demo
from hudhud.kit.db import Scope
from hudhud.kit.http import RANKS
from tests.app.browser import PASSWORD, Browser
from tests.app.routes import find_routes
from tests.app.tenants import ID, MARK, fill, find_walled, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.app.wiring import Wiring
    from tests.conftest import Engines

ROUTES = find_routes()
SAFE = {"GET", "HEAD", "OPTIONS"}
OWNER = {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"}
ROOT = Path(__file__).parents[2] / "hudhud"
# Over all workspaces at once: sign-in and key look-up, first-run setup, metrics, the command line, and what workers run.
MAY_SEE_ALL = {
    "accounts/actions.py",
    "app/auth.py",
    "app/commands.py",
    "app/importing.py",
    "app/warehousing.py",
    "app/metrics.py",
    "app/replay.py",  # a command of the operator: rebuilds ClickHouse for all
    "app/session.py",
    "delivery/clerk.py",
    "delivery/dispatch.py",
    "delivery/outcomes/brakes.py",
    "delivery/outcomes/inbound.py",
    "delivery/outcomes/reading.py",  # what came by mail belongs to no workspace before it is read
    "delivery/mailbox.py",
    "events/kept.py",  # what a ClickHouse that was lost is filled from, for all
    "kit/db.py",
    "transfer/runner.py",
}


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def admin(web: Wiring, engines: Engines) -> Iterator[psycopg.Connection[Any]]:
    """Connect as superuser, and let the other tenant move in."""
    name = conninfo_to_dict(web.settings.database_url)["dbname"]
    with psycopg.connect(engines.postgres_admin.format(name), autocommit=True) as conn:
        fill(conn)
        yield conn


@pytest.fixture
def owner(admin: psycopg.Connection[Any], web: Wiring, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Sign the owner of our own workspace in, while the other tenant has none."""
    monkeypatch.setitem(demo.fill.__kwdefaults__ or {}, "people_count", 20)
    browser = Browser()
    admin.execute("DELETE FROM member WHERE workspace_id = %s", (ID,))
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    admin.execute("INSERT INTO member VALUES (%s, %s, 'owner', '2026-01-01')", (ID, ID))
    web.clickhouse.insert(
        "person", [[ID, ID, 1, 0, {"name": MARK}]], column_names=["workspace_id", "person_id", "version", "gone", "attributes"]
    )
    return browser


def key_of(owner: Browser, scope: str) -> Browser:
    return Browser(key=owner.ask("POST", "keys", {"kind": "api", "scopes": [scope]})[1]["key"])


def remove_security(admin: psycopg.Connection[Any]) -> None:
    for _, table, _, _ in find_walled(admin):
        admin.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))


def bind_wrong(scope: Scope, params: dict[str, Any]) -> dict[str, Any]:
    """Ask for the other tenant's rows whatever the scope says."""
    return {"workspace_id": ID if scope.workspace_id is not None else None} | params


def attack_all(owner: Browser, admin: psycopg.Connection[Any]) -> None:
    """Ask every route for the other tenant's things; nothing of them may come back or change (a refusal may quote our question)."""
    before = fingerprint(admin)
    for route in sorted(ROUTES, key=lambda each: each.method != "GET"):
        status, answer = owner.ask(route.method, route.url, route.body)
        is_quoted = status >= 400 and MARK in f"{route.url} {route.body}"
        assert is_quoted or MARK not in str(answer), route
        assert fingerprint(admin) == before, route


def test_every_table_of_a_workspace_stands_behind_the_forced_wall(admin: psycopg.Connection[Any]) -> None:
    tables = find_walled(admin)

    assert len(tables) > 20
    assert [name for _, name, is_forced, policies in tables if not is_forced or policies != 1] == []


@pytest.mark.long
def test_without_row_level_security_the_queries_alone_keep_tenants_apart(owner: Browser, admin: psycopg.Connection[Any]) -> None:
    remove_security(admin)

    attack_all(owner, admin)


def test_without_scoped_queries_row_level_security_alone_keeps_tenants_apart(
    owner: Browser, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scope, "_bind", bind_wrong)

    attack_all(owner, admin)


def test_without_both_walls_the_attack_succeeds(owner: Browser, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    remove_security(admin)
    monkeypatch.setattr(Scope, "_bind", bind_wrong)

    with pytest.raises(AssertionError, match="method='GET'"):
        attack_all(owner, admin)


def test_a_stranger_to_the_workspace_is_refused(owner: Browser) -> None:
    assert Browser(client=owner.client, workspace=ID).ask("GET", "people")[0] in {403, 404}
    assert Browser(client=owner.client, workspace=ID).ask("GET", "workspace")[0] == 403


def test_each_role_may_do_what_the_document_says_and_no_more(owner: Browser) -> None:
    for scope, role in (("read", "viewer"), ("write", "marketer"), ("admin", "admin")):
        browser = key_of(owner, scope)
        for route in ROUTES:
            if route.role != "none" and RANKS[route.role] > RANKS[role]:
                assert browser.ask(route.method, route.url, route.body)[0] == 403, (role, route)


def test_without_sign_in_every_route_is_closed(web: Wiring) -> None:
    assert web.settings.database_url
    for route in ROUTES:
        if route.role != "none":
            assert Browser().ask(route.method, route.url, route.body)[0] == 401, route
            assert Browser(key="hk_api_guess").ask(route.method, route.url, route.body)[0] == 401, route


def test_no_state_changing_route_takes_a_session_without_its_token(owner: Browser, admin: psycopg.Connection[Any]) -> None:
    forger = Browser(client=owner.client, forged=True)
    before = fingerprint(admin)

    for route in ROUTES:
        if route.method not in SAFE:
            assert forger.ask(route.method, route.url, route.body)[0] == 403, route
            empty = forger.client.generic(route.method, route.url, b"{}", "application/json", headers={"Authorization": ""})
            assert empty.status_code == 403, ("an empty header is no key", route)
    assert forger.ask("DELETE", "/_allauth/browser/v1/auth/session")[0] == 403
    assert forger.ask("POST", "/_allauth/browser/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD})[0] == 403
    assert forger.ask("GET", "me")[0] == 200
    assert fingerprint(admin) == before


def test_only_the_listed_files_see_all_workspaces() -> None:
    found = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if "everywhere()" in path.read_text("utf-8")}

    assert {name for name in found if not name.startswith("workers/")} <= MAY_SEE_ALL
