from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from hudhud.consent import actions as consent
from hudhud.events import queries
from hudhud.events.actions import LeaseLost, append_rows, claim_batch, close_batch, read_batch, resubmit
from hudhud.events.queries import find_names, find_rejects, find_timeline, horizon
from hudhud.events.types import LIVE_LANES, Row, lane_of
from hudhud.kit.clock import LiveClock
from hudhud.people.queries import find_people, get_profile
from hudhud.workers import intake
from hudhud.workers.ahead import decode_row
from tests import make
from tests.make import NOW
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from hudhud.people.types import Person


def people(line: Line) -> list[Person]:
    with line.db.workspace(line.shop) as ws:
        return find_people(ws)


def test_a_message_becomes_a_person_an_event_and_a_mirror(line: Line) -> None:
    line.put(
        identify("u1", first_name="Ann", email="ann@example.com"),
        track("u1", properties={"price": 9.5}, messageId="m1", timestamp="2026-03-01T10:00:00.123Z"),
    )
    assert line.work() == 1
    (person,) = people(line)
    assert line.events("name, toString(at), actor_id, kind, toFloat64(properties.price)")[1] == (
        "Product Viewed",
        "2026-03-01 10:00:00.123",
        person.id,
        "track",
        9.5,
    )
    mirror = line.ch.query("SELECT person_id, gone, attributes.first_name::String, reachable FROM person FINAL").result_rows
    assert [tuple(row) for row in mirror] == [(person.id, 0, "Ann", ["email"])]
    assert line.sql("SELECT count(*) FROM intake") == [(0,)]
    with line.db.workspace(line.shop) as ws:
        assert [(name.name, name.count, name.properties) for name in find_names(ws, NOW)] == [
            ("Identified", 1, {"first_name": "text", "email": "text"}),
            ("Product Viewed", 1, {"price": "number"}),
        ]


def test_text_that_looks_like_a_date_is_stored_as_the_text_it_is(line: Line) -> None:
    texts = {"day": "2026-04-01", "instant": "2026-04-01 10:00:00", "deep": {"day": "2026/04/01"}}
    line.put(identify("u1", **texts), track("u1", properties=texts))
    line.work()
    paths = ("day", "instant", "deep.day")
    for table, column in (("person", "attributes"), ("event", "properties")):
        asked = ", ".join(f"{column}.{path}.:String" for path in paths)
        found = line.ch.query(f"SELECT {asked} FROM {table}").result_rows
        assert {tuple(row) for row in found} == {("2026-04-01", "2026-04-01 10:00:00", "2026/04/01")}


def test_a_repeated_message_has_one_effect_for_ever_and_a_conflict_is_kept(line: Line) -> None:
    first = track("u1", messageId="m1", properties={"price": 1})
    line.put(first, first)
    line.work()
    line.put({**first, "sentAt": "2026-03-02T09:00:00Z", "context": {"retry": 1}}, track("u1", messageId="m1", properties={"price": 2}))
    line.work()
    assert line.events("message_id, toInt64(properties.price)") == [("m1", 1)]
    assert line.events("message_id", "person_event") == [("m1",)]
    ((reason, detail),) = line.rejects()
    assert (reason, "'m1' was used before" in detail) == ("conflict", True)
    other = make.workspace(line.db, "Other")
    line.put(first, workspace_id=other)
    line.work()
    assert len(line.events()) == 2


def test_a_conflict_can_be_sent_again_once_with_an_id_of_its_own(line: Line) -> None:
    line.put(track("u1", messageId="m1"), track("u1", "Other", messageId="m1"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        (reject,) = find_rejects(ws)
        corrected = {**json.loads(reject.body), "messageId": "m2"}
        resubmit(ws, reject.id, json.dumps(corrected).encode(), NOW)
    line.work()
    assert {name for name, _ in line.events()} == {"Product Viewed", "Other"}
    with line.db.workspace(line.shop) as ws, pytest.raises(Exception, match="sent again already"):
        resubmit(ws, reject.id, None, NOW)


def test_history_of_the_visitor_belongs_to_the_customer(line: Line) -> None:
    line.put({"type": "page", "anonymousId": "a1", "name": "Home"}, track("u1"))
    line.work()
    visitor, customer = sorted(person.id for person in people(line))
    line.put(identify("u1", "a1"))
    line.work()
    (survivor,) = people(line)
    merged = ({visitor, customer} - {survivor.id}).pop()
    overrides = line.ch.query("SELECT actor_id, person_id FROM person_override FINAL").result_rows
    assert [tuple(row) for row in overrides] == [(merged, survivor.id)]
    with line.db.workspace(line.shop) as ws:
        timeline = find_timeline(ws, line.ch, survivor.id)
        assert find_timeline(ws, line.ch, merged) == timeline
        pages = [
            find_timeline(ws, line.ch, survivor.id, limit=1, before=cursor)
            for cursor in ("", timeline[0].cursor, timeline[1].cursor, timeline[2].cursor)
        ]
    assert sorted(entry.name for entry in timeline) == ["Identified", "Page Viewed", "Product Viewed"]
    assert [entry.properties for entry in timeline if entry.kind == "page"] == [{"name": "Home"}]
    assert [entry for page in pages for entry in page] == timeline


def test_consent_comes_from_server_keys_only_and_names_its_proof(line: Line) -> None:
    yes = identify("u1", subscriptions={"newsletter": True, "offers": {"email": "unsubscribed"}})
    line.put({**yes, "messageId": "m1", "context": {"consent": {"source": "checkout"}}}, source="server")
    line.put(identify("u2", subscriptions={"newsletter": True}), source="collect")
    line.put(identify("u3", subscriptions={"nothing": True}), identify("u4", subscriptions={"newsletter": "maybe"}))
    line.work()
    first = next(person for person in people(line) if person.identifiers[0]["value"] == "u1")
    with line.db.workspace(line.shop) as ws:
        profile = get_profile(ws, first.id)
    assert sorted((each["topic"], each["state"]) for each in profile.subscriptions) == [
        ("newsletter", "subscribed"),
        ("offers", "unsubscribed"),
    ]
    assert profile.attributes == {}
    assert line.sql("SELECT DISTINCT source, proof FROM consent_log") == [
        ("server", {"message_id": "m1", "consent": {"source": "checkout"}})
    ]
    assert sorted(detail.split(";")[0][:40] for _, detail in line.rejects()) == [
        "subscriptions.newsletter: 'maybe' is not",
        "subscriptions: there is no topic 'nothin",
        "subscriptions: {'newsletter': True} is n",
    ]


def test_what_others_change_about_a_person_reaches_the_mirror(line: Line) -> None:
    line.put(identify("u1", email="ann@example.com", subscriptions={"newsletter": True}))
    line.work()
    with line.db.workspace(line.shop) as ws:
        consent.suppress(ws, {"ann@example.com": "550"}, "hard_bounce", NOW)
        ws.conn.execute("UPDATE subscription SET state = 'unsubscribed'")
    assert line.work() == 1
    mirror = line.ch.query("SELECT subscriptions, reachable FROM person FINAL").result_rows
    assert [tuple(row) for row in mirror] == [(["newsletter:email:unsubscribed"], [])]


def test_one_bad_row_costs_one_row(line: Line) -> None:
    line.put(*[track("u1", messageId=f"m{number}") for number in range(20)])
    line.sql("UPDATE intake SET body = 'no json' WHERE id = (SELECT min(id) FROM intake) RETURNING 1")
    line.put(identify(None, None, email="a@b"))
    line.work()
    assert len(line.events()) == 19
    assert [reason for reason, _ in line.rejects()] == ["invalid", "invalid"]


@pytest.mark.parametrize(
    "properties",
    ['{"a": 1e308}', '{"a": 1e-999}', '{"a": 123456789012345678901234567890}', '{"a.b": 1, "a": {"b": 2}}', '{"": 1}', '{"a": 1, "a": 2}',
     '{"a": [1, "x", {"y": [null]}]}', '{"a": ' * 60 + "1" + "}" * 60, '{"\\u202e\\ud83d\\ude00`\\"": "\\u2028"}', '{"a": 9223372036854775808, "b": -9223372036854775809}'],
)  # fmt: skip
def test_no_properties_stop_the_line(line: Line, properties: str) -> None:
    line.put(track("u1", messageId="before"), track("u1", messageId="odd"), track("u1", messageId="after"))
    line.sql(
        "UPDATE intake SET body = convert_to(replace(convert_from(body, 'utf8'), '\"messageId\"', '\"properties\": ' || %s || ', \"messageId\"'), 'utf8') WHERE body LIKE '%%odd%%' RETURNING 1",
        properties,
    )
    line.work()
    assert line.events("message_id") == [("after",), ("before",), ("odd",)]
    assert line.events("message_id", "person_event") == [("after",), ("before",), ("odd",)]
    with line.db.workspace(line.shop) as ws:
        assert len(find_timeline(ws, line.ch, people(line)[0].id)) == 3


def test_a_row_of_a_transaction_that_commits_late_is_not_missed(line: Line) -> None:
    insert = "INSERT INTO intake (lane, workspace_id, received_at, source, body) SELECT lane, workspace_id, received_at, source, replace(convert_from(body, 'utf8'), 'm0', %s)::bytea FROM intake LIMIT 1"
    line.put(track("u1", messageId="m0"))
    with psycopg.connect(line.db.url) as late:
        late.execute("SELECT set_config('hudhud.workspace', '*', false)")
        late.execute(insert, ("late",))
        line.put(track("u1", messageId="next"))
        line.work()
        assert line.events("message_id") == [("m0",)]
        late.commit()
    line.work()
    assert line.events("message_id") == [("late",), ("m0",), ("next",)]


def test_a_batch_that_somebody_else_took_over_does_not_count_twice(line: Line) -> None:
    line.put(*[track(f"u{number}") for number in range(50)])
    with line.db.everywhere() as everywhere:
        stolen = claim_batch(everywhere, "nobody's session")
    assert stolen is not None
    assert line.work() == 1
    with line.db.everywhere() as everywhere, pytest.raises(LeaseLost):
        close_batch(everywhere, stolen)
    assert len(line.events()) == 50


def test_a_held_batch_is_left_alone_until_its_lease_ends(line: Line) -> None:
    line.put(track("u1"))
    with psycopg.connect(line.db.url, application_name="alive"):
        with line.db.everywhere() as everywhere:
            assert claim_batch(everywhere, "alive", lease_s=0.3) is not None
        assert line.work() == 0
        line.sql("SELECT pg_sleep(0.4)")
        assert line.work() == 1


def test_a_worker_takes_up_its_own_failed_batch_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine was away for a moment: nobody waits for the lease of the batch that this cost, though its holder's session lives."""

    def fail(point: str) -> None:
        if point == "intake.resolved":
            raise ConnectionError(point)

    line.put(track("u1", messageId="m1"))
    with psycopg.connect(line.db.url, application_name=line.context.name):
        monkeypatch.setattr(intake, "reach", fail)
        with pytest.raises(ConnectionError):
            intake.work_once(line.context, line.ch, line.ahead)
        monkeypatch.undo()
        assert line.work() == 1
    assert line.events("message_id") == [("m1",)]


def test_a_live_event_does_not_wait_behind_an_import(line: Line) -> None:
    line.put(*[track("u1", "Old Order") for _ in range(300)], bulk=True)
    line.put(track("u1"))
    with line.db.everywhere() as everywhere:
        claim = claim_batch(everywhere, "nobody", limit=100)
    assert claim is not None
    assert min(claim.lanes) < LIVE_LANES <= max(claim.lanes)
    rows = line.sql(
        "SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) <= (l.batch_txid, l.batch_id) AND i.lane >= %s",
        LIVE_LANES,
    )
    assert rows == [(50,)]


def test_reading_ahead_changes_nothing(line: Line) -> None:
    line.put(*[track(f"u{number}", messageId=f"m{number}") for number in range(30)])
    line.sql("UPDATE intake SET body = 'no json' WHERE id = (SELECT max(id) FROM intake) RETURNING 1")
    with line.db.everywhere() as everywhere:
        first = claim_batch(everywhere, "tester", limit=8)
    assert first is not None
    line.ahead.read_on(first)
    with line.db.everywhere() as everywhere:
        close_batch(everywhere, first)
    line.put(*[track(f"u{number}", messageId=f"n{number}") for number in range(30)])
    with line.db.everywhere() as everywhere:
        second = claim_batch(everywhere, "tester")
        assert second is not None
        rows = read_batch(everywhere, second)
        assert len(rows) > 30
        assert [decode_row(row) for row in rows] == line.ahead.decode(everywhere, second)
        # What was read once is used once: a repeat of the batch reads again.
        assert [decode_row(row) for row in rows] == line.ahead.decode(everywhere, second)


def test_time_waits_for_what_is_not_processed(line: Line) -> None:
    def until() -> object:
        with line.db.everywhere() as everywhere:
            return horizon(everywhere, line.clock.now())

    assert until() == NOW
    line.put(track("u1"))
    line.clock.at = NOW + timedelta(minutes=5)
    line.put(track("u1"))
    assert until() == NOW
    line.work()
    assert until() == NOW + timedelta(minutes=5)


def test_behind_a_long_queue_time_allows_for_writers_that_overtake(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "HEAD", 3)
    line.put(*[track("u1") for _ in range(3)])
    with line.db.everywhere() as everywhere:
        assert horizon(everywhere, NOW) == NOW - timedelta(seconds=1)


def test_time_does_not_overtake_an_append_in_flight(line: Line) -> None:
    """Its sender read the clock before the timer was due; it commits after the timer has looked."""
    clock = LiveClock()
    read_at = clock.now()
    row = Row(line.shop, lane_of("u1"), "server", json.dumps(track("u1", messageId="late")).encode())
    with line.db.everywhere() as writer:
        append_rows(writer, [row], read_at)
        with line.db.everywhere() as everywhere:
            until = horizon(everywhere, clock.now())
    ((received_at,),) = line.sql("SELECT received_at FROM intake")
    assert read_at < received_at
    assert until < received_at
    with line.db.everywhere() as everywhere:
        assert horizon(everywhere, clock.now()) == received_at


def test_what_is_added_after_time_has_looked_is_received_later(line: Line) -> None:
    clock = LiveClock()
    read_at = clock.now()
    with line.db.everywhere() as everywhere:
        until = horizon(everywhere, clock.now())
    with line.db.everywhere() as writer:
        append_rows(writer, [Row(line.shop, lane_of("u1"), "server", b"{}")], read_at)
    ((received_at,),) = line.sql("SELECT received_at FROM intake")
    assert until < received_at


def test_order_per_person_is_kept_over_batches(line: Line) -> None:
    for number in range(5):
        line.put(identify("u1", step=number), identify("u2", step=-number))
    line.work()
    assert sorted(person.attributes["step"] for person in people(line)) == [-4, 4]


@pytest.mark.parametrize(
    "traits",
    [
        {"a.b": 1, "a": {"b": 2}},
        {"carts": [{"b.c": 1, "b": {"c": 2}}]},
        {"first_name": "".join(chr(0x4E00 + 7919 * place % 20_000) for place in range(6_000))},
        {"subscriptions": {"newsletter": {"".join(chr(0x4E00 + 7919 * place % 20_000) for place in range(6_000)): "subscribed"}}},
    ],
    ids=["one path twice", "one path twice in a list", "a name of 18 kB", "a channel of 18 kB"],
)
def test_what_one_sender_says_never_holds_up_the_others(line: Line, traits: dict[str, Any]) -> None:
    line.put(identify("u1", plan="gold", **traits), identify("u2", plan="tin"), identify("u3", plan="gold"))
    assert line.work() == 1
    mirror = line.ch.query("SELECT attributes.plan::String FROM person FINAL ORDER BY person_id").result_rows
    assert sorted(plan for (plan,) in mirror) == ["gold", "gold", "tin"]
    assert line.work() == 0
