"""Coupons under the ways of breaking them: a second visit, makers at once, a pool that is deleted while one gives, two properties in one order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hudhud.coupons import actions, queries
from hudhud.coupons.types import PoolInUse, PoolWishes, Wanted
from hudhud.journeys.acting import answers, vouchers
from hudhud.journeys.nodes.coupon import Coupon
from hudhud.journeys.types import Due
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, HOUR, T0, Stage
from tests.journeys.test_coupons import make_pool

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = Query("count", "SELECT count(*) FROM coupon WHERE workspace_id = %(workspace_id)s")


def behind(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Begin something that waits for a lock which we hold."""
    found: list[object] = []

    def note() -> None:
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 -- told to the test
            found.append(error)

    thread = threading.Thread(target=note)
    thread.start()
    thread.join(0.15)
    return thread, found


def test_who_comes_again_keeps_a_good_code_and_is_given_another_for_one_that_is_over_used_or_of_another_pool(stage: Stage) -> None:
    (ann,) = stage.people({})
    make_pool(stage, [f"C{n}" for n in range(9)])
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.create_pool(ws, "other", PoolWishes("Other"), T0, by="test")
        actions.add_codes(ws, "other", [("OTHER", None)], T0, by="test")

    def give(visit: int, pool: str = "spring", days: int = 1) -> str:
        with stage.db.workspace(stage.workspace_id) as ws:
            now = T0 + visit * HOUR
            return actions.give(ws, pool, "step", [Wanted(ann, ann, T0 + days * DAY, visit)], now)[0][ann].code

    assert [give(1), give(1), give(9), give(30), give(31, days=9), give(31, days=9)] == ["C0", "C0", "C0", "C1", "C2", "C2"]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert actions.redeem(ws, [stage.event(ann, "Order Completed", T0 + DAY, coupon="C2")], T0 + DAY) == 1
    assert [give(32, days=9), give(33, "other"), give(34, days=9)] == ["C3", "OTHER", "C3"]


def test_two_who_make_codes_at_once_make_no_more_than_may_be(stage: Stage) -> None:
    make_pool(stage, pattern="SPRING-######%", most=5)

    def give(first: int) -> int:
        with stage.db.workspace(stage.workspace_id) as ws:
            return len(actions.give(ws, "spring", "step", [Wanted(first + n, 1) for n in range(4)], T0)[0])

    with stage.db.workspace(stage.workspace_id) as ws:
        assert len(actions.give(ws, "spring", "step", [Wanted(100 + n, 1) for n in range(4)], T0)[0]) == 4
        thread, found = behind(lambda: give(200))
    thread.join(5)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert (found, ws.value(COUNT)) == ([1], 5)


def test_a_pool_is_not_deleted_from_under_somebody_who_is_given_a_code_of_it(stage: Stage) -> None:
    make_pool(stage, ["A1", "B2"])

    def delete() -> None:
        with stage.db.workspace(stage.workspace_id) as ws:
            actions.delete_pool(ws, "spring", T0, by="test")

    with stage.db.workspace(stage.workspace_id) as ws:
        assert len(actions.give(ws, "spring", "step", [Wanted(901, 1)], T0)[0]) == 1
        thread, found = behind(delete)
    thread.join(5)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert (type(found[0]), queries.get_pool(ws, "spring", T0).given) == (PoolInUse, 1)


def test_a_sample_of_a_code_has_all_that_mails_read_of_one(stage: Stage) -> None:
    (ann,) = stage.people({})
    make_pool(stage, pattern="SPRING-######%", valid_days=3, ends_at=T0 + DAY, url="https://a.test/{code}")
    run = Due(801, ann, 1, False, T0, T0, T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert list(vouchers.assume(ws, Coupon("spring", "a", "b"), [run], T0).moves) == ["next"]
        given = answers.find_given(ws, [801])[801]["coupon"]
    assert given.pop("spring") == dict(given)
    assert given == {
        "pool": "spring",
        "code": "SAMPLE",
        "url": "https://a.test/SAMPLE",
        "expires_at": "2026-01-02T12:00:00+00:00",
        "expires_on": "2026-01-01",
    }


def test_an_order_that_names_a_code_in_two_properties_uses_it(stage: Stage) -> None:
    (ann,) = stage.people({})
    make_pool(stage, ["A1"], property="discount")
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.create_pool(ws, "other", PoolWishes("Other"), T0, by="test")
        order: dict[str, Any] = {"coupon": "A1", "discount": ["a1", "x" * 5_000]}
        events = [stage.event(ann, "Order Completed", T0 + DAY, **order), stage.event(ann, "Order Completed", T0, coupon="A1")]
        assert actions.redeem(ws, events, T0 + DAY) == 1
