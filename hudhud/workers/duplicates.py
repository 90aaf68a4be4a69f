"""The duplicates role: does the searches for duplicates that people ask for. Any number of these may run: a search takes its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit.failpoint import reach
from hudhud.people import duplicates

if TYPE_CHECKING:
    from hudhud.workers.context import Context

IDLE_S = 30.0


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        work_once(context)
        context.wait("duplicates", IDLE_S)


def work_once(context: Context) -> int:
    """Do the searches that wait; return how many."""
    context.beat()
    with context.db.everywhere() as everywhere:
        asked = duplicates.find_asked(everywhere)
    for workspace_id in asked:
        with context.db.workspace(workspace_id) as ws:
            done = duplicates.search(ws, context.clock.now())
            reach("duplicates.searched")
        context.count("duplicates", "searches", int(done))
        context.beat()
    return len(asked)
