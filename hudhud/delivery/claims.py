"""A worker's hold on messages: claim with the consent gate, mark, settle, renew, reap. Each function is one part of one transaction."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from hudhud.delivery import flight, rooms
from hudhud.delivery.flight import Far
from hudhud.delivery.outcomes.bounced import is_refusal, refuse
from hudhud.delivery.retry import MOST_ATTEMPTS
from hudhud.delivery.senders import choosing
from hudhud.delivery.types import PARKED, Chunk, Claimed, Mark, Reason, Settlement, State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from hudhud.delivery.lineup import Backlog
    from hudhud.kit.db import Scope
    from hudhud.kit.localtime import Hours

QUERIES = sql.load("hudhud.delivery")
LEASE_S = 30.0
RENEW_EVERY_S = 3.0
# How every transaction here begins: messages are reached one by one through their key, whatever the planner believes about a table
# that is young or huge.
STEADY = ("enable_mergejoin = off", "enable_seqscan = off", "plan_cache_mode = force_generic_plan")
# A lease that was not renewed for so long, and whose worker has no database session, is given up early.
SILENCE_S = 8.0
LONGEST_WAIT_S = 60.0
# Until it is known what has become of another mail of the same template to the same person.
UNDER_WAY = timedelta(seconds=10)
NOTHING_FULL: Mapping[int, Backlog] = {}
# States of messages that were not sent after all.
FREEING = frozenset({State.REJECTED, State.SKIPPED})
# The members of an object, each left as JSON.
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_roots = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]]).decode


class Stuck(Exception):
    """These messages could not be claimed together: with one of them something is wrong."""

    def __init__(self, ids: list[int]) -> None:
        """Remember which."""
        super().__init__(f"messages {ids[:5]}")
        self.ids = ids


def claim(
    everywhere: Scope, worker: str, limit: int, now: datetime, lease_s: float = LEASE_S, full: Mapping[int, Backlog] = NOTHING_FULL
) -> Chunk | None:
    """Take up to `limit` due messages; those that the gate refuses are skipped with their reason, at once. Raises `Stuck`.

    The moment when a message is taken is the one that counts for its hours and for caps; it leaves within the lease. `full`: senders that have enough to do.
    """
    rules = rooms.open_rules(everywhere, limit, now)
    if rules is rooms.NONE:
        due = [row[0] for row in everywhere.rows(QUERIES.find_due, now=now, limit=limit)]
    else:
        due = rooms.find_due(everywhere, rules, limit, now)
    if not due:
        return None
    try:
        return _claim(everywhere, rules, due, worker, now, lease_s, full, is_full=len(due) >= limit)
    except (psycopg.OperationalError, PoolTimeout):
        raise
    except Exception as error:
        raise Stuck(due) from error


def _claim(
    everywhere: Scope,
    rules: rooms.Rules,
    due: list[int],
    worker: str,
    now: datetime,
    lease_s: float,
    full: Mapping[int, Backlog],
    *,
    is_full: bool,
) -> Chunk:
    ids = sql.numbers(due)
    lease_id = everywhere.value(QUERIES.lease, worker=worker, seconds=lease_s, ids=ids)
    everywhere.run(QUERIES.claim, ids=ids, lease_id=lease_id, now=now)
    quiet = {} if rules is rooms.NONE else rooms.find_open(everywhere, ids)
    passed, refused, asking = _ask_gate(everywhere, ids, lease_id, quiet, now)
    if asking:
        seen = _ask_who_has_seen(everywhere, asking, lease_id, now)
        passed, refused = _without(passed, seen), [*refused, *seen]
    wishes = rooms.find_wishes(everywhere, passed)
    if rules.caps or wishes.caps:
        # What is refused gives its room back before it is asked who has some.
        _write(everywhere, refused, worker, now)
    busy = rooms.hold_busy(wishes, passed, now) if wishes.busy else []
    held = [*busy, *rooms.hold_capped(everywhere, rules, wishes, _without(passed, busy), now)]
    passed = _without(passed, held)
    rooms.take_rooms(everywhere, rules, wishes, passed, now)
    choice = choosing.choose(everywhere, passed, now, full)
    over = _over_limit(everywhere, choice.messages, now)
    passed, waiting = _without(choice.messages, over), [*choice.waiting, *over]
    _write(everywhere, [*([] if rules.caps or wishes.caps else refused), *held, *waiting], worker, now)
    skipped = sum(one.state is State.SKIPPED for one in (*refused, *held))
    return Chunk(lease_id, passed, skipped, is_full, choice.ways)


def _without(messages: list[Claimed], settlements: list[Settlement]) -> list[Claimed]:
    out = {settlement.id for settlement in settlements}
    return [message for message in messages if message.id not in out] if out else messages


def _ask_gate(
    everywhere: Scope, ids: str, lease_id: int, quiet: dict[int, Hours], now: datetime
) -> tuple[list[Claimed], list[Settlement], dict[int, datetime]]:
    """Return the messages that may go as far as consent and hours go, what becomes of the others, and since when nobody may have got which."""
    passed, refused, expired, asking = [], [], [], {}
    open_from = cache(partial(rooms.open_from, now=now))
    for row in everywhere.rows(QUERIES.gate, ids=ids, now=now, quiet=sql.numbers(quiet)):
        reason, later = row[-1], now
        if not reason and row[16] is not None:
            opens = open_from(row[15], quiet.get(row[1]) if row[6] == "marketing" else None, row[16])
            reason, later = ("", opens) if opens else (Reason.QUIET_HOURS, now)
        if reason == Reason.EXPIRED:
            expired.append(row[0])
        elif reason in PARKED:
            # Without a moment: nobody looks at it again before the journey or the campaign goes on.
            refused.append(Settlement(row[0], lease_id, State.PLANNED, reason, taken_back=True))
        elif reason:
            refused.append(Settlement(row[0], lease_id, State.SKIPPED, reason))
        elif later > now:
            refused.append(
                Settlement(row[0], lease_id, State.PLANNED, _put_off(open_from, row[15], row[16], now), due_at=later, taken_back=True)
            )
        else:
            read = [_members(row[13]), _members(row[14]), _roots(row[17] or "{}")]
            passed.append(Claimed(*row[:13], *read, *row[19:22]))
            if row[18] is not None:
                asking[row[0]] = row[18]
    capped = rooms.end_expired(everywhere, expired, now)
    refused += [Settlement(one, lease_id, State.SKIPPED, Reason.CAPPED if one in capped else Reason.EXPIRED) for one in expired]
    return passed, refused, asking


def _ask_who_has_seen(everywhere: Scope, asking: dict[int, datetime], lease_id: int, now: datetime) -> list[Settlement]:
    """Return what becomes of messages whose people have got their template; where they are just getting it, it is asked again."""
    ids = sql.numbers(asking)
    everywhere.run(QUERIES.take_turns_to_ask, ids=ids)
    return [
        Settlement(message_id, lease_id, State.SKIPPED, Reason.ALREADY_SEEN)
        if has_got
        else Settlement(message_id, lease_id, State.PLANNED, due_at=now + UNDER_WAY, taken_back=True)
        for message_id, has_got in everywhere.rows(QUERIES.find_seen, ids=ids, sinces=sql.instants(asking.values()))
    ]


def _put_off(open_from: Callable[..., datetime | None], hours: str | None, zone: str, now: datetime) -> Reason:
    """Name what is closed now: the message's own hours, or the workspace's quiet ones."""
    return Reason.QUIET_HOURS if hours is None or open_from(hours, None, zone) == now else Reason.SEND_WINDOW


def _over_limit(everywhere: Scope, messages: list[Claimed], now: datetime) -> list[Settlement]:
    """Take a token for each message to a domain that has a limit; what is left without one waits its turn."""
    wanted = Counter(map(_place, messages))
    if not wanted:
        return []
    places = {"workspace_ids": sorted({workspace_id for workspace_id, _ in wanted}), "domains": sorted({domain for _, domain in wanted})}
    buckets = {
        (workspace_id, domain): (tokens, rate) for workspace_id, domain, tokens, rate in everywhere.rows(QUERIES.fill_tokens, **places)
    }
    granted = {place: min(wanted[place], max(0, int(tokens))) for place, (tokens, _) in buckets.items()}
    if not granted:
        return []
    everywhere.run(
        QUERIES.take_tokens,
        workspace_ids=[workspace_id for workspace_id, _ in granted],
        domains=[domain for _, domain in granted],
        counts=[float(count) for count in granted.values()],
    )
    seen: Counter[tuple[int, str]] = Counter()
    waiting = []
    for message in messages:
        place = _place(message)
        seen[place] += 1
        if place in granted and seen[place] > granted[place]:
            wait_s = min((seen[place] - granted[place]) / buckets[place][1], LONGEST_WAIT_S)
            due_at = now + timedelta(seconds=wait_s)
            waiting.append(
                Settlement(message.id, message.lease_id, State.PLANNED, due_at=due_at, taken_back=True, sender_id=message.sender_id)
            )
    return waiting


def _place(message: Claimed) -> tuple[int, str]:
    return message.workspace_id, message.address.rpartition("@")[2].lower()


def mark(everywhere: Scope, marks: Sequence[Mark], now: datetime) -> dict[tuple[int, int], str | None]:
    """Mark messages as being handed over; answers by (message, lease).

    None = go ahead; a reason = the gate refuses now; "lost" = no longer ours, or to be written anew.
    """
    left = everywhere.rows(
        QUERIES.mark,
        now=now,
        ids=sql.numbers([one.id for one in marks]),
        leases=sql.numbers([one.lease_id for one in marks]),
        addresses=sql.texts([one.address for one in marks]),
        versions=sql.numbers([one.version_id for one in marks]),
        languages=sql.texts([one.language for one in marks]),
        facts=sql.texts([one.facts for one in marks]),
        links=sql.texts(["\n".join(one.links) for one in marks]),
        senders=sql.numbers([one.sender_id for one in marks]),
    )
    verdicts: dict[tuple[int, int], str | None] = dict.fromkeys([(one.id, one.lease_id) for one in marks])
    return verdicts | {(message_id, lease_id): reason or "lost" for message_id, lease_id, reason in left}


def settle(everywhere: Scope, settlements: Sequence[Settlement], worker: str, now: datetime) -> int:
    """Write what became of messages; what refused addresses for good has its effect in the same transaction. Returns how many counted."""
    if over := [one.id for one in settlements if one.state in FREEING]:
        rooms.take_turns_to_free(everywhere, over)
    return _write(everywhere, settlements, worker, now)


def _write(everywhere: Scope, settlements: Sequence[Settlement], worker: str, now: datetime) -> int:
    if not settlements:
        return 0
    refused = {one.id: one for one in settlements if is_refusal(one)}
    taken = choosing.find_taken(everywhere, settlements)
    rows = everywhere.rows(
        QUERIES.settle,
        now=now,
        worker=worker,
        ids=sql.numbers([one.id for one in settlements]),
        leases=sql.numbers([one.lease_id for one in settlements]),
        states=sql.texts([one.state.value for one in settlements]),
        reasons=sql.texts([one.reason for one in settlements]),
        codes=sql.texts([one.code for one in settlements]),
        replies=sql.texts([one.reply for one in settlements]),
        due_ats=sql.texts([one.due_at for one in settlements]),
        taken_back=sql.numbers([int(one.taken_back) for one in settlements]),
        addresses=sql.texts([one.address for one in settlements]),
        bounced=sql.numbers(refused),
    )
    written = int(rows[0][0])
    choosing.give_back(everywhere, taken)
    if refused:
        refuse(everywhere, [row[1:] for row in rows if row[1] is not None], refused, now)
    return written


def renew(everywhere: Scope, leases: Sequence[int], lease_s: float = LEASE_S) -> set[int]:
    """Keep leases alive; returns those that still are ours."""
    return {row[0] for row in everywhere.rows(QUERIES.renew, leases=list(leases), seconds=lease_s)}


def give_back(everywhere: Scope, leases: Sequence[int]) -> None:
    """End leases whose messages are all settled."""
    everywhere.run(QUERIES.give_back, leases=list(leases))


def reap(everywhere: Scope, now: datetime, data: Path) -> int:
    """Take back what lost workers held, as far as their flight records in `data` tell how far it came; returns how many leases ended."""
    ended = everywhere.rows(QUERIES.find_ended, quiet_seconds=LEASE_S - SILENCE_S)
    if ended:
        rooms.take_turns_to_free(everywhere, (message_id for _, _, ids in ended for message_id in ids))
    for lease_id, worker, ids in ended:
        record = flight.read(data, worker)
        came = {message_id: far for (message_id, lease), far in (record or {}).items() if lease == lease_id}
        everywhere.run(
            QUERIES.reap,
            lease_id=lease_id,
            ids=ids,
            is_known=record is not None,
            left=[message_id for message_id, far in came.items() if far is Far.LEFT],
            accepted=[message_id for message_id, far in came.items() if far is Far.ACCEPTED],
            now=now,
            most=MOST_ATTEMPTS,
        )
    return len(ended)


def set_aside(everywhere: Scope, message_id: int, detail: str, worker: str, now: datetime) -> None:
    """Let a message with which something is wrong wait for a person; the others go on."""
    everywhere.run(QUERIES.set_aside, id=message_id, detail=detail[:500], worker=worker, now=now)


def find_holders(everywhere: Scope) -> set[str]:
    """Return the workers that hold leases."""
    return {row[0] for row in everywhere.rows(QUERIES.find_holders)}
