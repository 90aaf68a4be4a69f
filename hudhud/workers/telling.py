"""The telling role: what other parts of Hudhud know of people goes into the intake log, a page a look.

No faster than so: a large mailing shall not push the facts of customers out of the way, nor slow itself down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery import actions as delivery
from hudhud.journeys import actions as journeys
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from hudhud.workers.context import Context

EVERY_S = 1.0
PAGE = 2_000


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        work_once(context)
        context.beat()
        context.stop.wait(EVERY_S)


def work_once(context: Context) -> int:
    """Tell a page of what became of messages and one of who entered and left journeys; return how many were looked at."""
    with context.db.everywhere() as everywhere:
        outcomes = delivery.tell_outcomes(everywhere, context.clock.now(), PAGE)
        reach("telling.told")
    with context.db.everywhere() as everywhere:
        runs = journeys.tell_runs(everywhere, context.clock.now(), PAGE)
        reach("telling.runs_told")
    context.count("telling", "outcomes", outcomes)
    context.count("telling", "runs", runs)
    return outcomes + runs
