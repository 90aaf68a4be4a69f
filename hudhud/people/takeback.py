"""Taking back what one source alone changed about people: a file that should not have been imported (decision 14).

The history is read backwards from today. A name whose newest changes are all of that source becomes what it was before the first of
them; what somebody else has changed since stays. So do joins with others: they are undone one by one (unmerge.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.people.book import COLUMNS
from hudhud.people.erasure import QUERIES as ERASURE
from hudhud.people.places import PARTS
from hudhud.people.places import stated_by as find_traits
from hudhud.people.types import ADDRESS_NAMESPACES, PLACES, Identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.kit.sql import Query

QUERIES = sql.load("hudhud.people", "takeback.sql")
PEOPLE = sql.load("hudhud.people")
HISTORY = sql.load("hudhud.people", "history.sql")
# Nothing of them is left but a number; whoever comes by their names later is somebody new. The words of consent stay, with their proof.
REMOVE: tuple[Query, ...] = (
    ERASURE.remove_identifiers,
    ERASURE.remove_subscriptions,
    ERASURE.remove_merges,
    ERASURE.remove_changes,
    ERASURE.count_left,
    ERASURE.remove_runs,
    ERASURE.skip_messages,
    ERASURE.blank_people,
)


@dataclass(slots=True)
class TakenBack:
    """What goes back for one person."""

    person_id: int
    values: dict[str, Any] = field(default_factory=dict)  # attributes and places (`@country`) as they were; None: there was nothing
    gained: list[Identifier] = field(default_factory=list)  # that they got by it
    lost: list[Identifier] = field(default_factory=list)
    left: int = 0  # what somebody else has changed since


def hold(ws: Scope) -> None:
    """Hold everybody else off people until the transaction ends: who they are is to be read after this."""
    ws.run(PEOPLE.lock)


def find_to_take_back(ws: Scope, source: str, ids: Sequence[int], made: Collection[int], gone: Collection[str]) -> list[TakenBack]:
    """Return what can be taken back of what `source` changed about these people; `hold` comes first.

    `made`: those of them whom the source made; the address that names them stays with them.
    `gone`: sources that were taken back before, and those that did it: as if they had changed nothing.
    """
    changes: dict[int, list[tuple[str, dict[str, Any], list[Any]]]] = defaultdict(list)
    for person_id, *change in ws.rows(QUERIES.read_changes, source=source, ids=numbers(ids)):
        changes[person_id].append(tuple(change))
    found = [_read_back(person_id, some, source, gone) for person_id, some in changes.items()]
    for one in found:
        if one.person_id in made:
            one.values = {name: value for name, value in one.values.items() if name not in ADDRESS_NAMESPACES}
    return found


def _read_back(person_id: int, changes: Iterable[tuple[str, dict[str, Any], list[Any]]], source: str, gone: Collection[str]) -> TakenBack:
    """Read one person's changes, newest first."""
    result = TakenBack(person_id)
    values: dict[str, Any] = {}
    held: dict[Identifier, bool] = {}
    closed: set[str] = set()
    ours: set[str] = set()
    for changed_by, before, identifiers in changes:
        names = {_mark(one): (one[0], one[1], one[2]) for one in reversed(identifiers)}
        touched = before.keys() | names.keys()
        if changed_by != source and changed_by not in gone:
            closed |= touched
            continue
        held |= {(namespace, value): was_theirs for mark, (namespace, value, was_theirs) in names.items() if mark not in closed}
        values |= {name: old for name, old in before.items() if name not in closed}
        if changed_by == source:
            ours |= touched
    result.values = {name: old for name, old in values.items() if name in ours}
    result.gained = [each for each, was_theirs in held.items() if not was_theirs and _mark(each) in ours]
    result.lost = [each for each, was_theirs in held.items() if was_theirs and _mark(each) in ours]
    result.left = sum(not name.startswith("#") for name in ours - values.keys())
    return result


def _mark(identifier: Sequence[Any]) -> str:
    return f"#{identifier[0]}:{identifier[1]}"


def take_back(ws: Scope, found: Sequence[TakenBack], now: datetime, *, by: str) -> None:
    """Write what `find_to_take_back` found, in its transaction; the history keeps it as changes `by` a source of its own."""
    entries = {row["id"]: row for row in ws.all(PEOPLE.load_entries, ids=numbers(one.person_id for one in found))}
    changed = [one for one in found if one.person_id in entries and (one.values or one.gained or one.lost)]
    if not changed:
        return
    ws.run(
        HISTORY.insert,
        now=now,
        person_ids=numbers(one.person_id for one in changed),
        sources=[by] * len(changed),
        befores=[_json(_replaced(entries[one.person_id], one)) for one in changed],
        identifiers=[_json([(*each, True) for each in one.gained] + [(*each, False) for each in one.lost]) for one in changed],
    )
    _give_identifiers(ws, changed, now)
    rows = [_restored(entries[one.person_id], one) for one in changed]
    ws.run(PEOPLE.update_people, now=now, **{name: [row[name] for row in rows] for name in rows[0]})


def _replaced(entry: dict[str, Any], one: TakenBack) -> dict[str, Any]:
    return {name: entry[name[1:]] if name.startswith("@") else entry["attributes"].get(name) for name in one.values}


def _give_identifiers(ws: Scope, changed: Sequence[TakenBack], now: datetime) -> None:
    for query, pairs in (
        (QUERIES.take_identifiers, [(one.person_id, *each) for one in changed for each in one.gained]),
        (QUERIES.give_identifiers, [(one.person_id, *each) for one in changed for each in one.lost]),
    ):
        if pairs:
            ids, namespaces, values = zip(*pairs, strict=True)
            ws.run(query, now=now, ids=numbers(ids), namespaces=list(namespaces), values=list(values))


def _restored(entry: dict[str, Any], one: TakenBack) -> dict[str, Any]:
    """Return the columns of a person as they were; a place that no attribute states any more is a guess again."""
    attributes = dict(entry["attributes"])
    for name, old in one.values.items():
        if not name.startswith("@"):
            attributes.pop(name, None) if old is None else attributes.__setitem__(name, old)
    places = {column: one.values.get(f"@{column}", entry[column]) for column in PLACES}
    provenance = dict(entry["provenance"])
    stated_by = {column: names for column, names, _ in COLUMNS} | {part: find_traits(part) for part in PARTS}
    for column, names in stated_by.items():
        if f"@{column}" in one.values and not any(name in attributes for name in names):
            provenance.pop(column, None)
    return {
        "ids": entry["id"],
        "attributes": _json(attributes),
        "time_zones": places["time_zone"],
        "languages": places["language"],
        "countries": places["country"],
        "regions": places["region"],
        "cities": places["city"],
        "positions": places["position"],
        "provenances": _json(provenance),
        "claimeds": _json(entry["claimed"]),
        "created_ats": entry["created_at"],
    }


def remove(ws: Scope, ids: Sequence[int], now: datetime) -> None:
    """Remove people whom nobody but a source that is taken back has ever spoken of. No erasure: whoever comes by their names is welcome."""
    for query in REMOVE if ids else ():
        ws.run(query, actors=numbers(ids), now=now)


def find_pending(ws: Scope, ids: Sequence[int]) -> frozenset[int]:
    """Return about which of these people others have changed something that is yet to be told; ask before anything is taken back."""
    return frozenset(row[0] for row in ws.rows(QUERIES.find_pending, ids=numbers(ids)))


def hush(ws: Scope, ids: Sequence[int]) -> None:
    """Let nobody be told that these people entered anything by what this transaction has taken back; the last thing that it does to them."""
    ws.run(QUERIES.hush, ids=numbers(ids))


def find_quiet(ws: Scope, ids: Iterable[int]) -> frozenset[int]:
    """Return of which of these people the last change is one that was taken back."""
    wanted = numbers(ids)
    return frozenset(row[0] for row in ws.rows(QUERIES.find_quiet, ids=wanted)) if wanted != "{}" else frozenset()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
