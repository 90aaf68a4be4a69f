"""What was known of a person before, who changed it and when.

Each change keeps what it replaced, so today's state read backwards is any earlier one. Time is when we took it in: what an import of today says about last year is known from today on. Kept for two years and, of each person,
the newest thousand; it goes with the person when they are erased. A merge moves nothing: it is a change of the survivor, and
the other one's own history begins to be theirs again when it is undone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.people.queries import find_actors, get_profile
from hudhud.people.types import PLACES, Change, Portrait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.people.entry import Turn
    from hudhud.people.types import Identifier

QUERIES = sql.load("hudhud.people", "history.sql")
KEPT = timedelta(days=730)
MOST = 1_000  # changes of one person
MOST_READ = 5_000  # of everybody who is one person today
LOOK_BACK = timedelta(hours=2)  # who changed since then may have more than is kept; longer than the pause between two calls


class _Row(NamedTuple):
    id: int
    person_id: int
    at: datetime
    source: str
    before: dict[str, Any]
    identifiers: list[tuple[str, str, bool]] | None


def record(ws: Scope, turns: Sequence[Turn], now: datetime) -> None:
    """Keep what these claims replaced. Their people have their numbers already."""
    if not turns:
        return
    ws.run(
        QUERIES.insert,
        now=now,
        person_ids=numbers(turn.entry.id for turn in turns),
        sources=[f"merge:{turn.merged.id}" if turn.merged else turn.source for turn in turns],
        befores=[_json(turn.before) for turn in turns],
        identifiers=[_json(turn.identifiers) if turn.identifiers else None for turn in turns],
    )


def record_one(
    ws: Scope, person_id: int, source: str, before: dict[str, Any], identifiers: Sequence[tuple[str, str, bool]], now: datetime
) -> None:
    """Keep what a change of one person replaced; nothing when it changed nothing."""
    if before or identifiers:
        gone = _json(list(identifiers)) if identifiers else None
        ws.run(QUERIES.insert, now=now, person_ids=numbers([person_id]), sources=[source], befores=[_json(before)], identifiers=[gone])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def find_changes(
    ws: Scope, person_id: int, *, name: str | None = None, before: int | None = None, limit: int = 50
) -> tuple[list[Change], int | None]:
    """The changes of a person and of everybody merged into them, newest first, those of one name or all; and where the next page goes on.

    `before`: the number of a change; a page holds whole changes, so it may be a little longer. Raises `PersonNotFound`.
    """
    actors = find_actors(ws, get_profile(ws, person_id).id)
    found: list[Change] = []
    for change in _tell(_read(ws, actors), _find_states(ws, actors)):
        if len(found) >= limit and change.id != found[-1].id:
            return found, found[-1].id
        if (before is None or change.id < before) and name in (None, change.name):
            found.append(change)
    return found, None


def _read(ws: Scope, actors: Sequence[int]) -> list[_Row]:
    return [_Row(*row) for row in ws.rows(QUERIES.read, actors=numbers(actors), limit=MOST_READ)]


def _find_states(ws: Scope, actors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what is known of each actor today: attributes, and places under `@` and their names."""
    return {
        row[0]: row[1] | {f"@{column}": value for column, value in zip(PLACES, row[2:], strict=True)}
        for row in ws.rows(QUERIES.read_states, actors=numbers(actors))
    }


def _tell(rows: Sequence[_Row], states: dict[int, dict[str, Any]]) -> Iterator[Change]:
    """Yield what became what, newest first: what a change made is what the next one replaced, or what is there today."""
    for row in rows:
        state = states[row.person_id]
        for namespace, value, was_theirs in row.identifiers or ():
            old, new = (value, None) if was_theirs else (None, value)
            yield Change(row.id, row.person_id, row.at, row.source, f"#{namespace}", old, new)
        for name, old in row.before.items():
            yield Change(row.id, row.person_id, row.at, row.source, name, old, state.get(name))
            state[name] = old


def get_portrait(ws: Scope, person_id: int, at: datetime, now: datetime) -> Portrait:
    """A person as they were known at an instant (the survivor of a merged one: a merge after it is taken back). Raises `PersonNotFound`."""
    profile = get_profile(ws, person_id)
    (state,) = _find_states(ws, [profile.id]).values()
    held: dict[Identifier, None] = {(one["namespace"], one["value"]): None for one in profile.identifiers}
    rows = _read(ws, [profile.id])
    for row in rows:
        if row.at <= at:
            break
        state |= row.before
        for namespace, value, was_theirs in reversed(row.identifiers or ()):
            if was_theirs:
                held[namespace, value] = None
            else:
                held.pop((namespace, value), None)
    is_cut = len(rows) >= MOST and at < rows[-1].at
    places = {column: state.pop(f"@{column}") for column in PLACES}
    attributes = {name: value for name, value in state.items() if value is not None}
    identifiers = [{"namespace": namespace, "value": value} for namespace, value in held]
    return Portrait(at, at >= now - KEPT and not is_cut, attributes, identifiers, **places)


def forget_old(everywhere: Scope, now: datetime, limit: int) -> int:
    """Delete changes whose time is over, and those beyond the number that is kept of a person, at most `limit` of each; return how many."""
    gone = everywhere.run(QUERIES.delete_old, before=now - KEPT, limit=limit)
    return gone + everywhere.run(QUERIES.delete_beyond, since=now - LOOK_BACK, most=MOST, limit=limit)
