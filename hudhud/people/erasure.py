"""Erasing one person (GDPR Art. 17) in steps that each are one transaction, and keeping out what comes in about them afterwards.

asked → forgotten → scrubbed → finished. Asking blocks mail and hides them at once. *Forgetting* (as soon as the batches that were
open then are closed) blanks the person and all that hangs on them in PostgreSQL. *Scrubbing* (as soon as nothing about them is on
its way through another process) goes through logs, mails and ClickHouse. Each step may be repeated. What stays: numbers without a
name, so that totals keep adding up, and keyed hashes of what they were known by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.kit import sql
from hudhud.kit.failpoint import reach
from hudhud.kit.sql import numbers
from hudhud.people.mentions import Mentions
from hudhud.people.types import ADDRESS_NAMESPACES, Erasure, Identifier, PersonNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope
    from hudhud.kit.sql import Query

QUERIES = sql.load("hudhud.people", "erasure.sql")
PEOPLE = sql.load("hudhud.people")
PURPOSE = "erased"
PAGE = 5_000
# Tables of ClickHouse that name an actor, and which rows of theirs go. Of `person` the newest row stays: it says that they are gone.
EVENTS = (
    ("event", "actor_id IN {actors:Array(UInt64)}"),
    ("person_event", "actor_id IN {actors:Array(UInt64)}"),
    ("person", "person_id IN {actors:Array(UInt64)} AND NOT (gone = 1 AND empty(JSONAllPaths(attributes)))"),
)


class Open(msgspec.Struct, frozen=True):
    """An erasure that is under way."""

    id: int
    workspace_id: int
    person_id: int
    step: str


def hash_of(keys: Keys, identifier: Identifier) -> bytes:
    """Return what is kept of an identifier: only the key's owner can tell whether another one is the same."""
    namespace, value = identifier
    return keys.keyed_hash(PURPOSE, f"{namespace}\0{value.lower() if namespace in ADDRESS_NAMESPACES else value}")


def ask(ws: Scope, keys: Keys, person_id: int, now: datetime, by: str) -> Erasure:
    """Begin to erase a person and everybody merged into them; from the commit on no mail leaves and no list shows them. Raises `PersonNotFound`."""
    ws.run(PEOPLE.lock)
    subject, actors = _find_subject(ws, person_id)
    known = find_known(ws, actors)
    ws.run(QUERIES.mark_erased, actors=numbers(actors), now=now)
    ws.run(QUERIES.lock_lanes)
    erasure_id = ws.value(QUERIES.ask, person_id=subject, actors=numbers(actors), now=now, by=by)
    if erasure_id is not None:
        ws.run(QUERIES.keep_hashes, erasure_id=erasure_id, hashes=[hash_of(keys, one) for one in known])
        record_audit(ws, now, by, "person.erase", f"person:{subject}")
        ws.run(QUERIES.tell)
    return find_erasures(ws, person_id=subject)[0]


def _find_subject(ws: Scope, person_id: int) -> tuple[int, list[int]]:
    found = ws.rows(QUERIES.find_subject, person_id=person_id)
    if not found:
        raise PersonNotFound
    return found[0][0], found[0][1]


def find_known(ws: Scope, actors: Sequence[int]) -> list[Identifier]:
    """Return what these actors are or were known by."""
    return [(row[0], row[1]) for row in ws.rows(QUERIES.find_known, actors=numbers(actors))]


def find_erasures(ws: Scope, *, person_id: int | None = None, after: int | None = None, limit: int = 50) -> list[Erasure]:
    """A page of erasures, newest first, with how far each has come; or those of one person."""
    return ws.into(Erasure, QUERIES.find_erasures, person_id=person_id, after=after, limit=limit)


def find_open(everywhere: Scope, limit: int = 1_000) -> list[Open]:
    """Return erasures that are under way, oldest first."""
    return [Open(*row) for row in everywhere.rows(QUERIES.find_open, limit=limit)]


def forget(ws: Scope, keys: Keys, erasure_id: int, now: datetime) -> bool:
    """Blank the person in PostgreSQL, unless a batch from before is still open (then False). One transaction."""
    job = ws.one(QUERIES.take, erasure_id=erasure_id, step="asked")
    if job is None or ws.value(QUERIES.has_earlier_batches, erasure_id=erasure_id):
        return False
    ws.run(PEOPLE.lock)
    # Asked anew: a batch that was open then may have merged them.
    _, actors = _find_subject(ws, job["person_id"])
    known = find_known(ws, actors)
    addresses = [one for one in known if one[0] in ADDRESS_NAMESPACES]
    ws.run(QUERIES.keep_hashes, erasure_id=erasure_id, hashes=[hash_of(keys, one) for one in known])
    ws.run(QUERIES.remove_suppressions, channels=[channel for channel, _ in addresses], addresses=[value for _, value in addresses])
    _run_all(ws, FORGET, actors, now)
    ws.run(QUERIES.lock_lanes)
    ws.run(QUERIES.set_forgotten, erasure_id=erasure_id, actors=numbers(actors), known=["\n".join(one) for one in known])
    reach("erasure.forgetting")
    return True


FORGET: tuple[Query, ...] = (
    QUERIES.remove_identifiers,
    QUERIES.remove_duplicate_keys,
    QUERIES.remove_subscriptions,
    QUERIES.blank_consent,
    QUERIES.remove_preferences,
    QUERIES.remove_merges,
    QUERIES.remove_changes,
    QUERIES.remove_hours,
    QUERIES.count_left,
    QUERIES.remove_runs,
    QUERIES.remove_rehearsals,
    QUERIES.skip_messages,
    QUERIES.remove_deliveries,
    QUERIES.remove_requests,
    QUERIES.release_coupons,
    QUERIES.blank_people,
)
# Again: a process that held one of their rows may have written since.
AGAIN: tuple[Query, ...] = (
    QUERIES.remove_identifiers,
    QUERIES.remove_duplicate_keys,
    QUERIES.remove_changes,
    QUERIES.remove_hours,
    QUERIES.blank_consent,
    QUERIES.count_left,
    QUERIES.remove_runs,
    QUERIES.remove_rehearsals,
    QUERIES.skip_messages,
    QUERIES.remove_deliveries,
    QUERIES.remove_requests,
    QUERIES.release_coupons,
)


def _run_all(ws: Scope, queries: Iterable[Query], actors: Sequence[int], now: datetime) -> None:
    for query in queries:
        ws.run(query, actors=numbers(actors), now=now)


def scrub(ws: Scope, ch: Client, erasure_ids: Sequence[int], now: datetime) -> list[int]:
    """Go through logs and mails for erasures of which nothing is on its way any more; returns which. One transaction, before that of `remove`."""
    ready = _take_ready(ws, erasure_ids)
    if not ready:
        return []
    actors = _actors(ready)
    known = [_split(one) for job in ready.values() for one in job["known"]]
    _run_all(ws, AGAIN, actors, now)
    _scrub_messages(ws, actors, [value.lower() for namespace, value in known if namespace == "email"])
    _scrub_logs(ws, Mentions(known))
    # Durable before the events go: they tell which samples may be of theirs.
    ws.run(QUERIES.remove_samples, names=_find_event_names(ch, ws.workspace_id or 0, actors))
    reach("erasure.scrubbing")
    return list(ready)


def remove(ws: Scope, ch: Client, erasure_ids: Sequence[int]) -> None:
    """Remove the events of erasures that are scrubbed, and what their logs were searched for. One transaction."""
    ready = _take_ready(ws, erasure_ids)
    if ready:
        remove_events(ch, ws.workspace_id or 0, _actors(ready))
        reach("erasure.removed")
        for erasure_id in ready:
            ws.run(QUERIES.set_scrubbed, erasure_id=erasure_id)


def find_actors(ws: Scope, erasure_ids: Sequence[int]) -> list[int]:
    """Return everybody who these erasures are about."""
    return [row[0] for row in ws.rows(QUERIES.find_actors, ids=numbers(erasure_ids))]


def find_erased(ws: Scope) -> list[int]:
    """Return everybody whose events an erasure has removed."""
    return [row[0] for row in ws.rows(QUERIES.find_erased)]


def _take_ready(ws: Scope, erasure_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    ready = {}
    for erasure_id in erasure_ids:
        job = ws.one(QUERIES.take, erasure_id=erasure_id, step="forgotten")
        if job is not None and not ws.value(QUERIES.is_in_flight, txid=job["txid"], actors=numbers(job["actor_ids"])):
            ready[erasure_id] = job
    return ready


def _actors(jobs: dict[int, dict[str, Any]]) -> list[int]:
    return sorted({actor for job in jobs.values() for actor in job["actor_ids"]})


def _split(text: str) -> Identifier:
    namespace, _, value = text.partition("\n")
    return namespace, value


def _scrub_messages(ws: Scope, actors: Sequence[int], addresses: list[str]) -> None:
    messages = numbers(row[0] for row in ws.rows(QUERIES.find_messages, actors=numbers(actors)))
    ws.run(QUERIES.blank_messages, messages=messages)
    ws.run(QUERIES.remove_mails, messages=messages, addresses=addresses)
    ws.run(QUERIES.remove_reports, addresses=addresses)


def _scrub_logs(ws: Scope, mentions: Mentions) -> None:
    """Remove refused messages, lines of files and bodies of webhooks that speak of them; blank what else names an address of theirs: the audit log, senders' troubles."""
    for page in find_pages(ws, QUERIES.read_rejects):
        ws.run(QUERIES.remove_rejects, ids=numbers(row_id for row_id, body in page if mentions.in_message(bytes(body))))
    for page in find_pages(ws, QUERIES.read_refused_lines, "(0,0)"):
        ws.run(QUERIES.remove_refused_lines, places=[place for place, body in page if mentions.in_line(bytes(body))])
    for page in find_pages(ws, QUERIES.read_hook_bodies):
        ws.run(QUERIES.remove_hook_bodies, ids=numbers(row_id for row_id, body in page if mentions.in_foreign(bytes(body))))
    for page in find_pages(ws, QUERIES.read_report_bodies):
        ws.run(QUERIES.remove_report_bodies, ids=numbers(row_id for row_id, body in page if mentions.in_foreign(bytes(body))))
    for page in find_pages(ws, QUERIES.read_troubles):
        ws.run(QUERIES.blank_troubles, ids=numbers(row_id for row_id, text in page if mentions.in_text(text)))
    for page in find_pages(ws, QUERIES.read_audit):
        ws.run(QUERIES.blank_audit, ids=numbers(row_id for row_id, text in page if mentions.in_text(text)))


def find_pages(ws: Scope, query: Query, after: object = 0) -> Iterable[Sequence[tuple[Any, ...]]]:
    """Yield the pages of a query that is read by its first column."""
    while page := ws.rows(query, after=after, limit=PAGE):
        yield page
        after = page[-1][0]


def _find_event_names(ch: Client, workspace_id: int, actors: Sequence[int]) -> list[str]:
    query = "SELECT DISTINCT name FROM person_event WHERE workspace_id = {workspace_id:UInt64} AND actor_id IN {actors:Array(UInt64)}"
    return [row[0] for row in ch.query(query, parameters={"workspace_id": workspace_id, "actors": list(actors)}).result_rows]


def remove_events(ch: Client, workspace_id: int, actors: Sequence[int]) -> None:
    """Rewrite ClickHouse's parts without these actors, and wait for it: a mutation, because a mark on a row would leave it readable on disk."""
    for table, which in EVENTS:
        ch.command(
            f"ALTER TABLE {table} DELETE WHERE workspace_id = {{workspace_id:UInt64}} AND {which}",
            parameters={"workspace_id": workspace_id, "actors": list(actors)},
            settings={"mutations_sync": 2},
        )


def finish(ws: Scope, ch: Client, erasure_id: int, now: datetime) -> bool:
    """Close an erasure when ClickHouse has removed the files that it rewrote (some eight minutes later), else return False."""
    job = ws.one(QUERIES.take, erasure_id=erasure_id, step="scrubbed")
    if job is None or has_old_parts(ch, job["scrubbed_at"]):
        return False
    ws.run(QUERIES.set_finished, erasure_id=erasure_id, now=now)
    return True


def has_old_parts(ch: Client, since: datetime) -> bool:
    """Say whether ClickHouse still holds files that were replaced before this instant (its own clock)."""
    tables = [table for table, _ in EVENTS]
    query = (
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active"
        " AND table IN {tables:Array(String)} AND toUnixTimestamp(remove_time) <= {since:Int64}"
    )
    return bool(ch.query(query, parameters={"tables": tables, "since": int(since.timestamp())}).result_rows[0][0])
