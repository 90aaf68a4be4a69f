"""A million people who wait in journeys: what one costs, what idleness costs, how fast the due move and the called wake, how late, how soon others enter."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import psutil

from bench.enrolled import measure_enrolled
from bench.figures import Figure, percentile
from bench.journeys import find_ids, make_people
from bench.shop import open_shop
from bench.stack import Stack, wait_until
from hudhud.events.types import Event
from hudhud.journeys import actions, graph
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit import sql
from hudhud.workers.journeys import HANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

PEOPLE = 1_000_000
DUE, WAITING = 100_000, 400_000
JOURNEYS, EACH = 50, 2_000
BATCH = 5_000  # as the intake worker takes them
PER_S, SECONDS = 1_000, 15
IDLE_S = 10.0
NOW = datetime.now(UTC)
SOON = NOW + timedelta(hours=2)
QUERIES = sql.load("bench", "crowd.sql")
T = TypeVar("T")
HEAD: dict[str, Any] = {"names": {"en": "Bench"}, "trigger": {"kind": "event", "name": "Cart Viewed"}}
END = {"kind": "exit", "reason": "done"}
MAIL = {"kind": "send", "template": "hello", "topic": "newsletter"}
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
ORDERED = {"kind": "event", "name": "Order Completed", "window": {"kind": "since_entry"}}
RESTING = {
    "nodes": {
        "rest": {"kind": "delay", "amount": 1, "unit": "hours", "next": "mail"},
        "mail": {**MAIL, "next": "later"},
        "later": {"kind": "delay", "amount": 30, "unit": "days", "next": "end"},
        "end": END,
    },
    "start": "rest",
}
MIXED = {
    "exit_on": [ORDERED],
    "nodes": {
        "rest": {"kind": "delay", "amount": 1, "unit": "hours", "next": "who"},
        "who": {"kind": "branch", "branches": [{"if": PRO, "next": "draw"}], "otherwise": "note"},
        "draw": {
            "kind": "split",
            "shares": [{"name": "a", "percent": 50, "next": "mail"}, {"name": "b", "percent": 50, "next": "note"}],
            "salt": "",
        },
        "note": {"kind": "update", "changes": [{"do": "set", "attribute": "seen", "value": True}], "next": "look"},
        "look": {"kind": "wait", "until": ORDERED, "timeout": {"amount": 10, "unit": "minutes"}, "met": "end", "timed_out": "mail"},
        "mail": {**MAIL, "next": "end"},
        "end": END,
    },
    "start": "rest",
}
CALLED = {
    "nodes": {
        "rest": {"kind": "wait", "until": ORDERED, "timeout": {"amount": 30, "unit": "days"}, "met": "mail", "timed_out": "end"},
        "mail": {**MAIL, "next": "end"},
        "end": END,
    },
    "start": "rest",
}


def measure() -> list[Figure]:
    """One figure after the other on the same million people."""
    with Stack() as stack:
        workspace_id, _ = open_shop(stack)
        make_people(stack, workspace_id, PEOPLE)
        _empty(stack)
        cost = _cost(stack, workspace_id)
        return [
            cost,
            _idle(stack),
            _due(stack, workspace_id),
            _mixed(stack, workspace_id),
            _woken(stack, workspace_id),
            _late(stack, workspace_id),
            *measure_enrolled(stack, workspace_id, lambda worker: _processor_s(stack, worker)),
        ]


def _empty(stack: Stack) -> None:
    with stack.admin() as admin:
        admin.execute("VACUUM ANALYZE person")


def _publish(stack: Stack, workspace_id: int, key: str, body: dict[str, Any]) -> tuple[int, int]:
    with stack.db.workspace(workspace_id) as ws:
        actions.publish(ws, graph.parse({"key": key, **HEAD, **body}), NOW, by="bench")
        actions.start(ws, key, NOW, by="bench")
        return find_ids(ws, key)


def _place(stack: Stack, workspace_id: int, ids: tuple[int, int], due: datetime, count: int, **how: Any) -> None:  # noqa: ANN401 -- parameters of SQL
    where = {"step_ms": 0, "skip": 0, "waiting": False, **how}
    with stack.db.workspace(workspace_id) as ws:
        ws.run(QUERIES.place, journey_id=ids[0], version_id=ids[1], now=NOW, due=due, count=count, **where)


def _cost(stack: Stack, workspace_id: int) -> Figure:
    """900,000 who wait for weeks and 100,000 who are due: what PostgreSQL keeps for one of them."""
    ids = _publish(stack, workspace_id, "resting", RESTING)
    _place(stack, workspace_id, ids, NOW + timedelta(days=20), PEOPLE - DUE, step_ms=1, skip=DUE)
    _place(stack, workspace_id, ids, NOW + timedelta(hours=1), DUE)
    stack.analyze()
    sizes = _sizes(stack)
    whole = sum(sizes.values())
    note = ", ".join(f"{name} {size:,.0f}" for name, size in sizes.items()) + f": {whole:,.0f} in all"
    return Figure(
        "a run that waits: where it stands, heap and indexes", sizes["run_position"], "bytes", target=300, at_least=False, note=note
    )


def _sizes(stack: Stack) -> dict[str, float]:
    with stack.admin() as admin:
        tables = ("run_position", "run", "run_log", "run_trigger")
        rows = [(table, admin.execute("SELECT pg_total_relation_size(%s::regclass)", (table,)).fetchone()) for table in tables]
        return {table: row[0] / PEOPLE for table, row in rows if row and row[0] > PEOPLE}


def _idle(stack: Stack) -> Figure:
    """A worker that has nothing to do but know that a million wait, beside one in whose world nobody does."""
    some = _share_idle(stack)
    with stack.admin() as admin:
        admin.execute("UPDATE journey SET status = 'draft'")
    none = _share_idle(stack)
    with stack.admin() as admin:
        admin.execute("UPDATE journey SET status = 'running'")
    note = f"of one core, worker and PostgreSQL together, over {IDLE_S:.0f} s"
    name = "a worker that idles while 1 M wait"
    return Figure(name, 100 * some, "%", target=100 * none + 2, at_least=False, floor=100 * none, floor_name="nobody waits", note=note)


def _share_idle(stack: Stack) -> float:
    with stack.admin() as admin:
        # Nothing that the placing of a million has left behind is done meanwhile.
        admin.execute("VACUUM (ANALYZE)")
        admin.execute("CHECKPOINT")
    with stack.process("hudhud.workers.main", "--roles", "journeys") as worker:
        time.sleep(6)
        before, began = _processor_s(stack, worker), time.perf_counter()
        time.sleep(IDLE_S)
        return (_processor_s(stack, worker) - before) / (time.perf_counter() - began)


def _processor_s(stack: Stack, worker: psutil.Process) -> float:
    """Return the processor time that a process, ClickHouse and PostgreSQL have taken; what a session of PostgreSQL took counts while it lives."""
    postgres = psutil.Process(int((stack.postgres.data / "postmaster.pid").read_text().split()[0]))
    times = [process.cpu_times() for process in (worker, postgres, *postgres.children(recursive=True))]
    return float(sum(one.user + one.system for one in times)) + stack.clickhouse_s()


@dataclass
class Took:
    """What some work took: seconds by the clock, and of processors, as the machine is shared."""

    wall_s: float = 0.0
    processor_s: float = 0.0

    def __str__(self) -> str:
        """Say both."""
        return f"{self.wall_s:.1f} s, {self.processor_s:.1f} s of processor time"


@contextmanager
def _timed(stack: Stack) -> Iterator[Took]:
    took, before, began = Took(), _processor_s(stack, psutil.Process()), time.perf_counter()
    yield took
    took.wall_s, took.processor_s = time.perf_counter() - began, _processor_s(stack, psutil.Process()) - before


def _tick(stack: Stack, horizon: datetime = SOON) -> tuple[int, Took]:
    with stack.db.everywhere() as everywhere, stack.ch() as ch, _timed(stack) as took:
        steps = planner.tick(LiveWorld(stack.db, ch), planner.find_versions(everywhere), horizon, hands=HANDS)
    return steps, took


def _due(stack: Stack, workspace_id: int) -> Figure:
    """100,000 of a million are due in the same moment; each gets a mail planned and rests again."""
    _, version_id = _ids_of(stack, workspace_id, "resting")
    steps, took = _tick(stack)
    assert steps == 2 * DUE, steps
    by_hand = _by_hand(stack, workspace_id, version_id)
    name, note = "100,000 due at once among 1 M who wait: all moved", f"{steps:,} steps, {took}; by hand {by_hand}"
    return Figure(
        name, took.wall_s, "s", target=5, at_least=False, floor=by_hand.wall_s, floor_name="SQL by hand", ratio_target=2.5, note=note
    )


def _by_hand(stack: Stack, workspace_id: int, version_id: int) -> Took:
    """The next 100,000, by two statements for each 10,000."""
    horizon, steps = NOW + timedelta(days=20, milliseconds=DUE), 0
    with _timed(stack) as took:
        for query in (QUERIES.by_hand_rest, QUERIES.by_hand_mail):
            moved = 1
            while moved:
                with stack.db.workspace(workspace_id) as ws:
                    moved = ws.run(query, version_id=version_id, horizon=horizon)
                steps += moved
    assert steps == 2 * DUE, steps
    return took


def _ids_of(stack: Stack, workspace_id: int, key: str) -> tuple[int, int]:
    with stack.db.workspace(workspace_id) as ws:
        return find_ids(ws, key)


def _mixed(stack: Stack, workspace_id: int) -> Figure:
    """Fifty journeys, each with a delay, a branch, lots, an update, a wait and a mail, all due within the hour."""
    for number in range(JOURNEYS):
        ids = _publish(stack, workspace_id, f"mixed-{number}", MIXED)
        _place(stack, workspace_id, ids, NOW + timedelta(minutes=30), EACH, step_ms=20, skip=number * EACH)
    stack.analyze()
    steps, took = _tick(stack)
    note = f"{steps:,} steps of {JOURNEYS * EACH:,} runs, {took}"
    return Figure("steps of mixed nodes, 50 journeys live", steps / took.wall_s, "steps/s", target=40_000, note=note)


def _woken(stack: Stack, workspace_id: int) -> Figure:
    """400,000 wait for an order; orders come in batches as the intake worker takes them, each for somebody who waits. A quarter is woken by hand."""
    ids = _publish(stack, workspace_id, "called", CALLED)
    _place(stack, workspace_id, ids, NOW + timedelta(days=30), WAITING, skip=PEOPLE - WAITING, waiting=True)
    stack.analyze()
    with stack.db.workspace(workspace_id) as ws:
        person_ids = [row[0] for row in ws.rows(QUERIES.waiting, version_id=ids[1])]
    by_hand, ours = person_ids[: WAITING // 4], person_ids[WAITING // 4 :]
    with _timed(stack) as floor:
        for some in _batched(by_hand):
            with stack.db.workspace(workspace_id) as ws:
                assert ws.run(QUERIES.by_hand_wake, version_id=ids[1], person_ids=list(some), at=SOON) == len(some)
    events = [_order(workspace_id, person_id) for person_id in ours]
    # A worker holds one batch and not all of them: Python shall not look through the others for garbage again and again.
    gc.freeze()
    with stack.ch() as ch, _timed(stack) as took:
        woken = sum(_take(stack, ch, workspace_id, some) for some in _batched(events))
    assert woken >= len(ours), woken
    note = f"{WAITING:,} wait; {len(ours):,} events, {took}"
    rate, most = len(ours) / took.wall_s, len(by_hand) / floor.wall_s
    name = "people who wait for an event, woken"
    return Figure(name, rate, "events/s", target=50_000, floor=most, floor_name="SQL by hand", ratio_target=0.4, note=note)


def _order(workspace_id: int, person_id: int) -> Event:
    at = NOW + timedelta(hours=1)
    return Event(
        workspace_id,
        person_id,
        f"o{person_id}",
        "track",
        "Order Completed",
        at,
        at,
        str(person_id),
        None,
        b"{}",
        b"{}",
        "server",
        actor_id=person_id,
        person_id=person_id,
    )


def _batched(all_of: list[T]) -> Iterator[list[T]]:
    return (all_of[start : start + BATCH] for start in range(0, len(all_of), BATCH))


def _take(stack: Stack, ch: Client, workspace_id: int, events: Sequence[Event]) -> int:
    with stack.db.workspace(workspace_id) as ws:
        return actions.take(ws, ch, events, [], SOON)


def _late(stack: Stack, workspace_id: int) -> Figure:
    """A worker at its work: a thousand runs a second fall due, one each millisecond."""
    with stack.admin() as admin:
        admin.execute("UPDATE journey SET status = 'draft'")
    ids = _publish(stack, workspace_id, "punctual", RESTING)
    with stack.process("hudhud.workers.main", "--roles", "journeys"):
        time.sleep(4)
        _place(stack, workspace_id, ids, datetime.now(UTC) + timedelta(seconds=3), PER_S * SECONDS, step_ms=1)
        wait_until(lambda: not _left(stack, ids[1]), SECONDS + 60, every_s=0.5, what="all to be moved")
    with stack.admin() as admin:
        late = [float(row[0]) for row in admin.execute(QUERIES.late.text.replace("%(version_id)s", str(ids[1]))).fetchall()]
    note = f"{len(late):,} runs at {PER_S:,}/s, two steps each; p50 {percentile(late, 0.5):.2f} s, most {max(late):.2f} s"
    return Figure("a due run is late, p99", percentile(late, 0.99), "s", target=1, at_least=False, note=note)


def _left(stack: Stack, version_id: int) -> int:
    with stack.admin() as admin:
        row = admin.execute("SELECT count(*) FROM run_position WHERE version_id = %s AND node <> 'later'", (version_id,)).fetchone()
    return int(row[0]) if row else 0
