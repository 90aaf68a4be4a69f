"""What is known before all is asked is right, and what is then asked is enough; a batch's own events say what ClickHouse would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap64

from hudhud.segments.asking.ask import Facts, find_atoms
from hudhud.segments.asking.happened import Happened
from hudhud.segments.asking.partial import Partly
from hudhud.segments.asking.partly import Known, see
from hudhud.segments.asking.sets import Listed
from hudhud.segments.conditions.atoms import OfEvents, key
from hudhud.segments.types import Touched, from_json
from tests.segments.oracle import Event, Person, World, members
from tests.segments.worlds import MS, NOW, trees

if TYPE_CHECKING:
    from hudhud.segments.asking.partly import Wanted

EVERYBODY = BitMap64(range(12))
INNER: dict[str, Any] = {
    "kind": "or",
    "of": [{"kind": "event", "name": "Page"}, {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}],
}
BUILT_ON = st.builds(
    lambda number, member: {"kind": "segment", "segment_id": number, "member": member}, st.sampled_from([1, 2]), st.booleans()
)
DEFINITIONS = {1: from_json(INNER), 2: Listed(BitMap64([1, 3, 5, 7, 20]))}
DAY = {"kind": "last", "amount": 1, "unit": "days"}
BETWEEN = {"kind": "between", "from": (NOW - timedelta(hours=2)).isoformat(), "to": (NOW - timedelta(hours=1)).isoformat()}


@settings(max_examples=150)
@given(
    st.data(),
    st.one_of(
        trees(),
        trees(BUILT_ON),
        st.builds(lambda one, other: {"kind": "and", "of": [one, {"kind": "not", "of": other}]}, trees(), trees(BUILT_ON)),
    ),
)
def test_what_is_known_so_far_is_right_and_what_is_asked_is_enough(data: st.DataObject, plain: dict[str, Any]) -> None:
    tree = from_json(plain)
    some = st.builds(BitMap64, st.sets(st.sampled_from(sorted(EVERYBODY))))
    atoms = find_atoms([tree], DEFINITIONS)
    facts = Facts(EVERYBODY, {key(atom): data.draw(some) for atom in atoms})
    whole, people = facts.people(tree, DEFINITIONS), data.draw(some)
    known = Known(DEFINITIONS)
    for atom in atoms:
        known.learn(key(atom), data.draw(some), facts.sets[key(atom)])
    for kind in (lambda atom: not isinstance(atom, OfEvents), lambda atom: isinstance(atom, OfEvents)):
        part = known.judge(tree, people)
        assert part.true <= whole & people
        assert part.false <= people - whole
        wanted: Wanted = {}
        known.missing(tree, people, wanted, only=kind)
        for name, (_, asked) in wanted.items():
            assert asked
            assert asked <= part.open(people)
            assert not asked & (known.atoms[name].true | known.atoms[name].false)
        known.take(facts, wanted)
    assert known.judge(tree, people).true == whole & people


def did(least: int, window: dict[str, Any], *, op: str = "at_least", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any part of the condition
    return {"kind": "event", "name": "Page", "count": {"op": op, "value": least}, "window": window, **more}


@pytest.mark.parametrize("window", [{"kind": "ever"}, DAY, BETWEEN])
def test_a_batchs_events_say_who_did_something_so_often(window: dict[str, Any]) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    edges = [NOW, NOW + MS, NOW - day, NOW - day + MS, NOW - 2 * hour, NOW - hour, NOW - hour - MS, NOW - 1.5 * hour]
    events = [Event(number, "Page", at) for number, at in enumerate(edges)]
    events += [Event(0, "Page", NOW - 1.5 * hour), Event(7, "Page", NOW - 1.25 * hour), Event(9, "Page", NOW - 1.5 * hour)]
    world = World([Person(number) for number in range(9)], events)
    doers, instants = [event.actor_id for event in events], [event.at for event in events]
    touched = Touched(frozenset(doers), instants={"Page": instants}, doers={"Page": doers, "Order": []}, behind=frozenset({9}))

    def said(count: dict[str, Any], **more: Any) -> Partly | None:  # noqa: ANN401 -- any part of the condition
        atoms = find_atoms([from_json({"kind": "event", "name": "Page", "count": count, "window": window, **more})], {})
        return see(atoms, Happened(touched, NOW)).get(key(atoms[0]))

    for least in (1, 2):
        count = {"op": "at_least", "value": least}
        leaf = {"kind": "event", "name": "Page", "count": count, "window": window, "where": []}
        assert said(count) == Partly(true=BitMap64(members(world, leaf, NOW)))
    assert said({"op": "exactly", "value": 1}) == Partly(false=BitMap64(members(world, leaf, NOW)))
    free = [{"property": "price", "op": "is_not_set"}]
    assert said({"op": "at_least", "value": 1}, where=free) == Partly()
    touched = replace(touched, properties={"Page": [b"{}", b'{"price":1}', b""] * 3 + [b"{}"] * 2})
    for number, event in enumerate(events):
        event.properties = {"price": 1} if number in {1, 4, 7} else {}
        event.name = "Page" if number not in {2, 5, 8} else "Nobody can tell"
    assert said({"op": "at_least", "value": 1}, where=free) == Partly(
        true=BitMap64(members(world, {**leaf, "count": {"op": "at_least", "value": 1}, "where": free}, NOW))
    )


def test_who_did_what_without_when_says_nothing() -> None:
    atoms = find_atoms([from_json({"kind": "event", "name": "Page"})], {})
    assert see(atoms, Happened(Touched(frozenset({1}), doers={"Page": [1]}), NOW)) == {}
