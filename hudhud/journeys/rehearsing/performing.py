"""Performing what was asked for: versions, the events that the world shows, the span; and writing down what came of it."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hudhud.journeys.rehearsing import rehearsals
from hudhud.journeys.rehearsing.driving import USUAL, drive, unmoved
from hudhud.journeys.rehearsing.overlays import Invented, draw_future, invent, open_overlay
from hudhud.journeys.rehearsing.script import write_script
from hudhud.journeys.rehearsing.together import Rates, Together, render_samples, sum_all
from hudhud.journeys.running.worlds import open_rehearsal
from hudhud.kit.clickhouse import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.content.sandbox import Sandbox
    from hudhud.journeys.rehearsing.driving import Limits
    from hudhud.journeys.rehearsing.rehearsals import Request
    from hudhud.kit.db import Database

# What orders brought lately, on average, by the usual names of the amount.
WORTH = """
SELECT avg(coalesce(properties.total.:Float64, toFloat64(properties.total.:Int64), properties.revenue.:Float64, toFloat64(properties.revenue.:Int64)))
FROM event WHERE workspace_id = {w:UInt64} AND name = 'Order Completed' AND at < {until:DateTime64(3, 'UTC')} AND at >= {until:DateTime64(3, 'UTC')} - toIntervalDay(90)
"""


@dataclass(frozen=True)
class Stage:
    """Where rehearsals are performed: the engines, and what mails are written with (None: none are)."""

    db: Database
    clickhouse_url: str
    sandbox: Sandbox | None = None
    base_url: str = ""


@dataclass(frozen=True)
class Performed:
    """What came of a rehearsal: the figures, a few mails, and the SHA-256 of each graph."""

    together: Together
    samples: list[dict[str, Any]]
    digests: dict[str, str]
    assumptions: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the mails."""
        return {**self.together.to_dict(), "assumptions": self.assumptions}


def perform(
    stage: Stage,
    workspace_id: int,
    request: Request,
    since: datetime,
    until: datetime,
    now: datetime,
    pulse: Callable[[datetime, int], None] = unmoved,
    limits: Limits = USUAL,
) -> Performed:
    """Perform a rehearsal; raises what `create` does, and `RehearsalTooLarge`. Nothing live is written."""
    with stage.db.workspace(workspace_id) as ws:
        answers = (request.rates.opened, request.rates.clicked)
        script = write_script(rehearsals.find_casts(ws, request), since, until, person_id=request.person_id, answers=answers)
    with ExitStack() as stack:
        if request.events or request.days_ahead is not None:
            ch = stack.enter_context(open_overlay(stage.clickhouse_url))
            invent(ch, workspace_id, [Invented(request.person_id or 0, one.name, one.at, one.properties) for one in request.events])
            if request.days_ahead is not None:
                draw_future(ch, workspace_id, since, request.days_ahead, request.seed)
        else:
            ch = stack.enter_context(connect(stage.clickhouse_url))
        world = stack.enter_context(open_rehearsal(stage.db.url, ch))
        drive(world, script, pulse, limits)
        with world.scope(workspace_id) as inside:
            together = sum_all(inside, script, _rates(ch, workspace_id, request, until))
            samples: list[dict[str, Any]] = []
            if stage.sandbox is not None:
                with stage.db.workspace(workspace_id) as ws:
                    samples = render_samples(inside, ws, stage.sandbox, stage.base_url, now)
    return Performed(together, samples, rehearsals.digests(script), _assumptions(together, request))


def _rates(ch: Client, workspace_id: int, request: Request, until: datetime) -> Rates:
    assumed = request.rates
    value = assumed.value
    if value is None:
        found = ch.query(WORTH, parameters={"w": workspace_id, "until": until}).result_rows[0][0]
        # Of nothing: a null, or what is no number.
        value = round(float(found), 2) if found is not None and not math.isnan(found) else 0.0
    return Rates(assumed.opened, assumed.clicked, assumed.ordered, value)


def _assumptions(together: Together, request: Request) -> list[str]:
    found = dict.fromkeys(one for journey in together.journeys for one in journey.assumptions)
    drawn = ["future_like_the_past", "nobody_inside_at_the_start"] if request.days_ahead is not None else []
    return [*found, *drawn, *(["events_invented"] if request.events else [])]
