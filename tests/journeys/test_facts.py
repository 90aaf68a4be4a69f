"""Property filters in memory mean what they mean in ClickHouse: both are compared with the oracle of segments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.events.types import Event
from hudhud.journeys.running.facts import asks_entry, passes, watch
from hudhud.segments.types import Where, from_json
from tests.segments import oracle

SEQUENCE = {"kind": "sequence", "steps": [{"name": "A"}, {"name": "B"}], "without": {"name": "C"}, "window": {"kind": "since_entry"}}
SPENT = {"kind": "amount", "name": "D", "property": "total", "take": "sum", "op": "more_than", "value": 100}
AT = datetime(2026, 1, 1, tzinfo=UTC)
texts = st.sampled_from(["", "12", "12.5", "-3", "1e3", "tea", "Tea", "te", "٣", "+1"])
scalars = texts | st.booleans() | st.integers(-5, 20) | st.floats(-5, 20, allow_nan=False)
stored = st.none() | scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.sampled_from(["b", "c"]), scalars, max_size=2)
bodies = st.dictionaries(st.sampled_from(["a", "a.b", "d"]), stored, max_size=3)
orders = st.tuples(st.sampled_from(["more_than", "less_than", "at_least", "at_most"]), st.integers(-5, 20) | texts)
same = st.tuples(st.sampled_from(["is", "is_not"]), scalars)
parts = st.tuples(st.sampled_from(["contains", "starts_with"]), texts.filter(bool))
many = st.tuples(st.sampled_from(["one_of", "has_any", "has_all", "has_none"]), st.lists(scalars, min_size=1, max_size=3).map(tuple))
bare = st.tuples(st.sampled_from(["is_set", "is_not_set"]), st.none())


@settings(max_examples=400, deadline=None)
@given(body=bodies, name=st.sampled_from(["a", "a.b", "d"]), test=orders | same | parts | many | bare)
def test_filters_agree_with_the_oracle(body: dict[str, Any], name: str, test: tuple[Any, Any]) -> None:
    op, value = test
    event = Event(1, 1, "m", "track", "E", AT, AT, "u", None, json.dumps(body).encode(), b"{}", "server", person_id=1)
    assert passes(event, (Where(name, op, value),)) == oracle.compares(oracle.find(body, name), op, value)


two = st.lists(st.tuples(st.sampled_from(["l[].a", "l[].b.c", "m.n[].a", "d"]), orders | same | bare), min_size=1, max_size=3)
items = st.lists(st.dictionaries(st.sampled_from(["a", "b.c"]), scalars) | stored, max_size=3)


@settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(st.sampled_from(["l", "m.n", "d"]), items | stored), tests=two)
def test_filters_on_the_items_of_a_list_agree_with_the_oracle(body: dict[str, Any], tests: list[tuple[str, tuple[Any, Any]]]) -> None:
    event = Event(1, 1, "m", "track", "E", AT, AT, "u", None, json.dumps(body).encode(), b"{}", "server", person_id=1)
    filters = [{"property": name, "op": op, "value": value} for name, (op, value) in tests]
    where = tuple(Where(name, op, value) for name, (op, value) in tests)
    assert passes(event, where) == oracle.passes(oracle.Event(1, "E", AT, body), filters)


def test_every_event_and_attribute_that_a_condition_asks_about_is_watched() -> None:
    tree = {"kind": "or", "of": [SEQUENCE, SPENT, {"kind": "date", "name": "born", "op": "in"}]}
    found = watch("x.until", from_json(tree, journey=True))
    assert (found.event_names, found.about_people, found.quick) == (frozenset("ABCD"), True, ())
    assert not watch("x.until", from_json(SPENT)).about_people
    assert [asks_entry(from_json(one, journey=True)) for one in (SEQUENCE, SPENT)] == [True, False]
