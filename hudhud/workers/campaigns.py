"""The campaigns role: begins what is to begin, writes rows, ends those of cancelled campaigns, looks at tests, and counts. Any number of these may run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import psycopg
import structlog
from clickhouse_connect.driver.exceptions import OperationalError
from psycopg_pool import PoolTimeout

from hudhud.campaigns import materialising, numbers, testing
from hudhud.campaigns.testing import TESTING
from hudhud.clocks.actions import learn
from hudhud.delivery.claims import STEADY
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from hudhud.workers.context import Context

ROWS = materialising.ROWS
IDLE_S = 5.0
# A session that says nothing for so long in the middle of a chunk belongs to a worker that is frozen: PostgreSQL ends it, and another goes on.
LOST = "idle_in_transaction_session_timeout = '30s'"
AFTER_ERROR_S = 15.0

log = structlog.get_logger()


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            if not work_once(context, ch):
                context.wait("campaigns", _nap_s(context))
    finally:
        ch.close()


def _nap_s(context: Context) -> float:
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        next_at = everywhere.value(ROWS.next_start, now=now)
    return IDLE_S if next_at is None else max(0.05, min(IDLE_S, (next_at - now).total_seconds()))


def work_once(context: Context, ch: Client) -> bool:
    """Do one piece of work for each campaign that has any; return whether there may be more."""
    context.beat()
    with context.db.everywhere() as everywhere:
        found = everywhere.rows(ROWS.find_open, now=context.clock.now())
        tested = everywhere.rows(TESTING.find_due)
    # Each of them, whatever the others have.
    more = [_guarded(context, row[0], row[1], partial(_go_on, context, ch, *row)) for row in found if not context.stop.is_set()]
    more += [_guarded(context, row[0], row[1], partial(_decide, context, ch, *row[:2])) for row in tested if not context.stop.is_set()]
    if not any(more):
        _count(context)
        _learn(context, ch)
    return any(more)


def _guarded(context: Context, campaign_id: int, workspace_id: int, work: Callable[[], bool]) -> bool:
    """Work for one campaign; what is wrong with it keeps no other waiting."""
    context.beat()
    try:
        return work()
    except (psycopg.OperationalError, PoolTimeout, OperationalError):
        raise
    except psycopg.errors.IdleInTransactionSessionTimeout:
        # This process was frozen in the middle: what it held was given back, and another may have gone on since. Nothing is wrong with the campaign.
        log.warning("campaigns.lost", campaign=campaign_id, workspace=workspace_id)
        return True
    except Exception as error:
        log.exception("campaigns.failed", campaign=campaign_id, workspace=workspace_id)
        with context.db.workspace(workspace_id) as ws:
            ws.run(ROWS.fail, id=campaign_id, problem=f"{type(error).__name__}: {error}"[:500], seconds=AFTER_ERROR_S)
        return False


def _go_on(context: Context, ch: Client, campaign_id: int, workspace_id: int, status: str, is_writing: bool) -> bool:  # noqa: FBT001 -- a row
    if status == "scheduled":
        return _begin(context, ch, campaign_id, workspace_id)
    if status == "cancelled":
        return _end(context, campaign_id, workspace_id)
    return is_writing and _write(context, campaign_id, workspace_id)


def _begin(context: Context, ch: Client, campaign_id: int, workspace_id: int) -> bool:
    now = context.clock.now()
    with context.db.workspace(workspace_id) as ws:
        found = materialising.look(ws, ch, campaign_id, now)
    if found is None:
        return False
    reach("campaign.looked")
    with context.db.workspace(workspace_id) as ws:
        has_begun = materialising.freeze(ws, *found, now)
    reach("campaign.frozen")
    return has_begun


def _write(context: Context, campaign_id: int, workspace_id: int) -> bool:
    with context.db.everywhere(*STEADY, LOST) as everywhere, everywhere.within(workspace_id) as ws:
        chunk = materialising.write_chunk(ws, campaign_id, context.clock.now())
        if chunk is not None:
            ws.run(ROWS.mend, id=campaign_id)
        reach("campaign.written")
    reach("campaign.chunk")
    context.count("campaigns", "planned", chunk.planned if chunk else 0)
    return chunk is not None


def _end(context: Context, campaign_id: int, workspace_id: int) -> bool:
    after: int | None = 0
    while after is not None and not context.stop.is_set():
        with context.db.everywhere(*STEADY, LOST) as everywhere, everywhere.within(workspace_id) as ws:
            after = materialising.end_some(ws, campaign_id, context.clock.now(), after)
        context.beat()
    # Where somebody holds rows of it, the gate refuses them, and what comes back is ended the next time.
    with context.db.everywhere(*STEADY, LOST) as everywhere, everywhere.within(workspace_id) as ws:
        return materialising.close(ws, campaign_id, context.clock.now())


def _decide(context: Context, ch: Client, campaign_id: int, workspace_id: int) -> bool:
    with context.db.workspace(workspace_id) as ws:
        is_decided = testing.decide(ws, ch, campaign_id, context.clock.now())
        if is_decided:
            ws.run(ROWS.mend, id=campaign_id)
        return is_decided


def _count(context: Context) -> None:
    """Keep figures for lists, each after a while that grows with what counting costs and with how long ago anything happened."""
    with context.db.everywhere() as everywhere:
        found = everywhere.rows(numbers.NUMBERS.find_to_count, now=context.clock.now())
    for campaign_id, workspace_id in found:
        if context.stop.is_set():
            return
        _guarded(context, campaign_id, workspace_id, partial(_keep, context, campaign_id, workspace_id))


def _keep(context: Context, campaign_id: int, workspace_id: int) -> bool:
    with context.db.workspace(workspace_id) as ws:
        numbers.keep(ws, campaign_id, context.clock.now())
    return False


def _learn(context: Context, ch: Client) -> None:
    """Learn at which hours people are there, where a campaign asks for it."""
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        found = [row[0] for row in everywhere.rows(ROWS.find_by_hour)]
    for workspace_id in found:
        context.count("campaigns", "hours_learned", learn(context.db, ch, workspace_id, now, context.beat))
