"""Undoing a merge: two people again, as far as they can be told apart.

Whatever is as the merge left it becomes what it was before; whatever has changed since stays with the survivor. Events go back with
the actor they were recorded for. Who said no after the merge has said it for both. Places on lists stay with the survivor, and runs
that ended because of the merge stay ended (decision 13 says why).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.people import history
from hudhud.people.types import ADDRESS_NAMESPACES, PLACES, MergedFurther, MergeNotFound, Unmerged

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people", "unmerge.sql")
PEOPLE = sql.load("hudhud.people")
Snapshot = dict[str, Any]


def undo_merge(ws: Scope, merge_id: int, now: datetime, by: str) -> Unmerged:
    """Make two people of one again; raises `MergeNotFound`, and `MergedFurther` when the survivor was merged into somebody else since."""
    ws.run(PEOPLE.lock)
    merge = ws.one(QUERIES.take_merge, merge_id=merge_id)
    if merge is None or merge["erased_at"] is not None:
        raise MergeNotFound
    if merge["survivor_merged_into"] is not None:
        raise MergedFurther(survivor_id=merge["survivor_merged_into"])
    pair = {"merged_id": merge["merged_id"], "survivor_id": merge["survivor_id"]}
    before, merged, after = (merge["snapshot"][name] for name in ("survivor", "merged", "after"))
    given = _give_identifiers(ws, merged, **pair)
    own = ws.one(QUERIES.find_own, person_id=pair["survivor_id"])
    assert own is not None
    survivor, changed = _restore(own, before, after)
    history.record_one(ws, pair["survivor_id"], f"unmerge:{pair['merged_id']}", _replaced(own, survivor), given.left, now)
    _write(ws, pair["survivor_id"], survivor, now)
    _write(ws, pair["merged_id"], merged | {"created_at": datetime.fromisoformat(merged["created_at"])}, now)
    actors = numbers(row[0] for row in ws.rows(QUERIES.find_inner, merged_id=pair["merged_id"]))
    ws.run(QUERIES.split, actors=actors, merged_id=pair["merged_id"], now=now)
    runs = ws.run(QUERIES.give_runs, actors=actors, **pair)
    ws.run(QUERIES.keep_refusals, since=merge["at"], **pair)
    ws.run(QUERIES.mark_undone, merge_id=merge_id, now=now, by=by)
    record_audit(ws, now, by, "person.unmerge", f"person:{pair['survivor_id']}", person_id=pair["merged_id"])
    ws.run(QUERIES.tell)
    return Unmerged(pair["merged_id"], pair["survivor_id"], given.moved, runs, changed, given.taken)


class _Given(NamedTuple):
    """What of the identifiers of a merged person went back to them."""

    moved: int
    left: list[tuple[str, str, bool]]  # those that the survivor had, as the history keeps them
    taken: list[str]  # somebody else's by now


def _give_identifiers(ws: Scope, merged: Snapshot, *, merged_id: int, survivor_id: int) -> _Given:
    had = {(namespace, value): datetime.fromisoformat(since) for namespace, value, since in merged["identifiers"]}
    names = {"namespaces": [namespace for namespace, _ in had], "values": [value for _, value in had]}
    holders = {(namespace, value): holder for namespace, value, holder in ws.rows(QUERIES.find_holders, **names)}
    theirs = [one for one in had if holders[one] in {None, survivor_id}]
    parts = {"namespaces": [namespace for namespace, _ in theirs], "values": [value for _, value in theirs]}
    ws.run(PEOPLE.remove_identifiers, **parts)
    ws.run(PEOPLE.insert_identifiers, **parts, person_ids=numbers([merged_id] * len(theirs)), created_ats=[had[one] for one in theirs])
    left = [(*one, True) for one in theirs if holders[one] == survivor_id]
    taken = [value for namespace, value in had if (namespace, value) not in theirs and namespace in (*ADDRESS_NAMESPACES, "user_id")]
    return _Given(len(theirs), left, taken)


def _replaced(own: dict[str, Any], survivor: Snapshot) -> Snapshot:
    """Return what the survivor loses by it."""
    before, after = own["attributes"], survivor["attributes"]
    attributes = {name: before.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return attributes | {f"@{column}": own[column] for column in PLACES if own[column] != survivor["places"].get(column)}


def _restore(own: dict[str, Any], before: Snapshot, after: Snapshot) -> tuple[Snapshot, list[str]]:
    """Return the survivor without what the merge brought, and the names of attributes that have changed since and stay."""
    attributes, changed = _back(own["attributes"], before["attributes"], after["attributes"])
    places, _ = _back({column: own[column] for column in PLACES}, before["places"], after["places"])
    provenance, _ = _back(own["provenance"], before["provenance"], after["provenance"])
    claimed, _ = _back(*(dict.fromkeys(each["claimed"], True) for each in (own, before, after)))
    is_as_left = own["created_at"] == datetime.fromisoformat(after["created_at"])
    created_at = datetime.fromisoformat(before["created_at"]) if is_as_left else own["created_at"]
    return {
        "attributes": attributes,
        "places": places,
        "provenance": provenance,
        "claimed": sorted(claimed),
        "created_at": created_at,
    }, changed


def _back(today: Snapshot, before: Snapshot, after: Snapshot) -> tuple[Snapshot, list[str]]:
    """Take each name that is as the merge left it back to what it was; return also the names that are not."""
    result, changed = dict(today), []
    for name in {*today, *before, *after}:
        if today.get(name) != after.get(name):
            changed.append(name)
        elif before.get(name) is not None:
            result[name] = before[name]
        else:
            result.pop(name, None)
    return result, sorted(changed)


def _write(ws: Scope, person_id: int, state: Snapshot, now: datetime) -> None:
    ws.run(
        QUERIES.write_person,
        person_id=person_id,
        attributes=_json(state["attributes"]),
        provenance=_json(state["provenance"]),
        claimed=_json(state["claimed"]),
        created_at=state["created_at"],
        now=now,
        **{column: state["places"].get(column) for column in PLACES},
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
