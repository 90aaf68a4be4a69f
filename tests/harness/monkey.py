"""The monkey: kill -9 of random parts of one `hudhud up`, of PostgreSQL, or of everything at once.

It touches only processes below the one it was given. Its seed is printed; the same seed makes the same choices.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

# How a part of the product is recognised by its command line; PostgreSQL is no module.
MODULES = {
    "clickhouse": "hudhud.engines.clickhouse_server",
    "edge": "hudhud.edge.main",
    "web": "hudhud.app.main",
    "worker": "hudhud.workers.main",
}


def part_of(process: psutil.Process) -> str:
    """Return which part of the product a process is, or ""."""
    try:
        words = process.cmdline() or [process.name()]
    except psutil.Error:
        return ""
    if words[0].endswith("/postgres") or words[0].startswith("postgres:"):
        return "postgres"
    return next((part for part, module in MODULES.items() if module in words), "")


def _parent_of(process: psutil.Process) -> int:
    """Return the parent's pid; 0 when the process has died meanwhile."""
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return 0


# Of what is killed and when; "random": another each time, which is printed.
SEED = os.environ.get("PROVE_SEED", "1")


class Monkey:
    """Kills below `root`, which is the pid of a `hudhud up` that the test has started."""

    def __init__(self, root: int, *, seed: int | None = None) -> None:
        """Print the seed, so that a failing run can be repeated."""
        self.root = root
        drawn = random.randrange(2**32) if SEED == "random" else int(SEED)
        self.seed = drawn if seed is None else seed
        self.random = random.Random(self.seed)
        self.log: list[tuple[float, str, int]] = []  # monotonic time, what, pid
        print(f"monkey: seed {self.seed}", flush=True)  # noqa: T201 -- pytest shows it when the run fails

    def family(self) -> list[psutil.Process]:
        """Return everything below the root, in the order of their pids."""
        try:
            return sorted(psutil.Process(self.root).children(recursive=True), key=lambda process: process.pid)
        except psutil.NoSuchProcess:
            return []

    def parts(self, name: str) -> list[psutil.Process]:
        """Return the processes of one part; of PostgreSQL the postmaster alone (its children die with it)."""
        family = [process for process in self.family() if part_of(process) == name]
        pids = {process.pid for process in family}
        return [process for process in family if _parent_of(process) not in pids] if name == "postgres" else family

    def kill(self, name: str) -> bool:
        """Kill -9 one random process of a part: edge, web, worker, clickhouse, postgres (the postmaster) or backend."""
        candidates = self.backends() if name == "backend" else self.parts(name)
        return bool(candidates) and self._kill(name, self.random.choice(candidates))

    def backends(self) -> list[psutil.Process]:
        """Return PostgreSQL's children."""
        postmasters = {process.pid for process in self.parts("postgres")}
        return [process for process in self.family() if _parent_of(process) in postmasters]

    def kill_everything(self) -> None:
        """Kill the root and all below it at once, as a power cut would: stop them first, so that nobody reacts."""
        victims = [psutil.Process(self.root), *self.family()] if psutil.pid_exists(self.root) else self.family()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for victim in victims:
                self._signal(victim, number)
        self.log.append((time.monotonic(), "everything", self.root))
        psutil.wait_procs([victim for victim in victims if victim.pid != self.root], timeout=10)

    def rampage(
        self,
        done: threading.Event,
        names: Sequence[str],
        *,
        pause_s: tuple[float, float] = (1.0, 5.0),
        after: Callable[[], None] | None = None,
    ) -> None:
        """Kill one random part after another until `done` is set; `after` runs after each kill."""
        while not done.wait(self.random.uniform(*pause_s)):
            self.kill(self.random.choice(list(names)))
            if after is not None:
                after()

    def _kill(self, name: str, victim: psutil.Process) -> bool:
        self.log.append((time.monotonic(), name, victim.pid))
        return self._signal(victim, signal.SIGKILL)

    @staticmethod
    def _signal(victim: psutil.Process, number: int) -> bool:
        try:
            os.kill(victim.pid, number)
        except ProcessLookupError:
            return False
        return True
