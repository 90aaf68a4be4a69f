"""Codes that somebody pastes: whatever they wrote, they are told what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hudhud.coupons.paste import read_codes

NEW_YORK = ZoneInfo("America/New_York")


def test_any_end_of_a_line_ends_one() -> None:
    assert [code for code, _ in read_codes("A1\rB2\r\nC3\nD4", NEW_YORK)[0]] == ["A1", "B2", "C3", "D4"]
    assert read_codes("\ufeffcode;end\nA1;2026-12-31", NEW_YORK) == ([("A1", datetime(2027, 1, 1, 5, tzinfo=UTC))], [])


@pytest.mark.parametrize(
    "text",
    ['"' + "x" * 200_000, "A1,9999-12-31T23:59:59", "A1,9999-12-31", "A1,soon", "Ä1", "A 1"],
    ids=["open", "late", "last", "word", "letter", "space"],
)
def test_a_bad_line_costs_one_line(text: str) -> None:
    """Headings and empty lines count: it is the line that an editor shows."""
    good, bad = read_codes(f"code,end\n\nA,2026-12-31\n{text}\nB,\n", NEW_YORK)
    assert good == [("A", datetime(2027, 1, 1, 5, tzinfo=UTC)), ("B", None)]
    assert [(one.line, one.text) for one in bad] == [(4, text[:100])]
    assert bad[0].remedy
