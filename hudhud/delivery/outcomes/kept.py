"""From what was read to what is kept: whose message a report is about, and what it was taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery.outcomes.classify import classify, code_of, status_of
from hudhud.delivery.outcomes.names import find_message
from hudhud.delivery.outcomes.types import MOST_RAW, plain
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.outcomes.types import Report
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
MOST_KEY = 200


def keep(everywhere: Scope, keys: Keys, workspace_id: int, reports: Sequence[Report], received_at: datetime) -> int:
    """Keep reports of one body, each once (`workspace_id` 0: by mail); return how many are about no message of ours."""
    named = [(find_message(keys, report.tokens), report) for report in reports]
    strangers = 0
    if not workspace_id:
        # Of a mail that names no message of ours nobody can say whose workspace it is about: it stays what it is, a mail.
        strangers = sum(message_id is None for message_id, _ in named)
        named = [(message_id, report) for message_id, report in named if message_id is not None]
    if not named:
        return strangers
    verdicts = [classify(report.evidence) for _, report in named]
    rows = everywhere.rows(
        QUERIES.keep_reports,
        workspace_ids=[workspace_id] * len(named),
        message_ids=[message_id for message_id, _ in named],
        sources=[report.source for _, report in named],
        keys=[plain(report.key, MOST_KEY) for _, report in named],
        kinds=[verdict.kind.value for verdict in verdicts],
        rules=[verdict.rule for verdict in verdicts],
        # Nothing has happened later than when it was heard of.
        ats=[min(report.at or received_at, received_at) for _, report in named],
        received_ats=[received_at] * len(named),
        codes=[code_of(report.evidence) for _, report in named],
        statuses=[status_of(report.evidence) for _, report in named],
        saids=[plain(report.evidence.text) for _, report in named],
        addresses=[plain(report.address, 320) for _, report in named],
        raws=[report.raw[:MOST_RAW].replace("\0", " ") for _, report in named],
    )
    return strangers + sum(not is_ours for _, is_ours in rows)
