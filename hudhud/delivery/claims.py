"""A worker's hold on messages: claim with the consent gate, mark, settle, renew, reap. Each function is one part of one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.consent.actions import suppress
from hudhud.delivery.retry import MOST_ATTEMPTS
from hudhud.delivery.types import Chunk, Claimed, Mark, Reason, Settlement, State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery")
LEASE_S = 30.0
RENEW_EVERY_S = 3.0
# A lease that was not renewed for so long, and whose worker has no database session, is given up early.
SILENCE_S = 8.0
LONGEST_WAIT_S = 60.0


def claim(everywhere: Scope, worker: str, limit: int, now: datetime, lease_s: float = LEASE_S) -> Chunk | None:
    """Take up to `limit` due messages; those that the gate refuses are skipped with their reason, at once."""
    ids = [row[0] for row in everywhere.rows(QUERIES.find_due, now=now, limit=limit)]
    if not ids:
        return None
    lease_id = everywhere.value(QUERIES.lease, worker=worker, seconds=lease_s, ids=ids)
    steady(everywhere)
    everywhere.run(QUERIES.claim, ids=ids, lease_id=lease_id, now=now)
    rows = everywhere.all(QUERIES.gate, ids=ids, now=now)
    for row in rows:
        if not row["reason"] and row["version_id"] is None:
            row["reason"] = Reason.TEMPLATE_UNKNOWN.value
    refused = [Settlement(row["id"], lease_id, State.SKIPPED, row["reason"]) for row in rows if row["reason"]]
    waiting = _over_limit(everywhere, [row for row in rows if not row["reason"]], lease_id, now)
    settle(everywhere, [*refused, *waiting], worker, now)
    out = {settlement.id for settlement in waiting}
    return Chunk(lease_id, [_claimed(row, lease_id) for row in rows if not row["reason"] and row["id"] not in out], len(refused))


def steady(everywhere: Scope) -> None:
    """Before `mark`, `settle` and `reap`: keep their plans to one index look-up a message."""
    everywhere.run(QUERIES.steady)


def _claimed(row: dict[str, Any], lease_id: int) -> Claimed:
    kept = (
        "id",
        "workspace_id",
        "attempts",
        "person_id",
        "address",
        "stream",
        "topic",
        "topic_id",
        "template",
        "version_id",
        "source_kind",
        "attributes",
        "language",
        "event",
    )
    return Claimed(lease_id=lease_id, **{name: row[name] for name in kept})


def _over_limit(everywhere: Scope, rows: list[dict[str, Any]], lease_id: int, now: datetime) -> list[Settlement]:
    """Take a token for each message to a domain that has a limit; what is left without one waits its turn."""
    wanted = Counter(_place(row) for row in rows)
    if not wanted:
        return []
    places = {"workspace_ids": sorted({workspace_id for workspace_id, _ in wanted}), "domains": sorted({domain for _, domain in wanted})}
    buckets = {
        (workspace_id, domain): (tokens, rate) for workspace_id, domain, tokens, rate in everywhere.rows(QUERIES.fill_tokens, **places)
    }
    granted = {place: min(wanted[place], max(0, int(tokens))) for place, (tokens, _) in buckets.items()}
    if not granted:
        return []
    everywhere.run(
        QUERIES.take_tokens,
        workspace_ids=[workspace_id for workspace_id, _ in granted],
        domains=[domain for _, domain in granted],
        counts=[float(count) for count in granted.values()],
    )
    seen: Counter[tuple[int, str]] = Counter()
    waiting = []
    for row in rows:
        place = _place(row)
        seen[place] += 1
        if place in granted and seen[place] > granted[place]:
            wait_s = min((seen[place] - granted[place]) / buckets[place][1], LONGEST_WAIT_S)
            waiting.append(Settlement(row["id"], lease_id, State.PLANNED, due_at=now + timedelta(seconds=wait_s), taken_back=True))
    return waiting


def _place(row: dict[str, Any]) -> tuple[int, str]:
    return row["workspace_id"], str(row["address"]).rpartition("@")[2].lower()


def mark(everywhere: Scope, marks: Sequence[Mark], now: datetime) -> dict[int, str | None]:
    """Mark messages as being handed over. None = go ahead; a reason = the gate refuses now; "lost" = no longer ours."""
    gate = {row[0]: row[1:] for row in everywhere.rows(QUERIES.ask_gate, now=now, ids=[one.id for one in marks])}
    held = {row[0] for row in everywhere.rows(QUERIES.find_held, leases=sorted({one.lease_id for one in marks}))}
    verdicts: dict[int, str | None] = {one.id: gate[one.id][0] or "lost" if one.id in gate else "lost" for one in marks}
    # An address that changed since the copy was made: back to the queue, to be written for the new one.
    good = [one for one in marks if one.lease_id in held and one.id in gate and not gate[one.id][0] and gate[one.id][2] == one.address]
    rows = everywhere.rows(
        QUERIES.mark,
        now=now,
        ids=[one.id for one in good],
        leases=[one.lease_id for one in good],
        person_ids=[gate[one.id][1] for one in good],
        addresses=[one.address for one in good],
        versions=[one.version_id for one in good],
        languages=[one.language for one in good],
        facts=[one.facts for one in good],
        links=["\n".join(one.links) for one in good],
    )
    return verdicts | {row[0]: None for row in rows}


def settle(everywhere: Scope, settlements: Sequence[Settlement], worker: str, now: datetime) -> int:
    """Write what became of messages; hard bounces suppress their addresses in the same transaction. Returns how many counted."""
    if not settlements:
        return 0
    rows = everywhere.all(
        QUERIES.settle,
        now=now,
        worker=worker,
        ids=[one.id for one in settlements],
        leases=[one.lease_id for one in settlements],
        states=[one.state.value for one in settlements],
        reasons=[str(one.reason) for one in settlements],
        codes=[one.code for one in settlements],
        replies=[one.reply for one in settlements],
        due_ats=[one.due_at for one in settlements],
        taken_back=[int(one.taken_back) for one in settlements],
        addresses=[one.address for one in settlements],
    )
    bounced = {one.id: one for one in settlements if one.is_hard_bounce}
    if bounced:
        _suppress(everywhere, [row for row in rows if row["id"] in bounced], bounced, now)
    return len(rows)


def _suppress(everywhere: Scope, rows: list[dict[str, Any]], bounced: dict[int, Settlement], now: datetime) -> None:
    by_place: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        by_place[row["workspace_id"], row["channel"]][row["address"]] = f"message {row['id']}: {bounced[row['id']].reply}"[:500]
    for (workspace_id, channel), addresses in sorted(by_place.items()):
        with everywhere.within(workspace_id) as ws:
            suppress(ws, addresses, "hard_bounce", now, channel)


def renew(everywhere: Scope, leases: Sequence[int], lease_s: float = LEASE_S) -> set[int]:
    """Keep leases alive; returns those that still are ours."""
    return {row[0] for row in everywhere.rows(QUERIES.renew, leases=list(leases), seconds=lease_s)}


def give_back(everywhere: Scope, leases: Sequence[int]) -> None:
    """End leases whose messages are all settled."""
    everywhere.run(QUERIES.give_back, leases=list(leases))


def reap(everywhere: Scope, now: datetime) -> int:
    """Take back what lost workers held; returns how many leases ended."""
    ended = everywhere.rows(QUERIES.find_ended, quiet_seconds=LEASE_S - SILENCE_S)
    if ended:
        steady(everywhere)
    for lease_id, ids in ended:
        everywhere.run(QUERIES.reap, lease_id=lease_id, ids=ids, now=now, most=MOST_ATTEMPTS)
    return len(ended)
