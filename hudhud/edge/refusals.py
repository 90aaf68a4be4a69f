"""Counts bodies that were not rightly signed: whoever sets a source up sees why nothing comes in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.hooks")


@dataclass
class Refusals:
    """One connection at a time for each source: a storm of them must not take those that others need."""

    state: EdgeState
    _counts: Counter[int] = field(default_factory=Counter)
    _writing: set[int] = field(default_factory=set)

    async def record(self, workspace_id: int, hook_id: int, refusal: str) -> None:
        """Count one; those that come while another is being written are written with the next. Raises `Unavailable`."""
        self._counts[hook_id] += 1
        if hook_id in self._writing:
            return
        self._writing.add(hook_id)
        try:
            async with self.state.workspace(workspace_id) as conn:
                values = {"hook_id": hook_id, "count": self._counts.pop(hook_id), "now": self.state.clock.now(), "refusal": refusal}
                await conn.execute(QUERIES.record_refusal.text, values)
        finally:
            self._writing.discard(hook_id)
