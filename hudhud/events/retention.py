"""How long the events of a name are kept in ClickHouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.events.errors import EventNameNotFound
from hudhud.kit import sql

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events", "registry.sql")
CLICKHOUSE = sql.load("hudhud.events", "clickhouse.sql")


@dataclass(frozen=True, slots=True)
class Term:
    """Events of this name are kept for so many days."""

    workspace_id: int
    name: str
    keep_days: int

    def before(self, now: datetime) -> datetime:
        """Return the instant before which they go."""
        return now - timedelta(days=self.keep_days)


def set_keep(ws: Scope, name: str, days: int | None) -> None:
    """Keep the events of a name for so many days (None: for ever); raises `EventNameNotFound`."""
    if not ws.run(QUERIES.set_keep, name=name, days=days):
        raise EventNameNotFound


def find_terms(everywhere: Scope) -> list[Term]:
    """The names whose events are not kept for ever."""
    return everywhere.into(Term, QUERIES.find_terms)


def find_old_doers(ch: Client, term: Term, now: datetime) -> list[int]:
    """Whose events `delete_old` is about to delete (actors)."""
    return [row[0] for row in ch.query(CLICKHOUSE.find_old_doers.text, parameters=_about(term, now)).result_rows]


def _about(term: Term, now: datetime) -> dict[str, object]:
    before = term.before(now).astimezone(UTC).replace(tzinfo=None)
    return {"workspace_id": term.workspace_id, "name": term.name, "before": before.isoformat(" ", "milliseconds")}


def delete_old(ch: Client, term: Term, now: datetime) -> int:
    """Delete the events whose time is over; return how many. Repeating it changes nothing."""
    given = _about(term, now)
    old = int(ch.query(CLICKHOUSE.count_old.text, parameters=given).result_rows[0][0])
    if old:
        # The timeline first: what is counted above is there until both are done.
        ch.command(CLICKHOUSE.delete_old_lines.text, parameters=given)
        ch.command(CLICKHOUSE.delete_old.text, parameters=given)
    return old
