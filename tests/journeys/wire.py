"""A journeys' stage with somebody to ask, over real sockets and TLS."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.journeys.acting import requests
from hudhud.kit.crypto import Keys
from hudhud.kit.egress import Answer, Egress, read_networks
from tests.journeys.stage import END, T0, Stage

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    from hudhud.kit.sql import Query
    from tests.endpoints.fake import Fake

KEYS = Keys((b"k" * 32,))
TRIGGER = {"kind": "event", "name": "Signed Up"}


@dataclass
class Wire:
    """A journeys' stage with somebody to ask, over real sockets and TLS."""

    stage: Stage
    fake: Fake
    context: ssl.SSLContext
    allowed: str = "127.0.0.0/8, ::1"

    def ask(self, now: datetime, *, keep: bool = True, limit: int = 100) -> list[requests.Done]:
        """Send what is due once; `keep` False: die before it is written down."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            requests.withdraw(ws, now, busy=())
            claimed = [
                one for one in requests.claim(ws, KEYS, "test", now, busy=(), limit=limit) if one.workspace_id == self.stage.workspace_id
            ]
        done = asyncio.run(self._send(claimed, now))
        if keep and done:
            with self.stage.db.workspace(self.stage.workspace_id) as ws:
                requests.record(ws, done, now)
        return done

    async def _send(self, claimed: list[requests.Claimed], now: datetime) -> list[requests.Done]:
        egress = Egress(read_networks(self.allowed), ssl_context=self.context)
        came = await asyncio.gather(*(requests.attempt(egress, one) for one in claimed))
        await egress.close()
        return [
            requests.Done(one, now, 0.1, answer if isinstance(answer, Answer) else None, requests.judge(one, answer, now))
            for one, answer in zip(claimed, came, strict=True)
        ]

    def rows(self, query: Query) -> list[tuple[Any, ...]]:
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            return [tuple(row) for row in ws.rows(query)]

    def begin(
        self, node: dict[str, Any], people: list[int], after: dict[str, Any] | None = None, start: str = "ask", **properties: object
    ) -> None:
        nodes = {"ask": node, **(after or {}), "end": END, "sorry": {"kind": "exit", "reason": "no_answer"}}
        self.stage.publish({"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": start})
        self.stage.take(*(self.stage.event(person_id, "Signed Up", T0, **properties) for person_id in people))
        self.stage.tick(T0)
        self.stage.act(T0)

    def node(self, **more: object) -> dict[str, Any]:
        return {"kind": "webhook", "name": "loyalty", "url": self.fake.url, "next": "end", "failed": "sorry", **more}

    def body(self, place: int = -1) -> Any:  # noqa: ANN401 -- any JSON
        return msgspec.json.decode(self.fake.got[place].body)
