"""Clocks: what they say and how long to sleep."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hudhud.kit.clock import FixedClock, LapseClock, LiveClock, ReplayedClock, from_setting
from hudhud.kit.errors import InvalidInput


def test_the_default_is_the_wall_clock() -> None:
    assert isinstance(from_setting(""), LiveClock)
    assert abs((from_setting("live").now() - datetime.now(UTC)).total_seconds()) < 1


def test_time_lapse_runs_at_its_factor_and_shrinks_sleeps() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock = LapseClock(3600, time.time() - 24, start.timestamp())
    assert timedelta(hours=23, minutes=59) < clock.now() - start < timedelta(days=1, minutes=30)
    assert clock.real_seconds(timedelta(days=1)) == 24


def test_a_replayed_clock_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "now"
    clock = from_setting(f"file:{path}")
    assert isinstance(clock, ReplayedClock)
    for text in ("1997-01-01T12:00:00+00:00", "1998-06-30T23:59:59+00:00"):
        path.write_text(text)
        assert clock.now() == datetime.fromisoformat(text)


@pytest.mark.parametrize("text", ["lapse", "lapse:a:b:c", "lapse:1", "tomorrow"])
def test_a_bad_setting_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="HUDHUD_CLOCK"):
        from_setting(text)


def test_a_fixed_clock_stands() -> None:
    at = datetime(2026, 2, 28, tzinfo=UTC)
    assert FixedClock(at).now() == at
