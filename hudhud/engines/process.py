"""Child processes that die with us: start, stop, find again after a crash of the starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAUNCHER = Path(__file__).with_name("launch.py")


def spawn(
    program: Sequence[str],
    *,
    log: IO[bytes] | int,
    death_signal: int = signal.SIGTERM,
    user: str = "",
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `program` in a session of its own, output to `log`; the kernel stops it when this process dies."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(int(death_signal)), str(os.getpid()), user, "--"]
    return subprocess.Popen(
        [*launcher, *program],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=dict(env) if env is not None else None,
        cwd="/",
    )


def stop(process: subprocess.Popen[bytes], by: int = signal.SIGTERM, *, grace_s: float = 8.0) -> None:
    """Ask the process to end, wait, then kill it and what is left of its group."""
    if process.poll() is None:
        process.send_signal(by)
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def started_at(pid: int) -> str:
    """Return a stamp that tells this process from a later one with the same number; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[18]


def end_leftover(pid: int, stamp: str, *, grace_s: float = 8.0) -> None:
    """End a process that a crashed starter left behind, if it is still the same one."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + grace_s
        if stamp and started_at(pid) == stamp:
            os.kill(pid, number)
        while stamp and started_at(pid) == stamp and time.monotonic() < deadline:
            time.sleep(0.05)
