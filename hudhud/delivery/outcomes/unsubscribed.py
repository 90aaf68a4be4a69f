"""Unsubscribed at the provider: a word of the person's own about the topic of that mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent.actions import record
from hudhud.consent.types import ConsentChange
from hudhud.delivery.outcomes.reached import by_workspace
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.delivery.outcomes.reached import Row
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")


def apply(everywhere: Scope, rows: Sequence[Row]) -> None:
    """Record the "no" of each, with the report as its proof."""
    for workspace_id, some in by_workspace(rows).items():
        changes = [
            ConsentChange(
                person_id=row["person_id"],
                topic_key=row["topic"],
                channel=row["channel"],
                state="unsubscribed",
                at=row["at"],
                source=f"provider:{row['source']}",
                proof={"message": row["message_id"], "report": row["id"]},
            )
            for row in some
        ]
        with everywhere.within(workspace_id) as ws:
            record(ws, changes)
        everywhere.run(QUERIES.set_effects, effect="unsubscribed", ids=[row["id"] for row in some])
