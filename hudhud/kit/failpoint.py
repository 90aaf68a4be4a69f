"""Named fail points: `HUDHUD_FAILPOINT=name:n` makes the process kill itself (SIGKILL) at the n-th pass."""

from __future__ import annotations

import os
import signal
from collections import Counter

from hudhud.kit.config import settings

_passes: Counter[str] = Counter()
_name, _, _count = settings().failpoint.partition(":")
_at = int(_count or 1)


def reach(name: str) -> None:
    """Pass the point `name`; free when no fail point is set."""
    if name != _name:
        return
    _passes[name] += 1
    if _passes[name] == _at:
        os.kill(os.getpid(), signal.SIGKILL)
