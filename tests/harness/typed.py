"""Commands as somebody types them, and workers, without waiting for the imports: a process that has read everything forks for each.

`python -m tests.harness.typed` reads requests from standard input, one JSON object a line, and answers each with its pid and status. Each has a
process, an environment and standard streams of its own, as from a shell.
"""

from __future__ import annotations

import atexit
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any, TextIO

from hudhud import cli, workers
from hudhud.workers import main as worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

    Process = subprocess.Popen[str]

ROOT = Path(__file__).parents[2]
PROGRAMS: dict[str, Callable[[], None]] = {"hudhud.cli": cli.main, "hudhud.workers.main": worker.main}
_of_thread = local()


@dataclass(frozen=True)
class Ended:
    """What a process has left; the status of one that was killed is negative."""

    pid: int
    returncode: int
    stdout: str
    stderr: str


def typed(words: Sequence[str], env: Mapping[str, str], timeout_s: float = 60.0, program: str = "hudhud.cli") -> Ended:
    """Run `hudhud` (or another of `PROGRAMS`) with these words in this environment; raises `TimeoutExpired`."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _server()
        assert process.stdin is not None
        assert process.stdout is not None
        ask = {"program": program, "words": list(words), "env": dict(env), "out": str(out), "err": str(err), "timeout_s": timeout_s}
        process.stdin.write(json.dumps(ask) + "\n")
        process.stdin.flush()
        pid, status = map(int, process.stdout.readline().split())
        said = Ended(pid, status, out.read_text(), err.read_text())
    if status == -signal.SIGALRM:
        raise subprocess.TimeoutExpired([program, *words], timeout_s, said.stdout, said.stderr)
    return said


def _server() -> Process:
    """Return this thread's process."""
    process: Process | None = getattr(_of_thread, "process", None)
    if process is None:
        program = [sys.executable, "-m", "tests.harness.typed"]
        process = _of_thread.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        atexit.register(_end, process)
    return process


def _end(process: Process) -> None:
    process.communicate(timeout=10)


def serve(requests: TextIO, answers: TextIO) -> None:
    """Fork for each request until there are no more."""
    for place in cli.LATER.values():
        import_module(place.partition(":")[0])
    for role in pkgutil.iter_modules(workers.__path__):
        import_module(f"hudhud.workers.{role.name}")
    for line in requests:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(asked)
        answers.write(f"{child} {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def become(asked: dict[str, Any]) -> NoReturn:
    """Be the command: its words, environment and streams; never returns."""
    os.environ.clear()
    os.environ.update(asked["env"])
    for target, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY | os.O_CREAT),
        (2, asked["err"], os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags, 0o600), target)
    signal.setitimer(signal.ITIMER_REAL, asked["timeout_s"])
    sys.argv = ["hudhud", *asked["words"]]
    status = 1
    try:
        PROGRAMS[asked["program"]]()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 -- as the interpreter does at the end of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
