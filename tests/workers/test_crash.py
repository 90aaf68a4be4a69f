"""kill -9 of a real worker at each point: whatever it leaves, the next one completes, once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.workers.line import identify, track

if TYPE_CHECKING:
    from tests.workers.line import Line

POINTS = ["intake.resolving", "intake.appended", "intake.decided"]
MORE = ["intake.claimed", "intake.resolved", "intake.deciding"]


@pytest.mark.parametrize("point", [*POINTS, *(pytest.param(one, marks=pytest.mark.long) for one in MORE)])
def test_a_killed_worker_leaves_exactly_once(line: Line, point: str) -> None:
    for number in range(40):
        line.put(
            track(f"u{number % 7}", messageId=f"t{number}"), {"type": "page", "anonymousId": f"a{number % 5}", "messageId": f"p{number}"}
        )
    line.put(
        *[{**identify(f"u{number}", f"a{number}", subscriptions={"newsletter": True}), "messageId": f"i{number}"} for number in range(5)]
    )
    line.put(track("u1", messageId="t1"), track("u1", "Other", messageId="t2"))

    assert line.crash(f"{point}:1") == -signal.SIGKILL
    line.work()

    ids = sorted([f"t{number}" for number in range(40)] + [f"p{number}" for number in range(40)] + [f"i{number}" for number in range(5)])
    for table in ("event", "person_event"):
        assert sorted(row[0] for row in line.events("message_id", table)) == ids
    assert sum(count for (count,) in line.sql("SELECT count FROM event_name")) == len(ids)
    assert [reason for reason, _ in line.rejects()] == ["conflict"]
    assert line.sql("SELECT count(*) FROM person WHERE merged_into IS NULL") == [(7,)]
    assert line.sql("SELECT count(*) FROM person WHERE version > mirrored") == [(0,)]
    made = set(line.sql("SELECT id, version FROM person WHERE made_in IS NOT NULL"))
    assert made
    assert made <= {tuple(row) for row in line.ch.query("SELECT person_id, version FROM person").result_rows}
    assert line.sql("SELECT count(*) FROM consent_log") == [(5,)]
    assert line.sql("SELECT count(*) FROM intake") == [(0,)]
    mirrored = line.ch.query(
        "SELECT countIf(gone = 0), countIf(has(subscriptions, 'newsletter:email:subscribed')) FROM person FINAL"
    ).result_rows
    assert [tuple(row) for row in mirrored] == [(7, 5)]
