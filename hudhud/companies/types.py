"""Companies: what `group` calls are about, and who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime


# Among the names of changed attributes: a company that somebody is in, or what is known about it. Segments know it by the same name.
ANY_COMPANY = "@company"


class CompanyNotFound(NotFound):
    """There is no such company."""


@dataclass(frozen=True, slots=True)
class Said:
    """One call: this person is in this company, about which this is known."""

    person_id: int
    key: str
    attributes: dict[str, Any]
    at: datetime
    is_public: bool = False  # said with a key that stands in a page: by anybody (decision 11)


@dataclass(frozen=True, slots=True)
class Company:
    """A company; its name, when it has one, is among the attributes."""

    id: int
    key: str
    attributes: dict[str, Any]
    created_at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Membership:
    """A company that a person is in."""

    id: int
    key: str
    attributes: dict[str, Any]
    since: datetime
