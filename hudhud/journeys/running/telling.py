"""Tell the intake log who entered a journey and who left it, from the log of runs, as delivery tells of messages (decision 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.events.actions import Fact, tell
from hudhud.journeys.running.moves import OUTCOMES
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.running", "telling.sql")


def tell_runs(everywhere: Scope, now: datetime, limit: int) -> int:
    """Tell the next beginnings and ends of runs, `limit` at most; return how many were looked at. Of erased people nothing is told."""
    rows = everywhere.all(QUERIES.find_news, limit=limit)
    if rows:
        tell(everywhere, [_to_fact(row) for row in rows if row["person_id"] is not None], now)
        everywhere.run(QUERIES.turn_page, **{name: rows[-1][name] for name in ("txid", "run_id", "visit")})
    return len(rows)


def _to_fact(row: dict[str, Any]) -> Fact:
    properties = {"journey": row["key"], "run": row["run_id"]}
    is_entry = row["visit"] == 0
    return Fact(
        workspace_id=row["workspace_id"],
        person_id=row["person_id"],
        name="Journey Entered" if is_entry else "Journey Left",
        message_id=f"run:{row['run_id']}:{row['visit']}",
        at=row["at"],
        properties=properties if is_entry else {**properties, "outcome": OUTCOMES[row["reason"]]},
    )
