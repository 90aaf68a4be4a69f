"""Writes about coupons: pools and their codes, giving them to people, noting that they were used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.coupons.codes import CODE, check_pattern, make_code
from hudhud.coupons.queries import QUERIES, get_pool
from hudhud.coupons.types import MOST_AT_ONCE, MOST_POOLS, REDEEMED, Given, PoolExists, PoolInUse, PoolNotFound, link_to
from hudhud.events.actions import Fact, tell
from hudhud.kit.errors import Conflict, InvalidInput
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hudhud.coupons.types import PoolWishes, Wanted
    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
# These are members of `coupon` in mails themselves.
TAKEN = frozenset({"code", "expires_at", "expires_on", "url", "pool"})
LONGEST_URL, LONGEST_NAME, MOST_DAYS = 2_000, 200, 3_650
# Rounds in which codes are drawn that are taken already: a pattern of six letters has 600 million.
ROUNDS = 5
# Pools with more changes than these have them added up.
MOST_CHANGES = 100


def create_pool(ws: Scope, key: str, wishes: PoolWishes, now: datetime, *, by: str) -> None:
    """Make a pool; raises `InvalidInput`, `PoolExists`."""
    if not KEY.fullmatch(key) or key in TAKEN:
        raise InvalidInput("key", key, f"use small letters, digits and _, beginning with a letter; not {', '.join(sorted(TAKEN))}")
    if ws.value(QUERIES.count_pools) >= MOST_POOLS:
        raise Conflict(f"A workspace may have {MOST_POOLS} pools; delete one that is not used.")
    if not ws.run(QUERIES.create_pool, key=key, now=now, **_columns(wishes)):
        raise PoolExists(f"There is a pool {key!r} already.", key=key)
    record_audit(ws, now, by, "coupons.create_pool", f"coupon_pool:{key}")


def change_pool(ws: Scope, key: str, wishes: PoolWishes, now: datetime, *, by: str) -> None:
    """Change a pool; what was given stays as it was told. Raises `InvalidInput`, `PoolNotFound`."""
    if bool(get_pool(ws, key, now).pattern) != bool(wishes.pattern):
        raise InvalidInput("pattern", wishes.pattern, "a pool makes its codes or has them brought along: make another pool")
    ws.run(QUERIES.change_pool, key=key, **_columns(wishes))
    record_audit(ws, now, by, "coupons.change_pool", f"coupon_pool:{key}")


def set_archived(ws: Scope, key: str, now: datetime, *, is_archived: bool, by: str) -> None:
    """Put a pool away, so that nothing more is given of it, or take it out again; raises `PoolNotFound`."""
    if not ws.run(QUERIES.set_archived, key=key, at=now if is_archived else None):
        raise PoolNotFound(f"There is no pool of coupons {key!r}.", key=key)
    record_audit(ws, now, by, f"coupons.{'archive' if is_archived else 'restore'}_pool", f"coupon_pool:{key}")


def delete_pool(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Forget a pool of which nothing was given or used; raises `PoolNotFound`, `PoolInUse`."""
    get_pool(ws, key, now)
    ws.run(QUERIES.hold_pool, key=key)
    if not ws.run(QUERIES.delete_pool, key=key):
        raise PoolInUse(f"Codes of {key!r} were given or used: archive it instead.", key=key)
    record_audit(ws, now, by, "coupons.delete_pool", f"coupon_pool:{key}")


def _columns(wishes: PoolWishes) -> dict[str, Any]:
    if not 0 < len(wishes.name.strip()) <= LONGEST_NAME:
        raise InvalidInput("name", wishes.name, f"use 1 to {LONGEST_NAME} characters")
    if wishes.pattern:
        check_pattern(wishes.pattern)
    if wishes.most is not None and (wishes.most < 1 or not wishes.pattern):
        raise InvalidInput("most", wishes.most, "give it for a pool that makes its codes, 1 or more")
    if wishes.url and (
        not wishes.url.startswith(("https://", "http://"))
        or "{code}" not in wishes.url
        or len(wishes.url) > LONGEST_URL
        or not wishes.url.isprintable()
    ):
        raise InvalidInput("url", wishes.url, "give an address with {code} in it, such as https://shop.example/discount/{code}")
    if wishes.valid_days is not None and not 0 < wishes.valid_days <= MOST_DAYS:
        raise InvalidInput("valid_days", wishes.valid_days, f"use 1 to {MOST_DAYS} days")
    if wishes.low_at < 0:
        raise InvalidInput("low_at", wishes.low_at, "use 0 or more")
    if not wishes.event or not wishes.property:
        raise InvalidInput("event", wishes.event, "name the event and the property that tell of a code that was used")
    return {name: getattr(wishes, name) for name in wishes.__dataclass_fields__} | {"name": wishes.name.strip()}


def add_codes(ws: Scope, key: str, rows: Sequence[tuple[str, datetime | None]], now: datetime, *, by: str) -> tuple[int, int]:
    """Bring codes along (`paste.read_codes` has checked them), each with when it ends; return how many are new, and how many were known. Raises `PoolNotFound`."""
    pool = get_pool(ws, key, now)
    if pool.pattern:
        raise InvalidInput("codes", len(rows), "this pool makes its codes itself")
    if len(rows) > MOST_AT_ONCE:
        raise InvalidInput("codes", len(rows), f"bring at most {MOST_AT_ONCE} at a time")
    made = ws.run(QUERIES.add_codes, pool_id=pool.id, codes=[code for code, _ in rows], ends=[ends for _, ends in rows], now=now)
    record_audit(ws, now, by, "coupons.add_codes", f"coupon_pool:{key}", codes=made)
    return made, len(rows) - made


def remove_free(ws: Scope, key: str, now: datetime, *, by: str) -> int:
    """Take out the codes that nobody has; return how many. Raises `PoolNotFound`."""
    gone = ws.run(QUERIES.remove_free, pool_id=get_pool(ws, key, now).id)
    record_audit(ws, now, by, "coupons.remove_free", f"coupon_pool:{key}", codes=gone)
    return gone


def fold_stock(everywhere: Scope) -> None:
    """Add up what changed in the stock of pools, so that counting codes stays quick."""
    everywhere.run(QUERIES.fold_stock, above=MOST_CHANGES)


def give(ws: Scope, key: str, step: str, wanted: Sequence[Wanted], now: datetime) -> tuple[dict[int, Given], bool]:
    """Give each run one code of a pool. Return codes by run; the second value: whether others may get one later.

    A run that comes to the step again keeps its code as long as that is good; for one that is over or was used it is given another. Who gets none, and none later: the pool is dry, over, or there is none.
    """
    pool = ws.one(QUERIES.get_pool, key=key, now=now)
    held = ws.rows(QUERIES.find_held, key=key, run_ids=numbers(one.run_id for one in wanted), step=step, now=now)
    given = {run_id: Given(code, expires_at, link_to(url, code)) for run_id, code, expires_at, url in held}
    left = [one for one in wanted if one.run_id not in given]
    if pool is not None and left:
        taken = _take(ws, pool, step, left, now)
        if pool["pattern"] and len(taken) < len(left):
            _make(ws, key, len(left) - len(taken), now)
            taken |= _take(ws, pool, step, [one for one in left if one.run_id not in taken], now)
        given |= {run_id: Given(code, expires_at, link_to(pool["url"], code)) for run_id, (code, expires_at) in taken.items()}
    may_come = pool is not None and len(given) < len(wanted) and bool(ws.value(QUERIES.has_free, pool_id=pool["id"], least=now))
    return given, may_come


def _take(ws: Scope, pool: Mapping[str, Any], step: str, wanted: Sequence[Wanted], now: datetime) -> dict[int, tuple[str, datetime | None]]:
    if not wanted:
        return {}
    rows = ws.rows(
        QUERIES.take,
        pool_id=pool["id"],
        step=step,
        pool_ends=pool["ends_at"],
        least=now,
        now=now,
        count=len(wanted),
        run_ids=numbers(one.run_id for one in wanted),
        visits=numbers(one.visit for one in wanted),
        person_ids=numbers(one.person_id for one in wanted),
        untils=[one.until for one in wanted],
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _make(ws: Scope, key: str, count: int, now: datetime) -> None:
    """Make codes by the pool's pattern, as far as it may still make any."""
    pool = ws.one(QUERIES.lock_pool, key=key)
    if pool is None:
        return
    if pool["most"] is not None:
        count = min(count, pool["most"] - ws.value(QUERIES.count_codes, pool_id=pool["id"]))
    for _ in range(ROUNDS):
        if count <= 0:
            return
        codes = list({make_code(pool["pattern"]) for _ in range(count)})
        count -= ws.run(QUERIES.add_codes, pool_id=pool["id"], codes=codes, ends=[None] * len(codes), now=now)


def redeem(ws: Scope, events: Iterable[Event], now: datetime) -> int:
    """Note which codes events tell to be used, the first time each, and tell of it; return how many. The same events again change nothing."""
    signs = [(row[0], row[1]) for row in ws.rows(QUERIES.find_signs)]
    used = [(code, event, name, prop) for event in events for name, prop in signs if event.name == name for code in _codes_in(event, prop)]
    if not used:
        return 0
    rows = ws.rows(
        QUERIES.redeem,
        codes=[code for code, *_ in used],
        person_ids=numbers(event.person_id for _, event, *_ in used),
        ats=[event.at for _, event, *_ in used],
        events=[name for _, _, name, _ in used],
        properties=[prop for *_, prop in used],
    )
    assert ws.workspace_id is not None
    facts = [
        Fact(
            ws.workspace_id,
            person_id,
            REDEEMED,
            f"coupon:{coupon_id}",
            at,
            {"code": code, "pool": pool, "given_to_them": owner == person_id},
        )
        for coupon_id, code, pool, person_id, at, owner in rows
    ]
    if facts:
        tell(ws, facts, now)
    return len(facts)


def _codes_in(event: Event, path: str) -> Iterator[str]:
    """Yield the codes in a property: a text, or a list of texts or of objects with a `code`."""
    # Most orders carry none: look before decoding.
    if path.rpartition(".")[2].encode() not in event.properties:
        return
    found: object = msgspec.json.decode(event.properties)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    for one in found if isinstance(found, list) else [found]:
        code = one.get("code") if isinstance(one, dict) else one
        if isinstance(code, str) and CODE.fullmatch(code.strip()):
            yield code.strip().upper()
