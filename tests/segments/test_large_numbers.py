"""Whole numbers that no 64 bits hold are texts, as ids are: nothing fails by them, and they are neither more nor less than a number (decision 32)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.segments import queries
from hudhud.segments.types import from_json
from tests.workers.line import Line, identify, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

NUMBERS = {"most": 2**63 - 1, "beyond": 2**63, "unsigned": 2**64 - 1, "id": 2**64, "least": -(2**63), "below": -(2**63) - 1, "huge": 10**30}


def test_what_64_bits_hold_is_a_number_and_what_is_beyond_is_text(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    for name, value in NUMBERS.items():
        line.put(identify(name, n=value), track(name, "Counted", properties={"n": value}))
    line.work()
    assert line.rejects() == []
    names = dict(line.sql("SELECT person_id, value FROM identifier"))

    def people(op: str, value: object) -> list[set[str]]:
        """Ask of the attribute, and of the property of an event."""
        counted = {"kind": "event", "name": "Counted", "window": {"kind": "ever"}, "count": {"op": "at_least", "value": 1}}
        leaves: list[dict[str, Any]] = [
            {"kind": "attribute", "name": "n", "op": op, "value": value},
            {**counted, "where": [{"property": "n", "op": op, "value": value}]},
        ]
        with line.db.workspace(line.shop) as ws:
            return [{names[one] for one in queries.members(ws, ch, from_json(leaf), line.clock.now(), limit=50)} for leaf in leaves]

    assert people("more_than", 5) == [{"most", "beyond", "unsigned"}] * 2
    assert people("less_than", 5) == [{"least"}] * 2
    assert people("is", str(2**64)) == [{"id"}] * 2
    assert people("starts_with", "1000000") == [{"huge"}] * 2
