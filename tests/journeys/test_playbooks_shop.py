"""All ready journeys together on the sample shop: its ninety days lived in time-lapse, and each rehearsed over the same days; counts are equal."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.consent import actions as consent
from hudhud.coupons import actions as coupons
from hudhud.coupons.types import PoolWishes
from hudhud.demo import actions as demo
from hudhud.demo.history import DAYS, Shop
from hudhud.events.actions import record_names
from hudhud.events.append import append
from hudhud.journeys import actions, queries, recipes
from hudhud.journeys.installing.fitting import fit, settle
from hudhud.journeys.installing.questions import look
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.running import planner, timed
from hudhud.journeys.types import ByClock, OnSubscribe
from hudhud.kit.sql import Query
from hudhud.people import actions as people
from hudhud.segments import actions as segments
from hudhud.segments.queries import next_check
from hudhud.segments.types import Touched
from tests.journeys.test_recipes import act

if TYPE_CHECKING:
    from hudhud.events.types import Event
    from hudhud.kit.db import Scope
    from tests.journeys.stage import Stage

PEOPLE = 60
END = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)
START = END - timedelta(days=DAYS)
SHOP = Shop(demo.SEED, END, "")
ANSWERS: dict[str, dict[str, str | int]] = {
    "cross_sell": {"bought": "Feeders", "belongs": "Seed"},
    "event_invite": {"begins": f"{SHOP.side.walk:%Y-%m-%dT%H:%M}"},
    "winback": {"winback_days": 30},
}
UNREAD = Query(
    "unread",
    "SELECT count(*) FROM consent_log c JOIN journey j ON j.workspace_id = c.workspace_id "
    "WHERE c.workspace_id = %(workspace_id)s AND j.key IN ('welcome', 'welcome_slow') AND (c.txid, c.id) > (j.consent_txid, j.consent_id)",
)
# In so many of the journeys somebody must have been: no New Year falls into these days, and a small shop has not everything.
MOST = 20


@pytest.mark.prove
@pytest.mark.timeout(1_800)
def test_each_ready_journey_goes_on_the_sample_shop_as_it_was_rehearsed(stage: Stage) -> None:
    events = furnish(stage)
    for event in events:
        pass_time(stage, event.at - timedelta(milliseconds=1))
        happen(stage, event)
    pass_time(stage, END)
    with stage.db.workspace(stage.workspace_id) as ws:
        lived = {one.key: (queries.node_numbers(ws, one), queries.edge_numbers(ws, one)) for one in planner.find_versions(ws)}
        versions = {key: queries.get_version(ws, key) for key in lived}
    assert set(lived) == set(recipes.find_ready())
    differ = {}
    for key, (version, number) in versions.items():
        found = rehearse(stage.db.url, stage.ch, version, number, START, END)
        if (found.nodes, found.edges) != lived[key]:
            differ[key] = {"lived": lived[key][0], "rehearsed": found.nodes}
    assert differ == {}
    assert sum(lived[key][0][version.graph.start]["entered"] > 0 for key, (version, _) in versions.items()) >= MOST


def furnish(stage: Stage) -> list[Event]:
    """Open the sample shop with all ready journeys started when its ninety days begin; return its events with their people."""
    shop = Shop(demo.SEED, END, "")
    shoppers = shop.shoppers(PEOPLE)
    history = shop.history(shoppers)
    with stage.db.workspace(stage.workspace_id) as ws:
        ids = demo._join(ws, shoppers, END)
        events = [demo.to_event(stage.workspace_id, one, ids[one.number - 1], f"demo-{index}") for index, one in enumerate(history)]
        record_names(ws, events)
        append(stage.ch, events, "sample shop")
        start_all(ws)
    with stage.db.workspace(stage.workspace_id) as ws:
        demo._agree(ws, ids, shoppers, END)
        people.mirror(ws, stage.ch, ids)
    with stage.db.workspace(stage.workspace_id) as ws:
        segments.build(ws, stage.ch, START)
    take_subscribers(stage)
    return events


def start_all(ws: Scope) -> None:
    """Publish all ready journeys as they are installed, but for their mails (test_recipes.py has these), with codes in their pools, and start them."""
    consent.create_default_topics(ws, START)
    known = look(ws, START)
    for key, graph in recipes.find_ready().items():
        fitted = fit(graph, settle(key, ANSWERS.get(key, {}), known), known, START.date())
        for pool in fitted.pools.values():
            coupons.create_pool(ws, pool, PoolWishes(pool, valid_days=7), START, by="test")
            coupons.add_codes(ws, pool, [(f"{pool}-{number}", None) for number in range(2 * PEOPLE)], START, by="test")
        actions.publish(ws, fitted.graph, START, by="test")
        actions.start(ws, key, START, by="test")


def take_subscribers(stage: Stage) -> None:
    """Let subscriptions of all ninety days begin runs, each at its own time."""
    for _ in range(1_000):
        with stage.db.workspace(stage.workspace_id) as ws:
            for version in planner.find_versions(ws):
                if isinstance(version.graph.trigger, OnSubscribe):
                    actions.take_subscribers(ws, stage.ch, version)
            if not ws.value(UNREAD):
                return
        time.sleep(0.01)
    raise AssertionError("the consent log is not read on")


def happen(stage: Stage, event: Event) -> None:
    """Let an event come in, as the intake worker does; ClickHouse has it, as no question reaches beyond its own moment."""
    touched = Touched(
        person_ids=frozenset({event.person_id}),
        event_names=frozenset({event.name}),
        instants={event.name: [event.at]},
        doers={event.name: [event.person_id]},
    )
    with stage.db.workspace(stage.workspace_id) as ws:
        changes = segments.refresh(ws, stage.ch, touched, event.at)
        actions.take(ws, stage.ch, [event], changes, event.at)


def pass_time(stage: Stage, until: datetime) -> None:
    """Let days begin runs, segments change with time, and timers fire, each when it is due."""
    with stage.db.workspace(stage.workspace_id) as ws:
        for version in planner.find_versions(ws):
            if isinstance(version.graph.trigger, ByClock):
                take_ticks(stage, version.key, until)
    while True:
        with stage.db.everywhere() as everywhere:
            due = next_check(everywhere)
        if due is None or due > until:
            break
        act(stage, due)
        with stage.db.workspace(stage.workspace_id) as ws:
            actions.take(ws, stage.ch, [], segments.check_due(ws, stage.ch, due), due)
    act(stage, until)


def take_ticks(stage: Stage, key: str, until: datetime) -> None:
    """Let the days of one journey begin its runs."""
    while True:
        with stage.db.workspace(stage.workspace_id) as ws:
            version = next(one for one in planner.find_versions(ws) if one.key == key)
            if not timed.is_due(version, until) or not timed.take_tick(ws, stage.ch, version, until)[1]:
                return
