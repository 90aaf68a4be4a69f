"""Membership by what is remembered is what the oracle says: after any events, merges and their undoing, clock steps and repeats, with the memory warm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hudhud.segments.keeping import flips, tallies
from hudhud.segments.keeping.membership import ask_again
from hudhud.segments.types import Change, Touched
from tests.segments import worlds
from tests.segments.oracle import Event
from tests.segments.remembering import batch, check_remembered, next_row, remember
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import EDGES, MS, NAMES, NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

Tree = dict[str, Any]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flips, "LEAST_PAUSE", timedelta(0))
    monkeypatch.setattr(flips, "LONGEST_PAUSE", timedelta(0))


counts = st.one_of(
    st.just({"op": "at_least", "value": 1}),
    st.fixed_dictionaries({"op": st.sampled_from(["at_least", "at_most", "exactly"]), "value": st.integers(1, 3)}),
)
windows = st.one_of(
    st.just({"kind": "ever"}),
    st.builds(
        lambda span: {"kind": "last", "amount": span[0], "unit": span[1]},
        st.sampled_from([(90, "minutes"), (5, "hours"), (7, "days"), (7, "days"), (30, "days"), (10, "minutes")]),
    ),
)
prices = st.sampled_from([0, 5, 5.5, 5.5, -3, 100, 0.1, 0.0000005, "5", "much", None, True, [5], 2**60])
wheres = st.sampled_from(
    [[], [], [{"property": "price", "op": "more_than", "value": 5}], [{"property": "price", "op": "is_not", "value": 5}]]
)
amounts = st.one_of(
    st.fixed_dictionaries(
        {"take": st.sampled_from(["sum", "average", "min", "max", "first"]), "op": st.sampled_from(["is_set", "is_not_set"])}
    ),
    st.fixed_dictionaries(
        {
            "take": st.sampled_from(["sum", "sum", "average", "min", "max", "last"]),
            "op": st.sampled_from(["is", "is_not", "more_than", "less_than", "at_least", "at_most"]),
            "value": st.sampled_from([0, 5, 5.5, 10.5, 11, 5.25, -3, 100]),
        }
    ),
)
leaves = st.one_of(
    st.builds(
        lambda name, count, window, where: {"kind": "event", "name": name, "count": count, "window": window, "where": where},
        st.sampled_from(NAMES[:2]),
        counts,
        windows,
        wheres,
    ),
    st.builds(
        lambda name, amount, window, where: {
            "kind": "amount",
            "name": name,
            "property": "price",
            "window": window,
            "where": where,
            **amount,
        },
        st.sampled_from(NAMES[:2]),
        amounts,
        windows,
        wheres,
    ),
)
trees = st.one_of(
    leaves,
    st.builds(lambda one, other: {"kind": "and", "of": [one, {"kind": "not", "of": other}]}, leaves, leaves),
    st.builds(lambda one, other: {"kind": "or", "of": [one, other]}, leaves, leaves),
)
events = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(NAMES[:2]), st.sampled_from([*EDGES[:5], timedelta(0)]), st.integers(-2, 2), prices),
    min_size=1,
    max_size=5,
)
steps = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"kind": st.just("events"), "events": events, "how": st.sampled_from(["sure"] * 4 + ["again", "early", "made"])}
        ),
        st.fixed_dictionaries({"kind": st.just("merge"), "who": st.integers(0, 9), "into": st.integers(0, 9)}),
        st.fixed_dictionaries({"kind": st.just("split"), "who": st.integers(0, 9)}),
        st.fixed_dictionaries({"kind": st.just("time"), "by": st.sampled_from([*EDGES[:5], 3 * MS, 9 * tallies.AHEAD / 10])}),
        st.just({"kind": "remember"}),
    ),
    min_size=4,
    max_size=10,
)


def take_step(stage: Stage, step: dict[str, Any]) -> list[Change]:
    living = [person for person in stage.world.people if not person.gone]
    if step["kind"] == "time":
        stage.now += step["by"]
        return []
    if step["kind"] == "remember":
        remember(stage)
        return []
    if step["kind"] == "merge":
        actor, survivor = living[step["who"] % len(living)], living[step["into"] % len(living)]
        if actor is survivor:
            return []
        stage.merge(actor, survivor)
        return stage.refresh(Touched(frozenset({survivor.id}), first_row=next_row(stage)))
    if step["kind"] == "split":
        return split(stage, step["who"])
    made = [stage.person().id] if step["how"] == "made" else []
    actors = [*made, *(person.id for person in stage.world.people)]
    # Each is another one: ClickHouse takes an insert of just the same for a repeat.
    some = [
        Event(actors[who % len(actors)], name, stage.now - edge + off * MS, {"row": next_row(stage), "price": price})
        for who, name, edge, off, price in step["events"]
    ]
    touched = batch(stage, *some, created=frozenset(made))
    touched = replace(touched, person_ids=touched.person_ids.union(made))
    stage.happen(*some)
    if step["how"] == "early":  # ClickHouse has them, their batch waits for the lock
        remember(stage)
    told = stage.refresh(replace(touched, first_row=None) if step["how"] == "again" else touched)
    if step["how"] == "again":
        assert stage.refresh(replace(touched, first_row=None)) == []
    return told


def split(stage: Stage, who: int) -> list[Change]:
    """Take the last merge back: both are asked about again, and ClickHouse is told."""
    merged = list(stage.world.merged.items())
    if not merged:
        return []
    actor_id, survivor_id = merged[who % len(merged)]
    actor = next(person for person in stage.world.people if person.id == actor_id)
    if not actor.gone:
        return []
    del stage.world.merged[actor_id]
    actor.gone = False
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET merged_into = NULL WHERE id = %s", (actor_id,))
        ask_again(ws, [actor_id, survivor_id])
    stage.versions[actor_id] += 1
    worlds.write_merged(stage.ch, stage.workspace_id, {actor_id: actor_id}, stage.versions[actor_id] + 2)
    stage.versions[actor_id] += 2
    stage.mirror(actor)
    return stage.refresh(Touched(frozenset({actor_id, survivor_id}), first_row=next_row(stage)))


def check_history(db: Database, ch: Client, some: list[Tree], history: list[dict[str, Any]]) -> None:
    stage = make_stage(db, ch, NOW)
    for _ in range(3):
        stage.person()
    for tree in some:
        stage.segment(tree, build=False)
    stage.build()
    remember(stage)
    for step in history:
        take_step(stage, step)
        stage.check()
        assert stage.members() == stage.expected(), step
        check_remembered(stage)


@given(some=st.lists(trees, min_size=3, max_size=3), history=steps)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, phases=[Phase.explicit, Phase.generate])
def test_membership_by_what_is_remembered_is_what_the_oracle_says(db: Database, ch: Client, some: list[Tree], history: list[Any]) -> None:
    check_history(db, ch, some, history)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@given(some=st.lists(trees, min_size=3, max_size=3), history=steps)
@settings(
    max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, phases=[Phase.explicit, Phase.generate]
)
def test_membership_by_what_is_remembered_is_what_the_oracle_says_at_length(
    db: Database, ch: Client, some: list[Tree], history: list[Any]
) -> None:
    check_history(db, ch, some, history)
