"""Rehearsals of one or all journeys: exact where a fact and a timer meet in one step, told together, and without a trace in anything live."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions as consent
from hudhud.journeys import queries
from hudhud.journeys.rehearsing import rehearsals
from hudhud.journeys.rehearsing.driving import USUAL, Limits, RehearsalTooLarge
from hudhud.journeys.rehearsing.performing import Stage as Place
from hudhud.journeys.rehearsing.performing import perform
from hudhud.journeys.rehearsing.rehearsals import Assumed, Injected, Request
from hudhud.kit.errors import InvalidInput
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from hudhud.journeys.rehearsing.performing import Performed
    from hudhud.journeys.rehearsing.script import Cast

TRIGGER = {"kind": "event", "name": "Signed Up"}
QUARTER = 90 * DAY  # steps of 65 minutes
REMIND: dict[str, Any] = {
    "key": "remind",
    "trigger": TRIGGER,
    "goal": event_since("Order"),
    "nodes": {"rest": delay(1, "hours", "mail"), "mail": send("hello", "later"), "later": delay(20, "minutes", "again"), "again": send("more", "end"), "end": END},
    "start": "rest",
}  # fmt: skip
AT_ONCE: dict[str, Any] = {"key": "at_once", "trigger": TRIGGER, "nodes": {"mail": send("hi", "end"), "end": END}, "start": "mail"}


@pytest.fixture
def place(stage: Stage, clickhouse_url: str) -> Place:
    return Place(stage.db, clickhouse_url)


def rehearse(
    place: Place, stage: Stage, request: Request, since: datetime = T0 - DAY, until: datetime = T0 + 3 * DAY, limits: Limits = USUAL
) -> Performed:
    return perform(place, stage.workspace_id, request, since, until, until, limits=limits)


@pytest.mark.long
def test_a_fact_counts_where_a_run_stood_by_then_however_wide_the_steps_are(stage: Stage, place: Place) -> None:
    people = stage.people(*[{}] * 40)
    stage.publish(REMIND)
    signed = [stage.event(one, "Signed Up", T0 + number * 7 * MINUTE) for number, one in enumerate(people)]
    # Some order before the first mail, some between the two, some after both; all within one step or two.
    ordered = [stage.event(one, "Order", T0 + number * 7 * MINUTE + (number % 5 + 1) * 23 * MINUTE) for number, one in enumerate(people)]
    for event in sorted((*signed, *ordered), key=lambda one: one.at):
        stage.tick(event.at - timedelta(milliseconds=1))
        stage.take(event)
    stage.tick(T0 + 3 * DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, _ = queries.get_version(ws, "remind")
        live = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    (found,) = rehearse(place, stage, Request(journeys=("remind",)), until=T0 - DAY + QUARTER).together.journeys
    assert found.resolution_s > 3600
    assert (found.nodes, found.edges, found.sends) == (*live, len(stage.messages()))


def test_all_that_run_are_rehearsed_together_and_their_collisions_told(stage: Stage, place: Place) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(REMIND)
    stage.publish(AT_ONCE)
    stage.publish({**AT_ONCE, "key": "not_running"}, start=False)
    with stage.db.workspace(stage.workspace_id) as ws:
        consent.create_default_topics(ws, T0)
    stage.record(
        [stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0 + HOUR), stage.event(bob, "Order", T0 + HOUR + MINUTE)]
    )
    found = rehearse(place, stage, Request()).together
    assert {one.journey: one.sends for one in found.journeys} == {"remind": 2, "at_once": 2}
    assert found.collided == 1
    assert found.collisions == [{"first": "at_once", "second": "remind", "people": 1, "times": 2}]
    assert found.busiest == {"1": 1, "3": 1}
    assert [(one["at"], one["count"]) for one in found.hours] == [(T0.isoformat(), 1), ((T0 + HOUR).isoformat(), 3)]
    assert [cast.version.key for cast in _casts(stage, Request(journeys=("not_running",)))] == ["not_running"]


def _casts(stage: Stage, request: Request) -> list[Cast]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return rehearsals.find_casts(ws, request)


def test_nothing_live_is_written(stage: Stage, place: Place) -> None:
    people = stage.people({}, {})
    stage.publish(REMIND)
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    stage.tick(T0 + 2 * HOUR)
    before = checksums(stage)
    assert before["run"] != before["journey_effect"]
    rehearse(place, stage, Request(journeys=("remind",)))
    rehearse(place, stage, Request(journeys=("remind",), person_id=people[0], events=(Injected("Order", T0 + MINUTE),)))
    rehearse(place, stage, Request(journeys=("remind",), days_ahead=7), T0 + DAY, T0 + 8 * DAY)
    assert checksums(stage) == before


def checksums(stage: Stage) -> dict[str, Any]:
    """Return a checksum of every table of both engines."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    with stage.db.workspace(stage.workspace_id) as ws:
        tables = [row[0] for row in ws.conn.execute(query).fetchall()]
        found = {
            t: ws.conn.execute(f"SELECT count(*), md5(string_agg(md5(x::text), '' ORDER BY x::text)) FROM public.\"{t}\" x").fetchone()
            for t in tables
        }
    facts = stage.ch.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows
    found |= {f"events {t}": stage.ch.query(f"SELECT count(), sum(cityHash64(toString(tuple(*)))) FROM {t}").result_rows for (t,) in facts}
    return found


def test_one_person_is_told_step_by_step_and_what_if_she_orders(stage: Stage, place: Place) -> None:
    ann, bob = stage.people({}, {})
    branch = {"kind": "branch", "branches": [{"if": {"kind": "event", "name": "Order", "count": {"op": "at_least", "value": 1}, "window": {"kind": "ever"}}, "next": "end"}], "otherwise": "mail"}  # fmt: skip
    nodes = {"rest": delay(3, "days", "who"), "who": branch, "mail": send("hello", "end"), "end": END}
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": "rest"})
    stage.record([stage.event(one, "Signed Up", T0) for one in (ann, bob)])
    alone = rehearse(place, stage, Request(journeys=("j",), person_id=ann), until=T0 + 9 * DAY).together
    assert [(step["node"], step["edge"], step["at"], step["is_sent"]) for step in alone.story] == [
        ("", "start", T0.isoformat(), False),
        ("rest", "next", (T0 + 3 * DAY).isoformat(), False),
        ("who", "otherwise", (T0 + 3 * DAY).isoformat(), False),
        ("mail", "next", (T0 + 3 * DAY).isoformat(), True),
        ("end", "end", (T0 + 3 * DAY).isoformat(), False),
    ]
    asked = Request(journeys=("j",), person_id=ann, events=(Injected("Order", T0 + 2 * DAY),))
    what_if = rehearse(place, stage, asked, until=T0 + 9 * DAY)
    assert [step["node"] for step in what_if.together.story] == ["", "rest", "who", "end"]
    assert "events_invented" in what_if.assumptions
    # Where she stands on the second day, and what comes next.
    (started,) = rehearse(place, stage, Request(journeys=("j",), person_id=ann), until=T0 + 2 * DAY).together.story
    assert (started["to"], started["rests_on"], started["due_at"]) == ("rest", "rest", (T0 + 3 * DAY).isoformat())


@pytest.mark.long
def test_a_future_is_drawn_from_the_past_the_same_for_the_same_seed(stage: Stage, place: Place) -> None:
    people = stage.people(*[{}] * 30)
    stage.publish(AT_ONCE)
    # Everybody signs up on one Monday of four; each coming Monday is one of theirs.
    mondays = [
        stage.event(one, "Signed Up", datetime.fromisoformat("2026-01-05T09:00:00+00:00") + number % 4 * 7 * DAY)
        for number, one in enumerate(people)
    ]
    stage.record(mondays)
    now = datetime.fromisoformat("2026-02-02T00:00:00+00:00")
    ahead = Request(journeys=("at_once",), days_ahead=28, seed=3)
    first, again = (perform(place, stage.workspace_id, ahead, now, now + 28 * DAY, now).together for _ in range(2))
    assert first.to_dict() == again.to_dict()
    assert {one["at"][:16] for one in first.hours} <= {f"2026-{day}T09:00" for day in ("02-02", "02-09", "02-16", "02-23")}
    assert 10 <= first.journeys[0].sends <= 30
    other = Request(journeys=("at_once",), days_ahead=28, seed=4)
    assert perform(place, stage.workspace_id, other, now, now + 28 * DAY, now).together.hours != first.hours
    databases = stage.ch.query("SELECT count() FROM system.databases WHERE startsWith(name, 'rehearsal_')").result_rows
    assert databases == [(0,)]


@pytest.mark.long
def test_one_that_is_too_large_is_given_up_with_a_remedy(stage: Stage, place: Place) -> None:
    people = stage.people({}, {}, {})
    stage.publish(AT_ONCE)
    stage.record([stage.event(one, "Signed Up", T0) for one in people])
    with pytest.raises(RehearsalTooLarge, match=r"More than 2 people would enter by .*; choose a shorter span"):
        rehearse(place, stage, Request(), limits=Limits(runs=2))
    with pytest.raises(RehearsalTooLarge, match="given up after"):
        rehearse(place, stage, Request(), limits=Limits(seconds=0))


@pytest.mark.long
def test_orders_and_money_are_told_at_the_rates_that_are_assumed(stage: Stage, place: Place) -> None:
    (ann,) = stage.people({})
    stage.publish(AT_ONCE)
    stage.record(
        [
            stage.event(ann, "Signed Up", T0),
            stage.event(ann, "Order Completed", T0, total=30),
            stage.event(ann, "Order Completed", T0, total=50.5),
        ]
    )
    found = rehearse(place, stage, Request()).together
    assert (found.rates.value, found.expected) == (40.25, [{"journey": "at_once", "node": "mail", "deliverable": 0, "opened": 0.0, "clicked": 0.0, "orders": 0.0, "revenue": 0.0}])  # fmt: skip
    assert rehearse(place, stage, Request(rates=Assumed(value=7.5))).together.rates.value == 7.5


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (Request(events=(Injected("Order", T0),)), "events"),
        (Request(person_id=1, events=(Injected("Order", T0.replace(tzinfo=None)),)), "events.at"),
        (Request(), "journeys"),
    ],
    ids=["whose", "zone", "nothing"],
)
def test_what_cannot_be_rehearsed_is_refused_when_it_is_asked_for(stage: Stage, request_: Request, field: str) -> None:
    with stage.db.workspace(stage.workspace_id) as ws, pytest.raises(InvalidInput) as error:
        rehearsals.create(ws, request_, T0, T0 + DAY, T0, by="test")
    assert error.value.data["field"] == field


def test_conditions_are_asked_as_of_the_moment_of_each_run_and_fact_however_wide_the_steps_are(stage: Stage, place: Place) -> None:
    early, late, twice, once = stage.people(*[{}] * 4)
    ordered = {"kind": "event", "name": "Order", "window": {"kind": "ever"}}
    nodes = {
        "rest": delay(10, "minutes", "who"),
        "who": {"kind": "branch", "branches": [{"if": ordered, "next": "end"}], "otherwise": "mail"},
        "mail": send("hello", "later"),
        "later": delay(20, "minutes", "again"),
        "again": send("more", "end"),
        "end": END,
    }
    many = {"kind": "event", "name": "Visit", "count": {"op": "at_least", "value": 2}, "window": {"kind": "ever"}}
    stage.publish({"key": "j", "trigger": TRIGGER, "goal": many, "nodes": nodes, "start": "rest"})
    # All within one step: orders after the branch, and the second visit before the second mail, or after the end.
    stage.record(
        [stage.event(one, "Signed Up", T0 + n * MINUTE) for n, one in enumerate((early, late, twice, once))]
        + [stage.event(early, "Order", T0 + 12 * MINUTE), stage.event(late, "Order", T0 + 8 * MINUTE)]
        + [stage.event(one, "Visit", T0 + n * MINUTE) for one, *minutes in ((twice, 5, 20, 40), (once, 5, 50)) for n in minutes]
    )
    heard: list[datetime] = []
    span = T0 - QUARTER, T0 + QUARTER, T0
    found = perform(place, stage.workspace_id, Request(journeys=("j",)), *span, lambda at, _: heard.append(at)).together.journeys[0]
    assert found.resolution_s > 7200
    # Who would give it up is asked within a step, too.
    assert T0 + 10 * MINUTE in heard
    entered = {node: found.nodes[node]["entered"] for node in nodes}
    assert (entered, found.goal) == ({"rest": 4, "who": 4, "mail": 3, "later": 3, "again": 2, "end": 3}, 1)


def test_it_is_given_up_while_whoever_would_enter_is_still_looked_for(stage: Stage, place: Place) -> None:
    stage.people({}, {}, {})
    everybody = {"kind": "attribute", "name": "gone", "op": "is_not_set"}
    trigger = {"kind": "schedule", "segment": everybody, "rule": "FREQ=DAILY", "first": "2025-01-01", "at": "09:00"}
    stage.publish({**AT_ONCE, "key": "daily", "trigger": trigger})
    with pytest.raises(RehearsalTooLarge, match="given up after 0 s, at 2025-12-31"):
        rehearse(place, stage, Request(), limits=Limits(seconds=0))
    with pytest.raises(RehearsalTooLarge, match="More than 2 people would come to an entry"):
        rehearse(place, stage, Request(), limits=Limits(runs=2))
