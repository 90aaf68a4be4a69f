"""Files that go out: people and events, a page at a time, so that memory does not grow with their number.

What our own import reads back: a column is called as the field it means; `hudhud_id` or `hudhud_event` says whose file it is. A text that a
spreadsheet would run, or take for something else, begins with an apostrophe, which the import takes away (ASVS 1.2.10).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from hudhud.consent.queries import find_topics
from hudhud.events.queries import RESERVED as OUR_NAMES
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import numbers
from hudhud.segments.queries import find_members, get_segment
from hudhud.transfer.mapping import ID_FIELDS
from hudhud.transfer.sayings import REFUSALS
from hudhud.transfer.values import to_cell
from hudhud.transfer.writing import check_columns, csv_lines, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.transfer.writing import Form

    OpenPage = Callable[[], AbstractContextManager[Scope]]

QUERIES = sql.load("hudhud.transfer")
CLICKHOUSE = sql.load("hudhud.transfer", "clickhouse.sql")
PAGE_ROWS = 2_000
DEFAULT_PERIOD, LONGEST_PERIOD = timedelta(days=30), timedelta(days=366 * 20)
PERSON_COLUMNS = ("hudhud_id", "user_id", "anonymous_id", "email", "phone", "at")
PLACES = ("language", "country", "timezone")
EVENT_COLUMNS = ("hudhud_event", "at", "type", "event", "user_id", "anonymous_id", "properties")
RESERVED = frozenset({*PERSON_COLUMNS, *PLACES, *ID_FIELDS, "subscriptions", "time_zone", "locale", "event", *REFUSALS})


def people(open_page: OpenPage, form: Form, segment_id: int | None = None, columns: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield a file of all living people, or of the members of a segment, with attributes, identifiers and consent; raises `InvalidInput`."""
    attributes, topics, header = _people_header(open_page)
    check_columns(form, header, columns)
    if form == "ndjson":
        return (b"".join(map(_person_messages, page)) for page in _people_pages(open_page, segment_id))
    pages = ([_person_cells(row, attributes, topics) for row in page] for page in _people_pages(open_page, segment_id))
    return write_table(form, header, pages, columns)


def people_columns(open_page: OpenPage) -> list[str]:
    """Return what the columns of an export of people are called now."""
    return _people_header(open_page)[2]


def _people_header(open_page: OpenPage) -> tuple[list[str], list[str], list[str]]:
    with open_page() as ws:
        names = [row[0] for row in ws.rows(QUERIES.attribute_names)]
        topics = [topic.key for topic in find_topics(ws)]
    attributes = [name for name in names if name not in {"email", "phone", *PLACES, "time_zone", "locale"}]
    return attributes, topics, [*PERSON_COLUMNS, *PLACES, *map(_column, attributes), *(f"topic.{key}" for key in topics)]


def _column(name: str) -> str:
    plain = name not in RESERVED and "." not in name and not name.startswith("hudhud_") and to_cell(name) == name
    return name if plain else f"traits.{name}"


def _people_pages(open_page: OpenPage, segment_id: int | None) -> Iterator[Sequence[tuple[Any, ...]]]:
    after = 0
    while True:
        with open_page() as ws:
            ids = None if segment_id is None else _members(ws, segment_id, after)
            page = ws.rows(QUERIES.people_page, after=after, ids=ids and numbers(ids), limit=PAGE_ROWS) if ids != [] else ()
        if page:
            yield page
        if not page and not ids:
            return
        after = ids[-1] if ids else page[-1][0]


def _members(ws: Scope, segment_id: int, after: int) -> list[int]:
    return [person_id for person_id, _ in find_members(ws, get_segment(ws, segment_id), after=after, limit=PAGE_ROWS)]


def _known(row: tuple[Any, ...]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {"user_id": [], "anonymous_id": [], "email": [], "phone": []}
    for namespace, value in row[6]:
        known.setdefault(namespace, []).append(value)
    return known


def _person_cells(row: tuple[Any, ...], attributes: Sequence[str], topics: Sequence[str]) -> list[str]:
    person_id, traits, zone, language, country, created_at, _, states = row
    known = _known(row)
    heads = [known[name][0] if known[name] else "" for name in PERSON_COLUMNS[1:5]]
    head = [str(person_id), *map(to_cell, heads), created_at.isoformat()]
    # The exact word of the person, where there is one: `en-GB`, not only the language that it means.
    places = [traits.get("language") or traits.get("locale") or language, traits.get("country") or country]
    zones = traits.get("timezone") or traits.get("time_zone") or zone
    return [
        *head,
        *map(to_cell, (*places, zones)),
        *(to_cell(traits.get(name)) for name in attributes),
        *(states.get(key, "") for key in topics),
    ]


def _person_messages(row: tuple[Any, ...]) -> bytes:
    _, traits, zone, language, country, created_at, _, states = row
    known = _known(row)
    told = {"language": language, "country": country, "timezone": zone, **traits}
    told |= {name: known[name][0] for name in ("email", "phone") if known[name]}
    if states:
        told["subscriptions"] = {key: {"email": state} for key, state in states.items()}
    ids = {wire: known[name][0] for name, wire in ID_FIELDS.items() if known.get(name)}
    message = {"type": "identify", **ids, "timestamp": created_at.isoformat(), "traits": {k: v for k, v in told.items() if v is not None}}
    more = [{"type": "identify", **ids, "anonymousId": other} for other in known["anonymous_id"][1:] if known["user_id"]]
    return b"".join(msgspec.json.encode(one) + b"\n" for one in (message, *more))


def period(time_zone: str, begin: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return what to export: from `begin` (30 days earlier) on and before `end` (now); without an offset by the workspace's clock.

    Raises `InvalidInput`.
    """
    zone = ZoneInfo(time_zone)
    last = _aware(end or now, zone)
    first = _aware(begin, zone) if begin else last - DEFAULT_PERIOD
    if not timedelta(0) < last - first <= LONGEST_PERIOD:
        raise InvalidInput("begin", first.isoformat(), "name a period that begins before it ends")
    return first, last


def _aware(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone)


def events(
    open_page: OpenPage, ch: Client, workspace_id: int, form: Form, begin: datetime, end: datetime, columns: Sequence[str] = ()
) -> Iterator[bytes]:
    """Yield a file of what happened from `begin` on and before `end`, person by person; our own notes (sends, segments) left out."""
    check_columns(form, EVENT_COLUMNS, columns)
    found = _event_pages(open_page, ch, workspace_id, begin, end)
    if form == "ndjson":
        return (b"".join(_event_message(row, names.get(row[0])) for row in page) for page, names in found)
    return write_table(form, EVENT_COLUMNS, ([_event_cells(row, names.get(row[0])) for row in page] for page, names in found), columns)


def _event_pages(
    open_page: OpenPage, ch: Client, workspace_id: int, begin: datetime, end: datetime
) -> Iterator[tuple[Sequence[Sequence[Any]], dict[int, tuple[str, str]]]]:
    actor, at, message_id = 0, begin, ""
    while True:
        values = {
            "workspace_id": workspace_id,
            "actor": actor,
            "message_id": message_id,
            "limit": PAGE_ROWS,
            "ours": sorted(OUR_NAMES),
        }
        times = {"begin": _for_clickhouse(begin), "end": _for_clickhouse(end), "at": _for_clickhouse(at)}
        page = ch.query(CLICKHOUSE.events_page.text, parameters=values | times).result_rows
        if not page:
            return
        with open_page() as ws:
            rows = ws.rows(QUERIES.actor_names, ids=numbers(sorted({row[0] for row in page})))
        yield page, {actor_id: (namespace, value) for actor_id, namespace, value in rows}
        actor, at, message_id = page[-1][:3]


def _for_clickhouse(at: datetime) -> str:
    return (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None).isoformat(" ", "milliseconds")


def _event_cells(row: Sequence[Any], whom: tuple[str, str] | None) -> list[str]:
    _, at, message_id, kind, name, properties = row
    ids = [whom[1] if whom and whom[0] == namespace else "" for namespace in ("user_id", "anonymous_id")]
    return [to_cell(message_id), _instant(at), kind, to_cell(name), *map(to_cell, ids), properties if properties != "{}" else ""]


def _event_message(row: Sequence[Any], whom: tuple[str, str] | None) -> bytes:
    _, at, message_id, kind, name, properties = row
    ids = {ID_FIELDS[whom[0]]: whom[1]} if whom else {}
    message = {"type": kind, "messageId": message_id, "timestamp": _instant(at), **ids, "properties": msgspec.Raw(properties.encode())}
    return msgspec.json.encode(message | ({"event": name} if kind == "track" else {})) + b"\n"


def _instant(at: datetime) -> str:
    return _for_clickhouse(at).replace(" ", "T") + "Z"


def rejects(pages: Iterator[Sequence[tuple[int, str, Any]]], columns: Sequence[str], form: Form, gone: int = 0) -> Iterator[bytes]:
    """Yield a file of bad rows with line and reason, each as it was (a table's rows safe for a spreadsheet, as everything that goes out).

    `gone`: how many more there were that are not kept; the last row says so.
    """
    if form == "csv":
        yield csv_lines([["line", "reason", *map(_safe, columns)]])
    for page in pages:
        if form == "csv":
            yield csv_lines(
                [str(line), _safe(reason), *map(_safe, cells if isinstance(cells, list) else [cells])] for line, reason, cells in page
            )
        else:
            yield b"".join(msgspec.json.encode({"line": line, "reason": reason, "message": raw}) + b"\n" for line, reason, raw in page)
    if gone:
        told = f"{gone} more rows were refused that are not kept here: there were too many. Mend these, and import the file again."
        yield csv_lines([["", told]]) if form == "csv" else msgspec.json.encode({"line": None, "reason": told, "message": None}) + b"\n"


def _safe(text: str) -> str:
    return "'" + text if text[:1] in set("=+-@\t\r\0") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
