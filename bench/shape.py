"""A segment shape, and words that queries written by hand have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MINE = "workspace_id = {w:UInt64}"
SO_FAR = "at <= '2026-03-31 00:00:00'"
LAST_7 = "at > '2026-03-24 00:00:00' AND at <= '2026-03-31 00:00:00'"
LAST_30 = "at > '2026-03-01 00:00:00' AND at <= '2026-03-31 00:00:00'"
DAYS_7 = {"kind": "last", "amount": 7, "unit": "days"}
DAYS_30 = {"kind": "last", "amount": 30, "unit": "days"}
PEOPLE = f"SELECT count() FROM person FINAL WHERE {MINE} AND gone = 0"
# The table is sorted by person within a name: no hash table is needed.
BY_PERSON = " SETTINGS optimize_aggregation_in_order = 1"


@dataclass(frozen=True)
class Shape:
    """A condition, and queries that answer with the same number."""

    name: str
    tree: dict[str, Any]
    by_hand: dict[str, str]


def named(name: str, when: str = SO_FAR) -> str:
    """Return the condition on events of a name in a time."""
    return f"{MINE} AND name = '{name}' AND {when}"


def whoever(where: str) -> dict[str, str]:
    """Return queries of how many people have such an event."""
    return {
        "uniqExact": f"SELECT uniqExact(actor_id) FROM event WHERE {where}",
        "groupBitmap": f"SELECT groupBitmap(actor_id) FROM event WHERE {where}",
    }


def nobody(where: str) -> dict[str, str]:
    """Return queries of how many people have no such event."""
    return {
        "NOT IN": f"{PEOPLE} AND person_id NOT IN (SELECT actor_id FROM event WHERE {where})",
        "bitmaps": (
            f"SELECT bitmapAndnotCardinality((SELECT groupBitmapState(person_id) FROM person FINAL WHERE {MINE} AND gone = 0),"
            f" (SELECT groupBitmapState(actor_id) FROM event WHERE {where}))"
        ),
    }


def having(where: str, test: str) -> dict[str, str]:
    """Return queries of how many people's events come to something."""
    text = f"SELECT count() FROM (SELECT actor_id FROM event WHERE {where} GROUP BY actor_id HAVING {test})"
    return {"HAVING": text, "HAVING, by person": text + BY_PERSON}


def of_people(*tests: str) -> dict[str, str]:
    """Return queries of how many people pass one of these tests, which say the same."""
    return {f"test {number}": f"{PEOPLE} AND {test}" for number, test in enumerate(tests, 1)}
