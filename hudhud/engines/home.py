"""The data folder: who runs on it, what runs there, where its clock stands.

DATA/up.lock        held by the running supervisor
DATA/run.json       its addresses, for the other commands (private: it holds passwords)
DATA/children.json  its processes, so that a killed supervisor's successor can end them
DATA/clock.json     how far a time-lapse has come
DATA/postgres, clickhouse, logs, secret.key, web.sock
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudhud.engines.errors import AlreadyRunning
from hudhud.engines.process import end_leftover, started_at
from hudhud.kit.clock import from_setting
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLOCK_WRITTEN_EVERY_S = 5.0
LONGEST_SOCKET = 100
LARGEST_LOG = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running Hudhud and its databases are."""

    url: str
    database_url: str
    clickhouse_url: str
    clock: str
    pid: int


@dataclass(frozen=True, slots=True)
class Home:
    """One data folder."""

    data: Path

    def prepare(self) -> None:
        """Make the folder and its logs; a large log is put aside, the one before it goes."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.data / "logs").mkdir(exist_ok=True)
        for log in (self.data / "logs").glob("*.log"):
            if log.stat().st_size > LARGEST_LOG:
                log.replace(log.with_suffix(".old"))

    def log(self, name: str) -> Path:
        """Where the process `name` writes."""
        return self.data / "logs" / f"{name}.log"

    @property
    def web_socket(self) -> Path:
        """Where the web process listens; elsewhere when the folder's name is too long for a socket."""
        path = self.data / "web.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET:
            return path
        return Path(tempfile.gettempdir()) / f"hudhud-web-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the only supervisor of this folder; raises `AlreadyRunning`."""
        with (self.data / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                running = self.addresses()
                where = f" at {running.url} (process {running.pid})" if running else ""
                raise AlreadyRunning(f"Hudhud already runs on {self.data}{where}; stop it, or use --data with another folder") from None
            try:
                yield
            finally:
                (self.data / "run.json").unlink(missing_ok=True)

    def addresses(self) -> Addresses | None:
        """Return the addresses of the Hudhud that runs on this folder, if one does."""
        found = _read(self.data / "run.json")
        return Addresses(**found) if found and started_at(found["pid"]) else None

    def announce(self, addresses: Addresses) -> None:
        """Tell the other commands where we are."""
        _write(self.data / "run.json", asdict(addresses))

    def note_children(self, pids: Iterable[int]) -> None:
        """Remember our processes."""
        _write(self.data / "children.json", {str(pid): started_at(pid) for pid in pids})

    def end_leftovers(self) -> None:
        """End what a killed supervisor left running (normally nothing: its children die with it)."""
        for pid, stamp in (_read(self.data / "children.json") or {}).items():
            end_leftover(int(pid), stamp)

    def clock_setting(self, factor: float | None, now: datetime, configured: str) -> str:
        """Return `HUDHUD_CLOCK` for a start at `now`: a time-lapse goes on where it stood, and never backwards."""
        saved = _read(self.data / "clock.json")
        stood = datetime.fromisoformat(saved["virtual"]) if saved else now
        if factor is None:
            if stood > now and not configured:
                remedy = "start it with --time-lapse, or use another folder"
                raise InvalidInput("--data", f"its clock stands at {stood:%Y-%m-%d %H:%M} UTC", remedy)
            return configured
        start = max(stood + timedelta(seconds=CLOCK_WRITTEN_EVERY_S * factor) if saved else now, now)
        return f"lapse:{factor}:{now.timestamp()}:{start.timestamp()}"

    def note_clock(self, setting: str) -> None:
        """Write down how far a time-lapse has come."""
        if setting.startswith("lapse:"):
            _write(self.data / "clock.json", {"virtual": from_setting(setting).now().astimezone(UTC).isoformat()})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace the file as a whole, readable by us alone."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    fresh.replace(path)
