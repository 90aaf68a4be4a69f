"""States that messages reach by what others say: one conditional update, so each report may be told any number of times and in any order."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.delivery.types import State
    from hudhud.kit.db import Scope

Row = dict[str, Any]
QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
MOST_REPLY = 500


def reach(everywhere: Scope, rows: Sequence[Row], state: State, sources: Sequence[State], reason: str | None) -> set[int]:
    """Let the messages of reports reach `state` from one of `sources`; return which did. `reason` None: the kind of the report."""
    if not rows:
        return set()
    changed = everywhere.rows(
        QUERIES.reach,
        state=state.value,
        sources=[one.value for one in sources],
        ids=[row["message_id"] for row in rows],
        ats=[row["at"] for row in rows],
        reasons=[row["kind"] if reason is None else reason for row in rows],
        codes=[row["code"] for row in rows],
        replies=[row["said"][:MOST_REPLY] for row in rows],
    )
    return {message_id for (message_id,) in changed}


def by_workspace(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Return rows by their workspace, in its order: who locks in several does so in one order."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["workspace_id"]].append(row)
    return dict(sorted(found.items()))
