"""A shop with people in both engines, a delivery worker that talks to a ledger, and the campaigns role by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.campaigns import actions, queries
from hudhud.campaigns.numbers import count, find_state
from hudhud.campaigns.types import read
from hudhud.kit.config import settings
from hudhud.workers import campaigns as role
from hudhud.workers.context import Context
from tests import make
from tests.delivery.conftest import KEYS, Desk, desk, sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.campaigns.types import Campaign, State
    from hudhud.kit.db import Database

__all__ = ["desk", "sandbox"]
FACTS = {"type_json_skip_duplicated_paths": 1}
EVERYBODY = {"tree": {"kind": "attribute", "name": "first_name", "op": "is_set"}}
DRAFT: dict[str, Any] = {"name": "Spring", "topic": "newsletter", "audience": EVERYBODY, "variants": [{"name": "A", "template": "hello"}]}


@dataclass
class Office:
    """What the tests of this folder work with."""

    desk: Desk
    ch: Client
    context: Context

    @property
    def db(self) -> Database:
        """The database."""
        return self.desk.db

    @property
    def workspace_id(self) -> int:
        """The workspace."""
        return self.desk.workspace_id

    def people(self, *addresses: str, topics: Sequence[str] = ("newsletter",), zone: str | None = None) -> list[int]:
        """Make people who agreed, in both engines."""
        with self.db.workspace(self.workspace_id) as ws:
            ids = make.people(ws, addresses, topics)
            ws.conn.execute(
                'UPDATE person SET attributes = attributes || \'{"first_name": "Ada"}\', time_zone = %s WHERE id = ANY (%s)', (zone, ids)
            )
        self.mirror(ids)
        return ids

    def mirror(self, ids: Sequence[int], version: int = 1, gone: int = 0) -> None:
        """Tell ClickHouse of people."""
        row = {"workspace_id": self.workspace_id, "version": version, "gone": gone, "attributes": {"first_name": "Ada"}}
        rows = [json.dumps({**row, "person_id": one, "created_at": "2026-01-01"}) for one in ids]
        self.ch.raw_insert("person", insert_block="\n".join(rows), fmt="JSONEachRow", settings=FACTS)

    def draft(self, resend_of: int | None = None, **given: object) -> int:
        """Make a draft; return its id."""
        with self.db.workspace(self.workspace_id) as ws:
            return actions.create(ws, read({**DRAFT, **given}), self.desk.clock.now(), by="user:1", resend_of=resend_of)

    def launch(self, campaign_id: int, *, at_once: bool = True) -> None:
        """Send a draft."""
        with self.db.workspace(self.workspace_id) as ws:
            revision = queries.get_campaign(ws, campaign_id).revision
            actions.launch(ws, self.desk.sandbox, campaign_id, revision, self.desk.clock.now(), by="user:1", at_once=at_once)

    def do(self, name: str, campaign_id: int) -> None:
        """Pause, resume, cancel or undo."""
        with self.db.workspace(self.workspace_id) as ws:
            getattr(actions, name)(ws, campaign_id, self.desk.clock.now(), by="user:1")

    def work(self) -> None:
        """Let the campaigns role do all that there is to do now."""
        for _ in range(1_000):
            if not role.work_once(self.context, self.ch):
                return
        raise AssertionError("it never ends")

    def send(self, **given: object) -> int:
        """Make a campaign, launch it and write its rows."""
        campaign_id = self.draft(**given)
        self.launch(campaign_id)
        self.work()
        return campaign_id

    def get(self, campaign_id: int) -> Campaign:
        """Return a campaign."""
        with self.db.workspace(self.workspace_id) as ws:
            return queries.get_campaign(ws, campaign_id)

    def numbers(self, campaign_id: int) -> dict[str, Any]:
        """Count it, and see that the sums hold."""
        with self.db.workspace(self.workspace_id) as ws:
            found = count(ws, queries.get_campaign(ws, campaign_id), self.desk.clock.now())
        check_sums(found)
        return found

    def state(self, campaign_id: int) -> State:
        """Return where it stands."""
        with self.db.workspace(self.workspace_id) as ws:
            return find_state(ws, queries.get_campaign(ws, campaign_id), self.desk.clock.now())

    def rows(self, campaign_id: int, columns: str = "person_id, state, reason") -> list[tuple[Any, ...]]:
        """Return columns of its messages, by person."""
        query = f"SELECT {columns} FROM message WHERE source_kind = 'campaign' AND source_id = %s ORDER BY person_id, id"
        return self.desk.rows(query, campaign_id)  # type: ignore[return-value]


def check_sums(found: dict[str, Any]) -> None:
    """Everybody stands in one place."""
    assert found["selected"] == sum(found[name] for name in ("accepted", "rejected", "skipped", "in_doubt", "pending"))
    assert found["audience"] == found["selected"] + sum(one["people"] for one in found["excluded"]) + found["remaining"]
    assert found["remaining"] >= 0
    for name in ("selected", "accepted", "pending", "opened", "clicked", "unsubscribed"):
        assert found[name] == sum(one[name] for one in found["variants"])


@pytest.fixture
def office(desk: Desk, ch: Client) -> Office:
    """An office with the template `hello`."""
    return Office(desk, ch, Context("test", settings(), desk.db, desk.clock, KEYS))
