"""Counts that are kept for a while: for whom, how long, and never two of the same at a time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.kit import counts as module
from hudhud.kit.counts import Counts
from tests.journeys.stage import T0, make_stage

if TYPE_CHECKING:
    import pytest
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Figure:
    as_of: datetime


def test_a_slow_count_is_kept_for_its_workspace_for_a_while_and_made_by_one(
    db: Database, ch: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_S", 0.1)
    counts: Counts[Figure] = Counts()
    one, other = make_stage(db, ch).workspace_id, make_stage(db, ch).workspace_id
    made: list[int] = []

    def get(workspace_id: int, now: datetime, slow_s: float = 0.2) -> datetime:
        def count() -> Figure:
            made.append(workspace_id)
            time.sleep(slow_s)
            return Figure(now)

        with db.workspace(workspace_id) as ws:
            return counts.get(ws, ("it",), now, count).as_of

    threads = [threading.Thread(target=get, args=(one, T0)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [one]
    assert get(one, T0 + 2 * SECOND) == T0
    # Another workspace, a clock that was set back, and one who asks later count for themselves.
    assert get(other, T0, 0) == T0
    assert get(one, T0 - SECOND, 0) == T0 - SECOND
    assert get(one, T0 + 60 * SECOND, 0) == T0 + 60 * SECOND
    # What is quick is not kept.
    assert get(other, T0 + SECOND, 0) == T0 + SECOND
