"""What every benchmark needs: a workspace and a key to its door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hudhud.accounts.actions import create_key

if TYPE_CHECKING:
    from bench.stack import Stack


def open_shop(stack: Stack) -> tuple[int, str]:
    """Make a workspace with a sender; return its id and a collect key."""
    now = datetime.now(UTC)
    with stack.db.everywhere() as everywhere:
        made = everywhere.conn.execute(
            "INSERT INTO workspace (name, sender_name, sender_email, postal_address, created_at)"
            " VALUES ('Bench', 'Bench', 'shop@bench.example', 'Pikk 1, Tallinn', %s) RETURNING id",
            (now,),
        ).fetchone()
    assert made is not None
    with stack.db.workspace(made[0]) as ws:
        return made[0], create_key(ws, kind="collect", now=now, actor="cli")[1]
