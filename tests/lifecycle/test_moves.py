"""People move between stages: by what they do, by time, by merging; each move is told once."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.lifecycle import actions
from hudhud.lifecycle.types import MOVED
from hudhud.people import erasure
from hudhud.segments.types import from_json
from tests.lifecycle.town import Town, did, make_town
from tests.workers.line import identify, track

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

DAY = timedelta(days=1)
QUIET_BUYER = {"kind": "and", "of": [{"kind": "not", "of": did("Order Completed", days=30)}, did("Order Completed")]}
JUST_SEEN = did("Seen") | {"window": {"kind": "last", "amount": 1, "unit": "minutes"}}


@pytest.fixture
def town(db: Database, ch: Client, clickhouse_url: str) -> Town:
    return make_town(db, ch, clickhouse_url)


def test_who_does_more_goes_on_and_who_goes_quiet_falls_back(town: Town) -> None:
    town.put(track("ann", "Seen"), track("bob", "Other"))
    ann = town.person("ann")
    assert (town.place("ann"), town.place("bob")) == ("Known", None)
    town.line.clock.at += DAY
    town.put(track("ann", "Order Completed"))
    town.line.clock.at += DAY
    town.put(track("ann", "Order Completed"))
    assert town.place("ann") == "Regular"
    town.line.clock.at += 31 * DAY  # the first order still counts for the regulars, not for the buyers
    town.settle()
    assert town.place("ann") == "Regular"
    town.line.clock.at += 40 * DAY
    town.settle()
    way = [(ann, None, "Known"), (ann, "Known", "Buyer"), (ann, "Buyer", "Regular"), (ann, "Regular", "Known")]
    assert town.moves() == way
    assert town.told() == [(person, origin or "", target) for person, origin, target in way]
    assert town.line.sql("SELECT is_forward, at - since FROM lifecycle_move ORDER BY id") == [
        (True, None),
        (True, DAY),
        (True, DAY),
        (False, 71 * DAY),
    ]


def test_rules_that_turn_at_one_moment_make_one_move_though_one_is_looked_at_more_often(town: Town) -> None:
    often = {"kind": "or", "of": [did("Order Completed", days=30), JUST_SEEN]}
    with town.scope() as ws:
        actions.update_stage(ws, town.ids["Buyer"], town.line.clock.now(), by="user:1", rule=from_json(often))
        actions.update_stage(ws, town.ids["Regular"], town.line.clock.now(), by="user:1", rule=from_json(QUIET_BUYER))
    town.settle()
    for user in ("bob", "ann"):
        town.put(track(user, "Order Completed"))
        town.line.clock.at += timedelta(seconds=10)
    town.line.clock.at += 30 * DAY - timedelta(seconds=20)
    for _ in range(2):
        town.settle()
        town.line.clock.at += timedelta(seconds=10)
    bob, ann = town.person("bob"), town.person("ann")
    assert town.moves() == [(bob, None, "Buyer"), (ann, None, "Buyer"), (bob, "Buyer", "Regular"), (ann, "Buyer", "Regular")]


def test_a_change_of_rules_counts_everybody_anew_and_tells_nobody(town: Town) -> None:
    town.put(track("ann", "Seen"), track("bob", "Seen"), track("bob", "Order Completed"))
    before = town.moves()
    with town.scope() as ws:
        actions.update_stage(ws, town.ids["Known"], town.line.clock.now(), by="user:1", rule=from_json(did("Nothing")))
        actions.order_stages(ws, [town.ids[name] for name in ("Buyer", "Regular", "Known")], town.line.clock.now(), by="user:1")
    town.settle()
    assert (town.place("ann"), town.place("bob")) == (None, "Buyer")
    assert [stage.count for stage in town.stages()] == [1, 0, 0]
    with town.scope() as ws:
        actions.update_stage(ws, town.ids["Known"], town.line.clock.now(), by="user:1", rule=from_json(did("Seen")))
    town.settle()
    # The last one that holds is the furthest: it is Known now.
    assert (town.place("ann"), town.place("bob")) == ("Known", "Known")
    assert (town.moves(), len(town.told())) == (before, len(before))
    town.put(track("bob", "Other"), track("eve", "Order Completed"))
    assert town.moves()[len(before) :] == [(town.person("eve"), None, "Buyer")]


def test_two_who_are_one_keep_the_survivors_way_and_move_once(town: Town) -> None:
    town.put(track("ann", "Seen"), {"type": "track", "anonymousId": "visitor", "event": "Order Completed"})
    visitor = town.person("visitor")
    town.put(identify("ann", "visitor"))
    ann = town.person("ann")
    assert (town.place("ann"), town.person("visitor")) == ("Buyer", ann)
    assert town.moves() == [(ann, None, "Known"), (visitor, None, "Buyer"), (ann, "Known", "Buyer")]
    assert town.line.sql("SELECT person_id FROM lifecycle_place") == [(ann,)]


def test_who_had_no_place_takes_over_that_of_the_one_who_is_merged_into_them_without_a_move(town: Town) -> None:
    town.put(track("ann", "Other"), {"type": "track", "anonymousId": "visitor", "event": "Seen"})
    before = town.moves()
    town.put(identify("ann", "visitor"))
    assert (town.place("ann"), town.moves()) == ("Known", before)


def test_nothing_is_left_of_whom_is_erased(town: Town) -> None:
    town.put(track("ann", "Seen"), track("bob", "Seen"))
    with town.scope() as ws:
        erasure.ask(ws, town.line.context.keys, town.person("ann"), town.line.clock.now(), "user:1")
    town.settle()
    bob = town.person("bob")
    assert town.line.sql("SELECT person_id FROM lifecycle_place UNION ALL SELECT person_id FROM lifecycle_move") == [(bob,), (bob,)]


def test_a_move_begins_a_journey_once(town: Town) -> None:
    drawn: dict[str, Any] = {
        "key": "hello",
        "names": {"en": "Hello"},
        "trigger": {"kind": "event", "name": MOVED, "where": [{"property": "to", "op": "is", "value": town.stages()[1].key}]},
        "nodes": {"end": {"kind": "exit", "reason": "done"}},
        "start": "end",
    }
    with town.scope() as ws:
        journeys.publish(ws, graph.parse(drawn), town.line.clock.now(), by="user:1")
        journeys.start(ws, "hello", town.line.clock.now(), by="user:1")
    town.put(track("ann", "Seen"), track("bob", "Seen"), track("ann", "Order Completed"))
    town.put(track("ann", "Seen"))
    assert town.line.sql("SELECT person_id FROM run") == [(town.person("ann"),)]


@pytest.fixture
def their_clock(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that tells processes of their own what time it is."""
    file = tmp_path / "clock"
    file.write_text(town.line.clock.at.isoformat())
    monkeypatch.setenv("HUDHUD_CLOCK", f"file:{file}")
    return file


@pytest.mark.usefixtures("their_clock")
@pytest.mark.parametrize("point", ["intake.deciding", "intake.decided"])
def test_a_worker_that_dies_between_decision_and_event_tells_of_the_move_once(town: Town, point: str) -> None:
    town.line.put(*(track(user, event) for user in ("ann", "bob") for event in ("Seen", "Order Completed")))
    assert town.line.crash(f"{point}:1") == -signal.SIGKILL
    town.settle()
    assert sorted(town.moves()) == sorted((town.person(user), None, "Buyer") for user in ("ann", "bob"))
    assert sorted(town.told()) == sorted((town.person(user), "", "Buyer") for user in ("ann", "bob"))


@pytest.mark.parametrize("point", ["segments.decided", "segments.followed", "segments.taken", "segments.feed_made"])
def test_a_worker_that_dies_while_time_moves_people_tells_of_it_once(town: Town, their_clock: Path, point: str) -> None:
    town.put(track("ann", "Seen"), track("ann", "Order Completed"))
    town.line.clock.at += 31 * DAY
    their_clock.write_text(town.line.clock.at.isoformat())
    assert town.line.crash(f"{point}:1", "segments") == -signal.SIGKILL
    town.settle()
    ann = town.person("ann")
    assert town.moves() == [(ann, None, "Buyer"), (ann, "Buyer", "Known")]
    assert town.told() == [(ann, "", "Buyer"), (ann, "Buyer", "Known")]
