"""A `group` call makes a company and lets somebody in; what was said last counts, and merges and erasure are heeded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.companies import queries
from hudhud.companies.types import CompanyNotFound
from hudhud.kit.crypto import Keys
from hudhud.people import erasure
from tests import make
from tests.make import NOW
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def group(key: str | int, days: int = 0, *, user: str | None = "u1", visitor: str | None = None, **traits: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    ids = {"userId": user, "anonymousId": visitor}
    whole = {"type": "group", "groupId": key, "traits": traits, "timestamp": (NOW - timedelta(days=days)).isoformat()}
    return {**whole, **{name: value for name, value in ids.items() if value}}


def test_who_is_in_which_company(line: Line) -> None:
    line.put(
        group("acme", 3, name="Acme", seats=1, plan="free"), group("acme", 1, name="ACME", seats=5), group(7, 2, user="u2", name="Seven")
    )
    line.work()
    line.put(group("acme", 2, seats=3, city="Tartu"), group(7, 5), group("acme", user=None, visitor="v2"), identify("u2", "v2"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        seven, acme = sorted(queries.find_companies(ws), key=lambda one: one.key)
        assert (acme.key, acme.attributes, acme.people) == ("acme", {"name": "ACME", "seats": 5, "plan": "free", "city": "Tartu"}, 2)
        assert acme.created_at == NOW - timedelta(days=3)
        assert [one.key for one in queries.find_companies(ws, search="AC")] == ["acme"]
        assert [one.key for one in queries.find_companies(ws, after=seven.id)] == ([] if seven.id < acme.id else ["acme"])
        first, second = (line.sql("SELECT person_id FROM identifier WHERE value = %s", user)[0][0] for user in ("u1", "u2"))
        assert queries.find_people(ws, acme.id) == sorted([first, second])
        # u2 has been the visitor v2, too: both their companies are theirs now.
        assert {one.key for one in queries.find_memberships(ws, second)} == {"7", "acme"}
        assert [(one.key, one.since) for one in queries.find_memberships(ws, first)] == [
            ("acme", NOW - timedelta(days=3)),
            ("7", NOW - timedelta(days=5)),
        ]
        erasure.ask(ws, Keys((b"test",)), second, NOW, "test")
        assert queries.find_people(ws, acme.id) == [first]
    line.put(group("acme", user="u2"))
    line.work()
    other = make.workspace(line.db, "Other")
    with line.db.workspace(other) as ws:
        assert queries.find_companies(ws) == []
        with pytest.raises(CompanyNotFound):
            queries.get_company(ws, acme.id)
    with line.db.workspace(line.shop) as ws:
        assert queries.find_people(ws, acme.id) == [first]
