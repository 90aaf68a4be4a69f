"""What goes through the steps of the intake."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from hudhud.events.types import Event, Reason, Refusal
from hudhud.workers.messages import to_message
from hudhud.workers.quarantine import explain, isolate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.actions import Block, Claim
    from hudhud.events.rules import Broken
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Change
    from hudhud.workers.ahead import Ahead


@dataclass
class Part:
    """What one workspace has in a batch."""

    workspace_id: int
    events: list[Event] = field(default_factory=list)
    changed_ids: set[int] = field(default_factory=set)  # people that this batch made or changed
    created: set[int] = field(default_factory=set)  # those that it made
    attributes: frozenset[str] = frozenset()  # what changed about them
    topics: frozenset[str] = frozenset()
    stale: list[int] = field(default_factory=list)  # people whose mirror is behind, from this batch or elsewhere
    people: set[int] = field(default_factory=set)  # everybody concerned, as who they are today
    gone: frozenset[int] = frozenset()  # of these: who was erased
    quiet: frozenset[int] = frozenset()  # of the stale: whom nothing but the taking back of an import has changed
    changes: list[Change] = field(default_factory=list)  # who entered or left a segment
    broken: list[Broken] = field(default_factory=list)  # where events break the rules of their names


@dataclass
class Batch:
    """What goes through the steps."""

    claim: Claim | None  # None: no rows, only people that others changed
    now: datetime
    ch: Client
    ahead: Ahead
    keys: Keys
    keeps_log: bool
    parts: dict[int, Part] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    appending: Future[list[Event]] | None = None  # the events on their way to ClickHouse; its answer: whose properties it cannot hold
    is_ignored: bool = False  # ClickHouse takes something of it, and does not keep it
    bare: set[int] = field(default_factory=set)  # rows of events that it has without their properties, which it cannot hold
    packing: Future[list[Block]] | None = None  # the events on their way to the kept log
    keep: Callable[[], None] | None = None  # set: take care, something in it cannot be taken; keeps the lease meanwhile

    def part(self, workspace_id: int) -> Part:
        """Return the part of a workspace."""
        found = self.parts.get(workspace_id)
        if found is None:
            found = self.parts[workspace_id] = Part(workspace_id)
        return found

    @property
    def is_first(self) -> bool:
        """Whether ClickHouse had nothing of it before it came, has all of it now, and all of it is decided about at once."""
        return self.claim is not None and not self.claim.again and self.keep is None and not self.is_ignored

    def drop(self, event: Event, reason: Reason, detail: str) -> None:
        """Keep an event, or a part of it, among the rejects."""
        body = msgspec.json.encode(to_message(event))
        self.refusals.append(Refusal(event.workspace_id, event.source, reason, detail, body, event.lane_id))
        self.counts[f"drop {reason}"] += 1

    def let(self, ws: Scope, part: Part, attempt: Callable[[Sequence[Event]], None], reason: Reason) -> list[Event]:
        """Let `attempt` take the part's events. With care: keep those that it cannot take among the rejects, and return them."""
        if self.keep is None:
            attempt(part.events)
            return []
        culprits = {id(event): (event, error) for event, error in isolate(ws, part.events, attempt, self.keep)}
        for event, error in culprits.values():
            self.drop(event, reason, explain(error))
        part.events = [event for event in part.events if id(event) not in culprits]
        return [event for event, _ in culprits.values()]

    def each(self, everywhere: Scope) -> Iterator[tuple[Part, AbstractContextManager[Scope]]]:
        """Iterate over the workspaces, each with its scope to be entered."""
        for workspace_id in sorted(self.parts):
            yield self.parts[workspace_id], everywhere.within(workspace_id)
