"""Tell the intake log what became of messages: `Message Sent` when a server took one, `Message Bounced` when none would.

Outcomes are read in the order of their transactions, never past one that is still open, so none is overlooked; the place that was
told up to moves in the transaction that appends. A crash tells nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.delivery.outcomes.engaged import properties_of
from hudhud.events.actions import Fact, tell
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "telling.sql")
NAMES = {"accepted": "Message Sent", "rejected": "Message Bounced", "bounced": "Message Bounced"}


def tell_outcomes(everywhere: Scope, now: datetime, limit: int) -> int:
    """Tell the next outcomes, `limit` at most; return how many were looked at. Of erased people nothing is told."""
    rows = everywhere.all(QUERIES.find_news, limit=limit)
    if rows:
        tell(everywhere, [_to_fact(row) for row in rows if row["person_id"] is not None], now)
        everywhere.run(QUERIES.turn_page, txid=rows[-1]["txid"], id=rows[-1]["id"])
    return len(rows)


def _to_fact(row: dict[str, Any]) -> Fact:
    why = {} if row["state"] == "accepted" else {"reason": row["reason"], "code": row["code"]}
    return Fact(
        workspace_id=row["workspace_id"],
        person_id=row["person_id"],
        name=NAMES[row["state"]],
        message_id=f"outcome:{row['id']}",
        at=row["at"],
        properties={**properties_of(row), **why},
    )
