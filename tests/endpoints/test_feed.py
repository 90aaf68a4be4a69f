"""What endpoints are told: each kind of news, exactly one delivery of each, under an id that never changes, signed as the standard says."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.endpoints import actions, sending
from hudhud.endpoints.types import OVERLAP
from hudhud.kit.errors import InvalidInput
from hudhud.lifecycle import actions as lifecycle
from hudhud.segments import actions as segments
from hudhud.segments.types import from_json
from tests.workers.line import identify, track

if TYPE_CHECKING:
    from tests.endpoints.conftest import Wire
    from tests.endpoints.fake import Fake

BUYERS = {
    "kind": "event",
    "name": "Order Completed",
    "count": {"op": "at_least", "value": 1},
    "window": {"kind": "last", "amount": 7, "unit": "days"},
}


def heard(fake: Fake) -> list[tuple[str, dict[str, Any]]]:
    return [(found["type"], found["data"]) for found in (json.loads(one.body) for one in fake.got)]


def make_segment(wire: Wire, name: str = "Buyers") -> int:
    with wire.line.db.workspace(wire.line.shop) as ws:
        return segments.create_segment(ws, name, from_json(BUYERS), wire.line.clock.at, by="user:1")


def test_what_is_sent_verifies_with_the_standards_own_library_while_a_secret_is_rotated_with_both(wire: Wire) -> None:
    wire.line.clock.at = datetime.now(UTC)  # the library asks how old it is
    fake = wire.fake()
    endpoint, old = wire.make(fake)
    with wire.line.db.workspace(wire.line.shop) as ws:
        new = actions.rotate(ws, wire.line.context.keys, endpoint, now=wire.line.clock.at, actor="user:1")
    wire.line.put(identify("u1", email="Ann@example.com"))
    wire.line.put(track("u1", "Order Completed", messageId="o1", timestamp="2026-03-01T10:00:00Z", properties={"total": 9.5, "ü": "ō"}))
    wire.work()
    [got] = fake.got
    said = [Webhook(secret).verify(got.body, got.headers) for secret in (old, new)]
    person = {"id": said[0]["data"]["person"]["id"], "user_id": "u1", "email": "Ann@example.com"}
    data = {"person": person, "event": "Order Completed", "message_id": "o1", "properties": {"total": 9.5, "ü": "ō"}}
    assert said == [{"type": "event.tracked", "timestamp": "2026-03-01T10:00:00Z", "data": data}] * 2
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(got.body.replace(b"9.5", b"9.6"), got.headers)
    wire.line.clock.at += OVERLAP
    wire.line.put(track("u1", "Order Completed"))
    wire.work()
    assert [len(one.headers["webhook-signature"].split()) for one in fake.got] == [2, 1]


def test_each_kind_of_news_comes_once_to_who_wants_it(wire: Wire) -> None:
    segment, other = make_segment(wire), make_segment(wire, "Again")
    with wire.line.db.workspace(wire.line.shop) as ws:
        lifecycle.install(ws, wire.line.clock.at)
    wire.work()
    everything, some = wire.fake(), wire.fake()
    wire.make(everything, "segment.entered", "segment.left", "stage.changed", "message.sent", "message.clicked", "consent.changed")
    wire.make(some, "segment.left", "event.tracked", segments=[segment], events=["Order Completed"])
    wire.line.put(identify("u1", subscriptions={"newsletter": True}), track("u1", "Order Completed"), track("u2", "Other"))
    wire.line.put({**track("u1", "Message Clicked", messageId="click:1", properties={"link": "/"})}, source="track")
    wire.work()
    wire.work()
    wire.line.clock.at += timedelta(days=8)
    wire.work()
    wire.work()
    kinds = Counter((kind, json.dumps(data.get("segment", {}).get("id"))) for kind, data in heard(everything))
    assert kinds.pop(("stage.changed", "null")) >= 1
    assert kinds == {
        ("segment.entered", str(segment)): 1,
        ("segment.entered", str(other)): 1,
        ("segment.left", str(segment)): 1,
        ("segment.left", str(other)): 1,
        ("message.clicked", "null"): 1,
        ("consent.changed", "null"): 1,
    }
    assert [kind for kind, _ in heard(some)] == ["event.tracked", "segment.left"]
    assert len({one.id for one in everything.got}) == len(everything.got)
    [said] = [data for kind, data in heard(everything) if kind == "consent.changed"]
    assert {name: said[name] for name in ("topic", "channel", "state")} == {
        "topic": "newsletter",
        "channel": "email",
        "state": "subscribed",
    }


def test_consent_is_told_from_the_moment_it_is_asked_for(wire: Wire) -> None:
    wire.line.put(identify("u1", email="ann@example.com", subscriptions={"newsletter": True}))
    wire.work()
    fake = wire.fake()
    wire.make(fake, "consent.changed")
    wire.work()
    assert fake.got == []
    with wire.line.db.workspace(wire.line.shop) as ws:
        person = ws.conn.execute("SELECT id FROM person").fetchone()[0]  # type: ignore[index]
        said = [
            ConsentChange(person, "newsletter", "email", state, wire.line.clock.at + timedelta(seconds=at), "one_click")
            for at, state in ((1, "unsubscribed"), (-9, "subscribed"))
        ]  # type: ignore[arg-type] -- two states
        consent.record(ws, said)
    wire.work()
    wire.work()
    # Only what counted: the older word changed nothing.
    assert [(data["state"], data["source"], data["person"]["email"]) for _, data in heard(fake)] == [
        ("unsubscribed", "one_click", "ann@example.com")
    ]


def test_what_came_in_a_file_is_no_news(wire: Wire) -> None:
    fake = wire.fake()
    wire.make(fake)
    wire.line.put(track("u1", "Order Completed"), source="import:7", bulk=True)
    wire.line.put(track("u2", "Order Completed"))
    wire.work()
    assert [data["person"]["user_id"] for _, data in heard(fake)] == ["u2"]


def test_who_is_being_erased_is_told_of_no_more(wire: Wire) -> None:
    fake = wire.fake()
    endpoint, _ = wire.make(fake)
    wire.line.put(track("u1", "Order Completed"))
    wire.line.work()
    with wire.line.db.workspace(wire.line.shop) as ws:
        ws.conn.execute("UPDATE person SET erased_at = now()")
    wire.send()
    assert (fake.got, wire.get(endpoint).waiting) == ([], 1)


@pytest.mark.long
@pytest.mark.parametrize("point", ["intake.deciding", "intake.decided"])
def test_a_batch_that_is_repeated_makes_no_second_delivery(wire: Wire, point: str) -> None:
    endpoint, _ = wire.make(wire.fake())
    wire.line.put(*(track(f"u{number}", "Order Completed") for number in range(5)))
    assert wire.line.crash(point) == -signal.SIGKILL
    wire.line.work()
    assert len(wire.deliveries(endpoint)) == 5


@pytest.mark.long
def test_a_feed_that_is_repeated_makes_no_second_delivery(wire: Wire) -> None:
    make_segment(wire)
    wire.work()
    endpoint, _ = wire.make(wire.fake(), "segment.entered", "consent.changed")
    wire.line.put(track("u1", "Order Completed"), identify("u2", subscriptions={"newsletter": True}))
    wire.line.work()
    assert wire.line.crash("segments.feed_carried", "segments") == -signal.SIGKILL
    assert wire.line.crash("endpoints.told", "endpoints") == -signal.SIGKILL
    wire.work()
    assert sorted(one.kind for one in wire.deliveries(endpoint)) == ["consent.changed", "segment.entered"]


@pytest.mark.long
def test_who_dies_after_the_answer_leaves_the_next_to_send_the_same_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least once, and the receiver can tell: the id is the same."""
    monkeypatch.setenv("HUDHUD_SECRET_KEYS", "test")
    fake = wire.fake(certificate=None)
    endpoint, _ = wire.make(fake)
    wire.line.put(track("u1", "Order Completed"))
    wire.line.work()
    assert wire.line.crash("endpoints.sent", "endpoints") == -signal.SIGKILL
    assert (len(fake.got), wire.get(endpoint).waiting) == (1, 1)
    wire.send()
    assert (len(fake.got), fake.got[0].id, fake.got[0].body) == (2, fake.got[1].id, fake.got[1].body)
    assert [(one.state, one.attempts) for one in wire.deliveries(endpoint)] == [("delivered", 1)]


@pytest.mark.long
def test_two_workers_send_each_delivery_once(wire: Wire) -> None:
    fake = wire.fake()
    wire.make(fake)
    wire.line.put(*(track(f"u{number}", "Order Completed") for number in range(30)))
    wire.line.work()
    context = wire.line.new_context("another")
    with wire.line.db.everywhere() as one, wire.line.db.everywhere() as two:
        # Neither has committed: the other passes over what is taken.
        ours = actions.claim(one, context.keys, "one", wire.line.clock.at, busy=(), limit=4)
        theirs = actions.claim(two, context.keys, "two", wire.line.clock.at, busy=(), limit=4)
    assert (len(ours), len({one.id for one in [*ours, *theirs]})) == (4, 8)
    # Neither is a session of the database, so both are gone: what they had is free again.
    wire.send()
    assert sorted(Counter(one.id for one in fake.got).values()) == [1] * 30


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("message.read", {}, "wants"),
    ("event.tracked", {}, "events"),
    ("event.tracked", {"events": ["Message Sent"]}, "events"),
    ("segment.left", {"events": ["Order Completed"]}, "events"),
    ("segment.left", {"segments": [987]}, "segments"),
    ("segment.left", {"segments": []}, "segments"),
    ("segment.left", {"fake": "ftp://example.com"}, "url"),
    ("segment.left", {"fake": "https://ann:secret@example.com"}, "url"),
    ("segment.left", {"description": "a\nb"}, "description"),
]


def test_a_wish_that_cannot_come_true_is_refused_by_name(wire: Wire) -> None:
    for want, wishes, field in WRONG:
        with pytest.raises(InvalidInput) as refused:
            wire.make(wishes.pop("fake", "https://example.com"), want, **wishes)
        assert refused.value.data["field"] == field


@pytest.mark.long
def test_an_endpoint_can_be_deleted_while_its_answers_are_written_down(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = wire.make(wire.fake())
    wire.line.put(track("u1", "Order Completed", messageId="order-1"))
    wire.line.work()
    note = sending._note
    over: list[bool] = []

    def delete() -> None:
        with wire.line.db.workspace(wire.line.shop) as ws:
            actions.delete_endpoint(ws, endpoint, now=wire.line.clock.at, actor="user:1")
        over.append(True)

    other = threading.Thread(target=delete)

    def note_late(*given: Any) -> None:  # noqa: ANN401 -- as `_note` takes it
        other.start()
        other.join(0.3)
        assert not over
        note(*given)

    monkeypatch.setattr(sending, "_note", note_late)
    wire.send()
    other.join(10)
    assert (over, wire.line.sql("SELECT count(*) FROM endpoint_delivery")) == ([True], [(0,)])
