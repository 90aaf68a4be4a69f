"""What a test has shown so far, however often one looks: evidence that stays honest under peeking, and how many people it still takes.

Two arms are compared by the mixture sequential probability ratio test (Robbins 1970; Johari, Koomen, Pekelis, Walsh: Always Valid Inference,
Operations Research 70, 2022): the likelihood ratio of "their means differ", with a normal prior of width tau on the difference, against "they
are the same". Under the latter it is a martingale that begins at 1, so that it ever exceeds 1/a with probability a at most (Ville 1939),
also for who looks after each person. Means are normal in the limit; that holds for rates and for revenue, and asks for `Stop.people`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The chance to have shown the difference by then, if it is as large as the author wishes to know.
POWER = 0.8
MOST_PEOPLE = 100_000_000
# A normal limit says little of things that hardly anybody did.
FEWEST_HITS = 20


@dataclass(frozen=True)
class Tally:
    """What the people of an arm did whose window is over: how many they are, how many did what counts, what it came to, and its squares.

    Where it is counted and not added up, `total` and `squares` are `hits`.
    """

    people: int
    hits: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """Return what it came to for each person."""
        return self.total / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Return how much it varies from person to person."""
        return max(self.squares / self.people - self.mean**2, 0.0) if self.people else 0.0


def counted(people: int, hits: int) -> Tally:
    """Return the tally of a thing that people did or did not."""
    return Tally(people, hits, hits, hits)


def log_ratio(one: Tally, other: Tally, difference: float) -> float:
    """Return the logarithm of the likelihood ratio for two arms; `difference` (a part of the usual mean) is the width of the prior."""
    people = one.people + other.people
    mean = (one.total + other.total) / people if people else 0.0
    spread = (one.squares + other.squares) / people - mean**2 if people else 0.0
    if not one.people or not other.people or spread <= 0 or mean == 0:
        return 0.0
    # Of ways that earn the same, the one with few large sums varies far more: what all vary by together would be too little for a small such arm.
    error = max(spread * (1 / one.people + 1 / other.people), one.variance / one.people + other.variance / other.people)
    prior = (difference * mean) ** 2
    return 0.5 * log(error / (error + prior)) + (one.mean - other.mean) ** 2 * prior / (2 * error * (error + prior))


def threshold(arms: int, certainty: float) -> float:
    """Return what `log_ratio` must reach against each of the others; `certainty` in percent.

    Of two arms that are alike each is taken for the better one in half of all mistakes, so one of `arms` that are all alike is with
    probability arms / 2 / threshold (Bonferroni); nobody is the winner who is not shown to be better than each single other one.
    """
    return log(arms / 2 / (1 - certainty / 100))


def find_best(tallies: Sequence[Tally]) -> int:
    """Return the place of the arm with the highest mean, the first of equals."""
    return max(range(len(tallies)), key=lambda place: tallies[place].mean)


def weakest(tallies: Sequence[Tally], difference: float) -> float:
    """Return the evidence for the best arm against the one that it is least shown to be better than."""
    best = find_best(tallies)
    return min(log_ratio(tallies[best], other, difference) for place, other in enumerate(tallies) if place != best)


def is_shown(tallies: Sequence[Tally], certainty: float, difference: float) -> bool:
    """Say whether the best arm is shown to be better than each other one."""
    if sum(tally.hits for tally in tallies) < FEWEST_HITS:
        return False
    return weakest(tallies, difference) >= threshold(len(tallies), certainty)


def people_needed(tallies: Sequence[Tally], certainty: float, difference: float) -> int | None:
    """Return how many people each arm needs to show, with probability 0.8, a difference as large as the author wishes to know; None if unknown."""
    people, total = sum(tally.people for tally in tallies), sum(tally.total for tally in tallies)
    mean = total / people if people else 0.0
    spread = sum(tally.squares for tally in tallies) / people - mean**2 if people else 0.0
    if mean <= 0 or spread <= 0 or sum(tally.hits for tally in tallies) < FEWEST_HITS:
        return None
    effect, bound = difference * mean, threshold(len(tallies), certainty)
    # The winner must be shown against each of the others.
    reach = NormalDist().inv_cdf(POWER ** (1 / (len(tallies) - 1)))
    low, high = 2, MOST_PEOPLE
    while low < high:
        middle = (low + high) // 2
        if _boundary(2 * spread / middle, effect, bound) + reach * sqrt(2 * spread / middle) <= effect:
            high = middle
        else:
            low = middle + 1
    return low if low < MOST_PEOPLE else None


def _boundary(error: float, prior: float, bound: float) -> float:
    """Return which difference of means would be evidence enough; `error`: the variance of that difference."""
    if error <= 0:
        return inf
    width = prior**2
    return sqrt(2 * error * (error + width) / width * (bound + 0.5 * log((error + width) / error)))
