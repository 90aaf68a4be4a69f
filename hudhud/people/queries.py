"""Reads about people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.people.types import Person, PersonNotFound, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people")


def find_people(ws: Scope, *, search: str = "", after: int | None = None, limit: int = 50) -> list[Person]:
    """A page of living people, newest first, older than `after`; `search` = how a name, e-mail or other identifier begins.

    Capital letters make no difference but in an anonymous_id.
    """
    as_written = _prefix(search)
    prefix = None if as_written is None else as_written.lower()
    return ws.into(Person, QUERIES.find_people, prefix=prefix, as_written=as_written, after=after, limit=limit)


def count_people(ws: Scope) -> int:
    """How many living people there are."""
    return int(ws.value(QUERIES.count_people))


def get_profile(ws: Scope, person_id: int) -> Profile:
    """One person; for a merged one the survivor. Raises `PersonNotFound`."""
    found = ws.into(Profile, QUERIES.get_profile, person_id=person_id)
    if not found:
        raise PersonNotFound
    return found[0]


def find_actors(ws: Scope, person_id: int) -> list[int]:
    """All actors that are this person today; raises `PersonNotFound`."""
    actors = [row[0] for row in ws.rows(QUERIES.find_actors, person_id=person_id)]
    if not actors:
        raise PersonNotFound
    return actors


def find_current_ids(ws: Scope, ids: Iterable[int]) -> dict[int, int]:
    """Map each of these people to who they are today (themselves, or whom they were merged into)."""
    return {row[0]: row[1] for row in ws.rows(QUERIES.current_ids, ids=sql.numbers(ids))}


def find_standing(ws: Scope, ids: Iterable[int]) -> Sequence[tuple[int, int, bool]]:
    """Return for each of these people: id, who they are today, whether ClickHouse's copy of them is behind."""
    return ws.rows(QUERIES.find_standing, ids=sql.numbers(ids))


def find_holders(ws: Scope, namespace: str, values: Sequence[str]) -> dict[str, int]:
    """Map each of these identifiers (in their normal form) to the person who has it; those that nobody has are left out."""
    return {values[place - 1]: person_id for place, person_id in ws.rows(QUERIES.find_holders, namespace=namespace, values=list(values))}


def _prefix(search: str) -> str | None:
    text = search.strip()
    if "\0" in text:
        raise InvalidInput("search", search, "remove the NUL character")
    if not text:
        return None
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
