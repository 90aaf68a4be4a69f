"""What workers cannot put right by themselves: /readyz and `hudhud doctor` say so for as long as it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.workers")
NOT_KEPT, BEHIND = "clickhouse_keeps_nothing", "clickhouse_behind"
CURE_NOT_KEPT = "look for a TTL, a row policy or a quota on its tables, then run hudhud replay --fill"
CURE_BEHIND = "ClickHouse lacks events that were taken in: it was lost, or an older copy of it was put back; nothing is decided until `hudhud replay --fill` has filled it"

log = structlog.get_logger()


def ring(everywhere: Scope, name: str, message: str) -> None:
    """Say that something is wrong, now, and what to do about it."""
    log.error("alarm", name=name, message=message)
    everywhere.run(QUERIES.ring, name=name, message=message)


def silence(everywhere: Scope, name: str) -> None:
    """Say that it is right again."""
    everywhere.run(QUERIES.silence, name=name)
