"""Memory and CPU of every process below one root, sampled while a run goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil

from tests.harness.monkey import part_of

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True)
class Sample:
    """One process at one moment."""

    at: float  # time.monotonic()
    part: str
    pid: int
    rss_mb: float
    cpu_s: float


def take(root: int) -> list[Sample]:
    """Sample every process below `root` once."""
    samples = []
    try:
        family = psutil.Process(root).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    for process in family:
        try:
            with process.oneshot():
                times = process.cpu_times()
                part = part_of(process)
                samples.append(Sample(time.monotonic(), part, process.pid, process.memory_info().rss / 2**20, times.user + times.system))
        except psutil.Error:
            continue
    return samples


class Sampler:
    """Samples in a thread, every `every_s` seconds, for as long as the `with` block runs."""

    def __init__(self, root: int, *, every_s: float = 0.5) -> None:
        """Prepare to watch the processes below `root`."""
        self.root = root
        self.every_s = every_s
        self.samples: list[Sample] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """End."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(self.every_s):
            self.samples.extend(take(self.root))
