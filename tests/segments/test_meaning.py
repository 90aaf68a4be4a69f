"""SQL == oracle == explain, on random trees, people and events."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hudhud.kit.db import Scope
from hudhud.segments import queries
from hudhud.segments.types import from_json
from tests.segments import oracle
from tests.segments.worlds import (
    MS,
    NOW,
    amounts,
    dates,
    engagements,
    event_leaves,
    instants,
    sequences,
    shares,
    stays,
    trees,
    worlds,
    write,
)

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.segments.types import Verdict

_workspaces = itertools.count(1)
QUICK = settings(phases=[Phase.generate], max_examples=7, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def scope(workspace_id: int) -> Scope:
    """These trees name no segments, so nothing is asked of PostgreSQL."""
    return Scope(None, workspace_id)  # type: ignore[arg-type]


def check_world(ch: Client, world: oracle.World, given_trees: list[dict[str, Any]]) -> None:
    ws = scope(next(_workspaces))
    write(ch, ws.workspace_id or 0, world)
    compiled = dict(enumerate(from_json(tree) for tree in given_trees))
    for now in (NOW, NOW + MS):
        expected = {number: oracle.members(world, tree, now) for number, tree in enumerate(given_trees)}
        everyone = [person.id for person in world.people]
        assert queries.matches(ws, ch, compiled, [*everyone, 999], now) == expected
    for number, tree in list(compiled.items())[:2]:
        expected_ids = sorted(oracle.members(world, given_trees[number], NOW))
        preview = queries.preview(ws, ch, tree, NOW)
        assert preview.count.count == queries.count(ws, ch, tree, NOW) == len(expected_ids)
        assert queries.members(ws, ch, tree, NOW, limit=100) == expected_ids
        assert preview.reachable["email"].count == sum("email" in p.reachable for p in world.people if p.id in expected_ids)
        person = next((person for person in world.people if not person.gone), None)
        if person:
            check_verdict(queries.explain(ws, ch, tree, person.id, NOW), world, person, given_trees[number])


def check_verdict(verdict: Verdict, world: oracle.World, person: oracle.Person, tree: dict[str, Any], now: datetime = NOW) -> None:
    assert verdict.holds == oracle.holds(world, tree, person, now), verdict
    check_value(verdict.value, world, person, tree, now)
    of = tree.get("of", [])
    for part, child in zip(verdict.of, of if isinstance(of, list) else [of], strict=True):
        check_verdict(part, world, person, child, now)


def check_value(value: object, world: oracle.World, person: oracle.Person, tree: dict[str, Any], now: datetime = NOW) -> None:
    if tree["kind"] == "sequence":
        found = oracle.chain(world, tree, person, now, None)
        assert value == (None if found is None else [iso(at) for at in found])
    elif tree["kind"] == "share":
        assert value == oracle.xxh64(f"{tree['salt']}:{person.id}".encode()) % 10_000 / 100
    elif tree["kind"] == "company":
        assert value == oracle.companies_of(world, tree, person)
    elif tree["kind"] == "place":
        assert isinstance(value, dict)
        far = (
            oracle.kilometres(person.position, (tree["near"]["latitude"], tree["near"]["longitude"]))
            if person.position and tree.get("near")
            else None
        )
        assert value == {
            "country": person.country or None,
            "region": person.region or None,
            "city": person.city or None,
            "km": far if far is None else pytest.approx(far, abs=0.002),
        }
    elif tree["kind"] == "journey" and tree["did"] == "is_in":
        assert value == max((iso(event.at) for event in oracle.stay(world, tree, person, now)), default=None)
    elif tree["kind"] == "amount":
        events = oracle.passing(world, tree, tree["window"], person, now, None)
        if tree["take"] in {"first", "last"}:
            edge = (min if tree["take"] == "first" else max)((event.at for event in events), default=now)
            stored = [oracle.find(event.properties, tree["property"]) for event in events if event.at == edge]
            assert value in stored or (value is None and (not stored or oracle.MISSING in stored))
        else:
            numbers = [oracle.as_number(oracle.find(event.properties, tree["property"])) for event in events]
            amount = oracle.amount_of(tree["take"], numbers)
            assert value == (None if amount is None else pytest.approx(float(amount), rel=1e-15))


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(world=worlds(), given_trees=st.lists(trees(), min_size=10, max_size=10))
@QUICK
def test_sql_and_explain_agree_with_the_oracle(ch: Client, world: oracle.World, given_trees: list[dict[str, Any]]) -> None:
    check_world(ch, world, given_trees)


entry_windows: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"kind": "since_entry", "later_day": False}, {"kind": "since_entry", "later_day": True}, {"kind": "ever"}]
)
entries = st.one_of(
    event_leaves(entry_windows),
    event_leaves(entry_windows),
    amounts(entry_windows),
    sequences(entry_windows),
    engagements(entry_windows),
    stays(entry_windows),
)


@given(
    world=worlds(),
    given_trees=st.lists(trees(st.one_of(entries, entries, event_leaves(), dates, shares)), min_size=3, max_size=3),
    entered=st.lists(st.tuples(st.integers(1, 6), instants), max_size=6),
)
@settings(QUICK, max_examples=10)
def test_since_entry_agrees_with_the_oracle(
    ch: Client, world: oracle.World, given_trees: list[dict[str, Any]], entered: list[tuple[int, datetime]]
) -> None:
    ws = scope(next(_workspaces))
    write(ch, ws.workspace_id or 0, world)
    living = {person.id: person for person in world.people if not person.gone}
    for tree in given_trees:
        expected = {(i, since) for i, since in entered if i in living and oracle.holds(world, tree, living[i], NOW, since)}
        assert queries.matches_since(ws, ch, {"q": from_json(tree, journey=True)}, entered, NOW) == {"q": expected}
