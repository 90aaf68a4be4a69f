"""ClickHouse's HTTP protocol: what a request asks for, and how an error is answered.

Source: clickhouse.com/docs/interfaces/http, and what the stock clients (clickhouse-connect) send.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import lz4.frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BODY_BYTES = 128 * 1024 * 1024
# Spoken to the transport, not to the query: they are no settings of the engine.
TRANSPORT = frozenset({
    "query", "database", "default_format", "user", "password", "quota_key", "query_id", "role",
    "session_id", "session_timeout", "session_check", "compress", "decompress", "enable_http_compression", "buffer_size",
    "wait_end_of_query", "client_protocol_version", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "cancel_http_readonly_queries_on_client_close", "http_write_exception_in_output_format",
})  # fmt: skip
# INSERT INTO table (columns) SETTINGS … FORMAT name, and the data follows.
INSERT_HEAD = re.compile(
    rb"\s*INSERT\s+INTO\s+(?:TABLE\s+)?[^\s(]+\s*(?:\([^)]*\))?\s*(?:SETTINGS\s.*?)?\s*(FORMAT\s+(\w+))(?:[ \t]*\r?\n|\s+|;|\Z)",
    re.IGNORECASE | re.DOTALL,
)
HEAD_BYTES = 65536
GZIP_WINDOW = 31
DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "gzip": lambda: zlib.decompressobj(GZIP_WINDOW),
    "deflate": zlib.decompressobj,
}
OUTPUT_FORMAT = re.compile(r"\sFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
QUERY_ID = re.compile(r"[\w:.-]{1,80}")
CODE = re.compile(r"Code: (\d+)\.")
STATUS = {516: 403, 60: 404, 81: 404, 62: 400, 47: 400, 36: 400, 115: 400, 202: 503, 210: 503}
TOO_MANY_QUERIES, TOO_LARGE, AUTHENTICATION_FAILED, NOT_IMPLEMENTED, INCORRECT_DATA, BAD_ARGUMENTS = 202, 307, 516, 48, 117, 36


class ProtocolError(Exception):
    """The request cannot be run; `code` is ClickHouse's number for the reason."""

    def __init__(self, code: int, name: str, message: str, status: int = 0) -> None:
        """Build the text that ClickHouse would send."""
        super().__init__(f"Code: {code}. DB::Exception: {message}. ({name})")
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing to run: SQL with its parameters and settings; `data` is there for an insert that brings rows."""

    sql: str
    data: bytes | None
    output_format: str
    database: str
    params: dict[str, str]
    settings: dict[str, str]
    query_id: str
    buffered: bool


def error_answer(error: Exception) -> tuple[int, str, bytes]:
    """Return HTTP status, ClickHouse's error code and the body for an exception of the engine or of ours."""
    text = str(error)
    found = CODE.search(text)
    number = int(found[1]) if found else 1002
    status = getattr(error, "status", 0) or STATUS.get(number, 500)
    return status, str(number), text[found.start() if found else 0 :].encode() + b"\n"


def check_password(headers: Mapping[str, str], user: str, password: str) -> None:
    """Accept Basic authorization or X-ClickHouse-User/Key; raise otherwise (in an address, passwords end in logs)."""
    given = (headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", ""))
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name, secret = "", ""
        given = (name, secret)
    if not hmac.compare_digest("\0".join(given).encode(), f"{user}\0{password}".encode()):
        raise ProtocolError(
            AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", "Authentication failed: password is incorrect, or there is no such user"
        )


def to_statement(raw_query: str, headers: Mapping[str, str], body: bytes) -> Statement:
    """Read a request; raises `ProtocolError` for what this server does not speak."""
    query = dict(parse_qsl(raw_query, keep_blank_values=True))
    body = decompress(body, headers.get("content-encoding", ""))
    kind, _, boundary = headers.get("content-type", "").partition("boundary=")
    if kind.lower().startswith("multipart/form-data"):
        query |= form_fields(body, boundary.strip('"'))
        body = b""
    sql, data = _split(query.get("query", ""), body)
    if not sql.strip():
        raise ProtocolError(62, "SYNTAX_ERROR", "Empty query")
    return Statement(
        sql=sql,
        data=data[0] if data else None,
        output_format=data[1] if data else _output_format(sql, query, headers),
        database=headers.get("x-clickhouse-database", query.get("database", "")),
        params={name[6:]: value for name, value in query.items() if name.startswith("param_")},
        settings=_settings(query),
        query_id=_query_id(query),
        buffered=query.get("wait_end_of_query") == "1",
    )


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo Content-Encoding (several frames may follow each other), never beyond `MAX_BODY_BYTES`."""
    if encoding in {"", "identity"}:
        return body
    if encoding not in DECOMPRESSORS:
        known = ", ".join(DECOMPRESSORS)
        raise ProtocolError(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"Content-Encoding {encoding!r}: this server reads {known}")
    plain = bytearray()
    try:
        while body:
            frame = DECOMPRESSORS[encoding]()
            plain += frame.decompress(body, MAX_BODY_BYTES + 1 - len(plain))
            if len(plain) > MAX_BODY_BYTES:
                raise too_large()
            if not frame.eof:
                raise ProtocolError(INCORRECT_DATA, "INCORRECT_DATA", f"the body ends in the middle of its {encoding} data")
            body = frame.unused_data or b""
    except (RuntimeError, zlib.error) as error:
        raise ProtocolError(INCORRECT_DATA, "INCORRECT_DATA", f"the body is not {encoding}: {error}") from error
    return bytes(plain)


def too_large() -> ProtocolError:
    """Return the error for a body beyond the limit."""
    return ProtocolError(TOO_LARGE, "TOO_MANY_BYTES", f"the body is larger than {MAX_BODY_BYTES} bytes: insert in smaller batches", 413)


def form_fields(body: bytes, boundary: str) -> dict[str, str]:
    """Read the plain fields of a multipart form (long parameters come this way); files are refused."""
    fields = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, value = part[2:].partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None or b"filename=" in head:
            raise ProtocolError(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "external data (files in a form): use an array parameter or a table")
        fields[name[1].decode()] = value[:-2].decode()
    return fields


def _split(query: str, body: bytes) -> tuple[str, tuple[bytes, str] | None]:
    """Return the SQL and, for an insert that brings rows, its data and format."""
    text = query.encode()
    whole = text + b"\n" + body if text and body else text or body
    head = INSERT_HEAD.match(whole[: max(HEAD_BYTES, len(text) + 1)])
    if head is None:
        try:
            return whole.decode(), None
        except UnicodeDecodeError as error:
            raise ProtocolError(INCORRECT_DATA, "INCORRECT_DATA", f"the query is not UTF-8: {error}") from error
    return whole[: head.start(1)].decode(), (whole[head.end() :], head[2].decode())


def _output_format(sql: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    explicit = OUTPUT_FORMAT.search(sql)
    default = headers.get("x-clickhouse-format", query.get("default_format", "TabSeparated"))
    return explicit[1] if explicit else default


def _settings(query: Mapping[str, str]) -> dict[str, str]:
    settings = {name: value for name, value in query.items() if name not in TRANSPORT and not name.startswith("param_")}
    for name in settings:
        if not SETTING_NAME.fullmatch(name):
            raise ProtocolError(115, "UNKNOWN_SETTING", f"Unknown setting {name!r}")
    return settings


def _query_id(query: Mapping[str, str]) -> str:
    given = query.get("query_id", "")
    if given and not QUERY_ID.fullmatch(given):
        raise ProtocolError(BAD_ARGUMENTS, "BAD_ARGUMENTS", "query_id may have letters, digits and : . _ - and 80 characters at most")
    return given or secrets.token_hex(8)
