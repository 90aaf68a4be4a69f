"""Requests of `webhook` nodes on their way: leasing what is due, judging what came, and letting the run go on.

A lease is claimed in one transaction, the request is made outside of any, its result is recorded in another, where the fence is still ours and
the run, if it still stands there, goes on. Who dies in between leaves the request to the next, who sends the same bytes under the
same `Idempotency-Key`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import structlog

from hudhud.journeys.acting import answers, secrets
from hudhud.journeys.acting.webhooks import BAD, MOST_ANSWER, OK, QUERIES, kept_of, read_answer
from hudhud.journeys.running import moves
from hudhud.journeys.running.moves import MOVES, Decided
from hudhud.journeys.running.version import Version
from hudhud.journeys.types import Due, Reason
from hudhud.kit.egress import Failed, Refused
from hudhud.kit.errors import HudhudError
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope
    from hudhud.kit.egress import Answer, Egress

# At one server at once; over all, a process may have more on their way (workers/requests.py).
EACH = 4
LEASE_S = 60.0
# How long after a failure the next attempt is made, as far as the node's time-out allows.
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200))
JITTER = 0.1  # up to so much later
# Answers that mean "not now": too early, too many, or the server's own trouble.
PASSING = frozenset({408, 425, 429})
SERVER_ERROR = 500
IS_BUSY = frozenset({429, 503})
LONGEST_HOLD = timedelta(days=1)
# A server that failed so often in a row is left alone, at first for so many seconds.
STUBBORN, FIRST_S, LONGEST_S = 5, 10, 300
REPLY_BYTES = 2_000
# A shorter secret may stand in an answer by chance.
LEAST_HIDDEN = 6
KEPT = timedelta(days=30)
WITHDRAWN_AT_ONCE = 5_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request that is ours for a while, with all that it needs; `headers` hold secrets: it is never logged."""

    id: int
    workspace_id: int
    run_id: int
    fence: int
    tries: int
    host: str
    method: str
    url: str
    headers: dict[str, str] | None  # None: a secret that it needs is not there
    body: bytes
    secrets: tuple[str, ...] = ()  # that stand in them


class Verdict(NamedTuple):
    """What an attempt means for the request; `hold`: leave the server alone until then."""

    state: Literal["answered", "failed", "waiting"]
    due_at: datetime | None = None
    detail: str = ""
    hold: datetime | None = None


class Done(NamedTuple):
    """An attempt that was made."""

    claimed: Claimed
    at: datetime
    seconds: float
    answer: Answer | None
    verdict: Verdict


def withdraw(everywhere: Scope, now: datetime, *, busy: Collection[int]) -> int:
    """Take back requests that are due and whose runs have gone; return how many. It looks at all that is due: `claim`, which passes them over, need not wait for it."""
    return everywhere.run(QUERIES.withdraw, now=now, busy=sorted(busy), limit=WITHDRAWN_AT_ONCE)


def claim(everywhere: Scope, keys: Keys, worker: str, now: datetime, *, busy: Collection[int], limit: int) -> list[Claimed]:
    """Lease up to `limit` requests that are due; `busy`: those that this process is sending already. Commit before sending."""
    known = sorted(busy)
    rows = everywhere.all(QUERIES.claim, worker=worker, now=now, each=EACH, busy=known, limit=limit, lease_s=LEASE_S)
    opened = secrets.open_all(everywhere, keys, {row["workspace_id"] for row in rows}) if rows else {}
    return [_to_claimed(row, keys, opened) for row in rows]


def _to_claimed(row: dict[str, Any], keys: Keys, opened: dict[tuple[int, str, str], str]) -> Claimed:
    hidden: list[str] = []
    headers: dict[str, str] | None = {"content-type": "application/json", "accept": "application/json", "user-agent": "Hudhud"}
    for one in row["headers"]:
        value = one.get("value") if "value" in one else opened.get((row["workspace_id"], one["secret"], row["host"]))
        if value is None or headers is None:
            headers = None
            break
        headers = {name: known for name, known in headers.items() if name != one["name"].lower()}
        headers[one["name"]] = one.get("before", "") + value
        hidden += [value] if "secret" in one else []
    if headers is not None:
        # Of nobody else's installation, and told to nobody who could count by it.
        headers["idempotency-key"] = keys.keyed_hash("journey_request", str(row["id"]))[:16].hex()
        if not row["body"]:
            headers.pop("content-type", None)
    return Claimed(**{**row, "body": bytes(row["body"]), "headers": headers, "secrets": tuple(hidden)})


def next_due(everywhere: Scope) -> datetime | None:
    """Return when the next attempt is due."""
    found: datetime | None = everywhere.value(QUERIES.next_due)
    return found


async def attempt(egress: Egress, claimed: Claimed) -> Answer | HudhudError:
    """Make the request; return the answer, or why there is none."""
    if claimed.headers is None:
        return Refused("a secret that it needs is not there: write it for this host, with a key that is listed")
    try:
        answer = await egress.request(claimed.method, claimed.url, claimed.headers, claimed.body, limit=MOST_ANSWER + 1)
        return answer._replace(body=_hide(answer.body, claimed.secrets))
    except HudhudError as error:
        return error
    except Exception as error:  # noqa: BLE001 -- told below
        # One request that cannot be sent costs itself. Not its text: a header may stand in it.
        log.error("requests.failed", request=claimed.id, kind=type(error).__name__)  # noqa: TRY400
        return Failed(f"could not be sent: {type(error).__name__}")


def _hide(body: bytes, hidden: Iterable[str]) -> bytes:
    """Return an answer without the secrets that went out: a server that says what it was sent would tell them to whoever may read answers."""
    for one in hidden:
        for form in {one.encode(), msgspec.json.encode(one)[1:-1]} if len(one) >= LEAST_HIDDEN else ():
            body = body.replace(form, b"***")
    return body


def judge(claimed: Claimed, came: Answer | HudhudError, now: datetime) -> Verdict:
    """Say what follows from an attempt. 2xx is an answer; what may pass is tried again; all else is final, also a redirect, which leads elsewhere."""
    if isinstance(came, Refused):
        return Verdict("failed", detail=came.message)
    if isinstance(came, HudhudError):
        return _again(claimed, came.message, now)
    if OK <= came.status < BAD:
        return Verdict("answered")
    if came.status in PASSING or came.status >= SERVER_ERROR:
        asked = _retry_after(came, now)
        verdict = _again(claimed, f"answered {came.status}", now, asked)
        return verdict._replace(hold=asked) if asked and came.status in IS_BUSY else verdict
    said = "redirects are not followed; give the final address" if came.status < 400 else "it refuses this request"  # noqa: PLR2004
    return Verdict("failed", detail=f"answered {came.status}: {said}")


def _again(claimed: Claimed, detail: str, now: datetime, not_before: datetime | None = None) -> Verdict:
    if claimed.tries >= len(SCHEDULE):
        return Verdict("failed", detail=detail)
    due_at = now + SCHEDULE[claimed.tries] * (1 + random.random() * JITTER)
    return Verdict("waiting", max(due_at, not_before) if not_before else due_at, detail)


def _retry_after(answer: Answer, now: datetime) -> datetime | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date, a day at most; what is no such thing was not said."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        if text.isascii() and text.isdigit():
            return now + timedelta(seconds=min(int(text), LONGEST_HOLD.total_seconds()))
        said = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return min(max(said, now), now + LONGEST_HOLD)


def record(ws: Scope, done: Sequence[Done], now: datetime) -> int:
    """Write down what came of attempts, those that are still ours, and let their runs go on; return how many those are. One transaction of one workspace."""
    standing = {row[0]: row for row in ws.rows(QUERIES.take_runs, run_ids=sorted({one.claimed.run_id for one in done}))}
    asked = {
        row[0]: row[1:]
        for row in ws.rows(QUERIES.take_ours, ids=[one.claimed.id for one in done], fences=[one.claimed.fence for one in done])
    }
    ours = [one for one in done if one.claimed.id in asked]
    settled: list[tuple[Done, tuple[Any, ...] | None]] = []
    for one in ours:
        run_id, visit, version_id, node = asked[one.claimed.id]
        row = standing.get(run_id)
        here = row if row is not None and (row[2], row[7], row[8]) == (visit, node, version_id) else None
        settled.append((_conclude(one, here), here))
    _write(ws, [one for one, _ in settled])
    _note_hosts(ws, ours, now)
    _go_on(ws, [(one, row) for one, row in settled if row is not None], now)
    reach("requests.recording")
    return len(ours)


def _conclude(one: Done, row: tuple[Any, ...] | None) -> Done:
    """An attempt that would come after the run has gone on without an answer is not made; whose run has gone is asked no more."""
    verdict = one.verdict
    if verdict.state == "waiting" and verdict.due_at is not None:
        if row is None:
            return one._replace(verdict=Verdict("failed", detail=f"{verdict.detail}; the run has left the step"))
        if verdict.due_at >= row[6]:
            return one._replace(
                verdict=Verdict("failed", detail=f"{verdict.detail}; no time is left for another attempt", hold=verdict.hold)
            )
    return one


def _write(ws: Scope, done: Sequence[Done]) -> None:
    attempts = [
        {"at": one.at.isoformat(), "seconds": round(one.seconds, 3), "code": one.answer and one.answer.status, "detail": one.verdict.detail}
        for one in done
    ]
    ws.run(
        QUERIES.record,
        ids=[one.claimed.id for one in done],
        states=[one.verdict.state for one in done],
        dues=[one.verdict.due_at if one.verdict.state == "waiting" else None for one in done],
        codes=[one.answer and one.answer.status for one in done],
        details=[one.verdict.detail for one in done],
        replies=[one.answer.body[:REPLY_BYTES] if one.answer else b"" for one in done],
        attempts=[msgspec.json.encode([one]).decode() for one in attempts],
    )


def _note_hosts(ws: Scope, done: Sequence[Done], now: datetime) -> None:
    by_host: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        by_host[one.claimed.host].append(one)
    for host, some in sorted(by_host.items()):
        # Who answers at all, if only to refuse, is well.
        ill = [one for one in some if one.answer is None or one.answer.status in IS_BUSY or one.answer.status >= SERVER_ERROR]
        hold = max((one.verdict.hold for one in some if one.verdict.hold), default=None)
        ws.run(
            QUERIES.note_host,
            host=host,
            is_well=len(ill) < len(some),
            failed=len(ill),
            hold=hold,
            now=now,
            stubborn=STUBBORN,
            first_s=FIRST_S,
            longest_s=LONGEST_S,
        )


def _go_on(ws: Scope, settled: Sequence[tuple[Done, tuple[Any, ...]]], now: datetime) -> None:
    """Let runs leave their node with an answer, or without one that is any good."""
    groups: dict[tuple[int, str, str], list[tuple[Done, Due]]] = defaultdict(list)
    for one, row in settled:
        if one.verdict.state != "waiting":
            groups[row[8], row[7], "next" if one.verdict.state == "answered" else "failed"].append((one, Due._make(row[:7])))
    versions = {one.id: one for one in ws.into(Version, MOVES.find_versions_by_id, ids=sorted({key[0] for key in groups}))}
    for (version_id, node_id, edge), some in sorted(groups.items()):
        version = versions[version_id]
        node = version.node(node_id)
        assert node.kind == "webhook"
        if edge == "next":
            kept = {
                (run.run_id, run.visit): kept_of(node, one.answer.status, read_answer(one.answer.body)) for one, run in some if one.answer
            }
            answers.keep(ws, "run", node.name, kept)
        decided = [Decided(run, node_id, max(now, run.arrived_at), _detail(one)) for one, run in some]
        moves.advance(ws, version, node_id, edge, decided, Reason.ANSWERED if edge == "next" else Reason.REQUEST_FAILED)
    if groups:
        ws.run(MOVES.ring)


def _detail(one: Done) -> dict[str, object]:
    return {"host": one.claimed.host, "attempts": one.claimed.tries + 1, **({"status": one.answer.status} if one.answer else {})}


def forget_old(everywhere: Scope, now: datetime, limit: int) -> int:
    """Delete requests whose time is over, `limit` at most; return how many."""
    return everywhere.run(QUERIES.forget_requests, before=now - KEPT, limit=limit)
