"""Which moments share one question: the same condition of many runs is asked as of one moment for all that lie close together."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Moments within this time of each other share one question.
RESOLUTION = timedelta(minutes=1)


def count_sharing(moments: Sequence[datetime], resolution: timedelta, most: int | None = None) -> int:
    """Return how many of these moments (sorted, at least one) share the first question: those within `resolution` of the first.

    Where that would be more than `most` questions for all of them, the first even part of their span.
    """
    width = resolution
    if most is not None and _is_more(moments, resolution, most):
        width = max(resolution, (moments[-1] - moments[0]) / most)
    return bisect_right(moments, moments[0] + width)


def _is_more(moments: Sequence[datetime], resolution: timedelta, most: int) -> bool:
    place = 0
    for _ in range(most):
        place = bisect_right(moments, moments[place] + resolution, lo=place)
        if place == len(moments):
            return False
    return True
