"""What answers and requests of webhook nodes must not do: stop the role, tell a secret by an error, end a check with one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from hudhud.journeys.acting import answers, requests, secrets
from hudhud.journeys.acting.webhooks import read_answer
from hudhud.journeys.checks import find_problems
from hudhud.journeys.graph import parse
from hudhud.journeys.running import planner
from hudhud.journeys.types import Due, InvalidJourney
from hudhud.kit.sql import Query
from hudhud.segments.conditions.checks import from_json
from tests.journeys.stage import END, T0, Stage
from tests.journeys.wire import KEYS, TRIGGER, Wire

STATES = Query("states", "SELECT state, detail, tries::text FROM journey_request WHERE workspace_id = %(workspace_id)s ORDER BY id")
REPLIES = Query("replies", "SELECT reply FROM journey_request WHERE workspace_id = %(workspace_id)s")
FACTS = Query("facts", "SELECT value FROM run_fact WHERE workspace_id = %(workspace_id)s ORDER BY run_id")


class Counting:
    """An engine that counts what it is asked."""

    def __init__(self, ch: object) -> None:
        self.ch, self.asked = ch, 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- as the client has it
        self.asked += 1
        return getattr(self.ch, name)


def test_an_answer_that_no_database_text_can_hold_stops_nobody(wire: Wire) -> None:
    ann, bob = wire.stage.people({}, {})
    wire.fake.behave = lambda handler: handler.say(
        200, b'{"a\\u0000": ["x\\u0000y"], "b": 123456789012345678901234567890, "c": %s}' % (b"9" * 400)
    )
    wire.begin(wire.node(), [ann, bob])
    assert len(wire.ask(T0)) == 2
    assert [row[0] for row in wire.rows(STATES)] == ["answered", "answered"]
    assert wire.rows(FACTS) == [({"status": 200, "body": {"a": ["xy"], "b": 123456789012345678901234567890, "c": None}},)] * 2


def test_an_answer_without_a_bottom_is_no_value() -> None:
    assert (read_answer(b"[" * 99 + b"]" * 99) is None, read_answer(b"[" * 300 + b"]" * 300)) == (False, None)


@pytest.mark.parametrize("before", [" ", "\x01", "Bearer\n", "é"], ids=["space", "control", "line", "beyond"])
def test_what_no_header_holds_is_not_put_before_a_secret(wire: Wire, before: str) -> None:
    with pytest.raises(InvalidJourney, match="before"):
        wire.begin(wire.node(headers={"A": {"secret": "loyalty", "before": before}}), [])


def test_no_error_tells_a_secret(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    wire.begin(wire.node(), [ann])
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        (claimed,) = requests.claim(ws, KEYS, "test", T0, busy=(), limit=9)
    broken = replace(claimed, headers={"A": " canary-s3cret"})
    (done,) = asyncio.run(wire._send([broken], T0))
    assert ("canary" in str(done.verdict), done.answer) == (False, None)


def test_a_server_that_says_what_it_was_sent_tells_nobody_a_secret(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        secrets.put_secret(ws, KEYS, "loyalty", f"localhost:{wire.fake.port}", 'canary"s3cret', T0, by="test")
    wire.fake.behave = lambda handler: handler.say(200, msgspec.json.encode({"got": handler.headers["authorization"]}))
    wire.begin(wire.node(headers={"Authorization": {"secret": "loyalty", "before": "Bearer "}}), [ann])
    wire.ask(T0)
    assert wire.fake.got[0].headers["authorization"] == 'Bearer canary"s3cret'
    assert wire.rows(FACTS) == [({"status": 200, "body": {"got": "Bearer ***"}},)]
    assert wire.rows(REPLIES) == [(b'{"got":"Bearer ***"}',)]


@pytest.mark.parametrize("origin", ["https://a.test:99999", "https://[::::]", "https://[1.2.3.4]"])
def test_an_address_that_is_none_is_a_problem_of_its_node(wire: Wire, origin: str) -> None:
    raw: dict[str, Any] = {
        "key": "j",
        "names": {"en": "J"},
        "trigger": TRIGGER,
        "start": "ask",
        "nodes": {"ask": wire.node(url=f"{origin}/x", headers={"A": {"secret": "some"}}), "end": END, "sorry": END},
    }
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws, pytest.raises(InvalidJourney, match="url"):
        find_problems(ws, parse(raw))


def test_many_questions_about_answers_are_few_to_the_engine(stage: Stage) -> None:
    many = 6
    people = stage.people(*[{f"a{n}": bool(number >> n & 2) for n in range(many)} for number in range(40)])
    runs = [Due(70_000 + number, person_id, 1, False, T0, T0, T0) for number, person_id in enumerate(people)]
    said = {number: {f"a{n}": bool(number >> n & 1) for n in range(many)} for number in range(40)}
    pairs = [
        {
            "kind": "or",
            "of": [
                {"kind": "not", "of": {"kind": "run", "name": f"x.a{n}", "op": "is", "value": True}},
                {"kind": "attribute", "name": f"a{n}", "op": "is", "value": True},
            ],
        }
        for n in range(many)
    ]
    tree = from_json({"kind": "and", "of": pairs}, journey=True)
    engine = Counting(stage.ch)
    with stage.db.workspace(stage.workspace_id) as ws:
        answers.keep(ws, "run", "x", {(run.run_id, 1): said[number] for number, run in enumerate(runs)})
        found = planner.ask(ws, engine, {"q": tree}, runs, T0)["q"]  # type: ignore[arg-type]
        assert engine.asked <= many
    wanted = {number for number in range(40) if all(not number >> n & 1 or number >> n & 2 for n in range(many))}
    assert {run_id - 70_000 for run_id in found} == wanted
