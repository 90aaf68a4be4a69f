"""First-run setup, sign-in, sessions and keys, asked by HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

pytestmark = pytest.mark.usefixtures("web")
OWNER = {"email": "Ada@Example.com", "password": PASSWORD, "name": "Ada", "workspace": "Bird shop", "time_zone": "Europe/Tallinn"}


def test_setup_makes_the_first_owner_and_signs_her_in() -> None:
    browser = Browser()
    assert browser.ask("GET", "setup") == (200, {"open": True, "mail": False})
    assert browser.ask("GET", "me")[0] == 401

    assert browser.ask("POST", "setup", OWNER)[0] == 201

    status, me = browser.ask("GET", "me")
    assert status == 200
    assert (me["user"]["email"], me["role"], me["workspace"]["name"]) == ("ada@example.com", "owner", "Bird shop")
    assert browser.ask("GET", "/_allauth/browser/v1/auth/session")[0] == 200
    assert browser.ask("GET", "setup") == (200, {"open": False, "mail": False})


def test_setup_is_refused_once_there_is_an_owner() -> None:
    Browser().ask("POST", "setup", OWNER)

    status, problem = Browser().ask("POST", "setup", OWNER | {"email": "eve@example.com"})

    assert (status, problem["code"]) == (409, "setup_done")


def test_of_two_setups_at_once_one_wins_whole(web: Wiring) -> None:
    def try_it(number: int) -> int:
        try:
            return Browser().ask("POST", "setup", OWNER | {"email": f"owner{number}@example.com"})[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(try_it, range(6))) == [201, 409, 409, 409, 409, 409]
    with web.db.everywhere() as everywhere:
        counts = "SELECT (SELECT count(*) FROM auth_user), (SELECT count(*) FROM workspace), (SELECT count(*) FROM member)"
        assert everywhere.conn.execute(counts).fetchone() == (1, 1, 1)


def test_bad_setup_names_the_field_and_changes_nothing() -> None:
    browser = Browser()
    for change, field in (
        ({"password": "short"}, "password"),
        ({"email": "nonsense"}, "email"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"workspace": ""}, "workspace"),
    ):
        status, problem = browser.ask("POST", "setup", OWNER | change)
        assert (status, problem["field"]) == (422, field)
    assert browser.ask("GET", "setup") == (200, {"open": True, "mail": False})


def test_sign_in_out_and_wrong_password() -> None:
    Browser().ask("POST", "setup", OWNER)
    browser = Browser()
    assert browser.sign_in("ada@example.com", "not-her-password") == 400
    assert browser.sign_in("ada@example.com") == 200
    assert browser.ask("GET", "me")[0] == 200

    assert browser.ask("DELETE", "/_allauth/browser/v1/auth/session")[0] == 401

    assert browser.ask("GET", "me")[0] == 401


def test_strangers_cannot_sign_up() -> None:
    status, _ = Browser().ask("POST", "/_allauth/browser/v1/auth/signup", {"email": "eve@example.com", "password": PASSWORD})

    assert status == 403


def test_a_password_change_ends_all_other_sessions() -> None:
    here, elsewhere = Browser(), Browser()
    here.ask("POST", "setup", OWNER)
    assert elsewhere.sign_in("ada@example.com") == 200

    change = {"current_password": PASSWORD, "new_password": "a-quite-different-bird"}
    assert here.ask("POST", "/_allauth/browser/v1/account/password/change", change)[0] == 200

    assert here.ask("GET", "me")[0] == 200
    assert elsewhere.ask("GET", "me")[0] == 401


def test_a_key_speaks_for_its_workspace_until_it_is_revoked() -> None:
    owner = Browser()
    owner.ask("POST", "setup", OWNER)
    status, made = owner.ask("POST", "keys", {"kind": "api", "name": "robot", "scopes": ["read"]})
    assert status == 201
    robot = Browser(key=made["key"])

    status, me = robot.ask("GET", "me")
    assert (status, me["actor"], me["role"], me["user"]) == (200, f"key:{made['id']}", "viewer", None)
    assert robot.ask("PATCH", "workspace", {"name": "Mine"})[0] == 403

    assert owner.ask("DELETE", f"keys/{made['id']}")[0] == 204
    assert robot.ask("GET", "me")[0] == 401


def test_a_collect_key_opens_no_api() -> None:
    owner = Browser()
    owner.ask("POST", "setup", OWNER)
    made = owner.ask("POST", "keys", {"kind": "collect"})[1]

    assert Browser(key=made["key"]).ask("GET", "me")[0] == 403
    assert Browser(key=made["key"] + "x").ask("GET", "me")[0] == 401
    assert Browser(key="").ask("GET", "me")[0] == 401


def test_a_forgotten_password_tells_strangers_nothing_and_leaves_no_link_in_the_mailbox(web: Wiring) -> None:
    Browser().ask("POST", "setup", OWNER)

    answers = [
        Browser().ask("POST", "/_allauth/browser/v1/auth/password/request", {"email": email})
        for email in ("ada@example.com", "eve@example.com")
    ]

    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    with web.db.everywhere() as everywhere:
        assert everywhere.conn.execute("SELECT count(*) FROM mailbox").fetchone() == (0,)


def test_a_new_member_signs_in_with_the_first_password_until_removed(web: Wiring) -> None:
    owner, bob = Browser(), Browser()
    owner.ask("POST", "setup", OWNER)
    status, made = owner.ask("POST", "members", {"email": "bob@example.com", "name": "Bob", "role": "viewer"})
    assert (status, made["role"]) == (201, "viewer")

    assert bob.sign_in("bob@example.com", made["first_password"]) == 200
    assert bob.ask("GET", "workspace")[0] == 200
    assert bob.ask("GET", "keys")[0] == 403
    assert owner.ask("PATCH", f"members/{made['user_id']}", {"role": "admin"})[0] == 200
    assert bob.ask("GET", "keys")[0] == 200, "a role counts from the next request on"
    assert owner.ask("DELETE", f"members/{made['user_id']}")[0] == 204
    assert bob.ask("GET", "workspace")[1]["code"] == "no_workspace"
    assert web.settings.base_url
