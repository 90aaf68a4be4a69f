"""What is set wrongly from outside is refused with the variable, the value and the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.config import settings
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG = {
    "HUDHUD_PORT": ("eighty", "'eighty' is not valid; input should be a valid integer, unable to parse string as an integer"),
    "HUDHUD_SMTP_URL": (
        "http://me:secret@mail.example.com",
        "'http://…@mail.example.com' is not valid; write smtp://user:pass@host:port or smtps://",
    ),
    "HUDHUD_BOUNCE_LISTEN": ("lmtp://127.0.0.1", "'lmtp://127.0.0.1' is not valid; write lmtp://host:port or smtp://host:port"),
    "HUDHUD_BOUNCE_IMAP": (
        "imaps://mail.example.com/INBOX",
        "'imaps://mail.example.com/INBOX' is not valid; write imaps://user:pass@host:port/FOLDER",
    ),
    "HUDHUD_PUBLIC_URL": ("https://example.com/hudhud", "'https://example.com/hudhud' is not valid; write scheme and host"),
    "HUDHUD_TRUSTED_PROXIES": ("10.0.0.1, proxy", "'10.0.0.1, proxy' is not valid; 'proxy' does not appear to be an IPv4 or IPv6 address"),
    "HUDHUD_LOG_LEVEL": ("loud", "'loud' is not valid; write debug, info, warning or error"),
}
RIGHT = {
    "HUDHUD_SMTP_URL": ["", "smtp://mail.example.com", "smtps://me:a%40b@[::1]:465"],
    "HUDHUD_BOUNCE_LISTEN": ["", "lmtp://127.0.0.1:2424", "smtp://0.0.0.0:25"],
    "HUDHUD_BOUNCE_IMAP": ["", "imaps://me:secret@mail.example.com/INBOX", "imap://me:s%40b@127.0.0.1:1143/Bounces"],
    "HUDHUD_PUBLIC_URL": ["", "https://example.com", "http://localhost:8000/"],
    "HUDHUD_TRUSTED_PROXIES": ["", "*", "*3", "10.0.0.1", "10.0.0.0/8,::1"],
}


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value, message = WRONG[name]
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as refused:
        settings()
    assert str(refused.value).startswith(f"{name}: {message}")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_a_right_value_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(settings(), name.removeprefix("HUDHUD_").lower()) == value


def test_a_proxy_s_network_is_written_as_the_server_understands_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUDHUD_TRUSTED_PROXIES", "203.0.113.9/24, 2001:DB8::1")
    assert settings().trusted_proxies == "203.0.113.0/24,2001:db8::1"
    settings.cache_clear()
    monkeypatch.setenv("HUDHUD_TRUSTED_PROXIES", "*, 203.0.113.9")
    with pytest.raises(InvalidInput, match="alone"):
        settings()
    monkeypatch.setenv("HUDHUD_TRUSTED_PROXIES", "*0")
    with pytest.raises(InvalidInput, match="two proxies in a row"):
        settings()


def test_a_command_says_it_in_one_line() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "hudhud.cli", "up"], env=os.environ | {"HUDHUD_PORT": "eighty"}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("hudhud: HUDHUD_PORT: 'eighty' is not valid;")
    assert said.stderr.count("\n") == 1
