"""A large base: a million people, fifty million events, two hundred live segments (BENCH_PEOPLE, BENCH_EVENTS: fewer). Takes some twenty minutes, so it is not among all.

`BENCH_BASE=FOLDER` keeps the base in a folder: the next run with the same folder makes only what a schema has changed since, and measures. Its clock goes on
where it was left, so it does not age. What is measured adds some events to it.
"""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bench.figures import Figure, percentile
from bench.live import measure_live
from bench.scale_base import MAKE_EVENTS, READ_EVENTS, open_bases, open_stack, slice_of, tree_of
from hudhud.events.queries import find_timeline
from hudhud.people.queries import get_profile, search_people
from hudhud.segments import actions, queries
from hudhud.segments.keeping.flips import LONGEST_PAUSE
from hudhud.segments.types import MILLISECOND, Touched, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from bench.scale_base import Base
    from bench.stack import Stack
    from hudhud.kit.db import Database

PEOPLE, EVENTS = int(os.environ.get("BENCH_PEOPLE", "1000000")), int(os.environ.get("BENCH_EVENTS", "50000000"))
FOLDER = os.environ.get("BENCH_BASE", "")
BATCH, SECOND, BATCHES = 1000, 5000, 6  # SECOND: the events of one second at the rate that is aimed at
NEW = 2**62  # a row of the log that nobody has counted yet
BYTES = "SELECT sum(bytes_on_disk) / max(rows) FROM (SELECT table, sum(bytes_on_disk) AS bytes_on_disk, sum(rows) AS rows FROM system.parts WHERE active AND table IN ('event', 'person_event') GROUP BY table)"


def measure(*, people: int = PEOPLE, events: int = EVENTS) -> list[Figure]:
    """Measure at the base and at a tenth of it: what a batch costs must not depend on how many people there are beside its own."""
    with open_stack(FOLDER, people, events) as stack, stack.ch() as ch:
        small, base = open_bases(stack, ch, people, events)
        size = float(ch.query(BYTES).result_rows[0][0])
        _, small_cpu_s = run_batches(stack, ch, small, BATCH)
        return [
            *_refreshed(stack, ch, base, small_cpu_s),
            *measure_live(stack, ch, base),
            *_asked(stack, ch, base),
            _flips(stack, ch, base),
            _recheck(stack.db, ch, base),
            Figure("disk of an event, both tables", size, "bytes", target=60, at_least=False),
            Figure("memory of ClickHouse, large base", stack.clickhouse_mb(), "MB", target=1536, at_least=False, note=base.told()),
        ]


def _refreshed(stack: Stack, ch: Client, base: Base, small_cpu_s: float) -> list[Figure]:
    batch_s, batch_cpu_s = run_batches(stack, ch, base, BATCH)
    second_s, second_cpu_s = run_batches(stack, ch, base, SECOND)
    return [
        Figure(f"segment refresh, {BATCH:,} events", batch_s * 1000, "ms", target=2000, at_least=False, note=base.told()),
        Figure("  the same, processor time", batch_cpu_s * 1000, "ms", at_least=False, floor=small_cpu_s * 1000, floor_name="a tenth of the base", ratio_target=2.0),
        Figure(f"segment refresh, {SECOND:,} events", second_s * 1000, "ms", target=1000, at_least=False, note=f"{second_cpu_s:.2f} s of processor time, ours and ClickHouse's"),
    ]  # fmt: skip


def run_batches(stack: Stack, ch: Client, base: Base, events: int) -> tuple[float, float]:
    """Return the median seconds of a batch of new events of people as busy as they are, and of its processor time."""
    took, worked = [], []
    for number in range(BATCHES):
        at = base.next_second()
        given = {**base.given(), **slice_of(base.take(events), events, at, MILLISECOND)}
        for statement in MAKE_EVENTS.values():
            ch.command(statement, given)
        doers: dict[str, list[int]] = defaultdict(list)
        said: dict[str, list[bytes]] = defaultdict(list)
        for _, name, _, actor, *_, properties in ch.query(READ_EVENTS, parameters=given).result_rows:
            doers[name].append(actor)
            said[name].append(properties.encode())
        people = frozenset(actor for some in doers.values() for actor in some)
        instants = {name: [at] * len(some) for name, some in doers.items()}
        touched = Touched(people, frozenset(doers), instants=instants, doers=doers, changed=(), properties=said, first_row=NEW)
        began, before = time.perf_counter(), stack.clickhouse_s() + time.process_time()
        with stack.db.workspace(base.workspace_id) as ws:
            actions.refresh(ws, ch, touched, at)
        if number:  # the first one reads whole sets, as a process that has just begun
            took.append(time.perf_counter() - began)
            worked.append(stack.clickhouse_s() + time.process_time() - before)
    return percentile(took, 0.5), percentile(worked, 0.5)


def _asked(stack: Stack, ch: Client, base: Base) -> list[Figure]:
    """Time what somebody at a screen waits for."""
    lots = random.Random(2)
    trees = [from_json(tree_of(number)) for number in range(30)]
    ids = [base.first + lots.randrange(base.people) for _ in range(50)]
    words = [
        f"{start}{lots.randrange(base.people)}"[: lots.randrange(3, 14)] for start in ("person", "+3725", "Ann", "lee") for _ in range(25)
    ]
    with stack.db.workspace(base.workspace_id) as ws:
        sample = queries.choose_sample(ch, base.workspace_id)
        estimates = [_timed(partial(queries.preview, ws, ch, tree, base.now, sample=sample)) for tree in trees]
        counts = [_timed(partial(queries.count, ws, ch, tree, base.now)) for tree in trees]
        searches = [_timed(partial(search_people, ws, word)) for word in words]
        pages = [_timed(partial(get_profile, ws, one)) + _timed(partial(find_timeline, ws, ch, one)) for one in ids]
    return [
        Figure("builder's estimate, 30 segments, slowest", max(estimates) * 1000, "ms", target=300, at_least=False),
        Figure("segment count, 30 segments, slowest", max(counts) * 1000, "ms", target=1000, at_least=False),
        Figure("search by a beginning, p95", percentile(searches, 0.95) * 1000, "ms", target=200, at_least=False),
        Figure("person with timeline, p95", percentile(pages, 0.95) * 1000, "ms", target=150, at_least=False),
    ]


def _flips(stack: Stack, ch: Client, base: Base) -> Figure:
    """Time the looks at what the passage of a minute has changed: all segments at once. What is due waits for a pause before."""
    base.now += timedelta(minutes=1)
    changed = 0
    began, before = time.perf_counter(), stack.clickhouse_s() + time.process_time()
    while True:
        with stack.db.workspace(base.workspace_id) as ws:
            found = len(actions.check_due(ws, ch, base.now))
        changed += found
        if not found:
            break
    took = LONGEST_PAUSE.total_seconds() + time.perf_counter() - began
    worked = stack.clickhouse_s() + time.process_time() - before
    note = f"{changed} changes, {worked:.1f} s of processor time; a pause of {LONGEST_PAUSE.seconds} s counted"
    return Figure("from an edge of time to its flips, at most", took, "s", target=60, at_least=False, note=note)


def _recheck(db: Database, ch: Client, base: Base) -> Figure:
    now = base.next_second()
    began = time.perf_counter()
    with db.workspace(base.workspace_id) as ws:
        actions.suspect(ws, ch, now, lambda: None)
    with db.workspace(base.workspace_id) as ws:
        wrong = len(actions.settle(ws, ch, now))
    return Figure(
        "nightly check of all memberships: differences",
        wrong,
        "people",
        target=0,
        at_least=False,
        note=f"{time.perf_counter() - began:.0f} s",
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
