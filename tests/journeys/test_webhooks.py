"""Webhook nodes: what is asked, what becomes of the answer, and what must never happen: two answers, a secret told, a call to a private address."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hudhud.journeys import actions, queries
from hudhud.journeys.acting import requests, secrets
from hudhud.journeys.checks import find_problems
from hudhud.journeys.editing.changeover import carry_out, find_open
from hudhud.journeys.editing.placing import read_rule
from hudhud.journeys.graph import parse
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.types import InvalidJourney
from hudhud.journeys.why.decisions import why_step
from hudhud.journeys.why.explain import why
from hudhud.kit.egress import Egress, read_networks
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import Query
from hudhud.people.queries import find_some
from hudhud.workers import requests as role
from tests.endpoints.fake import Fake, Handler
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, delay, send
from tests.journeys.wire import KEYS, TRIGGER, Wire
from tests.workers.line import Line

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = Query(
    "requests",
    "SELECT state, code, detail, jsonb_array_length(tries) FROM journey_request WHERE workspace_id = %(workspace_id)s ORDER BY id",
)
FACTS = Query("facts", "SELECT name, value FROM run_fact WHERE workspace_id = %(workspace_id)s ORDER BY run_id")
GIVEN = Query("given", "SELECT given FROM message WHERE workspace_id = %(workspace_id)s ORDER BY id")
SECOND = timedelta(seconds=1)


def answer(**body: object) -> Any:  # noqa: ANN401 -- as Fake takes it
    return lambda handler: handler.say(200, msgspec.json.encode(body))


def test_an_answer_is_read_by_branches_requests_mails_and_updates_behind(wire: Wire) -> None:
    ann, bob = wire.stage.people({"name": 'A"nn', "plan": "pro"}, {"name": "Bob"})
    wire.fake.behave = lambda handler: handler.say(
        200, msgspec.json.encode({"balance": {"points": 250 if len(wire.fake.got) == 1 else 5, "tier": "gold"}})
    )
    rich = {
        "kind": "and",
        "of": [
            {"kind": "run", "name": "loyalty.points", "op": "at_least", "value": 100},
            {"kind": "not", "of": {"kind": "event", "name": "Never"}},
        ],
    }
    after = {
        "who": {"kind": "branch", "branches": [{"if": rich, "next": "note"}], "otherwise": "end"},
        "note": {"kind": "update", "changes": [{"do": "copy", "attribute": "points", "from": "run.loyalty.points"}], "next": "mail"},
        "mail": send("rich", "again"),
        "again": wire.node(
            name="second",
            url=wire.fake.url + "/{{ run.loyalty.tier }}/{{ person.name }}",
            method="PUT",
            body={"points": "{{ run.loyalty.points | plus: 1 }}"},
        ),
    }
    body = {
        "who": "{{ person.id }}",
        "name": "{{ person.name }}",
        "cart": "{{ event.cart }}",
        "text": "Hi {{ person.name }}!",
        "fixed": [1, True, None],
    }
    wire.begin(
        wire.node(body=body, keep={"points": "balance.points", "tier": "balance.tier"}, next="who"),
        [ann, bob],
        after,
        cart={"id": 7, "items": ["a"]},
    )
    assert wire.ask(T0 + SECOND, limit=1)
    assert wire.ask(T0 + SECOND)
    assert wire.body(0) == {"who": ann, "name": 'A"nn', "cart": {"id": 7, "items": ["a"]}, "text": 'Hi A"nn!', "fixed": [1, True, None]}
    assert wire.rows(FACTS) == [
        ("loyalty", {"status": 200, "points": 250, "tier": "gold"}),
        ("loyalty", {"status": 200, "points": 5, "tier": "gold"}),
    ]
    wire.stage.tick(T0 + MINUTE)
    wire.stage.act(T0 + MINUTE)
    wire.stage.tick(T0 + HOUR)
    wire.stage.act(T0 + HOUR)
    wire.ask(T0 + HOUR)
    wire.stage.tick(T0 + HOUR + MINUTE)
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        told = why(ws, wire.stage.ch, "j", ann, T0 + HOUR).runs[0]
        (verdict,) = why_step(ws, wire.stage.ch, "j", told["id"], 2)["conditions"]
        assert [one["value"] for one in verdict["verdict"]["of"]][:1] == [250]
        assert find_some(ws, [ann])[ann].attributes["points"] == 250
    assert [message["person_id"] for message in wire.stage.messages()] == [ann]
    assert wire.rows(GIVEN) == [({"run": {"loyalty": {"status": 200, "points": 250, "tier": "gold"}}},)]
    assert wire.body() == {"points": 251}
    assert wire.stage.outcomes() == [(ann, "finished"), (bob, "finished")]


def test_values_stay_in_their_place_whatever_they_are(wire: Wire) -> None:
    nasty = '../admin?x=1&y#z\r\nX-Evil: 1 "}, {"'
    (ann,) = wire.stage.people({"name": nasty})
    paths: list[str] = []
    wire.fake.behave = lambda handler: (paths.append(handler.path), handler.say(200))  # type: ignore[func-returns-value]
    wire.begin(wire.node(url=f"{wire.fake.url}/{{{{ person.name }}}}?q={{{{ person.name }}}}", body={"x": "{{ person.name }}"}), [ann])
    wire.ask(T0)
    assert wire.body() == {"x": nasty}
    (path,) = paths
    assert path.startswith("/hudhud/..%2Fadmin%3Fx%3D1%26y%23z%0D%0AX-Evil")
    assert path.count("/") == 2
    assert path.count("?") == 1


@pytest.mark.parametrize("attributes", [{}, {"name": ".."}], ids=["missing", "dots"])
def test_who_cannot_be_asked_about_goes_the_other_way(wire: Wire, attributes: dict[str, Any]) -> None:
    (ann,) = wire.stage.people(attributes)
    wire.begin(wire.node(url=f"{wire.fake.url}/{{{{ person.name }}}}"), [ann])
    assert wire.ask(T0) == []
    wire.stage.tick(T0 + MINUTE)
    assert wire.stage.outcomes() == [(ann, "finished")]
    assert wire.stage.log()[1][2:4] == ("failed", "request_failed")


def test_an_attempt_that_fails_is_made_again_with_the_same_bytes_and_key(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    said = iter([(500, {}), (429, {"Retry_After": "600"}), (200, {})])

    def behave(handler: Handler) -> None:
        status, headers = next(said)
        handler.say(status, b"{}", **headers)

    wire.fake.behave = behave
    wire.begin(wire.node(body={"at": "{{ person.id }}"}), [ann])
    wire.ask(T0)
    assert wire.ask(T0 + SECOND) == []
    wire.ask(T0 + 6 * SECOND)
    assert wire.ask(T0 + 500 * SECOND) == []
    wire.ask(T0 + 700 * SECOND)
    assert len({(got.headers["idempotency-key"], got.body) for got in wire.fake.got}) == 1
    assert wire.rows(REQUESTS) == [("answered", 200, "", 3)]
    assert wire.stage.log()[1][2:] == ("next", "answered", T0 + 700 * SECOND)


@pytest.mark.parametrize("status", [400, 404, 302])
def test_a_refusal_is_final(wire: Wire, status: int) -> None:
    (ann,) = wire.stage.people({})
    wire.fake.behave = lambda handler: handler.say(status, b"no", Location="https://elsewhere.test/")
    wire.begin(wire.node(), [ann])
    wire.ask(T0)
    assert len(wire.fake.got) == 1
    assert wire.rows(REQUESTS)[0][:2] == ("failed", status)
    assert wire.stage.log()[1][2:4] == ("failed", "request_failed")


def test_no_answer_in_time_is_the_other_way_and_one_that_comes_later_changes_nothing(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    wire.begin(wire.node(timeout={"amount": 10, "unit": "minutes"}), [ann])
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        claimed = requests.claim(ws, KEYS, "test", T0, busy=(), limit=9)
    wire.stage.tick(T0 + 10 * MINUTE)
    assert wire.stage.log()[1][2:] == ("failed", "timed_out", T0 + 10 * MINUTE)
    late = asyncio.run(wire._send(claimed, T0 + 11 * MINUTE))
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        assert requests.record(ws, late, T0 + 11 * MINUTE) == 1
    assert (wire.rows(FACTS), len(wire.stage.log())) == ([], 3)


def test_killed_between_answer_and_note_it_is_asked_again_and_the_run_goes_on_once(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    wire.fake.behave = answer(n=1)
    wire.begin(wire.node(), [ann])
    first = wire.ask(T0, keep=False)
    # Its session is gone, and with it the lease.
    second = wire.ask(T0 + SECOND)
    assert [got.headers["idempotency-key"] for got in wire.fake.got] == [wire.fake.got[0].headers["idempotency-key"]] * 2
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        assert (requests.record(ws, first, T0 + 2 * SECOND), requests.record(ws, second, T0 + 2 * SECOND)) == (0, 0)
    wire.stage.tick(T0 + MINUTE)
    assert [line[2:4] for line in wire.stage.log()] == [("start", "triggered"), ("next", "answered"), ("end", "end_reached")]
    assert wire.rows(REQUESTS) == [("answered", 200, "", 1)]


def test_who_has_left_and_whose_journey_is_paused_is_not_asked_about(wire: Wire) -> None:
    ann, bob = wire.stage.people({}, {})
    nodes = {"ask": wire.node(), "end": END, "sorry": END}
    wire.stage.publish(
        {
            "key": "j",
            "trigger": TRIGGER,
            "nodes": nodes,
            "start": "ask",
            "exit_on": [{"kind": "event", "name": "Left", "window": {"kind": "since_entry"}}],
        }
    )
    wire.stage.take(*(wire.stage.event(one, "Signed Up", T0) for one in (ann, bob)))
    wire.stage.tick(T0)
    wire.stage.act(T0)
    wire.stage.take(wire.stage.event(ann, "Left", T0 + SECOND))
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        actions.pause(ws, "j", T0 + SECOND, by="test")
    assert wire.ask(T0 + MINUTE) == []
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + HOUR, by="test")
    wire.ask(T0 + HOUR)
    assert len(wire.fake.got) == 1
    assert [row[0] for row in wire.rows(REQUESTS)] == ["withdrawn", "answered"]


def test_an_edit_takes_the_question_along_or_asks_anew(wire: Wire) -> None:
    def publish(node: dict[str, Any], reason: str) -> None:
        nodes = {"ask": node, "end": {**END, "reason": reason}, "sorry": END}
        raw = {"key": "j", "names": {"en": "J"}, "trigger": TRIGGER, "nodes": nodes, "start": "ask"}
        with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
            actions.publish(ws, parse(raw), T0, by="test", rule=read_rule("move"))
            orders = [order for workspace, order in find_open(ws) if workspace == wire.stage.workspace_id]
        for order in orders:
            with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
                while carry_out(ws, order, T0 + SECOND):
                    pass

    (ann,) = wire.stage.people({})
    wire.fake.behave = lambda handler: handler.say(500 if len(wire.fake.got) == 1 else 200)
    wire.begin(wire.node(body={"n": 1}), [ann])
    wire.ask(T0)
    publish(wire.node(body={"n": 1}), "same")
    wire.ask(T0 + MINUTE)
    assert len({got.headers["idempotency-key"] for got in wire.fake.got}) == 1
    assert wire.stage.log()[-1][2:4] == ("next", "answered")
    (bob,) = wire.stage.people({})
    wire.stage.take(wire.stage.event(bob, "Signed Up", T0))
    wire.stage.tick(T0)
    wire.stage.act(T0)
    publish(wire.node(body={"n": 2}), "other")
    wire.stage.tick(T0 + MINUTE)
    wire.stage.act(T0 + MINUTE)
    wire.ask(T0 + 2 * MINUTE)
    assert (wire.body(), len(wire.fake.got)) == ({"n": 2}, 3)


def test_secrets_are_sent_to_their_host_alone_and_shown_to_nobody(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    host = f"localhost:{wire.fake.port}"
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        secrets.put_secret(ws, KEYS, "loyalty", host, "canary-s3cret", T0, by="test")
        secrets.put_secret(ws, KEYS, "other", "api.example.com", "elsewhere", T0, by="test")
        with pytest.raises(InvalidInput):
            secrets.put_secret(ws, KEYS, "broken", host, "a\r\nb", T0, by="test")
    wire.begin(
        wire.node(headers={"Authorization": {"secret": "loyalty", "before": "Bearer "}, "X-Plan": "is {{ event.plan }}"}), [ann], plan="pro"
    )
    wire.ask(T0)
    got = wire.fake.got[0].headers
    assert (got["authorization"], got["x-plan"]) == ("Bearer canary-s3cret", "is pro")
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        told = why(ws, wire.stage.ch, "j", ann, T0 + HOUR)
        dump = ws.value(
            Query(
                "dump",
                "SELECT string_agg(r::text, '') FROM (SELECT q::text FROM journey_request q UNION ALL SELECT s::text FROM journey_secret s UNION ALL SELECT l::text FROM run_log l) r",
            )
        )
        assert "canary-s3cret" not in f"{msgspec.json.encode(secrets.find_secrets(ws), enc_hook=str)!r}{told}{dump}"
        stolen = parse(
            {
                "key": "k",
                "names": {"en": "K"},
                "trigger": TRIGGER,
                "start": "ask",
                "nodes": {"ask": wire.node(headers={"A": {"secret": "other"}}), "end": END, "sorry": END},
            }
        )
        assert [one.code for one in find_problems(ws, stolen) if one.node == "ask"][-1] == "unknown_secret"
    asked = told.runs[0]["steps"][1]["data"]["request"]
    assert asked["headers"] == [{"name": "Authorization", "secret": "loyalty", "before": "Bearer "}, {"name": "X-Plan", "value": "is pro"}]
    wire.stage.publish(
        {
            "key": "k",
            "trigger": {**TRIGGER, "name": "Else"},
            "start": "ask",
            "nodes": {"ask": wire.node(headers={"A": {"secret": "other"}}), "end": END, "sorry": END},
        }
    )
    wire.stage.take(wire.stage.event(ann, "Else", T0))
    wire.stage.tick(T0)
    wire.stage.act(T0)
    wire.ask(T0)
    assert len(wire.fake.got) == 1
    assert wire.rows(REQUESTS)[-1][0] == "failed"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/", "https://localhost:{port}/", "https://[::1]:{port}/", "https://[::ffff:127.0.0.1]:{port}/",
        "https://2130706433:{port}/", "https://0x7f000001:{port}/", "https://0:{port}/", "http://169.254.169.254/latest/", "https://10.0.0.1/", "https://localhost:22/",
    ],
)  # fmt: skip
def test_no_private_address_is_ever_called(wire: Wire, address: str) -> None:
    (ann,) = wire.stage.people({})
    wire.allowed = ""
    wire.begin(wire.node(url=address.format(port=wire.fake.port)), [ann])
    wire.ask(T0)
    assert wire.fake.got == []
    assert wire.rows(REQUESTS)[0][0] in {"failed", "waiting"}


def test_a_server_that_only_fails_is_left_alone_and_holds_nobody_else_up(wire: Wire, certificate: Path) -> None:
    people = wire.stage.people(*[{}] * 6)
    wire.fake.behave = lambda handler: handler.say(503)
    well = Fake(certificate=certificate)
    wire.begin(wire.node(), people)
    wire.stage.publish(
        {
            "key": "k",
            "trigger": {**TRIGGER, "name": "Else"},
            "start": "ask",
            "nodes": {"ask": wire.node(url=well.url), "end": END, "sorry": END},
        }
    )
    wire.stage.take(wire.stage.event(people[0], "Else", T0))
    wire.stage.tick(T0)
    wire.stage.act(T0)
    assert len(wire.ask(T0)) == 5  # four at once, and the other server's
    assert len(wire.ask(T0 + SECOND)) == 2
    assert wire.ask(T0 + 7 * SECOND) == []  # held: more than five in a row
    assert len(well.got) == 1
    assert len(wire.ask(T0 + 25 * SECOND)) == 4
    well.close()


def test_the_role_asks_and_lets_the_run_go_on(wire: Wire, clickhouse_url: str) -> None:
    (ann,) = wire.stage.people({})
    wire.fake.behave = answer(points=7)
    wire.begin(wire.node(), [ann])
    context = Line(wire.stage.db, wire.stage.ch, clickhouse_url).context
    asker = role.Asker(context, Egress(read_networks(wire.allowed), ssl_context=wire.context))
    until = time.monotonic() + 10
    while len(wire.stage.log()) < 2 and time.monotonic() < until:
        role.work_once(context, asker)
        time.sleep(0.01)
    asker.close()
    assert wire.rows(FACTS) == [("loyalty", {"status": 200, "body": {"points": 7}})]
    assert wire.stage.log()[1][2:4] == ("next", "answered")


def test_long_or_strange_answers_are_no_values_but_answers(wire: Wire) -> None:
    (ann,) = wire.stage.people({})
    wire.fake.behave = lambda handler: handler.say(200, b'{"x": "' + b"y" * 20_000 + b'"}')
    wire.begin(wire.node(keep={"x": "x"}), [ann])
    wire.ask(T0)
    assert wire.rows(FACTS) == [("loyalty", {"status": 200})]


def test_a_rehearsal_calls_nobody_and_takes_the_sample(wire: Wire) -> None:
    people = wire.stage.people({}, {})
    points = {"kind": "run", "name": "loyalty.points", "op": "more_than", "value": 10}
    nodes = {
        "ask": wire.node(keep={"points": "points"}, sample={"body": {"points": 50}}, next="who"),
        "who": {"kind": "branch", "branches": [{"if": points, "next": "rest"}], "otherwise": "sorry"},
        "rest": delay(1, "hours", "fail"),
        "fail": wire.node(name="other", sample={"status": 500}),
        "end": END,
        "sorry": {"kind": "exit", "reason": "no_answer"},
    }
    wire.stage.publish({"key": "j", "trigger": TRIGGER, "nodes": nodes, "start": "ask"})
    wire.stage.record([wire.stage.event(one, "Signed Up", T0) for one in people])
    with wire.stage.db.workspace(wire.stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
    found = rehearse(wire.stage.db.url, wire.stage.ch, version, number, T0 - DAY, T0 + DAY)
    assert (found.finished, found.nodes["rest"]["left"], found.nodes["sorry"]["entered"]) == (2, 2, 2)
    assert "answers_assumed" in found.assumptions
    assert (wire.fake.got, wire.rows(REQUESTS), wire.rows(FACTS)) == ([], [], [])


def test_texts_that_are_not_sound_are_refused_when_it_is_published(wire: Wire) -> None:
    for more in (
        {"body": {"x": "{{ nobody.name }}"}},
        {"url": "https://a.test/{% if person.a %}x{% endif %}"},
        {"headers": {"X": "{{ person.a | wat }}"}},
    ):
        with pytest.raises(InvalidJourney, match=r"body|url|headers"):
            wire.stage.publish(
                {"key": "j", "trigger": TRIGGER, "start": "ask", "nodes": {"ask": wire.node(**more), "end": END, "sorry": END}}
            )
