"""The flight record: believed when its writer is dead and the machine has not been started anew; otherwise nothing is known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import flight
from hudhud.delivery.flight import SLOTS, Far, FlightRecorder

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import os, signal, sys
from pathlib import Path
from hudhud.delivery.flight import FlightRecorder

record = FlightRecorder(Path(sys.argv[1]), "w:1")
for message_id in (1, 2, 3, 4):
    record.leaves(message_id, 70 + message_id)
record.answered(2, 72, is_good=True)
record.answered(3, 73, is_good=False)
record.answered(4, 74, is_good=True)
record.settled([(4, 74)])
os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """The folder of a writer that was killed."""
    died = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path), "SIGKILL"], check=False)
    assert died.returncode == -signal.SIGKILL
    return tmp_path


def test_a_killed_writer_leaves_how_far_each_hand_over_came(left: Path) -> None:
    assert flight.read(left, "w:1") == {(1, 71): Far.LEFT, (2, 72): Far.ACCEPTED, (3, 73): Far.REFUSED}


def test_a_writer_that_stands_still_may_still_send(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "SIGSTOP"])
    os.waitid(os.P_PID, writer.pid, os.WSTOPPED)
    assert flight.read(tmp_path, "w:1") is None
    flight.forget(tmp_path, set())
    assert (tmp_path / "flights" / "w:1.flight").exists()
    writer.kill()
    writer.wait()
    assert flight.read(tmp_path, "w:1") is not None


def test_after_a_restart_of_the_machine_nothing_is_known(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "boot_id", lambda: b"another boot")
    assert flight.read(left, "w:1") is None
    monkeypatch.setattr(flight, "boot_id", lambda: b"")
    assert flight.read(left, "w:1") is None
    flight.forget(left, set())
    assert list((left / "flights").iterdir()) == []


def test_a_torn_or_missing_record_says_nothing(left: Path) -> None:
    assert flight.read(left, "w:2") is None
    os.truncate(left / "flights" / "w:1.flight", 100)
    assert flight.read(left, "w:1") is None


def test_records_of_the_dead_are_forgotten_once_their_leases_are_over(left: Path) -> None:
    flight.forget(left, {"w:1"})
    assert flight.read(left, "w:1") is not None
    flight.forget(left, set())
    assert list((left / "flights").iterdir()) == []


def test_slots_are_used_again(tmp_path: Path) -> None:
    record = FlightRecorder(tmp_path, "w:1")
    for message_id in range(3 * SLOTS):
        record.leaves(message_id, 1)
        record.settled([(message_id, 1), (message_id, 1)])
    record.close()
    assert list((tmp_path / "flights").iterdir()) == []


def test_a_late_word_about_an_earlier_lease_forgets_nothing(tmp_path: Path) -> None:
    record = FlightRecorder(tmp_path, "w:1")
    record.leaves(5, 9)
    record.answered(5, 9, is_good=False)
    record.leaves(5, 10)
    record.settled([(5, 9)])
    record.close()
    assert flight.read(tmp_path, "w:1") == {(5, 10): Far.LEFT}


def test_a_message_on_its_way_under_two_leases_has_two_entries(tmp_path: Path) -> None:
    """A transactional mail whose lease ended in the air goes again; then the reply to the first one comes."""
    record = FlightRecorder(tmp_path, "w:1")
    record.leaves(5, 9)
    record.leaves(5, 10)
    record.answered(5, 9, is_good=False)
    record.settled([(5, 9)])
    record.close()
    assert flight.read(tmp_path, "w:1") == {(5, 10): Far.LEFT}


def test_a_worker_started_again_under_its_name_keeps_what_it_left(tmp_path: Path) -> None:
    first = FlightRecorder(tmp_path, "w:1")
    first.leaves(5, 9)
    first.close()
    second = FlightRecorder(tmp_path, "w:1")
    assert flight.read(tmp_path, "w:1") is None
    second.leaves(6, 10)
    second.settled([(6, 10)])
    second.close()
    assert flight.read(tmp_path, "w:1") == {(5, 9): Far.LEFT}


def test_a_record_stays_while_leases_are_not_over(tmp_path: Path) -> None:
    FlightRecorder(tmp_path, "w:1").close(is_over=False)
    assert flight.read(tmp_path, "w:1") == {}


def test_a_record_has_its_place_on_the_disk_before_it_is_used(tmp_path: Path) -> None:
    record = FlightRecorder(tmp_path, "w:1")
    assert record.path.stat().st_blocks * 512 >= flight.SIZE
    record.close()
