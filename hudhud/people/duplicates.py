"""Finding people who may be one: what speaks for it, how strongly, and what somebody decided.

Whoever comes or changes is compared within seconds (`follow`); a search goes through everybody as sets, and puts right what differs: whoever shares a key (an address as it looks, a phone number, a name with a birthday or an
address) is compared. A key that more than twenty share is no evidence: the phone of a call centre. Nothing is joined by itself;
"not the same" is remembered, and what was joined by hand is undone like any merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.accounts.actions import record_audit
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import numbers
from hudhud.people.actions import join
from hudhud.people.queries import find_some
from hudhud.people.types import Duplicate, DuplicateNotFound, DuplicateSearch

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people", "duplicates.sql")
PEOPLE = sql.load("hudhud.people")
# How sure each reason makes one alone, in percent; together they leave the product of their doubts (as if independent).
WEIGHTS = {"email": 95, "mailbox": 80, "lookalike": 50, "phone": 70, "name_birthday": 80, "name_address": 70, "name": 40}
MOST_ALIKE = 20  # people who share a key
MOST_FOUND = 20_000
FEW = 200  # people whose keys are looked at in one transaction: a short one, for readers of the log wait for it
ABOVE_ALL = 101  # percent


def ask(ws: Scope, now: datetime, by: str) -> None:
    """Ask for a search; one that is waiting already is not done twice."""
    ws.run(QUERIES.ask, now=now, by=by)
    ws.run(QUERIES.tell)


def get_search(ws: Scope) -> DuplicateSearch | None:
    """The latest search, or None when nobody has asked for one."""
    found = ws.into(DuplicateSearch, QUERIES.get_search)
    return found[0] if found else None


def find_asked(everywhere: Scope) -> list[int]:
    """Return the workspaces in which a search waits to be done."""
    return [row[0] for row in everywhere.rows(QUERIES.find_asked)]


def search(ws: Scope, now: datetime) -> bool:
    """Do the search that was asked for, unless somebody else is at it (then False). One transaction: a crash leaves it to be done."""
    if not ws.value(QUERIES.take_search):
        return False
    asked_at = ws.value(QUERIES.find_asking)
    if asked_at is None:
        return False
    ws.run(QUERIES.make_room)
    ws.run(QUERIES.find, most_alike=MOST_ALIKE, most=MOST_FOUND, reasons=list(WEIGHTS), weights=list(WEIGHTS.values()))
    ws.run(QUERIES.finish, asked_at=asked_at, now=now)
    return True


def find_stale(everywhere: Scope) -> list[int]:
    """Return the workspaces in which people came or changed whose pairs are to be looked at."""
    return [row[0] for row in everywhere.rows(QUERIES.find_stale)]


def follow(ws: Scope, *, few: int = FEW) -> int:
    """Bring the pairs of `few` people who came, changed, were merged or separated up to date; return how many, 0 when none waits or somebody is at it.

    What it costs depends on these people and on whoever shares a key with them, not on how many people there are.
    """
    if not ws.value(QUERIES.take_search):
        return 0
    ids = [row[0] for row in ws.rows(QUERIES.take_stale, limit=few)]
    if ids:
        whose = numbers(sorted(set(ids)))
        keys = numbers(row[0] for row in ws.rows(QUERIES.rekey, ids=whose))
        weighed = {"reasons": list(WEIGHTS), "weights": list(WEIGHTS.values())}
        ws.run(QUERIES.pair, ids=whose, keys=keys, most_alike=MOST_ALIKE, few=few, **weighed)
    return len(ids)


def find_duplicates(ws: Scope, *, after: str = "", limit: int = 20) -> tuple[list[Duplicate], str | None]:
    """A page of pairs that nobody has decided about, the surest first, and the cursor of the next page."""
    confidence, pair_id = _from_cursor(after)
    rows = ws.rows(QUERIES.find_open, confidence=confidence, after=pair_id, limit=limit)
    people = find_some(ws, {person_id for row in rows for person_id in row[2:4]})
    # Some may have been joined since the line above.
    found = [Duplicate(row[0], row[1], row[4], (people[row[2]], people[row[3]])) for row in rows if row[2] in people and row[3] in people]
    return found, f"{rows[-1][1]}|{rows[-1][0]}" if len(rows) == limit else None


def _from_cursor(cursor: str) -> tuple[int, int]:
    if not cursor:
        return ABOVE_ALL, 0
    confidence, _, pair_id = cursor.partition("|")
    if all(part.isascii() and part.isdigit() and len(part) < 19 for part in (confidence, pair_id)) and int(confidence) <= ABOVE_ALL:  # noqa: PLR2004 -- 19 digits may be beyond a bigint
        return int(confidence), int(pair_id)
    raise InvalidInput("after", cursor, "use `next` of the page before")


def tell_apart(ws: Scope, pair_id: int, now: datetime, by: str) -> None:
    """Remember that two people are not the same; raises `DuplicateNotFound`."""
    one_id, other_id = _decide(ws, pair_id, "different", now, by)
    record_audit(ws, now, by, "person.different", f"person:{one_id}", person_id=other_id)


def join_pair(ws: Scope, pair_id: int, survivor_id: int, chosen: frozenset[str], now: datetime, by: str) -> None:
    """Make the two one (see `people.actions.join`); raises `DuplicateNotFound`, `PersonNotFound`."""
    # First, as everybody takes it: who erases holds it while waiting for who compares, and they wait for the pair.
    ws.run(PEOPLE.lock)
    pair = _decide(ws, pair_id, "joined", now, by)
    if survivor_id not in pair:
        raise InvalidInput("survivor_id", survivor_id, f"use one of {pair[0]} and {pair[1]}")
    join(ws, survivor_id, pair[0] + pair[1] - survivor_id, chosen, now, by)


def _decide(ws: Scope, pair_id: int, state: str, now: datetime, by: str) -> tuple[int, int]:
    rows = ws.rows(QUERIES.decide, pair_id=pair_id, state=state, now=now, by=by)
    if not rows:
        raise DuplicateNotFound
    return rows[0][0], rows[0][1]
