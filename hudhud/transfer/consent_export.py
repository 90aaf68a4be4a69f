"""Who agreed to what, and who must not be written to, as files: each word with its date, source and wording, for proof and for moving on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.consent.queries import find_suppressions
from hudhud.kit import sql
from hudhud.transfer.mapping import ID_FIELDS
from hudhud.transfer.values import to_cell
from hudhud.transfer.writing import check_columns, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.consent.types import Suppression
    from hudhud.transfer.export import OpenPage
    from hudhud.transfer.writing import Form

QUERIES = sql.load("hudhud.transfer", "consent.sql")
PAGE_PEOPLE = 1_000
PAGE_ADDRESSES = 2_000
CONSENT_COLUMNS = (
    "hudhud_consent",
    "user_id",
    "anonymous_id",
    "email",
    "phone",
    "topic",
    "channel",
    "state",
    "at",
    "consent.source",
    "consent.text",
    "told_by",
)
SUPPRESSION_COLUMNS = ("hudhud_channel", "address", "suppressed", "at", "detail")


def consent(open_page: OpenPage, form: Form, columns: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield where everybody stands on each topic, with the word that decided it."""
    check_columns(form, CONSENT_COLUMNS, columns)
    if form == "ndjson":
        return (b"".join(map(_consent_message, page)) for page in _consent_pages(open_page))
    pages = ([_consent_cells(row) for row in page] for page in _consent_pages(open_page))
    return write_table(form, CONSENT_COLUMNS, pages, columns)


def _consent_pages(open_page: OpenPage) -> Iterator[Sequence[tuple[Any, ...]]]:
    after = 0
    while True:
        with open_page() as ws:
            last = ws.value(QUERIES.last_of_page, after=after, limit=PAGE_PEOPLE)
            rows = ws.rows(QUERIES.consent_page, after=after, last=last) if last is not None else ()
        if last is None:
            return
        if rows:
            yield rows
        after = last


def _proof(row: tuple[Any, ...]) -> tuple[str, str]:
    """Return what was said of the source, and the words that they saw."""
    said = (row[6] or {}).get("consent")
    said = said if isinstance(said, dict) else {"source": said} if said else {}
    return tuple(str(said.get(name) or "") for name in ("source", "text"))  # type: ignore[return-value]


def _consent_cells(row: tuple[Any, ...]) -> list[str]:
    person_id, names, topic, channel, state, at, _, told_by = row
    source, text = _proof(row)
    ids = [to_cell(names.get(name)) for name in CONSENT_COLUMNS[1:5]]
    # Consent that was given here has its place for its source: proof enough elsewhere.
    return [str(person_id), *ids, topic, channel, state, at.isoformat(), to_cell(source or told_by), to_cell(text), to_cell(told_by)]


def _consent_message(row: tuple[Any, ...]) -> bytes:
    _, names, topic, channel, state, at, _, told_by = row
    source, text = _proof(row)
    message = {
        "type": "identify",
        **{wire: names[name] for name, wire in ID_FIELDS.items() if name in names},
        "timestamp": at.isoformat(),
        "traits": {**{name: names[name] for name in ("email", "phone") if name in names}, "subscriptions": {topic: {channel: state}}},
        "context": {"consent": {"source": source or told_by, **({"text": text} if text else {})}},
    }
    return msgspec.json.encode(message) + b"\n"


def suppressions(open_page: OpenPage, form: Form, columns: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield every address that must not be written to, and why."""
    check_columns(form, SUPPRESSION_COLUMNS, columns)
    if form == "ndjson":
        return (b"".join(map(_suppression_line, page)) for page in _suppression_pages(open_page))
    pages = ([_suppression_cells(one) for one in page] for page in _suppression_pages(open_page))
    return write_table(form, SUPPRESSION_COLUMNS, pages, columns)


def _suppression_pages(open_page: OpenPage) -> Iterator[list[Suppression]]:
    after = ""
    while True:
        with open_page() as ws:
            page = find_suppressions(ws, after=after, limit=PAGE_ADDRESSES)
        if not page:
            return
        yield page
        after = f"{page[-1].channel}:{page[-1].address}"


def _suppression_cells(one: Suppression) -> list[str]:
    return [one.channel, to_cell(one.address), one.reason, one.created_at.isoformat(), to_cell(one.detail)]


def _suppression_line(one: Suppression) -> bytes:
    told = {"address": one.address, "channel": one.channel, "reason": one.reason, "detail": one.detail, "at": one.created_at.isoformat()}
    return msgspec.json.encode(told) + b"\n"
