"""Whom a write key belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a key belongs to. `source` goes into the intake log: `collect` keys may be public, `server` keys are secret."""

    workspace_id: int
    key_id: int
    source: str
    may_write: bool = True
    events: frozenset[str] | None = None  # the only names it may send; None: all but our own
