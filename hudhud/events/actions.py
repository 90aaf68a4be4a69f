"""Writes about events: the intake log and its batches, message ids, names, rejects, the append to ClickHouse.

A batch is the rows of some lanes up to ends that are fixed durably before anything is done with them: whoever repeats it
takes exactly the same rows under the same number, which is what makes every step repeatable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

from hudhud.events.brought import delete_brought as delete_brought
from hudhud.events.kept import Block as Block
from hudhud.events.kept import forget_kept as forget_kept
from hudhud.events.kept import keep as keep
from hudhud.events.kept import pack as pack
from hudhud.events.log import append_rows as append_rows
from hudhud.events.log import message_hash
from hudhud.events.registry import record_names as record_names
from hudhud.events.rejects import drop_oldest as drop_oldest
from hudhud.events.rejects import forget_old as forget_old
from hudhud.events.rejects import is_crowded as is_crowded
from hudhud.events.rejects import refuse as refuse
from hudhud.events.rejects import resubmit as resubmit
from hudhud.events.rejects import resubmit_all as resubmit_all
from hudhud.events.retention import delete_old as delete_old
from hudhud.events.retention import find_old_doers as find_old_doers
from hudhud.events.retention import find_terms as find_terms
from hudhud.events.retention import set_keep as set_keep
from hudhud.events.rules import check_rules as check_rules
from hudhud.events.rules import record_broken as record_broken
from hudhud.events.rules import set_rules as set_rules
from hudhud.events.telling import Fact as Fact
from hudhud.events.telling import tell as tell
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")
LogRow = tuple[int, int, datetime, str, bytes]  # id, workspace, received at, source, body
BATCH_ROWS = 10_000
LEASE_S = 30.0


class LeaseLost(HudhudError):
    """Somebody else works on this batch now; what we did after that is rolled back."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours: its number and its lanes with their fences; `again`: somebody may have begun with it."""

    batch: int
    lanes: list[int]
    fences: list[int]
    again: bool


def claim_batch(everywhere: Scope, worker: str, *, limit: int = BATCH_ROWS, lease_s: float = LEASE_S) -> Claim | None:
    """Take over a batch that somebody left open, else open one over our share of the free lanes; None when there is nothing.

    Commit before working on it. Lanes share the batch evenly, so a small lane never waits behind a large one.
    """
    if not everywhere.value(QUERIES.has_work):
        return None
    lanes = everywhere.all(QUERIES.lock_lanes, worker=worker)
    free = [lane for lane in lanes if lane["is_free"]]
    left = sorted({lane["batch"] for lane in free if lane["is_open"]})
    if left:
        return _claim(everywhere.rows(QUERIES.take_batch, worker=worker, batch=left[0], lease_s=lease_s), again=True)
    ready = [row[0] for row in everywhere.rows(QUERIES.lanes_with_rows, lanes=[lane["lane"] for lane in free])]
    if not ready:
        return None
    workers = max(1, int(everywhere.value(QUERIES.count_workers)))
    ours = ready[: -(-len(ready) // workers)]
    quota = max(1, limit // len(ours))
    return _claim(everywhere.rows(QUERIES.open_batch, lanes=ours, quota=quota, worker=worker, lease_s=lease_s), again=False)


def _claim(rows: Sequence[tuple[Any, ...]], *, again: bool) -> Claim:
    ordered = sorted(rows, key=lambda row: row[1])
    return Claim(ordered[0][0], [row[1] for row in ordered], [row[2] for row in ordered], again)


def read_batch(everywhere: Scope, claim: Claim, ids: Sequence[int] | None = None) -> list[LogRow]:
    """Return every row of a batch, in order within each lane; or those with these ids."""
    wanted = None if ids is None else numbers(ids)
    return everywhere.conn.execute(QUERIES.read_batch.text, {"batch": claim.batch, "ids": wanted}, binary=True).fetchall()


def read_batch_ids(everywhere: Scope, claim: Claim) -> list[int]:
    """Return the ids of the rows of a batch, in order within each lane."""
    return [row[0] for row in everywhere.rows(QUERIES.read_batch_ids, batch=claim.batch)]


def read_behind(everywhere: Scope, claim: Claim, limit: int = BATCH_ROWS) -> list[LogRow]:
    """Return the rows that lie behind a batch that is open: what the next one will have, if nobody else takes its lanes."""
    quota = max(1, limit // len(claim.lanes))
    return everywhere.conn.execute(QUERIES.read_behind.text, {"batch": claim.batch, "quota": quota}, binary=True).fetchall()


def renew_batch(everywhere: Scope, claim: Claim, lease_s: float = LEASE_S) -> None:
    """Keep the lease; raises `LeaseLost`."""
    renewed = everywhere.run(QUERIES.renew_batch, batch=claim.batch, lanes=claim.lanes, fences=claim.fences, lease_s=lease_s)
    if renewed != len(claim.lanes):
        raise LeaseLost


def close_batch(everywhere: Scope, claim: Claim) -> None:
    """Delete the rows and move the position behind them; raises `LeaseLost` (then nothing of this transaction counts)."""
    renew_batch(everywhere, claim)
    everywhere.run(QUERIES.delete_batch, batch=claim.batch)
    everywhere.run(QUERIES.close_batch, batch=claim.batch, lanes=claim.lanes, fences=claim.fences)


def deduplicate(ws: Scope, batch: int, events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Return the events whose message_id is new, and those whose message_id was used with another body; repeats vanish.

    The first one in the log's order counts. A repeated batch recognises its own.
    """
    first: dict[str, tuple[Event, int]] = {}
    conflicts: list[Event] = []
    for event in events:
        key, body = message_hash(event), body_hash(event)
        known = first.setdefault(key, (event, body))
        if known[0] is not event and known[1] != body:
            conflicts.append(event)
    # In one order everywhere: two batches with the same ids wait for each other, never in a circle.
    hashes = sorted(first)
    new = ws.run(QUERIES.record_seen, batch=batch, message_hashes=_literal(hashes), body_hashes=numbers(first[key][1] for key in hashes))
    if new < len(hashes):
        for key, body in ws.rows(QUERIES.find_seen_before, batch=batch, message_hashes=_literal(hashes)):
            event, ours = first.pop(key.hex)
            if ours != body:
                conflicts.append(event)
    return [event for event, _ in first.values()], conflicts


def forget_seen(ws: Scope, events: Sequence[Event]) -> None:
    """Forget message ids that this transaction has remembered, of events that it cannot take after all: whoever sends them again is heard."""
    if events:
        ws.run(QUERIES.forget_seen, message_hashes=_literal([message_hash(event) for event in events]))


def find_refused(everywhere: Scope, intake_ids: Sequence[int]) -> set[int]:
    """Return which of these rows were refused whole when their batch was worked on before: they stay refused."""
    if not intake_ids:
        return set()
    return {row[0] for row in everywhere.rows(QUERIES.find_refused, first=min(intake_ids), last=max(intake_ids))}


def _literal(hashes: list[str]) -> str:
    """Write hashes as PostgreSQL's array literal: quicker than a list through the driver."""
    return "{" + ",".join(hashes) + "}"


def body_hash(event: Event) -> int:
    """Return a number that tells a repeat from another message with the same id: what happened to whom, not when it was sent."""
    text = f"{event.kind}\0{event.name}\0{event.user_id}\0{event.anonymous_id}\0{event.previous_id}\0".encode()
    return crc32(event.properties, crc32(text)) - 2**31
