"""The retention role: what is kept for a while only goes when that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.events import actions as events

if TYPE_CHECKING:
    from hudhud.workers.context import Context

EVERY_S = 30.0  # also a sign of life
PAGE = 5_000


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        work_once(context)
        context.wait("retention", EVERY_S)


def work_once(context: Context) -> int:
    """Delete the rejects that are too old, a page in a transaction; return how many."""
    gone = 0
    while not context.stop.is_set():
        context.beat()
        with context.db.everywhere() as everywhere:
            page = events.forget_old(everywhere, context.clock.now(), PAGE)
        gone += page
        if page < PAGE:
            break
    context.count("retention", "rejects", gone)
    return gone
