"""Routes of coupons: pools, their codes, who has them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from ninja import Field, Router, Schema, Status

from hudhud.accounts.queries import get_workspace
from hudhud.coupons import actions, queries
from hudhud.coupons.paste import read_codes
from hudhud.coupons.types import PoolWishes

if TYPE_CHECKING:
    from hudhud.coupons.types import Pool
    from hudhud.kit.http import Request

router = Router(tags=["coupons"])
Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
MOST_PASTED = 5_000_000
# Of lines that are refused so many are named.
MOST_LINES = 100


class CouponPoolGiven(Schema):
    """A pool. With a `pattern` (SPRING-####-###%) codes are made as they are needed, `most` at most; without one they are brought along."""

    name: str
    pattern: str = ""
    most: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    url: str = ""
    valid_days: int | None = None
    ends_at: datetime | None = None
    low_at: Annotated[int, Field(ge=0, lt=2**53)] = 0
    event: Annotated[str, Field(max_length=200)] = "Order Completed"
    property: Annotated[str, Field(max_length=200)] = "coupon"


class CouponPoolMade(CouponPoolGiven):
    """A new pool, and what journeys and mails call it by."""

    key: str


class CouponPoolShown(Schema):
    """A pool with its stock; `free` null: it makes as many as are needed."""

    key: str
    name: str
    pattern: str
    most: int | None
    url: str
    valid_days: int | None
    ends_at: datetime | None
    low_at: int
    event: str
    property: str
    archived_at: datetime | None
    created_at: datetime
    total: int
    free: int | None
    given: int
    redeemed: int
    is_low: bool


class CouponPools(Schema):
    """Pools, by key."""

    items: list[CouponPoolShown]
    next: str | None
    total: int


class CouponCodes(Schema):
    """Codes as text, one on a line, where it is so with the day on which it ends behind a comma."""

    codes: Annotated[str, Field(max_length=MOST_PASTED)]


class CouponLineRefused(Schema):
    """A line that is no code, and what to do about it."""

    line: int
    text: str
    remedy: str


class CouponCodesTaken(Schema):
    """How many codes are new, how many were known, how many lines were refused, and the first of those."""

    added: int
    known: int
    refused: int
    lines: list[CouponLineRefused]


class CouponShown(Schema):
    """A code that was given or used."""

    id: int
    code: str
    person_id: int | None
    journey: str | None
    step: str | None
    given_at: datetime | None
    expires_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: int | None


class CouponsShown(Schema):
    """A page of them, the newest first."""

    items: list[CouponShown]
    next: int | None
    total: int | None


def _card(pool: Pool) -> dict[str, Any]:
    return {**asdict(pool), "is_low": pool.is_low()}


@router.get("/coupons", response=CouponPools)
def find_pools(request: Request, archived: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 -- a parameter of the address
    """List pools of coupons with their stock."""
    items = [_card(pool) for pool in queries.find_pools(request.scope, request.now, archived=archived)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/coupons", response={201: CouponPoolShown})
def create_pool(request: Request, given: CouponPoolMade) -> Status[dict[str, Any]]:
    """Make a pool."""
    wishes = given.dict()
    key = wishes.pop("key")
    actions.create_pool(request.scope, key, PoolWishes(**wishes), request.now, by=request.actor)
    return Status(201, get_pool(request, key))


@router.get("/coupons/{key}", response=CouponPoolShown)
def get_pool(request: Request, key: str) -> dict[str, Any]:
    """Return one pool."""
    return _card(queries.get_pool(request.scope, key, request.now))


@router.put("/coupons/{key}", response=CouponPoolShown)
def change_pool(request: Request, key: str, given: CouponPoolGiven) -> dict[str, Any]:
    """Change a pool; what was given stays as it was told."""
    actions.change_pool(request.scope, key, PoolWishes(**given.dict()), request.now, by=request.actor)
    return get_pool(request, key)


@router.delete("/coupons/{key}", response={204: None})
def delete_pool(request: Request, key: str) -> Status[None]:
    """Forget a pool of which nothing was given or used."""
    actions.delete_pool(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.post("/coupons/{key}/archive", response=CouponPoolShown)
def archive_pool(request: Request, key: str) -> dict[str, Any]:
    """Put a pool away: nothing more is given of it."""
    actions.set_archived(request.scope, key, request.now, is_archived=True, by=request.actor)
    return get_pool(request, key)


@router.post("/coupons/{key}/restore", response=CouponPoolShown)
def restore_pool(request: Request, key: str) -> dict[str, Any]:
    """Take a pool out again."""
    actions.set_archived(request.scope, key, request.now, is_archived=False, by=request.actor)
    return get_pool(request, key)


@router.post("/coupons/{key}/codes", response=CouponCodesTaken)
def add_codes(request: Request, key: str, pasted: CouponCodes) -> dict[str, Any]:
    """Bring codes along; those that are known already, in this pool or another, are left out, and so are lines that are no codes."""
    rows, bad = read_codes(pasted.codes, ZoneInfo(get_workspace(request.scope).time_zone))
    added, known = actions.add_codes(request.scope, key, rows, request.now, by=request.actor)
    return {"added": added, "known": known, "refused": len(bad), "lines": [line._asdict() for line in bad[:MOST_LINES]]}


@router.delete("/coupons/{key}/codes", response={200: dict[str, int]})
def remove_free(request: Request, key: str) -> dict[str, int]:
    """Take out the codes that nobody has."""
    return {"removed": actions.remove_free(request.scope, key, request.now, by=request.actor)}


@router.get("/coupons/{key}/given", response=CouponsShown)
def find_given(request: Request, key: str, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List codes that were given or used, the newest first."""
    items = queries.find_coupons(request.scope, queries.get_pool(request.scope, key, request.now), after=after, limit=limit)
    return {"items": [asdict(one) for one in items], "next": items[-1].id if len(items) == limit else None, "total": None}
