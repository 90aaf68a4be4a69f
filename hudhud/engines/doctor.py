"""`hudhud doctor`: look at everything that has to be right, and name the cure of what is not."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import psycopg
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from hudhud.engines.errors import EngineFailed, PortUnusable, SchemaChanged, SchemaNewer
from hudhud.engines.home import Addresses, Home
from hudhud.engines.migrate import find_pending, load
from hudhud.engines.postgres import binaries
from hudhud.engines.process import check_port
from hudhud.kit.clickhouse import connect

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.config import Settings

FREE_BYTES = 2 * 1024**3
OLDEST_POSTGRES = 160000


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; the message of a bad one names the cure."""

    check: str
    ok: bool
    message: str


def examine(settings: Settings) -> list[Finding]:
    """Run every check."""
    home = Home(settings.data.resolve())
    running = home.addresses()
    database_url = settings.database_url or (running.database_url if running else "")
    clickhouse_url = settings.clickhouse_url or (running.clickhouse_url if running else "")
    findings = [_folder(home), _space(home), _key(home), _port(settings, running)]
    findings.append(_postgres(database_url) if database_url else _wheel())
    if database_url and findings[-1].ok:
        findings += [_workers(database_url), _log(settings, database_url), *_domains(database_url)]
    if clickhouse_url:
        findings.append(_clickhouse(clickhouse_url))
    return findings


def _folder(home: Home) -> Finding:
    nearest = next(folder for folder in [home.data, *home.data.parents] if folder.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        return Finding("data folder", ok=True, message=str(home.data))
    return Finding("data folder", ok=False, message=f"{nearest} cannot be written; choose another with --data, or change its owner")


def _space(home: Home) -> Finding:
    nearest = next(folder for folder in [home.data, *home.data.parents] if folder.exists())
    free = shutil.disk_usage(nearest).free
    shown = f"{free / 1024**3:.1f} GB free"
    return Finding("disk", ok=free >= FREE_BYTES, message=shown if free >= FREE_BYTES else f"{shown}; make room, or move the data folder")


def _key(home: Home) -> Finding:
    path = home.data / "secret.key"
    if not path.exists():
        return Finding("signing key", ok=True, message="is made at the first start")
    open_to_others = path.stat().st_mode & 0o077
    cure = f"others can read it: chmod 600 {path}"
    return Finding("signing key", ok=not open_to_others, message=cure if open_to_others else str(path))


def _port(settings: Settings, running: Addresses | None) -> Finding:
    if running:
        return Finding("port", ok=True, message=f"Hudhud runs at {running.url}")
    try:
        check_port(settings.host, settings.port)
    except PortUnusable as error:
        return Finding("port", ok=False, message=error.message)
    return Finding("port", ok=True, message=f"{settings.host}:{settings.port} is free")


def _wheel() -> Finding:
    try:
        return Finding("PostgreSQL", ok=True, message=f"embedded, {binaries(18)}")
    except EngineFailed as error:
        return Finding("PostgreSQL", ok=False, message=error.message)


def _postgres(url: str) -> Finding:
    try:
        with psycopg.connect(url, connect_timeout=5) as conn:
            version = conn.info.server_version
            rights = conn.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
            recorded = conn.execute("SELECT to_regclass('schema_migration')").fetchone()
            applied: dict[str, str] = (
                dict(conn.execute("SELECT name, checksum FROM schema_migration").fetchall()) if recorded and recorded[0] else {}
            )
        pending = find_pending(load("postgres"), applied, "PostgreSQL")
    except psycopg.Error as error:
        return Finding("PostgreSQL", ok=False, message=f"{error}; is it running, is DATABASE_URL right?")
    except (SchemaChanged, SchemaNewer) as error:
        return Finding("PostgreSQL", ok=False, message=error.message)
    if version < OLDEST_POSTGRES:
        return Finding("PostgreSQL", ok=False, message=f"{version} is too old; 16 at least")
    if rights and rights[0]:
        return Finding("PostgreSQL", ok=False, message="the role passes row-level security; connect as one that is no superuser")
    return Finding(
        "PostgreSQL",
        ok=not pending,
        message=f"{version}, " + (f"{len(pending)} migrations to apply: hudhud migrate" if pending else "up to date"),
    )


def _workers(url: str) -> Finding:
    """What they cannot put right by themselves, of the last day."""
    with psycopg.connect(url, connect_timeout=5) as conn:
        found = conn.execute("SELECT message, seen_at FROM worker_alarm WHERE seen_at > now() - interval '1 day' ORDER BY name").fetchall()
    said = "; ".join(f"{message} (seen {seen_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" for message, seen_at in found)
    return Finding("workers", ok=not found, message=said or "nothing that they cannot put right")


def _log(settings: Settings, url: str) -> Finding:
    """How far back the kept log reaches, and what it takes."""
    with psycopg.connect(url, connect_timeout=5) as conn:
        conn.execute("SET hudhud.workspace = '*'")
        since, events, size = conn.execute(
            "SELECT min(kept_at), coalesce(sum(events), 0), pg_total_relation_size('intake_kept') FROM intake_kept"
        ).fetchone() or (None, 0, 0)
    if not settings.keep_log_days:
        return Finding("kept log", ok=True, message="off (HUDHUD_KEEP_LOG_DAYS=0): only a backup brings a ClickHouse back that is lost")
    reach = f"{events:,} events since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if since else "nothing yet"
    return Finding("kept log", ok=True, message=f"{reach}, {size / 1024**2:.0f} MB, kept for {settings.keep_log_days} days")


def _domains(url: str) -> list[Finding]:
    """What DNS lacks of the domains that mail is from, as it was asked last; silent where there are none."""
    with psycopg.connect(url, connect_timeout=5) as conn:
        conn.execute("SET hudhud.workspace = '*'")
        rows = conn.execute(
            "SELECT d.domain, d.checked_at, ARRAY (SELECT c ->> 'kind' FROM jsonb_array_elements(d.checks) AS c "
            "WHERE (c ->> 'is_needed')::boolean AND c ->> 'state' IN ('missing', 'wrong')) FROM sending_domain d ORDER BY d.domain"
        ).fetchall()
    return [_domain(*row) for row in rows]


def _domain(domain: str, checked_at: datetime | None, lacking: list[str]) -> Finding:
    name = f"domain {domain}"
    if checked_at is None:
        return Finding(name, ok=True, message="its records were never checked: Settings, Senders")
    if lacking:
        return Finding(name, ok=False, message=f"DNS lacks or has wrong: {', '.join(lacking)} (Settings, Senders shows what to publish)")
    return Finding(name, ok=True, message=f"its records were good at {checked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def _clickhouse(url: str) -> Finding:
    try:
        client = connect(url)
        exists = client.command("EXISTS TABLE schema_migration")
        rows = client.query("SELECT name, checksum FROM schema_migration FINAL").result_rows if exists else []
        pending = find_pending(load("clickhouse"), {str(name): str(checksum) for name, checksum in rows}, "ClickHouse")
        version = client.server_version
        client.close()
    except (ClickHouseError, OSError) as error:
        return Finding("ClickHouse", ok=False, message=f"{error}; is it running, is CLICKHOUSE_URL right?")
    except (SchemaChanged, SchemaNewer) as error:
        return Finding("ClickHouse", ok=False, message=error.message)
    return Finding(
        "ClickHouse",
        ok=not pending,
        message=f"{version}, " + (f"{len(pending)} migrations to apply: hudhud migrate" if pending else "up to date"),
    )
