"""`/metrics` in Prometheus' text format: what waits, counted by SQL at the moment of the scrape.

The edge asks for it over the socket and adds it to its own figures, behind an API key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

from hudhud.app.wiring import wiring
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from hudhud.kit.db import Scope

Q = sql.load("hudhud.app")


def _intake(everywhere: Scope) -> Iterator[GaugeMetricFamily]:
    waiting, age_s = everywhere.rows(Q.metrics_intake)[0]
    yield GaugeMetricFamily("hudhud_intake_waiting", "Facts that are stored and not yet worked on.", value=waiting)
    yield GaugeMetricFamily("hudhud_intake_lag_seconds", "Age of the oldest of them.", value=age_s)


def _by_state(name: str, text: str, rows: list[tuple[str, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in rows:
        family.add_metric([state], count)
    return family


class Backlog:
    """A collector that asks the database at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every figure, all of one instant."""
        now = wiring().clock.now()
        with wiring().db.everywhere() as everywhere:
            yield from _intake(everywhere)
            yield GaugeMetricFamily(
                "hudhud_runs_due", "Journey steps whose time has come.", value=everywhere.value(Q.metrics_runs, now=now)
            )
            waiting = everywhere.rows(Q.metrics_messages, now=now)
            yield _by_state("hudhud_messages_waiting", "Messages not handed over yet.", [(state, count) for state, count, _ in waiting])
            yield _by_state("hudhud_messages_due", "Messages whose time has come.", [(state, due) for state, _, due in waiting])
            outcomes = [(str(state), int(count)) for state, count in everywhere.rows(Q.metrics_outcomes, now=now)]
            yield _by_state("hudhud_outcomes_last_hour", "What became of hand-overs in the last hour.", outcomes)


REGISTRY = CollectorRegistry(auto_describe=False)
ProcessCollector(namespace="hudhud_web", registry=REGISTRY)
REGISTRY.register(Backlog())


def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- a view
    """Return the figures."""
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
