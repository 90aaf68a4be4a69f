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
        group("acme", 3, name="Acme", seats=1, plan="free"),
        group("acme", 1, name="ACME", seats=5),
        group(7, 2, user="u2", name="İzmir Seven"),
    )
    line.work()
    line.put(group("acme", 2, seats=3, city="Tartu"), group(7, 5), group("acme", user=None, visitor="v2"), identify("u2", "v2"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        seven, acme = sorted(queries.find_companies(ws), key=lambda one: one.key)
        assert (acme.key, acme.attributes, acme.people) == ("acme", {"name": "ACME", "seats": 5, "plan": "free", "city": "Tartu"}, 2)
        assert acme.created_at == NOW - timedelta(days=3)
        assert [one.key for one in queries.find_companies(ws, search="AC")] == ["acme"]
        assert [one.key for one in queries.find_companies(ws, search="İZmir")] == ["7"]
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


def test_a_public_key_says_nothing_against_a_server_and_lets_nobody_into_a_company_that_it_has_named(line: Line) -> None:
    line.put(identify("ann", email="ann@example.com"), identify("eve", email="eve@example.com"))
    line.put(group("acme", 9, user="eve", plan="gold", wish="all"), group("den", user="eve", plan="tin"), source="collect")
    line.work()
    line.put(group("acme", 5, user="ann", plan="free", seats=5))
    line.work()
    # Newer than what the server said; ann is in it already, also as the visitor that she was.
    line.put(
        group("acme", 1, user="eve", plan="gold", seats=5, wish="more", size=2), group("acme", 0, user="ann", seats=5), source="collect"
    )
    line.work()
    with line.db.workspace(line.shop) as ws:
        acme, den = sorted(queries.find_companies(ws), key=lambda one: one.key)
        assert (acme.attributes, den.attributes) == ({"plan": "free", "seats": 5, "wish": "more", "size": 2}, {"plan": "tin"})
        ann, eve = (line.sql("SELECT person_id FROM identifier WHERE value = %s", user)[0][0] for user in ("ann", "eve"))
        assert (queries.find_people(ws, acme.id), queries.find_people(ws, den.id)) == ([ann], [eve])
    (refusal,) = line.rejects()
    assert refusal[0] == "public_key"
    assert refusal[1].startswith("plan: set by a server key")
    assert "; groupId: " in refusal[1]
    # Within one batch the order makes no difference either.
    line.put(group("fort", user="eve", plan="gold"), source="collect")
    line.put(group("fort", user="ann", plan="free"))
    line.work()
    line.put(group("acme", user="eve", wish="none"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        (fort,) = queries.find_companies(ws, search="fort")
        assert (fort.attributes, queries.find_people(ws, fort.id)) == ({"plan": "free"}, [ann])
        assert queries.get_company(ws, acme.id).attributes["wish"] == "none"
        assert queries.find_people(ws, acme.id) == sorted([ann, eve])
