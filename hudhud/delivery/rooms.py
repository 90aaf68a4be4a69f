"""Rules of workspaces at the claim: caps and quiet hours. Each function is one part of the transaction that claims messages.

A workspace with caps is claimed by one worker at a time, from the look at what has been sent to the commit that notes what will be: so no
two of them find the same room. Its people's due messages are claimed together, so the best goes whatever came first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from hudhud.delivery.caps import Candidate, Room, arbitrate, longest, own_cap, to_cap
from hudhud.delivery.types import Claimed, Reason, Settlement, State
from hudhud.kit import sql
from hudhud.kit.localtime import Hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hudhud.delivery.caps import Cap, Held
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery", "rooms.sql")
# How many due messages of one person and topic compete at once: the best of them, and whatever the chunk holds.
MOST_RIVALS = 20
# Hours of a message and quiet hours are both kept after so many looks, or never: in two weeks each has opened on every weekday twice.
MOST_LOOKS = 64
# When somebody's message is looked at again whose other one is just being looked at.
UNDER_WAY = timedelta(seconds=10)


@dataclass(frozen=True)
class Rules:
    """Caps of the workspaces whose messages are due next."""

    caps: dict[int, list[Cap]] = field(default_factory=dict)


NONE = Rules()


@dataclass(frozen=True)
class Wishes:
    """How often people want to hear from us at most, as caps by person; `busy`: whose messages another claim is looking at."""

    caps: dict[int, Cap] = field(default_factory=dict)
    busy: frozenset[int] = frozenset()


NO_WISHES = Wishes()


def open_rules(everywhere: Scope, limit: int, now: datetime) -> Rules:
    """Read the rules, hold them till the end of the transaction, and take the turns of workspaces that have caps."""
    everywhere.run(QUERIES.hold_rules)
    if not everywhere.value(QUERIES.has_rules):
        return NONE
    rules = Rules()
    for workspace_id, *cap in everywhere.rows(QUERIES.find_rules, limit=limit, now=now):
        rules.caps.setdefault(workspace_id, []).append(to_cap(cap))
    if rules.caps:
        everywhere.run(QUERIES.take_turns, workspace_ids=sql.numbers(rules.caps))
    return rules


def find_due(everywhere: Scope, rules: Rules, limit: int, now: datetime) -> list[int]:
    """Return the next due messages, locked, with those that compete with them for room."""
    workspace_ids = sql.numbers(rules.caps)
    due = [row[0] for row in everywhere.rows(QUERIES.find_due, workspace_ids=workspace_ids, limit=limit, now=now)]
    if due and rules.caps:
        given = {"ids": sql.numbers(due), "workspace_ids": workspace_ids}
        due += [row[0] for row in everywhere.rows(QUERIES.find_rivals, **given, now=now, most=MOST_RIVALS)]
    return due


def find_open(everywhere: Scope, ids: str) -> dict[int, Hours]:
    """Return the hours that are not quiet, by workspace, where these messages' workspaces have such.

    Asked about what was found, not about what was to be found: where others hold the first that are due, those of more workspaces are.
    """
    return {workspace_id: Hours(since=until, until=since) for workspace_id, since, until in everywhere.rows(QUERIES.find_quiet, ids=ids)}


@lru_cache(maxsize=256)
def _hours(text: str) -> Hours:
    return msgspec.json.decode(text, type=Hours)


def open_from(hours: str | None, quiet: Hours | None, zone: str, now: datetime) -> datetime | None:
    """Return when a message may leave: now, or when its own hours and those that are not quiet are next both open. None: they never are."""
    both = [*([_hours(hours)] if hours else []), *([quiet] if quiet else [])]
    moment = now
    for _ in range(MOST_LOOKS):
        later = moment
        for one in both:
            later = max(later, one.spell(later, zone).first)
        if later == moment:
            return moment
        moment = later
    return None


def find_wishes(everywhere: Scope, messages: Sequence[Claimed]) -> Wishes:
    """Return what the people of these messages wish, and take the turns to look at what they have been sent."""
    people = {message.person_id for message in messages if message.stream == "marketing"}
    if not people or not everywhere.value(QUERIES.has_wishes):
        return NO_WISHES
    found = everywhere.rows(QUERIES.find_wishes, person_ids=sql.numbers(people))
    return Wishes(
        {person_id: own_cap(days) for person_id, days, is_ours in found if is_ours},
        frozenset(person_id for person_id, _, is_ours in found if not is_ours),
    )


def hold_busy(wishes: Wishes, messages: Sequence[Claimed], now: datetime) -> list[Settlement]:
    """Return what becomes of messages whose people another claim is looking at: they are looked at again soon."""
    return [
        Settlement(message.id, message.lease_id, State.PLANNED, due_at=now + UNDER_WAY, taken_back=True)
        for message in messages
        if message.person_id in wishes.busy and message.stream == "marketing"
    ]


def _counts(rules: Rules, wishes: Wishes, message: Claimed) -> bool:
    """Say whether a message needs room."""
    return message.stream == "marketing" and (message.workspace_id in rules.caps or message.person_id in wishes.caps)


def hold_capped(everywhere: Scope, rules: Rules, wishes: Wishes, messages: Sequence[Claimed], now: datetime) -> list[Settlement]:
    """Return what becomes of messages for which there is no room, and note what they lost to."""
    by_workspace: dict[int, list[Claimed]] = defaultdict(list)
    for message in messages:
        if _counts(rules, wishes, message):
            by_workspace[message.workspace_id].append(message)
    if not by_workspace:
        return []
    mine = {message.id: message for some in by_workspace.values() for message in some}
    candidates = _find_candidates(everywhere, mine)
    held = [
        one
        for workspace_id, some in by_workspace.items()
        for one in _arbitrate(everywhere, rules.caps.get(workspace_id, []), wishes, [candidates[message.id] for message in some], now)
    ]
    if held:
        _note(everywhere, held, now)
    if lately := [one.message_id for one in candidates.values() if one.held_since] if len(held) < len(mine) else []:
        out = {one.message_id for one in held}
        everywhere.run(QUERIES.end_holds, ids=sql.numbers(one for one in lately if one not in out), now=now)
    return [_settlement(mine[one.message_id], one, now) for one in held]


def _find_candidates(everywhere: Scope, messages: dict[int, Claimed]) -> dict[int, Candidate]:
    rows = everywhere.rows(QUERIES.find_candidates, ids=sql.numbers(messages))
    return {row[0]: Candidate(row[0], messages[row[0]].person_id, *row[1:]) for row in rows}


def _arbitrate(everywhere: Scope, caps: list[Cap], wishes: Wishes, candidates: list[Candidate], now: datetime) -> list[Held]:
    people = {one.person_id for one in candidates}
    own = {person_id: cap for person_id, cap in wishes.caps.items() if person_id in people}
    since = now - longest([*caps, *own.values()])
    rooms = map(Room._make, everywhere.rows(QUERIES.find_rooms, person_ids=sql.numbers(people), since=since))
    mine = {one.message_id for one in candidates}
    return arbitrate(candidates, [room for room in rooms if room.message_id not in mine], caps, now, own)


def _note(everywhere: Scope, held: list[Held], now: datetime) -> None:
    everywhere.run(
        QUERIES.hold,
        ids=sql.numbers(one.message_id for one in held),
        caps=sql.texts(one.cap.name for one in held),
        taken_by=sql.texts(sql.numbers(one.taken_by) for one in held),
        sinces=sql.texts(one.since for one in held),
        room_ats=sql.texts(one.room_at for one in held),
        ended_ats=sql.texts(now if one.is_over(now) else None for one in held),
    )


def _settlement(message: Claimed, held: Held, now: datetime) -> Settlement:
    if held.is_over(now):
        return Settlement(message.id, message.lease_id, State.SKIPPED, Reason.CAPPED)
    return Settlement(message.id, message.lease_id, State.PLANNED, Reason.CAPPED, due_at=held.again_at(), taken_back=True)


def take_rooms(everywhere: Scope, rules: Rules, wishes: Wishes, messages: Sequence[Claimed], now: datetime) -> None:
    """Note that these messages take room, where there are caps."""
    taking = [message for message in messages if _counts(rules, wishes, message)]
    if taking:
        ids, people = sql.numbers(message.id for message in taking), sql.numbers(message.person_id for message in taking)
        everywhere.run(QUERIES.take_rooms, ids=ids, person_ids=people, now=now)


def take_turns_to_free(everywhere: Scope, ids: Iterable[int]) -> None:
    """Take the turns of workspaces in which these messages, that are about to end, have room; before any of them is locked."""
    everywhere.run(QUERIES.take_turns_to_free, ids=sql.numbers(ids))


def end_expired(everywhere: Scope, ids: Sequence[int], now: datetime) -> set[int]:
    """Return which of these messages, that have expired, were waiting for room: a cap is why nobody gets them."""
    return {row[0] for row in everywhere.rows(QUERIES.end_holds, ids=sql.numbers(ids), now=now)} if ids else set()


def forget_rooms(everywhere: Scope, now: datetime, limit: int) -> int:
    """Forget room that no cap looks back to any more, while none is changed; return how much was forgotten."""
    everywhere.run(QUERIES.begin_to_forget)
    return everywhere.run(QUERIES.forget_rooms, now=now, limit=limit)
