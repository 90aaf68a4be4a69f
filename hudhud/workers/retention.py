"""The retention role: what is kept for a while only goes when that is over. Any number of these may run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hudhud.endpoints import actions as endpoints
from hudhud.events import actions as events
from hudhud.hooks import actions as hooks
from hudhud.people import history

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

EVERY_S, BEAT_S = 1800.0, 30.0
PAGE = 5_000


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            work_once(context, ch)
            again = time.monotonic() + EVERY_S
            while time.monotonic() < again and not context.stop.is_set():
                context.wait("retention", BEAT_S)
    finally:
        ch.close()


def work_once(context: Context, ch: Client) -> None:
    """Delete rejects, changes of people, bodies of webhooks and deliveries to others that are too old, a page in a transaction, and the events whose time is over."""
    context.count("retention", "rejects", _forget(context, events.forget_old))
    context.count("retention", "changes", _forget(context, history.forget_old))
    context.count("retention", "bodies", _forget(context, hooks.forget_old))
    context.count("retention", "deliveries", _forget(context, endpoints.forget_old))
    with context.db.everywhere() as everywhere:
        terms = events.find_terms(everywhere)
    for term in terms:
        context.beat()
        context.count("retention", "events", events.delete_old(ch, term, context.clock.now()))


def _forget(context: Context, forget: Callable[[Scope, datetime, int], int]) -> int:
    gone, page = 0, PAGE
    while page >= PAGE and not context.stop.is_set():
        context.beat()
        with context.db.everywhere() as everywhere:
            page = forget(everywhere, context.clock.now(), PAGE)
        gone += page
    return gone
