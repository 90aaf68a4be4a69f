"""Random lives of a journey: facts, time, edits, pauses, merges, moves, crashes. After each step the planner has done what the obvious one does."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from hudhud.journeys import actions, graph, queries
from hudhud.journeys.editing import changeover
from hudhud.journeys.editing.placing import Choice, Keep, Leave, Move, Rule, To
from hudhud.journeys.rehearsing.driving import drive
from hudhud.journeys.rehearsing.script import Cast, write_script
from hudhud.journeys.running import planner
from hudhud.journeys.running.worlds import LiveWorld, open_rehearsal
from hudhud.journeys.types import InvalidJourney
from hudhud.kit.sql import Query
from tests.journeys.edited import Edited, ways
from tests.journeys.reference import Happening
from tests.journeys.stage import DAY, Stage, make_stage
from tests.journeys.test_against_reference import LIVE, NAMES, PACE, graphs
from tests.journeys.test_rehearsal_agrees import told as told_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event
    from hudhud.kit.db import Database, Scope

PEOPLE = 3
# Winter; the nights in which clocks go forward and back: New York, Berlin, half an hour on Lord Howe; the end of a leap year's February.
BEGINNINGS = ["2026-01-01", "2026-03-07", "2026-10-31", "2026-03-28", "2026-10-24", "2026-04-04", "2028-02-28"]
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tehran", "Australia/Lord_Howe"]
STEPS = [f"n{i}" for i in range(6)]
# Off the grid on which clocks in graphs open: what comes first of two at one instant is nobody's promise.
ODD = timedelta(minutes=7, seconds=3)
# A rehearsal asks one question for moments that are within a minute of each other, and few of each step's.
APART = timedelta(minutes=15)
MERGE = Query("merge", "UPDATE person SET merged_into = %(survivor)s WHERE id = %(gone)s")
STORY = Query(
    "story",
    "SELECT r.id, coalesce(r.actor_id, r.person_id) AS first, r.person_id, r.entered_at, r.outcome, v.number, p.node "
    "FROM run r JOIN journey_version v ON v.id = r.version_id LEFT JOIN run_position p ON p.run_id = r.id",
)
LOG = Query("log", "SELECT run_id, node, edge, reason, at FROM run_log ORDER BY run_id, visit")
SENDS = Query("sends", "SELECT source_id, step, visit FROM message ORDER BY source_id, visit")
ACTS = Query("acts", "SELECT run_id, node, visit, at FROM journey_effect ORDER BY run_id, visit")
choices = st.just(Keep()) | st.just(Move()) | st.just(Leave()) | st.builds(To, st.sampled_from(STEPS))
rules = st.builds(Rule, st.sampled_from(["keep", "move", "move"]), st.dictionaries(st.sampled_from(STEPS), choices, max_size=2))


def pure(one: dict[str, Any]) -> dict[str, Any]:
    """Leave out the journey's end, and what messages do when nobody reads them."""
    nodes = {name: {part: value for part, value in node.items() if part != "fallbacks"} for name, node in one["nodes"].items()}
    return {**{name: value for name, value in one.items() if name != "ends_at"}, "nodes": nodes}


drawn = graphs().map(pure)
happenings = st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from([*NAMES, "Start"])), min_size=1, max_size=4)
spans = st.sampled_from([1, 4, 12, 24, 36, 72]).map(lambda hours: timedelta(hours=hours))


class Cut(Exception):
    """The worker dies before it commits."""


class Dying(LiveWorld):
    """A world whose worker dies in one of its transactions."""

    def __init__(self, stage: Stage, at: int) -> None:
        """Die at the end of the `at`-th."""
        super().__init__(stage.db, stage.ch)
        self.left = at

    @contextmanager
    def scope(self, workspace_id: int) -> Iterator[Scope]:
        """Open one transaction; the last one is cut off."""
        with super().scope(workspace_id) as ws:
            yield ws
            self.left -= 1
            if not self.left:
                raise Cut


class Life(RuleBasedStateMachine):
    """A journey's life, live and in the reference."""

    def __init__(self, db: Database, ch: Client) -> None:
        """Begin on an empty stage."""
        super().__init__()
        self.stage = make_stage(db, ch)
        self.is_plain = False  # a rehearsal could tell the same

    @initialize(
        first=drawn, beginning=st.sampled_from(BEGINNINGS), zones=st.lists(st.sampled_from(ZONES), min_size=PEOPLE, max_size=PEOPLE)
    )
    def begin(self, first: dict[str, Any], beginning: str, zones: list[str]) -> None:
        """Publish the first version; everybody comes in."""
        self.is_plain = True
        self.now = self.began = datetime.fromisoformat(beginning).replace(hour=12, tzinfo=UTC) + ODD
        self.people = self.stage.people(*[{}] * PEOPLE)
        self.living = [*self.people]
        self.set_zones(dict(zip(self.people, zones, strict=True)))
        self.reference = Edited(first, dict(zip(self.people, zones, strict=True)))
        self.stage.publish(first, self.began - 30 * DAY)
        self.facts([(who, "Start") for who in range(PEOPLE)])

    @contextmanager
    def transaction(self, *, dies: bool) -> Iterator[Scope]:
        """Open one transaction; that of a worker which dies is never written."""
        with suppress(Cut), self.stage.db.workspace(self.stage.workspace_id) as ws:
            yield ws
            if dies:
                raise Cut

    def set_zones(self, zones: dict[int, str]) -> None:
        """Write down who lives where."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            ws.run(LIVE, ids=list(zones), zones=list(zones.values()))

    @rule(some=happenings)
    def facts(self, some: list[tuple[int, str]]) -> None:
        """Something happens, each thing at a moment of its own."""
        for who, name in some:
            self.pass_time(self.now + APART)
            self.hear([self.event(who, name, self.now)])

    @rule(some=happenings, ago=spans, again=st.booleans(), dies=st.booleans())
    def news(self, some: list[tuple[int, str]], ago: timedelta, again: bool, dies: bool) -> None:  # noqa: FBT001 -- drawn
        """Many things come in at once, late; the worker dies before it commits, or takes them a second time."""
        self.is_plain = False
        batch = [self.event(who, name, self.now - ago + timedelta(minutes=number)) for number, (who, name) in enumerate(some)]
        self.stage.record(batch)
        if dies:
            with self.transaction(dies=True) as ws:
                actions.take(ws, self.stage.ch, batch, (), self.now)
        for _ in range(1 + again):
            self.tell(batch)

    def event(self, who: int, name: str, at: datetime, kind: str = "track") -> Event:
        """Make an event of somebody who is still there."""
        return self.stage.event(self.living[who % len(self.living)], name, at, kind)

    def hear(self, batch: Sequence[Event]) -> None:
        """Let facts come in."""
        self.stage.record(batch)
        self.tell(batch)

    def tell(self, batch: Sequence[Event]) -> None:
        """Let the planner and the reference know."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            actions.take(ws, self.stage.ch, list(batch), (), self.now)
        self.reference.hear([Happening(one.person_id, one.name, one.at, one.message_id) for one in batch], self.now)
        self.compare()

    @rule(span=spans)
    def time(self, span: timedelta) -> None:
        """Time goes by, and timers fire when they are due."""
        self.pass_time(self.now + span)

    def pass_time(self, until: datetime) -> None:
        """Let each timer before a moment fire when it is due."""
        while (due := self.reference.next_due()) is not None and due < until:
            self.tick(max(due, self.now))
        self.now = until

    @rule(span=spans, dies_at=st.none() | st.integers(1, 6))
    def absence(self, span: timedelta, dies_at: int | None) -> None:
        """Time goes by with no worker; the one that comes dies, perhaps, and the next one does what is left."""
        self.is_plain = False
        self.now += span
        if dies_at is not None:
            with self.stage.db.workspace(self.stage.workspace_id) as ws:
                versions = planner.find_versions(ws)
            with suppress(Cut):
                planner.tick(Dying(self.stage, dies_at), versions, self.now, PACE)
        self.tick(self.now)

    def tick(self, horizon: datetime) -> None:
        """Let timers fire."""
        self.stage.tick(horizon, PACE)
        self.reference.tick(horizon)
        self.compare()

    @rule(new=drawn, how=rules)
    def edit(self, new: dict[str, Any], how: Rule) -> None:
        """Publish another version."""
        self.publish(new, how)

    @rule(how=rules, number=st.integers(0, 5), nodes=drawn)
    def edit_a_little(self, how: Rule, number: int, nodes: dict[str, Any]) -> None:
        """Publish the same version with other steps from somewhere on, where that makes a journey."""
        old = self.reference.graph
        kept = {name: node for name, node in old["nodes"].items() if int(name[1:]) < number}
        new = {**old, "nodes": {**nodes["nodes"], **kept}}
        if {target for node in kept.values() for target in ways(node).values()} <= new["nodes"].keys():
            self.publish(new, how)

    @rule(back=st.integers(1, 4), how=rules)
    def roll_back(self, back: int, how: Rule) -> None:
        """Publish an older version again."""
        versions = self.reference.versions
        self.publish(versions[max(0, len(versions) - 1 - back)], how)

    def publish(self, new: dict[str, Any], how: Rule) -> None:
        """Publish, with what of a rule can be said of these versions."""
        versions = self.reference.versions
        older = versions if new != versions[-1] else versions[:-1]
        nodes: dict[str, Choice] = {
            name: choice
            for name, choice in how.nodes.items()
            if older and name in older[-1]["nodes"] and not (isinstance(choice, To) and choice.node not in new["nodes"])
        }
        try:
            parsed = graph.parse({"names": {"en": "random"}, **new})
        except InvalidJourney:
            return
        how = Rule(how.runs, nodes)
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            actions.publish(ws, parsed, self.now, by="test", rule=how)
        self.reference.publish(new, how)
        self.is_plain = False
        self.compare()

    @precondition(lambda self: self.reference.orders)
    @rule(limit=st.sampled_from([1, 2, 100]), dies=st.booleans())
    def move(self, limit: int, dies: bool) -> None:  # noqa: FBT001 -- drawn
        """Move some of those who are to be moved; a worker that dies before it commits has moved nobody."""
        before = self.logged()
        for cut in [True, False] if dies else [False]:
            with self.stage.db.workspace(self.stage.workspace_id) as ws:
                order = changeover.find_open(ws)[0][1]
            with self.transaction(dies=cut) as ws:
                done = changeover.carry_out(ws, order, self.now, limit)
        # Which of them come first is nobody's promise.
        after = self.logged()
        chosen = [run for run in self.reference.left() if len(after[run.first, run.entered_at]) > len(before[run.first, run.entered_at])]
        assert len(chosen) == done
        assert chosen or not self.reference.left()
        self.reference.move(chosen, self.now)
        if not done:
            self.reference.close_order()
        self.compare()

    def logged(self) -> dict[tuple[int, datetime], list[Any]]:
        """Return the log of each run."""
        return {(first, entered_at): log for _, first, _, entered_at, _, _, _, log, _, _ in self.lived()}

    @rule()
    def pause(self) -> None:
        """Hold everybody."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            actions.pause(ws, "random", self.now, by="test")
        self.reference.pause(self.now)
        self.is_plain = False

    @rule(drains=st.booleans())
    def resume(self, drains: bool) -> None:  # noqa: FBT001 -- drawn
        """Let people go on, and in unless the journey runs out."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            (actions.drain if drains else actions.start)(ws, "random", self.now, by="test")
        self.is_plain = self.is_plain and not drains and self.reference.status == "running"
        self.reference.resume(self.now, "draining" if drains else "running")
        self.compare()

    @rule(who=st.integers(0, PEOPLE - 1), zone=st.sampled_from(ZONES))
    def travel(self, who: int, zone: str) -> None:
        """Somebody lives elsewhere now."""
        self.is_plain = False
        person = self.living[who % len(self.living)]
        self.set_zones({person: zone})
        self.tell_of(person)
        self.reference.live_in(person, zone, self.now)
        self.compare()

    def tell_of(self, person: int) -> None:
        """Let the planner know that something of a person has changed."""
        told = self.stage.event(person, "Identified", self.now, "identify")
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            actions.take(ws, self.stage.ch, [told], (), self.now)

    @precondition(lambda self: len(self.living) > 1)
    @rule(who=st.integers(0, PEOPLE - 1), other=st.integers(1, PEOPLE - 1))
    def merge(self, who: int, other: int) -> None:
        """Two people turn out to be one."""
        self.is_plain = False
        gone = self.living[who % len(self.living)]
        survivor = self.living[(who + other) % len(self.living)]
        if gone == survivor:
            return
        self.living.remove(gone)
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            ws.run(MERGE, gone=gone, survivor=survivor)
        row = [[self.stage.workspace_id, gone, survivor, 1]]
        self.stage.ch.insert("person_override", row, column_names=["workspace_id", "actor_id", "person_id", "version"])
        self.tell_of(survivor)
        self.reference.merge(gone, survivor, self.now)
        self.reference.look_again(survivor, self.now)
        self.compare()

    def lived(self) -> list[tuple[Any, ...]]:
        """Return what each run did, as the tables tell it."""
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            runs, log, sends, acts = ws.rows(STORY), ws.rows(LOG), ws.rows(SENDS), ws.rows(ACTS)
        told = [(*run, *([tuple(row[1:]) for row in rows if row[0] == run[0]] for rows in (log, sends, acts))) for run in runs]
        return sorted(told, key=lambda one: one[1:4])

    def compare(self) -> None:
        """Both tell the same of every run."""
        lived = [one[1:] for one in self.lived()]
        assert lived == sorted(
            (
                (
                    run.first,
                    run.person,
                    run.entered_at,
                    run.outcome,
                    run.version + 1,
                    None if run.outcome else run.node,
                    run.log,
                    run.sends,
                    run.acts,
                )
                for run in self.reference.runs
            ),
            key=lambda one: one[:3],
        )

    def teardown(self) -> None:
        """Where nothing but time and facts came, a rehearsal tells the same."""
        if not self.is_plain:
            return
        self.pass_time(self.now + timedelta(milliseconds=1))
        with self.stage.db.workspace(self.stage.workspace_id) as ws:
            version, number = queries.get_version(ws, "random")
            lived = told_in_order(ws)
        script = write_script([Cast(version, number)], self.began - DAY, self.now)
        with open_rehearsal(self.stage.db.url, self.stage.ch) as world:
            drive(world, script)
            with world.scope(self.stage.workspace_id) as ws:
                assert told_in_order(ws) == lived


often = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=6, stateful_step_count=12)


def on(db: Database, ch: Client) -> type[RuleBasedStateMachine]:
    """Return lives on these engines."""

    class Here(Life):
        def __init__(self) -> None:
            super().__init__(db, ch)

    return Here


@pytest.mark.long
def test_after_each_step_of_a_random_life_the_planner_has_done_what_the_obvious_one_does(db: Database, ch: Client) -> None:
    run_state_machine_as_test(on(db, ch), settings=often)


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_after_each_step_of_many_long_lives_it_has_done_so_too(db: Database, ch: Client) -> None:
    run_state_machine_as_test(on(db, ch), settings=settings(often, max_examples=1_200, stateful_step_count=30))
