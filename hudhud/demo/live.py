"""The trickle: customers go on coming to the sample shop, through the same door as everybody's events."""

from __future__ import annotations

import heapq
import itertools
import random
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.demo.actions import PEOPLE, QUERIES, user_id
from hudhud.demo.history import Shop
from hudhud.events import actions as events
from hudhud.events.types import Row, lane_of

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.demo.shopper import Shopper
    from hudhud.kit.db import Scope

NEWCOMERS = 0.25
NUMBERS = 9_999_999
SOURCE = "server:demo"


def find_samples(everywhere: Scope) -> list[int]:
    """Return the workspaces with a sample shop."""
    return [row[0] for row in everywhere.rows(QUERIES.find_samples)]


class Trickle:
    """The visits that are going on in one sample shop; forgotten with the process (an abandoned cart, then)."""

    def __init__(self, pictures: str, seed: int | None = None) -> None:
        """Start with nobody in the shop."""
        self.random = random.Random(seed)
        self.pictures = pictures
        self.coming: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self.numbers = itertools.count()
        self.is_empty = True

    def visit(self, now: datetime) -> None:
        """Let somebody come in: mostly one of those we know, sometimes somebody new who signs up.

        The first one is new and wants the newsletter: whoever has just opened the shop sees a mail leave within seconds.
        """
        shop = Shop(self.random.getrandbits(32), now, self.pictures)
        if self.is_empty or self.random.random() < NEWCOMERS:
            shopper = shop.newcomer(PEOPLE + self.random.randint(1, NUMBERS))
            shopper.reads, self.is_empty = shopper.reads or self.is_empty, False
            self._plan(now, shopper.number, _sign_up(shopper))
        else:
            shopper = shop.shoppers(1)[0]
            shopper.number = self.random.randint(1, PEOPLE)
        for happening in shop.visit(shopper, now):
            body: dict[str, Any] = {"type": happening.kind, "properties": happening.properties}
            if happening.kind == "track":
                body["event"] = happening.name
            self._plan(happening.at, shopper.number, body)

    def _plan(self, at: datetime, number: int, body: dict[str, Any]) -> None:
        heapq.heappush(self.coming, (at, next(self.numbers), user_id(number), body))

    def emit(self, ws: Scope, now: datetime) -> int:
        """Write what has happened by now into the intake log, unless the workspace is no sample any more; return how much."""
        due = []
        while self.coming and self.coming[0][0] <= now:
            due.append(heapq.heappop(self.coming))
        if not due:
            return 0
        ws.run(QUERIES.lock)
        if not ws.value(QUERIES.is_alive):
            return 0
        rows = [Row(ws.workspace_id or 0, lane_of(user), SOURCE, _message(at, number, user, body)) for at, number, user, body in due]
        events.append_rows(ws, rows, now)
        return len(rows)


def _sign_up(shopper: Shopper) -> dict[str, Any]:
    traits = shopper.attributes | {"subscriptions": {"newsletter": shopper.reads}}
    return {"type": "identify", "traits": traits}


def _message(at: datetime, number: int, user: str, body: dict[str, Any]) -> bytes:
    """Return one message of Segment's protocol."""
    stamp = at.isoformat()
    return msgspec.json.encode(body | {"messageId": f"{user}-{stamp}-{number}", "userId": user, "timestamp": stamp})
