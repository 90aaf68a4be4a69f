"""The people that one list of identities is about, in memory: claims are applied in order, the difference is written as sets.

Rules (the same for one claim or ten thousand at once; the tests compare with one at a time):
- a claim is about the holder of its first identifier; unknown identifiers make a new person;
- only a linking claim attaches further identifiers: unknown ones are attached, held ones merge the two people unless both have a
  user_id, or the claim is about somebody without a user_id who has another address already; `alias` merges always;
- who has a user_id survives, else whom the claim is about; an address that the survivor has already is not taken over;
- what a claim by a public key may not change stays as it is (vouching.py), and is noted;
- what a claim changed is kept with what was there before (`Turn`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from hudhud.people import places, vouching
from hudhud.people.entry import Entry, Merge, Turn
from hudhud.people.identifiers import NORMAL, normal_language, normal_zone
from hudhud.people.types import ADDRESS_NAMESPACES, LINKING_CAUSES, BadIdentifier, Identifier, Identity, Note
from hudhud.people.upsert import admitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# Traits that are columns of their own: (column, names in traits, normal form).
COLUMNS = (
    ("time_zone", ("timezone", "time_zone"), normal_zone),
    ("language", ("language", "locale"), normal_language),
)


def named_identifiers(identity: Identity) -> Iterator[tuple[Identifier | None, str]]:
    """Yield each identifier of a claim, addresses from its attributes included, or None and what is wrong with it."""
    for identifier in identity.identifiers:
        yield identifier, ""
    if identity.cause not in LINKING_CAUSES or not identity.attributes:
        return
    for namespace in ADDRESS_NAMESPACES:
        if (value := identity.attributes.get(namespace)) is None:
            continue
        try:
            yield (namespace, NORMAL[namespace](str(value))), ""
        except BadIdentifier as error:
            yield None, error.message


class Book:
    """Holders of identifiers, and the people that may change."""

    def __init__(self, holders: dict[Identifier, Entry], now: datetime, opened: frozenset[str] = frozenset()) -> None:
        """Start from what the database knows; entries of people who cannot change may be bare. `opened`: for public keys (vouching.py)."""
        self.holders = holders
        self.now = now
        self.opened = opened
        self.entries: dict[int, Entry] = {entry.id: entry for entry in holders.values()}
        self.merges: list[Merge] = []
        self.turns: list[Turn] = []
        self.notes: list[Note] = []
        self.changed_names: set[str] = set()
        self.touched: set[Identifier] = set()  # whose holder changed
        self.held_before = frozenset(holders)
        self._refused: list[str] = []  # of the claim in work: what a public key may not change
        self._turn: Turn | None = None  # in work
        self._source = ""  # of the claim in work
        self._next_new = -1

    def claim(self, index: int, identity: Identity, identifiers: Sequence[Identifier]) -> Entry:
        """Apply one claim; return whom it is about (as of now: a later claim may merge them)."""
        first = identifiers[0]
        linking = identity.cause in LINKING_CAUSES
        self._turn, self._source = None, identity.source or identity.cause
        made = self._next_new
        entry = self.holders.get(first) or self._adopt(first, identifiers if linking else [first], identity)
        if not linking:
            return entry
        self._refused = []
        others = identifiers[1:]
        if identity.upsert is not None:
            said = admitted(identity.upsert, entry.attributes, identity.attributes or {}, is_new=made != self._next_new)
            identity = structs.replace(identity, attributes=said)
            others = [other for other in others if other[0] not in ADDRESS_NAMESPACES or other[0] in said]
        if identity.cause == "alias":
            # Segment's previousId may be a user_id or an anonymous_id: whichever is known, else the last one listed.
            others = [other for other in others if other in self.holders] or others[-1:]
        for other in others:
            entry = self._link(index, entry, other, identity)
        if not identity.is_public:
            vouching.vouch(entry)
        if identity.attributes or identity.device or identity.ip_place:
            self._patch(entry, identity)
        if self._refused:
            names = ", ".join(dict.fromkeys(self._refused))
            self.notes.append(Note(index, "public_key", f"{names}: set by a server key or an import; a public key may not change it"))
        return entry

    def _adopt(self, first: Identifier, identifiers: Sequence[Identifier], identity: Identity) -> Entry:
        """Attach an unknown first identifier to the holder of another one that has none of its kind, else to a new person."""
        for other in identifiers[1:]:
            holder = self.holders.get(other)
            if holder is not None and not holder.has(first[0]) and _may_attach(holder, first, identity):
                self._attach(holder, first)
                return holder
        entry = Entry(id=self._next_new, created_at=min(identity.at, self.now), is_new=True, is_changed=True)
        self._next_new -= 1
        self.entries[entry.id] = entry
        self._attach(entry, first)
        return entry

    def _link(self, index: int, entry: Entry, other: Identifier, identity: Identity) -> Entry:
        """Make `other` an identifier of `entry`, merging when somebody else holds it; return the one who lives on."""
        holder = self.holders.get(other)
        if holder is entry:
            return entry
        if holder is None:
            if _may_attach(entry, other, identity):
                self._attach(entry, other)
            else:
                self._refused.append(other[0])
            return entry
        if not _may_merge(entry, holder, other[0], identity):
            if other[0] in ADDRESS_NAMESPACES:
                self.notes.append(Note(index, "identifier_taken", f"{other[0]}: belongs to person {holder.id}; kept there"))
            elif identity.cause == "alias":
                self._refused.append("alias")
            return entry
        survivor, merged = (holder, entry) if _outlives(holder, entry, identity) else (entry, holder)
        self._merge(survivor, merged, identity)
        if self.holders.get(other) is not survivor:
            self._attach(survivor, other)
        return survivor

    def _attach(self, entry: Entry, identifier: Identifier) -> None:
        namespace = identifier[0]
        if namespace in ADDRESS_NAMESPACES:
            for old in [held for held in entry.identifiers if held[0] == namespace]:
                self._drop(entry, old)
                self._turn_of(entry).identifiers.append((*old, True))
        if not entry.is_new:
            self._turn_of(entry).identifiers.append((*identifier, False))
        entry.identifiers[identifier] = self.now
        entry.is_changed = True
        self.holders[identifier] = entry
        self.touched.add(identifier)

    def _drop(self, entry: Entry, identifier: Identifier) -> None:
        del entry.identifiers[identifier]
        del self.holders[identifier]
        entry.is_changed = True
        self.touched.add(identifier)

    def join(self, survivor: Entry, merged: Entry, identity: Identity, chosen: frozenset[str]) -> None:
        """Make two people one because somebody says so; `chosen`: attributes and places (`@country`) that count as the other one has them."""
        self._source = identity.source
        self._merge(survivor, merged, identity, chosen)

    def patch(self, entry: Entry, identity: Identity) -> None:
        """Change what is known of somebody because a rule of ours says so; that tells nobody who they are, so it vouches for nobody."""
        self._turn, self._source = None, identity.source
        self._patch(entry, identity)

    def _merge(self, survivor: Entry, merged: Entry, identity: Identity, chosen: frozenset[str] = frozenset()) -> None:
        snapshot = {"survivor": survivor.snapshot(), "merged": merged.snapshot()}
        self.merges.append(Merge(survivor, merged, identity.at, identity.cause, snapshot))
        turn = self._turn = Turn(survivor, self._source, merged)
        self.turns.append(turn)
        for identifier, since in list(merged.identifiers.items()):
            self._drop(merged, identifier)
            if identifier[0] not in ADDRESS_NAMESPACES or not survivor.has(identifier[0]):
                survivor.identifiers[identifier] = since
                self.holders[identifier] = survivor
                turn.identifiers.append((*identifier, False))
        ours = survivor.attributes
        taken = _blend(survivor, merged, self.changed_names, chosen)
        turn.before = {name: ours.get(name) for name in taken}
        for column in _places_taken(survivor, merged, chosen):
            turn.before[f"@{column}"] = survivor.places.get(column)
            self.changed_names.add(f"@{column}")
            survivor.places = {**survivor.places, column: merged.places.get(column)}
            survivor.provenance = {**survivor.provenance, column: merged.provenance.get(column, "default")}
            if column in places.PARTS and places.TOLD_AT in merged.provenance:
                survivor.provenance[places.TOLD_AT] = merged.provenance[places.TOLD_AT]
        if not (identity.is_public and vouching.is_vouched(survivor)):
            survivor.created_at = min(survivor.created_at, merged.created_at)
        survivor.is_changed = merged.is_changed = True
        merged.merged_into = survivor
        self._turn = None
        snapshot["after"] = survivor.snapshot()

    def _patch(self, entry: Entry, identity: Identity) -> None:
        patch = identity.attributes or {}
        refused: set[str] = set()
        for name, value in patch.items():
            changed = _differs(entry.attributes, name, value)
            if changed and identity.is_public and not vouching.may_set(entry, name, self.opened):
                refused.add(name)
                continue
            # Who may overwrite what they find opened does not come to own it.
            if not identity.is_public or name not in entry.attributes:
                vouching.note_source(entry, name, is_public=identity.is_public)
            if changed:
                self._turn_of(entry).before.setdefault(name, entry.attributes.get(name))
                kept = {known: kept for known, kept in entry.attributes.items() if known != name}
                entry.attributes = kept if value is None else {**entry.attributes, name: value}
                self.changed_names.add(name)
                entry.is_changed = True
        self._refused += sorted(refused)
        self._withdraw(entry, {name for name, value in patch.items() if value is None and name not in refused})
        for column, names, normal in COLUMNS:
            stated = next((found for name in names if name not in refused and (found := normal(patch.get(name)))), None)
            device = normal((identity.device or {}).get(column))
            if stated and (not identity.is_public or vouching.may_state(entry, column, names, self.opened)):
                if entry.provenance.get(column) != "stated" or not identity.is_public:
                    vouching.note_source(entry, f"@{column}", is_public=identity.is_public)
                self._place(entry, column, stated, "stated")
            elif device:
                self._place(entry, column, device, "device")
        for origin, told in places.told_by(identity, {name: value for name, value in patch.items() if name not in refused}):
            self._settle(entry, identity, origin, told)

    def _withdraw(self, entry: Entry, removed: set[str]) -> None:
        """Forget what only removed traits have stated: time zone, language, parts of a place."""
        by_column: dict[str, tuple[str, ...]] = {column: names for column, names, _ in COLUMNS}
        by_column |= {part: places.stated_by(part) for part in places.PARTS}
        concerned = [
            column for column, names in by_column.items() if not removed.isdisjoint(names) and entry.provenance.get(column) == "stated"
        ]
        if not concerned:
            return
        left: dict[str, str | None] = {**places.read_traits(entry.attributes)}
        left |= {
            column: next(filter(None, (normal(entry.attributes.get(name)) for name in names)), None) for column, names, normal in COLUMNS
        }
        for column in concerned:
            self._note_place(entry, column, left.get(column))
            if left.get(column) is None:
                entry.provenance = {name: origin for name, origin in entry.provenance.items() if name != column}

    def _note_place(self, entry: Entry, column: str, value: str | None) -> None:
        if entry.places.get(column) != value:
            self.changed_names.add(f"@{column}")
            self._turn_of(entry).before.setdefault(f"@{column}", entry.places.get(column))
            entry.places = {**entry.places, column: value}
            entry.is_changed = True

    def _settle(self, entry: Entry, identity: Identity, origin: str, told: dict[str, str]) -> None:
        """Take over what is told of somebody's place."""
        if origin == "stated":
            if identity.is_public:
                told = {part: value for part, value in told.items() if vouching.may_state(entry, part, places.stated_by(part), self.opened)}
            for part in told:
                if entry.provenance.get(part) != "stated" or not identity.is_public:
                    vouching.note_source(entry, f"@{part}", is_public=identity.is_public)
        values, provenance = places.settle(entry.places, entry.provenance, told, origin, min(identity.at, self.now))
        for part in values:
            self.changed_names.add(f"@{part}")
            self._turn_of(entry).before.setdefault(f"@{part}", entry.places.get(part))
        if values or provenance:
            entry.places = {**entry.places, **values}
            lost = {part for part, value in values.items() if value is None}
            entry.provenance = {name: said for name, said in entry.provenance.items() if name not in lost} | provenance
            entry.is_changed = True

    def _place(self, entry: Entry, column: str, value: str, origin: str) -> None:
        """Set time zone or language unless what is known comes from a better source."""
        known = places.STRENGTH.get(entry.provenance.get(column, "default"), 0)
        rank = places.STRENGTH[origin]
        if rank < known or (entry.places.get(column) == value and rank == known):
            return
        self._note_place(entry, column, value)
        entry.provenance = {**entry.provenance, column: origin}
        entry.is_changed = True

    def _turn_of(self, entry: Entry) -> Turn:
        """Return where to keep what the claim in work changes about somebody."""
        if self._turn is None or self._turn.entry is not entry:
            self._turn = Turn(entry, self._source)
            self.turns.append(self._turn)
        return self._turn


def _differs(attributes: dict[str, Any], name: str, value: object) -> bool:
    if value is None or name not in attributes:
        return (value is None) == (name in attributes)
    return bool(attributes[name] != value) or type(attributes[name]) is not type(value)


def _places_taken(survivor: Entry, merged: Entry, chosen: frozenset[str]) -> list[str]:
    """Return which of time zone, language and the parts of a place the survivor gets from the other one."""
    known = ((column, merged.places.get(column)) for column, _, _ in COLUMNS)
    taken = [column for column, value in known if value is not None and (survivor.places.get(column) is None or f"@{column}" in chosen)]
    return taken + places.find_taken(survivor.places, merged.places, chosen)


def _blend(survivor: Entry, merged: Entry, changed_names: set[str], chosen: frozenset[str]) -> set[str]:
    """Give the survivor the other one's attributes, and return which.

    What somebody has chosen, then what somebody vouches for before what is only claimed, else the survivor's own first.
    """
    ours, theirs = survivor.attributes, merged.attributes
    better = {name for name in theirs.keys() & ours.keys() if vouching.is_claimed(survivor, name) and not vouching.is_claimed(merged, name)}
    better |= chosen & theirs.keys() & ours.keys()
    changed_names |= theirs.keys() - ours.keys() | {name for name in better if _differs(ours, name, theirs[name])}
    taken = (theirs.keys() - ours.keys()) | better
    places = {f"@{column}" for column in _places_taken(survivor, merged, chosen)}
    survivor.claimed = vouching.claimed_after(survivor, merged, taken | places)
    survivor.attributes = {**theirs, **ours, **{name: theirs[name] for name in better}}
    return taken


def _may_attach(entry: Entry, identifier: Identifier, identity: Identity) -> bool:
    return not identity.is_public or vouching.may_attach(entry, identifier)


def _may_merge(entry: Entry, holder: Entry, namespace: str, identity: Identity) -> bool:
    if identity.is_public and (vouching.is_vouched(entry) or vouching.is_vouched(holder)):
        return vouching.may_join(entry, holder)
    if identity.cause == "alias" and not identity.is_public:
        return True
    if entry.has("user_id") and holder.has("user_id"):
        return False
    has_other_address = namespace in ADDRESS_NAMESPACES and not entry.has("user_id") and entry.has(namespace)
    return not has_other_address


def _outlives(holder: Entry, entry: Entry, identity: Identity) -> bool:
    """Say whether the holder lives on, and not whom the claim is about. A browser never swallows somebody whom others vouch for."""
    if identity.is_public and vouching.is_vouched(holder) and not vouching.is_known(entry):
        return True
    return holder.has("user_id") and not entry.has("user_id")
