"""Writes about messages: plan them, decide about doubtful ones; limits, caps and quiet hours; the built-in mailbox."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.delivery.caps import longest
from hudhud.delivery.outcomes.telling import tell_outcomes as tell_outcomes
from hudhud.delivery.queries import find_caps, find_topics
from hudhud.delivery.rooms import QUERIES as ROOMS
from hudhud.delivery.rooms import forget_rooms as forget_rooms
from hudhud.delivery.types import Reason
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.caps import Cap
    from hudhud.delivery.types import Mailing, PlannedMessage, PlannedSet
    from hudhud.kit.db import Scope
    from hudhud.kit.localtime import ClockTime

QUERIES = sql.load("hudhud.delivery")
# So far the clocks of machines may be from each other without room being overlooked when a cap is set.
CLOCKS_APART = timedelta(minutes=10)
DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


def plan(ws: Scope, rows: Sequence[PlannedMessage], now: datetime) -> list[int]:
    """Insert the rows that are not there yet (same source, step, visit, person and channel); return the new ids."""
    if not rows:
        return []
    made = ws.rows(
        QUERIES.plan_rows,
        now=now,
        source_kinds=[row.source_kind for row in rows],
        source_ids=[row.source_id for row in rows],
        steps=[row.step for row in rows],
        visits=[row.visit for row in rows],
        person_ids=[row.person_id for row in rows],
        channels=[row.channel for row in rows],
        topics=[row.topic for row in rows],
        templates=[row.template for row in rows],
        events=[json.dumps(row.event) for row in rows],
        due_ats=[row.due_at for row in rows],
        expires_ats=[row.expires_at for row in rows],
        priorities=[row.priority for row in rows],
        values=[row.value for row in rows],
    )
    return [row[0] for row in made]


def plan_set(ws: Scope, planned: PlannedSet, now: datetime) -> int:
    """Insert one step's messages for many people in one statement; return how many are new."""
    return ws.run(
        QUERIES.plan_set,
        now=now,
        source_kind=planned.source_kind,
        source_key=planned.source_key,
        step=planned.step,
        channel=planned.channel,
        topic=planned.topic,
        template=planned.template,
        source_ids=sql.numbers(planned.source_ids),
        visits=sql.numbers(planned.visits),
        person_ids=sql.numbers(planned.person_ids),
        events=sql.texts(planned.events),
        givens=sql.texts(planned.givens),
        hours=None if planned.hours is None else msgspec.json.encode(planned.hours).decode(),
        due_at=planned.due_at,
        expires_ats=sql.texts(planned.expires_ats),
        seen_sinces=sql.texts(planned.seen_sinces),
        priority=planned.priority,
        value=planned.value,
    )


def plan_mailing(ws: Scope, mailing: Mailing, now: datetime) -> int:
    """Insert a campaign's messages to many people in one statement; return how many are new."""
    return ws.run(
        QUERIES.plan_mailing,
        now=now,
        campaign_id=mailing.campaign_id,
        source_key=str(mailing.campaign_id),
        step=mailing.step,
        channel=mailing.channel,
        topic=mailing.topic,
        template=mailing.template,
        edition_id=mailing.edition_id,
        person_ids=sql.numbers(mailing.person_ids),
        due_ats=sql.instants(mailing.due_ats),
        due_at=mailing.due_at,
        expires_at=mailing.expires_at,
        seen_since=mailing.seen_since,
    )


def make_edition(ws: Scope, version_id: int, subjects: dict[str, dict[str, Any]] | None, sender_name: str | None) -> int:
    """Keep what a campaign sends: a template's version, with subject lines (and the values they read) and a sender's name of its own; return its id."""
    text = None if subjects is None else json.dumps(subjects)
    return int(ws.value(QUERIES.make_edition, version_id=version_id, subjects=text, sender_name=sender_name))


def end_waiting(ws: Scope, campaign_id: int, step: str, now: datetime, after: int, limit: int) -> int | None:
    """Skip messages of a cancelled campaign that nobody holds, of a page of its people after this one; return the last of these, None: there are no more."""
    last: int | None = ws.value(QUERIES.end_waiting, campaign_id=campaign_id, step=step, now=now, after=after, limit=limit)
    return last


def send_again(ws: Scope, message_id: int, now: datetime) -> None:
    """Send a message that is in doubt once more (same Message-ID); raises `Conflict` when it is not in doubt."""
    if not ws.run(QUERIES.send_again, id=message_id, now=now):
        raise Conflict(f"Message {message_id} is not in doubt.")
    ws.run(QUERIES.ring)


def release(ws: Scope, message_ids: Sequence[int] | None, now: datetime) -> int:
    """Try messages again that could not be written (None: all of them); return how many."""
    count = ws.run(QUERIES.release, ids=None if message_ids is None else sql.numbers(message_ids), now=now)
    ws.run(QUERIES.ring)
    return count


def begin_to_pause(ws: Scope) -> None:
    """Wait for claims and marks that are being made: of a journey or campaign that this transaction pauses nothing is marked after its commit."""
    ws.run(QUERIES.begin_to_pause)


def go_on(ws: Scope, source_kind: str, source_key: str, now: datetime) -> int:
    """Let messages that waited as their journey or campaign was paused be looked at again; return how many. Called in the transaction that ends the pause."""
    # Who claims just now may be about to park some.
    ws.run(ROOMS.change_rules)
    count = ws.run(QUERIES.go_on, source_kind=source_kind, source_key=source_key, now=now)
    ws.run(QUERIES.ring)
    return count


def space_out(ws: Scope, campaign_id: int, pace: timedelta, now: datetime) -> datetime:
    """Let what is overdue of a campaign that was paused leave at its pace again, one mail each `pace`, after what is planned; return when the last one is due."""
    last: datetime = ws.value(QUERIES.space_out, campaign_id=campaign_id, pace=pace, now=now)
    return last


def clear_mailbox(ws: Scope) -> int:
    """Forget all mails of the built-in mailbox; returns how many."""
    return ws.run(QUERIES.clear_mailbox)


def put_limit(ws: Scope, domain: str, per_second: float, burst: float) -> None:
    """Limit the mails a second to a receiving domain; raises `InvalidInput`."""
    normal = domain.strip().lower()
    if not DOMAIN.fullmatch(normal):
        raise InvalidInput("domain", domain, "write it as example.com")
    ws.run(QUERIES.put_limit, domain=normal, per_second=per_second, burst=burst)


def drop_limit(ws: Scope, domain: str) -> None:
    """Forget a domain's limit; raises `NotFound`."""
    if not ws.run(QUERIES.drop_limit, domain=domain.strip().lower()):
        raise NotFound(f"There is no limit for {domain}.")


def add_cap(ws: Scope, cap: Cap, now: datetime) -> int:
    """Let nobody get more than `cap` says from now on, counting what they got before; its `id` is ours to give. Raises `InvalidInput`."""
    _begin_to_change(ws, cap, now)
    cap_id = int(ws.value(ROOMS.add_cap, **_of_cap(cap)))
    _rules_changed(ws, now)
    return cap_id


def change_cap(ws: Scope, cap: Cap, now: datetime) -> None:
    """Let the cap with this id say something else; raises `NotFound`, `InvalidInput`."""
    _begin_to_change(ws, cap, now)
    if not ws.run(ROOMS.change_cap, id=cap.id, **_of_cap(cap)):
        raise NotFound(f"There is no cap {cap.id}.")
    _rules_changed(ws, now)


def drop_cap(ws: Scope, cap_id: int, now: datetime) -> None:
    """Lift a cap; who waited for it looks again. Raises `NotFound`."""
    ws.run(ROOMS.change_rules)
    if not ws.run(ROOMS.drop_cap, id=cap_id):
        raise NotFound(f"There is no cap {cap_id}.")
    _rules_changed(ws, now)


def _of_cap(cap: Cap) -> dict[str, object]:
    fields = {"name": cap.name, "most": cap.most, "amount": cap.amount, "unit": cap.unit.value}
    return {**fields, "channel": cap.channel, "topic": cap.topic}


def _check_cap(ws: Scope, cap: Cap) -> None:
    streams = find_topics(ws)
    if cap.topic is not None and streams.get(cap.topic) != "marketing":
        known = ", ".join(sorted(key for key, stream in streams.items() if stream == "marketing"))
        raise InvalidInput("topic", cap.topic, f"use one of {known}, or null for all together; transactional mail is never held")


def _begin_to_change(ws: Scope, cap: Cap, now: datetime) -> None:
    """Count what was sent as far back as any cap will look while others send; then stop all claims, and count what has left meanwhile."""
    _check_cap(ws, cap)
    ws.run(ROOMS.begin_to_change)
    ws.run(ROOMS.fill_rooms, since=now - longest([*find_caps(ws), cap]))
    ws.run(ROOMS.change_rules)
    ws.run(ROOMS.fill_rooms, since=now - CLOCKS_APART)
    ws.run(ROOMS.fill_rooms_of_claims)


def _rules_changed(ws: Scope, now: datetime) -> None:
    """Let whoever waits for room look again."""
    ws.run(ROOMS.look_again, now=now, reasons=[Reason.CAPPED])
    ws.run(QUERIES.ring)


def put_quiet_hours(ws: Scope, since: ClockTime, until: ClockTime, now: datetime) -> None:
    """Let no marketing leave between these times, where each person lives; raises `InvalidInput` when they are the same."""
    if since == until:
        raise InvalidInput("until", until, "use another time than in `from`; to have no quiet hours, delete them")
    ws.run(ROOMS.change_rules)
    ws.run(ROOMS.put_quiet, since=since, until=until)
    ws.run(ROOMS.look_again, now=now, reasons=[Reason.QUIET_HOURS, Reason.SEND_WINDOW])
    ws.run(QUERIES.ring)


def drop_quiet_hours(ws: Scope, now: datetime) -> None:
    """Have no quiet hours."""
    ws.run(ROOMS.change_rules)
    ws.run(ROOMS.drop_quiet)
    ws.run(ROOMS.look_again, now=now, reasons=[Reason.QUIET_HOURS, Reason.SEND_WINDOW])
    ws.run(QUERIES.ring)
