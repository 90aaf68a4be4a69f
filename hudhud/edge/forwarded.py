"""Who a visitor is behind a number of reverse proxies whose addresses nobody knows: `HUDHUD_TRUSTED_PROXIES=*2`.

Each proxy adds the address of whoever connected to it at the right end of X-Forwarded-For. Behind two proxies the visitor is the second address from the
right; what stands further left was written by the visitor. Proxies that are known by their addresses are uvicorn's matter.
Source: developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For, "Selecting an IP address".
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Forwarded:
    """Puts the visitor's address and scheme in place of the last proxy's."""

    def __init__(self, app: ASGIApp, hops: int) -> None:
        """Wrap an application that `hops` proxies stand before."""
        self.app, self.hops = app, hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == "http":
            said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            if address := find_visitor(said, self.hops):
                scope["client"] = (address, 0)
            schemes = [value.decode("latin-1").strip().lower() for name, value in scope["headers"] if name == b"x-forwarded-proto"]
            if schemes and schemes[-1] in {"http", "https"}:
                scope["scheme"] = schemes[-1]
        await self.app(scope, receive, send)


def find_visitor(said: list[str], hops: int) -> str:
    """Return the visitor's address from the headers' values in order; empty when there is none, or it is no address.

    Who has come past fewer proxies is the leftmost: all that stands there was written by proxies.
    """
    listed = [one.strip() for value in said for one in value.split(",")]
    if not any(listed):
        return ""
    address = listed[max(0, len(listed) - hops)]
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
