"""F-34: an endpoint that is down for three days, gone, moved, slow, endless, badly certified; and what is promised of all deliveries."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.endpoints import actions
from hudhud.endpoints.types import KEPT, PATIENCE, SCHEDULE, STUBBORN, NotActive
from hudhud.kit import egress
from hudhud.workers import endpoints as worker
from hudhud.workers import retention
from tests.endpoints.fake import make_certificate
from tests.workers.line import track

if TYPE_CHECKING:
    from tests.endpoints.conftest import Wire
    from tests.endpoints.fake import Handler


def order(wire: Wire, number: int = 1) -> None:
    wire.line.put(track("u1", "Order Completed", messageId=f"order-{number}", properties={"total": number}))


def change_state(wire: Wire, endpoint: int, *, is_active: bool) -> None:
    with wire.line.db.workspace(wire.line.shop) as ws:
        actions.set_state(ws, endpoint, is_active=is_active, now=wire.line.clock.at, actor="user:1")


def test_down_for_three_days_the_schedule_is_kept_and_then_it_can_be_sent_again(wire: Wire) -> None:
    fake = wire.fake(behave=lambda handler: handler.say(503, b"down"))
    endpoint, _ = wire.make(fake)
    order(wire)
    wire.work()
    waited = []
    while (delivery := wire.deliveries(endpoint)[0]).due_at:
        waited.append(delivery.due_at - wire.line.clock.at)
        # A moment before it is due nothing is sent.
        wire.line.clock.at = delivery.due_at - timedelta(milliseconds=1)
        wire.send()
        assert len(fake.got) == len(waited)
        wire.line.clock.at = delivery.due_at
        wire.send()
    assert all(least <= wait <= least * 1.1 for least, wait in zip(SCHEDULE, waited, strict=True))
    assert timedelta(days=3) < sum(SCHEDULE, timedelta(0)) < timedelta(days=3.5)
    assert (delivery.state, delivery.attempts, delivery.code) == ("dead", 10, 503)
    assert wire.attempts(endpoint) == [(503, "answered 503")] * 10
    # Under one id, byte for byte, signed anew each time.
    assert len({one.id for one in fake.got}) == len({one.body for one in fake.got}) == 1
    assert len({one.headers["webhook-signature"] for one in fake.got}) == 10
    assert wire.get(endpoint).state == "active"
    fake.behave = lambda handler: handler.say(204)
    with wire.line.db.workspace(wire.line.shop) as ws:
        assert actions.replay_dead(ws, endpoint, wire.line.clock.at, until=wire.line.clock.at - timedelta(days=9)) == 0
        assert actions.replay_dead(ws, endpoint, wire.line.clock.at) == 1
    wire.send()
    assert (wire.deliveries(endpoint)[0].state, len(fake.got), fake.got[10].id) == ("delivered", 11, fake.got[0].id)
    assert (wire.get(endpoint).failing_since, wire.get(endpoint).delivered) == (None, 1)


def test_410_disables_and_nothing_more_is_sent_until_somebody_lets_it_go_on(wire: Wire) -> None:
    fake = wire.fake(behave=lambda handler: handler.say(410))
    endpoint, _ = wire.make(fake)
    change_state(wire, endpoint, is_active=False)
    for number in range(3):
        order(wire, number)
    wire.work()
    with wire.line.db.workspace(wire.line.shop) as ws:
        ws.conn.execute(
            "UPDATE endpoint_delivery SET due_at = due_at + interval '1 minute' WHERE id > (SELECT min(id) FROM endpoint_delivery)"
        )
    change_state(wire, endpoint, is_active=True)
    wire.send()
    gone = wire.get(endpoint)
    assert (len(fake.got), gone.state, gone.reason, gone.dead, gone.waiting) == (1, "disabled", "gone", 3, 0)
    assert wire.line.sql("SELECT actor, action, detail ->> 'reason' FROM audit_log ORDER BY id DESC LIMIT 1") == [
        ("hudhud", "endpoint.disable", "gone")
    ]
    order(wire, 4)
    wire.work()
    assert (len(fake.got), len(wire.deliveries(endpoint))) == (1, 3)
    with wire.line.db.workspace(wire.line.shop) as ws, pytest.raises(NotActive):
        actions.replay_dead(ws, endpoint, wire.line.clock.at)
    change_state(wire, endpoint, is_active=True)
    with wire.line.db.workspace(wire.line.shop) as ws:
        assert actions.replay_dead(ws, endpoint, wire.line.clock.at) == 3
    fake.behave = lambda handler: handler.say(200)
    wire.send()
    assert ({one.state for one in wire.deliveries(endpoint)}, len(fake.got)) == ({"delivered"}, 4)


def test_moved_endless_slow_and_badly_certified(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress.Egress.post, "__kwdefaults__", {"total_s": 0.5})
    written = 0

    def pour(handler: Handler) -> None:
        nonlocal written
        handler.send_response(200)
        handler.send_header("content-length", str(1024**3))
        handler.end_headers()
        while written < 1024**3:
            written += handler.wfile.write(b"x" * 65536)

    canary, endless, slow = wire.fake(), wire.fake(behave=pour), wire.fake()
    slow.behave = lambda handler: slow.over.wait(60) and handler.say(200)
    moved = wire.fake(behave=lambda handler: handler.say(301, location=canary.url))
    strangers = wire.fake(certificate=make_certificate(wire.folder, "example.com"))
    plain = wire.fake(certificate=None)
    urls = (moved.url, endless.url, slow.url, strangers.url, plain.url.replace("http:", "https:"))
    made = [wire.make(url)[0] for url in urls]
    order(wire)
    wire.work()
    ((is_moved,), (is_endless,), (is_slow,), (is_strange,), (is_plain,)) = [wire.attempts(one) for one in made]
    assert is_moved == (301, "301: redirects are not followed; give the endpoint its final address")
    assert is_slow == (None, "no answer within 0.5 seconds")
    assert is_strange == (None, "the certificate is not valid: self-signed certificate")
    assert (is_plain[0], is_plain[1][:5]) == (None, "TLS: ")
    assert canary.got == strangers.got == plain.got == []
    # 2xx is a success whatever follows, and little of what follows is read.
    assert is_endless == (200, "")
    assert wire.line.sql("SELECT max(octet_length(reply)) FROM endpoint_attempt") == [(4096,)]
    assert written < 64 * 1024**2
    assert [wire.deliveries(one)[0].state for one in made] == ["waiting", "delivered", *["waiting"] * 3]


def test_a_slow_one_holds_nobody_up(wire: Wire) -> None:
    slow, quick = wire.fake(), wire.fake()
    slow.behave = lambda handler: slow.over.wait(60) and handler.say(200)
    first, _ = wire.make(slow)
    second, _ = wire.make(quick)
    for number in range(20):
        order(wire, number)
    wire.line.work()
    while wire.get(second).delivered < 20:
        wire_once(wire)
    # It had four at once, none of which has ended; the others wait for them.
    assert (len(slow.got), wire.get(first).waiting, wire.deliveries(first)[-1].attempts) == (4, 20, 0)


def wire_once(wire: Wire) -> None:
    worker.work_once(wire.line.context, wire.sender)
    time.sleep(0.002)


@pytest.mark.parametrize("nonsense", ["9" * 5_000, f"Mon, 01 Jan 2026 00:00:00 +{'9' * 20}", "soon"])
def test_who_says_nonsense_about_when_is_tried_by_the_schedule(wire: Wire, nonsense: str) -> None:
    endpoint, _ = wire.make(wire.fake(behave=lambda handler: handler.say(503, Retry_After=nonsense)))
    order(wire)
    wire.line.work()
    wire_once(wire)
    until = time.monotonic() + 5
    # What cannot be judged would stay on its way for ever, and take a place from all other endpoints.
    while wire.sender.busy and time.monotonic() < until:
        wire_once(wire)
    assert wire.attempts(endpoint) == [(503, "answered 503")]


def test_a_status_counts_though_its_body_never_ends(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress.Egress.post, "__kwdefaults__", {"total_s": 0.3})

    def begin(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "99")
        handler.end_headers()
        fake.over.wait(60)

    fake = wire.fake(behave=begin)
    endpoint, _ = wire.make(fake)
    order(wire)
    wire.work()
    assert wire.attempts(endpoint) == [(200, "")]


def test_who_says_when_to_come_again_is_left_alone_until_then(wire: Wire) -> None:
    fake = wire.fake(behave=lambda handler: handler.say(429, Retry_After="600"))
    endpoint, _ = wire.make(fake)
    order(wire)
    wire.work()
    order(wire, 2)
    wire.work()
    assert (len(fake.got), wire.get(endpoint).held_until) == (1, wire.line.clock.at + timedelta(seconds=600))
    assert wire.deliveries(endpoint)[1].due_at == wire.line.clock.at + timedelta(seconds=600)
    fake.behave = lambda handler: handler.say(200)
    wire.line.clock.at += timedelta(seconds=600)
    wire.send()
    assert {one.state for one in wire.deliveries(endpoint)} == {"delivered"}


def try_to_the_end(wire: Wire, endpoint: int) -> None:
    while (due_at := wire.deliveries(endpoint)[0].due_at) and wire.get(endpoint).state == "active":
        wire.line.clock.at = due_at
        wire.send()


@pytest.mark.long
def test_what_only_fails_for_days_is_disabled_though_not_by_one_failure_after_a_long_silence(wire: Wire) -> None:
    fake = wire.fake(behave=lambda handler: handler.say(500))
    endpoint, _ = wire.make(fake)
    order(wire)
    wire.work()
    try_to_the_end(wire, endpoint)
    wire.line.clock.at += 3 * PATIENCE
    order(wire, 2)
    wire.work()
    assert (wire.get(endpoint).state, wire.get(endpoint).waiting) == ("active", 1)
    try_to_the_end(wire, endpoint)
    assert (wire.get(endpoint).state, wire.get(endpoint).reason, wire.get(endpoint).dead) == ("disabled", "failing", 2)
    assert wire.deliveries(endpoint)[0].attempts == STUBBORN + 1


@pytest.mark.long
def test_paused_what_happens_waits_and_what_is_old_goes(wire: Wire) -> None:
    fake = wire.fake()
    endpoint, _ = wire.make(fake)
    change_state(wire, endpoint, is_active=False)
    order(wire)
    wire.work()
    assert (fake.got, wire.get(endpoint).waiting) == ([], 1)
    change_state(wire, endpoint, is_active=True)
    wire.send()
    assert len(fake.got) == 1
    wire.line.clock.at += KEPT + timedelta(seconds=1)
    order(wire, 2)
    wire.work()
    retention.work_once(wire.line.context, wire.line.ch)
    assert [json.loads(one.body)["data"]["message_id"] for one in fake.got] == ["order-1", "order-2"]
    assert len(wire.deliveries(endpoint)) == 1


def test_a_secret_that_cannot_be_read_stops_its_own_endpoint_only(wire: Wire) -> None:
    fake = wire.fake()
    broken, _ = wire.make(fake)
    wire.line.sql("UPDATE endpoint SET secret = 'sealed with a key that is lost' RETURNING id")
    wire.make(fake)
    order(wire)
    wire.work()
    assert len(fake.got) == 1
    assert wire.attempts(broken)[0][1].startswith("the secret cannot be read: the key that sealed it is not in HUDHUD_SECRET_KEYS")
