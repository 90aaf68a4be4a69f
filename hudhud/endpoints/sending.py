"""Attempts: leasing what is due, judging what came of it, and what follows for the delivery and its endpoint.

A lease is claimed in one transaction, the request is made outside of any, its result recorded in another, where the fence is still
ours. Who dies in between leaves the delivery to the next, who sends the same body under the same id.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from cryptography.fernet import InvalidToken

from hudhud.accounts.actions import record_audit
from hudhud.endpoints.signing import headers
from hudhud.endpoints.types import JITTER, LONGEST_HOLD, PATIENCE, REPLY_BYTES, SCHEDULE, STUBBORN, DeliveryState
from hudhud.kit import sql
from hudhud.kit.egress import Failed
from hudhud.kit.errors import HudhudError
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope
    from hudhud.kit.egress import Answer, Egress

QUERIES = sql.load("hudhud.endpoints", "sending.sql")
PURPOSE = "endpoint"
# At one endpoint at once; over all, a process may have more on their way (workers/endpoints.py).
EACH = 4
LEASE_S = 60.0
# Answers that may say how long to wait, and those that mean the endpoint as a whole.
MAY_SAY_WHEN = {429, 502, 503, 504}
IS_BUSY = {429, 503}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours for a while, with all that its request needs."""

    workspace_id: int
    endpoint_id: int
    id: int
    fence: int
    tries: int  # attempts since the schedule began
    message: str
    body: bytes
    url: str
    secrets: tuple[str, ...]


class Verdict(NamedTuple):
    """What an attempt means."""

    state: DeliveryState
    due_at: datetime | None
    detail: str
    hold: datetime | None = None  # leave the endpoint alone until then
    is_gone: bool = False  # the endpoint wants nothing any more


class Done(NamedTuple):
    """An attempt that was made."""

    claimed: Claimed
    at: datetime
    seconds: float
    answer: Answer | None
    verdict: Verdict


def claim(everywhere: Scope, keys: Keys, worker: str, now: datetime, *, busy: Collection[int], limit: int) -> list[Claimed]:
    """Lease up to `limit` deliveries that are due; `busy`: those that this process is sending already. Commit before sending."""
    rows = everywhere.all(QUERIES.claim, worker=worker, now=now, each=EACH, busy=sql.numbers(sorted(busy)), limit=limit, lease_s=LEASE_S)
    return [_to_claimed(row, keys) for row in rows]


def _to_claimed(row: dict[str, Any], keys: Keys) -> Claimed:
    opened = [_open(row.pop(name), keys) for name in ("secret", "old_secret")]
    return Claimed(**{**row, "body": bytes(row["body"])}, secrets=tuple(one for one in opened if one))


def _open(sealed: bytes | None, keys: Keys) -> str | None:
    """Return a secret; None where there is none, or it was sealed with a key that is gone."""
    try:
        return None if sealed is None else cipher(keys, PURPOSE).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None


def next_due(everywhere: Scope) -> datetime | None:
    """Return when the next attempt is due."""
    found: datetime | None = everywhere.value(QUERIES.next_due)
    return found


async def attempt(egress: Egress, claimed: Claimed, at: datetime) -> Answer | HudhudError:
    """Make the request; return the answer, or why there is none."""
    if not claimed.secrets:
        return Failed("the secret cannot be read: the key that sealed it is not in HUDHUD_SECRET_KEYS; give the endpoint a new secret")
    try:
        return await egress.post(claimed.url, headers(claimed.secrets, claimed.message, at, claimed.body), claimed.body, limit=REPLY_BYTES)
    except HudhudError as error:
        return error
    except Exception as error:
        # One delivery that cannot be sent costs itself: it is tried again, and given up like any other.
        log.exception("endpoints.failed", delivery=claimed.id)
        return Failed(f"could not be sent: {type(error).__name__}")


def judge(claimed: Claimed, came: Answer | HudhudError, now: datetime) -> Verdict:
    """Say what follows from an attempt. Only 2xx is a success: a redirect is none, as the secret's owner gave us an address and no other."""
    if isinstance(came, HudhudError):
        return _again(claimed, came.message, now)
    if HTTPStatus.OK <= came.status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict("delivered", None, "")
    if came.status == HTTPStatus.GONE:
        return Verdict("dead", None, "410 Gone: the endpoint wants nothing any more", is_gone=True)
    if came.status < HTTPStatus.BAD_REQUEST:
        return _again(claimed, f"{came.status}: redirects are not followed; give the endpoint its final address", now)
    asked = _retry_after(came, now) if came.status in MAY_SAY_WHEN else None
    verdict = _again(claimed, f"answered {came.status}", now, asked)
    return verdict._replace(hold=asked) if asked and came.status in IS_BUSY else verdict


def _again(claimed: Claimed, detail: str, now: datetime, not_before: datetime | None = None) -> Verdict:
    if claimed.tries >= len(SCHEDULE):
        return Verdict("dead", None, detail)
    due_at = now + SCHEDULE[claimed.tries] * (1 + random.random() * JITTER)
    return Verdict("waiting", max(due_at, not_before) if not_before else due_at, detail)


def _retry_after(answer: Answer, now: datetime) -> datetime | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date, a day at most; what is no such thing was not said."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        if text.isascii() and text.isdigit():
            return now + min(timedelta(seconds=min(int(text), LONGEST_HOLD.total_seconds())), LONGEST_HOLD)
        said = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # Five thousand digits, or a zone beyond all of them: whoever answers may write what they like.
        return None
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return min(max(said, now), now + LONGEST_HOLD)


def record(everywhere: Scope, done: Sequence[Done], now: datetime) -> int:
    """Write down what came of attempts, those that are still ours; return how many those are. One transaction."""
    if not done:
        return 0
    everywhere.rows(QUERIES.hold_endpoints, endpoints=sql.numbers(sorted({one.claimed.endpoint_id for one in done})))
    ours = {row[0] for row in everywhere.rows(QUERIES.record_attempts, **_columns(done))}
    together: dict[tuple[int, int], list[Done]] = defaultdict(list)
    for one in done:
        if one.claimed.id in ours:
            together[one.claimed.workspace_id, one.claimed.endpoint_id].append(one)
    for (workspace_id, endpoint_id), of_one in sorted(together.items()):
        with everywhere.within(workspace_id) as ws:
            _note(ws, endpoint_id, of_one, now)
    return len(ours)


def _columns(done: Iterable[Done]) -> dict[str, list[Any]]:
    rows = [
        (
            *(one.claimed.workspace_id, one.claimed.id, one.claimed.fence, one.at, one.seconds),
            *(one.answer and one.answer.status, one.verdict.detail, one.answer.body if one.answer else b""),
            *(one.verdict.state, one.verdict.due_at),
        )
        for one in done
    ]
    names = ("workspaces", "ids", "fences", "ats", "seconds", "codes", "details", "replies", "states", "dues")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _note(ws: Scope, endpoint_id: int, done: Sequence[Done], now: datetime) -> None:
    """Let an endpoint be failing, well again or over."""
    verdicts = [one.verdict for one in done]
    # Who was told nothing for weeks since a failure is not given up for the first one after that: it may be a moment's.
    is_tried = any(one.claimed.tries >= STUBBORN for one in done)
    row = ws.one(
        QUERIES.note_endpoint,
        endpoint_id=endpoint_id,
        delivered=sum(verdict.state == "delivered" for verdict in verdicts),
        hold=max((verdict.hold for verdict in verdicts if verdict.hold), default=None),
        gone=any(verdict.is_gone for verdict in verdicts),
        patient=now - PATIENCE if is_tried else None,
        now=now,
    )
    if row and row["is_over"]:
        ws.run(QUERIES.bury, endpoint_id=endpoint_id)
        record_audit(ws, now, "hudhud", "endpoint.disable", f"endpoint:{endpoint_id}", reason=row["reason"], url=row["url"])
