"""Who a visitor is behind proxies whose addresses nobody knows: what a visitor writes into the header themselves is never believed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hudhud.edge.forwarded import Forwarded, find_visitor
from hudhud.kit.config import Settings

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# What the headers say, how many proxies there are, and who that makes the visitor.
SAID: list[tuple[list[str], int, str]] = [
    (["203.0.113.7"], 1, "203.0.113.7"),
    (["6.6.6.6, 203.0.113.7"], 1, "203.0.113.7"),
    (["6.6.6.6", "203.0.113.7"], 1, "203.0.113.7"),
    (["6.6.6.6, 203.0.113.7, 10.0.0.2"], 2, "203.0.113.7"),
    (["6.6.6.6,203.0.113.7,10.0.0.2"], 3, "6.6.6.6"),
    (["203.0.113.7"], 2, "203.0.113.7"),  # who comes past the last proxy only
    (["[2001:db8::1]:4711"], 1, "2001:db8::1"),
    (["2001:DB8::1"], 1, "2001:db8::1"),
    (["203.0.113.7:80"], 1, "203.0.113.7"),
    (["203.0.113.7, unknown"], 1, ""),
    (["6.6.6.6, "], 1, ""),
    ([""], 1, ""),
    ([], 1, ""),
]


@pytest.mark.parametrize(("said", "hops", "visitor"), SAID)
def test_the_right_address_from_the_right_end(said: list[str], hops: int, visitor: str) -> None:
    assert find_visitor(said, hops) == visitor


def test_a_request_is_the_visitors() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    headers = [(b"x-forwarded-for", b"6.6.6.6, 203.0.113.7"), (b"x-forwarded-proto", b"https")]
    for given in (headers, []):
        scope = {"type": "http", "scheme": "http", "client": ("10.0.0.2", 5), "headers": given}
        asyncio.run(Forwarded(app, Settings(trusted_proxies="*").trusted_hops)(scope, None, None))  # type: ignore[arg-type]
    assert [(one["client"], one["scheme"]) for one in seen] == [(("203.0.113.7", 0), "https"), (("10.0.0.2", 5), "http")]
