"""From bodies on disk to reports: each body in a try of its own, so one that kills its reader costs itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hudhud.delivery.outcomes.amazon import confirm, subscribe_url
from hudhud.delivery.outcomes.kept import keep
from hudhud.delivery.outcomes.mails import read_mail
from hudhud.delivery.outcomes.providers.readers import read_body
from hudhud.delivery.outcomes.types import Read, plain
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
MAIL = "mail"
HOPELESS = 3
# What could not be read, and what is about no message of ours.
KEPT = timedelta(days=7)
# Of mails, to which anybody can send: so many, and so much of each.
MOST_MAILS, MOST_MAIL_BYTES = 2_000, 65_536


class Done(NamedTuple):
    """What came of one body."""

    body_id: int
    reports: int
    unknown: int
    problem: str


def read_some(db: Database, keys: Keys, now: datetime, limit: int) -> int:
    """Read the next bodies and keep what they say; return how many were read. A transaction to say that it is tried, one for what came of it."""
    with db.everywhere() as everywhere:
        rows = everywhere.all(QUERIES.find_waiting_bodies, limit=limit)
        if not rows:
            return 0
        everywhere.run(QUERIES.try_body, ids=sql.numbers(row["id"] for row in rows))
    # Nobody waits for Amazon within a transaction.
    confirmed = {
        row["id"]: confirm(url) for row in rows if row["kind"] == "ses" and (url := subscribe_url(bytes(row["body"]), row["topic"]))
    }
    with db.everywhere() as everywhere:
        # Who else reads them now has them; what they were is asked again.
        held = {row["id"] for row in everywhere.all(QUERIES.find_waiting_bodies, limit=limit)}
        done = [_confirmed(row, confirmed) or _read(everywhere, keys, row) for row in rows if row["id"] in held]
        _finish(everywhere, done, now)
    return len(rows)


def _confirmed(row: dict[str, Any], confirmed: dict[int, str]) -> Done | None:
    return Done(row["id"], 0, 0, plain(confirmed[row["id"]], 300)) if row["id"] in confirmed else None


def _read(everywhere: Scope, keys: Keys, row: dict[str, Any]) -> Done:
    if row["attempts"] >= HOPELESS:
        return Done(row["id"], 0, 0, "whoever reads this dies of it")
    body = bytes(row["body"])
    read = read_mail(body, row["recipient"], row["received_at"]) if row["kind"] == MAIL else read_body(row["kind"], body)
    unknown = keep(everywhere, keys, row["workspace_id"], read.reports, row["received_at"])
    return Done(row["id"], len(read.reports), unknown, _problem(read, row["kind"], unknown))


def _problem(read: Read, kind: str, unknown: int) -> str:
    """What keeps a body from being done with: it could not be read, or (a mail) it names no message of ours."""
    if read.problems:
        return plain(read.problems[0], 300)
    return "about no message of ours" if kind == MAIL and (unknown or not read.reports) else ""


def _finish(everywhere: Scope, done: Sequence[Done], now: datetime) -> None:
    everywhere.run(
        QUERIES.finish_bodies,
        now=now,
        ids=sql.numbers(one.body_id for one in done),
        reports=sql.numbers(one.reports for one in done),
        unknown=sql.numbers(one.unknown for one in done),
        problems=sql.texts(one.problem for one in done),
        most_bytes=MOST_MAIL_BYTES,
    )
    if any(one.problem for one in done):
        everywhere.run(QUERIES.bound_mails, most=MOST_MAILS)


def forget_mails(everywhere: Scope) -> int:
    """Delete the mails that were read and kept, all of them: somebody was erased, and nobody knows whose they are. Returns how many."""
    return everywhere.run(QUERIES.forget_mails)


def forget_old(everywhere: Scope, now: datetime, limit: int) -> int:
    """Delete what could not be read or matched for a week, a page of it; return how many reports went."""
    return everywhere.run(QUERIES.forget_old, before=now - KEPT, limit=limit)
