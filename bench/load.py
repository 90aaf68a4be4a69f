"""Load generator in its own process: raw asyncio and httptools, so that it costs little beside what it measures.

    python -m bench.load --url http://127.0.0.1:8000 --key hk_… --batch 100 --connections 16 --seconds 10

Closed loop (each connection sends the next request when it has its answer), or with `--rate` an open loop of so many
events a second. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

from bench.figures import percentile
from bench.zipf import NAMES as MANY_NAMES
from bench.zipf import draw_name, draw_place

# The size and shape of what Segment's analytics.js sends for one `track` (about 730 bytes).
EVENT = (
    b'{"type":"track","messageId":"%s-%d","userId":"u%d","event":"%s","timestamp":"%s","sentAt":"%s","properties":{"product_id":"sku-%d",'
    b'"category":"books","name":"A book with a rather long title","price":19.9,"quantity":1,"currency":"EUR","url":"https://shop.example.com/p/%d?ref=home"},'
    b'"context":{"library":{"name":"analytics.js","version":"4.1.0"},"ip":"203.0.113.7","locale":"en-GB","timezone":"Europe/Tallinn",'
    b'"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","page":{"path":"/p","referrer":"https://search.example.com/",'
    b'"title":"A book with a rather long title - Shop","url":"https://shop.example.com/p"}}}'
)
NAMES = (b"Product Viewed", b"Page Viewed", b"Product Added", b"Cart Viewed")


@dataclass
class Tally:
    """What came of it."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0  # connections that ended before their answer


@dataclass
class Plan:
    """What to send."""

    host: str
    port: int
    head: bytes
    prefix: bytes
    batch: int
    people: int
    stop_at: float
    event_name: bytes = b""
    sent: int = 0
    zipf: bool = False  # people and names by Zipf's law, else one after another
    ahead: timedelta = timedelta(0)  # how far the clock of what is measured is ahead of ours
    lots: random.Random = field(default_factory=lambda: random.Random(1))

    def request(self) -> bytes:
        """Make the next request; message ids never repeat within a prefix."""
        now = (datetime.now(UTC) + self.ahead).isoformat(timespec="milliseconds").encode()
        events = []
        for _ in range(self.batch):
            self.sent += 1
            number = self.sent
            name, person = NAMES[number % len(NAMES)], number * 7919 % self.people
            if self.zipf:
                name, person = MANY_NAMES[draw_name(self.lots.random())].encode(), draw_place(self.lots.random(), self.people)
            events.append(EVENT % (self.prefix, number, person, self.event_name or name, now, now, number % 997, number % 997))
        body = b'{"batch":[' + b",".join(events) + b"]}" if self.batch > 1 else events[0]
        return self.head + b"%d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, plan: Plan, tally: Tally, done: asyncio.Future[None], *, waits: bool) -> None:
        """With `waits`, a request goes out only when `send` is called (open loop)."""
        self.plan, self.tally, self.done, self.waits = plan, tally, done, waits
        self.sent_at = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, but not by class
        self.parser = httptools.HttpResponseParser(self)
        if not self.waits:
            self.send(time.perf_counter())

    def send(self, due: float) -> None:
        """Send the next request; its latency counts from when it was due, not from when we got round to it."""
        self.sent_at, self.busy = due, True
        self.transport.write(self.plan.request())

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Note the latency; go on."""
        now = time.perf_counter()
        self.tally.latencies.append(now - self.sent_at)
        self.tally.statuses[self.parser.get_status_code()] += 1
        self.busy = False
        if now >= self.plan.stop_at:
            self.transport.close()
        elif not self.waits:
            self.send(now)

    def connection_lost(self, _error: Exception | None) -> None:
        """End; an answer that is owed is lost."""
        self.tally.lost += self.busy
        if not self.done.done():
            self.done.set_result(None)


async def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the load; return the summary."""
    plan, tally = _plan(arguments), Tally()
    began = time.perf_counter()
    plan.stop_at = began + arguments.seconds
    loop = asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(arguments.connections)]
    lines = [Connection(plan, tally, end, waits=bool(arguments.rate)) for end in ends]
    for line in lines:
        await loop.create_connection(partial(_itself, line), plan.host, plan.port)
    if arguments.rate:
        await _open_loop(lines, plan, arguments.rate / arguments.batch)
    await asyncio.wait(ends, timeout=arguments.seconds + 30)
    if not tally.latencies:
        raise SystemExit("not one answer came")
    return _summary(plan, tally, time.perf_counter() - began)


def _itself(line: Connection) -> Connection:
    return line


async def _open_loop(lines: list[Connection], plan: Plan, requests_per_s: float) -> None:
    due, backlog = time.perf_counter(), 0
    while (now := time.perf_counter()) < plan.stop_at:
        while due <= now:
            free = next((line for line in lines if not line.busy and not line.transport.is_closing()), None)
            if free is None:
                backlog += 1
                break
            free.send(due)
            due += 1 / requests_per_s
        await asyncio.sleep(0.001)
    for line in lines:
        if not line.busy:  # the others close by themselves when their last answer has come
            line.transport.close()


def _plan(arguments: argparse.Namespace) -> Plan:
    parts = urlsplit(arguments.url)
    basic = base64.b64encode(f"{arguments.key}:".encode()).decode()
    path = "/v1/batch" if arguments.batch > 1 else "/v1/track"
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Basic {basic}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
    return Plan(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 80,
        head=head,
        prefix=arguments.prefix.encode(),
        batch=arguments.batch,
        people=arguments.people,
        stop_at=0.0,
        event_name=arguments.event.encode(),
        zipf=bool(arguments.zipf),
        ahead=timedelta(seconds=arguments.ahead),
    )


def _summary(plan: Plan, tally: Tally, seconds: float) -> dict[str, object]:
    good = sum(count for status, count in tally.statuses.items() if 200 <= status < 300)
    return {
        "requests": good,
        "events": good * plan.batch,
        "sent": plan.sent,
        "seconds": seconds,
        "statuses": dict(tally.statuses),
        "lost": tally.lost,
        **{
            name: percentile(tally.latencies, share) if tally.latencies else None
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Send Segment events as fast as they are taken, or at a rate.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=0.0, help="events a second; 0 = as fast as they are taken")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--prefix", default=f"load-{time.time_ns()}")
    parser.add_argument("--event", default="", help="one event name for all")
    parser.add_argument("--zipf", type=int, default=0, help="1: people and names by Zipf's law, as in the large base")
    parser.add_argument("--ahead", type=float, default=0.0, help="seconds that the clock of what is measured is ahead of ours")
    return parser


if __name__ == "__main__":
    json.dump(uvloop.run(run(_parser().parse_args())), sys.stdout)
