"""A ClickHouse that takes some events and does not keep them, at once: with a TTL it would be a merge later, or sooner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def dig(ch: Client, what: str) -> None:
    """Let the table of events lose, from here on, the events of which the expression is true: rows whose sum is 0 go on insert."""
    made = str(
        ch.query("SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'event'").result_rows[0][0]
    )
    made = made.replace(" (", f" (`stays` UInt8 MATERIALIZED NOT ({what}), ", 1)
    ch.command("RENAME TABLE event TO event_whole")
    ch.command(re.sub(r"ENGINE = MergeTree(\(\))?", "ENGINE = SummingMergeTree(stays)", made, count=1))
    ch.command("INSERT INTO event SELECT * FROM event_whole")


def close(ch: Client) -> None:
    """Take that back."""
    ch.command("TRUNCATE TABLE event_whole")
    ch.command("INSERT INTO event_whole SELECT * FROM event")
    ch.command("DROP TABLE event SYNC")
    ch.command("RENAME TABLE event_whole TO event")
