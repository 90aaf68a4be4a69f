"""The duplicates role: compares people who came or changed with others, and does the searches that people ask for. Any number of these may run."""

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
        stale = duplicates.find_stale(everywhere)
    for workspace_id in stale:
        _follow(context, workspace_id)
    for workspace_id in asked:
        with context.db.workspace(workspace_id) as ws:
            done = duplicates.search(ws, context.clock.now())
            reach("duplicates.searched")
        context.count("duplicates", "searches", int(done))
        context.beat()
    return len(asked)


def _follow(context: Context, workspace_id: int) -> None:
    """Compare whoever waits, some at a time."""
    followed = duplicates.FEW
    while followed == duplicates.FEW and not context.stop.is_set():
        with context.db.workspace(workspace_id) as ws:
            followed = duplicates.follow(ws)
            reach("duplicates.followed")
        context.count("duplicates", "followed", followed)
        context.beat()
