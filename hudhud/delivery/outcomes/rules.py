"""From how many reports on something follows: numbers that the workspace may change, each with a sane beginning."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "rules.sql")
# Fewer complaints or bounces than this are chance, whatever share they are.
LEAST_BAD = 3


@dataclass(frozen=True, slots=True)
class OutcomeRules:
    """From how many on.

    `soft_bounces` in `soft_days` without a delivery between: the address is left alone. Marketing stands still when of at least `brake_least`
    messages of the last `brake_hours` this share complained or bounced hard (Gmail and Yahoo ask for less than 0.3 % complaints).
    """

    soft_bounces: int = 5
    soft_days: int = 30
    brake_hours: int = 24
    brake_least: int = 200
    complaint_rate: float = 0.003
    bounce_rate: float = 0.05


LIMITS: dict[str, tuple[float, float]] = {
    "soft_bounces": (1, 100),
    "soft_days": (1, 365),
    "brake_hours": (1, 720),
    "brake_least": (1, 1_000_000),
    "complaint_rate": (0.0001, 1),
    "bounce_rate": (0.0001, 1),
}


def get_rules(scope: Scope, workspace_id: int) -> OutcomeRules:
    """Return the numbers that count for a workspace."""
    found = scope.one(QUERIES.get_rules, workspace_id=workspace_id)
    return OutcomeRules(**found) if found else OutcomeRules()


def put_rules(ws: Scope, rules: OutcomeRules) -> None:
    """Let these numbers count from now on; raises `InvalidInput`."""
    for field in fields(rules):
        least, most = LIMITS[field.name]
        if not least <= getattr(rules, field.name) <= most:
            raise InvalidInput(field.name, getattr(rules, field.name), f"use {least:g} to {most:g}")
    ws.run(QUERIES.put_rules, **asdict(rules))
