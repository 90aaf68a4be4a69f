"""The reports role: reads what providers and postmasters said of mail, lets it have its effect, and looks whether too much of it is bad; judges opens and clicks again where the rules are new."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.delivery.outcomes import brakes, reading
from hudhud.delivery.outcomes.engaged import judge_again
from hudhud.delivery.outcomes.fold import fold
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from hudhud.workers.context import Context

IDLE_S = 2.0
# How often it is looked whether too much is bad, and how far back reports make somebody worth a look.
BRAKES_S, SUSPECT = 15.0, timedelta(minutes=10)
BODIES, PAGE = 50, 500


def run(context: Context) -> None:
    """Work until told to stop."""
    looked_at = 0.0
    while not context.stop.is_set():
        if time.monotonic() - looked_at >= BRAKES_S:
            look(context)
            looked_at = time.monotonic()
        if not work_once(context):
            context.wait("reports", IDLE_S)


def look(context: Context) -> int:
    """Pull the brakes that lately came reports ask for; return how many."""
    now = context.clock.now()
    pulled = brakes.look(context.db, now, now - SUSPECT)
    context.count("reports", "brakes", pulled)
    return pulled


def work_once(context: Context) -> int:
    """Read some bodies, fold some reports, judge some opens and clicks again; return how many there were."""
    context.beat()
    now = context.clock.now()
    bodies = reading.read_some(context.db, context.keys, now, BODIES)
    reach("reports.read")
    with context.db.everywhere() as everywhere:
        reports = fold(everywhere, now, PAGE)
        reach("reports.folding")
    with context.db.everywhere() as everywhere:
        again, other = judge_again(everywhere, PAGE)
    context.count("reports", "opens and clicks judged again", again)
    context.count("reports", "other verdicts", other)
    context.count("reports", "bodies", bodies)
    context.count("reports", "reports", reports)
    return bodies + reports + again
