"""The worker's role `demo`: sample shops live, others are left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.workers.context import Context
from hudhud.workers.demo import tick
from tests import make

if TYPE_CHECKING:
    from hudhud.demo.live import Trickle
    from hudhud.kit.db import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_only_sample_shops_get_visitors_and_no_more_once_they_are_none(db: Database) -> None:
    real, sample = make.workspace(db, "Real"), make.workspace(db, "Sample")
    clock = FixedClock(NOW)
    context = Context("test", Settings(), db, clock, Keys((b"k",)))
    trickles: dict[int, Trickle] = {}
    with db.workspace(sample) as ws:
        ws.conn.execute("UPDATE workspace SET is_sample = true")

    for minute in range(5):
        clock.at = NOW.replace(minute=minute)
        tick(context, trickles)

    with db.everywhere() as everywhere:
        rows = everywhere.conn.execute("SELECT workspace_id, body FROM intake").fetchall()
        everywhere.conn.execute("UPDATE workspace SET is_sample = false")
    assert {workspace_id for workspace_id, _ in rows} == {sample} != {real}
    messages = [msgspec.json.decode(body) for _, body in rows]
    assert len(messages) >= 5
    assert len({message["messageId"] for message in messages}) == len(messages)
    assert all(message["userId"].startswith("demo-") and message["timestamp"] <= clock.at.isoformat() for message in messages)

    tick(context, trickles)
    assert trickles == {}
    with db.everywhere() as everywhere:
        assert everywhere.conn.execute("SELECT count(*) FROM intake").fetchone() == (len(rows),)
