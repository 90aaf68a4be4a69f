"""A second tenant with one row in every table behind the wall, made from the catalogue: new tables join by themselves."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = 900001
MARK = "secret900001"  # stands in every text of the other tenant, and is its every key
WALLED = """
    SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_forced,
           (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attname = 'workspace_id' ORDER BY c.relname
"""
COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity <> '' AS is_identity,
           a.attgenerated <> '' AS is_generated, a.atthasdef,
           (SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
            WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]) AS checks
    FROM pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
# What the types alone do not tell.
SPECIAL: dict[tuple[str, str], object] = {
    ("campaign", "decided_at"): "2026-01-01",
    ("duplicate", "one_id"): ID - 1,
    ("journey_test", "decided_at"): "2026-01-01",
    ("journey_version", "graph"): '{"names": {"en": "secret900001"}}',
    ("message", "due_at"): "2026-01-01",
    ("quiet_hours", "since"): "21:00",
    ("workspace", "time_zone"): "UTC",
}
BY_TYPE: dict[str, object] = {
    "jsonb": '{"en": "secret900001", "name": "secret900001"}',
    "json": '{"en": "secret900001", "name": "secret900001"}',
    "timestamp with time zone": "2026-01-01",
    "bytea": MARK.encode(),
    "uuid": "00000000-0000-0000-0000-000000000001",
    "text[]": [MARK],
    "bigint[]": [ID],
    "boolean": False,
    "xid8": "1",
    "date": "2026-01-01",
}


def find_walled(conn: psycopg.Connection[Any]) -> list[tuple[int, str, bool, int]]:
    """Return every table with a `workspace_id`: oid, name, whether the wall binds its owner too, number of policies."""
    return conn.execute(WALLED).fetchall()


def _value(table: str, name: str, kind: str, checks: str | None) -> object:
    if (table, name) in SPECIAL:
        return SPECIAL[table, name]
    if choice := re.search(r"ARRAY\['([^']+)'", checks or ""):
        return choice.group(1)
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    if kind == "text":
        return "secret@example.com" if "email" in name else MARK
    return ID if kind == "bigint" else 1


def _row(conn: psycopg.Connection[Any], oid: int, table: str) -> Iterator[tuple[str, object]]:
    for name, kind, not_null, is_identity, is_generated, has_default, checks in conn.execute(COLUMNS, (oid,)).fetchall():
        is_wanted = is_identity or (table, name) in SPECIAL or kind == "text" or (not_null and not (has_default and kind != "jsonb"))
        if is_wanted and not is_generated:
            yield name, _value(table, name, kind, checks)


def fill(conn: psycopg.Connection[Any]) -> None:
    """Give the other tenant its rows, and a user; foreign keys are not looked at (superuser)."""
    conn.execute("SET session_replication_role = replica")
    for oid, table, _, _ in find_walled(conn):
        row = dict(_row(conn, oid, table))
        insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        )
        conn.execute(insert, row)
    conn.execute(
        "INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_superuser, is_staff, is_active, date_joined)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, 'secret@example.com', 'secret@example.com', '!', %s, '', false, false, true, '2026-01-01')",
        (ID, MARK),
    )
    conn.execute("SET session_replication_role = origin")


def fingerprint(conn: psycopg.Connection[Any]) -> dict[str, str]:
    """Return a hash of the other tenant's rows, table by table."""
    prints = {}
    for _, table, _, _ in find_walled(conn):
        query = sql.SQL("SELECT t::text FROM {} t WHERE workspace_id = %s ORDER BY 1").format(sql.Identifier(table))
        rows = conn.execute(query, (ID,)).fetchall()
        assert rows, f"the other tenant has no row in {table}"
        prints[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return prints
