"""The intake role: from the log to people, consent, ClickHouse, segments and journeys, by a named list of small steps.

Three transactions a batch. The first fixes durably which rows it has. The second remembers message ids, resolves people and
applies consent; then ClickHouse gets the events, in a repeat those that it does not have. The third refreshes segments,
wakes journeys and moves the position. A crash anywhere repeats the batch with the same rows and the same result; where a value
makes it fail, it is repeated with care: the events are halved until the culprit stands alone, which is kept among the rejects.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from hudhud.accounts.queries import find_opened
from hudhud.companies import actions as companies
from hudhud.companies.types import ANY_COMPANY
from hudhud.consent import actions as consent
from hudhud.coupons import actions as coupons
from hudhud.endpoints import actions as endpoints
from hudhud.events import actions as events
from hudhud.events.types import Event, Reason
from hudhud.journeys import actions as journeys
from hudhud.kit.errors import HudhudError
from hudhud.kit.failpoint import reach
from hudhud.lifecycle import actions as lifecycle
from hudhud.people import actions as people
from hudhud.people import queries as people_queries
from hudhud.people.types import ANY_ATTRIBUTE
from hudhud.segments import actions as segments
from hudhud.segments.types import Touched
from hudhud.transfer.types import import_of
from hudhud.workers.ahead import Ahead
from hudhud.workers.appending import append_events, begin_append, keep_log
from hudhud.workers.batch import Batch, Part
from hudhud.workers.erased import drop_late, drop_leaving
from hudhud.workers.imported import note_imported
from hudhud.workers.messages import find_future, to_identity, to_said
from hudhud.workers.quarantine import explain, is_poison
from hudhud.workers.subscriptions import read_subscriptions
from hudhud.workers.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.actions import Claim
    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

IDLE_S = 0.5
STALE_ROWS = 5_000
T = TypeVar("T")

log = structlog.get_logger()


def decode(everywhere: Scope, batch: Batch) -> None:
    """Read the rows and make events of them; what is no message is refused with the reason."""
    assert batch.claim is not None
    rows = batch.ahead.decode(everywhere, batch.claim)
    refused = events.find_refused(everywhere, [row.lane_id for row in rows if isinstance(row, Event)])
    for found in rows:
        if isinstance(found, Event):
            if found.lane_id in refused:
                continue
            batch.part(found.workspace_id).events.append(found)
        else:
            batch.refusals.append(found)
    batch.counts["rows"] += len(rows)
    if batch.refusals:
        batch.counts[f"drop {Reason.INVALID}"] += len(batch.refusals)


def check_rules(everywhere: Scope, batch: Batch) -> None:
    """Find what breaks the rules of its name; refuse it where that is wanted."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            checked = events.check_rules(ws, part.events)
            kept = {id(event) for event in checked.kept}
            # What is refused here is not seen again when the batch is repeated; what is kept is counted when the batch is closed.
            events.record_broken(ws, [one for one in checked.broken if id(one.event) not in kept])
        part.events, part.broken = checked.kept, [one for one in checked.broken if id(one.event) in kept]
        for event, wrong in checked.refused:
            batch.drop(event, Reason.SCHEMA, wrong)


def deduplicate(everywhere: Scope, batch: Batch) -> None:
    """Drop repeats silently, and conflicts (the same message_id for something else) visibly."""
    assert batch.claim is not None
    for part, scope in batch.each(everywhere):
        with scope as ws:
            before = len(part.events)
            part.events, conflicts = events.deduplicate(ws, batch.claim.batch, part.events)
        for event in conflicts:
            batch.drop(
                event, Reason.CONFLICT, f"messageId: {event.message_id!r} was used before for something else; send it with an id of its own"
            )
        batch.counts["repeats"] += before - len(part.events) - len(conflicts)


def resolve_people(everywhere: Scope, batch: Batch) -> None:
    """Find or make the person of each event; identify and alias join people and patch attributes; record what they say of subscriptions."""
    assert batch.claim is not None
    for part, scope in batch.each(everywhere):
        with scope as ws:
            refused = batch.let(ws, part, partial(_resolve, ws, batch, part, batch.claim.batch), Reason.POISON)
            # Nothing of them was taken: sent again, they are not repeats.
            events.forget_seen(ws, refused)


def _resolve(ws: Scope, batch: Batch, part: Part, number: int, some: Sequence[Event]) -> None:
    found = people.resolve(ws, [to_identity(event) for event in some], batch.now, number, find_opened(ws))
    for event, actor_id in zip(some, found.person_ids, strict=True):
        event.actor_id, event.person_id = actor_id, found.merged.get(actor_id, actor_id)
    note_imported(ws, some, found.created)
    notes = [(some[note.index], Reason(note.reason), note.detail) for note in found.notes]
    notes += _record_companies(ws, part, some)
    notes += _apply_consent(ws, part, some) + find_future(some)
    # From here on nothing fails: what is said about a part that is undone must not stay.
    part.attributes |= found.changed
    part.changed_ids.update(found.created, found.changed_ids)
    part.created.update(found.created)
    for event, reason, detail in notes:
        batch.drop(event, reason, detail)
    batch.counts["people"] += len(found.created)


def _record_companies(ws: Scope, part: Part, some: Sequence[Event]) -> list[tuple[Event, Reason, str]]:
    """Record what group calls say about companies; return what a public key may not say."""
    calls = [event for event in some if event.kind == "group"]
    part.attributes |= {ANY_COMPANY} if calls else set()
    return [(calls[note.index], Reason(note.reason), note.detail) for note in companies.record(ws, [to_said(event) for event in calls])]


def _apply_consent(ws: Scope, part: Part, some: Sequence[Event]) -> list[tuple[Event, Reason, str]]:
    """Record what identify calls say about subscriptions (from server keys and imports); return what is refused of it."""
    changes, notes = [], []
    for event in some:
        try:
            changes += read_subscriptions(event)
        except HudhudError as error:
            notes.append((event, Reason.CONSENT_REFUSED, error.message))
    if not changes:
        return notes
    recorded = consent.record(ws, changes)
    part.changed_ids.update(recorded.changed)
    part.topics |= {change.topic_key for change in changes}
    for change in recorded.unknown:
        event = next(event for event in some if event.person_id == change.person_id and event.traits.get("subscriptions"))
        notes.append((event, Reason.CONSENT_REFUSED, f"subscriptions: there is no topic {change.topic_key!r}; create it first"))
    return notes


def keep_refused(everywhere: Scope, batch: Batch) -> None:
    """Write down what was refused so far."""
    events.refuse(everywhere, batch.refusals, batch.now)
    batch.refusals.clear()


def mirror_people(everywhere: Scope, batch: Batch) -> None:
    """Bring ClickHouse's copy of changed people up to date, also of those changed by others (consent pages, bounces, the API)."""
    for workspace_id, ids in people.find_stale(everywhere, STALE_ROWS).items():
        batch.part(workspace_id).stale = ids
    for part, scope in batch.each(everywhere):
        with scope as ws:
            # Asked now: another worker may have merged them since they were resolved.
            part.stale = _stand_today(ws, part)
            companies.mirror(ws, batch.ch)
            people.mirror(ws, batch.ch, part.stale)
        batch.counts["mirrored"] += len(part.stale)


def _stand_today(ws: Scope, part: Part) -> list[int]:
    """Let events be those of who their people are by now; return whose mirror is behind."""
    concerned = part.people.union(part.stale, *((event.actor_id, event.person_id) for event in part.events))
    standing = people_queries.find_standing(ws, sorted(concerned))
    today = {person_id: now for person_id, now, *_ in standing}
    for event in part.events:
        event.person_id = today.get(event.actor_id, event.person_id)
    part.people = set(today.values())
    part.gone = frozenset(person_id for person_id, now, _, is_erased in standing if is_erased and person_id == now)
    return sorted(person_id for person_id, _, is_stale, _ in standing if is_stale)


def update_segments(everywhere: Scope, batch: Batch) -> None:
    """Find who entered or left a segment. Where others changed a person, or the batch is repeated, anything may have changed."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            # Who was merged since the mirror may have been decided about before ClickHouse had these events. Who is merged from here on is decided about later.
            segments.open_lock(ws)
            behind = frozenset(_stand_today(ws, part)).difference(part.stale)
            others = part.people.difference(event.person_id for event in part.events)
            part.quiet = people.find_quiet(ws, others.intersection(part.stale))
            undecided = batch.let(ws, part, partial(_refresh, ws, batch, part, others, behind), Reason.UNDECIDED)
            if undecided:
                segments.forget_tallies(ws, {event.name for event in undecided})
        batch.counts["segment changes"] += len(part.changes)


def _refresh(ws: Scope, batch: Batch, part: Part, others: set[int], behind: frozenset[int], some: Sequence[Event]) -> None:
    by_others = not part.changed_ids.issuperset(part.stale)
    person_ids = frozenset(others.union(event.person_id for event in some))
    touched = Touched(
        person_ids=person_ids,
        event_names=frozenset(event.name for event in some),
        attributes=frozenset({ANY_ATTRIBUTE}) if by_others else part.attributes,
        topics=frozenset({ANY_ATTRIBUTE}) if by_others else part.topics,
        # What ClickHouse does not keep of a batch did not happen to a segment: then nothing is concluded from the batch alone.
        instants=None if batch.is_ignored else _by_name(some, lambda event: event.at),
        doers=None if batch.is_ignored else _by_name(some, lambda event: event.person_id),
        properties=None if batch.is_ignored else _by_name(some, lambda event: b"" if event.lane_id in batch.bare else event.properties),
        changed=others.union(part.changed_ids, part.stale),
        behind=behind,
        gone=part.gone & person_ids,
        created=person_ids & part.created,
        first_row=min((event.lane_id for event in some), default=None) if batch.is_first else None,
    )
    changes = segments.refresh(ws, batch.ch, touched, batch.now)
    batch.counts["stage moves"] += lifecycle.follow(ws, changes, batch.now, part.quiet)
    part.changes += changes


def _by_name(happened: Sequence[Event], value: Callable[[Event], T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for event in happened:
        found[event.name].append(value(event))
    return found


def wake_journeys(everywhere: Scope, batch: Batch) -> None:
    """Let events, changed people and changed segments begin, move and end runs."""
    for part, scope in batch.each(everywhere):
        by_others = part.people.intersection(part.stale) - part.changed_ids
        changed = [_changed_person(part, person_id, batch.now) for person_id in sorted(by_others)]
        with scope as ws:
            batch.let(ws, part, partial(_wake, ws, batch, part, changed), Reason.UNDECIDED)


def _wake(ws: Scope, batch: Batch, part: Part, changed: list[Event], some: Sequence[Event]) -> None:
    # Who is in a segment again because an import was taken back has not come there.
    told = [change for change in part.changes if not (change.entered and change.person_id in part.quiet)]
    # Told of changes with each half of a batch that is taken with care: a repeat changes nothing.
    batch.counts["runs touched"] += journeys.take(ws, batch.ch, [*some, *changed], told, batch.now)


def _changed_person(part: Part, person_id: int, now: datetime) -> Event:
    """Tell journeys of somebody whom others changed: a consent page, a bounce, the API. Not an event of its own anywhere."""
    return Event(
        workspace_id=part.workspace_id,
        lane_id=0,
        message_id=f"changed:{person_id}",
        kind="consent",
        name="Consent Changed",
        at=now,
        received_at=now,
        user_id=None,
        anonymous_id=None,
        properties=b"{}",
        context=b"{}",
        source="people",
        actor_id=person_id,
        person_id=person_id,
    )


def register_names(everywhere: Scope, batch: Batch) -> None:
    """Count event names, keep what their properties look like, and where they break rules."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            batch.let(ws, part, partial(events.record_names, ws), Reason.UNDECIDED)
            taken = {id(event) for event in part.events}
            events.record_broken(ws, [one for one in part.broken if id(one.event) in taken])


def tell_endpoints(everywhere: Scope, batch: Batch) -> None:
    """Write down what outgoing webhooks shall tell of events; what came in a file happened long ago."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            batch.let(ws, part, partial(_tell_endpoints, ws, batch), Reason.UNDECIDED)


def _tell_endpoints(ws: Scope, batch: Batch, some: Sequence[Event]) -> None:
    live = [event for event in some if import_of(event.source) is None]
    batch.counts["webhooks"] += endpoints.take_events(ws, live, batch.now)


def redeem_coupons(everywhere: Scope, batch: Batch) -> None:
    """Note which codes were used; also of what came in a file: a code is used for good."""
    for part, scope in batch.each(everywhere):
        with scope as ws:
            batch.let(ws, part, partial(_redeem, ws, batch), Reason.UNDECIDED)


def _redeem(ws: Scope, batch: Batch, some: Sequence[Event]) -> None:
    batch.counts["coupons"] += coupons.redeem(ws, some, batch.now)


def advance(everywhere: Scope, batch: Batch) -> None:
    """Delete the rows, move the position, let the lanes go."""
    if batch.claim is not None:
        events.close_batch(everywhere, batch.claim)


Step = tuple[str, "Callable[[Scope, Batch], None]"]
RESOLVE: list[Step] = [
    ("decode", decode),
    ("check rules", check_rules),
    ("deduplicate", deduplicate),
    ("keep the erased out", drop_late),
    ("resolve people", resolve_people),
    ("let the erased go", drop_leaving),
    ("keep refused", keep_refused),
]
DECIDE: list[Step] = [
    ("mirror people", mirror_people),
    ("append events", append_events),
    ("update segments", update_segments),
    ("wake journeys", wake_journeys),
    ("register names", register_names),
    ("tell endpoints", tell_endpoints),
    ("redeem coupons", redeem_coupons),
    ("keep refused", keep_refused),
    ("keep log", keep_log),
    ("advance", advance),
]


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        with Ahead(context.db) as ahead:
            while not context.stop.is_set():
                if not work_once(context, ch, ahead):
                    context.wait("intake", IDLE_S)
    finally:
        ch.close()


def work_once(context: Context, ch: Client, ahead: Ahead) -> bool:
    """Process one batch; return whether there was anything to do."""
    context.beat()
    with context.db.everywhere() as everywhere:
        claim = events.claim_batch(everywhere, context.name)
    reach("intake.claimed")
    if claim is None:
        with context.db.everywhere() as everywhere:
            if not people.find_stale(everywhere, 1):
                return False
    keeps_log = context.settings.keep_log_days > 0
    try:
        process(context, Batch(claim, context.clock.now(), ch, ahead, context.keys, keeps_log))
    except Exception as error:
        if claim is None or not is_poison(error):
            raise
        log.warning("intake.with_care", batch=claim.batch, error=explain(error))
        claim = replace(claim, again=True)
        process(context, Batch(claim, context.clock.now(), ch, ahead, context.keys, keeps_log, keep=partial(_keep, context, claim)))
    return True


def _keep(context: Context, claim: Claim) -> None:
    """Give a sign of life and keep the lease, beside the transaction that works on the batch."""
    context.beat()
    with context.db.everywhere() as everywhere:
        events.renew_batch(everywhere, claim)


def process(context: Context, batch: Batch) -> None:
    """Take a batch through its steps; whatever raises leaves it to be repeated."""
    if batch.claim is not None:
        with context.db.everywhere() as everywhere:
            take(context, everywhere, batch, RESOLVE)
            reach("intake.resolving")
        reach("intake.resolved")
        batch.ahead.read_on(batch.claim)
    with ThreadPoolExecutor(2) as beside, context.db.everywhere() as everywhere:
        begin_append(batch, beside)
        take(context, everywhere, batch, DECIDE)
        reach("intake.deciding")
    reach("intake.decided")
    for name, amount in batch.counts.items():
        context.count("intake", name, amount)


def take(context: Context, everywhere: Scope, batch: Batch, steps: list[Step]) -> None:
    """Run steps in order; each is timed by its name."""
    for name, step in steps:
        with timed(context, name):
            step(everywhere, batch)
        context.beat()
