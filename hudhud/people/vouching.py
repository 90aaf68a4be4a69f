"""What a public key may say about people (A-26). It stands in a page's source, so whoever speaks with it may be anybody.

A person is *vouched for* once a server key, an import or a form with proof has identified them. From then on a public key may
- add events, and attach a browser (an anonymous_id of somebody who is nobody else);
- set attributes that nobody trusted has set, or that the workspace has opened;
and nothing else: no e-mail, phone or user_id, no attribute of theirs, no joining with anybody known. Of people nobody has vouched for
it may say what it likes, but it never joins two user_ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.people.entry import NEW, UNVOUCHED
from hudhud.people.types import ADDRESS_NAMESPACES

if TYPE_CHECKING:
    from hudhud.people.entry import Entry
    from hudhud.people.types import Identifier

ANONYMOUS = "anonymous_id"


def is_vouched(entry: Entry) -> bool:
    """Say whether somebody trusted has identified this person."""
    return UNVOUCHED not in entry.claimed


def is_known(entry: Entry) -> bool:
    """Say whether there is more to them than browsers."""
    return any(namespace != ANONYMOUS for namespace, _ in entry.identifiers)


def is_claimed(entry: Entry, name: str) -> bool:
    """Say whether only public keys have set this attribute."""
    return name in entry.claimed or not is_vouched(entry)


def vouch(entry: Entry) -> None:
    """Somebody trusted has identified them: from here on, what public keys said before is told from the rest by name."""
    if not is_vouched(entry):
        stated = {f"@{column}" for column, origin in entry.provenance.items() if origin == "stated"}
        entry.claimed = frozenset(entry.attributes) | stated
        entry.is_changed = True


def note_source(entry: Entry, name: str, *, is_public: bool) -> None:
    """Remember who has set an attribute that was not there, or was claimed."""
    if not is_vouched(entry) or (name in entry.claimed) == is_public:
        return
    entry.claimed = entry.claimed | {name} if is_public else entry.claimed - {name}
    entry.is_changed = True


def may_attach(entry: Entry, identifier: Identifier) -> bool:
    """May a public key give this person an identifier that nobody has?"""
    return not is_vouched(entry) or identifier[0] == ANONYMOUS


def may_join(one: Entry, other: Entry) -> bool:
    """May a public key make these one person, where one of them is vouched for? Only browsers come to somebody known."""
    both = (one, other)
    return not all(map(is_known, both)) and all(is_vouched(each) or not is_known(each) for each in both)


def may_set(entry: Entry, name: str, opened: frozenset[str]) -> bool:
    """May a public key set or remove this attribute?"""
    if not is_vouched(entry):
        return True
    if name in ADDRESS_NAMESPACES:
        return False
    return name in opened or name in entry.claimed or name not in entry.attributes


def may_state(entry: Entry, column: str, names: tuple[str, ...], opened: frozenset[str]) -> bool:
    """May a public key state their time zone, language or country (`names`: the attributes that say it)?"""
    return is_claimed(entry, f"@{column}") or entry.provenance.get(column) != "stated" or not opened.isdisjoint(names)


def claimed_after(survivor: Entry, merged: Entry, taken: set[str]) -> frozenset[str]:
    """Return what only public keys have set about two people who become one; `taken`: names whose values come from `merged`."""
    if not is_vouched(survivor) and not is_vouched(merged):
        return NEW
    kept = survivor.attributes.keys() | {f"@{column}" for column, value in survivor.places.items() if value is not None}
    ours = {name for name in kept - taken if is_claimed(survivor, name)}
    return frozenset(ours | {name for name in taken if is_claimed(merged, name)})
