"""`python -m hudhud.edge.main`: the process with the one public port."""

from __future__ import annotations

import signal

import uvicorn

from hudhud.edge.app import Edge
from hudhud.edge.forwarded import Forwarded
from hudhud.kit import log
from hudhud.kit.clock import from_setting
from hudhud.kit.config import settings
from hudhud.kit.crypto import load_keys

BACKLOG = 2048
KEEP_ALIVE_S = 30
GRACE_S = 4


def main() -> None:
    """Serve until SIGTERM; requests in work are finished, waiting rows are written."""
    ours = settings()
    log.set_up("edge", ours.log_level)
    ours.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    # uvicorn drains on the first one and then raises it again, for whoever started it; that is us, and all is done.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    app = Edge(ours, from_setting(ours.clock), load_keys(ours.secret_keys, ours.data))
    uvicorn.run(
        Forwarded(app, ours.trusted_hops) if ours.trusted_hops else app,
        host=ours.host,
        port=ours.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        # It would believe the first address of a list, which the visitor may have written.
        proxy_headers=bool(ours.trusted_proxies) and not ours.trusted_hops,
        forwarded_allow_ips=ours.trusted_proxies or None,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


if __name__ == "__main__":
    main()
