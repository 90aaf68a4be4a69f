"""Replayed time: the clock of a running Hudhud stands in a file, and history is sent day by day as if it happened now."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.acceptance.cdnow import NOON, Order, address, by_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.harness.history import Call, History

BATCH = 100
TICK = timedelta(milliseconds=1)
# A part that was killed is back within seconds; what is not taken within this time never will be.
PATIENCE_S = 120.0


class Stage:
    """The clock in the file."""

    def __init__(self, path: Path, start: datetime) -> None:
        """Begin at `start`."""
        self.path = path
        self.move_to(start)

    @property
    def setting(self) -> str:
        """The value of HUDHUD_CLOCK."""
        return f"file:{self.path}"

    def move_to(self, at: datetime) -> None:
        """Move the clock; replaced as a whole, so that nobody reads half an instant."""
        draft = self.path.with_suffix(".new")
        draft.write_text(at.astimezone(UTC).isoformat(), "utf-8")
        draft.replace(self.path)
        self.at = at


class Live:
    """The clock of the machine, where a test needs ours and a sender's to agree."""

    setting = "live"

    @property
    def at(self) -> datetime:
        """The instant now."""
        return datetime.now(UTC)

    def move_to(self, at: datetime) -> None:
        """Wait for it: nobody moves this clock."""
        time.sleep(max((at - self.at).total_seconds(), 0))


def deliver(history: History, messages: Sequence[dict[str, Any]]) -> None:
    """Send until acknowledged, as the SDKs do; the message ids make a repeat harmless."""
    for start in range(0, len(messages), BATCH):
        batch = list(messages[start : start + BATCH])
        insist(lambda batch=batch: history.collect(batch))


def insist(call: Callable[[], Call]) -> Call:
    """Repeat a call while the product is down or busy; raises for a refusal, which no repeat would change."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = call()
        if answer.is_promise:
            return answer
        if answer.status is not None and answer.status < 500 and answer.status != 429:
            raise AssertionError(f"{answer.method} {answer.path}: {answer.status} {answer.answer[:500]}")
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{answer.method} {answer.path} was not taken within {PATIENCE_S} s; last: {answer.status} {answer.answer[:500]}"
            )
        time.sleep(0.2)


def introduce(history: History, customers: Iterable[str], topic: str) -> None:
    """Let the customers have an address and agree to a topic, as the shop's server would say it."""
    deliver(
        history,
        [
            {
                "type": "identify",
                "messageId": f"hello-{customer}",
                "userId": customer,
                "traits": {"email": address(customer), "subscriptions": {topic: True}},
            }
            for customer in customers
        ],
    )


def play(history: History, stage: Stage, rows: Iterable[Order], until: date, catch_up: Callable[[], None]) -> None:
    """Send each day's orders a moment before noon and let noon come: at a deadline, everything received before it counts.

    Then `catch_up` waits: days pass in a fraction of a second here, and a fact that is known wins over a timer that is late
    (journeys/running/reactions.py), so time must not run ahead of a worker that was just killed.
    """
    days = by_day(rows)
    day, last = min(days), until
    while day <= last:
        noon = datetime.combine(day, NOON)
        if day in days:
            stage.move_to(noon - TICK)
            deliver(history, [order.to_event() for order in days[day]])
        stage.move_to(noon + TICK)
        catch_up()
        day += timedelta(days=1)
