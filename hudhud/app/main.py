"""The web process: Django under WSGI, served by waitress on a Unix socket, behind the edge.

Never under ASGI: the same views cost several times the processor time there (docs/decisions).
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import structlog
from waitress.server import create_server

from hudhud.app.wiring import wiring
from hudhud.app.wsgi import application
from hudhud.kit import log
from hudhud.kit.http import MAX_BODY_BYTES

if TYPE_CHECKING:
    from types import FrameType

THREADS = 8


def serve() -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    settings = wiring().settings
    log.set_up("web", settings.log_level)
    path = settings.web_socket_path
    path.parent.mkdir(parents=True, exist_ok=True)
    server = create_server(
        application,
        unix_socket=str(path),
        unix_socket_perms="600",
        threads=THREADS,
        ident=None,
        trusted_proxy="localhost",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        trusted_proxy_count=1,
        clear_untrusted_proxy_headers=True,
        channel_timeout=60,
        max_request_body_size=MAX_BODY_BYTES,
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    structlog.get_logger().info("web_ready", socket=str(path))
    try:
        server.run()  # on SystemExit: stops accepting and lets the threads finish
    finally:
        server.close()
        wiring().db.close()


if __name__ == "__main__":
    serve()
