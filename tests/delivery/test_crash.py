"""kill -9 of a delivery worker at each point of a hand-over (F-01 … F-04), and SIGTERM; what others make of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.delivery.conftest import Desk


def _start(desk: Desk, tmp_path: Path, failpoint: str = "") -> subprocess.Popen[bytes]:
    """The real worker process, with the real clock; its messages are due since long ago."""
    env = {
        **os.environ, "DATABASE_URL": desk.db.url, "HUDHUD_SMTP_URL": desk.ledger.url, "HUDHUD_FAILPOINT": failpoint,
        "HUDHUD_DATA": str(tmp_path), "HUDHUD_PUBLIC_URL": "https://mail.example", "CLICKHOUSE_URL": "http://127.0.0.1:1/none", "HUDHUD_LOG_LEVEL": "error",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", "hudhud.workers.main", "--roles", "delivery"], env=env)


@pytest.mark.parametrize("failpoint", ["delivery.claimed:1", "delivery.envelope:1", "delivery.before_dot:1", "delivery.after_reply:1"])
def test_a_killed_worker_loses_nothing_and_doubles_nothing(desk: Desk, tmp_path: Path, failpoint: str) -> None:
    desk.send("first@example.com", "second@example.com")
    process = _start(desk, tmp_path, failpoint)
    assert process.wait(30) == -signal.SIGKILL
    _end_leases(desk)
    desk.work()
    states, recipients = desk.states(), desk.told()
    doubtful = {address for address, (state, _) in states.items() if state == "in_doubt"}
    assert len(recipients) == len(set(recipients))
    assert {address for address, (state, _) in states.items() if state == "accepted"} == states.keys() - doubtful
    assert set(recipients) >= states.keys() - doubtful
    # In doubt is what has left without a reply, on the other connection.
    assert len(doubtful) <= (1 if failpoint == "delivery.after_reply:1" else 0)
    assert desk.rows("SELECT FROM delivery_lease") == []
    assert list((tmp_path / "flights").iterdir()) == []


def _end_leases(desk: Desk) -> None:
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute("UPDATE delivery_lease SET until = clock_timestamp() - interval '1 second'")


def test_a_transactional_mail_in_doubt_goes_again_with_the_same_message_id(desk: Desk, tmp_path: Path) -> None:
    desk.send("ada@example.com", topic="transactional")
    process = _start(desk, tmp_path, "delivery.after_dot:1")
    assert process.wait(30) == -signal.SIGKILL
    _until(lambda: len(desk.ledger.entries()) == 1)
    _end_leases(desk)
    desk.clock.at = datetime.now(UTC) + timedelta(days=1)
    second = _start(desk, tmp_path)
    _until(lambda: not desk.busy())
    second.send_signal(signal.SIGTERM)
    assert second.wait(15) == 0
    entries = desk.ledger.entries()
    assert len(entries) == 2
    assert len({entry.message_id for entry in entries}) == 1
    assert desk.states() == {"ada@example.com": ("accepted", "")}


def test_sigterm_leaves_nothing_in_doubt(desk: Desk, tmp_path: Path) -> None:
    addresses = [f"p{number}@example.com" for number in range(500)]
    desk.send(*addresses)
    process = _start(desk, tmp_path)
    _until(lambda: len(desk.ledger.entries()) > 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    states = [state for state, _ in desk.states().values()]
    assert set(states) <= {"accepted", "planned"}
    assert states.count("accepted") == len(desk.told())


def _until(is_so: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
