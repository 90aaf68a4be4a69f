"""The data folder's own files."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hudhud.engines.errors import AlreadyRunning
from hudhud.engines.home import Addresses, Home
from hudhud.engines.process import end_leftover, started_at
from hudhud.kit.clock import LapseClock, from_setting
from hudhud.kit.errors import InvalidInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "data")
    found.prepare()
    return found


def test_a_second_owner_is_refused_and_told_where_the_first_is(home: Home) -> None:
    with home.owned():
        home.announce(Addresses("http://127.0.0.1:8000", "postgresql://", "http://", "", os.getpid()))
        with pytest.raises(AlreadyRunning, match=f"http://127.0.0.1:8000 .process {os.getpid()}"), home.owned():
            pass
    with home.owned():
        assert home.addresses() is None


def test_addresses_are_private_and_end_with_their_process(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        home.announce(Addresses("u", "d", "c", "", process.pid))
        assert home.addresses() == Addresses("u", "d", "c", "", process.pid)
        assert (home.data / "run.json").stat().st_mode & 0o077 == 0
        process.kill()
    assert home.addresses() is None


def test_a_leftover_is_ended_but_never_a_stranger_with_its_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        end_leftover(process.pid, "another stamp", grace_s=0.1)
        assert process.poll() is None
        end_leftover(process.pid, started_at(process.pid), grace_s=5)
        assert process.wait(5) == -15


def test_leftovers_are_found_by_the_next_supervisor(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        home.note_children([process.pid])
        home.end_leftovers()
        assert process.wait(5) == -15


def test_a_time_lapse_goes_on_where_it_stood(home: Home) -> None:
    setting = home.clock_setting(3600, NOW, "")
    clock = from_setting(setting)
    assert isinstance(clock, LapseClock)
    assert (clock.factor, clock.real_start, clock.virtual_start) == (3600, NOW.timestamp(), NOW.timestamp())
    home.note_clock(setting)
    stood = clock.now()
    again = from_setting(home.clock_setting(3600, NOW + timedelta(seconds=60), ""))
    assert isinstance(again, LapseClock)
    assert timedelta(0) < datetime.fromtimestamp(again.virtual_start, UTC) - stood < timedelta(hours=6)


def test_time_never_goes_backwards(home: Home) -> None:
    (home.data / "clock.json").write_text('{"virtual": "2027-01-01T00:00:00+00:00"}')
    with pytest.raises(InvalidInput, match=r"2027-01-01 00:00 UTC.*--time-lapse"):
        home.clock_setting(None, NOW, "")
    assert home.clock_setting(None, NOW + timedelta(days=400), "") == ""


def test_the_configured_clock_is_kept(home: Home) -> None:
    assert home.clock_setting(None, NOW, "file:/tmp/clock") == "file:/tmp/clock"
    home.note_clock("file:/tmp/clock")
    assert not Path(home.data / "clock.json").exists()


def test_a_long_folder_name_moves_the_socket(tmp_path: Path) -> None:
    assert Home(Path("/srv/hudhud")).web_socket == Path("/srv/hudhud/web.sock")
    long = Home(tmp_path / ("long" * 40)).web_socket
    assert len(str(long)) < 100
    assert long != Home(tmp_path / ("long" * 41)).web_socket


def test_a_large_log_is_put_aside(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hudhud.engines.home.LARGEST_LOG", 3)
    home.log("edge").write_text("long")
    home.log("web").write_text("so")
    home.prepare()
    assert {path.name: path.read_text() for path in (home.data / "logs").iterdir()} == {"edge.old": "long", "web.log": "so"}
