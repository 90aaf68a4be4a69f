"""New rules of time zones: governments change their clocks, and moments that were reckoned by the old rules are reckoned anew (promise F-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.accounts.actions import record_audit
from hudhud.journeys.running import planner
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.times import clocks
from hudhud.kit.localtime import rules_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Database, Scope


def keep_up(everywhere: Scope, db: Database, now: datetime, beat: Callable[[], None]) -> int:
    """Reckon anew for all who wait by the clock if the rules are others than the last time; return for how many it changed.

    Asked when a worker starts, as a process keeps the rules that it has read. `everywhere` holds the claim, and the note of it;
    pages of people have transactions of their own. After a crash it is done again.
    """
    known, digest = everywhere.value(MOVES.lock_rules), rules_digest()
    if known in {None, digest}:
        return 0
    # Before the first time nobody waits.
    versions = planner.find_versions(everywhere, ("running", "paused", "draining")) if known else []
    changed = sum(_reckon(db, version, now, beat) for version in versions if version.clocked)
    everywhere.run(MOVES.set_rules, digest=digest)
    return changed


def _reckon(db: Database, version: Version, now: datetime, beat: Callable[[], None]) -> int:
    changed, after = 0, 0
    while True:
        with db.workspace(version.workspace_id) as ws:
            some, last = clocks.look_at_all(ws, version, now, after)
            changed += some
            if last is None and changed:
                record_audit(ws, now, "hudhud", "journey.clocks_changed", f"journey:{version.key}", version_id=version.id, runs=changed)
        beat()
        if last is None:
            return changed
        after = last
