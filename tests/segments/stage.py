"""A workspace in both engines whose world the oracle knows too."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hudhud.kit.sql import Query
from hudhud.segments import actions
from hudhud.segments.asking.ask import QUERIES
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import Change, Touched, from_json
from tests.segments import oracle, worlds

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

WORKSPACE = Query("workspace", "INSERT INTO workspace (name, created_at) VALUES ('Shop', %(now)s) RETURNING id")
PERSON = Query(
    "person",
    "INSERT INTO person (id, workspace_id, created_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (%(id)s, %(workspace_id)s, %(now)s, %(now)s)",
)
MERGE = Query("merge", "UPDATE person SET merged_into = %(survivor)s WHERE id = %(actor)s OR merged_into = %(actor)s")
MEMBERS = Query("members", "SELECT segment_id FROM segment_membership WHERE workspace_id = %(workspace_id)s")
CHANGES = Query(
    "changes", "SELECT segment_id, person_id, entered, at FROM segment_change WHERE workspace_id = %(workspace_id)s ORDER BY id"
)
_people = itertools.count(1)


@dataclass
class Stage:
    db: Database
    ch: Client
    workspace_id: int
    now: datetime
    world: oracle.World = field(default_factory=lambda: oracle.World([], []))
    versions: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def person(self, **facts: object) -> oracle.Person:
        person = oracle.Person(next(_people), **facts)  # type: ignore[arg-type]
        with self.db.workspace(self.workspace_id) as ws:
            ws.run(PERSON, id=person.id, now=self.now)
        self.world.people.append(person)
        self.mirror(person)
        return person

    def mirror(self, *people: oracle.Person) -> None:
        for person in people:
            self.versions[person.id] += 1
            worlds.write_people(self.ch, self.workspace_id, [person], self.versions[person.id])

    def happen(self, *events: oracle.Event) -> None:
        self.world.events += events
        worlds.write_events(self.ch, self.workspace_id, list(events))

    def merge(self, actor: oracle.Person, survivor: oracle.Person) -> None:
        self.join(actor, survivor)
        self.mirror_merge(actor, survivor)

    def join(self, actor: oracle.Person, survivor: oracle.Person) -> None:
        """Merge, as far as PostgreSQL knows."""
        moved = {actor.id, *(other for other, person_id in self.world.merged.items() if person_id == actor.id)}
        self.world.merged |= dict.fromkeys(moved, survivor.id)
        with self.db.workspace(self.workspace_id) as ws:
            ws.run(MERGE, actor=actor.id, survivor=survivor.id)

    def mirror_merge(self, actor: oracle.Person, survivor: oracle.Person) -> None:
        """Tell ClickHouse of it."""
        actor.gone = True
        moved = [other for other, person_id in self.world.merged.items() if person_id == survivor.id]
        worlds.write_merged(self.ch, self.workspace_id, dict.fromkeys(moved, survivor.id), self.versions[actor.id] + 1)
        self.mirror(actor, survivor)

    def segment(self, tree: dict[str, Any], *, name: str = "A segment", build: bool = True) -> int:
        with self.db.workspace(self.workspace_id) as ws:
            made = actions.create_segment(ws, name, from_json(tree), self.now, by="user:1")
        self.world.segments[made] = tree
        if build:
            self.build()
        return made

    def build(self) -> list[int]:
        with self.db.workspace(self.workspace_id) as ws:
            return actions.build(ws, self.ch, self.now)

    def refresh(self, touched: Touched) -> list[Change]:
        with self.db.workspace(self.workspace_id) as ws:
            return actions.refresh(ws, self.ch, touched, self.now)

    def check(self) -> list[Change]:
        with self.db.workspace(self.workspace_id) as ws:
            return actions.check_due(ws, self.ch, self.now)

    def members(self) -> dict[int, set[int]]:
        with self.db.workspace(self.workspace_id) as ws:
            return {segment_id: set(people) for segment_id, people in read_members(ws, [row[0] for row in ws.rows(MEMBERS)]).items()}

    def expected(self) -> dict[int, set[int]]:
        return {number: oracle.members(self.world, tree, self.now) for number, tree in self.world.segments.items()}

    def changes(self) -> list[tuple[int, int, bool, datetime]]:
        with self.db.workspace(self.workspace_id) as ws:
            return [(row[0], row[1], row[2], row[3]) for row in ws.rows(CHANGES)]

    def next_check(self) -> datetime | None:
        with self.db.everywhere() as everywhere:
            found: datetime | None = everywhere.value(QUERIES.next_check)
            return found


def make_stage(db: Database, ch: Client, now: datetime) -> Stage:
    with db.everywhere() as everywhere:
        return Stage(db, ch, everywhere.value(WORKSPACE, now=now), now)
