"""Entries: who begins a run. The re-entry rule decides, the database's unique key makes it hold under any race or repeat."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hudhud.journeys.running import moves
from hudhud.journeys.running.facts import passes, read_properties
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.sharing import RESOLUTION, count_sharing
from hudhud.journeys.types import After, ByClock, Never, Reason
from hudhud.kit.sql import instants, numbers, texts
from hudhud.segments import queries as segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

# How many triggers of one key a run gathers, e.g. products put into one cart.
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who would begin a run: when, under which key, and by which event if it was one."""

    person_id: int
    at: datetime
    run_key: str = ""
    name: str = ""
    message_id: str | None = None
    properties: bytes = b"{}"


@dataclass(slots=True)
class Known:
    """What is known of one (person, key): runs so far, when the last began, whether it is under way."""

    entry: int = 0
    entered_at: datetime | None = None
    open_id: int | None = None
    is_open: bool = False
    ended_at: datetime | None = None  # of the last that is over; None where it does not count

    def is_in_the_way(self, at: datetime) -> bool:
        """Say whether a run is under way, or where time goes by in steps was so at that moment."""
        return self.is_open or (self.ended_at is not None and self.ended_at >= at)


@dataclass(slots=True)
class Beginning:
    """A run that begins: by whom, the how-manieth of this person and key, and further triggers of the same batch."""

    first: Candidate
    entry: int
    more: list[Candidate] = field(default_factory=list)

    def last(self) -> Candidate:
        """Return the newest trigger: what templates see."""
        return self.more[-1] if self.more else self.first


@dataclass(slots=True)
class Entries:
    """What a set of candidates comes to."""

    begin: list[Beginning] = field(default_factory=list)
    gather: list[tuple[Candidate, int]] = field(default_factory=list)  # with the run that is under way
    kept_out: list[tuple[Candidate, bool]] = field(default_factory=list)  # whom nothing but a run under way kept out


def candidates(version: Version, by_name: Mapping[str, Sequence[Event]]) -> list[Candidate]:
    """Return who an event-triggered journey would take in, in the order of time; history from before the start is left out. Events come by their name."""
    trigger, since = version.graph.listens(), version.started_at
    if trigger is None or since is None:
        return []
    found = [
        _candidate(event, version.graph.run_key)
        for name in dict.fromkeys(trigger.event_names())
        for event in by_name.get(name, ())
        if event.person_id and event.at >= since and passes(event, trigger.where)
    ]
    return sorted(found, key=lambda one: (one.at, one.message_id))


def _candidate(event: Event, run_key: str | None) -> Candidate:
    key = key_of(read_properties(event), run_key) if run_key else ""
    return Candidate(event.person_id, event.at, key, event.name, event.message_id, event.properties or b"{}")


def key_of(properties: dict[str, Any], name: str) -> str:
    """Return the property's value as text; without one, all of a person's runs share the empty key."""
    value = properties.get(name)
    return str(value)[:200] if isinstance(value, str | int | float) else ""


def enter(ws: Scope, ch: Client, version: Version, found: Sequence[Candidate], questions: int | None = None) -> int:
    """Begin the runs that the re-entry rule and the entry condition allow; return how many began. `found` is in the order of time.

    The condition is asked as of the trigger; triggers close together share one question, and all have `questions` at most.
    """
    return len(begin(ws, ch, version, found, questions))


def begin(ws: Scope, ch: Client, version: Version, found: Sequence[Candidate], questions: int | None = None) -> list[Candidate]:
    """Do as `enter`; return those of `found` with whom a run began."""
    return _let_in(ws, version, find_fit(ws, ch, version, found, questions), in_order=False)[0]


def let_in(ws: Scope, version: Version, fit: Sequence[tuple[Candidate, bool]]) -> tuple[int, list[tuple[Candidate, bool]]]:
    """Begin runs where time goes by in steps; return how many began, and whom a run kept out that may be over at their moment, when timers have fired.

    They are asked again then: a run that was over by their moment keeps nobody out, one that ended later in the same step does.
    """
    begun, kept_out = _let_in(ws, version, fit, in_order=True)
    return len(begun), kept_out


def _let_in(
    ws: Scope, version: Version, fit: Sequence[tuple[Candidate, bool]], *, in_order: bool
) -> tuple[list[Candidate], list[tuple[Candidate, bool]]]:
    if not fit:
        return [], []
    person_ids = numbers(sorted({one.person_id for one, _ in fit}))
    rows = ws.rows(MOVES.find_known, journey_id=version.journey_id, person_ids=person_ids)
    known = {(row[0], row[1]): Known(row[2], row[3], row[4], row[4] is not None, row[5] if in_order else None) for row in rows}
    entries = sort_out(version, fit, known)
    begun = _begin(ws, version, entries.begin)
    _gather(ws, entries.gather)
    return begun, entries.kept_out


def find_fit(ws: Scope, ch: Client, version: Version, found: Sequence[Candidate], questions: int | None) -> list[tuple[Candidate, bool]]:
    """Say of each candidate whether it comes between the journey's start and end, and fulfils the entry condition."""
    graph = version.graph
    in_time = [graph.admits(one.at) for one in found]
    if graph.entry is None or not any(in_time):
        return list(zip(found, in_time, strict=True))
    fit: list[bool] = []
    ats = [one.at for one in found]
    while len(fit) < len(found):
        begin = len(fit)
        some = found[begin : begin + count_sharing(ats[begin:], RESOLUTION, questions)]
        true = segments.matches(ws, ch, {"entry": graph.entry}, sorted({one.person_id for one in some}), some[-1].at)["entry"]
        fit += [is_in_time and one.person_id in true for one, is_in_time in zip(some, in_time[begin:], strict=False)]
    return list(zip(found, fit, strict=True))


def sort_out(version: Version, fit: Sequence[tuple[Candidate, bool]], known: dict[tuple[int, str], Known]) -> Entries:
    """Apply the re-entry rule to candidates one after the other; who is not `fit` begins nothing, but a run under way gathers."""
    entries = Entries()
    latest: dict[tuple[int, str], Beginning] = {}
    for one, is_fit in fit:
        state = known.setdefault((one.person_id, one.run_key), Known())
        may_begin = is_fit and _may_begin(version, state, one.at)
        if may_begin and state.is_in_the_way(one.at):
            entries.kept_out.append((one, is_fit))
        if may_begin and not state.is_in_the_way(one.at):
            state.entry, state.entered_at, state.is_open, state.open_id = state.entry + 1, one.at, True, None
            latest[one.person_id, one.run_key] = Beginning(one, state.entry)
            entries.begin.append(latest[one.person_id, one.run_key])
        elif state.is_open and one.message_id and version.graph.run_key:
            if state.open_id is not None:
                entries.gather.append((one, state.open_id))
            else:
                latest[one.person_id, one.run_key].more.append(one)
    return entries


def _may_begin(version: Version, state: Known, at: datetime) -> bool:
    """Say whether a run may begin, if none is under way. What is not later than the last entry is that very entry again, or older news."""
    if state.entered_at is None:
        return True
    if isinstance(version.graph.trigger, ByClock):
        return False
    rule = version.graph.reentry
    if isinstance(rule, Never):
        return False
    wait = timedelta(days=rule.days) if isinstance(rule, After) else timedelta(0)
    return at > state.entered_at and at >= state.entered_at + wait


def _begin(ws: Scope, version: Version, begin: list[Beginning]) -> list[Candidate]:
    if not begin:
        return []
    rows = ws.rows(
        MOVES.enter,
        workspace_id=version.workspace_id,
        journey_id=version.journey_id,
        version_id=version.id,
        person_ids=numbers(one.first.person_id for one in begin),
        run_keys=texts(one.first.run_key for one in begin),
        entries=numbers(one.entry for one in begin),
        ats=instants(one.first.at for one in begin),
    )
    run_ids = {(person_id, run_key, entry): run_id for run_id, person_id, run_key, entry in rows}
    begun = [(run_id, one) for one in begin if (run_id := run_ids.get((one.first.person_id, one.first.run_key, one.entry)))]
    if begun:
        _settle(ws, version, begun)
        moves.count(ws, version, Counter({("", "start"): len(begun)}))
    return [one.first for _, one in begun]


def _settle(ws: Scope, version: Version, begun: list[tuple[int, Beginning]]) -> None:
    start = version.graph.start
    rest, looked_at = version.rest_on_arrival(start, at_entry=True)
    newest = [one.last() for _, one in begun]
    ws.run(
        MOVES.settle,
        workspace_id=version.workspace_id,
        version_id=version.id,
        start=start,
        rest=rest,
        looked_at=looked_at,
        reason=Reason.TRIGGERED,
        run_ids=numbers(run_id for run_id, _ in begun),
        person_ids=numbers(one.first.person_id for _, one in begun),
        ats=instants(one.first.at for _, one in begun),
        names=texts(one.name for one in newest),
        message_ids=texts(one.message_id for one in newest),
        properties=texts(one.properties.decode() for one in newest),
        items=texts(_items(version, one) for _, one in begun),
    )


def _items(version: Version, one: Beginning) -> str:
    """Return the triggers so far as the first gathered items; only journeys with a run key gather."""
    if not version.graph.run_key or one.first.message_id is None:
        return "[]"
    return msgspec.json.encode([_item(part) for part in (one.first, *one.more)][:MOST_ITEMS]).decode()


def _item(one: Candidate) -> dict[str, Any]:
    properties: dict[str, Any] = msgspec.json.decode(one.properties)
    return {**properties, "message_id": one.message_id}


def _gather(ws: Scope, gather: list[tuple[Candidate, int]]) -> None:
    """Keep further triggers of runs under way: each as an item, the newest as what templates call `event`."""
    # One statement takes one row for each run; later ones of the same batch follow in further rounds.
    rounds: list[dict[int, Candidate]] = []
    for one, run_id in gather:
        free = next((batch for batch in rounds if run_id not in batch), None)
        if free is None:
            rounds.append({run_id: one})
        else:
            free[run_id] = one
    for batch in rounds:
        ws.run(
            MOVES.gather,
            run_ids=numbers(batch),
            names=texts(one.name for one in batch.values()),
            message_ids=texts(one.message_id for one in batch.values()),
            properties=texts(one.properties.decode() for one in batch.values()),
            items=texts(msgspec.json.encode([_item(one)]).decode() for one in batch.values()),
            most=MOST_ITEMS,
        )
