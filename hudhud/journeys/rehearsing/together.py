"""Figures of a whole rehearsal: each journey, and what they come to together: messages an hour, people written to by several, money at assumed rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hudhud.content import queries as content
from hudhud.journeys.rehearsing import rules
from hudhud.journeys.rehearsing.rehearsal import sum_up
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError
from hudhud.people import history

if TYPE_CHECKING:
    from hudhud.content.sandbox import Sandbox
    from hudhud.journeys.rehearsing.rehearsal import Rehearsal
    from hudhud.journeys.rehearsing.script import Script
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
SAMPLES_EACH, MOST_SAMPLES = 2, 40
MOST_STEPS_TOLD = 2_000


@dataclass(frozen=True)
class Rates:
    """What is assumed of mails that nobody has got: shares of those delivered, and what an order brings (in the shop's currency)."""

    opened: float = 0.25
    clicked: float = 0.03
    ordered: float = 0.01
    value: float = 0.0


@dataclass(frozen=True)
class Together:
    """What all rehearsed journeys come to."""

    journeys: list[Rehearsal]
    hours: list[dict[str, Any]]  # at, channel, count
    busiest: dict[str, int]  # messages within 24 hours at most → people
    collided: int  # people to whom different journeys write within 24 hours
    collisions: list[dict[str, Any]]  # first, second, people, times
    expected: list[dict[str, Any]]  # by journey and node: deliverable, and at the assumed rates opened, clicked, orders, revenue
    rates: Rates
    story: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)  # by journey what held messages back: rules.py

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "journeys": [one.to_dict() for one in self.journeys], "rates": vars(self.rates)}


def sum_all(ws: Scope, script: Script, rates: Rates) -> Together:
    """Count what has become of everybody in a world in which the script was performed."""
    journeys = [sum_up(ws, script, cast) for cast in script.casts]
    return Together(
        journeys=journeys,
        hours=[{**row, "at": row["at"].isoformat()} for row in ws.all(QUERIES.count_hours)],
        busiest={str(row[0]): row[1] for row in ws.rows(QUERIES.count_days)},
        collided=ws.value(QUERIES.count_collided),
        collisions=ws.all(QUERIES.find_collisions),
        expected=[_expect(one, node, count, rates) for one in journeys for node, count in sorted(one.through.items())],
        rates=rates,
        rules=rules.apply(ws, script),
        story=tell(ws, script) if script.person_id is not None else [],
    )


def _expect(one: Rehearsal, node: str, count: int, rates: Rates) -> dict[str, Any]:
    orders = count * rates.ordered
    figures = {"opened": count * rates.opened, "clicked": count * rates.clicked, "orders": orders, "revenue": orders * rates.value}
    return {"journey": one.journey, "node": node, "deliverable": count, **{name: round(value, 2) for name, value in figures.items()}}


def tell(ws: Scope, script: Script) -> list[dict[str, Any]]:
    """Return what one person's runs did, in the order of time: each step with what it led to, and where a run rests at last and until when."""
    keys = {cast.version.journey_id: cast.version for cast in script.casts}
    steps = []
    for row in ws.all(QUERIES.find_story, limit=MOST_STEPS_TOLD):
        version = keys[row.pop("journey_id")]
        to = version.node(row["node"]).exits().get(row["edge"]) if row["node"] else version.graph.start
        steps.append({"journey": version.key, **{name: _plain(value) for name, value in row.items()}, "to": to})
    return steps


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def render_samples(world: Scope, ws: Scope, sandbox: Sandbox, base_url: str, now: datetime) -> list[dict[str, Any]]:
    """Render a few messages of each step with what was known of these people at that moment; one that cannot be is told with its reason.

    `world` knows the rehearsed messages, `ws` the people and templates.
    """
    return [_render(ws, sandbox, base_url, now, row) for row in world.all(QUERIES.find_samples, each=SAMPLES_EACH, limit=MOST_SAMPLES)]


def _render(ws: Scope, sandbox: Sandbox, base_url: str, now: datetime, row: dict[str, Any]) -> dict[str, Any]:
    told = {"journey": row["journey"], "node": row["step"], "person_id": row["person_id"], "at": row["at"].isoformat()}
    try:
        portrait = history.get_portrait(ws, row["person_id"], row["at"], now)
        given = {"base_url": base_url, "person_id": row["person_id"], "language": None, "event": row["event"], "given": row["given"] or {}}
        found = content.preview(ws, sandbox, row["template"], **given, attributes=portrait.attributes)
    except HudhudError as error:
        return {**told, "problem": error.message}
    return {**told, "is_exact": portrait.is_exact, **found}
