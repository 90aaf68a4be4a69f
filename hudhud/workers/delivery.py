"""The role `delivery`: mails leave by SMTP, or into the built-in mailbox when no server is set."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import uvloop

from hudhud.content.sandbox import Sandbox
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.compose import Composer
from hudhud.delivery.dispatch import Dispatcher
from hudhud.delivery.mailbox import socket_path
from hudhud.delivery.senders.kinds import Surroundings
from hudhud.kit.egress import read_networks

if TYPE_CHECKING:
    from hudhud.workers.context import Context


def run(context: Context) -> None:
    """Deliver until the context stops."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(context))


async def _run(context: Context) -> None:
    settings = context.settings
    server = Server.from_url(settings.smtp_url or f"unix:{socket_path(settings.data)}")
    sandbox = Sandbox()
    composer = Composer(context.keys, sandbox, settings.base_url)
    dispatcher = Dispatcher(
        context.db,
        context.clock,
        composer,
        Smtp(server, composer.host),
        context.name,
        settings.data,
        beat=context.beat,
        surroundings=Surroundings(context.keys, composer.host, read_networks(settings.private_networks)),
    )
    loop, role, over = asyncio.get_running_loop(), threading.current_thread().name, threading.Event()

    def listen() -> None:
        """Pass notifications and the stop signal on to the loop; named after the role, as its waits are signs of life."""
        while not context.stop.is_set() and not over.is_set():
            context.wait("messages", 1.0)
            loop.call_soon_threadsafe(dispatcher.stop if context.stop.is_set() else dispatcher.bell.set)

    listener = threading.Thread(target=listen, name=role, daemon=True)
    listener.start()
    try:
        await dispatcher.run()
    finally:
        over.set()
        context.ring("messages")
        await asyncio.to_thread(listener.join, 2.0)
        sandbox.close()
