from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.errors import HudhudError
from hudhud.workers.main import Guard, beat, keep_running, listen, load_role
from tests.workers.line import Line, track

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.workers.context import Context


def until(holds: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


class Fails:
    """A role that fails twice, then works."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, context: Context) -> None:
        self.runs += 1
        if self.runs <= 2:
            raise ValueError(self.runs)
        context.stop.set()


def test_a_role_that_raises_is_started_again(line: Line) -> None:
    role = Fails()
    keep_running(line.context, "fails", role, Guard())
    assert role.runs == 3


@pytest.mark.parametrize("name", ["nothing", "main", "context", "messages", "../intake", ""])
def test_what_is_no_role_is_refused(name: str) -> None:
    with pytest.raises(HudhudError, match="there is no role"):
        load_role(name)


def put_an_event(line: Line) -> None:
    line.put(track("u1"))


def plan_an_effect(line: Line) -> None:
    planned = "INSERT INTO journey_effect SELECT coalesce(max(run_id), 0) + 1, 1, %s, 1, 1, 'tag', now() FROM journey_effect RETURNING 1"
    line.sql(planned, line.shop)


@pytest.mark.parametrize(("channel", "happens"), [("intake", put_an_event), ("effects", plan_an_effect)], ids=["intake", "effects"])
def test_a_bell_wakes_every_role_that_waits_for_it(line: Line, channel: str, happens: Callable[[Line], None]) -> None:
    context = line.context
    woken: list[str] = []

    def wait() -> None:
        context.wait(channel, 30)
        woken.append(threading.current_thread().name)

    # Whoever begins to listen rings all bells once: what is heard afterwards was said.
    early, *threads = (threading.Thread(target=wait, name=name) for name in ("early", "one", "two"))
    listener = threading.Thread(target=listen, args=(context,), daemon=True)
    early.start()
    until(lambda: context.last_beat("early"))
    listener.start()
    early.join(10)
    for thread in threads:
        thread.start()
    until(lambda: context.last_beat("one") and context.last_beat("two"))
    happens(line)
    for thread in threads:
        thread.join(10)
    context.stop.set()
    listener.join(10)
    assert sorted(woken) == ["early", "one", "two"]


def test_a_silent_role_gives_no_sign_of_life(line: Line) -> None:
    context = line.context
    silent = threading.Thread(target=context.stop.wait, name="silent")
    lively = threading.Thread(target=lambda: (context.count("things", "done", 2), context.wait("intake", 30)), name="lively")
    keeper = threading.Thread(target=beat, args=(context, {"silent": silent, "lively": lively}))
    for thread in (silent, lively, keeper):
        thread.start()
    until(lambda: line.sql("SELECT role, stats FROM worker_heartbeat") == [("lively", {"things": {"done": 2.0}})])
    context.stop.set()
    context.ring_all()
    for thread in (silent, lively, keeper):
        thread.join(10)


def test_sigterm_ends_the_process_cleanly_and_at_once(line: Line) -> None:
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url}
    process = subprocess.Popen([sys.executable, "-m", "hudhud.workers.main", "--roles", "intake"], env=env, stderr=subprocess.PIPE)
    until(lambda: line.sql("SELECT role FROM worker_heartbeat") == [("intake",)])
    line.put(track("u1"))
    until(lambda: len(line.events()) == 1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert (process.returncode, time.monotonic() - began < 10) == (0, True)
    assert b'"in_time": true' in log
    assert line.sql("SELECT count(*) FROM worker_heartbeat") == [(0,)]
