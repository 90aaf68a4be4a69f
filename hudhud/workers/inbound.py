"""The role `inbound`: takes the mails that come back, where the operator has set a place for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from hudhud.delivery.outcomes import imap
from hudhud.delivery.outcomes.inbound import serve

if TYPE_CHECKING:
    from hudhud.workers.context import Context

log = structlog.get_logger()
EVERY_S = 60.0


def run(context: Context) -> None:
    """Listen and ask until the context stops; where nothing is set there is nothing to do."""
    if context.settings.bounce_listen:
        with asyncio.Runner() as runner:
            runner.run(_listen(context))
        return
    while not context.stop.is_set():
        look(context)
        _rest(context)


def look(context: Context) -> int:
    """Ask the mailbox once, if there is one; return how many mails were taken."""
    if not context.settings.bounce_imap:
        return 0
    try:
        count = imap.fetch(context.db, context.settings.bounce_imap, context.clock.now())
    except imap.FAILURES as error:
        log.warning("inbound.mailbox_away", error=str(error)[:300])
        return 0
    context.count("inbound", "mails", count)
    return count


async def _listen(context: Context) -> None:
    async with serve(context.db, context.keys, context.clock.now, context.settings.bounce_listen) as port:
        log.info("inbound.listening", port=port)
        while not context.stop.is_set():
            await asyncio.to_thread(look, context)
            await asyncio.to_thread(_rest, context)


def _rest(context: Context) -> None:
    """Wait a minute, with signs of life."""
    for _ in range(int(EVERY_S)):
        context.beat()
        if context.stop.wait(1.0):
            return
