"""Tests of ways in a journey: who counts, when a winner is declared, and who goes its way from then on."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import queries
from hudhud.journeys.graph import parse
from hudhud.journeys.measuring import experiments, rounds
from hudhud.journeys.nodes.test import ABTest, Round
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.types import AlreadyDecided, Due, InvalidJourney, UnknownTest
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.errors import InvalidInput
from hudhud.kit.lots import draw
from hudhud.kit.sql import Query
from hudhud.workers import experiments as role
from hudhud.workers.context import Context
from tests.journeys.stage import DAY, END, HOUR, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hudhud.journeys.graph import Graph

WEEK = timedelta(weeks=1)
STOP = {"people": 50, "weeks": 1, "difference": 50}
MERGE = Query("merge", "UPDATE person SET merged_into = %(to)s WHERE id = %(id)s")
GIVE = Query("give", "UPDATE run SET actor_id = person_id, person_id = %(to)s, entry = 2 WHERE person_id = %(id)s")
ERASE = Query("erase", "DELETE FROM run WHERE person_id = %(id)s")
ROWS = Query("rows", "SELECT number, winner, verdict, decided_by, decided_at, figures FROM journey_test ORDER BY id")
AUDIT = Query("audit", "SELECT action, object, detail FROM audit_log WHERE action LIKE 'journey.test%%' ORDER BY id")
SEEN = Query(
    "seen",
    "INSERT INTO engagement (workspace_id, message_id, kind, at, method, verdict) "
    "SELECT m.workspace_id, m.id, %(kind)s, %(at)s, 'GET', %(verdict)s FROM message m WHERE m.person_id = ANY(%(people)s::bigint[])",
)


def ab_step(metric: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    arms = [{"name": "a", "percent": 50, "next": "mail_a"}, {"name": "b", "percent": 50, "next": "mail_b"}]
    step = {"kind": "test", "arms": arms, "metric": metric or {"kind": "event", "name": "Order"}, "window": {"amount": 2, "unit": "days"}}
    return {**step, "stop": STOP, **more}


def journey(test: dict[str, Any], **more: object) -> dict[str, Any]:
    nodes = {"ab": test, "mail_a": send("a", "rest"), "mail_b": send("b", "rest"), "rest": delay(3, "days", "end"), "end": END}
    trigger = {"kind": "event", "name": "Signed Up"}
    return {"key": "j", "trigger": trigger, "reentry": {"kind": "always"}, "nodes": nodes, "start": "ab"} | more


def arms_of(people: list[int], salt: str = "j.ab") -> tuple[list[int], list[int]]:
    first = [one for one in people if draw(salt, one) < 5_000]
    return first, [one for one in people if one not in first]


def enter(stage: Stage, people: list[int], at: datetime = T0) -> None:
    stage.take(*(stage.event(one, "Signed Up", at) for one in people))
    stage.tick(at)


def look(stage: Stage, at: datetime) -> bool:
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "j")
        return experiments.claim(ws, version, "ab", at) and experiments.look(ws, stage.ch, version, "ab", at, FixedClock(at))


def tallies(stage: Stage, at: datetime) -> dict[str, tuple[int, int, int, float]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "j")
        (node,) = rounds.find_tests(version).values()
        arms = experiments.measure(ws, stage.ch, version, node, at).arms
    return {arm.name: (arm.drawn, arm.tally.people, arm.tally.hits, arm.tally.total) for arm in arms}


def rows(stage: Stage) -> list[dict[str, Any]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return ws.all(ROWS)


def test_a_winner_is_declared_once_and_those_who_come_later_go_its_way(stage: Stage) -> None:
    people = stage.people(*[{}] * 260)
    stage.publish(journey(ab_step()))
    enter(stage, people[:240])
    first, second = arms_of(people[:240])
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in (*first[:10], *second[:60])))
    # Nobody's window is over; then the whole week is not; then it is.
    assert tallies(stage, T0 + DAY) == {"a": (len(first), 0, 0, 0), "b": (len(second), 0, 0, 0)}
    assert not look(stage, T0 + 3 * DAY)
    assert tallies(stage, T0 + 3 * DAY) == {"a": (len(first), len(first), 10, 10), "b": (len(second), len(second), 60, 60)}
    decided = T0 + WEEK + 2 * DAY
    assert look(stage, decided)
    assert not look(stage, decided + DAY)
    (row,) = rows(stage)
    assert (row["number"], row["winner"], row["verdict"], row["decided_by"], row["decided_at"]) == (1, "b", "better", "hudhud", decided)
    assert row["figures"]["evidence"] > row["figures"]["wanted"]
    assert [(arm["name"], arm["hits"]) for arm in row["figures"]["arms"]] == [("a", 10), ("b", 60)]
    with stage.db.workspace(stage.workspace_id) as ws:
        ((action, target, detail),) = ws.rows(AUDIT)
    assert (action, target, detail["winner"]) == ("journey.test_decided", "journey:j", "b")
    # A run that came just before draws still; one that comes at that moment does not.
    early, late = people[240:250], people[250:]
    stage.take(*(stage.event(one, "Signed Up", decided - timedelta(seconds=1)) for one in early))
    stage.take(*(stage.event(one, "Signed Up", decided) for one in late))
    stage.tick(decided)
    ways = {row[0]: (row[2], row[3]) for row in stage.log() if row[1] == "ab"}
    assert {ways[one] for one in late} == {("b", "test_won")}
    assert [ways[one] for one in early] == [("a" if draw("j.ab", one) < 5_000 else "b", "lot_drawn") for one in early]
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
        live = queries.edge_numbers(ws, version)
    assert rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, decided).edges == live


def test_two_workers_declare_one_winner(stage: Stage) -> None:
    stage.publish(journey(ab_step()))
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "j")
        rounds.open_first(ws, version, rounds.find_tests(version)["ab"], T0)
    said, start = [], threading.Barrier(4)

    def declare(winner: str) -> None:
        start.wait()
        with stage.db.workspace(stage.workspace_id) as ws:
            said.append(rounds.decide(ws, version, "ab", 1, rounds.Declared(winner, "better", {}, "hudhud"), T0))

    threads = [threading.Thread(target=declare, args=(winner,)) for winner in "abab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False, False, False, True]
    assert len(rows(stage)) == 1


def test_a_look_is_taken_by_one_and_for_an_hour(stage: Stage) -> None:
    stage.publish(journey(ab_step()))

    def claim(at: datetime) -> bool:
        with stage.db.workspace(stage.workspace_id) as ws:
            version, _ = queries.get_version(ws, "j")
            return experiments.claim(ws, version, "ab", at)

    assert [claim(T0), claim(T0), claim(T0 + HOUR), claim(T0 + HOUR + timedelta(minutes=59))] == [True, False, True, False]
    with stage.db.workspace(stage.workspace_id) as ws:
        experiments.call(ws, stage.ch, "j", "ab", "a", T0 + 2 * HOUR, by="user:1")
    assert not claim(T0 + DAY)


@pytest.mark.long
def test_the_role_looks_once_an_hour_of_the_clock_at_tests_that_are_open(stage: Stage, tmp_path: Path) -> None:
    people = stage.people(*[{}] * 240)
    stage.publish(journey(ab_step()))
    enter(stage, people)
    first, second = arms_of(people)
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in (*first[:10], *second[:60])))

    def work(now: datetime) -> int:
        return role.work_once(Context("tester", Settings(data=tmp_path), stage.db, FixedClock(now), Keys((b"key",))), stage.ch)

    over = T0 + WEEK + 2 * DAY
    # A moment too early; then the hour is not over; then it is; then there is nothing left to declare.
    assert [work(over), work(over + HOUR / 2), work(over + HOUR), work(over + 2 * HOUR)] == [0, 0, 1, 0]
    assert [row["decided_at"] for row in rows(stage)] == [over + HOUR]
    # Begun anew, it has nothing of what was.
    with stage.db.workspace(stage.workspace_id) as ws:
        rounds.begin_anew(ws, "j", "ab", over + 3 * HOUR, by="user:1")
    assert work(over + WEEK) == 0
    assert [row["winner"] for row in rows(stage)] == ["b", None]


def test_people_count_once_whoever_they_are_and_only_while_they_are_there(stage: Stage) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(journey(ab_step({"kind": "goal"}), goal=event_since("Order")))
    enter(stage, people)
    first, second = arms_of(people)
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in (*first[:3], *second[:5])))
    # Again, much later: neither the second run nor its goal counts.
    enter(stage, first[:3], T0 + 20 * DAY)
    stage.take(*(stage.event(one, "Order", T0 + 21 * DAY) for one in first[:3]))
    later = T0 + 30 * DAY
    assert tallies(stage, later) == {"a": (len(first), len(first), 3, 3), "b": (len(second), len(second), 5, 5)}
    with stage.db.workspace(stage.workspace_id) as ws:
        # One who reached it on way b is found to be one who drew a: one person, on the way that was drawn first.
        ws.run(MERGE, id=second[0], to=first[5])
        ws.run(ERASE, id=second[1])
    found = tallies(stage, later)
    assert (found["a"][0] + found["b"][0], found["a"][2] + found["b"][2]) == (38, 7)


def test_whose_merge_is_undone_counts_again(stage: Stage) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(journey(ab_step({"kind": "goal"}), goal=event_since("Order")))
    enter(stage, people)
    _, second = arms_of(people)
    stage.take(stage.event(second[0], "Order", T0 + DAY))
    with stage.db.workspace(stage.workspace_id) as ws:
        # Their run was given to another, and ended as theirs.
        ws.run(GIVE, id=second[0], to=second[1])
        ws.run(MERGE, id=second[0], to=second[1])
    assert tallies(stage, T0 + 5 * DAY)["b"] == (len(second) - 1, len(second) - 1, 1, 1)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(MERGE, id=second[0], to=None)
    assert tallies(stage, T0 + 5 * DAY)["b"] == (len(second), len(second), 1, 1)


def test_what_counts_is_done_after_the_draw_and_within_the_window(stage: Stage) -> None:
    people = stage.people(*[{}] * 30)
    filtered = {"kind": "revenue", "name": "Order", "property": "total", "where": [{"property": "shop", "op": "is", "value": "web"}]}
    stage.publish(journey(ab_step(filtered)))
    stage.take(*(stage.event(one, "Order", T0 - HOUR, total=1_000, shop="web") for one in people))
    enter(stage, people)
    first, second = arms_of(people)
    orders = [
        *(stage.event(one, "Order", T0 + DAY, total="10.50", shop="web") for one in first[:2]),
        stage.event(first[0], "Order", T0 + 2 * DAY, total=9.5, shop="web"),
        stage.event(first[2], "Order", T0 + DAY, total=70, shop="till"),
        stage.event(second[0], "Order", T0 + 2 * DAY + timedelta(seconds=1), total=99, shop="web"),
        stage.event(second[1], "Order", T0 + DAY, total=-5, shop="web"),
    ]
    stage.record(orders)
    found = tallies(stage, T0 + 5 * DAY)
    assert found == {"a": (len(first), len(first), 2, 30.5), "b": (len(second), len(second), 0, 0)}


@pytest.mark.parametrize("kind", ["open", pytest.param("click", marks=pytest.mark.long)])
def test_opens_and_clicks_are_those_of_persons(stage: Stage, kind: str) -> None:
    people = stage.people(*[{}] * 30)
    stage.publish(journey(ab_step({"kind": kind})))
    enter(stage, people)
    first, second = arms_of(people)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(SEEN, kind=kind, at=T0 + HOUR, verdict="human", people=first[:4])
        ws.run(SEEN, kind=kind, at=T0 + HOUR, verdict="machine", people=second[:4])
        ws.run(SEEN, kind=kind, at=T0 + 3 * DAY, verdict="human", people=second[5:6])
        ws.run(SEEN, kind="click" if kind == "open" else "open", at=T0 + HOUR, verdict="human", people=second[6:7])
    assert tallies(stage, T0 + 5 * DAY) == {"a": (len(first), len(first), 4, 4), "b": (len(second), len(second), 0, 0)}


def test_a_test_is_the_same_in_a_new_version_unless_what_is_tested_changes(stage: Stage) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(journey(ab_step()))
    enter(stage, people[:20])
    renamed = journey(ab_step(stop={**STOP, "people": 60}, salt="j.ab", explore=5))
    renamed["nodes"]["again"] = renamed["nodes"].pop("ab")
    stage.publish(renamed | {"start": "again"})
    enter(stage, people[20:], T0 + HOUR)
    assert sum(drawn for drawn, *_ in tallies(stage, T0 + 5 * DAY).values()) == 40
    other = ab_step()
    other["arms"][0]["percent"], other["arms"][1]["percent"] = 40, 60
    stage.publish(journey(other))
    assert sum(drawn for drawn, *_ in tallies(stage, T0 + 5 * DAY).values()) == 0
    stage.publish(journey(ab_step()))
    assert sum(drawn for drawn, *_ in tallies(stage, T0 + 5 * DAY).values()) == 40


def test_a_winner_by_hand_and_a_test_begun_anew(stage: Stage) -> None:
    people = stage.people(*[{}] * 60)
    stage.publish(journey(ab_step()))
    enter(stage, people[:20])
    with stage.db.workspace(stage.workspace_id) as ws:
        with pytest.raises(InvalidInput, match="name one of the arms: a, b"):
            experiments.call(ws, stage.ch, "j", "ab", "c", T0 + HOUR, by="user:1")
        with pytest.raises(UnknownTest, match="tests: ab"):
            experiments.call(ws, stage.ch, "j", "rest", "a", T0 + HOUR, by="user:1")
        experiments.call(ws, stage.ch, "j", "ab", "a", T0 + HOUR, by="user:1")
        with pytest.raises(AlreadyDecided):
            experiments.call(ws, stage.ch, "j", "ab", "b", T0 + HOUR, by="user:1")
    enter(stage, people[20:40], T0 + 2 * HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert rounds.begin_anew(ws, "j", "ab", T0 + 3 * HOUR, by="user:1") == 2
    enter(stage, people[40:], T0 + 4 * HOUR)
    assert [(row["number"], row["winner"], row["verdict"], row["decided_by"]) for row in rows(stage)] == [
        (1, "a", "called", "user:1"),
        (2, None, None, None),
    ]
    ways = {row[0]: (row[2], row[3]) for row in stage.log() if row[1] == "ab"}
    assert {ways[one] for one in people[20:40]} == {("a", "test_won")}
    first, second = arms_of(people[40:], "j.ab#2")
    assert {one for one in people[40:] if ways[one] == ("a", "lot_drawn")} == set(first)
    found = tallies(stage, T0 + 9 * DAY)
    assert (found["a"][0], found["b"][0]) == (len(first), len(second))


def test_no_winner_by_noise_and_good_enough_is_no_better() -> None:
    node = parse_step(ab_step(stop={**STOP, "enough": 1}))
    assert judge(node, (1_000, 200), (1_000, 203)) is None
    assert judge(node, (100_000, 20_000), (100_000, 20_100)) == ("b", "enough")
    assert judge(parse_step(ab_step()), (100_000, 20_000), (100_000, 20_100)) is None
    assert judge(node, (1_000, 200), (1_000, 400)) == ("b", "better")
    assert judge(node, (1_000, 200), (49, 45)) is None
    assert judge(node, (1_000, 200), (1_000, 400), days=8) is None


def parse_step(raw: dict[str, Any]) -> ABTest:
    step = graph_of(raw).nodes["ab"]
    assert isinstance(step, ABTest)
    return step


def graph_of(raw: dict[str, Any]) -> Graph:
    return parse({"names": {"en": "J"}, **journey(raw)})


def judge(node: ABTest, *arms: tuple[int, int], days: int = 9) -> tuple[str, str] | None:
    drawn = {name: (people, T0, people, hits) for name, (people, hits) in zip("ab", arms, strict=True)}
    known = {name: experiments.counted(people, hits) for name, (people, hits) in zip("ab", arms, strict=True)}
    return experiments.judge(node, experiments._sum_up(node, 1, drawn, known, T0 + days * DAY))


@pytest.mark.long
def test_who_explores_draws_still_all_ways_alike(stage: Stage) -> None:
    people = stage.people(*[{}] * 400)
    stage.publish(journey(ab_step(explore=20)))
    with stage.db.workspace(stage.workspace_id) as ws:
        experiments.call(ws, stage.ch, "j", "ab", "b", T0 - HOUR, by="user:1")
    enter(stage, people)
    ways: dict[tuple[str, str], int] = {}
    for row in stage.log():
        if row[1] == "ab":
            ways[row[2], row[3]] = ways.get((row[2], row[3]), 0) + 1
    exploring = sum(draw("j.ab/explore", one) < 2_000 for one in people)
    assert ways["b", "test_won"] == 400 - exploring
    assert ways["a", "lot_drawn"] + ways["b", "lot_drawn"] == exploring
    assert ways["a", "lot_drawn"] > 15 < ways["b", "lot_drawn"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"arms": [{"name": "a", "percent": 100, "next": "mail_a"}]}, "at least two"),
        ({"window": {"amount": 91, "unit": "days"}}, "at most 90 days"),
        ({"explore": 60}, "0 to 50 percent"),
        ({"stop": {"people": 10}}, "people"),
        ({"metric": {"kind": "revenue", "name": "Order"}}, "property"),
    ],
    ids=["arms", "window", "explore", "people", "property"],
)
def test_a_test_that_cannot_be_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJourney, match=said):
        graph_of(ab_step() | more)


def test_a_round_is_that_of_the_moment_when_a_run_came() -> None:
    node = parse_step(ab_step())
    runs = [Due(n, n, 1, False, T0, T0 + n * HOUR, T0 + n * HOUR) for n in range(6)]
    known = [Round(1, T0 + HOUR, T0 + 2 * HOUR, "a"), Round(2, T0 + 4 * HOUR)]
    plan = node.plan_in(known, runs)
    reasons = {run.run_id: plan.own.get(run.run_id, plan.reasons[edge]) for edge, some in plan.moves.items() for run in some}
    assert [reasons[n] for n in range(6)] == ["lot_drawn", "lot_drawn", "test_won", "test_won", "lot_drawn", "lot_drawn"]
    drawn = {run.run_id: edge for edge, some in plan.moves.items() for run in some}
    assert [drawn[n] for n in (4, 5)] == ["a" if draw("j.ab#2", n) < 5_000 else "b" for n in (4, 5)]
