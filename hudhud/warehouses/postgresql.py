"""How PostgreSQL is asked: the address, the query around the customer's, and what its errors say about which field.

Whatever the query is, the session and its one transaction can only read, and it ends after its time.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pyarrow as pa

from hudhud.warehouses.protocol import BUSY_S, CONNECT_S, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hudhud.warehouses.protocol import Ask, Family, Sort

BATCH_BYTES = "1000000"
SSL_MODES = {"off": "disable", "require": "require", "verify": "verify-full"}
# Infinite times of PostgreSQL, as the driver has them.
INFINITE = {
    "timestamp": {-(2**63) + 946_684_799_999_999: "infinity", -(2**63) + 946_684_800_000_000: "-infinity"},
    "date32": {-(2**31) + 10_956: "infinity", -(2**31) + 10_957: "-infinity"},
}
# A message may have 32 kB: a cell that is larger by far is at most left out. Of one row no more than so much is fetched.
MOST_CELL, LEAST_CELL, ROW_BYTES = 256 * 1024, 64 * 1024, 16 * 2**20
SMALL = 4096
# Encodings with bytes that are no character, and what Python calls them. Asked for UTF-8 the server would end the query at the first row with such
# a byte: it hands over the bytes of these as they lie there.
CODECS = {f"WIN{number}": f"cp{number}" for number in (1250, 1251, 1252, 1253, 1254, 1255, 1257, 1258, 874)}
CODECS |= {f"ISO_8859_{number}": f"iso8859_{number}" for number in (6, 7, 8)} | {"LATIN3": "iso8859_3"}
SERVER_ENCODING = "SELECT current_setting('server_encoding') AS encoding"
_TABLE = re.compile(r'[^\s();]+(?:\.(?:[^\s();"]+|"[^"]+"))?')
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
_CLIENT = re.compile(r"^.*?failed: (?:FATAL: +|ERROR: +)?", re.DOTALL)


class Trouble(Exception):
    """Nothing (more) can be read."""

    def __init__(self, field: str, value: str, remedy: str) -> None:
        """Say which field is to blame."""
        super().__init__(remedy)
        self.problem = Problem(field, value, remedy)


def address_of(ask: Ask, address: str) -> str:
    """Return the connection address: to the very address that was checked, with nothing of this machine's own settings."""
    settings = {"default_transaction_read_only": "on", **_settings(ask)}
    given = {
        "hostaddr": address,
        "sslmode": SSL_MODES[ask.tls],
        "connect_timeout": str(CONNECT_S),
        "application_name": "hudhud",
        # Otherwise texts come as the database keeps them, LATIN1 for one.
        "client_encoding": "UTF8",
        "passfile": "/dev/null",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    if ask.tls == "verify":
        given["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    host = f"[{ask.host}]" if ":" in ask.host else ask.host
    whom = f"{quote(ask.user, safe='')}:{quote(ask.password, safe='')}"
    return f"postgresql://{whom}@{host}:{ask.port}/{quote(ask.database, safe='')}?{urlencode(given, quote_via=quote)}"


def _settings(ask: Ask) -> dict[str, str]:
    # The query's own time is counted here (watch.py): the server's clock would go on while we are busy with its rows.
    return {"statement_timeout": f"{ask.longest_s + BUSY_S}s", "lock_timeout": "10s", "timezone": "UTC"}


def preface(ask: Ask) -> str:
    """Return what the transaction begins with: the same once more, as poolers between us and the server leave out what a connection asks for."""
    settings = {"transaction_read_only": "on", **_settings(ask)}
    parts = [f"set_config('{name}', '{value}', true)" for name, value in settings.items()]
    # What has no encoding comes as it is: asked for UTF-8, the server would end the query at the first byte that is none.
    parts.append("CASE WHEN current_setting('server_encoding') = 'SQL_ASCII' THEN set_config('client_encoding', 'SQL_ASCII', true) END")
    # It notices that we are gone even where it has nothing to send. Not every server can.
    able = "current_setting('server_version_num')::integer >= 140000 AND version() ~ 'linux'"
    parts.append(f"CASE WHEN {able} THEN set_config('client_connection_check_interval', '2s', true) END")
    return "SELECT " + ", ".join(parts)


def inner(query: str) -> str:
    """Return the customer's SELECT; one word is a table's name. Raises `Trouble` where there is nothing."""
    plain = query.strip().rstrip(";").strip()
    if not plain:
        raise Trouble("query", query[:60], "write a SELECT, or the name of a table")
    return f"SELECT * FROM {plain}" if _TABLE.fullmatch(plain) else plain  # noqa: S608 -- it is the customer's own, and can only read


def whole(
    ask: Ask, family: Family | None, names: Sequence[str], sorts: Sequence[Sort], encoding: str = "", raw: Collection[int] = ()
) -> str:
    """Return the query with place, order and limit around the customer's; raises `Trouble` for a place that is none of the cursor's.

    Cells that are too large stay where they are; one column more than `names` says which, and how large they are. The texts of the columns in
    `raw` come as bytes in `encoding`, the server's own.
    """
    # The line ends before the bracket: a remark at the query's end would swallow it.
    text = f"SELECT {', '.join(_cells(names, sorts, encoding, raw))} FROM (\n{inner(ask.query)}\n) AS hudhud_rows"  # noqa: S608 -- as above
    if family:
        name = _quoted(ask.cursor)
        text += " WHERE " + " AND ".join(_bounds(ask, name, family)) + f" ORDER BY {name}"
    return f"{text} LIMIT {ask.limit}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def raw_columns(schema: pa.Schema, encoding: str) -> frozenset[int]:
    """Return the places of the texts that are read as bytes in the server's encoding: all, where not each of its bytes is a character."""
    return frozenset(place for place, column in enumerate(schema) if encoding in CODECS and pa.types.is_string(column.type))


def _cells(names: Sequence[str], sorts: Sequence[Sort], encoding: str, raw: Collection[int]) -> Iterator[str]:
    """Yield what is selected: numbers and times as they are, everything else as long as it is not too large."""
    wide = [place for place, sort in enumerate(sorts) if sort in {"text", "json"}]
    most = max(LEAST_CELL, min(MOST_CELL, ROW_BYTES // max(1, len(wide))))
    large = []
    for place, name in enumerate(map(_quoted, names)):
        if place not in wide:
            yield name
            continue
        # What is small as it lies there is not unpacked to be measured.
        test = f"pg_column_size({name}) > {SMALL} AND octet_length({name}::text) > {most}"
        value = f"convert_to({name}::text, '{encoding}')" if place in raw else name
        yield f"CASE WHEN {test} THEN NULL ELSE {value} END AS {name}"
        large.append(f"CASE WHEN {test} THEN '{place}:' || octet_length({name}::text) END")
    # No function of texts: those take a hundred at most.
    yield f"array_to_string(ARRAY[{', '.join(large)}]::text[], ',') AS hudhud_too_large"


def family_of(ask: Ask, schema: pa.Schema) -> Family | None:
    """Return what the cursor is; raises `Trouble` for one that cannot be one."""
    if not ask.cursor:
        return None
    if ask.cursor not in schema.names:
        raise Trouble("cursor", ask.cursor, f"the query has the columns {', '.join(schema.names)}"[:500])
    kind = schema.field(ask.cursor).type
    if pa.types.is_timestamp(kind):
        return "instant" if kind.tz else "time"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_integer(kind):
        return "number"
    if getattr(kind, "type_name", "") == "numeric":
        return "decimal"
    raise Trouble("cursor", ask.cursor, "use a column with times or numbers that grow with every change")


def _bounds(ask: Ask, name: str, family: Family) -> list[str]:
    """Return what a row must fulfil. Times to come wait until they are here: they would push the place past everything that is yet to be written."""
    late = {"instant": "now()", "time": "LOCALTIMESTAMP + INTERVAL '1 day'", "date": "CURRENT_DATE + 1"}.get(family)
    # The largest numbers are none: infinity, and NaN, which stands above it.
    # Before the year 1 nobody changed anything, and Python knows no time.
    bounds = [f"{name} BETWEEN " + (f"DATE '0001-01-02' AND {late}" if late else "-1e40 AND 1e40")]
    if ask.place is not None:
        bounds.append(f"{name} >= {_from(ask, family)}")
    return bounds


def _from(ask: Ask, family: Family) -> str:
    """Write where to begin; only what was read as a number or a time gets into the query."""
    place = ask.place or ""
    try:
        if family == "number":
            return str(int(place) - ask.overlap)
        if family == "decimal":
            return f"{Decimal(place):f} - {ask.overlap}"
        if family == "date":
            return f"DATE '{date.fromisoformat(place).isoformat()}' - {-(-ask.overlap // 86_400)}"
        at = datetime.fromisoformat(place)
        if (at.tzinfo is not None) == (family == "instant"):
            text = at.astimezone(UTC).isoformat() if at.tzinfo else at.isoformat()
            return f"TIMESTAMP{'TZ' if at.tzinfo else ''} '{text}' - INTERVAL '{ask.overlap} seconds'"
    except (ValueError, InvalidOperation):
        pass
    raise Trouble("cursor", ask.cursor, "the column holds something else than before; read from the beginning")


def check_columns(schema: pa.Schema) -> None:
    """Raise `Trouble` for columns that have no faithful text."""
    if len(set(schema.names)) < len(schema.names):
        twice = next(name for name in schema.names if schema.names.count(name) > 1)
        raise Trouble("query", twice, "two columns have this name; give one of them another by AS")
    for column in schema:
        if not _is_readable(column):
            kind = ((column.metadata or {}).get(b"POSTGRESQL:type") or b"").decode() or str(column.type)
            raise Trouble(
                "query", column.name, f"values of the type {kind} are not read; write {column.name}::text AS {column.name}, or leave it out"
            )


def _is_readable(column: pa.Field) -> bool:
    kind: Any = column.type
    if (column.metadata or {}).get(b"POSTGRESQL:type") == b"money":
        return False
    while pa.types.is_list(kind):
        kind = kind.value_type
    if isinstance(kind, pa.BaseExtensionType):
        return bool(pa.types.is_string(kind.storage_type) or kind.extension_name == "arrow.uuid")
    names = ("boolean", "integer", "floating", "decimal", "string", "large_string", "date", "time", "timestamp", "null")
    return any(getattr(pa.types, f"is_{name}")(kind) for name in names)


def sort_of(column: pa.Field) -> Sort:
    """Return what the database says that a column holds."""
    kind: Any = column.type
    told = (column.metadata or {}).get(b"POSTGRESQL:type")
    if pa.types.is_boolean(kind):
        return "truth"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return "number"
    if getattr(kind, "type_name", "") == "numeric":
        return "decimal"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    return "json" if pa.types.is_list(kind) or told in {b"json", b"jsonb"} else "text"


def with_infinities(column: pa.Array, cells: list[Any]) -> list[Any]:
    """Write infinite times as they are called: the driver counts them on from another year, and over the end of all numbers."""
    names = INFINITE.get(str(column.type).partition("[")[0])
    if not names or not any(cell[:1] in {"-", "<"} for cell in cells):
        return cells
    values = column.view(pa.int32() if pa.types.is_date32(column.type) else pa.int64()).to_pylist()
    return [names.get(value, cell) for cell, value in zip(cells, values, strict=True)]


def connect_trouble(error: Exception, ask: Ask) -> Trouble:
    """Say which field keeps us from connecting."""
    said = _first_line(_CLIENT.sub("", str(error)), ask)
    low = said.lower()
    if "password" in low or "authentication" in low or "pg_hba" in low or low.startswith("role "):
        return Trouble("password", "…", f"the database refuses this user and password ({said})")
    if low.startswith("database ") or "connect privilege" in low:
        return Trouble("database", ask.database, f"the database does not open ({said})")
    if "ssl" in low or "certificate" in low:
        return Trouble("tls", ask.tls, f"no such encryption with this server ({said})")
    return Trouble("host", f"{ask.host}:{ask.port}", f"no answer from there ({said})")


def too_long(ask: Ask) -> Trouble:
    """Say that the database took longer than it may."""
    return Trouble("longest_s", str(ask.longest_s), "the query took longer; narrow it, make an index on the cursor, or allow more seconds")


def query_trouble(error: Exception, ask: Ask, *, is_over: bool) -> Trouble:
    """Say what is wrong with the query; `is_over`: it took longer than it may, and was stopped for it."""
    if is_over:
        return too_long(ask)
    state = getattr(error, "sqlstate", None) or ""
    # A stream that breaks off brings the text alone.
    if "statement timeout" in str(error):
        return Trouble(
            "query", ask.query[:60], f"Hudhud was busy with its rows for longer than {BUSY_S // 60} minutes; read it again later"
        )
    if state in {"25006", "25001"}:
        return Trouble("query", ask.query[:60], "it would change something; a source is only read")
    if "out of memory" in str(error):
        return Trouble("query", ask.query[:60], "one of its rows needs more memory than there is for a row")
    said = _first_line(re.sub(r"^.*?ERROR: +", "", str(error), flags=re.DOTALL), ask)
    # What is said of a value quotes it, and it may be somebody's: only what is said while the query is prepared names our user's own words.
    is_of_data = not state or state[:2] in {"22", "23"}
    return Trouble("query", ask.query[:60], _QUOTED.sub("…", said) if is_of_data else said)


def _first_line(text: str, ask: Ask) -> str:
    """Keep the first line; never the password, whoever repeats it."""
    line = text.strip().partition("\n")[0][:300]
    for secret in {ask.password, quote(ask.password, safe="")} - {""}:
        line = line.replace(secret, "…")
    return line
