"""Reads about people's clocks: where they live, and at which hour each is best written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hudhud.clocks.besthour import UNKNOWN, choose, open_hours
from hudhud.clocks.besthour import Best as Best
from hudhud.clocks.besthour import Learned as Learned
from hudhud.clocks.learning import find_learned
from hudhud.delivery import queries as delivery
from hudhud.kit import sql
from hudhud.kit.localtime import Hours
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.clocks")


class Life(NamedTuple):
    """What clocks need to know of a person; `zone` is the workspace's where theirs is not known, and `told_by` then `workspace`."""

    person_id: int
    zone: str
    country: str | None
    value: str | None
    told_by: str


def find_lives(ws: Scope, person_ids: Iterable[int], attribute: str | None = None) -> dict[int, Life]:
    """Return where these people live, and an attribute of theirs as text."""
    wanted = sorted(set(person_ids))
    found = {row[0]: Life(*row) for row in ws.rows(QUERIES.find_lives, person_ids=numbers(wanted), attribute=attribute)}
    # Whose row is gone lives nowhere; what waits for them must not hold up others.
    return found if len(found) == len(wanted) else {one: found.get(one, Life(one, "UTC", None, None, "workspace")) for one in wanted}


def find_best(ws: Scope, person_ids: Iterable[int], window: Hours | None) -> dict[int, Best]:
    """Return at which hour each of these people is best written to, among those of this window in which marketing may leave."""
    quiet = delivery.get_quiet_hours(ws)
    allowed = open_hours(window, Hours(since=quiet["to"], until=quiet["from"]) if quiet else None)
    wanted = set(person_ids)
    learned, everybody = find_learned(ws, wanted)
    unknown = choose(UNKNOWN, everybody, allowed)
    return {one: choose(learned[one], everybody, allowed) if one in learned else unknown for one in wanted}
