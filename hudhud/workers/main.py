"""`python -m hudhud.workers.main --roles intake,segments,journeys`: one thread for each role until SIGTERM.

A role is a module `hudhud.workers.ROLE` with `run(context)`. One that raises is logged and started again after a pause that
doubles; while a database is away that is all that happens, and work goes on when it is back.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import os
import re
import secrets
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol, cast

import msgspec
import psycopg
import structlog
from psycopg import sql as compose
from psycopg_pool import PoolTimeout

from hudhud.events import kept
from hudhud.kit import log as logs
from hudhud.kit import sql
from hudhud.kit.clock import from_setting
from hudhud.kit.config import settings
from hudhud.kit.crypto import load_keys
from hudhud.kit.db import Database
from hudhud.kit.errors import HudhudError
from hudhud.kit.steady import steady
from hudhud.workers import alarm
from hudhud.workers.context import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERIES = sql.load("hudhud.workers")
CHANNELS = (
    "campaigns",
    "intake",
    "segments",
    "runs",
    "effects",
    "messages",
    "erasure",
    "duplicates",
    "hooks",
    "endpoints",
    "rehearsals",
    "requests",
    "reports",
)
ROLE = re.compile(r"[a-z]+")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
LOOK_UP_S = 1.0
BEAT_S = 3.0
# A role that is silent for so long is stuck: it gives no sign of life, and /readyz says so.
SILENT_S = 60.0
DRAIN_S = 5.0
LISTEN_S = 1.0
CONNECTIONS_PER_ROLE = 3
# They decide by what people did, so they wait until ClickHouse has all of it. The others go on, as mail does while ClickHouse is away.
DECIDING = frozenset({"intake", "segments", "journeys", "effects", "experiments", "campaigns", "retention"})

log = structlog.get_logger()


class Role(Protocol):
    """What a role's module offers."""

    def run(self, context: Context) -> None:
        """Work until `context.stop` is set."""


def load_role(name: str) -> Role:
    """Import the module of a role; raises `HudhudError` for a name that is none."""
    found = importlib.util.find_spec(f"hudhud.workers.{name}") if ROLE.fullmatch(name) else None
    module = importlib.import_module(found.name) if found else None
    if not hasattr(module, "run"):
        raise HudhudError(f"--roles: there is no role {name!r} in hudhud/workers")
    return cast("Role", module)


class Guard:
    """Holds roles that decide until ClickHouse has what was taken in: without it everybody would seem to leave their segments, and to come back later."""

    def __init__(self) -> None:
        """Begin closed."""
        self._is_open = False
        self._lock = threading.Lock()

    def pass_by(self, context: Context) -> None:
        """Return when it is open, or the process stops; raises what an engine says that is away."""
        with self._lock:
            while not self._is_open and not context.stop.is_set():
                self._look(context)
                if not self._is_open:
                    context.stop.wait(BEAT_S)

    def _look(self, context: Context) -> None:
        ch = context.ch()
        try:
            with context.db.everywhere() as everywhere:
                if kept.is_behind(everywhere, ch) or everywhere.value(QUERIES.is_filling):
                    alarm.ring(everywhere, alarm.BEHIND, alarm.CURE_BEHIND)
                else:
                    alarm.silence(everywhere, alarm.BEHIND)
                    self._is_open = True
        finally:
            ch.close()


def keep_running(context: Context, name: str, role: Role, guard: Guard) -> None:
    """Run a role; when it raises, log it, pause, run it again."""
    pause = FIRST_PAUSE_S
    while not context.stop.is_set():
        began = time.monotonic()
        try:
            if name in DECIDING:
                guard.pass_by(context)
            role.run(context)
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("role.database_away", role=name, error=str(error).strip())
        except Exception:
            log.exception("role.failed", role=name)
        if context.stop.is_set():
            return
        pause = FIRST_PAUSE_S if time.monotonic() - began > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
        context.stop.wait(pause)


def listen(context: Context) -> None:
    """Ring the bells for PostgreSQL's notifications; the session's name is also what leases are tied to."""
    while not context.stop.is_set():
        try:
            with psycopg.connect(context.settings.database_url, autocommit=True, application_name=context.name, connect_timeout=5) as conn:
                for channel in CHANNELS:
                    conn.execute(compose.SQL("LISTEN {}").format(compose.Identifier(channel)))
                # Whatever was said while nobody listened.
                context.ring_all()
                while not context.stop.is_set():
                    for notice in conn.notifies(timeout=LISTEN_S, stop_after=1):
                        context.ring(notice.channel)
        except psycopg.Error as error:
            log.warning("listener.database_away", error=str(error).strip())
            context.stop.wait(FIRST_PAUSE_S)


def beat(context: Context, roles: dict[str, threading.Thread]) -> None:
    """Write signs of life of the roles that gave one."""
    while not context.stop.wait(BEAT_S if any(context.last_beat(name) for name in roles) else FIRST_PAUSE_S):
        horizon = time.monotonic() - SILENT_S
        alive = [name for name, thread in roles.items() if thread.is_alive() and context.last_beat(name) > horizon]
        if not alive:
            continue
        try:
            with context.db.everywhere() as everywhere:
                stats = [msgspec.json.encode(context.stats(name)).decode() for name in alive]
                everywhere.run(QUERIES.beat, worker=context.name, roles=alive, stats=stats)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("heartbeat.database_away", error=str(error).strip())


def work(context: Context, roles: dict[str, Role]) -> bool:
    """Run all roles until the context stops; return whether every one ended in time."""
    guard = Guard()
    threads = {
        name: threading.Thread(target=keep_running, args=(context, name, role, guard), name=name, daemon=True)
        for name, role in roles.items()
    }
    for target, arguments in ((listen, (context,)), (beat, (context, threads))):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    for thread in threads.values():
        thread.start()
    # Not for ever: a signal that the kernel gives to another thread is seen only when this one wakes.
    while not context.stop.wait(LOOK_UP_S):
        pass
    context.ring_all()
    deadline = time.monotonic() + DRAIN_S
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    late = [name for name, thread in threads.items() if thread.is_alive()]
    if late:
        log.warning("roles.late", roles=late)
    return not late


def main(arguments: Sequence[str] | None = None) -> None:
    """Start, work, drain."""
    parser = argparse.ArgumentParser(prog="hudhud.workers.main", description="Run worker roles until SIGTERM.")
    parser.add_argument("--roles", required=True, help="comma-separated, e.g. intake,segments,journeys")
    names = [name.strip() for name in parser.parse_args(arguments).roles.split(",")]
    ours = settings()
    logs.set_up(f"worker {','.join(names)}", ours.log_level)
    try:
        roles = {name: load_role(name) for name in names}
    except HudhudError as error:
        sys.exit(error.message)
    context = Context(
        name=f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}",
        settings=ours,
        db=Database(ours.database_url, max_size=CONNECTIONS_PER_ROLE * len(roles) + 1).open(),
        clock=steady(from_setting(ours.clock)),
        keys=load_keys(ours.secret_keys, ours.data),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: context.stop.set())
    # A batch makes tens of thousands of objects that all live until it is done: looking through them every 700 is a tenth of the work.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    # Who comes back from the database shall not wait long for one who computes.
    sys.setswitchinterval(0.001)
    log.info("worker.started", worker=context.name, roles=names)
    in_time = work(context, roles)
    _forget(context)
    log.info("worker.stopped", in_time=in_time)
    # What is late must not hold the process: everything is transactional, and leases end with the session.
    os._exit(0 if in_time else 1)


def _forget(context: Context) -> None:
    try:
        with context.db.everywhere() as everywhere:
            everywhere.run(QUERIES.forget, worker=context.name)
    except (psycopg.OperationalError, PoolTimeout) as error:
        log.warning("heartbeat.database_away", error=str(error).strip())


if __name__ == "__main__":
    main()
