"""What people are made of, as the rest of the system sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from hudhud.kit.errors import Conflict, HudhudError, NotFound

# (namespace, value in normal form), e.g. ("user_id", "42"), ("email", "ann@example.com").
Identifier = tuple[str, str]

# Identity comes only from these calls; everything else is recorded for the first identifier it carries.
LINKING_CAUSES = frozenset({"identify", "alias", "import", "form", "api"})
# One address per channel and person: a new one replaces the old.
ADDRESS_NAMESPACES = ("email", "phone")
# Columns of a person beside their attributes; in histories, and where changes are named, with an @ before them.
PLACES = ("time_zone", "language", "country", "region", "city", "position")
# In `Resolution.changed` and `Touched.attributes`: nobody knows which attributes changed, so take all.
ANY_ATTRIBUTE = "*"


class PersonNotFound(NotFound):
    """There is no such person."""

    code = "person_not_found"


class MergeNotFound(NotFound):
    """There is no such merge, or it was undone already."""

    code = "merge_not_found"


class MergedFurther(Conflict):
    """This person has been merged into somebody else since; undo that first."""

    code = "merged_further"


class DuplicateNotFound(NotFound):
    """There is no such pair, or it was decided about already."""

    code = "duplicate_not_found"


class BadIdentifier(HudhudError):
    """This identifier is not in a form that can be used."""

    code = "bad_identifier"
    status = 422


class Upsert(msgspec.Struct, frozen=True):
    """What becomes of values where there are some.

    `rules`: by attribute if_empty, new_only, append or newest; others are overwritten. `newest_by`: the attribute with the date that `newest` goes by.
    """

    rules: Mapping[str, str]
    newest_by: str = ""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """One claim about who somebody is, and what is known about them.

    `identifiers`: strongest first; the first one names the person (none: the e-mail in `attributes`). With a `cause` in `LINKING_CAUSES` the others come to
    belong to the same person (which may merge two). `attributes`: a patch; a name with None is removed.
    """

    identifiers: tuple[Identifier, ...]
    cause: str
    at: datetime
    attributes: Mapping[str, Any] | None = None
    # From the device, weaker than what the person stated: time_zone, language, country, region, city, position.
    device: Mapping[str, str] | None = None
    is_public: bool = False  # said with a public key: by anybody (vouching.py)
    ip_place: Mapping[str, str] | None = (
        None  # of the address that said it: country, region, city, position; weaker than what the device says
    )
    source: str = ""  # by which way it came, for the history: collect, server, import:7; "" = the cause
    upsert: Upsert | None = None  # of a list of people


@dataclass(frozen=True, slots=True)
class Note:
    """An identifier that was not taken over; the rest of the claim was."""

    index: int  # of the identity in the list given to `resolve`
    reason: str  # invalid_identifier | identifier_taken | public_key
    detail: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer to a list of identities: who each one is now, and what it changed."""

    person_ids: list[int]
    created: list[int] = field(default_factory=list)
    changed_ids: list[int] = field(default_factory=list)  # people who were there before
    changed: frozenset[str] = frozenset()  # names of attributes that changed for somebody
    notes: list[Note] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)  # who became somebody else by this list, and who that is


@dataclass(frozen=True, slots=True)
class Person:
    """One person as lists show them."""

    id: int
    attributes: dict[str, Any]
    identifiers: list[dict[str, str]]
    time_zone: str | None
    language: str | None
    country: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two people who may be one, and what speaks for it."""

    id: int
    confidence: int  # percent
    reasons: list[str]  # email, mailbox, lookalike, phone, name_birthday, name_address, name
    people: tuple[Person, Person]


@dataclass(frozen=True, slots=True)
class DuplicateSearch:
    """The latest search for duplicates: still to be done, or done at `finished_at`."""

    asked_at: datetime
    asked_by: str
    finished_at: datetime | None
    open: int  # pairs that nobody has decided about


@dataclass(frozen=True, slots=True)
class Profile:
    """One person with everything that is kept about them outside the timeline."""

    id: int
    attributes: dict[str, Any]
    identifiers: list[dict[str, str]]
    time_zone: str | None
    language: str | None
    country: str | None
    region: str | None
    city: str | None
    position: str | None  # "59.437,24.754"
    provenance: dict[str, str]  # stated, device, ip, zone or default; `place_at`: when the place was told last
    created_at: datetime
    updated_at: datetime
    merged: list[dict[str, Any]]  # [{"id", "person_id", "at", "cause", "identifiers": [[namespace, value, since]]}]
    subscriptions: list[dict[str, Any]]  # [{"topic", "channel", "state", "changed_at"}]
    suppressed: list[dict[str, Any]]  # [{"channel", "reason", "created_at"}]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became another: an attribute, a place (`@country`), or an identifier that came or went (`#email`). None: nothing."""

    id: int  # of the change as a whole: what one claim changed has one number
    person_id: int  # as who they were then: somebody merged into them later has a history of their own
    at: datetime
    source: str  # collect, server, import:7, merge:12, unmerge:12, user:7, or the cause of the claim
    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person as they were known at an instant."""

    at: datetime
    is_exact: bool  # False: the history does not reach so far back; some of it may be of later days
    attributes: dict[str, Any]
    identifiers: list[dict[str, str]]
    time_zone: str | None
    language: str | None
    country: str | None
    region: str | None
    city: str | None
    position: str | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request to erase a person, and how far it has come: asked, forgotten, scrubbed, finished."""

    id: int
    person_id: int
    asked_at: datetime
    asked_by: str
    step: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Late:
    """What of a list of claims concerns people who were erased."""

    dropped: frozenset[int] = frozenset()  # places in the list: about somebody who is no more
    addresses: frozenset[Identifier] = frozenset()  # of erased people, in claims that count: to be suppressed


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What undoing a merge gave: two people again, and what could not be told apart and stays with the survivor."""

    person_id: int
    survivor_id: int
    moved_identifiers: int
    moved_runs: int
    changed_attributes: list[str]  # changed since the merge: they keep their value at the survivor
    taken_identifiers: list[str]  # somebody else's by now
