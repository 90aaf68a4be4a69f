"""What caps and quiet hours hold back in a rehearsal is what they hold back live: the same span is lived through by planner and delivery, and rehearsed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions as consent
from hudhud.consent.types import ConsentChange
from hudhud.content.sandbox import Sandbox
from hudhud.delivery import actions as delivery
from hudhud.delivery import claims
from hudhud.delivery.caps import Cap, Unit
from hudhud.delivery.types import Mark, Settlement, State
from hudhud.journeys.rehearsing.performing import Stage as Place
from hudhud.journeys.rehearsing.performing import perform
from hudhud.journeys.rehearsing.rehearsals import Request
from hudhud.kit.sql import Query
from tests import make
from tests.journeys.stage import DAY, END, HOUR, Stage, delay, send

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

BEGIN = make.NOW + DAY
TRIGGER = {"kind": "event", "name": "Signed Up"}
BASIC: dict[str, Any] = {
    "key": "basic", "trigger": TRIGGER, "start": "mail",
    "nodes": {"mail": send("hello", "rest"), "rest": delay(5, "hours", "more"), "more": {**send("hello", "late"), "expires_after": {"amount": 6, "unit": "hours"}},
              "late": delay(14, "hours", "last"), "last": {**send("hello", "end"), "value": 9}, "end": END},
}  # fmt: skip
URGENT: dict[str, Any] = {
    "key": "urgent", "trigger": TRIGGER, "priority": "high", "send_window": {"from": "09:00", "to": "21:00"}, "start": "rest",
    "nodes": {"rest": delay(5, "hours", "mail"), "mail": send("hello", "end"), "end": END},
}  # fmt: skip
ZONES = Query("zones", "UPDATE person SET time_zone = CASE id %% 3 WHEN 0 THEN 'Asia/Tehran' WHEN 1 THEN 'America/New_York' END")
NEXT = Query("next", "SELECT least((SELECT min(due_at) FROM run_position), (SELECT min(due_at) FROM message))")
HELD = Query(
    "held",
    "SELECT m.source_key, h.cap, m.state, m.reason, count(*) FROM message m LEFT JOIN message_hold h ON h.message_id = m.id GROUP BY 1, 2, 3, 4",
)
BEFORE = Query(
    "before",
    """WITH sent AS (
        INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at)
        SELECT %(workspace_id)s, 'api', s.id, 'before', 1, s.id, 'email', 'newsletter', 'hello', '{}', s.at, s.state, s.told_at
        FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(ats)s::timestamptz[], %(told_ats)s::timestamptz[]) AS s (id, state, at, told_at)
        RETURNING id, workspace_id, planned_at
    )
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at) SELECT workspace_id, id, 1, 'accepted', planned_at FROM sent""",
)
MERGE = Query("merge", "UPDATE person SET merged_into = %(survivor)s WHERE id = %(gone)s")
PUT_OFF = Query("put_off", "SELECT id, source_key FROM message WHERE state = 'planned' AND reason IN ('quiet_hours', 'send_window')")


def deliver(stage: Stage, now: datetime) -> set[tuple[int, str]]:
    """Let all that is due leave; return what waits for its hours."""
    while True:
        with stage.db.everywhere() as everywhere:
            chunk = claims.claim(everywhere, "worker", 500, now)
        if chunk is None:
            with stage.db.workspace(stage.workspace_id) as ws:
                return set(ws.rows(PUT_OFF))
        with stage.db.everywhere() as everywhere:
            marks = [Mark(one.id, chunk.lease_id, one.address, one.version_id, "en", "{}", []) for one in chunk.messages]
            claims.mark(everywhere, marks, now)
            claims.settle(everywhere, [Settlement(one.id, chunk.lease_id, State.ACCEPTED) for one in chunk.messages], "worker", now)


def live_through(stage: Stage, events: list[Any], until: datetime) -> Counter[tuple[str, str, str | None, str]]:
    """Live through a span, from each moment with something to do to the next; return what rules did, in the words of a rehearsal."""
    ahead, put_off = list(events), set()
    now: datetime | None = ahead[0].at
    while now is not None and now <= until:
        coming = [one for one in ahead if one.at <= now]
        ahead = [one for one in ahead if one.at > now]
        if coming:
            stage.take(*coming, now=now)
        stage.tick(now)
        put_off |= deliver(stage, now)
        with stage.db.workspace(stage.workspace_id) as ws:
            now = min(filter(None, [ws.value(NEXT), *(one.at for one in ahead[:1])]), default=None)
    told: Counter[tuple[str, str, str | None, str]] = Counter((key, "hours", None, "held") for _, key in put_off)
    with stage.db.workspace(stage.workspace_id) as ws:
        for key, cap, state, reason, count in ws.rows(HELD):
            if reason == "expired":
                told[key, "expired", None, "skipped"] += count
            elif cap is not None:
                told[key, "capped", cap, "skipped" if (state, reason) == ("skipped", "capped") else "held"] += count
    return told


@pytest.mark.long
def test_caps_and_hours_do_in_a_rehearsal_what_they_do_live(db: Database, ch: Client, clickhouse_url: str) -> None:
    stage = Stage(db, ch, make.workspace(db))
    sandbox = Sandbox()
    with db.workspace(stage.workspace_id) as ws:
        make.template(ws, sandbox)
        people = make.people(ws, [f"p{number}@example.com" for number in range(24)])
        consent.record(ws, [ConsentChange(one, "newsletter", "email", "subscribed", make.NOW + HOUR, "import") for one in people])
        # What came before counts: to whom somebody was before a merge, what came back, and each from when it left.
        old, older, oldest = make.people(ws, ["old@example.com", "older@example.com", "oldest@example.com"])
        for survivor, gone in zip((people[0], people[9], people[18]), (old, older, oldest), strict=True):
            ws.run(MERGE, survivor=survivor, gone=gone)
        before = [(one, "accepted", BEGIN - 2 * HOUR) for one in (old, older, oldest)]
        before += [(one, "bounced", BEGIN - 2 * HOUR) for one in people[1:3]] + [
            (one, "delivered", BEGIN - 4 * HOUR) for one in people[10:12]
        ]
        ids, states, lefts = zip(*before, strict=True)
        ws.run(BEFORE, ids=list(ids), states=list(states), ats=list(lefts), told_ats=[BEGIN - HOUR / 12] * len(before))
        ws.run(ZONES)
        delivery.put_quiet_hours(ws, "22:00", "08:00", BEGIN)
        delivery.add_cap(ws, Cap(0, "two a day", 2, 1, Unit.DAYS), BEGIN)
        delivery.add_cap(ws, Cap(0, "one in six hours", 1, 6, Unit.HOURS), BEGIN)
    sandbox.close()
    stage.mirror({one: {} for one in people})
    for graph in (BASIC, URGENT):
        stage.publish(graph, BEGIN)
    events = [
        stage.event(one, "Signed Up", BEGIN + timedelta(hours=3 * (number % 9), minutes=30 * (number % 2)))
        for number, one in enumerate(people)
    ]
    live = live_through(stage, sorted(events, key=lambda one: one.at), BEGIN + 6 * DAY)
    rehearsed = perform(
        Place(db, clickhouse_url), stage.workspace_id, Request(), BEGIN - HOUR, BEGIN + 6 * DAY, BEGIN + 6 * DAY
    ).together.rules
    told = {(one["journey"], one["rule"], one["cap"], what): one[what] for one in rehearsed for what in ("held", "skipped") if one[what]}
    assert told == dict(live)
    # It is about something: both caps bite, both ways, and so do hours.
    assert {key[1:] for key in told} >= {
        ("capped", "one in six hours", "held"),
        ("capped", "one in six hours", "skipped"),
        ("hours", None, "held"),
    }
