from __future__ import annotations

import copy
from importlib import resources
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.recipes import find_ready, templates
from hudhud.journeys.types import InvalidJourney
from tests.journeys.stage import END, delay, event_since, send
from tests.journeys.test_against_reference import graphs

WAIT = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 1, "unit": "days"}, "met": "end", "timed_out": "mail"}
GOOD: dict[str, Any] = {
    "key": "j",
    "names": {"en": "J"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"wait": WAIT, "mail": send("hello", "end"), "end": END},
    "start": "wait",
}


def problems(change: dict[str, Any] | None = None, **nodes: Any) -> list[tuple[str, str]]:  # noqa: ANN401 -- nodes of any kind
    raw = copy.deepcopy(GOOD) | (change or {})
    raw["nodes"] |= nodes
    with pytest.raises(InvalidJourney) as caught:
        parse(raw)
    found: list[dict[str, str]] = caught.value.data["problems"]  # type: ignore[assignment]
    assert all(problem["remedy"] for problem in found)
    return [(problem["node"], problem["code"]) for problem in found]


@settings(max_examples=50, deadline=None)
@given(graph=graphs())
def test_the_canonical_form_comes_back_byte_by_byte(graph: dict[str, Any]) -> None:
    text = canonical(parse({**graph, "names": {"fa": "سفر", "en": "Journey"}}))
    assert canonical(parse(text)) == text
    shuffled = dict(reversed(msgspec.json.decode(text).items()))
    shuffled["nodes"] = dict(reversed(shuffled["nodes"].items()))
    assert canonical(parse(shuffled)) == text


def test_unknown_fields_raise_and_name_the_node() -> None:
    assert problems({"colour": 1}) == [("", "invalid_field")]
    assert problems(mail={**send("hello", "end"), "subject": "x"}) == [("mail", "invalid_field")]
    assert problems(mail={"kind": "teleport"}) == [("mail", "invalid_field")]


def test_every_reference_must_exist() -> None:
    assert problems({"start": "nowhere"}) == [("", "unknown_node")]
    assert problems(mail=send("hello", "nowhere"), extra=delay(1, "days", "void")) == [("mail", "unknown_node"), ("extra", "unknown_node")]


def test_every_path_must_end_and_every_node_be_met() -> None:
    assert problems(lost=send("hello", "end")) == [("lost", "unreachable")]
    assert problems(mail=delay(1, "days", "rest"), rest=delay(1, "days", "mail")) == [("mail", "endless"), ("rest", "endless")]


def test_a_circle_must_rest() -> None:
    branch = {"kind": "branch", "branches": [{"if": event_since("Order"), "next": "mail"}], "otherwise": "end"}
    assert problems(mail=send("hello", "again"), again=branch) == [("mail", "restless_circle")]
    met_again = {**WAIT, "met": "mail", "timed_out": "end"}
    assert problems(mail=send("hello", "again"), again=met_again) == [("mail", "restless_circle")]
    rested = GOOD["nodes"] | {"mail": send("hello", "again"), "again": {**branch, "branches": [{**branch["branches"][0], "next": "rest"}]}}
    parse(GOOD | {"nodes": rested | {"rest": delay(1, "days", "mail")}})


def test_conditions_are_checked_where_they_stand() -> None:
    bad = {"kind": "event", "name": "Order", "count": {"op": "at_least", "value": 0}}
    assert problems({"goal": bad}) == [("", "invalid_condition")]
    assert problems(wait={**WAIT, "until": bad}) == [("wait", "invalid_condition")]
    assert problems({"trigger": {"kind": "segment_enter", "segment": event_since("Order")}}) == [("", "invalid_condition")]


def test_a_date_is_asked_in_a_branch_and_not_waited_for() -> None:
    birthday = {"kind": "date", "name": "born", "op": "in", "yearly": True}
    assert problems({"goal": birthday}) == problems({"exit_on": [birthday]}) == [("", "date_waited_for")]
    assert problems(wait={**WAIT, "until": {"kind": "and", "of": [birthday]}}) == [("wait", "date_waited_for")]
    branch = {"kind": "branch", "branches": [{"if": birthday, "next": "end"}], "otherwise": "end"}
    parse(
        GOOD
        | {
            "nodes": GOOD["nodes"] | {"mail": send("hello", "again"), "again": branch},
            "trigger": {"kind": "segment_enter", "segment": birthday},
        }
    )


def test_several_problems_are_told_at_once() -> None:
    assert len(problems({"names": {}, "run_key": "cart", "trigger": {"kind": "subscribe", "topic": "news"}}, lost=END)) == 3


@pytest.mark.parametrize("text", ["", "[]", '{"nodes": []}', '{"key": 1}', '{"nodes": {"a": 7}}'])
def test_what_is_no_journey_is_refused(text: str) -> None:
    with pytest.raises(InvalidJourney):
        parse(text)


@pytest.mark.parametrize("key", find_ready())
def test_the_ready_journeys_are_canonical_and_have_their_mails(key: str) -> None:
    graph = find_ready()[key]
    assert resources.files("hudhud.journeys.ready").joinpath(f"{key}.json").read_text("utf-8") == canonical(graph)
    assert set(graph.names) == {"en", "et", "fa", "ar"}
    for template in templates(graph):
        folder = resources.files("hudhud.content.ready").joinpath(template)
        assert all(folder.joinpath(name).is_file() for name in ("template.json", "en.mjml", "et.mjml", "fa.mjml", "ar.mjml"))
