"""The rounds of a test: when it began, what has been declared, by whom, and by which figures. Each winner is declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from psycopg.types.json import Jsonb

from hudhud.accounts.actions import record_audit
from hudhud.journeys.nodes.test import ABTest, Round
from hudhud.journeys.queries import get_version
from hudhud.journeys.types import AlreadyDecided, UnknownTest
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope

ROUNDS = sql.load("hudhud.journeys.measuring", "rounds.sql")
Verdict = Literal["better", "enough", "called"]


class Declared(NamedTuple):
    """A winner: why it is one, by which figures, and who says so."""

    winner: str
    verdict: Verdict
    figures: dict[str, Any]
    by: str


def find_rounds(ws: Scope, journey_id: int, node: ABTest) -> list[Round]:
    """Return the rounds of a test, in order; none while nobody has looked at it."""
    return [Round(*row) for row in ws.rows(ROUNDS.find_rounds, journey_id=journey_id, salt=node.salt, design=node.design)]


def find_tests(version: Version) -> dict[str, ABTest]:
    """Return the tests of a version, by node."""
    return {node_id: node for node_id, node in version.graph.nodes.items() if node.kind == "test"}


def get_test(ws: Scope, key: str, node_id: str) -> tuple[Version, ABTest]:
    """Return a test of the journey's current version; raises `JourneyNotFound`, `UnknownTest`."""
    version, _ = get_version(ws, key)
    tests = find_tests(version)
    if node_id not in tests:
        known = ", ".join(tests) or "none"
        raise UnknownTest(f"{key}: {node_id!r} is no test of its current version (tests: {known}).", key=key, node=node_id)
    return version, tests[node_id]


def get_round(ws: Scope, version: Version, node: ABTest, now: datetime) -> dict[str, Any]:
    """Return the last round of a test as a row; of one that nobody has looked at, what its row will be."""
    row = ws.one(ROUNDS.get_round, **_of(version, node))
    blank = dict.fromkeys(("decided_at", "winner", "decided_by", "verdict", "figures"))
    return row or {"number": 1, "began_at": now, "looked_at": None, **blank}


def open_first(ws: Scope, version: Version, node: ABTest, now: datetime) -> bool:
    """Write a test's first round; return False if it stands there."""
    return ws.value(ROUNDS.open_round, **_of(version, node), workspace_id=version.workspace_id, number=1, now=now) is not None


def claim_look(ws: Scope, version: Version, node: ABTest, before: datetime, now: datetime) -> bool:
    """Take the look at a test that nobody has looked at since `before`; return False if somebody has, or nothing is left to declare."""
    return open_first(ws, version, node, now) or ws.value(ROUNDS.claim_look, **_of(version, node), before=before, now=now) is not None


def decide(ws: Scope, version: Version, node_id: str, number: int, said: Declared, now: datetime) -> bool:
    """Declare the winner of a round; return False, and do nothing, if there is one, or the test was begun anew."""
    node = version.graph.nodes[node_id]
    assert isinstance(node, ABTest)
    declared = {**said._asdict(), "figures": Jsonb(said.figures)}
    if ws.value(ROUNDS.decide, **_of(version, node), **declared, number=number, now=now) is None:
        return False
    record_audit(ws, now, said.by, "journey.test_decided", f"journey:{version.key}", node=node_id, winner=said.winner, verdict=said.verdict)
    return True


def call(ws: Scope, key: str, node_id: str, winner: str, figures: dict[str, Any], now: datetime, *, by: str) -> None:
    """Declare a winner by hand, from now on; raises `JourneyNotFound`, `UnknownTest`, `InvalidInput`, `AlreadyDecided`."""
    version, node = get_test(ws, key, node_id)
    names = [arm.name for arm in node.arms]
    if winner not in names:
        raise InvalidInput("winner", winner, f"name one of the arms: {', '.join(names)}")
    open_first(ws, version, node, now)
    number = get_round(ws, version, node, now)["number"]
    if not decide(ws, version, node_id, number, Declared(winner, "called", figures, by), now):
        raise AlreadyDecided(f"{key}: the test {node_id} has a winner already; begin it anew to have another.", key=key, node=node_id)


def begin_anew(ws: Scope, key: str, node_id: str, now: datetime, *, by: str) -> int:
    """Begin a test anew: other lots, and only who comes from now on counts; return its number. Raises `JourneyNotFound`, `UnknownTest`."""
    version, node = get_test(ws, key, node_id)
    open_first(ws, version, node, now)
    number = int(get_round(ws, version, node, now)["number"]) + 1
    if ws.value(ROUNDS.open_round, **_of(version, node), workspace_id=version.workspace_id, number=number, now=now) is None:
        raise AlreadyDecided(f"{key}: somebody has begun the test {node_id} anew just now.", key=key, node=node_id)
    record_audit(ws, now, by, "journey.test_anew", f"journey:{key}", node=node_id, number=number)
    return number


def _of(version: Version, node: ABTest) -> dict[str, Any]:
    return {"journey_id": version.journey_id, "salt": node.salt, "design": node.design}
