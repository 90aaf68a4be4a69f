"""The retention role: what is kept for a while only goes when that is over. Any number of these may run."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from hudhud.coupons.actions import fold_stock
from hudhud.delivery import actions as delivery
from hudhud.delivery.outcomes import reading as reports
from hudhud.endpoints import actions as endpoints
from hudhud.events import actions as events
from hudhud.events import kept
from hudhud.events.queries import horizon
from hudhud.hooks import actions as hooks
from hudhud.journeys.acting import requests
from hudhud.people import history
from hudhud.people import queries as people
from hudhud.segments import actions as segments
from hudhud.workers.segments import tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.retention import Term
    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

EVERY_S, BEAT_S = 1800.0, 30.0
# What a flood of refused messages may add to their table before somebody looks whether that is too much.
GROWN_BYTES = 32 * 1024 * 1024
PAGE, BLOCKS = 5_000, 100


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            work_once(context, ch)
            known = make_room(context, 0)
            again = time.monotonic() + EVERY_S
            while time.monotonic() < again and not context.stop.is_set():
                context.wait("retention", BEAT_S)
                known = make_room(context, known)
    finally:
        ch.close()


def make_room(context: Context, known: int) -> int:
    """Drop the oldest rejects where they have grown to too many since their table had `known` bytes; return how many it has."""
    with context.db.everywhere() as everywhere:
        size = events.is_crowded(everywhere)
        if size < known + GROWN_BYTES:
            return known
        context.count("retention", "crowded with rejects", events.drop_oldest(everywhere, context.clock.now()))
    return size


def work_once(context: Context, ch: Client) -> None:
    """Delete what is too old, a page in a transaction: rejects, changes of people, bodies of webhooks, deliveries to others, requests of journeys, reports nobody could match, room under caps, the kept log; and events whose time is over. Add up the stock of coupons."""
    context.count("retention", "rejects", _forget(context, events.forget_old))
    context.count("retention", "changes", _forget(context, history.forget_old))
    context.count("retention", "bodies", _forget(context, hooks.forget_old))
    context.count("retention", "deliveries", _forget(context, endpoints.forget_old))
    context.count("retention", "requests", _forget(context, requests.forget_old))
    context.count("retention", "reports about mail", _forget(context, reports.forget_old))
    context.count("retention", "room under caps", _forget(context, delivery.forget_rooms))
    context.count("retention", "blocks of the log", _forget(context, partial(_forget_log, days=context.settings.keep_log_days), BLOCKS))
    with context.db.everywhere() as everywhere:
        fold_stock(everywhere)
        terms = events.find_terms(everywhere)
    for term in terms:
        context.beat()
        _delete_old(context, ch, term, context.clock.now())


def _delete_old(context: Context, ch: Client, term: Term, now: datetime) -> None:
    doers = events.find_old_doers(ch, term, now)
    # What stands in the kept log is in ClickHouse: it goes from there first.
    with context.db.workspace(term.workspace_id) as ws:
        kept.forget_older(ws, term.name, term.before(now))
    context.count("retention", "events", events.delete_old(ch, term, now))
    for start in range(0, len(doers), PAGE):
        context.beat()
        with context.db.everywhere() as everywhere:
            until = horizon(everywhere, context.clock.now())
        with context.db.workspace(term.workspace_id) as ws:
            # Were we killed before this, the nightly check would find them.
            standing = {person_id for _, person_id, *_ in people.find_standing(ws, doers[start : start + PAGE])}
            changes = segments.take_up(ws, ch, standing, term.name, until)
            tell(ws, ch, changes, until)
        context.count("retention", "changes of segments", len(changes))


def _forget_log(everywhere: Scope, now: datetime, limit: int, *, days: int) -> int:
    return kept.forget_old(everywhere, now, days, limit)


def _forget(context: Context, forget: Callable[[Scope, datetime, int], int], most: int = PAGE) -> int:
    gone, page = 0, most
    while page >= most and not context.stop.is_set():
        context.beat()
        with context.db.everywhere() as everywhere:
            page = forget(everywhere, context.clock.now(), most)
        gone += page
    return gone
