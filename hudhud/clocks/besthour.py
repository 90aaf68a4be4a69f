"""The hour of the day at which somebody answers mails and does things: what is learned of each person, and which hour follows from it. Pure.

Weights of 24 hours are smoothed over their neighbours, and what is known of everybody, then of nobody (mornings), fills up what a person has not shown:
it counts as much as a few hours in which they did something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hudhud.kit.localtime import clock_time

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hudhud.kit.localtime import Hours

HOURS = 24
DEFAULT_HOUR = 10
# An hour in which somebody opened or clicked weighs as much as so many in which they did something else.
ANSWER_WEIGHT = 3
# What everybody's hours count for, in such weights: three answers at night outweigh the usual morning.
OF_ALL = 27.0
# What is taken for everybody's while nothing is known: by day, most of all in the middle of the morning.
USUAL = (0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 5, 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0)
NOTHING = (0,) * HOURS


class Learned(NamedTuple):
    """The weights of 24 local hours, and of how many hours with answers to mails and with other deeds they are made."""

    hours: Sequence[int] = NOTHING
    answers: int = 0
    others: int = 0


class Best(NamedTuple):
    """The hour, and what it was learned from: the `person`, `everybody` (nothing is known of the person), or nothing (`default`)."""

    hour: int
    learned_from: str
    answers: int
    others: int


UNKNOWN = Learned()


def choose(person: Learned, everybody: Learned, allowed: Collection[int]) -> Best:
    """Return the best of the hours that are allowed; of all, where none is. Of two that are as good the one nearer to the usual morning."""
    general = _smooth(everybody.hours)
    general = [one + usual for one, usual in zip(general, USUAL, strict=True)]
    whole = sum(general)
    scores = [own + OF_ALL * other / whole for own, other in zip(_smooth(person.hours), general, strict=True)]
    hour = max(allowed or range(HOURS), key=lambda one: (round(scores[one], 6), -abs(one - DEFAULT_HOUR), -one))
    known = person if any(person.hours) else everybody
    said = "person" if known is person else "everybody" if any(everybody.hours) else "default"
    return Best(hour, said, known.answers, known.others)


def _smooth(hours: Sequence[int]) -> list[float]:
    return [hours[one] / 2 + (hours[one - 1] + hours[(one + 1) % HOURS]) / 4 for one in range(HOURS)]


def open_hours(*windows: Hours | None) -> list[int]:
    """Return the hours of a day at whose beginning all of these are open, whatever the weekday."""
    return [hour for hour in range(HOURS) if all(_is_open(window, hour) for window in windows if window is not None)]


def _is_open(window: Hours, hour: int) -> bool:
    if window.since is None or window.until is None:
        return True
    first, last, at = (
        one.hour * 60 + one.minute for one in (clock_time(window.since), clock_time(window.until), clock_time(f"{hour:02}:00"))
    )
    return first <= at < last if first < last else at >= first or at < last
