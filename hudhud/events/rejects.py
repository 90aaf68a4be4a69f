"""Rejects: what was refused, kept with its reason; sent again once the cause is cured, each once; forgotten after a while."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hudhud.events.errors import NotFoundReject
from hudhud.events.log import append_rows
from hudhud.events.types import Message, Reason, Refusal, Row, check_name, check_text, lane_of, name_of, parse, person_key
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")
PAGE = 500
# So many are sent again by one request.
MOST = 10_000
KEEP = timedelta(days=90)
# Of one workspace. What goes when there are more leaves some room, so that not every message moves another one out.
MOST_BYTES, KEPT_BYTES = 256 * 1024 * 1024, 224 * 1024 * 1024
# Of these nothing was taken, and their message_id is free: sent again they count as if they came for the first time.
WHOLE = frozenset({Reason.INVALID, Reason.SCHEMA, Reason.POISON, Reason.RESERVED, Reason.NOT_ALLOWED, Reason.ADDRESSES})
# Of these the rest was taken. As they are they would be repeats without effect: somebody has to say what should have been sent.
TAKEN = frozenset(
    {Reason.INVALID_IDENTIFIER, Reason.IDENTIFIER_TAKEN, Reason.PUBLIC_KEY, Reason.FUTURE, Reason.UNSTORABLE, Reason.UNDECIDED}
)


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of all rejects of one reason: sent again, or still wrong; `left`: ask once more."""

    sent: int = 0
    still_wrong: int = 0
    left: bool = False


def refuse(scope: Scope, refusals: Sequence[Refusal], now: datetime) -> None:
    """Keep refused messages with their reasons."""
    if refusals:
        scope.run(
            QUERIES.refuse_rows,
            now=now,
            workspace_ids=[refusal.workspace_id for refusal in refusals],
            sources=[refusal.source for refusal in refusals],
            reasons=[str(refusal.reason) for refusal in refusals],
            details=[refusal.detail for refusal in refusals],
            bodies=[refusal.body for refusal in refusals],
            intake_ids=[refusal.intake_id for refusal in refusals],
        )


def resubmit(ws: Scope, reject_id: int, body: bytes | None, now: datetime) -> None:
    """Send a refused message again, corrected when `body` is given; raises what is still wrong with it, or `NotFoundReject`."""
    found = ws.one(QUERIES.lock_reject, reject_id=reject_id)
    if found is None:
        raise NotFoundReject
    row = _row(ws, Reason(found["reason"]), found["source"], bytes(found["body"]), body)
    ws.run(QUERIES.mark_resubmitted, ids=sql.numbers([reject_id]), now=now)
    append_rows(ws, [row], now)


def resubmit_all(ws: Scope, reason: Reason, now: datetime) -> Resent:
    """Send every message refused for this reason again, as it was; what is still wrong stays where it is. Raises `InvalidInput`."""
    if reason in TAKEN:
        raise InvalidInput("reason", str(reason), "correct these one by one: as they are they were taken already")
    after = sent = wrong = 0
    while sent + wrong < MOST:
        page = ws.rows(QUERIES.lock_rejects, reason=str(reason), after=after, limit=PAGE)
        good: dict[int, Row] = {}
        for reject_id, source, body in page:
            try:
                good[reject_id] = _row(ws, reason, source, bytes(body), None)
            except HudhudError:
                wrong += 1
        ws.run(QUERIES.mark_resubmitted, ids=sql.numbers(good), now=now)
        append_rows(ws, list(good.values()), now)
        sent += len(good)
        if len(page) < PAGE:
            return Resent(sent, wrong)
        after = page[-1][0]
    return Resent(sent, wrong, left=True)


def _row(ws: Scope, reason: Reason, source: str, kept: bytes, corrected: bytes | None) -> Row:
    """Return what goes back into the log; raises what is still wrong with it."""
    if corrected is None and reason in TAKEN:
        raise InvalidInput("message", None, "send it corrected: as it is it was taken already")
    raw = kept if corrected is None else corrected
    check_text(raw)
    message = parse(raw)
    check_name(name_of(message))
    if corrected is None and reason is Reason.CONSENT_REFUSED:
        raw = _only_consent(message)
    if message.message_id is None or reason not in WHOLE:
        raw = raw.rstrip()[:-1] + b',"messageId":"%s"}' % uuid.uuid4().hex.encode()
    return Row(ws.workspace_id or 0, lane_of(person_key(message)), source, raw)


def _only_consent(message: Message) -> bytes:
    """Return the message with nothing but what it says about subscriptions: the rest was taken, and may have changed since."""
    traits = msgspec.json.decode(message.traits)
    said = {name: traits[name] for name in ("email", "subscriptions") if name in traits}
    if message.user_id or message.anonymous_id:
        said.pop("email", None)
    whole = {
        "type": "identify",
        "userId": message.user_id,
        "anonymousId": message.anonymous_id,
        "timestamp": message.timestamp or message.original_timestamp,
        "traits": said,
    }
    return msgspec.json.encode({name: value for name, value in whole.items() if value is not None})


def forget_old(everywhere: Scope, now: datetime, limit: int = 10_000) -> int:
    """Delete rejects that nobody has cared for in a long time; return how many."""
    return everywhere.run(QUERIES.forget_old_rejects, before=now - KEEP, limit=limit)


def is_crowded(everywhere: Scope) -> int:
    """Return what rejects take on disk where that may be too much, else 0: cheap to ask."""
    size = int(everywhere.value(QUERIES.size_of_rejects))
    return size if size > MOST_BYTES else 0


def drop_oldest(everywhere: Scope, now: datetime) -> int:
    """Drop the oldest rejects of workspaces that have too many of them, and count them there; return how many workspaces that are."""
    crowded = [row[0] for row in everywhere.rows(QUERIES.find_crowded, most=MOST_BYTES)]
    for workspace_id in crowded:
        with everywhere.within(workspace_id) as ws:
            ws.run(QUERIES.drop_oldest_rejects, kept=KEPT_BYTES, now=now)
    return len(crowded)
