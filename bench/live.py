"""From the door to a segment: events at a rate, and beside them people who are watched, each from the answer of the edge to the row that says that they entered."""

from __future__ import annotations

import http.client
import math
import random
import time
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING

import msgspec
import psutil

from bench.figures import Figure, percentile
from bench.scale_base import PROBE, settle
from bench.stack import free_port, load, wait_until
from hudhud.segments.keeping.stored import read_members
from tests.harness.ledger import wait_for_port

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from bench.scale_base import Base
    from bench.stack import Stack

RATE, SECONDS, PROBES_PER_S, WARM_S = 5_000, 45.0, 10.0, 5.0
DRAIN_S = 300.0
LOOK_S = 0.02  # between two looks at the changes: what is measured is late by so much at most
ROLES = "intake,segments,journeys"
# Asked while it is measured: a count would read all that waits.
IS_LEFT = "SELECT EXISTS (SELECT FROM intake_lane l WHERE EXISTS (SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id)))"
NEW = "SELECT id, person_id FROM segment_change WHERE workspace_id = %s AND id > %s AND segment_id = %s AND entered ORDER BY id"


@dataclass
class Watch:
    """When the edge had answered for whom, and when they were seen to have entered; seconds of one clock."""

    answered: dict[int, float] = field(default_factory=dict)
    entered: dict[int, float] = field(default_factory=dict)
    over: Flag = field(default_factory=Flag)

    def waits(self) -> list[float]:
        """Return how long each took, endlessly who has not entered, but for those of the first seconds: processes begin slowly."""
        since = min(self.answered.values()) + WARM_S
        return [self.entered.get(one, math.inf) - at for one, at in self.answered.items() if at >= since]


def measure_live(stack: Stack, ch: Client, base: Base, *, rate: int = RATE, seconds: float = SECONDS) -> list[Figure]:
    """Send events by the edge, as people of the base who are as busy as there; let intake, people, ClickHouse and segments work; watch some."""
    settle(ch)
    with stack.db.workspace(base.workspace_id) as ws:
        found = ws.conn.execute("SELECT id FROM segment WHERE workspace_id = %s AND name = %s", (base.workspace_id, PROBE)).fetchone()
        assert found is not None
        inside = read_members(ws, [found[0]])[found[0]]
    lots = random.Random(base.events)
    watched = [one for one in lots.sample(range(base.people), int(PROBES_PER_S * seconds)) if base.first + one not in inside]
    watch = Watch()
    began = base.next_second()
    clock = {"HUDHUD_CLOCK": f"lapse:1:{time.time()}:{began.timestamp()}"}
    ahead = (began - datetime.now(UTC)).total_seconds()
    with ExitStack() as running:
        port = free_port()
        parts = {
            "edge": running.enter_context(stack.process("hudhud.edge.main", HUDHUD_PORT=str(port), HUDHUD_HOST="127.0.0.1", **clock)),
            "workers": running.enter_context(stack.process("hudhud.workers.main", "--roles", ROLES, **clock)),
            "ClickHouse": psutil.Process(stack.clickhouse.process.pid),  # type: ignore[union-attr]
            "PostgreSQL": psutil.Process(stack.postgres.process.pid),  # type: ignore[union-attr]
        }
        wait_for_port(port, 30)
        before = {name: _worked(process) for name, process in parts.items()}
        threads = [
            Thread(target=_ask, args=(port, base, watched, watch)),
            Thread(target=_look, args=(stack, base.workspace_id, found[0], watch)),
        ]
        for thread in threads:
            thread.start()
        options = {"batch": 20, "connections": 16, "seconds": seconds, "rate": rate, "people": base.people, "zipf": 1, "ahead": ahead}
        summary = load(f"http://127.0.0.1:{port}", base.key, **options)
        left_s = _drain(stack)
        after = {name: _worked(process) for name, process in parts.items()}
        watch.over.set()
        for thread in threads:
            thread.join()
    base.events += int(summary["events"])
    base.now = datetime.fromtimestamp(time.time() + ahead, UTC)
    return _figures(base, watch, summary, {name: after[name] - before[name] for name in parts}, left_s)


def _drain(stack: Stack) -> float | None:
    """Wait until the log is empty, return how many seconds that took; None: it still is not, which is a figure, and no reason to lose the others."""
    try:
        return wait_until(lambda: not _is_left(stack), DRAIN_S, every_s=0.5, what="the log to be empty")
    except TimeoutError:
        return None


def _figures(base: Base, watch: Watch, summary: dict[str, float], worked: dict[str, float], left_s: float | None) -> list[Figure]:
    waits = watch.waits()
    lost = len(watch.answered) - len(watch.entered)
    rate = summary["events"] / summary["seconds"]
    each = {name: seconds / summary["events"] * 5_000 for name, seconds in worked.items()}
    told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in each.items())
    drained = (
        f"not all were taken {DRAIN_S:.0f} s after the last was sent"
        if left_s is None
        else f"the last one taken {left_s:.1f} s after the last was sent"
    )
    return [
        Figure("event to segment enter, end to end, p95", percentile(waits, 0.95), "s", target=2.0, at_least=False, note=f"{len(waits)} watched people; p50 {percentile(waits, 0.5):.2f} s; {rate:,.0f} events/s; {base.told()}"),
        Figure("  events sent and taken", rate, "events/s", target=RATE * 0.98, note=drained),
        Figure("  watched people who never entered", lost, "people", target=0, at_least=False),
        Figure("  processor time of 5,000 events", sum(each.values()), "s", note=told),
    ]  # fmt: skip


def _ask(port: int, base: Base, watched: list[int], watch: Watch) -> None:
    """Send an event of each person who is watched, one after another; note when the edge has said that it has it."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    head = {"Authorization": "Basic " + b64encode(f"{base.key}:".encode()).decode(), "Content-Type": "application/json"}
    due = time.perf_counter()
    for one in watched:
        if watch.over.is_set():
            break
        body = {"userId": f"u{one}", "event": PROBE, "messageId": f"probe-{base.events}-{one}", "properties": {"price": 1}}
        line.request("POST", "/v1/track", msgspec.json.encode(body), head)
        reply = line.getresponse()
        reply.read()
        assert reply.status == http.client.OK, reply.status
        watch.answered[base.first + one] = time.perf_counter()
        due += 1 / PROBES_PER_S
        time.sleep(max(0.0, due - time.perf_counter()))


def _look(stack: Stack, workspace_id: int, segment_id: int, watch: Watch) -> None:
    """See who has entered, as another connection sees it."""
    with stack.admin() as admin:
        last = admin.execute("SELECT coalesce(max(id), 0) FROM segment_change").fetchone()
        assert last is not None
        place = int(last[0])
        while not watch.over.wait(LOOK_S):
            for change_id, person_id in admin.execute(NEW, (workspace_id, place, segment_id)).fetchall():
                watch.entered.setdefault(person_id, time.perf_counter())
                place = change_id


def _worked(process: psutil.Process) -> float:
    """Return the processor seconds of a process and its children, also of those that have ended."""
    times = [process.cpu_times(), *(one.cpu_times() for one in process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system)


def _is_left(stack: Stack) -> bool:
    with stack.admin() as admin:
        row = admin.execute(IS_LEFT).fetchone()
    assert row is not None
    return bool(row[0])
