"""A forgotten password: the mail through a real SMTP peer, in the user's language; the link counts once."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.test import override_settings

from tests.app.browser import PASSWORD, Browser
from tests.harness.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.book import Entry

pytestmark = pytest.mark.usefixtures("web")
OWNER = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", "workspace": "Bird shop", "time_zone": "UTC"}
REQUEST, RESET = "/_allauth/browser/v1/auth/password/request", "/_allauth/browser/v1/auth/password/reset"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "mails.ndjson") as peer:
        server = urlsplit(peer.url)
        with override_settings(EMAIL_BACKEND="hudhud.app.user_mail.SmtpMail", EMAIL_HOST=server.hostname, EMAIL_PORT=server.port):
            yield peer


def ask(browser: Browser, address: str, language: str = "en") -> tuple[int, object]:
    browser.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return browser.ask("POST", REQUEST, {"email": address})


def arrived(ledger: Ledger) -> Entry:
    """Wait for the one mail: it is sent while the answer goes out."""
    deadline = time.monotonic() + 10
    while not ledger.entries() and time.monotonic() < deadline:
        time.sleep(0.02)
    (entry,) = ledger.entries()
    return entry


@pytest.mark.parametrize(("language", "word"), [("en", "Hello"), ("et", "Tere"), ("fa", "سلام"), ("ar", "مرحبًا")])
def test_the_link_in_the_mail_makes_a_new_password_once(ledger: Ledger, language: str, word: str) -> None:
    here = Browser()
    here.ask("POST", "setup", OWNER)
    stranger = Browser()
    assert ask(stranger, "ada@example.com", language) == ask(Browser(), "eve@example.com", language)

    entry = arrived(ledger)
    assert entry.recipient == "ada@example.com", "strangers are not written to"
    body = entry.message().get_content()
    assert body.startswith(word)
    (key,) = re.findall(r"/sign-in/reset/(\S+)", body)

    fresh = {"key": key, "password": "a-quite-different-bird"}
    assert stranger.ask("POST", RESET, fresh | {"password": "short"})[1]["errors"][0]["param"] == "password"
    assert stranger.ask("POST", RESET, fresh)[0] == 401, "she still has to sign in"
    assert stranger.ask("POST", RESET, fresh)[0] == 400
    assert here.ask("GET", "me")[0] == 401, "a new password ends all sessions"
    assert Browser().sign_in("ada@example.com") == 400
    assert Browser().sign_in("ada@example.com", "a-quite-different-bird") == 200


def test_a_server_that_is_down_tells_strangers_nothing(ledger: Ledger) -> None:
    Browser().ask("POST", "setup", OWNER)
    ledger.refuse()
    assert ask(Browser(), "ada@example.com") == ask(Browser(), "eve@example.com")


def test_how_long_the_server_takes_tells_strangers_nothing(ledger: Ledger) -> None:
    Browser().ask("POST", "setup", OWNER | {"email": "slow-2s@example.com"})
    began = time.monotonic()
    assert ask(Browser(), "slow-2s@example.com")[0] == 200
    assert time.monotonic() - began < 1.5
    assert arrived(ledger).recipient == "slow-2s@example.com"
