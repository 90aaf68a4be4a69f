"""Reads about people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.people.latecomers import find_erased as find_erased
from hudhud.people.places import countries_of_zones
from hudhud.people.search import from_cursor, to_cursor, to_range
from hudhud.people.types import Person, PersonNotFound, Profile
from hudhud.people.upsert import admitted as admitted
from hudhud.people.upsert import upsert_in as upsert_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people")
# Words read beyond a page, as some people are found by several.
SPARE = 30


def country_of_zone(zone: str) -> str | None:
    """Return the country that a time zone lies in, two letters; None for one of several countries or none."""
    return countries_of_zones().get(zone)


def find_people(ws: Scope, *, after: int | None = None, limit: int = 50) -> list[Person]:
    """A page of living people, newest first, older than `after`."""
    return ws.into(Person, QUERIES.find_people, after=after, limit=limit)


def find_some(ws: Scope, ids: Iterable[int]) -> dict[int, Person]:
    """Return those of these people who live, by number."""
    return {person.id: person for person in ws.into(Person, QUERIES.find_some, ids=sql.numbers(ids))}


def search_people(ws: Scope, search: str, *, after: str = "", limit: int = 50) -> tuple[list[Person], str | None]:
    """A page of living people whose name, e-mail, phone or other identifier begins so, in the order of these words; and the next page's cursor.

    Capital letters, accents, vowel signs, joiners and the Arabic or Persian form of a letter make no difference; an anonymous_id is
    found only whole. Each person comes once.
    """
    bounds = to_range(search)
    if bounds is None:
        return [], None
    # Where an index scan begins: a place before the range would make it read up to there.
    word, person_id = max(from_cursor(after) if after else ("", 0), (bounds[0], 0))
    people: list[Person] = []
    while len(people) < limit:
        reach = limit + SPARE
        rows = ws.all(
            QUERIES.search_people, first=bounds[0], last=bounds[1], as_written=search.strip(), after_word=word, after=person_id, reach=reach
        )
        for row in rows:
            word, person_id = row.pop("word"), row["id"]
            if row.pop("is_shown"):
                people.append(Person(**row))
            if len(people) == limit:
                return people, to_cursor(word, person_id)
        if len(rows) < reach:
            return people, None
    return people, to_cursor(word, person_id)


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


def find_standing(ws: Scope, ids: Iterable[int]) -> Sequence[tuple[int, int, bool, bool]]:
    """Return for each of these people: id, who they are today, whether ClickHouse's copy of them is behind, whether they were erased."""
    return ws.rows(QUERIES.find_standing, ids=sql.numbers(ids))


def find_holders(ws: Scope, namespace: str, values: Sequence[str]) -> dict[str, int]:
    """Map each of these identifiers (in their normal form) to the person who has it; those that nobody has are left out."""
    return {values[place - 1]: person_id for place, person_id in ws.rows(QUERIES.find_holders, namespace=namespace, values=list(values))}
