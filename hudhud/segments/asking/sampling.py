"""A sample of people, and how far what it tells may be from the truth.

The sample is one part of so many of all people, by a hash of their number: whom a condition is true for has no influence on who is in
it, and it is the same people for every condition, so that numbers which belong together fit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10, sqrt

Z = 1.96  # 95 % of a normal distribution lie within so many standard deviations
FEW_UNITS = 3  # an error of 1,290 is told as 1,300, one of 4,290 as 5,000


@dataclass(frozen=True, slots=True)
class Sample:
    """One in `parts` people (a power of two); another `seed` chooses others."""

    parts: int
    seed: int = 0

    def test(self, who: str) -> str:
        """Return the SQL condition that a person (a column of ids) is in the sample. Shares by lot use another hash."""
        return f"intHash64(bitXor({who}, toUInt64({self.seed:d}))) % {self.parts:d} = 0"


@dataclass(frozen=True, slots=True)
class Estimate:
    """So many people, give or take `error`; 0: counted, not estimated."""

    count: int
    error: int = 0


def estimate(found: int, asked: int, whole: int) -> Estimate:
    """Return how many of `whole` people there are when `found` of `asked` were met in a sample: 95 % of such intervals hold the truth.

    Wilson's score interval (E. B. Wilson, JASA 22, 1927), which also holds for rare and for nearly general conditions, with the correction for
    samples from a finite whole; never less than the people met. Rounded to the digits that mean something.
    """
    if asked >= whole:
        return Estimate(found)
    if asked == 0:
        return Estimate(0, whole)
    share = found / asked
    size = asked * (whole - 1) / (whole - asked)
    middle = (share + Z * Z / (2 * size)) / (1 + Z * Z / size)
    half = Z * sqrt(share * (1 - share) / size + Z * Z / (4 * size * size)) / (1 + Z * Z / size)
    low, high = max(found, floor((middle - half) * whole)), min(whole - asked + found, ceil((middle + half) * whole))
    return _rounded(share * whole, low, high)


def _rounded(count: float, low: int, high: int) -> Estimate:
    error = max(high - count, count - low)
    step = 10 ** floor(log10(error)) if error >= 1 else 1
    if error / step < FEW_UNITS and step > 1:
        step //= 10
    told = round(count / step) * step
    return Estimate(told, ceil(max(high - told, told - low, 0) / step) * step)
