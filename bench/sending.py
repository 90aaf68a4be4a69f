"""End to end: planned rows to mails in a fast SMTP sink, consent gate, marks and outcomes included."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.figures import Figure
from bench.render import event_of, publish_mail
from bench.shop import open_shop
from bench.stack import ROOT, Stack, free_port, wait_until
from hudhud.consent.actions import create_default_topics
from hudhud.content.sandbox import Sandbox
from hudhud.delivery.actions import add_cap
from hudhud.delivery.caps import Cap, Unit
from hudhud.kit import sql
from tests.harness.ledger import wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MAILS = 60_000
# How many plain connections the floor uses; the same number as the product's worker.
FLOOR_CONNECTIONS, FLOOR_MAILS = 10, 20_000
QUERIES = sql.load("bench", "sending.sql")


def measure(*, mails: int = MAILS) -> list[Figure]:
    """One delivery worker; the floor is what one program that only writes ready bytes to the same sink reaches. Then with caps to keep."""
    return [_measure(mails, ""), _measure(mails, ", caps kept")]


def _measure(mails: int, rules: str) -> Figure:
    with Stack() as stack, sink() as (port, kind):
        workspace_id, _ = open_shop(stack)
        _plan(stack, workspace_id, mails)
        if rules:
            _cap(stack, workspace_id)
        floor = _floor(port)
        with stack.process("hudhud.workers.main", "--roles", "delivery", HUDHUD_SMTP_URL=f"smtp://127.0.0.1:{port}"):
            wait_until(lambda: _value(stack, QUERIES.begun), 60, what="the first mail")
            began, already = time.perf_counter(), _value(stack, QUERIES.accepted)
            wait_until(lambda: _value(stack, QUERIES.is_over), 180, what="all mails to be sent")
            took = time.perf_counter() - began
        _check(stack, mails)
    return Figure(
        f"end to end to a fast SMTP sink{rules}",
        (mails - already) / took,
        "messages/s",
        target=4_000,
        floor=floor,
        floor_name="ready bytes, one socket loop",
        note=f"{mails:,} mails to {kind}, {took:.0f} s",
    )


def _cap(stack: Stack, workspace_id: int) -> None:
    """Caps that are asked of every mail, and hold none."""
    now = datetime.now(UTC)
    with stack.db.workspace(workspace_id) as ws:
        add_cap(ws, Cap(0, "a day", 2, 1, Unit.DAYS), now)
        add_cap(ws, Cap(0, "a week of newsletters", 3, 1, Unit.WEEKS, "email", "newsletter"), now)


@contextmanager
def sink() -> Iterator[tuple[int, str]]:
    """Run Postfix's smtp-sink where there is one, else our own."""
    port = free_port()
    theirs = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")
    command = [theirs, "-u", "nobody", f"127.0.0.1:{port}", "512"] if theirs else [sys.executable, "-m", "bench.sink", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield port, "Postfix's smtp-sink" if theirs else "our sink"
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


def _plan(stack: Stack, workspace_id: int, mails: int) -> None:
    now, sandbox = datetime.now(UTC), Sandbox()
    with stack.db.workspace(workspace_id) as ws:
        create_default_topics(ws, now)
        publish_mail(ws, sandbox)
        ws.run(QUERIES.people, now=now, count=mails)
        ws.run(QUERIES.messages, now=now, event=json.dumps(event_of(7)))
    sandbox.close()
    stack.analyze()


def _value(stack: Stack, query: sql.Query) -> int:
    with stack.db.everywhere() as everywhere:
        return int(everywhere.value(query))


def _floor(port: int) -> float:
    """Write the same number of bytes for ready mails on one connection with pipelined envelopes; return mails/s."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.pump", str(port), str(FLOOR_MAILS), str(FLOOR_CONNECTIONS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _check(stack: Stack, mails: int) -> None:
    with stack.db.everywhere() as everywhere:
        outcomes = everywhere.all(QUERIES.outcomes)
    if outcomes != [{"state": "accepted", "messages": mails, "rows": mails}]:
        message = f"{mails} mails were planned; outcomes: {outcomes}"
        raise AssertionError(message)
