"""What a test shows: no winner by noise though one looks all the time, a real difference found, and intervals that hold."""

from __future__ import annotations

from math import exp, log
from random import Random

import pytest

from hudhud.kit.evidence import Tally, counted, find_best, is_shown, log_ratio, people_needed, threshold
from hudhud.kit.posteriors import believe

STEP = 20


def watch(random: Random, rates: tuple[float, ...], most: int, *, sigma: float | None = None) -> int | None:
    """Look after each few people from the 200th on; return the winner, or None if none was shown with `most` people in each arm.

    `sigma`: what each of the rate pays is log-normal with it; else it is only counted.
    """
    sums = [[0, 0, 0.0, 0.0] for _ in rates]
    for people in range(STEP, most + 1, STEP):
        for rate, one in zip(rates, sums, strict=True):
            hits = sum(random.random() < rate for _ in range(STEP))
            paid = [random.lognormvariate(3.5, sigma) for _ in range(hits)] if sigma else [1.0] * hits
            one[0], one[1] = people, one[1] + hits
            one[2], one[3] = one[2] + sum(paid), one[3] + sum(value * value for value in paid)
        tallies = [Tally(int(one[0]), int(one[1]), one[2], one[3]) for one in sums]
        if people >= 200 and is_shown(tallies, 95, 0.2):
            return find_best(tallies)
    return None


def share_of_winners(rates: tuple[float, ...], runs: int, most: int, *, sigma: float | None = None) -> float:
    return sum(watch(Random(seed), rates, most, sigma=sigma) is not None for seed in range(runs)) / runs


def test_of_arms_that_are_alike_hardly_any_wins_however_often_one_looks() -> None:
    assert share_of_winners((0.2, 0.2), 60, 2_000) <= 0.05
    assert share_of_winners((0.1, 0.1), 40, 1_000, sigma=1.0) <= 0.05


# Figures in decision 36.
CASES = {
    "one in five": ((0.2, 0.2), None),
    "one in twenty": ((0.05, 0.05), None),
    "one in two": ((0.5, 0.5), None),
    "three arms": ((0.2, 0.2, 0.2), None),
    "four arms": ((0.1, 0.1, 0.1, 0.1), None),
    "revenue": ((0.05, 0.05), 0.6),
    "revenue of few who pay much": ((0.05, 0.05), 1.5),
}


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=pytest.mark.long if one == "one in five" else pytest.mark.prove) for one in CASES]
)
def test_the_share_of_false_winners_is_below_five_in_a_hundred(case: str) -> None:
    rates, sigma = CASES[case]
    share = share_of_winners(rates, 1_000, 10_000, sigma=sigma)
    assert share <= 0.05


@pytest.mark.parametrize(
    "rates",
    [
        pytest.param((0.2, 0.24), id="large", marks=pytest.mark.long),
        pytest.param((0.05, 0.06), id="small", marks=pytest.mark.prove),
        pytest.param((0.2, 0.2, 0.24), id="three", marks=pytest.mark.prove),
    ],
)
def test_the_people_that_are_said_to_be_needed_show_the_difference(rates: tuple[float, ...]) -> None:
    usual = [counted(100_000, int(100_000 * rates[0]))] * len(rates)
    needed = people_needed(usual, 95, 0.2)
    assert needed is not None
    found = [watch(Random(seed), rates, needed) for seed in range(300)]
    shown = sum(one == len(rates) - 1 for one in found) / len(found)
    wrong = sum(one is not None and one != len(rates) - 1 for one in found)
    assert shown >= 0.75
    assert wrong <= 3


def test_a_clear_difference_is_shown_and_the_better_arm_wins() -> None:
    assert is_shown([counted(2_000, 400), counted(2_000, 560)], 95, 0.2)
    assert find_best([counted(2_000, 400), counted(2_000, 560)]) == 1
    assert not is_shown([counted(2_000, 400), counted(2_000, 420)], 95, 0.2)
    # Better than one of the others is not better than both.
    assert not is_shown([counted(2_000, 400), counted(2_000, 560), counted(2_000, 555)], 95, 0.2)
    assert not is_shown([counted(2_000, 0), counted(2_000, 15)], 95, 0.2)


def test_a_small_arm_of_few_large_sums_is_measured_by_its_own_spread() -> None:
    # Both earn 4 for each person: the one from 4 in 10 who pay 10, the other from 4 in 100 who pay 100; 25 of 1,000 are 2.5 standard errors below.
    large, small = Tally(9_000, 3_600, 36_000, 360_000), Tally(1_000, 25, 2_500, 250_000)
    assert not is_shown([large, small], 95, 0.2)
    # 8 would be 6 of them.
    assert is_shown([large, Tally(1_000, 8, 800, 80_000)], 95, 0.2)


def test_the_likelihood_ratio_is_that_of_two_normal_distributions() -> None:
    # By hand: 1,000 and 1,000 people, 100 and 140 hits; mean 0.12, variance 0.1056, prior of width 0.024.
    error, prior = 0.1056 * 2 / 1_000, 0.024**2
    marginal = log((error / (error + prior)) ** 0.5 * exp(0.04**2 / 2 * (1 / error - 1 / (error + prior))))
    assert log_ratio(counted(1_000, 140), counted(1_000, 100), 0.2) == pytest.approx(marginal)
    assert log_ratio(counted(0, 0), counted(10, 1), 0.2) == 0
    assert log_ratio(counted(10, 10), counted(10, 10), 0.2) == 0
    assert threshold(2, 95) == pytest.approx(log(20))
    assert threshold(4, 95) == pytest.approx(log(40))
    assert people_needed([counted(10, 0), counted(10, 0)], 95, 0.2) is None


def test_beliefs_are_the_beta_posterior() -> None:
    one, other = believe([counted(100, 10), counted(100, 20)], is_revenue=False)
    # Beta(11, 91): mean 0.1078, 95 in 100 within 0.0556 and 0.1743 (R: qbeta).
    assert (one.mean, one.low, one.high) == pytest.approx((11 / 102, 0.0556, 0.1743), abs=0.003)
    assert one.best + other.best == pytest.approx(1)
    assert other.best == pytest.approx(0.975, abs=0.01)
    assert other.loss < one.loss
    assert believe([counted(100, 10), counted(100, 20)], is_revenue=False) == [one, other]
    assert [belief.best for belief in believe([counted(0, 0), counted(0, 0)], is_revenue=False)] == pytest.approx([0.5, 0.5], abs=0.03)


@pytest.mark.parametrize("sigma", [pytest.param(0.5, marks=pytest.mark.prove), pytest.param(1.0, marks=pytest.mark.long)])
def test_intervals_of_revenue_hold_the_truth_as_often_as_they_say(sigma: float) -> None:
    rate, truth, held = 0.1, 0.1 * exp(3.5 + sigma**2 / 2), 0
    for seed in range(200):
        random = Random(seed)
        arms = []
        for _ in range(2):
            paid = [random.lognormvariate(3.5, sigma) if random.random() < rate else 0.0 for _ in range(2_000)]
            arms.append(Tally(len(paid), sum(value > 0 for value in paid), sum(paid), sum(value * value for value in paid)))
        held += sum(belief.low <= truth <= belief.high for belief in believe(arms, is_revenue=True))
    assert 0.92 <= held / 400 <= 0.98


def test_nothing_bought_and_nobody_there_have_beliefs_too() -> None:
    nobody = believe([Tally(0, 0, 0.0, 0.0), Tally(10, 0, 0.0, 0.0)], is_revenue=True)
    assert all(belief.low <= belief.mean <= belief.high for belief in nobody)
    # Neither is the best: they share it.
    assert [belief.best for belief in nobody] == pytest.approx([0.5, 0.5])
    same = believe([Tally(100, 10, 500.0, 25_000.0), Tally(100, 10, 500.0, 25_000.0)], is_revenue=True)
    assert same[0].mean == pytest.approx(same[1].mean, rel=0.05)
    assert same[0].mean == pytest.approx(5.0, rel=0.12)
