"""A dry run: what a file would do to people, counted without writing anything.

Whom a row is about is decided by its first known identifier, as the intake does; two people whom a row would join count as one changed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
from pyroaring import BitMap

from hudhud.consent import queries as consent
from hudhud.kit import sql
from hudhud.people.queries import admitted
from hudhud.people.types import ADDRESS_NAMESPACES, Upsert
from hudhud.transfer.erased import Identifier, identifiers_of, without_erased
from hudhud.transfer.mapping import Maker
from hudhud.transfer.runner import make, renew
from hudhud.transfer.types import Checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.consent.types import Refusal
    from hudhud.kit.db import Scope
    from hudhud.transfer.erased import Made
    from hudhud.transfer.runner import Job

QUERIES = sql.load("hudhud.transfer")
CHUNK_ROWS = 2_000
MAX_REASONS = 20


def check(job: Job) -> Checked:
    """Read the whole file; raises `Stopped`, and `InvalidInput` for a file that cannot be read to its end."""
    counted = Checked()
    # Who is new in this file, by a hash of 32 bits: of a million new people some hundred may be taken for repeats.
    seen = BitMap()
    maker = Maker(job.mapping) if job.mapping else None

    def moved(place: int) -> None:
        job.read_bytes = place

    records = job.records(moved, maker.typed if maker else None)
    while (chunk := make(job, records, maker, CHUNK_ROWS)).line:
        if not job.takes_erased:
            with job.db.workspace(job.workspace_id) as ws:
                chunk = without_erased(ws, job.keys, chunk)
        made, bad, _ = chunk
        counted.bad += len(bad)
        for _, reason, _ in bad:
            _count_reason(counted, reason)
        if job.kind == "events":
            counted.new += len(made)
            renew(job)
            continue
        with job.db.workspace(job.workspace_id) as ws:
            _count_people(ws, [one for one in made if one.body], counted, seen)
            _count_refusals(ws, [one.refusal for one in made if one.refusal], counted, seen)
        renew(job)
    return counted


def _count_reason(counted: Checked, reason: str) -> None:
    """Count by what is wrong, with the first value that shows it."""
    kind = reason.partition(":")[0]
    for known in counted.reasons:
        if known.partition(":")[0] == kind:
            counted.reasons[known] += 1
            return
    if len(counted.reasons) < MAX_REASONS:
        counted.reasons[reason] = 1


def _count_refusals(ws: Scope, refusals: Sequence[Refusal], counted: Checked, seen: BitMap) -> None:
    named = {(one.channel, one.address) for one in refusals}
    for channel, address in named - consent.find_suppressed(ws, sorted(named)):
        # One address in two spellings is one, for a number that is shown before anything is done.
        one = crc32(f"suppressed:{channel}:{address.lower()}".encode())
        counted.suppressed += one not in seen
        seen.add(one)


def _count_people(ws: Scope, made: Sequence[Made], counted: Checked, seen: BitMap) -> None:
    messages = [msgspec.json.decode(one.body) for one in made]
    named = [_identifiers(message) for message in messages]
    wanted = list(dict.fromkeys(identifier for some in named for identifier in some))
    rows = ws.rows(QUERIES.find_known, namespaces=[one for one, _ in wanted], values=[value for _, value in wanted]) if wanted else ()
    known = {wanted[place - 1]: (person_id, attributes) for place, person_id, attributes in rows}
    states = _states(ws, {person_id for person_id, _ in known.values()}, messages)
    for message, identifiers in zip(messages, named, strict=True):
        _count_one(message, identifiers, known, states, counted, seen)


def _identifiers(message: dict[str, Any]) -> list[Identifier]:
    return identifiers_of(message.get("userId"), message.get("anonymousId"), message.get("traits") or {})


def _states(ws: Scope, ids: set[int], messages: Sequence[dict[str, Any]]) -> dict[tuple[int, str], tuple[bool, str | None]]:
    if not ids or not any("subscriptions" in (message.get("traits") or ()) for message in messages):
        return {}
    return {(person_id, key): (out, state) for person_id, key, out, state in ws.rows(QUERIES.find_states, ids=sorted(ids))}


def _count_one(
    message: dict[str, Any],
    identifiers: Sequence[Identifier],
    known: dict[Identifier, tuple[int, dict[str, Any]]],
    states: dict[tuple[int, str], tuple[bool, str | None]],
    counted: Checked,
    seen: BitMap,
) -> None:
    counted.refusing += _refuses(message)
    holder = next((known[one] for one in identifiers if one in known), None)
    if holder is None:
        prints = [crc32(f"{namespace}:{value}".encode()) for namespace, value in identifiers]
        if any(one in seen for one in prints):
            counted.changed += 1
        else:
            counted.new += 1
        seen.update(prints)
        return
    person_id, attributes = holder
    traits = dict(message.get("traits") or {})
    words = traits.pop("subscriptions", {})
    if said := (message.get("context") or {}).get("upsert"):
        traits = admitted(msgspec.convert(said, Upsert), attributes, traits, is_new=False)
        identifiers = [one for one in identifiers if one[0] not in ADDRESS_NAMESPACES or one[0] in traits]
    is_changed = any(one not in known or known[one][0] != person_id for one in identifiers) or any(
        attributes.get(name) != value or type(attributes.get(name)) is not type(value) for name, value in traits.items()
    )
    for topic, said in words.items():
        wanted = said.get("email") if isinstance(said, dict) else "subscribed" if said else "unsubscribed"
        if wanted is None:
            continue
        is_out, state = states.get((person_id, topic), (False, None))
        if is_out and wanted != "unsubscribed":
            counted.kept_out += 1
        elif state != wanted:
            is_changed = True
    counted.changed += is_changed
    counted.unchanged += not is_changed


def _refuses(message: dict[str, Any]) -> bool:
    words = (message.get("traits") or {}).get("subscriptions")
    return isinstance(words, dict) and any(
        one is False or (isinstance(one, dict) and "unsubscribed" in one.values()) for one in words.values()
    )


def to_json(counted: Checked) -> str:
    """Write the figures down."""
    return msgspec.json.encode(asdict(counted)).decode()
