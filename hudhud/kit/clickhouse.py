"""ClickHouse: one client per process and thread-safe; every query is built with server-side parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.httputil import get_pool_manager

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def connect(url: str, *, pool_size: int = 8) -> Client:
    """Connect to `http://user:password@host:port/database`; raises clickhouse_connect's errors as they are."""
    parts = urlsplit(url)
    return clickhouse_connect.get_client(
        interface=parts.scheme or "http",
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 8123,
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "default",
        autogenerate_session_id=False,
        pool_mgr=get_pool_manager(maxsize=pool_size, num_pools=2),
    )
