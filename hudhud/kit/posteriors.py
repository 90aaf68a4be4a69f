"""What may be believed of the arms of a test: intervals, the probability to be best, and what is lost by taking the wrong one.

Rates: Beta-binomial, from the prior Beta(1, 1) (each rate as likely as any other). Revenue of a person: a hurdle, the Beta-binomial rate of those
who bought times the mean of what they paid, which is Gamma with a shape k that all arms share and a rate with a Gamma prior (Fader, Hardie: The
Gamma-Gamma Model of Monetary Value, 2013), here worth one purchase of the usual size. k is one over the squared coefficient of variation of
what was paid, so that the mean is as uncertain as it is for amounts of any distribution. Draws are seeded by the figures: the same give the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.evidence import Tally

DRAWS = 8_000
TAIL = 0.025
FEWEST_PURCHASES = 2


@dataclass(frozen=True)
class Belief:
    """Of one arm: the mean, between which bounds it lies with probability 0.95, that it is the best, and what is lost on average if it is not."""

    mean: float
    low: float
    high: float
    best: float
    loss: float


def believe(tallies: Sequence[Tally], *, is_revenue: bool) -> list[Belief]:
    """Return what may be believed of each arm."""
    seed = blake2b(repr((list(tallies), is_revenue)).encode(), digest_size=8).digest()
    # Chance that is the same each time, not a secret.
    random = Random(int.from_bytes(seed))
    columns = _draw_revenue(random, tallies) if is_revenue else [_draw_rates(random, tally) for tally in tallies]
    rows = list(zip(*columns, strict=True))
    tops = [max(row) for row in rows]
    # While nobody has bought anything all are the best: they share it.
    ties = [row.count(top) for row, top in zip(rows, tops, strict=True)]
    return [_sum_up(column, tops, ties) for column in columns]


def _sum_up(column: list[float], tops: list[float], ties: list[int]) -> Belief:
    ordered = sorted(column)
    cut = int(DRAWS * TAIL)
    best = sum(1 / tie for one, top, tie in zip(column, tops, ties, strict=True) if one == top) / DRAWS
    loss = sum(top - one for one, top in zip(column, tops, strict=True)) / DRAWS
    return Belief(sum(column) / DRAWS, ordered[cut], ordered[-cut - 1], best, loss)


def _draw_rates(random: Random, tally: Tally) -> list[float]:
    hits, misses = 1 + tally.hits, 1 + tally.people - tally.hits
    return [random.betavariate(hits, misses) for _ in range(DRAWS)]


def _draw_revenue(random: Random, tallies: Sequence[Tally]) -> list[list[float]]:
    bought = sum(tally.hits for tally in tallies)
    usual = sum(tally.total for tally in tallies) / bought if bought else 0.0
    if bought < FEWEST_PURCHASES or usual <= 0:
        return [[rate * usual for rate in _draw_rates(random, tally)] for tally in tallies]
    variance = max(sum(tally.squares for tally in tallies) / bought - usual**2, (usual / 100) ** 2)
    shape = usual**2 / variance
    found = []
    for tally in tallies:
        # The mean purchase is k / theta, theta ~ Gamma(1 + k(n + 1), rate usual + total): on average (usual + total) / (n + 1).
        alpha, scale = 1 + shape * (tally.hits + 1), shape * (usual + tally.total)
        found.append([one * scale / random.gammavariate(alpha, 1) for one in _draw_rates(random, tally)])
    return found
