"""A small stage for journeys: people, events and a clock, all by hand, on real engines."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.events.types import Event
from hudhud.journeys import actions, graph
from hudhud.journeys.acting import effects
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit.sql import Query
from hudhud.workers.quarantine import is_poison

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

WORKSPACE = Query("workspace", "INSERT INTO workspace (name, created_at) VALUES ('Shop', %(now)s) RETURNING id")
PEOPLE = Query(
    "people",
    "INSERT INTO person (workspace_id, attributes, created_at, updated_at) "
    "SELECT %(workspace_id)s, a::jsonb, %(now)s, %(now)s FROM unnest(%(attributes)s::text[]) a RETURNING id",
)
MESSAGES = Query("messages", "SELECT source_id, step, visit, person_id, topic, template, event FROM message ORDER BY id")
LOG = Query("log", "SELECT r.person_id, l.node, l.edge, l.reason, l.at FROM run_log l JOIN run r ON r.id = l.run_id ORDER BY r.id, l.visit")
OUTCOMES = Query("outcomes", "SELECT person_id, outcome FROM run ORDER BY id")
FACTS = {"type_json_skip_duplicated_paths": 1}


@dataclass
class Stage:
    """One workspace and everything a journey needs around it."""

    db: Database
    ch: Client
    workspace_id: int
    numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def people(self, *attributes: dict[str, Any]) -> list[int]:
        """Make people with these attributes, in both engines."""
        with self.db.workspace(self.workspace_id) as ws:
            ids = [row[0] for row in ws.rows(PEOPLE, now=T0, attributes=[json.dumps(one) for one in attributes])]
        self.mirror(dict(zip(ids, attributes, strict=True)))
        return ids

    def mirror(self, people: dict[int, dict[str, Any]], version: int = 1, gone: int = 0) -> None:
        """Write people to ClickHouse."""
        rows = [
            json.dumps(
                {
                    "workspace_id": self.workspace_id,
                    "person_id": i,
                    "version": version,
                    "gone": gone,
                    "attributes": a,
                    "created_at": "2026-01-01",
                }
            )
            for i, a in people.items()
        ]
        self.ch.raw_insert("person", insert_block="\n".join(rows), fmt="JSONEachRow", settings=FACTS)

    def event(self, person_id: int, name: str, at: datetime, /, kind: str = "track", **properties: object) -> Event:
        """Make one event."""
        number = next(iter(self.numbers))
        body = json.dumps(properties).encode()
        return Event(
            self.workspace_id,
            number,
            f"m{number:06}",
            kind,
            name,
            at,
            at,
            f"u{person_id}",
            None,
            body,
            b"{}",
            "server",
            person_id=person_id,
        )

    def record(self, events: Sequence[Event]) -> None:
        """Append events to ClickHouse."""
        rows = [
            json.dumps(
                {
                    "workspace_id": event.workspace_id,
                    "name": event.name,
                    "at": event.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
                    "actor_id": event.person_id,
                    "message_id": event.message_id,
                    "kind": event.kind,
                    "received_at": event.received_at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
                    "properties": json.loads(event.properties),
                    "context": "{}",
                }
            )
            for event in events
        ]
        for table in ("event", "person_event") if rows else ():
            self.ch.raw_insert(table, insert_block="\n".join(rows), fmt="JSONEachRow", settings=FACTS)

    def publish(self, raw: dict[str, Any], at: datetime = T0 - DAY, *, start: bool = True) -> None:
        """Publish a journey and start it."""
        with self.db.workspace(self.workspace_id) as ws:
            actions.publish(ws, graph.parse({"names": {"en": raw["key"]}, **raw}), at, by="test")
            if start:
                actions.start(ws, raw["key"], at, by="test")

    def take(self, *events: Event, now: datetime | None = None, changes: Sequence[Any] = ()) -> int:
        """Let facts come in, as the intake worker does."""
        self.record(events)
        moment = now or max((event.at for event in events), default=T0)
        with self.db.workspace(self.workspace_id) as ws:
            return actions.take(ws, self.ch, list(events), changes, moment)

    def tick(self, horizon: datetime, pace: planner.Pace = planner.USUAL) -> int:
        """Let timers fire, as the journeys worker does."""
        with self.db.workspace(self.workspace_id) as ws:
            versions = planner.find_versions(ws)
        return planner.tick(LiveWorld(self.db, self.ch), versions, horizon, pace)

    def act(self, now: datetime) -> int:
        """Let nodes do what they do to people, as the effects worker does."""
        done = 0
        while True:
            with self.db.workspace(self.workspace_id) as ws:
                pending = [one for one in effects.find_pending(ws) if one.workspace_id == self.workspace_id]
            if not pending:
                return done
            for one in pending:
                with self.db.workspace(self.workspace_id) as ws:
                    done += effects.carry_out(ws, self.ch, one, now, is_poison)

    def messages(self) -> list[dict[str, Any]]:
        """Return the planned messages."""
        with self.db.workspace(self.workspace_id) as ws:
            return ws.all(MESSAGES)

    def log(self) -> list[tuple[Any, ...]]:
        """Return what runs did: (person, node, edge, reason, at)."""
        with self.db.workspace(self.workspace_id) as ws:
            return list(ws.rows(LOG))

    def outcomes(self) -> list[tuple[int, str | None]]:
        """Return (person, outcome) of each run."""
        with self.db.workspace(self.workspace_id) as ws:
            return [(row[0], row[1]) for row in ws.rows(OUTCOMES)]


def make_stage(db: Database, ch: Client) -> Stage:
    """Make a workspace."""
    with db.everywhere() as ws:
        return Stage(db, ch, ws.value(WORKSPACE, now=T0))


def event_since(name: str, **more: object) -> dict[str, Any]:
    """Write the condition "such an event since the entry"."""
    return {"kind": "event", "name": name, "window": {"kind": "since_entry"}, **more}


def send(template: str, then: str) -> dict[str, Any]:
    """Write a send node."""
    return {"kind": "send", "template": template, "topic": "newsletter", "next": then}


def delay(amount: int, unit: str, then: str) -> dict[str, Any]:
    """Write a delay node."""
    return {"kind": "delay", "amount": amount, "unit": unit, "next": then}


END = {"kind": "exit", "reason": "done"}
