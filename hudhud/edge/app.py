"""The edge's application: hot paths by hand, a few routes by Starlette, the rest to the web process."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from hudhud.edge import browser, confirm, health, hooks, preferences, reports, tracking, unsubscribe
from hudhud.edge.collect import Collect
from hudhud.edge.proxy import Proxy
from hudhud.edge.state import EdgeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from hudhud.kit.clock import Clock
    from hudhud.kit.config import Settings
    from hudhud.kit.crypto import Keys

OURS = ("/t/", "/u/", "/hooks/", "/healthz", "/readyz", "/metrics", "/analytics.js")


class Edge:
    """The one public door."""

    def __init__(self, settings: Settings, clock: Clock, keys: Keys) -> None:
        """Build; nothing connects before the server's start-up."""
        self.state = EdgeState(settings, clock, keys)
        self.collect = Collect(self.state)
        self.proxy = Proxy(settings)
        self.routed = Starlette(
            routes=[
                *health.routes,
                *tracking.routes,
                *unsubscribe.routes,
                *preferences.routes,
                *confirm.routes,
                *browser.routes,
                *hooks.routes,
                *reports.routes,
            ],
            lifespan=self._lifespan,
        )
        self.routed.state.edge = self.state
        self.routed.state.proxy = self.proxy
        self.routed.state.keyring = self.collect.keyring
        self.routed.state.hooks = hooks.Addresses(self.state)
        self.routed.state.reports = reports.Doors(self.state)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self.state.open()
        yield
        await self.state.close()
        await self.proxy.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path; the most frequent first."""
        if scope["type"] == "http":
            path = scope["path"]
            if path.startswith("/v1/") and not path.startswith("/v1/projects/"):
                await self.collect(scope, receive, send)
            elif f"/{path.lstrip('/')}".startswith(
                (*OURS, "/v1/")
            ):  # the web process takes //metrics for its own /metrics, which is ours to guard
                await self.routed(scope, receive, send)
            else:
                await self.proxy(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.routed(scope, receive, send)
        else:
            # Nothing here speaks WebSocket.
            await send({"type": "websocket.close", "code": 1000})
