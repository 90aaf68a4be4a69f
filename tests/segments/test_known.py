"""Values that are offered while somebody writes a condition: which, with how many, and which never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.segments.asking import known
from hudhud.segments.asking.known import About, find_values
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def offered(stage: Stage, about: About, search: str = "") -> list[tuple[object, int]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        found = find_values(ws, stage.ch, about, NOW, search=search)
    assert found.exact
    return [(one.value, one.count) for one in found.values]


def test_values_of_attributes_with_how_many_have_them(stage: Stage, db: Database, ch: Client) -> None:
    for plan, tags, city in (
        ("gold", ["new", "new", "vip"], "Tartu"),
        ("gold", ["vip"], "تهران"),
        ('a/b "c"', [], "Tartu"),
        ('a/b "c"', [], "تهران"),
    ):
        stage.person(
            attributes={
                "plan": plan,
                "tags": tags,
                "city": city,
                "visits": 7,
                "only": plan + city,
                "email": "ann@example.com",
                "note": "ann@example.com",
            }
        )
    gone = stage.person(attributes={"plan": "gold"})
    stage.merge(gone, stage.world.people[0])
    make_stage(db, ch, NOW).person(attributes={"plan": "theirs", "city": "theirs"})
    assert offered(stage, About("attribute", "plan")) == [('a/b "c"', 2), ("gold", 2)]
    assert offered(stage, About("attribute", "plan"), "GOL") == [("gold", 2)]
    assert offered(stage, About("attribute", "city"), "تهر") == [("تهران", 2)]
    assert offered(stage, About("attribute", "tags")) == [("vip", 2)]
    assert offered(stage, About("attribute", "visits")) == [(7, 4)]
    assert offered(stage, About("attribute", "only")) == []  # each is one person's
    assert offered(stage, About("attribute", "email")) == offered(stage, About("attribute", "note")) == []
    assert offered(stage, About("attribute", 'it\'s `not` "there"')) == []


def test_values_of_places(stage: Stage) -> None:
    for city in ("Tartu", "Tartu", "Narva"):
        stage.person(city=city, country="EE", language="et")
    assert offered(stage, About("place", "city")) == [("Tartu", 2), ("Narva", 1)]
    assert offered(stage, About("place", "country")) == offered(stage, About("attribute", "@country")) == [("EE", 3)]
    assert offered(stage, About("place", "person_id")) == offered(stage, About("attribute", "@created_at")) == []


def test_values_of_events_of_the_last_quarter_and_of_their_items(stage: Stage) -> None:
    ann, ben = stage.person(), stage.person()
    shoes, hats = {"category": "shoes", "name": "Clog"}, {"category": "hats", "name": "Cap"}
    for days, actor, items in ((1, ann, [shoes, shoes, hats]), (2, ben, [shoes]), (3, ben, [hats, "odd"]), (100, ben, [hats])):
        stage.happen(
            Event(
                actor.id,
                "Order Completed",
                NOW - timedelta(days=days),
                {"currency": "EUR", "total": 9.5, "products": items, "coupon": {"code": "X"}},
            )
        )
    assert offered(stage, About("event", "Order Completed", "currency")) == [("EUR", 3)]
    assert offered(stage, About("event", "Order Completed", "total")) == [(9.5, 3)]
    assert offered(stage, About("event", "Order Completed", "products[].category")) == [("hats", 2), ("shoes", 2)]
    assert offered(stage, About("event", "Order Completed", "products[].name"), "clo") == [("Clog", 2)]
    assert offered(stage, About("event", "Order Completed", "coupon.code")) == [("X", 3)]
    for days in (1, 2):
        told = {"products": [{"name": "Clog", "recipient_name": "Mari"}]}
        for actor, note in ((ann, "for my doctor"), (ben, "")):
            stage.happen(Event(actor.id, "Gift Ordered", NOW - timedelta(days=days), {**told, "note": note}))
    assert offered(stage, About("event", "Gift Ordered", "note")) == []  # one person's, twice
    assert offered(stage, About("event", "Gift Ordered", "products[].recipient_name")) == []
    assert offered(stage, About("event", "Gift Ordered", "products[].name")) == [("Clog", 4)]
    assert offered(stage, About("event", "Order Completed", "coupon")) == offered(stage, About("event", "Nothing", "currency")) == []


def test_a_large_base_is_told_from_stretches_of_people(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third person is in Tartu, wherever they stand: a tenth of them tells so, too."""
    people = 8_000
    stage.ch.command(
        "INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at)"
        f' SELECT {stage.workspace_id}, 5000000 + number * 3, 1, 0, if(number % 3 = 0, \'{{"city":"Tartu"}}\', \'{{"city":"Narva"}}\')::JSON, now() FROM numbers({people})'
    )
    monkeypatch.setattr(known, "MANY_PEOPLE", people // 10)
    with stage.db.workspace(stage.workspace_id) as ws:
        found = find_values(ws, stage.ch, About("attribute", "city"), NOW)
    assert not found.exact
    assert [one.value for one in found.values] == ["Narva", "Tartu"]
    assert found.values[1].count == pytest.approx(people / 3, rel=0.1)
