"""Codes that somebody pastes: whatever they wrote, they are told what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hudhud.coupons.paste import read_codes
from hudhud.kit.errors import InvalidInput

NEW_YORK = ZoneInfo("America/New_York")


def test_any_end_of_a_line_ends_one() -> None:
    assert [code for code, _ in read_codes("A1\rB2\r\nC3\nD4", NEW_YORK)] == ["A1", "B2", "C3", "D4"]
    assert read_codes("code;end\nA1;2026-12-31", NEW_YORK) == [("A1", datetime(2027, 1, 1, 5, tzinfo=UTC))]


@pytest.mark.parametrize(
    "text", ['"' + "x" * 200_000, "A1,9999-12-31T23:59:59", "A1,9999-12-31", "A1,soon"], ids=["open", "late", "last", "word"]
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(InvalidInput, match="codes"):
        read_codes(text, NEW_YORK)


def test_an_end_that_is_none_is_named_by_its_line_in_the_text() -> None:
    """Headings and empty lines count: it is the line that an editor shows."""
    with pytest.raises(InvalidInput) as refused:
        read_codes("code,end\n\nA,2026-12-31\nB,soon\n", ZoneInfo("UTC"))
    assert refused.value.data["field"] == "codes, line 4"
