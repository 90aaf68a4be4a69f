"""Child processes that die with us: start, stop, find again after a crash of the starter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hudhud.engines.errors import PortUnusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    """Ask the process to end, wait, then kill it."""
    stop_all([process], by, grace_s=grace_s)


def stop_all(processes: Iterable[subprocess.Popen[bytes]], by: int = signal.SIGTERM, *, grace_s: float) -> None:
    """Ask all of them to end at once, wait for all of them together, kill the rest."""
    waiting = [process for process in processes if process.poll() is None]
    for process in waiting:
        process.send_signal(by)
    deadline = time.monotonic() + grace_s
    for process in waiting:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def check_port(host: str, port: int) -> None:
    """Raise `PortUnusable` when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise PortUnusable(f"{host}:{port}: {reason}; choose another with --port or --host") from None


def log_end(path: Path, size: int = 2000) -> str:
    """Return the last lines of a log, for an error message."""
    return path.read_bytes()[-size:].decode("utf-8", "replace") if path.exists() else ""


def started_at(pid: int) -> str:
    """Return a stamp that tells this process from a later one with the same number; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[18]


def end_leftover(pid: int, stamp: str, *, grace_s: float = 4.0) -> None:
    """End a process that a crashed starter left behind, if it is still the same one."""
    # PostgreSQL waits for its clients at SIGTERM; SIGINT is its fast shutdown.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + grace_s
        if stamp and started_at(pid) == stamp:
            os.kill(pid, number)
        while stamp and started_at(pid) == stamp and time.monotonic() < deadline:
            time.sleep(0.05)
