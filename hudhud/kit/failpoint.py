"""Named fail points: `HUDHUD_FAILPOINT=name:n` makes the process kill itself (SIGKILL) at the n-th pass."""

from __future__ import annotations

import os
import signal
from collections import Counter
from functools import lru_cache

from hudhud.kit.config import settings

_passes: Counter[str] = Counter()


def reach(name: str) -> None:
    """Pass the point `name`; all but free when no fail point is set."""
    wanted, at = _wanted()
    if name != wanted:
        return
    _passes[name] += 1
    if _passes[name] == at:
        os.kill(os.getpid(), signal.SIGKILL)


@lru_cache(maxsize=1)
def _wanted() -> tuple[str, int]:
    name, _, count = settings().failpoint.partition(":")
    return name, int(count or 1)
