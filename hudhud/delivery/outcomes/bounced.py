"""Bounced: hard suppresses at once, soft counts in a sliding window, a block is about us and about no address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.consent.actions import suppress
from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.reached import by_workspace, reach
from hudhud.delivery.outcomes.rules import get_rules
from hudhud.delivery.outcomes.types import COUNTED, Evidence, Kind, Verdict, plain
from hudhud.delivery.types import Reason, Settlement, State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.outcomes.reached import Row
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
SOURCES = (State.ACCEPTED, State.IN_DOUBT, State.DELIVERED, State.BOUNCED)
MOST_DETAIL = 500


def apply(everywhere: Scope, rows: Sequence[Row], now: datetime) -> None:
    """Let messages bounce, and their addresses bear what follows. What came earlier than a delivery to the same message counts for nothing."""
    changed = reach(everywhere, rows, State.BOUNCED, SOURCES, None)
    weigh(everywhere, [row for row in rows if row["kind"] == Kind.HARD_BOUNCE or row["message_id"] in changed], now)


def is_refusal(settlement: Settlement) -> bool:
    """Say whether a settlement is the peer's last word about a recipient."""
    return settlement.state is State.REJECTED and settlement.reason in (Reason.PEER_REJECTED, Reason.ATTEMPTS_EXHAUSTED)


def refuse(everywhere: Scope, rows: Sequence[tuple[int, int, str, str]], settled: dict[int, Settlement], now: datetime) -> None:
    """Keep why servers refused messages (id, workspace, channel, address), and let it have its effect, in the settlement's own transaction."""
    told: list[Row] = []
    for message_id, workspace_id, channel, address in rows:
        one = settled[message_id]
        verdict = _verdict(one)
        told.append(
            {
                "workspace_id": workspace_id,
                "message_id": message_id,
                "key": f"{message_id}:{one.lease_id}",
                "kind": verdict.kind.value,
                "rule": verdict.rule,
                "code": one.code,
                "said": plain(one.reply),
                "channel": channel,
                "address": (address or "").lower(),
                "at": now,
            }
        )
    columns = ("workspace_id", "message_id", "key", "kind", "rule", "code", "said", "channel", "address")
    values = {name: [row[name] for row in told] for name in columns}
    made = everywhere.rows(
        QUERIES.record_refused, now=now, **{f"{name}es" if name == "address" else f"{name}s": value for name, value in values.items()}
    )
    ids = {message_id: report_id for report_id, message_id in made}
    weigh(everywhere, [row | {"id": ids[row["message_id"]]} for row in told if row["message_id"] in ids], now)


def _verdict(one: Settlement) -> Verdict:
    """What only the verb tells, whether words may count, is known to whoever talked to the peer."""
    action = "failed" if one.reason == Reason.ATTEMPTS_EXHAUSTED else ""
    found = classify(Evidence(text=one.reply, code=one.code, action=action, verb="RCPT" if one.is_hard_bounce else "DOT"))
    return Verdict(Kind.HARD_BOUNCE, "channel_word") if one.is_hard_bounce and found.kind is not Kind.HARD_BOUNCE else found


def weigh(everywhere: Scope, rows: Sequence[Row], now: datetime) -> None:
    """Suppress the addresses of hard bounces; count soft ones, and suppress where there were too many."""
    for workspace_id, some in by_workspace([row for row in rows if row["address"]]).items():
        hard = [row for row in some if row["kind"] == Kind.HARD_BOUNCE]
        _suppress(everywhere, workspace_id, hard, now)
        if soft := [row for row in some if row["kind"] in COUNTED]:
            _count(everywhere, workspace_id, soft, now)


def _suppress(everywhere: Scope, workspace_id: int, rows: Sequence[Row], now: datetime) -> None:
    if not rows:
        return
    with everywhere.within(workspace_id) as ws:
        for channel in sorted({row["channel"] for row in rows}):
            found = {
                row["address"]: f"message {row['message_id']}: {row['said']}"[:MOST_DETAIL] for row in rows if row["channel"] == channel
            }
            suppress(ws, found, "hard_bounce", now, channel)
    everywhere.run(QUERIES.set_effects, effect="suppressed", ids=[row["id"] for row in rows])


def _count(everywhere: Scope, workspace_id: int, rows: Sequence[Row], now: datetime) -> None:
    rules = get_rules(everywhere, workspace_id)
    full = everywhere.rows(
        QUERIES.count_soft,
        workspace_id=workspace_id,
        since=now - timedelta(days=rules.soft_days),
        most=rules.soft_bounces,
        report_ids=[row["id"] for row in rows],
        channels=[row["channel"] for row in rows],
        addresses=[row["address"] for row in rows],
        ats=[row["at"] for row in rows],
    )
    everywhere.run(QUERIES.set_effects, effect="counted", ids=[row["id"] for row in rows])
    for channel, address, count in full:
        last = [row for row in rows if (row["channel"], row["address"]) == (channel, address)][-1]
        detail = f"{count} soft bounces in {rules.soft_days} days; message {last['message_id']}: {last['said']}"
        with everywhere.within(workspace_id) as ws:
            suppress(ws, {address: detail[:MOST_DETAIL]}, "soft_bounce", now, channel)
        everywhere.run(QUERIES.forget_soft, workspace_id=workspace_id, channels=[channel], addresses=[address], ats=[now])
        everywhere.run(QUERIES.set_effects, effect="suppressed", ids=[last["id"]])
