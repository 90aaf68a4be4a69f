"""What a ready journey asks before it is installed, two questions at most, with guesses from what the workspace has already told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from hudhud.accounts.queries import get_workspace
from hudhud.consent.queries import find_topics
from hudhud.coupons.queries import find_pools
from hudhud.events.queries import RESERVED, find_names
from hudhud.kit import sql
from hudhud.segments.queries import find_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.installing")
# So many of the newest people show which attributes there are; so many choices are offered.
PEOPLE, MOST_CHOICES, MOST_ASKED = 500, 200, 2

Kind = Literal["event", "attribute", "topic", "pool", "days", "text", "segment", "moment"]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of `questions.json`: what stands in the journey's file where the answer will, and the words of the question by language.

    `like`: other names of the same thing. `of`: events and properties whose values are offered. `part`: where in the graph days are meant.
    `is_guess`: what stands in the file will often do. `days_before`: how long before the moment people are invited. `names`: of the pool that is made.
    """

    kind: Kind
    stands: str | int
    texts: dict[str, str]
    like: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()
    part: str = "nodes"
    least: int = 1
    most: int = 3_650
    is_guess: bool = True
    valid_days: int | None = None
    days_before: int = 0
    names: dict[str, str] = msgspec.field(default_factory=dict)


class Asks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which questions a recipe asks, and which it only guesses at."""

    asked: Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_ASKED)]
    guessed: tuple[str, ...] = ()


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    questions: dict[str, Question]
    recipes: dict[str, Asks]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that is offered; `label` is what people call it."""

    value: str | int
    label: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is guessed: `sure`, it stands without an answer; `choices` are what the workspace has."""

    key: str
    kind: Kind
    texts: dict[str, str]
    guess: str | int | None
    sure: bool
    choices: list[Choice]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a workspace has told so far: names to guess from, and the values of a few properties."""

    events: list[str]
    attributes: list[str]
    values: Mapping[tuple[str, str], list[Any]]
    topics: list[Choice]
    pools: list[Choice]
    segments: list[Choice]


@lru_cache(maxsize=1)
def read_book() -> Book:
    """Return the questions and who asks them."""
    return msgspec.json.decode(resources.files("hudhud.journeys.installing").joinpath("questions.json").read_bytes(), type=Book)


def look(ws: Scope, now: datetime) -> Known:
    """Return what there is to guess from."""
    language = get_workspace(ws).language
    names = [one for one in find_names(ws, now) if one.name not in RESERVED]
    values = {(event.name, prop.name): [v for kind in prop.kinds for v in kind.samples] for event in names for prop in event.details}
    return Known(
        [one.name for one in names],
        [row[0] for row in ws.rows(QUERIES.find_attributes, people=PEOPLE)],
        values,
        [
            Choice(one.key, one.names.get(language) or one.names.get("en") or one.key)
            for one in find_topics(ws)
            if one.stream == "marketing"
        ],
        [Choice(one.key, one.name) for one in find_pools(ws, now)],
        [Choice(one.id, one.name) for one in find_segments(ws, limit=MOST_CHOICES)],
    )


def ask(key: str, known: Known) -> list[Asked]:
    """Return what a recipe asks, with guesses."""
    book = read_book()
    return [guess(name, book.questions[name], known) for name in book.recipes[key].asked]


def guess(key: str, question: Question, known: Known) -> Asked:
    """Return a question with its guess: what stands in the file, or what the workspace seems to call it."""
    choices = _choices(question, known)
    found: str | int | None = question.stands if question.is_guess else None
    sure = question.is_guess
    if question.kind in {"event", "attribute"}:
        found, sure = _recognise(question, [str(one.value) for one in choices])
    elif question.kind == "moment":
        found, sure = None, False
    return Asked(key, question.kind, question.texts, found, sure, choices[:MOST_CHOICES], question.least, question.most)


def _choices(question: Question, known: Known) -> list[Choice]:
    found = (value for place in question.of for value in known.values.get(place, ()) if isinstance(value, str))
    there: dict[str, list[Choice]] = {
        "event": _named(known.events),
        "attribute": _named(known.attributes),
        "text": _named(dict.fromkeys(found)),
        "topic": known.topics,
        "pool": known.pools,
        "segment": known.segments,
    }
    return there.get(question.kind, [])


def _named(names: Iterable[str]) -> list[Choice]:
    return [Choice(name, name) for name in names]


def _recognise(question: Question, names: list[str]) -> tuple[str, bool]:
    """Return the name that is meant, and whether that is sure: ours, if they use it or nothing like it; else theirs, if only one is like it."""
    stands = str(question.stands)
    if stands in names:
        return stands, True
    like = {_plain(one) for one in (stands, *question.like)}
    found = [name for name in names if _plain(name) in like]
    return (found[0], len(found) == 1) if found else (stands, True)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
