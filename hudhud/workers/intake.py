"""The intake role: from the log to people, consent, ClickHouse, segments and journeys, by a named list of small steps.

Three transactions a batch. The first fixes durably which rows it has. The second remembers message ids, resolves people and
applies consent; then ClickHouse gets the events, under a token made of the batch's number. The third refreshes segments,
wakes journeys and moves the position. A crash anywhere repeats the batch with the same rows and the same result.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

import msgspec
import structlog

from hudhud.consent import actions as consent
from hudhud.consent import queries as consent_queries
from hudhud.events import actions as events
from hudhud.events.append import append
from hudhud.events.types import KIND_NAMES, Event, Message, Reason, Refusal, parse
from hudhud.kit.errors import HudhudError
from hudhud.kit.failpoint import reach
from hudhud.people import actions as people
from hudhud.people import queries as people_queries
from hudhud.people.identifiers import normal_email
from hudhud.people.types import ANY_ATTRIBUTE, Identifier, Identity
from hudhud.workers.subscriptions import read_subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.actions import Claim
    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

IDLE_S = 0.5
STALE_ROWS = 5_000

log = structlog.get_logger()


@dataclass
class Part:
    """What one workspace has in a batch."""

    workspace_id: int
    events: list[Event] = field(default_factory=list)
    attributes: frozenset[str] = frozenset()
    stale: list[int] = field(default_factory=list)  # people whose mirror is behind, from this batch or elsewhere


@dataclass
class Batch:
    """What goes through the steps."""

    claim: Claim | None  # None: no rows, only people that others changed
    now: datetime
    ch: Client
    parts: dict[int, Part] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def token(self) -> str:
        """Name of this batch's inserts."""
        assert self.claim is not None
        return f"intake:{self.claim.batch}"

    def part(self, workspace_id: int) -> Part:
        """Return the part of a workspace."""
        return self.parts.setdefault(workspace_id, Part(workspace_id))

    def drop(self, event: Event, reason: Reason, detail: str) -> None:
        """Keep an event, or a part of it, among the rejects."""
        body = msgspec.json.encode(to_message(event))
        self.refusals.append(Refusal(event.workspace_id, event.source, reason, detail, body, event.lane_id))
        self.counts[f"drop {reason}"] += 1

    def each(self, everywhere: Scope) -> Iterator[tuple[Part, AbstractContextManager[Scope]]]:
        """Iterate over the workspaces, each with its scope to be entered."""
        for workspace_id in sorted(self.parts):
            yield self.parts[workspace_id], everywhere.within(workspace_id)


def decode(everywhere: Scope, batch: Batch) -> None:
    """Read the rows and make events of them; what is no message is refused with the reason."""
    assert batch.claim is not None
    for lane_id, workspace_id, received_at, source, body in events.read_batch(everywhere, batch.claim):
        raw = bytes(body)
        try:
            event = to_event(parse(raw), workspace_id, lane_id, received_at, source)
        except HudhudError as error:
            batch.refusals.append(Refusal(workspace_id, source, Reason.INVALID, error.message, raw, lane_id))
            batch.counts[f"drop {Reason.INVALID}"] += 1
        else:
            batch.part(workspace_id).events.append(event)
        batch.counts["rows"] += 1


def deduplicate(everywhere: Scope, batch: Batch) -> None:
    """Drop repeats silently, and conflicts (the same message_id for something else) visibly."""
    assert batch.claim is not None
    for part, scope in batch.each(everywhere):
        with scope as ws:
            before = len(part.events)
            part.events, conflicts = events.deduplicate(ws, batch.claim.batch, part.events)
        for event in conflicts:
            batch.drop(event, Reason.CONFLICT, f"messageId: {event.message_id!r} was used before for something else; send it with an id of its own")
        batch.counts["repeats"] += before - len(part.events) - len(conflicts)


def resolve_people(everywhere: Scope, batch: Batch) -> None:
    """Find or make the person of each event; identify and alias join people and patch attributes."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            found = people.resolve(ws, [to_identity(event) for event in part.events], batch.now)
            today = people_queries.find_current_ids(ws, sorted(set(found.person_ids)))
        part.attributes = found.changed
        for event, actor_id in zip(part.events, found.person_ids, strict=True):
            event.actor_id, event.person_id = actor_id, today[actor_id]
        for note in found.notes:
            batch.drop(part.events[note.index], Reason(note.reason), note.detail)
        batch.counts["people"] += len(found.created)


def apply_consent(everywhere: Scope, batch: Batch) -> None:
    """Record what identify calls say about subscriptions (from server keys and imports)."""
    for part, scope in batch.each(everywhere):
        changes = []
        for event in part.events:
            try:
                changes += read_subscriptions(event)
            except HudhudError as error:
                batch.drop(event, Reason.CONSENT_REFUSED, error.message)
        if not changes:
            continue
        with scope as ws:
            unknown = consent.record(ws, changes).unknown
        for change in unknown:
            event = next(event for event in part.events if event.person_id == change.person_id and event.traits.get("subscriptions"))
            batch.drop(event, Reason.CONSENT_REFUSED, f"subscriptions: there is no topic {change.topic_key!r}; create it first")


def keep_refused(everywhere: Scope, batch: Batch) -> None:
    """Write down what was refused so far."""
    events.refuse(everywhere, batch.refusals, batch.now)
    batch.refusals.clear()


def append_events(_everywhere: Scope | None, batch: Batch) -> None:
    """Write the events to ClickHouse, once."""
    everything = [event for _, part in sorted(batch.parts.items()) for event in part.events]
    for event in append(batch.ch, everything, batch.token):
        batch.drop(event, Reason.UNSTORABLE, "properties: ClickHouse cannot hold them; the event is kept without")
    batch.counts["events"] += len(everything)


def mirror_people(everywhere: Scope, batch: Batch) -> None:
    """Bring ClickHouse's copy of changed people up to date, also of those changed by others (consent pages, bounces, the API)."""
    for workspace_id, ids in people.find_stale(everywhere, STALE_ROWS).items():
        batch.part(workspace_id).stale = ids
    for part, scope in batch.each(everywhere):
        with scope as ws:
            own = people.find_stale_of(ws, {event.person_id for event in part.events} | {event.actor_id for event in part.events})
            part.stale = sorted({*part.stale, *own})
            people.mirror(ws, batch.ch, part.stale)
        batch.counts["mirrored"] += len(part.stale)


def register_names(everywhere: Scope, batch: Batch) -> None:
    """Count event names."""
    for part, scope in batch.each(everywhere):
        if part.events:
            with scope as ws:
                events.record_names(ws, part.events)


def advance(everywhere: Scope, batch: Batch) -> None:
    """Delete the rows, move the position, let the lanes go."""
    if batch.claim is not None:
        events.close_batch(everywhere, batch.claim)


Step = tuple[str, "Callable[[Scope, Batch], None]"]
RESOLVE: list[Step] = [
    ("decode", decode),
    ("deduplicate", deduplicate),
    ("resolve people", resolve_people),
    ("consent effects", apply_consent),
    ("keep refused", keep_refused),
]
DECIDE: list[Step] = [
    ("mirror people", mirror_people),
    ("register names", register_names),
    ("keep refused", keep_refused),
    ("advance", advance),
]


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            if not work_once(context, ch):
                context.wait("intake", IDLE_S)
    finally:
        ch.close()


def work_once(context: Context, ch: Client) -> bool:
    """Process one batch; return whether there was anything to do."""
    context.beat()
    with context.db.everywhere() as everywhere:
        claim = events.claim_batch(everywhere, context.name)
    reach("intake.claimed")
    if claim is None:
        with context.db.everywhere() as everywhere:
            if not people.find_stale(everywhere, 1):
                return False
    batch = Batch(claim, context.clock.now(), ch)
    if claim is not None:
        with context.db.everywhere() as everywhere:
            take(context, everywhere, batch, RESOLVE)
            reach("intake.resolving")
        reach("intake.resolved")
        with timed(context, "append events"):
            append_events(None, batch)
        reach("intake.appended")
    with context.db.everywhere() as everywhere:
        take(context, everywhere, batch, DECIDE)
        reach("intake.deciding")
    reach("intake.decided")
    for name, amount in batch.counts.items():
        context.count("intake", name, amount)
    return True


def take(context: Context, everywhere: Scope, batch: Batch, steps: list[Step]) -> None:
    """Run steps in order; each is timed by its name."""
    for name, step in steps:
        with timed(context, name):
            step(everywhere, batch)
        context.beat()


class timed:  # noqa: N801 -- reads like a function
    """Count a step and its seconds."""

    def __init__(self, context: Context, name: str) -> None:
        """Name what is timed."""
        self.context, self.name = context, name

    def __enter__(self) -> None:
        """Start."""
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Count."""
        self.context.count("step passes", self.name)
        self.context.count("step seconds", self.name, time.perf_counter() - self.began)


def to_event(message: Message, workspace_id: int, lane_id: int, received_at: datetime, source: str) -> Event:
    """Turn a checked message into an event; raises when its traits cannot be read."""
    kind = message.type or ""
    traits = msgspec.json.decode(message.traits) if kind == "identify" else {}
    if message.user_id is None and message.anonymous_id is None:
        normal_email(str(traits.get("email")))
    at = message.timestamp or message.original_timestamp or received_at
    properties = message.traits if kind in {"identify", "group"} else message.properties
    return Event(
        workspace_id=workspace_id,
        lane_id=lane_id,
        message_id=message.message_id or f"row:{lane_id}",
        kind=kind,
        name=message.event or "" if kind == "track" else KIND_NAMES[kind],
        at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
        received_at=received_at,
        user_id=_text(message.user_id),
        anonymous_id=_text(message.anonymous_id),
        properties=_with_name(bytes(properties), message),
        context=bytes(message.context),
        source=source,
        traits=traits,
        previous_id=_text(message.previous_id),
    )


def _with_name(properties: bytes, message: Message) -> bytes:
    """Put a page's or screen's name, and a group's id, where conditions can ask for them."""
    if message.type == "group":
        added = b'"groupId":' + msgspec.json.encode(_text(message.group_id))
    elif message.type in {"page", "screen"} and message.name and b'"name"' not in properties:
        added = b'"name":' + msgspec.json.encode(message.name)
    else:
        return properties
    inner = properties.strip()[1:-1].strip()
    return b"{" + added + (b"," + inner if inner else b"") + b"}"


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def to_message(event: Event) -> Message:
    """Turn an event back into what can be sent again."""
    body = msgspec.Raw(event.properties)
    return Message(
        type=event.kind,
        message_id=event.message_id,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        previous_id=event.previous_id,
        group_id=msgspec.json.decode(event.properties).get("groupId") if event.kind == "group" else None,
        event=event.name if event.kind == "track" else None,
        timestamp=event.at,
        context=msgspec.Raw(event.context),
        **{"traits" if event.kind in {"identify", "group"} else "properties": body},
    )


def to_identity(event: Event) -> Identity:
    """Say whom an event is about."""
    user: list[Identifier] = [("user_id", event.user_id)] if event.user_id else []
    anonymous: list[Identifier] = [("anonymous_id", event.anonymous_id)] if event.anonymous_id else []
    if event.kind == "alias" and event.previous_id:
        return Identity((*user, ("user_id", event.previous_id), ("anonymous_id", event.previous_id)), "alias", event.at)
    if event.kind != "identify":
        return Identity((*user, *anonymous)[:1], event.kind, event.at)
    traits = {name: value for name, value in event.traits.items() if name != "subscriptions"}
    return Identity((*user, *anonymous), "identify", event.at, traits, _device(event.context))


def _device(context: bytes) -> dict[str, str] | None:
    """What the device says about its owner's place."""
    if b'"locale"' not in context and b'"timezone"' not in context:
        return None
    found = msgspec.json.decode(context)
    return {column: found[name] for column, name in (("language", "locale"), ("time_zone", "timezone")) if isinstance(found.get(name), str)}
