"""Membership after any sequence of batches and any passage of time is what the oracle says; each enter and leave once."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hudhud.segments import actions
from hudhud.segments.keeping import flips
from hudhud.segments.types import Change, SegmentCycle, SegmentInUse, SegmentNotFound, Touched, from_json, to_ms
from tests.segments import worlds
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import EDGES, MS, NAMES, NOW

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

DAY = timedelta(days=1)
Tree = dict[str, Any]
QUICK = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, phases=[Phase.explicit, Phase.generate]
)
LONG = settings(QUICK, max_examples=200)


class Killed(Exception):
    """The worker ends here, before its commit."""


def did(name: str = "Order Completed", days: int | None = None, **count: object) -> dict[str, Any]:
    window = {"kind": "last", "amount": days, "unit": "days"} if days else {"kind": "ever"}
    return {"kind": "event", "name": name, "count": count or {"op": "at_least", "value": 1}, "window": window, "where": []}


def is_in(segment_id: int, *, member: bool = True) -> dict[str, Any]:
    return {"kind": "segment", "segment_id": segment_id, "member": member}


def negated(tree: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "not", "of": tree}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flips by time are applied without a pause."""
    monkeypatch.setattr(flips, "LEAST_PAUSE", timedelta(0))
    monkeypatch.setattr(flips, "LONGEST_PAUSE", timedelta(0))


steps = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "kind": st.just("events"),
                "events": st.lists(
                    st.tuples(st.integers(0, 9), st.sampled_from(NAMES), st.sampled_from(EDGES), st.integers(-2, 2), worlds.objects()),
                    min_size=1,
                    max_size=4,
                ),
            }
        ),
        st.fixed_dictionaries({"kind": st.just("attributes"), "who": st.integers(0, 9), "attributes": worlds.facts}),
        st.fixed_dictionaries({"kind": st.just("new")}),
        st.fixed_dictionaries({"kind": st.just("merge"), "who": st.integers(0, 9), "into": st.integers(0, 9)}),
        st.fixed_dictionaries({"kind": st.just("time"), "by": st.sampled_from(EDGES), "off": st.integers(-1, 1)}),
    ),
    min_size=3,
    max_size=8,
)


def take_step(stage: Stage, step: dict[str, Any]) -> Touched | None:
    living = [person for person in stage.world.people if not person.gone]
    if step["kind"] == "time":
        stage.now += max(step["by"] + step["off"] * MS, timedelta(0))
        return None
    if step["kind"] == "new":
        return Touched(frozenset({stage.person().id}), frozenset({"Identified"}))
    if step["kind"] == "attributes":
        person = living[step["who"] % len(living)]
        old, person.attributes = person.attributes, step["attributes"]
        stage.mirror(person)
        return Touched(frozenset({person.id}), attributes=frozenset({"*"} if {*old, *person.attributes} else ()))
    if step["kind"] == "merge":
        actor, survivor = living[step["who"] % len(living)], living[step["into"] % len(living)]
        if actor is survivor:
            return None
        stage.merge(actor, survivor)
        return Touched(frozenset({survivor.id}))
    actors = stage.world.people
    events = [
        Event(actors[who % len(actors)].id, name, stage.now - edge + off * MS, props) for who, name, edge, off, props in step["events"]
    ]
    stage.happen(*events)
    people = frozenset(stage.world.merged.get(event.actor_id, event.actor_id) for event in events)
    instants = {name: [event.at for event in events if event.name == name] for name in NAMES} if len(events) > 1 else None
    doers, said = None, None
    if len(events) > 1:
        doers = {name: [stage.world.merged.get(one.actor_id, one.actor_id) for one in events if one.name == name] for name in NAMES}
        said = {name: [json.dumps(one.properties).encode() for one in events if one.name == name] for name in NAMES}
    return Touched(people, frozenset(event.name for event in events), instants=instants, doers=doers, changed=(), properties=said)


def check_history(db: Database, ch: Client, trees: list[dict[str, Any]], history: list[dict[str, Any]], links: list[bool]) -> None:
    stage = make_stage(db, ch, NOW)
    for _ in range(3):
        stage.person()
    made: list[int] = []
    for tree, member in zip(trees, links, strict=True):
        made.append(stage.segment({"kind": "or", "of": [tree, is_in(made[-1], member=member)]} if made else tree, build=False))
    stage.build()
    was = stage.members()
    assert was == stage.expected()
    everything: list[tuple[int, int, bool, datetime]] = []
    for step in history:
        touched = take_step(stage, step)
        told = stage.refresh(touched) if touched else []
        told += stage.check()
        now_in = stage.members()
        assert now_in == stage.expected(), step
        check_told(was, now_in, told, stage)
        everything += [(change.segment_id, change.person_id, change.entered, change.at) for change in told]
        # The same batch again finds nothing to do.
        assert (stage.refresh(touched) if touched else []) == stage.check() == []
        was = now_in
    # What was told is what is written down, in that order.
    assert stage.changes() == everything


def check_told(was: dict[int, set[int]], now_in: dict[int, set[int]], told: list[Change], stage: Stage) -> None:
    merged = stage.world.merged
    for segment_id, people in now_in.items():
        before = {merged.get(person_id, person_id) for person_id in was[segment_id]}
        mine = [change for change in told if change.segment_id == segment_id]
        assert {change.person_id for change in mine if change.entered} == people - before
        assert {change.person_id for change in mine if not change.entered} == before - people
        assert len(mine) == len({change.person_id for change in mine})


some_trees = st.lists(worlds.trees(), min_size=4, max_size=4)


@pytest.mark.usefixtures("at_once")
@given(trees=some_trees, history=steps, links=st.lists(st.booleans(), min_size=4, max_size=4))
@QUICK
def test_membership_agrees_with_the_oracle(db: Database, ch: Client, trees: list[Tree], history: list[Tree], links: list[bool]) -> None:
    check_history(db, ch, trees, history, links)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("at_once")
@given(trees=some_trees, history=steps, links=st.lists(st.booleans(), min_size=4, max_size=4))
@LONG
def test_membership_agrees_with_the_oracle_at_length(
    db: Database, ch: Client, trees: list[Tree], history: list[Tree], links: list[bool]
) -> None:
    check_history(db, ch, trees, history, links)


def test_only_the_facts_of_a_segment_are_asked_about(stage: Stage) -> None:
    person = stage.person()
    orders, pages = stage.segment(did("Order Completed")), stage.segment(did("Page Viewed"))
    # ClickHouse has both events, the batch speaks of one: the other's batch is still on its way and will tell by itself.
    stage.happen(Event(person.id, "Order Completed", NOW), Event(person.id, "Page Viewed", NOW))
    assert stage.refresh(Touched(frozenset({person.id}), frozenset({"Order Completed"}))) == [Change(orders, person.id, True, NOW)]
    assert stage.members() == {orders: {person.id}, pages: set()}


def test_a_change_above_an_attribute_concerns_it(stage: Stage) -> None:
    person = stage.person(attributes={"cart": {"total": 5}})
    full = stage.segment({"kind": "attribute", "name": "cart.total", "op": "more_than", "value": 10})
    for total, touched, entered in ((20, "cart", True), (1, "cart.total", False)):
        person.attributes = {"cart": {"total": total}}
        stage.mirror(person)
        told = stage.refresh(Touched(frozenset({person.id}), attributes=frozenset({touched})))
        assert told == [Change(full, person.id, entered, NOW)]


def test_time_alone_lets_people_leave_and_enter_at_the_millisecond(stage: Stage) -> None:
    person = stage.person()
    recent, silent = stage.segment(did(days=7)), stage.segment(negated(did(days=30)))
    stage.happen(Event(person.id, "Order Completed", NOW))
    stage.refresh(Touched(frozenset({person.id}), frozenset({"Order Completed"})))
    assert stage.next_check() == NOW + 7 * DAY
    stage.now = NOW + 7 * DAY - MS
    assert stage.check() == []
    stage.now += MS
    assert stage.check() == [Change(recent, person.id, False, stage.now)]
    assert stage.next_check() == NOW + 30 * DAY
    stage.now = NOW + 30 * DAY
    assert stage.check() == [Change(silent, person.id, True, stage.now)]
    assert stage.next_check() is None


def test_flips_close_together_are_applied_together(stage: Stage) -> None:
    people = [stage.person() for _ in range(3)]
    recent = stage.segment(did(days=7))
    stage.happen(*(Event(person.id, "Order Completed", NOW + number * 10 * MS) for number, person in enumerate(people)))
    stage.now += timedelta(seconds=1)
    stage.refresh(Touched(frozenset(person.id for person in people), frozenset({"Order Completed"})))
    stage.now = NOW + 7 * DAY
    assert len(stage.check()) == 1
    assert stage.next_check() == stage.now + flips.LONGEST_PAUSE
    stage.now += flips.LONGEST_PAUSE
    assert [change.person_id for change in stage.check()] == [person.id for person in people[1:]]
    assert stage.members() == {recent: set()}


def test_an_event_dated_ahead_counts_from_its_own_time(stage: Stage) -> None:
    person = stage.person()
    orders = stage.segment(did())
    stage.happen(Event(person.id, "Order Completed", NOW + DAY))
    assert stage.refresh(Touched(frozenset({person.id}), frozenset({"Order Completed"}))) == []
    assert stage.next_check() == NOW + DAY
    stage.now += DAY
    assert stage.check() == [Change(orders, person.id, True, stage.now)]


def test_a_rolled_back_batch_tells_the_same_again(stage: Stage) -> None:
    person = stage.person()
    orders = stage.segment(did())
    stage.happen(Event(person.id, "Order Completed", NOW))
    touched = Touched(frozenset({person.id}), frozenset({"Order Completed"}))
    with suppress(Killed), stage.db.workspace(stage.workspace_id) as ws:
        assert len(actions.refresh(ws, stage.ch, touched, NOW)) == 1
        raise Killed
    assert stage.members() == {orders: set()}
    assert stage.refresh(touched) == [Change(orders, person.id, True, NOW)]
    assert stage.refresh(touched) == []
    assert stage.changes() == [(orders, person.id, True, NOW)]


def test_nobody_enters_by_a_change_of_the_definition(stage: Stage) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    inner = stage.segment(did("Page Viewed"))
    outer = stage.segment(is_in(inner))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.update_segment(ws, inner, NOW, by="user:1", tree=from_json(did("Order Completed")))
    assert stage.build() == [inner, outer]
    assert stage.members() == {inner: {person.id}, outer: {person.id}}
    assert stage.changes() == []
    stage.happen(Event(stage.person().id, "Order Completed", NOW))
    assert len(stage.refresh(Touched(frozenset({stage.world.people[-1].id}), frozenset({"Order Completed"})))) == 2


def test_cycles_and_broken_references_are_refused(stage: Stage) -> None:
    first = stage.segment(did())
    second = stage.segment(is_in(first))
    with stage.db.workspace(stage.workspace_id) as ws:
        for tree in (is_in(first), is_in(second), negated(is_in(second))):
            with pytest.raises(SegmentCycle) as circle:
                actions.update_segment(ws, first, NOW, by="user:1", tree=from_json(tree))
            way = [step["id"] for step in circle.value.data["path"]]  # type: ignore[attr-defined]
            assert way == ([first, first] if tree == is_in(first) else [first, second, first])
        with pytest.raises(SegmentNotFound):
            actions.create_segment(ws, "x", from_json(is_in(999_999)), NOW, by="user:1")
        with pytest.raises(SegmentInUse):
            actions.archive_segment(ws, first, NOW, by="user:1")
        actions.archive_segment(ws, second, NOW, by="user:1")
        actions.archive_segment(ws, first, NOW, by="user:1")
        with pytest.raises(SegmentNotFound):
            actions.create_segment(ws, "x", from_json(is_in(first)), NOW, by="user:1")


def test_an_owner_has_one_segment_for_a_tree(stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        made = actions.ensure_segment(ws, from_json(did()), NOW, owner="journey:welcome")
        assert actions.ensure_segment(ws, from_json(did()), NOW, owner="journey:welcome") == made
        other = actions.ensure_segment(ws, from_json(did()), NOW, owner="journey:cart")
        assert other != made
        changed = actions.ensure_segment(ws, from_json(did("Page Viewed")), NOW, owner="journey:cart")
        assert len({made, other, changed}) == 3
    assert stage.build() == [made, changed]


def test_changes_reach_clickhouse_once(stage: Stage) -> None:
    person = stage.person()
    orders = stage.segment(did(), name="خریداران")
    stage.happen(Event(person.id, "Order Completed", NOW))
    stage.refresh(Touched(frozenset({person.id}), frozenset({"Order Completed"})))
    with stage.db.everywhere() as everywhere:
        made = actions.make_feed(everywhere)
    with stage.db.everywhere() as everywhere:
        assert actions.find_feeds(everywhere) == [(stage.workspace_id, made)]
    for again in (False, True):
        with suppress(Killed), stage.db.workspace(stage.workspace_id) as ws:
            actions.carry_feed(ws, stage.ch, made or 0, NOW, again=again)
            if not again:
                raise Killed
    rows = stage.ch.query(
        "SELECT name, actor_id, toUnixTimestamp64Milli(at), kind, toString(properties) FROM event WHERE kind = 'segment'"
    ).result_rows
    assert rows == [("Segment Entered", person.id, to_ms(NOW), "segment", f'{{"segment":"خریداران","segment_id":{orders}}}')]
    with stage.db.everywhere() as everywhere:
        assert actions.find_feeds(everywhere) == []
        assert actions.make_feed(everywhere) is None


def test_a_hundred_segments_are_one_statement(stage: Stage) -> None:
    people = [stage.person(attributes={"age": age}) for age in range(3)]
    trees = [
        from_json(
            {
                "kind": "and",
                "of": [
                    {"kind": "attribute", "name": "age", "op": "at_most", "value": number},
                    {**did("Page Viewed", days=number % 90 + 1, op="at_least", value=number % 3 + 1), "where": [price(number)]},
                    negated({**did(days=number % 30 + 1), "where": [price(number)]}),
                ],
            }
        )
        for number in range(100)
    ]
    with stage.db.workspace(stage.workspace_id) as ws:
        for number, tree in enumerate(trees):
            actions.create_segment(ws, f"Segment {number}", tree, NOW, by="user:1")
    assert len(stage.build()) == 100
    stage.happen(*(Event(people[0].id, "Page Viewed", NOW, {"price": 300.5}) for _ in range(3)))
    told = stage.refresh(Touched(frozenset(person.id for person in people), frozenset({"Page Viewed"})))
    assert len(told) == 100


def price(number: int) -> dict[str, Any]:
    return {"property": "price", "op": "more_than", "value": number}
