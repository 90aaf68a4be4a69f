"""Home: what is happening now, and what needs somebody."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ninja import Router

from hudhud.accounts.queries import get_workspace
from hudhud.app import shapes
from hudhud.campaigns.queries import find_waiting
from hudhud.coupons.queries import find_low
from hudhud.delivery.outcomes.brakes import count_brakes
from hudhud.endpoints.queries import count_disabled
from hudhud.journeys.why.stuck import find_stuck
from hudhud.kit import sql

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.accounts.types import Workspace
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

router = Router(tags=["home"])
Q = sql.load("hudhud.app")
C = sql.load("hudhud.app", "clickhouse.sql")
SPAN = timedelta(days=7)
SENT = ("accepted", "delivered", "bounced", "complained")


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _midnight(now: datetime, zone: str, days_ago: int = 0) -> datetime:
    local = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (local - timedelta(days=days_ago)).astimezone(UTC)


def _from_events(ch: Client, workspace: Workspace, now: datetime) -> dict[str, Any]:
    parameters = {
        "workspace_id": workspace.id,
        "zone": workspace.time_zone,
        "since": _milliseconds(_midnight(now, workspace.time_zone, 13)),
        "until": _milliseconds(now),
    }
    days = ch.query(C.events_by_day.text, parameters=parameters).result_rows
    today = str(now.astimezone(ZoneInfo(workspace.time_zone)).date())
    return {
        "reachable": {"email": int(ch.query(C.count_reachable.text, parameters=parameters).result_rows[0][0])},
        "events_today": next((int(events) for day, events, _ in days if day == today), 0),
        "days": [{"day": day, "events": events, "orders": orders} for day, events, orders in days],
    }


def _attention(ws: Scope, workspace: Workspace, journeys: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """List what waits for somebody, each with the screen that settles it; `kind` is a closed set."""
    found: list[dict[str, Any]] = []
    since = now - SPAN
    if ignored := ws.value(Q.get_ignored):
        found.append(
            {"kind": "clock_ahead" if ignored > 0 else "clock_back", "count": round(abs(ignored) / 60), "link": "/messages?state=planned"}
        )
    if not ws.value(Q.has_collect_key):
        found.append({"kind": "no_collect_key", "link": "/settings/keys"})
    if not workspace.postal_address or not workspace.sender_email:
        found.append({"kind": "no_sender", "link": "/settings"})
    if braked := count_brakes(ws):
        found.append({"kind": "sending_braked", "count": braked, "link": "/settings/reports"})
    if rejected := ws.value(Q.count_rejects, since=since):
        found.append({"kind": "events_rejected", "count": rejected, "link": "/data/rejects"})
    if brought := ws.value(Q.count_brought, since=since):
        found.append({"kind": "many_addresses", "count": brought, "link": "/data/rejects"})
    if disabled := count_disabled(ws):
        found.append({"kind": "endpoint_disabled", "count": disabled, "link": "/data/endpoints"})
    late = Counter[str]()
    for one in find_stuck(ws, now):
        late[one.journey] += one.runs
    found += [{"kind": "journey_stuck", "key": key, "count": runs, "link": f"/journeys/{key}"} for key, runs in late.items()]
    if low := len(find_low(ws, now)):
        found.append({"kind": "coupons_low", "count": low, "link": "/data/coupons"})
    found += [
        {"kind": "journey_paused", "key": each["key"], "link": f"/journeys/{each['key']}"}
        for each in journeys
        if each["status"] == "paused"
    ]
    found += [{"kind": f"campaign_{why}", "key": name, "link": f"/campaigns/{number}"} for number, name, why in find_waiting(ws)]
    return found


@router.get("/home", response=shapes.Home)
def home(request: Request) -> dict[str, Any]:
    """Return the figures of Home; each has a list behind it (`links`)."""
    ws, now = request.scope, request.now
    workspace = get_workspace(ws)
    journeys = ws.all(Q.find_journeys)
    states = {str(state): int(count) for state, count in ws.rows(Q.count_messages, since=now - SPAN, now=now)}
    return {
        "as_of": now,
        "is_sample": workspace.is_sample,
        "people": ws.value(Q.count_people),
        **_from_events(request.clickhouse, workspace, now),
        "messages_7d": {
            "sent": sum(states.get(state, 0) for state in SENT),
            "states": states,
            "skipped": [{"reason": reason, "count": count} for reason, count in ws.rows(Q.count_skips, since=now - SPAN, now=now)],
        },
        "journeys": journeys,
        "running_journeys": sum(each["status"] == "running" for each in journeys),
        "attention": _attention(ws, workspace, journeys, now),
        "links": {"people": "/people", "messages_7d": "/messages", "running_journeys": "/journeys"},
    }
