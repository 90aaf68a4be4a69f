"""Claims about people who were erased: what happened before makes no ghost, and an address that comes back stays suppressed.

A message is dropped when it happened, or came in, before the erasure was asked for, or as long as the person's identifiers are
being removed. Whoever turns up after that is somebody new. The number of the batch decides, not the moment: a repeated batch
drops the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hudhud.kit import sql
from hudhud.people.book import named_identifiers
from hudhud.people.erasure import PEOPLE, hash_of
from hudhud.people.types import ADDRESS_NAMESPACES, Identifier, Identity, Late

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.people", "erasure.sql")


class Gone(NamedTuple):
    """An erasure as a batch sees it."""

    asked_at: datetime
    first_batch: int
    last_batch: int | None

    def keeps_out(self, happened: datetime, received: datetime, batch: int) -> bool:
        """Say whether a message of this batch is dropped."""
        if batch <= self.first_batch:
            return False
        return self.last_batch is None or batch <= self.last_batch or min(happened, received) <= self.asked_at


def find_late(ws: Scope, keys: Keys, identities: Sequence[Identity], received: Sequence[datetime], batch: int) -> Late:
    """Look which claims of a batch concern erased people; free as long as nobody was erased in this workspace."""
    ((asked, total),) = ws.rows(QUERIES.count_asked)
    if not total:
        return Late()
    if asked:
        # What is being forgotten at this moment is awaited: afterwards it is known by more names.
        ws.run(PEOPLE.lock)
    named = [[identifier for identifier, _ in named_identifiers(identity) if identifier is not None] for identity in identities]
    gone = _find_gone(ws, keys, {identifier for identifiers in named for identifier in identifiers})
    if not gone:
        return Late()
    dropped, addresses = set[int](), set[Identifier]()
    for index, identifiers in enumerate(named):
        known = [identifier for identifier in identifiers if identifier in gone]
        naming = [one for one in _naming(identifiers) if one in gone]
        if any(each.keeps_out(identities[index].at, received[index], batch) for one in naming for each in gone[one]):
            dropped.add(index)
        else:
            addresses |= {one for one in known if one[0] in ADDRESS_NAMESPACES}
    return Late(frozenset(dropped), frozenset(addresses))


def _naming(identifiers: Sequence[Identifier]) -> list[Identifier]:
    """Return what says whom a claim is about: an address that somebody else's claim carries does not make it one about the erased person."""
    return [one for one in identifiers if one[0] not in ADDRESS_NAMESPACES or one == identifiers[0]]


def find_erased(ws: Scope, keys: Keys, names: Callable[[], Sequence[Sequence[Identifier]]]) -> dict[int, datetime]:
    """Return which of these claims, by place, are about people who were erased, and since when; free as long as nobody was (`names` is not asked)."""
    ((_, total),) = ws.rows(QUERIES.count_asked)
    if not total:
        return {}
    naming = [_naming(identifiers) for identifiers in names()]
    gone = _find_gone(ws, keys, {one for some in naming for one in some})
    found = {index: [each.asked_at for one in some for each in gone.get(one, ())] for index, some in enumerate(naming)}
    return {index: max(dates) for index, dates in found.items() if dates}


def _find_gone(ws: Scope, keys: Keys, identifiers: set[Identifier]) -> dict[Identifier, list[Gone]]:
    hashes: dict[bytes, list[Identifier]] = {}
    for identifier in identifiers:
        hashes.setdefault(hash_of(keys, identifier), []).append(identifier)
    found: dict[Identifier, list[Gone]] = {}
    for digest, *rest in ws.rows(QUERIES.find_hashes, hashes=list(hashes)):
        for identifier in hashes[bytes(digest)]:
            found.setdefault(identifier, []).append(Gone(*rest))
    return found


def find_leaving(ws: Scope, batch: int) -> frozenset[int]:
    """Return the actors of people who are being erased and hold identifiers still: nothing more is taken about them."""
    return frozenset(row[0] for row in ws.rows(QUERIES.find_leaving, batch=batch))
