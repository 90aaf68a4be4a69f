"""`hudhud up`: start everything, keep it running, stop it in order."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from hudhud.engines.clickhouse import ClickHouse
from hudhud.engines.errors import EngineFailed
from hudhud.engines.home import CLOCK_WRITTEN_EVERY_S, Addresses, Home
from hudhud.engines.postgres import Postgres
from hudhud.engines.process import check_port, log_end, spawn, stop_all

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from hudhud.kit.config import Settings

SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_AFTER_S = 0.1, 10.0, 5.0
READY_WITHIN_S = 180.0
# Who has ended itself so often before all is ready will not start; who is killed may.
HOPELESS = 3
DRAIN_S, ENGINES_STOP_S = 6.0, 3.0
PROCESSES = {
    "edge": ("hudhud.edge.main",),
    "web": ("hudhud.app.main",),
    "worker-flow": ("hudhud.workers.main", "--roles", "intake,segments,journeys,effects,telling,hooks,reports,campaigns"),
    "worker-send": (
        "hudhud.workers.main",
        "--roles",
        "delivery,confirmations,endpoints,requests,mailbox,inbound,demo,erasure,duplicates,experiments,transfers,warehouses,rehearsals,retention,watch",
    ),
}

log = structlog.get_logger()


@dataclass
class Child:
    """One supervised process and its patience: each quick death doubles the wait before the next start."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due: float = 0.0
    down: bool = field(default=False)
    gave_up: int = 0

    def start(self) -> None:
        """Start it now."""
        self.process = self.launch()
        self.started = time.monotonic()
        self.down = False

    def look(self, now: float) -> None:
        """Notice a death, plan the next start, start when that is due."""
        if not self.down and self.process is not None and self.process.poll() is not None:
            self.wait_s = FIRST_WAIT_S if now - self.started > STEADY_AFTER_S else min(self.wait_s * 2, LONGEST_WAIT_S)
            self.due, self.down = now + self.wait_s, True
            self.gave_up += self.process.returncode > 0
            log.error("child.died", child=self.name, status=self.process.returncode, restart_in_s=self.wait_s)
        if self.down and now >= self.due:
            self.start()
            log.info("child.started", child=self.name)


class Supervisor:
    """Everything that runs on one data folder."""

    def __init__(self, settings: Settings, *, time_lapse: float | None = None) -> None:
        """Plan; nothing is started yet."""
        self.settings = settings
        self.home = Home(settings.data.resolve())
        self.time_lapse = time_lapse
        self.engines: list[Child] = []
        self.children: list[Child] = []
        self.clock = ""
        self.stopping = False

    def run(self, ready: Callable[[str], None]) -> None:
        """Run until SIGTERM or SIGINT; `ready` is called once with the address."""
        self.home.prepare()
        with self.home.owned():
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                self.home.end_leftovers()
                check_port(self.settings.host, self.settings.port)
                self._start_all()
                self._until_ready()
                if not self.stopping:
                    ready(self.settings.base_url)
                while not self.stopping:
                    self._tick(CLOCK_WRITTEN_EVERY_S)
            finally:
                self._stop_all()
                self.home.note_clock(self.clock)

    def _start_all(self) -> None:
        self.clock = self.home.clock_setting(self.time_lapse, datetime.now(UTC), self.settings.clock)
        database_url, clickhouse_url = self._start_engines()
        addresses = Addresses(self.settings.base_url, database_url, clickhouse_url, self.clock, os.getpid())
        self.home.announce(addresses)
        env = self._environment(addresses)
        self._migrate(env)
        self.home.web_socket.unlink(missing_ok=True)
        self.children = [Child(name, self._launcher(name, module, env)) for name, module in PROCESSES.items()]
        for child in self.children:
            child.start()
        self._note_children()

    def _start_engines(self) -> tuple[str, str]:
        """Start what is not given by an address, both at once."""
        postgres = Postgres(self.home.data / "postgres", log=self.home.log("postgres"))
        clickhouse = ClickHouse(self.home.data / "clickhouse", log=self.home.log("clickhouse"))
        embedded = [
            (Child("postgres", postgres.launch), postgres.wait_ready, not self.settings.database_url),
            (Child("clickhouse", clickhouse.launch), clickhouse.wait_ready, not self.settings.clickhouse_url),
        ]
        self.engines = [child for child, _, wanted in embedded if wanted]
        for child in self.engines:
            child.start()
        self._note_children()
        for _, wait_ready, wanted in embedded:
            if wanted:
                wait_ready(READY_WITHIN_S)
        return self.settings.database_url or postgres.url(), self.settings.clickhouse_url or clickhouse.url()

    def _environment(self, addresses: Addresses) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": addresses.database_url,
            "CLICKHOUSE_URL": addresses.clickhouse_url,
            "HUDHUD_DATA": str(self.home.data),
            "HUDHUD_HOST": self.settings.host,
            "HUDHUD_PORT": str(self.settings.port),
            "HUDHUD_CLOCK": self.clock,
            "HUDHUD_WEB_SOCKET": str(self.home.web_socket),
            "PYTHONUNBUFFERED": "1",
        }

    def _launcher(self, name: str, module: tuple[str, ...], env: dict[str, str]) -> Callable[[], subprocess.Popen[bytes]]:
        def launch() -> subprocess.Popen[bytes]:
            with self.home.log(name).open("ab") as file:
                return spawn([sys.executable, "-m", *module], log=file, env=env)

        return launch

    def _migrate(self, env: dict[str, str]) -> None:
        """Migrate in a process of its own, so that this one stays small."""
        self.home.log("migrate").unlink(missing_ok=True)
        process = self._launcher("migrate", ("hudhud.cli", "migrate"), env)()
        if process.wait():
            raise EngineFailed(f"the migrations did not apply:\n{log_end(self.home.log('migrate'))}")

    def _until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.stopping and not self._is_ready():
            for child in self.children:
                if child.gave_up >= HOPELESS:
                    raise EngineFailed(
                        f"{child.name} does not start; the end of {self.home.log(child.name)}:\n{log_end(self.home.log(child.name))}"
                    )
            if time.monotonic() > deadline:
                ends = "\n".join(f"{child.name}: {log_end(self.home.log(child.name), 500)}" for child in self.children)
                raise EngineFailed(f"not ready after {READY_WITHIN_S:.0f} s; the ends of the logs:\n{ends}")
            self._tick(0.1)

    def _is_ready(self) -> bool:
        host = "127.0.0.1" if self.settings.host in {"0.0.0.0", "::"} else self.settings.host  # noqa: S104 -- compared, not bound
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tick(self, longest_s: float) -> None:
        """Sleep until a signal, a start that is due, or `longest_s`; then look after every child."""
        now = time.monotonic()
        everything = [*self.engines, *self.children]
        due = [child.due - now for child in everything if child.down]
        received = signal.sigtimedwait(SIGNALS, max(0.0, min([*due, longest_s])))
        if received is not None and received.si_signo != signal.SIGCHLD:
            self.stopping = True
            return
        before = [child.process for child in everything]
        for child in everything:
            child.look(time.monotonic())
        if before != [child.process for child in everything]:
            self._note_children()
        self.home.note_clock(self.clock)

    def _note_children(self) -> None:
        everything = [*self.engines, *self.children]
        self.home.note_children(child.process.pid for child in everything if child.process is not None)

    def _stop_all(self) -> None:
        """Drain the processes, then the engines under them; ten seconds at most."""
        stop_all((child.process for child in self.children if child.process is not None), grace_s=DRAIN_S)
        # PostgreSQL: SIGINT is the fast shutdown, SIGTERM would wait for its clients. Our ClickHouse server takes both alike.
        stop_all((child.process for child in self.engines if child.process is not None), signal.SIGINT, grace_s=ENGINES_STOP_S)
