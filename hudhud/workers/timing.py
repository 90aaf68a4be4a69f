"""How long the steps of a role take, by their names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hudhud.workers.context import Context


class timed:  # noqa: N801 -- reads like a function
    """Count a step and its seconds."""

    def __init__(self, context: Context, name: str) -> None:
        """Name what is timed."""
        self.context, self.name = context, name

    def __enter__(self) -> None:
        """Start."""
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Count."""
        self.context.count("step passes", self.name)
        self.context.count("step seconds", self.name, time.perf_counter() - self.began)
