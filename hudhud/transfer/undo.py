"""Taking an import back (decision 14): what it alone did to people is undone, page by page, each page with the position behind it in one transaction.

Whom it made, and nobody else has spoken of or written to since, is removed. What it changed about others goes back to what it was, unless
somebody has changed it since. Its words about consent are withdrawn by new words; addresses that it alone put on the list of those never to be
written to come off it. Its events are deleted, and the same file may come again.
Counting first is the very same without the writing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import msgspec

from hudhud.consent import actions as consent
from hudhud.consent import queries as consent_queries
from hudhud.events import actions as events
from hudhud.events import queries as events_queries
from hudhud.kit import sql
from hudhud.kit.failpoint import reach
from hudhud.kit.sql import numbers
from hudhud.people import actions as people
from hudhud.segments import actions as segments
from hudhud.transfer.runner import BACKLOG_PAUSE_S, LEASE_S, LOG, Stopped
from hudhud.transfer.types import source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope
    from hudhud.transfer.types import Undone

QUERIES = sql.load("hudhud.transfer")
PAGE = 1_000
EVERYBODY = 2**62  # a position behind the last person


@dataclass
class Undo:
    """One import on its way back, or being weighed."""

    db: Database
    ch: Client
    workspace_id: int
    import_id: int
    fence: int
    is_real: bool
    done: Undone
    after: int
    now: Callable[[], datetime]
    wait: Callable[[float], object]  # sleep, give signs of life, raise when it is time to stop

    @property
    def source(self) -> str:
        """What stands in all that came by this import."""
        return source_of(self.import_id)


def run(job: Undo) -> None:
    """Go on where it was; raises `Stopped` when somebody else has it, or it was stopped."""
    _wait_for_log(job)
    while job.after < EVERYBODY:
        with job.db.workspace(job.workspace_id) as ws:
            _take_page(ws, job)
        reach("undo.page")
        job.wait(0)
    if job.is_real:
        events.delete_brought(job.db, job.ch, job.workspace_id, job.source, lambda: _keep(job))
        reach("undo.events")
    with job.db.workspace(job.workspace_id) as ws:
        if job.is_real and job.done.events:
            segments.recount(ws)
        if job.is_real:
            ws.run(QUERIES.delete_pieces, import_id=job.import_id)
        ws.run(QUERIES.end_undo if job.is_real else QUERIES.end_weighing, import_id=job.import_id, fence=job.fence, now=job.now())


def _wait_for_log(job: Undo) -> None:
    """Wait until the intake is through with it: what comes later would not be undone."""
    while True:
        with job.db.workspace(job.workspace_id) as ws:
            if not ws.value(LOG.has_unread_source, source=job.source):
                return
        _keep(job)
        job.wait(BACKLOG_PAUSE_S)


def _keep(job: Undo) -> None:
    with job.db.workspace(job.workspace_id) as ws:
        _move(ws, job)


def _move(ws: Scope, job: Undo) -> None:
    told = msgspec.json.encode(asdict(job.done)).decode()
    if not ws.run(QUERIES.move_undo, import_id=job.import_id, fence=job.fence, undo=told, after=job.after, lease_s=LEASE_S):
        raise Stopped


def _take_page(ws: Scope, job: Undo) -> None:
    people.hold(ws)
    rows = ws.rows(QUERIES.find_spoken_of, import_id=job.import_id, after=job.after, limit=PAGE)
    if rows:
        _take_back(ws, job, [row[0] for row in rows], {row[0] for row in rows if row[1]}, {row[0] for row in rows if row[2]})
        job.after = rows[-1][0]
    else:
        job.done.events = events_queries.count_brought(job.ch, job.workspace_id, job.source)
        job.done.suppressed = consent.forget_listed(ws, job.source) if job.is_real else consent_queries.count_listed(ws, job.source)
        job.after = EVERYBODY
    _move(ws, job)


def _take_back(ws: Scope, job: Undo, ids: list[int], made: set[int], merged: set[int]) -> None:
    gone = [
        name for (import_id,) in ws.rows(QUERIES.find_undone, import_id=job.import_id) for name in (source_of(import_id), _by(import_id))
    ]
    found = people.find_to_take_back(ws, job.source, [one for one in ids if one not in merged], made, gone)
    alone = sorted(made - _find_touched(ws, job, made, gone))
    rest = [one for one in found if one.person_id not in set(alone)]
    deciding, outdated = consent_queries.count_said(ws, job.source, ids)
    done = job.done
    done.people_removed += len(alone)
    done.people_kept += len(made) - len(alone)
    done.values_back += sum(len(one.values) + len(one.gained) + len(one.lost) for one in rest)
    done.values_left += sum(one.left for one in rest)
    done.words_back += deciding
    done.words_left += outdated
    if job.is_real:
        now, by = job.now(), _by(job.import_id)
        pending = people.find_pending(ws, ids)
        consent.withdraw(ws, job.source, ids, now, by=by)
        people.take_back(ws, rest, now, by=by)
        people.remove(ws, alone, now)
        people.hush(ws, [person_id for person_id in ids if person_id not in pending])
        ws.run(QUERIES.hand_on, import_id=job.import_id, ids=numbers(made.difference(alone)))


def _by(import_id: int) -> str:
    """Return what stands as the source in what taking an import back says and changes."""
    return f"undo:{import_id}"


def _find_touched(ws: Scope, job: Undo, made: set[int], gone: list[str]) -> set[int]:
    if not made:
        return set()
    # What another brought that is being taken back at this moment still stands in ClickHouse.
    sources = [job.source, *gone]
    changed = {row[0] for row in ws.rows(QUERIES.find_touched, sources=sources, ids=numbers(made))}
    return changed | events_queries.find_active(job.ch, job.workspace_id, sources, sorted(made))
