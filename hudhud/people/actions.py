"""Writes about people: who is who, what is known about them, and their mirror in ClickHouse."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.people.book import Book, Entry, named_identifiers
from hudhud.people.types import LINKING_CAUSES, Identifier, Identity, Note, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people")
PLACES = ("time_zone", "language", "country")


def resolve(ws: Scope, identities: Sequence[Identity], now: datetime) -> Resolution:
    """Find or make the person of each identity, in order; merge and patch on the way. Repeating it changes nothing.

    Serialised per workspace (an advisory lock of the transaction) as soon as anything may have to be written.
    """
    named = [_usable(index, identity) for index, identity in enumerate(identities)]
    notes = [note for _, found in named for note in found]
    wanted = dict.fromkeys(identifier for identifiers, _ in named for identifier in identifiers)
    held = _find_holders(ws, wanted)
    rich = [index for index, identity in enumerate(identities) if _may_write(identity, len(named[index][0]))]
    if not rich and len(held) == len(wanted):
        return Resolution([held[identifiers[0]] for identifiers, _ in named], notes=notes)
    ws.run(QUERIES.lock)
    held = _find_holders(ws, wanted)
    book = _open_book(ws, held, [held[i] for index in rich for i in named[index][0] if i in held], now)
    entries = [
        book.claim(index, identity, identifiers) for index, (identity, (identifiers, _)) in enumerate(zip(identities, named, strict=True))
    ]
    created, changed = _write(ws, book, now)
    return Resolution([entry.id for entry in entries], created, changed, frozenset(book.changed_names), notes + book.notes)


def _usable(index: int, identity: Identity) -> tuple[list[Identifier], list[Note]]:
    """Split the identifiers of a claim into good ones and notes about bad ones."""
    pairs = list(named_identifiers(identity))
    good = list(dict.fromkeys(identifier for identifier, _ in pairs if identifier is not None))
    return good, [Note(index, "invalid_identifier", why) for identifier, why in pairs if identifier is None]


def _may_write(identity: Identity, identifiers: int) -> bool:
    return identity.cause in LINKING_CAUSES and (identifiers > 1 or bool(identity.attributes) or bool(identity.device))


def _find_holders(ws: Scope, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
    pairs = list(identifiers)
    rows = ws.rows(QUERIES.find_holders, namespaces=[pair[0] for pair in pairs], values=[pair[1] for pair in pairs])
    return {(namespace, value): person_id for namespace, value, person_id in rows}


def _open_book(ws: Scope, held: dict[Identifier, int], may_change: Iterable[int], now: datetime) -> Book:
    """Load the people that may change whole; of the others only the number is needed."""
    entries: dict[int, Entry] = {}
    for row in ws.all(QUERIES.load_entries, ids=sorted(set(may_change))):
        identifiers = {(namespace, value): datetime.fromisoformat(since) for namespace, value, since in row["identifiers"]}
        places = {column: row[column] for column in PLACES}
        entries[row["id"]] = Entry(row["id"], row["created_at"], row["attributes"], places, row["provenance"], identifiers)
    holders = {identifier: entries.setdefault(person_id, Entry(person_id, now)) for identifier, person_id in held.items()}
    for entry in list(entries.values()):
        holders |= dict.fromkeys(entry.identifiers, entry)
    return Book(holders, now)


def _write(ws: Scope, book: Book, now: datetime) -> tuple[list[int], list[int]]:
    """Write the difference as sets; return the numbers of new people and of others who changed."""
    changed = [entry for entry in book.entries.values() if entry.is_changed]
    fresh = [entry for entry in changed if entry.is_new]
    if fresh:
        for entry, row in zip(fresh, ws.rows(QUERIES.take_ids, count=len(fresh)), strict=True):
            entry.id = row[0]
        ws.run(QUERIES.insert_people, now=now, **_columns(fresh))
    known = [entry for entry in changed if not entry.is_new]
    if known:
        ws.run(QUERIES.update_people, now=now, **_columns(known))
    touched = sorted(book.touched)
    if touched:
        kept = [(identifier, book.holders[identifier]) for identifier in touched if identifier in book.holders]
        if removed := [identifier for identifier in touched if identifier in book.held_before]:
            ws.run(QUERIES.remove_identifiers, namespaces=[pair[0] for pair in removed], values=[pair[1] for pair in removed])
        ws.run(
            QUERIES.insert_identifiers,
            namespaces=[identifier[0] for identifier, _ in kept],
            values=[identifier[1] for identifier, _ in kept],
            person_ids=[entry.id for _, entry in kept],
            created_ats=[entry.identifiers[identifier] for identifier, entry in kept],
        )
    _write_merges(ws, book, now)
    return [entry.id for entry in fresh], [entry.id for entry in known]


def _write_merges(ws: Scope, book: Book, now: datetime) -> None:
    if not book.merges:
        return
    merged = {merge.merged.id: _final(merge.survivor).id for merge in book.merges}
    ws.run(QUERIES.merge_people, now=now, merged_ids=list(merged), survivor_ids=list(merged.values()))
    ws.run(
        QUERIES.record_merges,
        survivor_ids=[merge.survivor.id for merge in book.merges],
        merged_ids=[merge.merged.id for merge in book.merges],
        ats=[merge.at for merge in book.merges],
        causes=[merge.cause for merge in book.merges],
        snapshots=[_json(merge.snapshot) for merge in book.merges],
    )


def _final(entry: Entry) -> Entry:
    while entry.merged_into is not None:
        entry = entry.merged_into
    return entry


def _columns(entries: list[Entry]) -> dict[str, list[Any]]:
    return {
        "ids": [entry.id for entry in entries],
        "attributes": [_json(entry.attributes) for entry in entries],
        "time_zones": [entry.places.get("time_zone") for entry in entries],
        "languages": [entry.places.get("language") for entry in entries],
        "countries": [entry.places.get("country") for entry in entries],
        "provenances": [_json(entry.provenance) for entry in entries],
        "created_ats": [entry.created_at for entry in entries],
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def find_stale(everywhere: Scope, limit: int = 10_000) -> dict[int, list[int]]:
    """Return people whose mirror is behind, by workspace: whoever changes a person, its consent or its addresses makes it stale."""
    stale: dict[int, list[int]] = {}
    for workspace_id, person_id in everywhere.rows(QUERIES.find_stale, limit=limit):
        stale.setdefault(workspace_id, []).append(person_id)
    return stale


def find_stale_of(ws: Scope, ids: Iterable[int]) -> list[int]:
    """Return which of these people have a mirror that is behind."""
    return [row[0] for row in ws.rows(QUERIES.find_stale_of, ids=sorted(ids))]


def mirror(ws: Scope, ch: Client, ids: Sequence[int]) -> None:
    """Bring ClickHouse's copy of these people up to date. Safe to repeat: the highest version counts there.

    Without a deduplication token on purpose: a repeat after a crash may have newer versions to tell.
    """
    rows = ws.rows(QUERIES.read_mirror, ids=sorted(ids))
    if not rows:
        return
    ch.raw_insert("person", insert_block="\n".join(row[3] for row in rows), fmt="JSONEachRow")
    if merged := [(ws.workspace_id, row[0], row[2], row[1]) for row in rows if row[2] is not None]:
        ch.insert("person_override", merged, column_names=["workspace_id", "actor_id", "person_id", "version"])
    ws.run(QUERIES.mark_mirrored, ids=[row[0] for row in rows], versions=[row[1] for row in rows])
