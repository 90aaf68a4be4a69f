"""Business days: a country's weekend and public holidays, from the `holidays` library; where it knows nothing, Monday to Friday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import holidays as library

from hudhud.kit.localtime import WEEK
from hudhud.people.queries import country_of_zone as country_of_zone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from hudhud.kit.localtime import Weekday

WEEKEND = frozenset({5, 6})
# No country is on holiday for so long: a search that gets here has gone wrong.
LONGEST = 366


@dataclass(frozen=True)
class Calendar:
    """Which days people work on."""

    weekend: frozenset[int]  # 0 = Monday
    holidays: library.HolidayBase | None
    is_own_weekend: bool  # given by the journey: the country's days worked in exchange do not count

    def is_business_day(self, day: date) -> bool:
        """Say whether people work on a day."""
        if self.holidays is None:
            return day.weekday() not in self.weekend
        if self.is_own_weekend:
            return day.weekday() not in self.weekend and day not in self.holidays
        return bool(self.holidays.is_working_day(day))

    def from_day(self, day: date) -> Iterator[date]:
        """Yield the business days from a day on."""
        for number in range(LONGEST * 2):
            one = day + number * timedelta(days=1)
            if self.is_business_day(one):
                yield one


@lru_cache(maxsize=512)
def find_calendar(country: str | None, weekend: tuple[Weekday, ...] | None, *, holidays: bool) -> Calendar:
    """Return a country's calendar. `weekend`: these days instead of the country's; `holidays`: whether public holidays are days off."""
    known = library.country_holidays(country) if country and country in _countries() else None
    days = (
        frozenset(WEEK.index(day) for day in weekend) if weekend is not None else frozenset(known.weekend if known is not None else WEEKEND)
    )
    return Calendar(days, known if holidays else None, weekend is not None)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(library.list_supported_countries())
