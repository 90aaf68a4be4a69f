"""Writes about companies.

A company is *vouched for* once a server key or an import has named it (decision 11). Until then public keys may say what they like about
it; from then on they may set attributes that nobody trusted has set, and let nobody in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.kit import sql
from hudhud.kit.native import Block
from hudhud.kit.sql import numbers
from hudhud.people.actions import hold
from hudhud.people.types import Note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.companies.types import Said
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.companies")
MIRROR_ROWS = 5_000
NO_ENTRY = "groupId: a server key or an import has named this company; a public key may let nobody in"


class _Known(NamedTuple):
    """A company that a call is about, after all calls of the list have named it."""

    id: int
    is_claimed: bool


def record(ws: Scope, said: Sequence[Said]) -> list[Note]:
    """Make and change companies, and let people join, by what was said about them; return what a public key may not say. Repeating it changes nothing.

    Of each attribute that counts which was said last, whatever order it comes in; what is vouched for counts before what is claimed.
    """
    if not said:
        return []
    # Before any company: whoever changes people and then companies has it already.
    hold(ws)
    known = _name(ws, said)
    ids = numbers({one.id for one in known.values()})
    before = _read_attributes(ws, ids)
    moved: set[int] = set()
    trusted = [one for one in said if not one.is_public]
    if trusted:
        moved |= {row[0] for row in ws.rows(QUERIES.end_claimed, company_ids=numbers({known[one.key].id for one in trusted}))}
        _write_attributes(ws, known, trusted, claimed=False)
        moved |= _join(ws, known, trusted, claimed=False)
    public = {index: one for index, one in enumerate(said) if one.is_public}
    notes = _record_claims(ws, known, public, moved) if public else []
    after = _read_attributes(ws, ids)
    if changed := [company_id for company_id in after if after[company_id] != before.get(company_id)]:
        moved |= {row[0] for row in ws.rows(QUERIES.note_changed, company_ids=numbers(changed))}
    if moved:
        ws.run(QUERIES.note_people, person_ids=numbers(sorted(moved)))
    return notes


def _read_attributes(ws: Scope, company_ids: str) -> dict[int, dict[str, Any]]:
    return {row[0]: row[1] for row in ws.rows(QUERIES.read_attributes, company_ids=company_ids)}


def mirror(ws: Scope, ch: Client, *, everything: bool = False) -> None:
    """Bring ClickHouse's copy of the workspace's companies up to date. Safe to repeat: the highest version counts there."""
    after = 0
    while rows := ws.rows(QUERIES.read_mirror, after=after, all=everything, limit=MIRROR_ROWS):
        ids, versions, keys, attributes = zip(*rows, strict=True)
        block = Block(len(rows))
        block.numbers("workspace_id", [ws.workspace_id or 0] * len(rows))
        block.texts("key", [key.encode() for key in keys])
        block.numbers("version", versions)
        block.texts("attributes", [text.encode() for text in attributes])
        block.insert(ch, "company")
        ws.run(QUERIES.mark_mirrored, ids=numbers(ids), versions=numbers(versions))
        after = ids[-1]


def _name(ws: Scope, said: Sequence[Said]) -> dict[str, _Known]:
    firsts: dict[str, datetime] = {}
    claimed: dict[str, bool] = {}
    for one in said:
        firsts[one.key] = min(one.at, firsts.get(one.key, one.at))
        claimed[one.key] = claimed.get(one.key, True) and one.is_public
    rows = ws.rows(QUERIES.record_companies, keys=list(firsts), firsts=list(firsts.values()), claimeds=list(claimed.values()))
    return {key: _Known(company_id, is_claimed) for key, company_id, is_claimed in rows}


def _record_claims(ws: Scope, known: dict[str, _Known], public: dict[int, Said], moved: set[int]) -> list[Note]:
    """Take of what public keys said what they may say, add to `moved` who joins; note the rest."""
    vouched = sorted({known[one.key].id for one in public.values()} - {each.id for each in known.values() if each.is_claimed})
    set_before = {(row[0], row[1]): row[2] for row in ws.rows(QUERIES.find_vouched, company_ids=numbers(vouched))} if vouched else {}
    strangers = _find_strangers(ws, known, list(public.values())) if vouched else set()
    notes, taken, joining = [], [], []
    for index, one in public.items():
        company_id = known[one.key].id
        fixed = {name for name in one.attributes if (company_id, name) in set_before}
        refused = sorted(name for name in fixed if one.attributes[name] != set_before[company_id, name])
        reasons = [f"{', '.join(refused)}: set by a server key or an import; a public key may not change it"] if refused else []
        reasons += [NO_ENTRY] if (company_id, one.person_id) in strangers else []
        if reasons:
            notes.append(Note(index, "public_key", "; ".join(reasons)))
        taken.append(replace(one, attributes={name: value for name, value in one.attributes.items() if name not in fixed}))
        if known[one.key].is_claimed:
            joining.append(one)
    _write_attributes(ws, known, taken, claimed=True)
    moved |= _join(ws, known, joining, claimed=True)
    return notes


def _find_strangers(ws: Scope, known: dict[str, _Known], said: Sequence[Said]) -> set[tuple[int, int]]:
    """Return who is named by a public key as in a company that is vouched for, but is not in it."""
    pairs = sorted({(known[one.key].id, one.person_id) for one in said if not known[one.key].is_claimed})
    found = ws.rows(QUERIES.find_members, company_ids=numbers(pair[0] for pair in pairs), person_ids=numbers(pair[1] for pair in pairs))
    return set(pairs).difference((company_id, person_id) for company_id, person_id in found)


def _write_attributes(ws: Scope, known: dict[str, _Known], said: Sequence[Said], *, claimed: bool) -> None:
    last: dict[tuple[int, str], tuple[Any, datetime]] = {}
    for one in sorted(said, key=lambda one: one.at):
        last.update({(known[one.key].id, name): (value, one.at) for name, value in one.attributes.items()})
    if last:
        ws.run(
            QUERIES.record_attributes,
            company_ids=numbers(company_id for company_id, _ in last),
            names=[name for _, name in last],
            values=[msgspec.json.encode(value).decode() for value, _ in last.values()],
            ats=[at for _, at in last.values()],
            claimed=claimed,
        )


def _join(ws: Scope, known: dict[str, _Known], said: Sequence[Said], *, claimed: bool) -> set[int]:
    """Let people be in companies; return those who were not before."""
    since: dict[tuple[int, int], datetime] = {}
    for one in said:
        pair = (known[one.key].id, one.person_id)
        since[pair] = min(one.at, since.get(pair, one.at))
    if not since:
        return set()
    rows = ws.rows(
        QUERIES.join,
        company_ids=numbers(company_id for company_id, _ in since),
        person_ids=numbers(person_id for _, person_id in since),
        sinces=list(since.values()),
        claimed=claimed,
    )
    return {row[0] for row in rows if row[0] is not None}
