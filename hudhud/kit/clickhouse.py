"""ClickHouse: one client per process and thread-safe; every query is built with server-side parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.httputil import get_pool_manager

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.exceptions import DatabaseError

# What a sender wrote is what is stored: text that looks like a date stays text ("01/02/2024" would become another day), and an
# object that names a path twice ({"a.b": 1, "a": {"b": 2}}) keeps the first value instead of failing the insert.
AS_SENT = {"input_format_try_infer_dates": 0, "input_format_try_infer_datetimes": 0, "type_json_skip_duplicated_paths": 1}
# ClickHouse's words for "I cannot read this value": CANNOT_PARSE_*, ILLEGAL_COLUMN, INCORRECT_DATA, TOO_LARGE_STRING_SIZE, TOO_DEEP_RECURSION …
_DATA_ERRORS = frozenset({6, 25, 26, 27, 38, 41, 44, 53, 69, 70, 72, 117, 131, 306, 321, 349, 407, 636})
_LIMITS = frozenset({159, 160, 241})  # TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED
# What befalls whoever asks just then: CANNOT_ALLOCATE_MEMORY, TOO_MANY_SIMULTANEOUS_QUERIES, SOCKET_TIMEOUT, NETWORK_ERROR, ABORTED,
# MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, QUERY_WAS_CANCELLED, CANNOT_SCHEDULE_TASK.
_OVERLOAD = frozenset({173, 202, 209, 210, 236, 241, 243, 394, 439})
_REFUSALS = frozenset({164, 497})  # READONLY, ACCESS_DENIED
_CODE = re.compile(r"(?:Code: |code )(\d+)")


@dataclass(frozen=True, slots=True)
class Written:
    """A parameter without a sign to escape: the driver takes `str()` of a type that it does not know, and looks through a plain text sign by sign."""

    text: str

    def __str__(self) -> str:
        """As it is sent."""
        return self.text


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


def is_too_costly(error: DatabaseError) -> bool:
    """Say whether a statement was stopped for the time or memory that it took itself, not for what all of them together take."""
    code = _CODE.search(str(error))
    return code is not None and int(code[1]) in _LIMITS and "(total)" not in str(error)


def is_overloaded(error: DatabaseError) -> bool:
    """Say whether a statement failed for the state that the server was in: any other would have failed as well, and the same may succeed later."""
    code = _CODE.search(str(error))
    return code is not None and int(code[1]) in _OVERLOAD and not is_too_costly(error)


def is_refused(error: DatabaseError) -> bool:
    """Say whether ClickHouse's user may not do that."""
    code = _CODE.search(str(error))
    return code is not None and int(code[1]) in _REFUSALS


def is_bad_data(error: DatabaseError) -> bool:
    """Say whether an insert failed because of a value in it: the same again would fail again."""
    code = _CODE.search(str(error))
    return code is not None and int(code[1]) in _DATA_ERRORS
