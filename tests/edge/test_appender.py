"""The way into the log, as the door opens: before it is known whether the database is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hudhud.edge.appender import Appender
from hudhud.events.types import Row
from hudhud.kit.clock import FixedClock
from hudhud.kit.errors import Unavailable
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from hudhud.kit.db import Database


async def append_at_once(url: str, workspace_id: int) -> int:
    appender = Appender(url, FixedClock(NOW))
    appender.start()
    try:
        await appender.append([Row(0, workspace_id, "server", b"{}")])
    finally:
        await appender.stop()
    return appender.written


def test_who_comes_first_waits_for_the_connection(db: Database) -> None:
    assert asyncio.run(append_at_once(db.url, make.workspace(db))) == 1


def test_who_comes_first_is_sent_away_where_there_is_no_database() -> None:
    with pytest.raises(Unavailable, match="nothing was taken"):
        asyncio.run(append_at_once("postgresql://nobody@127.0.0.1:1/none", 1))
