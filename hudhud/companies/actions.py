"""Writes about companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.companies.types import Said
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.companies")


def record(ws: Scope, said: Sequence[Said]) -> None:
    """Make and change companies, and let people join, by what was said about them. Repeating it changes nothing.

    Of each attribute that counts which was said last, whatever order it comes in.
    """
    if not said:
        return
    firsts: dict[str, datetime] = {}
    for one in said:
        firsts[one.key] = min(one.at, firsts.get(one.key, one.at))
    ids = dict(ws.rows(QUERIES.record_companies, keys=list(firsts), firsts=list(firsts.values())))
    _record_attributes(ws, ids, said)
    since: dict[tuple[int, int], datetime] = {}
    for one in said:
        pair = (ids[one.key], one.person_id)
        since[pair] = min(one.at, since.get(pair, one.at))
    ws.run(
        QUERIES.join,
        company_ids=numbers(company_id for company_id, _ in since),
        person_ids=numbers(person_id for _, person_id in since),
        sinces=list(since.values()),
    )


def _record_attributes(ws: Scope, ids: dict[str, int], said: Sequence[Said]) -> None:
    last: dict[tuple[int, str], tuple[Any, datetime]] = {}
    for one in sorted(said, key=lambda one: one.at):
        last.update({(ids[one.key], name): (value, one.at) for name, value in one.attributes.items()})
    if last:
        ws.run(
            QUERIES.record_attributes,
            company_ids=numbers(company_id for company_id, _ in last),
            names=[name for _, name in last],
            values=[msgspec.json.encode(value).decode() for value, _ in last.values()],
            ats=[at for _, at in last.values()],
        )
