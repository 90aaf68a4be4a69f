"""Coupons: pools of codes, of which each is given to one person at one step of one run, is good until a moment that they are told, and may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from hudhud.kit.errors import Conflict, NotFound

if TYPE_CHECKING:
    from datetime import datetime

# What is told of a code that was used; only Hudhud writes events of this name.
REDEEMED = "Coupon Redeemed"
LONGEST_CODE, MOST_AT_ONCE, MOST_POOLS = 100, 100_000, 500


class PoolNotFound(NotFound):
    """There is no such pool of coupons."""

    code = "coupon_pool_not_found"


class PoolInUse(Conflict):
    """Codes of this pool have been given; archive it instead."""

    code = "coupon_pool_in_use"


class PoolExists(Conflict):
    """There is a pool with this key already."""

    code = "coupon_pool_exists"


@dataclass(frozen=True, slots=True)
class PoolWishes:
    """What somebody wants of a pool."""

    name: str
    pattern: str = ""
    most: int | None = None
    url: str = ""
    valid_days: int | None = None
    ends_at: datetime | None = None
    low_at: int = 0
    event: str = "Order Completed"
    property: str = "coupon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(PoolWishes):
    """A pool, with how many codes are free, given and used; `free` of one that makes its own: how many it may still make (None: any number)."""

    id: int
    key: str
    archived_at: datetime | None
    created_at: datetime
    total: int
    free: int | None
    given: int
    redeemed: int

    def is_low(self) -> bool:
        """Say whether somebody should bring more."""
        return self.archived_at is None and self.free is not None and self.free <= self.low_at


@dataclass(frozen=True, slots=True)
class Coupon:
    """One code that was given or used."""

    id: int
    code: str
    person_id: int | None
    journey: str | None
    step: str | None
    given_at: datetime | None
    expires_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who shall get a code: on which visit of which run, and until when it would be good by the pool's days (None: no bound)."""

    run_id: int
    person_id: int
    until: datetime | None = None
    visit: int = 1


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody was given."""

    code: str
    expires_at: datetime | None
    url: str


def link_to(url: str, code: str) -> str:
    """Return the address that applies a code; '' where the pool has none."""
    return url.replace("{code}", quote(code, safe=""))
