"""Each ready journey proven: installed, rehearsed over a history of five people, and run live; both go as its own expectations say."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.content.sandbox import Sandbox
from hudhud.coupons import actions as coupons
from hudhud.coupons.queries import find_pools
from hudhud.journeys import actions, queries, recipes
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.running import planner, timed
from hudhud.journeys.types import ByClock
from hudhud.kit.sql import Query
from hudhud.segments.types import Change
from tests.journeys.playbook import SAMPLES, Playbook
from tests.journeys.playbooks import PLAYBOOKS
from tests.journeys.stage import DAY, FACTS, HOUR, T0, Stage
from tests.journeys.test_against_reference import PACE
from tests.journeys.test_live import take_subscribers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ADDRESSES = Query(
    "addresses",
    "INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) "
    "SELECT %(workspace_id)s, 'email', id || '@example.com', id, %(now)s FROM unnest(%(ids)s::bigint[]) id",
)
EVERYDAY = {"shipped", "wishlist"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    process = Sandbox()
    yield process
    process.close()


def test_every_ready_journey_is_proven() -> None:
    assert set(PLAYBOOKS) == set(recipes.find_ready())


@pytest.mark.parametrize("key", [pytest.param(key, marks=[] if key in EVERYDAY else [pytest.mark.long]) for key in PLAYBOOKS])
def test_rehearsed_lived_and_expected_are_the_same(stage: Stage, sandbox: Sandbox, key: str) -> None:
    book = PLAYBOOKS[key]
    people = settle(stage, book)
    with stage.db.workspace(stage.workspace_id) as ws:
        recipes.install(ws, sandbox, key, book.begins - DAY, by="test", answers=book.answers)
        for pool in find_pools(ws, T0):
            coupons.add_codes(ws, pool.key, [(f"C-{number}", None) for number in range(20)], T0, by="test")
        actions.start(ws, key, book.begins - DAY, by="test")
        version, number = queries.get_version(ws, key)
    target = version.graph.target
    assert target is not None
    assert target.by == (book.begins + 89 * DAY).date()
    until = book.begins + book.days * DAY
    play(stage, book, people, until)
    with stage.db.workspace(stage.workspace_id) as ws:
        lived = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    rehearsed = rehearse(stage.db.url, stage.ch, version, number, book.begins - DAY, until)
    assert {node: numbers["entered"] for node, numbers in lived[0].items()} == book.entered
    assert (rehearsed.nodes, rehearsed.edges) == lived
    assert (rehearsed.through, rehearsed.goal, rehearsed.exited) == (book.mails, book.goal, book.exited)
    outcomes = [outcome for _, outcome in stage.outcomes()]
    assert (outcomes.count("goal"), outcomes.count("exited")) == (book.goal, book.exited)


def settle(stage: Stage, book: Playbook) -> list[int]:
    """Let five people live in a shop with its topics: each has an address, and some have agreed."""
    people = stage.people(*book.traits)
    before = book.begins - 2 * DAY
    agreed = [people[who] for who in book.agreed]
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(ADDRESSES, ids=people, now=before)
        consent.create_default_topics(ws, before)
        consent.record(
            ws, [ConsentChange(one, topic, "email", "subscribed", before, "api") for one in agreed for topic in ("newsletter", "offers")]
        )
    rows = [
        {
            "workspace_id": stage.workspace_id, "person_id": one, "version": 2, "gone": 0, "attributes": traits, "created_at": "2025-12-01",
            "subscriptions": ["newsletter:email:subscribed", "offers:email:subscribed"] if one in agreed else [],
        }
        for one, traits in zip(people, book.traits, strict=True)
    ]  # fmt: skip
    stage.ch.raw_insert("person", insert_block="\n".join(map(json.dumps, rows)), fmt="JSONEachRow", settings=FACTS)
    return people


def play(stage: Stage, book: Playbook, people: list[int], until: datetime) -> None:
    """Let everything happen in the order of time: what people do, days of the calendar, and the steps of the journey."""
    moments: list[tuple[datetime, Any]] = [(book.begins + day * DAY, None) for day in range(book.days)]
    for who, hours, name, properties in book.deeds:
        at = book.begins + hours * HOUR
        moments.append((at, stage.event(people[who], name, at, **{**SAMPLES.get(name, {}), **properties})))
    moments += [(book.begins + hours * HOUR, people[who]) for who, hours in book.enter]
    subscribe(stage, book, people)
    for at, what in sorted(moments, key=lambda one: one[0]):
        pass_days(stage, at - timedelta(milliseconds=1))
        if isinstance(what, int):
            enter_segment(stage, what, at)
        elif what is not None:
            stage.take(what)
    pass_days(stage, until)


def subscribe(stage: Stage, book: Playbook, people: list[int]) -> None:
    if book.subscribe:
        said = [ConsentChange(people[who], "newsletter", "email", "subscribed", book.begins, "api") for who in book.subscribe]
        with stage.db.workspace(stage.workspace_id) as ws:
            consent.record(ws, said)
        take_subscribers(stage)


def enter_segment(stage: Stage, person_id: int, at: datetime) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        (version,) = planner.find_versions(ws)
    assert version.segment_id is not None
    stage.take(changes=[Change(version.segment_id, person_id, entered=True, at=at)], now=at)


def pass_days(stage: Stage, until: datetime) -> None:
    """Let the calendar's days begin runs, and each timer fire when it is due."""
    with stage.db.workspace(stage.workspace_id) as ws:
        (version,) = planner.find_versions(ws)
        is_more = isinstance(version.graph.trigger, ByClock) and timed.is_due(version, until)
        while is_more:
            is_more = timed.take_tick(ws, stage.ch, version, until)[1]
            (version,) = planner.find_versions(ws)
    act(stage, until)


def act(stage: Stage, until: datetime) -> None:
    """Let each timer fire when it is due, and what steps do be done at once."""
    while True:
        with stage.db.workspace(stage.workspace_id) as ws:
            due = planner.next_due(ws, planner.find_versions(ws))
        if due is None or due > until:
            return
        stage.tick(due, PACE)
        stage.act(due)
