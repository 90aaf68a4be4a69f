"""/healthz: this process lives. /readyz: all parts answer. /metrics: counters for Prometheus."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import httpx2
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from psycopg import Error
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.edge.keyring import Keyring, from_basic
from hudhud.edge.rates import RateLimited, client_in
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.edge")
FRESH_S = 15.0
CHECK_S = 5.0
# For so long after it was seen last something counts as wrong that workers cannot put right.
ALARM_S = 600.0
# Without these nothing moves; the other roles show in /metrics.
NEEDED_ROLES = frozenset({"intake"})


def known_migrations(engine: str) -> set[str]:
    """Return the names of the migrations that this program brings."""
    return {file.name for file in resources.files("hudhud.schema").joinpath(engine).iterdir() if file.name.endswith(".sql")}


async def healthz(_request: Request) -> Response:
    """Say that this process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Check each part; 200 only when all are well, else 503 with what is wrong."""
    state: EdgeState = request.app.state.edge
    checks = {"database": _check_database(state), "clickhouse": _check_clickhouse(state), "web": _check_web(state)}
    found = await asyncio.gather(*(_bounded(check) for check in checks.values()))
    wrong = {name: problem for name, problem in zip(checks, found, strict=True) if problem}
    return JSONResponse({"ready": not wrong, "wrong": wrong}, 503 if wrong else 200)


async def _bounded(check: object) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            return str(await check)  # type: ignore[misc]
    except TimeoutError:
        return f"no answer within {CHECK_S:.0f} s"
    except (HudhudError, Error, httpx2.HTTPError, OSError) as error:
        return str(error).strip() or repr(error)


async def _check_database(state: EdgeState) -> str:
    async with state.workspace(None) as conn:
        applied = {row[0] for row in await (await conn.execute(QUERIES.applied_migrations.text)).fetchall()}
        if missing := known_migrations("postgres") - applied:
            return f"not migrated: {', '.join(sorted(missing))}; run hudhud migrate"
        roles = {row[0] for row in await (await conn.execute(QUERIES.fresh_roles.text, {"fresh_s": FRESH_S})).fetchall()}
        alarms = [row[0] for row in await (await conn.execute(QUERIES.fresh_alarms.text, {"fresh_s": ALARM_S})).fetchall()]
    if alarms:
        return "; ".join(alarms)
    if dead := NEEDED_ROLES - roles:
        return f"no living worker for: {', '.join(sorted(dead))}"
    return "" if state.appender.connected else "the intake log is not connected"


async def _check_clickhouse(state: EdgeState) -> str:
    parts = urlsplit(state.settings.clickhouse_url)
    auth = (unquote(parts.username or "default"), unquote(parts.password or ""))
    async with httpx2.AsyncClient(auth=auth, timeout=CHECK_S, trust_env=False) as client:
        answer = await client.post(
            f"{parts.scheme}://{parts.hostname}:{parts.port or 8123}/",
            params={"database": parts.path.strip("/") or "default"},
            content="SELECT DISTINCT name FROM schema_migration FORMAT TabSeparated",
        )
    if answer.status_code != httpx2.codes.OK:
        return answer.text[:200].strip()
    missing = known_migrations("clickhouse") - set(answer.text.split())
    return f"not migrated: {', '.join(sorted(missing))}; run hudhud migrate" if missing else ""


async def _check_web(state: EdgeState) -> str:
    _, writer = await asyncio.open_unix_connection(str(state.settings.web_socket_path))
    writer.close()
    return ""


class Snapshot:
    """Metrics of this process and, from their heartbeats, of the workers."""

    def __init__(self, state: EdgeState, backlog: int, workers: list[tuple[str, str, dict[str, dict[str, float]]]]) -> None:
        """Keep what was read."""
        self.state, self.backlog, self.workers = state, backlog, workers

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics (prometheus_client calls this)."""
        appender = self.state.appender
        yield CounterMetricFamily("hudhud_edge_events", "Messages written to the intake log.", value=appender.written)
        yield CounterMetricFamily("hudhud_edge_groups", "Transactions that wrote them.", value=appender.groups)
        yield GaugeMetricFamily("hudhud_edge_waiting_events", "Messages that wait to be written.", value=appender.waiting_rows)
        yield GaugeMetricFamily("hudhud_intake_backlog_estimate", "Messages in the intake log.", value=self.backlog)
        refused = CounterMetricFamily("hudhud_edge_refused", "Requests beyond a limit of their sender.", labels=["limit"])
        for limit, count in self.state.rates.refused.items():
            refused.add_metric([limit], count)
        yield refused
        counter = CounterMetricFamily("hudhud_worker", "What workers count.", labels=["worker", "role", "group", "name"])
        for worker, role, stats in self.workers:
            for group, numbers in stats.items():
                for name, value in numbers.items():
                    counter.add_metric([worker, role, group, name], value)
        yield counter


async def metrics(request: Request) -> Response:
    """Answer Prometheus: figures of edge and workers, then those of the web process. For loopback callers and API keys."""
    state: EdgeState = request.app.state.edge
    try:
        if not _is_local(request):
            await _check_reader(state, request.headers.get("authorization", ""), client_in(request.scope))
        async with state.workspace(None) as conn:
            backlog = (await (await conn.execute(QUERIES.backlog.text)).fetchone() or (0,))[0]
            workers = await (await conn.execute(QUERIES.worker_stats.text, {"fresh_s": FRESH_S})).fetchall()
    except (Unauthenticated, RateLimited, Unavailable) as error:
        return JSONResponse(error.to_dict(), error.status)
    registry = CollectorRegistry()
    registry.register(Snapshot(state, backlog, [(row[0], row[1], row[2]) for row in workers]))
    web = await request.app.state.proxy.fetch("/metrics")
    return Response(generate_latest(registry) + web, media_type="text/plain; version=0.0.4")


def _is_local(request: Request) -> bool:
    """Say whether somebody on this machine asks, and not a reverse proxy for somebody else."""
    host = request.client.host if request.client else ""
    return host in {"127.0.0.1", "::1"} and not {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers)


async def _check_reader(state: EdgeState, authorization: str, client: str) -> None:
    scheme, _, token = authorization.partition(" ")
    holder = await Keyring(state).holder(token.strip() if scheme.lower() == "bearer" else from_basic(authorization), client)
    if holder.source != "server":
        raise Unauthenticated("A collect key cannot read; use an API key.")


routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
