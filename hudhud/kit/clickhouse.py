"""ClickHouse: one client per process and thread-safe; every query is built with server-side parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.httputil import get_pool_manager

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

# What a sender wrote is what is stored: text that looks like a date stays text ("01/02/2024" would become another day), and an
# object that names a path twice ({"a.b": 1, "a": {"b": 2}}) keeps the first value instead of failing the insert.
AS_SENT = {"input_format_try_infer_dates": 0, "input_format_try_infer_datetimes": 0, "type_json_skip_duplicated_paths": 1}


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
        form_encode_query_params=True,  # lists of a thousand values do not fit into an address
        settings=AS_SENT,
        pool_mgr=get_pool_manager(maxsize=pool_size, num_pools=2),
    )
