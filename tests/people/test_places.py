"""Where somebody lives: which word counts, what a change of it makes unknown, and how it comes to be asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.people import places
from hudhud.people.identifiers import normal_place, normal_position
from hudhud.people.queries import get_profile
from hudhud.people.unmerge import undo_merge
from hudhud.segments.actions import create_segment
from hudhud.segments.queries import explain
from hudhud.segments.types import from_json
from hudhud.workers import segments
from tests.workers.line import NOW, Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

TARTU = {"country": "EE", "region": "Tartu County", "city": "Tartu", "position": "58.381,26.725"}
BERLIN = {"country": "DE", "region": "Berlin", "city": "Berlin", "position": "52.520,13.405"}
LATER = NOW + timedelta(hours=1)
# What is told one after another (by whom, what, when), and where that leaves them.
TOLD: list[tuple[list[tuple[str, dict[str, str], Any]], dict[str, str]]] = [
    ([("ip", TARTU, NOW), ("ip", BERLIN, LATER)], BERLIN),
    ([("ip", TARTU, LATER), ("ip", BERLIN, NOW)], TARTU),  # an older word that comes late
    ([("ip", TARTU, NOW), ("ip", {"country": "EE"}, LATER)], TARTU),
    ([("ip", TARTU, NOW), ("ip", {"country": "FI"}, LATER)], {"country": "FI"}),
    ([("ip", TARTU, NOW), ("ip", {"country": "EE", "city": "Narva"}, LATER)], {"country": "EE", "city": "Narva"}),
    ([("stated", {"country": "EE"}, NOW), ("ip", TARTU, NOW)], TARTU),  # finer, and no contradiction
    ([("stated", {"country": "FI"}, NOW), ("ip", TARTU, LATER)], {"country": "FI"}),
    ([("ip", TARTU, NOW), ("stated", {"country": "FI"}, NOW)], {"country": "FI"}),
    ([("stated", {"city": "TARTU"}, NOW), ("ip", TARTU, NOW)], {**TARTU, "city": "TARTU"}),
    ([("stated", {"city": "Tartu"}, NOW), ("ip", BERLIN, LATER)], {"country": "DE", "region": "Berlin", "city": "Tartu"}),
    ([("device", TARTU, NOW), ("zone", {"country": "DE"}, LATER)], TARTU),
    ([("zone", {"country": "DE"}, NOW), ("ip", TARTU, NOW)], TARTU),
]


@pytest.mark.parametrize(("told", "left"), TOLD, ids=range(len(TOLD)))
def test_the_newest_word_of_the_strongest_source_counts(told: list[tuple[str, dict[str, str], Any]], left: dict[str, str]) -> None:
    known: dict[str, str | None] = {}
    provenance: dict[str, str] = {}
    for origin, said, at in told:
        settled = places.settle(known, provenance, said, origin, at)
        known |= settled.values
        provenance |= settled.provenance
        assert places.settle(known, provenance, said, origin, at).values == {}  # said again it changes nothing
    assert {part: value for part, value in known.items() if value is not None} == left


def test_positions_and_names_have_one_form() -> None:
    assert normal_position(58.380624, "26.72509") == "58.381,26.725"
    assert normal_position(-0.0001, 180) == "0.000,180.000"
    bad = [(0, 0), ("0.0", "-0"), (91, 0), (0, 180.01), ("north", 1), (None, None), (True, 1), (float("nan"), 1), ("1e3", 1), ([1], 1)]
    assert [normal_position(*each) for each in bad] == [None] * len(bad)
    assert [normal_place(name) for name in ("  San \t Jose ", "", " ", "x" * 101, "a\0b", 5, None)] == ["San Jose", *[None] * 6]
    assert places.read_traits(
        {"address": "Main St 1", "default_address": {"city": "Pärnu", "country_code": "ee", "state": "Pärnumaa"}}
    ) == {
        "country": "EE",
        "region": "Pärnumaa",
        "city": "Pärnu",
    }
    assert places.countries_of_zones()["Asia/Tehran"] == "IR"


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def told(line: Line, user: str) -> tuple[dict[str, str | None], dict[str, str]]:
    ((person_id,),) = line.sql("SELECT person_id FROM identifier WHERE value = %s", user)
    with line.db.workspace(line.shop) as ws:
        profile = get_profile(ws, person_id)
    known = {part: getattr(profile, part) for part in places.PARTS}
    return known, {name: profile.provenance[name] for name in profile.provenance if name in {*places.PARTS, places.TOLD_AT}}


def test_who_moves_near_enters_a_segment_by_the_next_word_of_it(line: Line) -> None:
    near = {"kind": "place", "near": {"latitude": 58.38, "longitude": 26.72, "km": 20}}
    tree = from_json({"kind": "or", "of": [near, {"kind": "place", "outside": True, "countries": ["EE", "DE"]}]})
    with line.db.workspace(line.shop) as ws:
        create_segment(ws, "Near Tartu, or far away", tree, NOW, by="test")
    line.put(
        {**identify("ann"), "ipPlace": BERLIN},
        {**identify("bob"), "context": {"location": {"country": "EE", "city": "Tartu", "latitude": 58.3806, "longitude": "26.7251"}}},
        {**identify("eve"), "context": {"timezone": "Asia/Tehran"}},
        identify("nobody"),
    )
    line.work()
    segments.work_once(line.context, line.ch, NOW)
    assert line.sql("SELECT count FROM segment_membership") == [(2,)]
    assert told(line, "eve")[0] == {"country": "IR", "region": None, "city": None, "position": None}
    assert told(line, "bob")[1] == dict.fromkeys(("country", "city", "position"), "device") | {
        "place_at": NOW.isoformat(timespec="milliseconds")
    }
    line.put({**identify("ann"), "ipPlace": TARTU}, identify("eve", address={"country": "DE", "city": "Bonn"}), bulk=False)
    line.work()
    assert line.sql("SELECT count FROM segment_membership") == [(2,)]
    moved = line.sql("SELECT value, entered FROM segment_change c JOIN identifier i USING (person_id) ORDER BY 1")
    assert moved == [("ann", True), ("eve", False)]
    ((ann,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'ann'")
    with line.db.workspace(line.shop) as ws:
        verdict = explain(ws, line.ch, tree, ann, NOW)
    assert verdict.of[0].value == {"country": "EE", "region": "Tartu County", "city": "Tartu", "km": pytest.approx(0.31, abs=0.01)}
    ((row,),) = [
        line.ch.query("SELECT city, city_word, latitude FROM person FINAL WHERE person_id = {p:UInt64}", parameters={"p": ann}).result_rows
    ]
    assert row == ("Tartu", "tartu", 58.381)


def test_the_places_of_two_who_become_one_are_never_mixed_and_part_again(line: Line) -> None:
    line.put(
        {**identify("ann"), "ipPlace": {"country": "EE"}},
        {"type": "identify", "anonymousId": "a1", "ipPlace": TARTU, "messageId": "m1"},
        {"type": "identify", "anonymousId": "a2", "ipPlace": BERLIN, "messageId": "m2"},
    )
    line.work()
    for number in (1, 2):
        line.put({"type": "identify", "userId": "ann", "anonymousId": f"a{number}", "messageId": f"j{number}"}, bulk=False)
        line.work()
        assert told(line, "ann")[0] == TARTU
    merges = line.sql("SELECT id FROM person_merge ORDER BY id DESC")
    with line.db.workspace(line.shop) as ws:
        for (merge_id,) in merges:
            undo_merge(ws, merge_id, NOW, "test")
    assert told(line, "ann")[0] == {"country": "EE", "region": None, "city": None, "position": None}
    assert told(line, "a2")[0] == BERLIN


def test_who_takes_back_what_they_stated_lives_there_no_longer(line: Line) -> None:
    line.put(
        identify("ann", country="EE", city="Tartu", timezone="Europe/Tallinn"), identify("bob", country="EE", address={"country": "FI"})
    )
    line.put({**identify("eve", country="EE"), "ipPlace": BERLIN})
    line.work()
    line.put(identify("ann", country=None, city=None, timezone=None), identify("bob", country=None))
    line.put({**identify("eve", country=None), "ipPlace": BERLIN})
    line.work()
    nowhere = {"country": None, "region": None, "city": None, "position": None}
    assert told(line, "ann")[0] == nowhere
    assert line.sql(
        "SELECT time_zone, provenance - 'place_at' FROM person p JOIN identifier i ON i.person_id = p.id WHERE value = 'ann'"
    ) == [(None, {})]
    # Another of their traits says it still; or something weaker does.
    assert told(line, "bob")[0] == {**nowhere, "country": "FI"}
    assert told(line, "eve")[0] == BERLIN
    ((history,),) = line.sql(
        "SELECT before FROM person_change c JOIN identifier i USING (person_id) WHERE value = 'ann' ORDER BY c.id DESC LIMIT 1"
    )
    assert (history["@country"], history["@time_zone"]) == ("EE", "Europe/Tallinn")
