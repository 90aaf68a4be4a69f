"""Every provider's words (F-33): each report is about the right message and means the right thing; odd bodies are kept or told, never an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.names import find_message, name_of
from hudhud.delivery.outcomes.providers.readers import READERS, read_body
from hudhud.delivery.outcomes.types import PROVIDERS, Provider
from tests.delivery.conftest import KEYS
from tests.make import NOW

PAYLOADS = Path(__file__).parents[2] / "payloads"
NAME = name_of(KEYS, 77)


def payloads(kind: str) -> list[dict[str, Any]]:
    return json.loads((PAYLOADS / f"{kind}.json").read_text().replace("NAME", NAME))  # type: ignore[no-any-return]


CASES = [pytest.param(kind, case, id=f"{kind}-{case['name']}") for kind in PROVIDERS for case in payloads(kind)]


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_each_body_says_what_it_says(kind: str, case: dict[str, Any]) -> None:
    read = read_body(kind, json.dumps(case["body"]).encode())
    assert len(read.problems) == (1 if "not an object" in json.dumps(case["body"]) else 0)
    verdicts = [classify(report.evidence) for report in read.reports]
    assert [[verdict.kind.value, verdict.rule] for verdict in verdicts] == case["expect"]
    for report, verdict in zip(read.reports, verdicts, strict=True):
        assert find_message(KEYS, report.tokens) == 77
        assert report.source == kind
        assert report.address in ("ann@a.example", "")
        if verdict.kind.value != "unknown":
            # Before now, and not long: seconds, milliseconds and ISO are told apart.
            assert report.at is not None
            assert -500 < (report.at - NOW).total_seconds() < 500, report.at
        # The same body read again is the same report; another report of it is another.
    assert [one.key for one in read.reports] == [one.key for one in read_body(kind, json.dumps(case["body"]).encode()).reports]
    assert len({one.key for one in read.reports}) == len(read.reports)


def test_all_that_a_provider_says_is_told_apart() -> None:
    for kind in PROVIDERS:
        keys = [report.key for case in payloads(kind) for report in read_body(kind, json.dumps(case["body"]).encode()).reports]
        assert len(keys) == len(set(keys)), kind


def test_there_is_a_reader_for_each_and_a_bounce_a_complaint_a_delivery_and_a_word_that_is_new_to_each() -> None:
    assert set(READERS) == set(PROVIDERS) == set(get_args(Provider))
    for kind in PROVIDERS:
        kinds = {expected[0] for case in payloads(kind) for expected in case["expect"]}
        assert {"hard_bounce", "complaint", "delivered", "unknown"} <= kinds, kind


WORDS_USED = ["event", "event-data", "data", "msys", "mail", "bounce", "Message", "type", "headers", "tags", "timestamp", "x"]
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=20),
        st.sampled_from(["event", "bounce", "failed", "Bounce", "data"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(WORDS_USED),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.sampled_from(PROVIDERS), st.one_of(st.binary(max_size=60), values.map(lambda value: json.dumps(value).encode())))
def test_no_body_is_an_error(kind: str, body: bytes) -> None:
    for report in read_body(kind, body).reports:
        assert classify(report.evidence).rule
        assert find_message(KEYS, report.tokens) is None


@settings(max_examples=60)
@given(st.sampled_from(PROVIDERS), st.data())
def test_a_body_with_one_value_changed_for_nonsense_costs_that_item_at_most(kind: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(payloads(kind)))
    text = json.dumps(case["body"])
    values_in = [
        word for word in ('"ann@a.example"', "1772366580", '"2026-03-01T12:03:00Z"', f'"{NAME}"', "550", '"5.1.1"') if word in text
    ]
    if not values_in:
        return
    word = data.draw(st.sampled_from(values_in))
    nonsense = data.draw(st.sampled_from(["null", "[]", "{}", "-1e308", '"\\u0000"', "true", "[[1]]"]))
    read = read_body(kind, text.replace(word, nonsense).encode())
    assert len(read.reports) + len(read.problems) <= len(case["expect"]) + 1
    for report in read.reports:
        classify(report.evidence)
