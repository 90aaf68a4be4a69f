"""What we say ourselves is told to people in words of their own language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hudhud.events.names import RESERVED

WEB = Path(__file__).parents[2] / "web/src"


@pytest.mark.parametrize("language", ["ar", "en", "et", "fa"])
def test_our_own_events_have_words(language: str) -> None:
    words = json.loads((WEB / f"i18n/locales/{language}/people.json").read_text("utf-8"))["event"]
    titles = (WEB / "features/people/timeline.ts").read_text("utf-8")
    assert [name for name in sorted(RESERVED) if name.lower().replace(" ", "_") not in words or f'"{name}"' not in titles] == []
