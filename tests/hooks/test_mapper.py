"""The mapping process: what an expression may do, and what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hudhud.hooks import mapper
from hudhud.hooks.evaluator import BODY_CPU_S, ITEM_CPU_S
from hudhud.hooks.mapper import Origin, evaluate, to_rows
from hudhud.hooks.types import Given, Said
from hudhud.kit.errors import Unavailable

AT = "2026-03-01T12:00:00.000Z"
ORIGIN = Origin(1, 7, "hook:7", "d1", AT, None)
ORDER = """{
    "type": "track", "event": "Order " & $uppercase(status), "userId": customer.email, "messageId": id, "timestamp": placed_at,
    "properties": {"total": $number(total), "items": $sum(lines.qty), "topic": $headers."x-topic"}
}"""


def given(body: object, content_type: str = "application/json", **headers: str) -> Given:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Given(AT, {"content-type": content_type, **headers}, raw)


def rows(said: list[Said]) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in to_rows(ORIGIN, said).rows]


def test_a_body_becomes_messages() -> None:
    body = {"id": 15, "status": "paid", "total": "12.50", "placed_at": "2026-02-01T10:00:00Z", "customer": {"email": "a@b.ee"}}
    [said] = evaluate("", ORDER, [given(body | {"lines": [{"qty": 1}, {"qty": 2}]}, **{"x-topic": "orders"})])
    assert rows(said) == [
        {
            "type": "track", "event": "Order PAID", "userId": "a@b.ee", "messageId": "hook:7:15:track:Order PAID", "timestamp": "2026-02-01T10:00:00Z",
            "properties": {"total": 12.5, "items": 3, "topic": "orders"},
        }
    ]  # fmt: skip


def test_each_entry_of_a_list_is_an_item_and_a_bad_one_costs_itself() -> None:
    mapping = '{"type": "track", "event": $string(e), "userId": u}'
    bodies = [given([{"e": "A", "u": "1"}, {"e": "B"}, {"e": "C", "u": {}}, {"e": "D", "u": "4"}]), given({"e": "E", "u": "5"})]
    made = [to_rows(ORIGIN, said) for said in evaluate("", mapping, bodies)]
    assert [json.loads(row.body)["event"] for row in made[0].rows + made[1].rows] == ["A", "D", "E"]
    assert [number for number, _ in made[0].problems] == [1, 2]
    # Without an id and a time in the body: those of the delivery and the item.
    first = json.loads(made[0].rows[0].body)
    assert (first["messageId"], first["timestamp"]) == ("hook:7:d1:0.0", AT)


def test_items_may_stand_deeper_and_an_item_may_make_several_messages_or_none() -> None:
    mapping = '$.kind = "skip" ? [] : [{"type": "identify", "userId": id, "traits": {"shop": $body.shop}}, {"type": "track", "event": "Seen", "userId": id}]'
    [said] = evaluate("data.people", mapping, [given({"shop": "S", "data": {"people": [{"id": "1"}, {"kind": "skip"}, {"id": "2"}]}})])
    made = rows(said)
    assert [(one["type"], one["userId"]) for one in made] == [("identify", "1"), ("track", "1"), ("identify", "2"), ("track", "2")]
    assert made[0]["traits"] == {"shop": "S"}
    assert len({one["messageId"] for one in made}) == 4


def test_forms_are_read() -> None:
    [said] = evaluate(
        "",
        '{"type": "identify", "traits": {"email": mail, "tags": tag, "name": name}}',
        [given(b"mail=a%40b.ee&tag=x&tag=y&name=%C3%95ie+M", "application/x-www-form-urlencoded; charset=utf-8")],
    )
    assert rows(said)[0]["traits"] == {"email": "a@b.ee", "tags": ["x", "y"], "name": "Õie M"}


WRONG = [
    ('"text"', "make objects"),
    ("[1]", "make objects"),
    ('{"type": "track", "event": "A", "userId": $sum}', "no JSON"),
    ('{"type": "track", "event": "A"}', "userId: "),
    ('{"event": "A", "userId": "1"}', "type: "),
    ('{"type": "track", "event": "Message Opened", "userId": "1"}', "event: "),
    ('{"type": "track", "event": "A", "userId": "1", "timestamp": 5}', "timestamp: "),
    ('$error("no order")', "no order"),
    ("$unknown(1)", ""),
    ('{"type": "track", "event": "A", "userId": "\\u0000"}', "NUL"),
    # Too deep for whoever reads the answer.
    ('{"type": "page", "userId": "1", "properties": {"deep": $body[0].deep}}', "more than 200 deep"),
]


def one_of(expressions: list[str]) -> str:
    """One mapping that does for each item what its number says: a process for each would take its time."""
    return " : ".join(f"n = {number} ? ({expression})" for number, expression in enumerate(expressions)) + " : []"


def test_what_is_wrong_is_told_and_costs_the_item() -> None:
    items = [b'{"n": %d, "deep": %s}' % (number, b"[" * 1500 + b"]" * 1500) for number in range(len(WRONG))]
    [said] = evaluate("", one_of([expression for expression, _ in WRONG]), [given(b"[" + b",".join(items) + b"]")])
    made = to_rows(ORIGIN, said)
    assert (made.rows, [number for number, _ in made.problems]) == ([], list(range(len(WRONG))))
    assert [wanted for (_, wanted), (_, told) in zip(WRONG, made.problems, strict=True) if wanted not in told] == []


@pytest.mark.parametrize(("mapping", "problem"), [("", "mapping: write an expression"), ("{", "mapping: ")])
def test_a_mapping_that_is_none_is_told(mapping: str, problem: str) -> None:
    [[said]] = evaluate("", mapping, [given({})])
    assert problem in said.problem


def test_a_body_that_cannot_be_read_is_told() -> None:
    broken = [b"", b"{", b"\xff\xfe", b"[" * 5000 + b"]" * 5000, b'{"a": "\\ud800"}', b"nan"]
    said = evaluate("", "$", [given(body) for body in broken] + [given({"type": "page", "userId": "1"})])
    assert [len(to_rows(ORIGIN, one).problems) for one in said] == [1] * len(broken) + [0]


BOMBS = [
    "($f := function(){ $f() }; $f())",
    "($f := function($n){ 1 + $f($n) }; $f(1))",
    '($s := "xxxxxxxxxxxxxxxx"; $f := function($t, $n){ $n = 0 ? $t : $f($t & $t, $n - 1) }; $f($s, 40))',
    '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+$/)',
    '$pad("x", 1000000000)',
]


def test_an_endless_mapping_costs_its_body_and_the_next_one_is_mapped() -> None:
    mapping = one_of(['{"type": "track", "event": "A", "userId": "1"}', *BOMBS])
    bodies = [given({"n": number}) for bomb in range(len(BOMBS)) for number in (bomb + 1, 0)]
    said: list[list[Said]] = []
    while len(said) < len(bodies):
        said += evaluate("", mapping, bodies[len(said) :])
    assert [(len(one), bool(one[0].problem)) for one in said] == [(1, True), (1, False)] * len(BOMBS)


def test_a_mapping_that_ends_the_process_costs_its_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapper, "_run", lambda _: b"")
    with pytest.raises(Unavailable):
        evaluate("", "$", [given({})])
    answer = b'[]\n[0,0,[{"type":"page"}],""]\n[0]\n[1,0,[{"type":"page"}],""]\n[1,1,[{"ty'
    monkeypatch.setattr(mapper, "_run", lambda _: answer)
    assert [[bool(one.problem) for one in said] for said in evaluate("", "$", [given({})] * 3)] == [[False]]
    monkeypatch.setattr(mapper, "_run", lambda _: b'[]\n[0,0,[{"type":"page"}],""]\n[0,1,[{"ty')
    assert [[bool(one.problem) for one in said] for said in evaluate("", "$", [given({})] * 3)] == [[True]]


def test_a_slow_body_is_not_to_blame_for_the_time_of_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = '($sum([1..5000].($ * 2)); {"type": "page", "userId": "1"})'
    bodies = [given([{}] * 4)] * 100
    monkeypatch.setattr(mapper, "STUCK_S", 1.5)
    said = evaluate("", slow, bodies)
    assert 0 < len(said) < len(bodies)
    assert not any(one.problem for items in said for one in items)


def test_nothing_of_the_machine_is_within_reach() -> None:
    looks = ["__class__", "$.__class__", '$lookup($, "__class__")', "$sum.__globals__", "$string.__init__", '$headers."__dict__"']
    [said] = evaluate("", one_of([f'{{"found": {look}}}' for look in looks]), [given([{"n": number} for number in range(len(looks))])])
    assert [one.messages for one in said] == [[{}]] * len(looks)


@pytest.mark.prove
def test_a_body_of_many_slow_items_is_ended_with_its_process() -> None:
    slow = f'$match("{"a" * 40}b", /(a|a)+c/)'
    mapping = one_of(['{"type": "page", "userId": "1"}', slow])
    bodies = [given([{"n": 1}] * 2 * int(BODY_CPU_S / ITEM_CPU_S)), given({"n": 0})]
    assert [[bool(one.problem) for one in items] for items in evaluate("", mapping, bodies)] == [[True]]
    assert [[bool(one.problem) for one in items] for items in evaluate("", mapping, bodies[1:])] == [[False]]
