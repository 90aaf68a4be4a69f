"""The role `mailbox`: the built-in mailbox listens as long as no SMTP server is set."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hudhud.delivery.mailbox import serve, socket_path

if TYPE_CHECKING:
    from hudhud.workers.context import Context


def run(context: Context) -> None:
    """Serve until the context stops; with a real SMTP server there is nothing to do."""
    if context.settings.smtp_url:
        while not context.stop.wait(10.0):
            context.beat()
        return
    with asyncio.Runner() as runner:
        runner.run(_run(context))


async def _run(context: Context) -> None:
    async with serve(context.db, context.keys, context.clock.now, socket_path(context.settings.data)):
        while not await asyncio.to_thread(context.stop.wait, 1.0):
            context.beat()
