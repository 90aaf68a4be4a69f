"""What an event in hand says of a filter is what ClickHouse would say, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.segments.conditions.passing import MISSING, UNSURE, Said, number
from hudhud.segments.types import from_json
from tests.segments import oracle, worlds


def to_filters(where: list[dict[str, Any]]) -> Any:  # noqa: ANN401 -- a part of a condition
    return from_json({"kind": "event", "name": "Page", "where": where}).where  # type: ignore[union-attr]


@settings(max_examples=400)
@given(properties=worlds.objects(), where=worlds.wheres(2), is_plain=st.booleans())
def test_what_is_said_is_what_the_oracle_says_or_nothing(properties: dict[str, Any], where: list[dict[str, Any]], is_plain: bool) -> None:  # noqa: FBT001 -- a case
    said = Said(json.dumps(properties, ensure_ascii=is_plain).encode()).passes(to_filters(where))
    assert said is None or said == oracle.passes(oracle.Event(1, "Page", worlds.NOW, properties), where)


@pytest.mark.parametrize(
    ("raw", "op", "value", "passes"),
    [
        (b'{"price":19.9}', "more_than", 150, False),
        (b'{"price":199.5}', "more_than", 150, True),
        (b'{"price":150}', "is", 150, True),
        (b'{"price":150}', "is_not", 150, False),
        (b'{"price":"free"}', "more_than", 150, False),
        (b'{"price":true}', "more_than", 0, False),
        (b'{"price":null}', "is_set", None, False),
        (b"{}", "is_not_set", None, True),
        (b"{}", "is_not", 5, True),
        (b'{"price":"low"}', "one_of", ["low", 5], True),
        (b'{"price":7}', "one_of", ["low", 5], False),
        (b'{"price":"lowest"}', "starts_with", "low", True),
        (b'{"price":"lowest"}', "contains", "west", True),
        ('{"price":"ي"}'.encode(), "more_than", "z", True),
        (b'{"price":true}', "is", True, True),
        (b'{"price":1}', "is", True, False),
        # What the two may read differently.
        (b'{"price":1,"price":500}', "more_than", 150, None),
        (b'{"\\u0070rice":500}', "more_than", 150, None),
        (b'{"price":"151"}', "more_than", 150, None),
        (b'{"price":9007199254740993}', "more_than", 150, None),
        (b'{"price":0.30000000000000004}', "more_than", 0.3, None),
        (b'{"price":[151]}', "more_than", 150, None),
        (b'{"price":{"cents":151}}', "is_set", None, None),
        (b"", "more_than", 150, None),
        (b"[]", "more_than", 150, None),
        (b'{"price":1e999}', "more_than", 150, None),
    ],
)
def test_what_is_certain_is_said(raw: bytes, op: str, value: object, passes: bool | None) -> None:  # noqa: FBT001 -- a case
    where = {"property": "price", "op": op, **({} if value is None else {"value": value})}
    assert Said(raw).passes(to_filters([where])) is passes


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"total":5}', 5),
        (b'{"total":-0.5}', -0.5),
        (b'{"total":"none"}', MISSING),
        (b'{"total":"5"}', UNSURE),
        (b'{"total":[5]}', UNSURE),
        (b"{}", MISSING),
    ],
)
def test_a_number_is_one_or_certainly_none(raw: bytes, found: object) -> None:
    assert number(Said(raw).value("total")) == found
