"""Writes about people: who is who, what is known about them, and their mirror in ClickHouse."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from math import nan
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.accounts.actions import record_audit
from hudhud.kit import sql
from hudhud.kit.clickhouse import is_bad_data
from hudhud.kit.errors import InvalidInput
from hudhud.kit.native import Block
from hudhud.kit.sql import numbers
from hudhud.people import history
from hudhud.people.book import Book, named_identifiers
from hudhud.people.entry import Entry
from hudhud.people.identifiers import place_word
from hudhud.people.queries import find_some
from hudhud.people.takeback import find_pending as find_pending
from hudhud.people.takeback import find_quiet as find_quiet
from hudhud.people.takeback import find_to_take_back as find_to_take_back
from hudhud.people.takeback import hold as hold
from hudhud.people.takeback import hush as hush
from hudhud.people.takeback import remove as remove
from hudhud.people.takeback import take_back as take_back
from hudhud.people.types import ADDRESS_NAMESPACES, LINKING_CAUSES, PLACES, Identifier, Identity, Note, PersonNotFound, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people")

log = structlog.get_logger()


def resolve(
    ws: Scope, identities: Sequence[Identity], now: datetime, batch: int | None = None, opened: frozenset[str] = frozenset()
) -> Resolution:
    """Find or make the person of each identity, in order; merge and patch on the way. Repeating it changes nothing.

    Serialised per workspace (an advisory lock of the transaction) as soon as anything may have to be written.
    `batch`: the open batch of the intake that asks; it must mirror whom it made before it is closed.
    `opened`: attributes that public keys may overwrite whoever has set them.
    """
    notes: list[Note] = []
    named = [_usable(index, identity, notes) for index, identity in enumerate(identities)]
    wanted = dict.fromkeys(chain.from_iterable(named))
    rich = [index for index, identity in enumerate(identities) if _may_write(identity, len(named[index]))]
    if rich:
        ws.run(QUERIES.lock)
    held = _find_holders(ws, wanted)
    missing = [identifier for identifier in wanted if identifier not in held]
    if not rich:
        if not missing:
            return Resolution([held[identifiers[0]] for identifiers in named], notes=notes)
        ws.run(QUERIES.lock)
        held |= _find_holders(ws, missing)
    book = _open_book(ws, held, {held[identifier] for index in rich for identifier in named[index] if identifier in held}, now, opened)
    answers = _apply(book, identities, named, held)
    created, changed = _write(ws, book, now, batch)
    person_ids = [answer if isinstance(answer, int) else answer.id for answer in answers]
    return Resolution(person_ids, created, changed, frozenset(book.changed_names), notes + book.notes, _merged(book))


def _usable(index: int, identity: Identity, notes: list[Note]) -> Sequence[Identifier]:
    """Return the identifiers that a claim is about; add notes about bad ones."""
    if identity.cause not in LINKING_CAUSES:
        return identity.identifiers[:1]
    pairs = list(named_identifiers(identity))
    notes += [Note(index, "invalid_identifier", why) for identifier, why in pairs if identifier is None]
    return list(dict.fromkeys(identifier for identifier, _ in pairs if identifier is not None))


def _may_write(identity: Identity, identifiers: int) -> bool:
    # Whoever is not public vouches for the person, if with nothing but a name.
    return identity.cause in LINKING_CAUSES and (
        not identity.is_public or identifiers > 1 or bool(identity.attributes) or bool(identity.device) or bool(identity.ip_place)
    )


def _find_holders(ws: Scope, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
    """Return who holds each of these; one look-up for each kind of identifier."""
    kinds: dict[str, list[Identifier]] = {}
    for identifier in identifiers:
        kinds.setdefault(identifier[0], []).append(identifier)
    held: dict[Identifier, int] = {}
    for namespace, some in kinds.items():
        rows = ws.rows(QUERIES.find_holders, namespace=namespace, values=[value for _, value in some])
        held.update((some[place - 1], person_id) for place, person_id in rows)
    return held


def _open_book(ws: Scope, held: dict[Identifier, int], may_change: set[int], now: datetime, opened: frozenset[str]) -> Book:
    """Load the people that may change, whole."""
    entries: dict[int, Entry] = {}
    for row in ws.all(QUERIES.load_entries, ids=numbers(sorted(may_change))) if may_change else ():
        identifiers = {(namespace, value): datetime.fromisoformat(since) for namespace, value, since in row["identifiers"]}
        places = {column: row[column] for column in PLACES}
        claimed = frozenset(row["claimed"])
        entries[row["id"]] = Entry(row["id"], row["created_at"], row["attributes"], places, row["provenance"], identifiers, claimed)
    holders = {identifier: entries[person_id] for identifier, person_id in held.items() if person_id in entries}
    for entry in entries.values():
        holders |= dict.fromkeys(entry.identifiers, entry)
    book = Book(holders, now, opened)
    book.entries |= entries
    return book


def _apply(book: Book, identities: Sequence[Identity], named: list[Sequence[Identifier]], held: dict[Identifier, int]) -> list[int | Entry]:
    """Apply the claims in order; who is known and cannot change is answered without an entry in the book."""
    known = held.keys() - book.held_before
    return [
        held[identifiers[0]] if identifiers[0] in known else book.claim(index, identities[index], identifiers)
        for index, identifiers in enumerate(named)
    ]


def _write(ws: Scope, book: Book, now: datetime, batch: int | None) -> tuple[list[int], list[int]]:
    """Write the difference as sets; return the numbers of new people and of others who changed."""
    changed = [entry for entry in book.entries.values() if entry.is_changed]
    fresh = [entry for entry in changed if entry.is_new]
    if fresh:
        for entry, row in zip(fresh, ws.rows(QUERIES.take_ids, count=len(fresh)), strict=True):
            entry.id = row[0]
        ws.run(QUERIES.insert_people, now=now, batch=batch, **_columns(fresh))
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
            person_ids=numbers(entry.id for _, entry in kept),
            created_ats=[entry.identifiers[identifier] for identifier, entry in kept],
        )
    _write_merges(ws, book, now)
    history.record(ws, book.turns, now)
    return [entry.id for entry in fresh], [entry.id for entry in known]


def _write_merges(ws: Scope, book: Book, now: datetime) -> None:
    if not book.merges:
        return
    merged = _merged(book)
    ws.run(QUERIES.merge_people, now=now, merged_ids=numbers(merged), survivor_ids=numbers(merged.values()))
    ws.run(QUERIES.keep_refusals, survivor_ids=numbers(set(merged.values())))
    ws.run(
        QUERIES.record_merges,
        survivor_ids=[merge.survivor.id for merge in book.merges],
        merged_ids=[merge.merged.id for merge in book.merges],
        ats=[merge.at for merge in book.merges],
        causes=[merge.cause for merge in book.merges],
        snapshots=[_json(merge.snapshot) for merge in book.merges],
    )


def join(ws: Scope, survivor_id: int, merged_id: int, chosen: frozenset[str], now: datetime, by: str) -> None:
    """Make two people one because somebody says so; `merged_id` lives on in `survivor_id`. Undone like any merge (unmerge.py).

    `chosen`: attributes and places (`@country`) for which the other one's value counts. E-mail and phone are the survivor's, if they have one.
    Raises `PersonNotFound` unless both live.
    """
    if closed := chosen.intersection(ADDRESS_NAMESPACES):
        raise InvalidInput("take", ", ".join(sorted(closed)), "the address of who lives on stays; let the other one live on")
    ws.run(QUERIES.lock)
    living = find_some(ws, [survivor_id, merged_id])
    if living.keys() != {survivor_id, merged_id} or survivor_id == merged_id:
        raise PersonNotFound
    held = {(one["namespace"], one["value"]): person.id for person in living.values() for one in person.identifiers}
    book = _open_book(ws, held, set(living), now, frozenset())
    book.join(book.entries[survivor_id], book.entries[merged_id], Identity((), "hand", now, source=by), chosen)
    _write(ws, book, now, None)
    record_audit(ws, now, by, "person.merge", f"person:{survivor_id}", person_id=merged_id)
    ws.run(QUERIES.tell)


def patch(ws: Scope, patches: Sequence[tuple[int, Mapping[str, Any]]], now: datetime, *, by: str) -> None:
    """Change attributes of living people, one patch after the other; a name with None is removed. `hold` comes first, and what was read of them after it.

    `by`: who it is that does it, for their history, such as `journey:cart`.
    """
    book = _open_book(ws, {}, {person_id for person_id, _ in patches}, now, frozenset())
    for person_id, attributes in patches:
        book.patch(book.entries[person_id], Identity((), "hand", now, attributes, source=by))
    _write(ws, book, now, None)
    ws.run(QUERIES.tell)


def _merged(book: Book) -> dict[int, int]:
    return {merge.merged.id: _final(merge.survivor).id for merge in book.merges}


def _final(entry: Entry) -> Entry:
    while entry.merged_into is not None:
        entry = entry.merged_into
    return entry


def _columns(entries: list[Entry]) -> dict[str, Any]:
    return {
        "ids": numbers(entry.id for entry in entries),
        "attributes": [_json(entry.attributes) for entry in entries],
        "time_zones": [entry.places.get("time_zone") for entry in entries],
        "languages": [entry.places.get("language") for entry in entries],
        "countries": [entry.places.get("country") for entry in entries],
        "regions": [entry.places.get("region") for entry in entries],
        "cities": [entry.places.get("city") for entry in entries],
        "positions": [entry.places.get("position") for entry in entries],
        "provenances": [_json(entry.provenance) for entry in entries],
        "claimeds": [_json(sorted(entry.claimed)) for entry in entries],
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


def mirror(ws: Scope, ch: Client, ids: Sequence[int]) -> None:
    """Bring ClickHouse's copy of these people up to date. Safe to repeat: the highest version counts there.

    Without a deduplication token on purpose: a repeat after a crash may have newer versions to tell.
    """
    rows = ws.rows(QUERIES.read_mirror, ids=numbers(sorted(ids)))
    if not rows:
        return
    # First who they are today, then that they are gone: in between, their past is never nobody's.
    if merged := [(ws.workspace_id, row[0], row[2], row[1]) for row in rows if row[2] is not None]:
        ch.insert("person_override", merged, column_names=["workspace_id", "actor_id", "person_id", "version"])
    _insert_mirror(ch, ws.workspace_id or 0, rows)
    ws.run(QUERIES.mark_mirrored, ids=numbers(row[0] for row in rows), versions=numbers(row[1] for row in rows))


def _insert_mirror(ch: Client, workspace_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write the rows; when ClickHouse cannot hold somebody's attributes, halve until they stand alone, and keep what is plain of them."""
    try:
        _mirror_block(workspace_id, rows).insert(ch, "person")
    except DatabaseError as error:
        if not is_bad_data(error):
            raise
        if len(rows) > 1:
            half = len(rows) // 2
            _insert_mirror(ch, workspace_id, rows[:half])
            _insert_mirror(ch, workspace_id, rows[half:])
            return
        ((person_id, *_),) = rows
        log.warning("attributes_not_mirrored", workspace_id=workspace_id, person_id=person_id, error=str(error)[:300])
        _mirror_block(workspace_id, [(*rows[0][:4], _plain(rows[0][4]), *rows[0][5:])]).insert(ch, "person")


def _plain(attributes: str) -> str:
    """Return the attributes without objects, lists and dotted names: of {"a.b": 1, "a": {"b": 2}} ClickHouse takes neither."""
    known = msgspec.json.decode(attributes)
    return _json({name: value for name, value in known.items() if "." not in name and not isinstance(value, dict | list)})


def _mirror_block(workspace_id: int, rows: Sequence[tuple[Any, ...]]) -> Block:
    ids, versions, _, gone, attributes, *known = zip(*rows, strict=True)
    languages, countries, regions, cities, positions, zones, created_ats, states, companies, channels = known
    block = Block(len(rows))
    block.numbers("workspace_id", [workspace_id] * len(rows))
    block.numbers("person_id", ids)
    block.numbers("version", versions)
    block.numbers("gone", gone, "UInt8")
    block.json("attributes", [text.encode() for text in attributes])
    block.texts("language", [text.encode() for text in languages])
    block.texts("country", [text.encode() for text in countries])
    block.texts("region", [text.encode() for text in regions])
    block.texts("city", [text.encode() for text in cities])
    block.texts("region_word", [place_word(text).encode() for text in regions])
    block.texts("city_word", [place_word(text).encode() for text in cities])
    degrees = [[float(number) for number in text.split(",")] if text else [nan, nan] for text in positions]
    block.floats("latitude", [north for north, _ in degrees])
    block.floats("longitude", [east for _, east in degrees])
    block.texts("time_zone", [text.encode() for text in zones])
    block.instants("created_at", created_ats)
    block.lists("subscriptions", [[word.encode() for word in words or ()] for words in states])
    block.lists("companies", [[key.encode() for key in keys or ()] for keys in companies])
    block.lists("reachable", [[word.encode() for word in words or ()] for words in channels])
    return block
