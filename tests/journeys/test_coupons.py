"""Coupons in journeys: one code for each run and step, whatever crashes and however many work at it; what is told is true; a dry pool."""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.coupons import actions, queries
from hudhud.coupons.types import PoolInUse, PoolWishes, Wanted
from hudhud.journeys import queries as journeys
from hudhud.journeys.checks import find_problems
from hudhud.journeys.graph import parse
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, send

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIGGER = {"kind": "event", "name": "Signed Up"}
GIVEN = Query("given", "SELECT given FROM message WHERE workspace_id = %(workspace_id)s ORDER BY person_id")
COUPONS = Query("coupons", "SELECT code, person_id, redeemed_at, redeemed_by FROM coupon WHERE workspace_id = %(workspace_id)s ORDER BY id")
ZONE = Query("zone", "UPDATE person SET time_zone = 'Asia/Tokyo' WHERE id = %(person_id)s")
NODES: dict[str, Any] = {
    "code": {"kind": "coupon", "pool": "spring", "next": "mail", "otherwise": "sorry"},
    "mail": send("offer", "end"),
    "end": END,
    "sorry": {"kind": "exit", "reason": "no_coupon"},
}
GRAPH: dict[str, Any] = {"key": "j", "trigger": TRIGGER, "nodes": NODES, "start": "code"}


def make_pool(stage: Stage, codes: Sequence[str] = (), **wishes: Any) -> None:  # noqa: ANN401 -- as PoolWishes takes it
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.create_pool(ws, "spring", PoolWishes(**{"name": "Spring", **wishes}), T0 - DAY, by="test")
        if codes:
            actions.add_codes(ws, "spring", [(code, None) for code in codes], T0 - DAY, by="test")


def run(stage: Stage, people: Sequence[int]) -> None:
    stage.publish(GRAPH)
    stage.take(*(stage.event(person_id, "Signed Up", T0) for person_id in people))
    stage.tick(T0)
    stage.act(T0)
    stage.tick(T0 + MINUTE)


def rows(stage: Stage, query: Query) -> list[tuple[Any, ...]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return [tuple(row) for row in ws.rows(query)]


def test_each_gets_a_code_and_its_true_end_where_they_live_and_who_gets_none_no_mail(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(ZONE, person_id=ann)
    make_pool(stage, ["A-1", "B2", "a-1"], valid_days=3, url="https://shop.test/d/{code}?x=1")
    run(stage, [ann, bob, cid])
    (first,), (second,) = rows(stage, GIVEN)
    assert first["coupon"]["spring"] == {
        "pool": "spring",
        "code": "A-1",
        "url": "https://shop.test/d/A-1?x=1",
        "expires_at": "2026-01-05T00:00:00+09:00",
        "expires_on": "2026-01-04",
    }
    assert (first["coupon"]["code"], second["coupon"]["code"]) == ("A-1", "B2")
    assert datetime.fromisoformat(second["coupon"]["expires_at"]) - T0 == timedelta(days=3, hours=12)
    assert stage.log()[-3][2:4] == ("otherwise", "no_coupon") or ("otherwise", "no_coupon") in [line[2:4] for line in stage.log()]
    assert [message["person_id"] for message in stage.messages()] == [ann, bob]


def test_codes_are_made_as_they_are_needed_and_no_more_than_may_be(stage: Stage) -> None:
    people = stage.people(*[{}] * 5)
    make_pool(stage, pattern="SPRING-######%", most=3)
    run(stage, people)
    codes = [row[0] for row in rows(stage, COUPONS)]
    assert (len(codes), len(set(codes))) == (3, 3)
    assert len(stage.messages()) == 3
    with stage.db.workspace(stage.workspace_id) as ws:
        pool = queries.get_pool(ws, "spring", T0)
    assert (pool.free, pool.given, pool.is_low()) == (0, 3, True)


def test_many_workers_and_repeats_give_each_run_one_code(stage: Stage) -> None:
    people = stage.people(*[{}] * 40)
    make_pool(stage, [f"C{n}" for n in range(40)])
    found: list[dict[int, Any]] = []

    def work() -> None:
        with stage.db.workspace(stage.workspace_id) as ws:
            parts = [people[start : start + 5] for start in range(0, 40, 5)]
            found.extend(actions.give(ws, "spring", "many", [Wanted(one + 10_000, one) for one in part], T0)[0] for part in parts)

    work()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = rows(stage, COUPONS)
    assert len({row[0] for row in taken if row[1]}) == len(people)
    assert {asdict(given)["code"] for some in found for given in some.values()} == {row[0] for row in taken}
    assert len({(run_id, given.code) for some in found for run_id, given in some.items()}) == 40


def test_two_at_once_share_out_the_codes_and_nobody_is_told_that_none_is_left(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    make_pool(stage, ["ONE", "TWO"])
    with stage.db.workspace(stage.workspace_id) as mine, stage.db.workspace(stage.workspace_id) as theirs:
        first, _ = actions.give(mine, "spring", "many", [Wanted(ann + 20_000, ann), Wanted(ann + 30_000, ann)], T0)
        second, may_come = actions.give(theirs, "spring", "many", [Wanted(bob + 20_000, bob)], T0)
    assert (len(first), second, may_come) == (2, {}, True)


def test_a_code_is_used_once_by_whoever_and_told(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    make_pool(stage, ["A1", "B2", "LEAKED"])
    run(stage, [ann])
    events = [
        stage.event(bob, "Order Completed", T0 + HOUR, coupon=" a1 "),
        stage.event(ann, "Order Completed", T0 + DAY, coupon=["A1", {"code": "leaked"}]),
        stage.event(ann, "Viewed", T0, coupon="B2"),
    ]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert (actions.redeem(ws, events, T0 + DAY), actions.redeem(ws, events, T0 + DAY)) == (2, 0)
        pool = queries.get_pool(ws, "spring", T0 + DAY)
        given = actions.give(ws, "spring", "x", [Wanted(90_001, bob), Wanted(90_002, bob)], T0 + DAY)[0]
    assert (pool.free, pool.given, pool.redeemed) == (1, 1, 2)
    assert rows(stage, COUPONS)[0][2:] == (T0 + HOUR, bob)
    assert [one.code for one in given.values()] == ["B2"]


def test_what_is_over_is_not_given(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    make_pool(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.add_codes(ws, "spring", [("OLD", T0 - HOUR), ("NEW", T0 + HOUR)], T0 - DAY, by="test")
    run(stage, [ann, bob])
    ((given,),) = rows(stage, GIVEN)
    assert given["coupon"]["code"] == "NEW"
    assert "expires_on" not in given["coupon"]


def test_a_rehearsal_gives_nothing_away(stage: Stage) -> None:
    people = stage.people({}, {}, {})
    make_pool(stage, ["A1", "B2"])
    stage.publish(GRAPH)
    stage.record([stage.event(one, "Signed Up", T0 + n * HOUR) for n, one in enumerate(people)])
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = journeys.get_version(ws, "j")
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + DAY)
    assert (found.nodes["mail"]["entered"], found.nodes["sorry"]["entered"]) == (2, 1)
    assert "coupons_assumed" in found.assumptions
    assert [row[1] for row in rows(stage, COUPONS)] == [None, None]


def test_pools_are_checked(stage: Stage) -> None:
    make_pool(stage, ["A1"])
    with stage.db.workspace(stage.workspace_id) as ws:
        for bad in ({"url": "https://a.test/"}, {"most": 5}, {"valid_days": 0}, {"pattern": "AB"}, {"name": " "}):
            with pytest.raises(InvalidInput):
                actions.create_pool(ws, "other", PoolWishes(**{"name": "x", **bad}), T0, by="test")  # type: ignore[arg-type]
        with pytest.raises(InvalidInput):
            actions.create_pool(ws, "code", PoolWishes("x"), T0, by="test")
        unknown = parse({**GRAPH, "names": {"en": "J"}, "nodes": {**NODES, "code": {**NODES["code"], "pool": "nowhere"}}})
        assert "unknown_pool" in [one.code for one in find_problems(ws, unknown)]
    (ann,) = stage.people({})
    run(stage, [ann])
    with stage.db.workspace(stage.workspace_id) as ws, pytest.raises(PoolInUse):
        actions.delete_pool(ws, "spring", T0, by="test")
