"""Webhook nodes as they are written down: what is refused, and that they read back."""

from __future__ import annotations

from typing import Any

import pytest

from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.types import InvalidJourney
from tests.journeys.stage import END
from tests.journeys.wire import TRIGGER


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "https://{{ person.host }}/"}, {"url": "ftp://a.test/"}, {"url": "https://a.test@b.test/"}, {"url": "https://a.test:1{{ x }}/"},
        {"method": "GET", "body": {}}, {"headers": {"Host": "a"}}, {"headers": {"a b": "c"}}, {"headers": {"a": "1", "A": "2"}},
        {"name": "Loyalty"}, {"keep": {"status": "x"}},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_when_it_is_written(bad: dict[str, Any]) -> None:
    node = {"kind": "webhook", "name": "loyalty", "url": "https://a.test/", "next": "end", "failed": "end", **bad}
    with pytest.raises(InvalidJourney) as caught:
        parse({"key": "j", "names": {"en": "J"}, "trigger": TRIGGER, "start": "ask", "nodes": {"ask": node, "end": END}})
    assert [one["code"] for one in caught.value.data["problems"]] == ["invalid_field"]  # type: ignore[attr-defined]


def node(**more: object) -> dict[str, Any]:
    return {"kind": "webhook", "name": "loyalty", "url": "https://a.test/", "next": "end", "failed": "sorry", **more}


def test_its_written_form_reads_back() -> None:
    raw = {
        "key": "j",
        "names": {"en": "J"},
        "trigger": TRIGGER,
        "start": "ask",
        "nodes": {"ask": node(body={"a": ["{{ person.id }}"]}, headers={"A": {"secret": "s"}}), "end": END, "sorry": END},
    }
    graph = parse(raw)
    assert parse(canonical(graph)) == graph
    leaf = {"kind": "run", "name": "loyalty.points", "op": "is", "value": 1}
    with pytest.raises(InvalidJourney, match="only steps of a journey"):
        parse({**raw, "entry": leaf})
