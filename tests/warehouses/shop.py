"""A customer's database with people and orders, and a Hudhud that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hudhud.transfer.types import Column, Plan, Reading
from hudhud.warehouses import actions, queries
from hudhud.warehouses.types import Access, Connection, Selection
from hudhud.workers import warehouses

if TYPE_CHECKING:
    import psycopg

    from hudhud.transfer.types import Kind
    from tests.workers.line import Line

LOOPBACK = "127.0.0.0/8"
PEOPLE = """CREATE TABLE customer (id bigint PRIMARY KEY, email text, city text, spent numeric(10, 2), updated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO customer SELECT n, 'u' || n || '@b.ee', 'Tartu', n, '2026-01-01'::timestamptz + make_interval(mins => n::integer) FROM generate_series(1, 5) n"""
SELECTION = Selection("customer", "updated_at", overlap=0)
MEANING = (
    Column("id", "user_id"),
    Column("email", "email"),
    Column("city", "traits.city"),
    Column("spent", "traits.spent"),
    Column("updated_at", ""),
)
PLAN = Plan(Reading("parquet"), MEANING)


@dataclass
class Shop:
    """Their side: a connection that may write, and what our side needs to know."""

    theirs: psycopg.Connection[Any]
    port: int
    database: str
    password: str

    def access(self, **other: Any) -> Access:  # noqa: ANN401 -- fields of Connection
        return Access(
            Connection(**{"host": "127.0.0.1", "database": self.database, "user": "hudhud", "port": self.port, "tls": "off", **other}),
            self.password,
            LOOPBACK,
        )

    def do(self, text: str) -> None:
        self.theirs.execute(text)  # type: ignore[call-overload]


class Reader:
    """Our side: one workspace with one source."""

    def __init__(self, line: Line, shop: Shop, selection: Selection = SELECTION, plan: Plan = PLAN, kind: Kind = "people") -> None:
        self.line, self.shop = line, shop
        line.context.settings = line.context.settings.model_copy(update={"private_networks": LOOPBACK})
        self.keys = line.context.keys
        self.scopes = partial(line.db.workspace, line.shop)
        self.id = actions.create_warehouse(self.scopes, self.keys, "Shop", kind, shop.access(), now=line.clock.now(), actor="test").id
        self.plan(selection, plan)

    def plan(self, selection: Selection, plan: Plan = PLAN) -> None:
        actions.set_plan(self.scopes, self.keys, self.id, selection, plan, networks=LOOPBACK, now=self.line.clock.now(), actor="test")

    def ask(self) -> int:
        with self.line.db.workspace(self.line.shop) as ws:
            return actions.ask_run(ws, self.id, now=self.line.clock.now(), actor="test")

    def read(self) -> tuple[str, int, int, str]:
        """Read once; return state, rows taken, rows refused, and the problem."""
        run_id = self.ask()
        assert warehouses.work_once(self.line.context)
        return self.run(run_id)

    def run(self, run_id: int) -> tuple[str, int, int, str]:
        with self.line.db.workspace(self.line.shop) as ws:
            found = next(one for one in queries.find_runs(ws, self.id) if one.id == run_id)
        return found.state, found.accepted, found.rejected, found.problem

    def people(self) -> dict[str, Any]:
        """Let the intake work; return everybody's city by number."""
        self.line.work()
        rows = self.line.sql(
            "SELECT i.value, p.attributes ->> 'city' FROM person p JOIN identifier i ON i.person_id = p.id AND i.namespace = 'user_id'"
        )
        return dict(sorted(rows))

    def messages(self) -> int:
        """How many messages have come into the log so far."""
        return int(self.line.sql("SELECT count(*) FROM intake")[0][0])
