"""Undoing a merge: what nobody has touched since is as it was, the rest stays with the survivor."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.people.actions import resolve
from hudhud.people.queries import find_actors, get_profile
from hudhud.people.types import MergedFurther, MergeNotFound
from hudhud.people.unmerge import undo_merge
from hudhud.segments.actions import create_segment
from hudhud.segments.keeping.membership import ask_again
from hudhud.segments.types import from_json
from hudhud.workers import intake
from hudhud.workers import segments as segments_worker
from tests import make
from tests.make import NOW
from tests.people.test_resolve import USERS, alias, claims, identify, run, track
from tests.workers.line import Line
from tests.workers.line import track as event

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope
    from hudhud.people.types import Identity
    from hudhud.workers.batch import Batch

STATE = """
SELECT jsonb_build_object(
    'people', (SELECT jsonb_agg(to_jsonb(p) - '{updated_at,version,mirrored,unmerged}'::text[] ORDER BY id) FROM person p WHERE workspace_id = %(shop)s),
    'identifiers', (SELECT jsonb_agg(to_jsonb(i) ORDER BY namespace, value) FROM identifier i WHERE workspace_id = %(shop)s))
"""


def state(db: Database, shop: int) -> Any:  # noqa: ANN401 -- JSON
    with db.workspace(shop) as ws:
        return ws.conn.execute(STATE, {"shop": shop}).fetchone()


def merges(db: Database, shop: int) -> list[int]:
    with db.workspace(shop) as ws:
        return [row[0] for row in ws.conn.execute("SELECT id FROM person_merge WHERE undone_at IS NULL ORDER BY id DESC").fetchall()]


@given(st.lists(claims, max_size=10), st.sampled_from(USERS), st.sampled_from(USERS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
def test_a_merge_and_its_undoing_leave_no_trace(db: Database, told: list[Identity], one: str, other: str) -> None:
    assume(one != other)
    shop = make.workspace(db)
    # Said by a server: it vouches for both, which the alias will not change.
    run(db, shop, *told, identify(("user_id", one)), identify(("user_id", other)))
    before, known = state(db, shop), merges(db, shop)
    run(db, shop, alias(one, other))
    for merge_id in merges(db, shop)[: len(merges(db, shop)) - len(known)]:
        with db.workspace(shop) as ws:
            undo_merge(ws, merge_id, NOW, "user:1")
        with db.workspace(shop) as ws, pytest.raises(MergeNotFound):
            undo_merge(ws, merge_id, NOW, "user:1")
    assert state(db, shop) == before
    # And as often as one likes.
    run(db, shop, alias(one, other))
    assert len(merges(db, shop)) >= len(known)


def test_what_has_changed_since_stays_and_a_refusal_counts_for_both(db: Database) -> None:
    shop = make.workspace(db)
    ann = identify(("user_id", "ann"), email="ann@example.com", plan="gold", city="Tartu")
    survivor, gone = run(db, shop, track(("user_id", "ann")), identify(("user_id", "old"), email="old@example.com", tier=1)).person_ids
    run(db, shop, ann)
    yes = ConsentChange(gone, "newsletter", "email", "subscribed", NOW - timedelta(days=1), "form")
    no = ConsentChange(survivor, "newsletter", "email", "unsubscribed", NOW + timedelta(days=1), "one_click")
    with db.workspace(shop) as ws:
        consent.record(ws, [yes])
        resolve(ws, [alias("ann", "old")], NOW)
        consent.record(ws, [no])
        resolve(ws, [identify(("user_id", "ann"), ("anonymous_id", "new"), tier=2, city="Narva")], NOW)
        (merge,) = get_profile(ws, survivor).merged
        undone = undo_merge(ws, merge["id"], NOW, "user:1")
        assert (undone.person_id, undone.survivor_id, undone.changed_attributes, undone.moved_identifiers) == (
            gone,
            survivor,
            ["city", "tier"],
            2,
        )
        old, ann_today = get_profile(ws, gone), get_profile(ws, survivor)
    assert (old.id, old.attributes, ann_today.attributes) == (
        gone,
        {"email": "old@example.com", "tier": 1},
        {"email": "ann@example.com", "plan": "gold", "tier": 2, "city": "Narva"},
    )
    assert {each["value"] for each in old.identifiers} == {"old", "old@example.com"}
    assert {each["value"] for each in ann_today.identifiers} == {"ann", "ann@example.com", "new"}
    assert [each["state"] for each in old.subscriptions] == ["unsubscribed"]


def test_inner_merges_follow_and_outer_ones_come_first(db: Database) -> None:
    shop = make.workspace(db)
    first, second, third = run(db, shop, *(track(("user_id", name)) for name in "abc")).person_ids
    run(db, shop, alias("b", "a"), alias("c", "b"))
    outer, inner = merges(db, shop)
    with db.workspace(shop) as ws, pytest.raises(MergedFurther):
        undo_merge(ws, inner, NOW, "user:1")
    with db.workspace(shop) as ws:
        undo_merge(ws, outer, NOW, "user:1")
        assert (find_actors(ws, second), find_actors(ws, third)) == ([first, second], [third])
    other = make.workspace(db, "Other")
    with db.workspace(other) as ws, pytest.raises(MergeNotFound):
        undo_merge(ws, inner, NOW, "user:1")


def test_events_segments_and_runs_go_back_with_whom_they_were_recorded_for(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    tree = {"kind": "event", "name": "Order Completed", "count": {"op": "at_least", "value": 2}, "window": {"kind": "ever"}, "where": []}
    with db.workspace(line.shop) as ws:
        segment_id = create_segment(ws, "Twice", from_json(tree), NOW, by="user:1")
    line.put(event("a", "Order Completed"), event("b", "Order Completed"))
    line.work()
    segments_worker.work_once(line.context, ch, NOW)

    def members() -> int:
        line.work()
        return int(line.sql("SELECT count FROM segment_membership WHERE segment_id = %s", segment_id)[0][0])

    assert members() == 0
    line.put({"type": "alias", "userId": "b", "previousId": "a"})
    assert members() == 1
    run_of = "INSERT INTO run (workspace_id, journey_id, version_id, person_id, actor_id, entered_at) SELECT %s, j.id, 1, p.merged_into, p.id, now() FROM person p, journey j WHERE p.merged_into IS NOT NULL"
    with db.workspace(line.shop) as ws:
        ws.conn.execute("INSERT INTO journey (workspace_id, key, created_at, updated_at) VALUES (%s, 'j', now(), now())", (line.shop,))
        ws.conn.execute(run_of, (line.shop,))
        ws.conn.execute(
            "INSERT INTO run_position SELECT id, workspace_id, 1, person_id, 1, 'wait', false, now(), now(), 'infinity' FROM run"
        )
    with db.workspace(line.shop) as ws:
        undone = undo_merge(ws, merges(db, line.shop)[0], NOW, "user:1")
        ask_again(ws, [undone.person_id, undone.survivor_id])
    assert members() == 0
    assert line.sql("SELECT r.person_id, p.person_id FROM run r JOIN run_position p ON p.run_id = r.id") == [(undone.person_id,) * 2]
    mirror = ch.query("SELECT actor_id = person_id FROM person_override FINAL").result_rows
    assert [tuple(row) for row in mirror] == [(1,)]


def test_who_is_split_while_a_batch_decides_about_them_is_asked_about_again(
    db: Database, ch: Client, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch has mirrored people before; ClickHouse still says that the two are one."""
    line = Line(db, ch, clickhouse_url)
    tree = {"kind": "event", "name": "Order Completed", "count": {"op": "at_least", "value": 2}, "window": {"kind": "ever"}, "where": []}
    with db.workspace(line.shop) as ws:
        create_segment(ws, "Twice", from_json(tree), NOW, by="user:1")
    segments_worker.work_once(line.context, ch, NOW)
    for said in (event("a", "Order Completed"), event("b", "Order Completed"), {"type": "alias", "userId": "b", "previousId": "a"}):
        line.put(said)
        line.work()

    def split(_everywhere: Scope, _batch: Batch) -> None:
        with db.workspace(line.shop) as ws:
            if left := merges(db, line.shop):
                undone = undo_merge(ws, left[0], NOW, "user:1")
                ask_again(ws, [undone.person_id, undone.survivor_id])

    place = [name for name, _ in intake.DECIDE].index("update segments")
    monkeypatch.setattr(intake, "DECIDE", [*intake.DECIDE[:place], ("split", split), *intake.DECIDE[place:]])
    assert line.sql("SELECT count FROM segment_membership") == [(1,)]
    line.put(event("b", "Page Viewed"))
    line.work()
    assert merges(db, line.shop) == []
    assert line.sql("SELECT count FROM segment_membership") == [(0,)]
