"""Hudhud as its users run it: `hudhud up` in a folder, and the commands beside it. Nothing is reached but by public doors.

Only `database_url` and `clickhouse_url` look behind: the checker needs them after a run.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hudhud.engines.home import Addresses, Home
from tests.harness.monkey import Monkey
from tests.harness.typed import typed

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parents[2]


class CommandFailed(AssertionError):
    """A command of the product ended with another status than 0."""


class Product:
    """One installation; `environment` are the settings it is started with."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        """Prepare; nothing runs yet."""
        self.folder = folder
        self.port = port
        self.data = folder / "data"
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The one public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What `hudhud up` has printed, over all starts."""
        return self.folder / "up.log"

    @property
    def database_url(self) -> str:
        """The embedded PostgreSQL; only while it runs."""
        return self._addresses().database_url

    @property
    def clickhouse_url(self) -> str:
        """The embedded ClickHouse; only while it runs."""
        return self._addresses().clickhouse_url

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self.process is not None
        return self.process.pid

    def __enter__(self) -> Self:
        """Start and wait until it is ready."""
        return self.start()

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Stop, and leave nothing behind."""
        self.stop()

    def start(self, *, ready_s: float = 120.0) -> Self:
        """Run `hudhud up` and wait for `/readyz`."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "hudhud.cli", "up", "--data", str(self.data), "--port", str(self.port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=self._env(), start_new_session=True)
        self.wait_ready(ready_s)
        return self

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until `/readyz` answers 200; raises TimeoutError with the log's end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.get_status("/readyz") == http.HTTPStatus.OK:
                return
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.1)
        message = f"not ready after {seconds} s\n{self.log.read_text('utf-8', 'replace')[-3000:]}"
        raise TimeoutError(message)

    def get_status(self, path: str) -> int | None:
        """Return the status of a GET, or None when nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
            line.request("GET", path)
            return line.getresponse().status
        return None

    def stop(self, *, grace_s: float = 15.0) -> int | None:
        """Ask it to stop (SIGTERM); return its exit status. What does not stop in time is killed, all of it."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            Monkey(self.process.pid, seed=0).kill_everything()
            return self.process.wait(10)
        finally:
            self.process = None

    def power_cut(self) -> None:
        """Kill -9 of everything at once."""
        Monkey(self.pid, seed=0).kill_everything()
        assert self.process is not None
        self.process.wait(10)
        self.process = None

    def command(self, *words: str, timeout_s: float = 120.0, **environment: str) -> str:
        """Run a command of the product; return what it prints; raises `CommandFailed` with all that it said."""
        done = typed(words, {**self._env(), **environment}, timeout_s)
        if done.returncode:
            message = f"{' '.join(words)}: status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            raise CommandFailed(message)
        return done.stdout.strip()

    def json(self, *words: str, timeout_s: float = 120.0) -> Any:  # noqa: ANN401 -- whatever the command says
        """Run a command with `--json` and parse its answer."""
        return json.loads(self.command(*words, "--json", timeout_s=timeout_s))

    def key(self, kind: str) -> str:
        """Make an API key."""
        return self.command("key", "create", "--kind", kind).split()[-1]

    def _addresses(self) -> Addresses:
        found = Home(self.data.resolve()).addresses()
        assert found is not None, "it does not run"
        return found

    def _env(self) -> dict[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HUDHUD_") and name not in {"DATABASE_URL", "CLICKHOUSE_URL"}
        }
        return {**ours, "HUDHUD_DATA": str(self.data), "HUDHUD_PORT": str(self.port), **self.environment}
