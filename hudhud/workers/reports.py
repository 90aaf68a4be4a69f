"""The reports role: reads what providers and postmasters said of mail, lets it have its effect, and looks whether too much of it is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery.outcomes import reading
from hudhud.delivery.outcomes.fold import fold
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from hudhud.workers.context import Context

IDLE_S = 2.0
BODIES, PAGE = 50, 500


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        if not work_once(context):
            context.wait("reports", IDLE_S)


def work_once(context: Context) -> int:
    """Read some bodies and fold some reports; return how many there were."""
    context.beat()
    now = context.clock.now()
    bodies = reading.read_some(context.db, context.keys, now, BODIES)
    reach("reports.read")
    with context.db.everywhere() as everywhere:
        reports = fold(everywhere, now, PAGE)
        reach("reports.folding")
    context.count("reports", "bodies", bodies)
    context.count("reports", "reports", reports)
    return bodies + reports
