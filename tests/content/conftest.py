"""One render process for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hudhud.content.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One render process."""
    process = Sandbox()
    yield process
    process.close()
