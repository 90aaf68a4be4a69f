"""Characters that no database text can hold, numbers beyond every id, JSON that nobody can read: refused, never a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.browser import PASSWORD, Browser
from tests.app.routes import find_routes
from tests.app.tenants import ID, MARK

if TYPE_CHECKING:
    from tests.app.routes import Route

pytestmark = pytest.mark.usefixtures("web")
OWNER = {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"}
ROUTES = [route for route in find_routes() if route.path != "/api/v1/demo"]
NUL, HALF, BEYOND = "a\0b", "\ud800", 2**63
QUERY = "?after={0}&before={0}&search={0}&state={0}&reason={0}&node={0}&person_id={0}"
LOGIN = "/_allauth/browser/v1/auth/login"


@pytest.fixture
def owner() -> Browser:
    browser = Browser()
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    return browser


def spoil(value: object, text: str) -> object:
    """Put the text wherever there is any."""
    if isinstance(value, dict):
        return {key: spoil(part, text) for key, part in value.items()} or {"en": text}
    return [spoil(part, text) for part in value] if isinstance(value, list) else text if value in ("ours", MARK) else value


def requests(route: Route) -> list[tuple[str, object]]:
    """What a clumsy or hostile sender makes of a route: address and body."""
    found: list[tuple[str, object]] = [(route.url + QUERY.format(word), route.body) for word in ("%00", BEYOND, -BEYOND - 1)]
    found += [(route.url.replace(MARK, "a%00b"), route.body), (route.url.replace(str(ID), str(BEYOND)), route.body)]
    return found + [(route.url, spoil(route.body, text)) for text in (NUL, HALF) if route.body is not None]


@pytest.mark.long
def test_no_text_and_no_number_makes_a_route_fail(owner: Browser) -> None:
    failed = [
        (route.method, url, body) for route in ROUTES for url, body in requests(route) if owner.ask(route.method, url, body)[0] >= 500
    ]

    assert failed == []


def test_sign_in_refuses_half_characters_and_endless_nesting(owner: Browser) -> None:
    assert owner.sign_in("ada@example.com", HALF) == 422
    nested: list[object] = []
    for _ in range(900):
        nested = [nested]
    assert owner.ask("POST", LOGIN, nested)[0] == 400
    headers = {"X-CSRFToken": owner.client.cookies["csrftoken"].value}
    assert owner.client.post(LOGIN, b"[" * 100_000, "application/json", headers=headers).status_code == 422


def test_a_workspace_with_a_number_of_any_length_is_refused(owner: Browser) -> None:
    assert Browser(client=owner.client, workspace=10**4000).ask("GET", "me")[0] == 422
