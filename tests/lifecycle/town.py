"""A workspace with three stages, whose people do things through the whole line: intake, segments, journeys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hudhud.lifecycle import actions, queries
from hudhud.segments.types import from_json
from hudhud.workers import segments
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope
    from hudhud.lifecycle.types import Stage


def did(name: str, least: int = 1, days: int | None = None) -> dict[str, Any]:
    """A condition: it happened so often, ever or in the last days."""
    window = {"kind": "ever"} if days is None else {"kind": "last", "amount": days, "unit": "days"}
    return {"kind": "event", "name": name, "count": {"op": "at_least", "value": least}, "window": window}


RULES = {"Known": did("Seen"), "Buyer": did("Order Completed", days=30), "Regular": did("Order Completed", 2, days=60)}


@dataclass
class Town:
    line: Line
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.scope() as ws:
            for name, rule in RULES.items():
                self.ids[name] = actions.create_stage(ws, name, from_json(rule), self.line.clock.now(), by="user:1")
        self.settle()

    def scope(self) -> Any:  # noqa: ANN401 -- a context manager of Scope
        return self.line.db.workspace(self.line.shop)

    def settle(self) -> None:
        """Let the workers work until nothing is left."""
        while self.line.work() + segments.work_once(self.line.context, self.line.ch, self.line.clock.now()):
            pass

    def put(self, *messages: dict[str, Any]) -> None:
        self.line.put(*({"timestamp": self.line.clock.now().isoformat(), **message} for message in messages))
        self.settle()

    def stages(self) -> list[Stage]:
        with self.scope() as ws:
            return queries.find_stages(ws)

    def person(self, user: str) -> int:
        ((found,),) = self.line.sql(
            "SELECT coalesce(p.merged_into, p.id) FROM identifier i JOIN person p ON p.id = i.person_id WHERE i.value = %s", user
        )
        return int(found)

    def place(self, user: str) -> str | None:
        with self.scope() as ws:
            found = queries.get_place(ws, self.person(user))
        return None if found is None else self.name(found[0])

    def name(self, stage_id: int | None) -> str | None:
        return next((name for name, number in self.ids.items() if number == stage_id), None)

    def moves(self) -> list[tuple[int, str | None, str | None]]:
        """Return who moved from where to where, as it was written down."""
        rows = self.line.sql("SELECT person_id, from_id, to_id FROM lifecycle_move ORDER BY id")
        return [(person_id, self.name(origin), self.name(target)) for person_id, origin, target in rows]

    def told(self) -> list[tuple[int, str, str]]:
        """Return the same as timelines tell it."""
        keys = {stage.key: stage.names[""] for stage in self.stages()} | {"": ""}
        query = "SELECT actor_id, toString(properties.from), toString(properties.to) FROM event WHERE name = 'Lifecycle Stage Changed' ORDER BY at, message_id"
        return [(actor, keys[origin], keys[target]) for actor, origin, target in self.line.ch.query(query).result_rows]


def make_town(db: Database, ch: Client, clickhouse_url: str) -> Town:
    return Town(Line(db, ch, clickhouse_url))


def rule(ws: Scope, name: str) -> Stage:
    return next(stage for stage in queries.find_stages(ws) if stage.names[""] == name)
