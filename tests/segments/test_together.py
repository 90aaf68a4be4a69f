"""Facts of people asked as one question: the same people, however segments name each other, and whatever kind of number is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyroaring import BitMap64

from hudhud.segments import actions, queries
from hudhud.segments.asking.ask import Facts, find_atoms
from hudhud.segments.asking.together import MAX_LEVELS, MAX_NODES, Folding
from hudhud.segments.conditions.atoms import Did, Together, key
from hudhud.segments.types import And, Attribute, Company, Day, Event, Not, Or, Segment, Where, from_json
from tests.segments import oracle
from tests.segments.stage import make_stage
from tests.segments.worlds import MS, NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from hudhud.segments.asking.sets import Listed
    from hudhud.segments.types import Condition
    from tests.segments.stage import Stage

TARTU, PRO, PAGE = Attribute("city", "is", "Tartu"), Attribute("plan", "is_not", "pro"), Event("Page Viewed")
EDGE = 2**53  # from here on not every whole number is a float
NUMBERS = (0, -1, 65, 65.5, EDGE - 1, EDGE, EDGE + 1, -EDGE - 1, 2**63, "65", "65.50", "65 or so", "9007199254740993", True, None)


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def test_facts_beside_events_are_one_question() -> None:
    atoms = find_atoms([Folding({}).fold(And((PAGE, TARTU, Not(PRO))))], {})
    assert {type(atom) for atom in atoms} == {Did, Together}
    assert len(atoms) == 2


@pytest.mark.parametrize("tree", [And((TARTU, PRO)), Or((TARTU, PRO)), Not(TARTU), PRO, And(()), Or(())], ids=str)
def test_what_is_true_of_whoever_nothing_is_known_of_stays_so(tree: Condition) -> None:
    facts = Facts(BitMap64([1, 2]))
    true_of_all = len(facts.people(tree, {})) == 2
    (leaf,) = find_atoms([folded := Folding({}).fold(tree)], {})
    facts.sets[key(leaf)] = BitMap64()
    assert (len(facts.people(folded, {})) == 2) == true_of_all


def test_segments_that_name_each_other_in_endlessly_many_ways_are_asked_once() -> None:
    steps = 100
    ladder: dict[int, Condition | Listed] = {step: Or((Segment(step - 1), Segment(step - 1, member=False))) for step in range(1, steps)}
    ladder[0] = And((TARTU, PAGE))
    facts_only: dict[int, Condition | Listed] = {**ladder, 0: TARTU}
    assert len(find_atoms([Segment(steps - 1)], ladder)) == 2
    assert Folding(facts_only).of_facts(Segment(steps - 1)) is None
    folding = Folding(facts_only)
    facts = Facts(BitMap64([1, 2]), {key(Together(TARTU)): BitMap64([1])})
    assert facts.people(folding.fold(Segment(steps - 1)), folding.fold_definitions()) == BitMap64([1, 2])


def test_what_is_very_large_is_not_put_together() -> None:
    assert Folding({}).of_facts(Or((TARTU,) * (MAX_NODES - 1))) is not None
    assert Folding({}).of_facts(Or((TARTU,) * MAX_NODES)) is None


@pytest.mark.parametrize("levels", [MAX_LEVELS, MAX_LEVELS + 1, 120])
def test_segments_of_segments_of_any_depth_can_be_counted(stage: Stage, levels: int) -> None:
    """As deep as a statement of brackets can be read, and deeper."""
    stage.person(attributes={"n": 2})
    stage.person()
    tree: Condition = Day("born", "more_than_ago", 1, yearly=False)
    tree = Or((tree, Attribute("n", "is", 2), Company((Where("plan", "is", "pro"),))))
    for _ in range(levels - 1):
        tree = And((tree,))
    assert (Folding({}).of_facts(tree) is None) == (levels > MAX_LEVELS)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.count(ws, stage.ch, tree, NOW) == 1


def test_segments_and_lists_are_asked_for_what_they_mean(stage: Stage) -> None:
    one, other, third = (
        stage.person(attributes={"city": city, "plan": plan}) for city, plan in (("Tartu", "pro"), ("Tartu", ""), ("", ""))
    )
    stage.happen(oracle.Event(one.id, "Page Viewed", NOW - MS), oracle.Event(other.id, "Page Viewed", NOW - MS))
    with stage.db.workspace(stage.workspace_id) as ws:
        tartu = actions.create_segment(ws, "Tartu", TARTU, NOW, by="cli")
        basic = actions.create_segment(ws, "Basic", And((Segment(tartu), PRO)), NOW, by="cli")
        some = actions.create_list(ws, "Some", NOW, by="cli")
        trees: dict[Condition, list[int]] = {
            And((Segment(tartu), Segment(basic, member=False))): [one.id],
            And((Segment(tartu, member=False),)): [third.id],
            Or((Segment(basic), Not(TARTU))): [other.id, third.id],
            And((Segment(basic), PAGE)): [other.id],
            Or((Segment(some), Segment(basic))): [other.id],
        }
        for tree, people in trees.items():
            assert queries.members(ws, stage.ch, tree, NOW) == people
            assert queries.count(ws, stage.ch, tree, NOW) == len(people)


def test_numbers_compare_as_they_do_wherever_they_are_stored(stage: Stage) -> None:
    for value in NUMBERS:
        stage.person(attributes={} if value is None else {"n": value})
    given = [value for value in NUMBERS if isinstance(value, int | float) and not isinstance(value, bool)]
    trees = [
        {"kind": "attribute", "name": "n", "op": op, "value": value}
        for op in ("is", "is_not", "more_than", "less_than", "at_least", "at_most")
        for value in given
    ]
    with stage.db.workspace(stage.workspace_id) as ws:
        counted = dict(queries.preview(ws, stage.ch, And(tuple(map(from_json, trees))), NOW).conditions)
    assert {f"of[{place}]": counted[f"of[{place}]"].count for place in range(len(trees))} == {
        f"of[{place}]": len(oracle.members(stage.world, tree, NOW)) for place, tree in enumerate(trees)
    }
