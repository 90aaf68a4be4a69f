"""What a run that waits by the clock waits for: until when, in which time zone, and who says that the person lives there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.clocks.queries import find_best, find_lives
from hudhud.journeys.acting.webhooks import tell_requests
from hudhud.journeys.graph import parse
from hudhud.journeys.running import sending
from hudhud.journeys.times.until import AtBestHour, AtBusinessDay
from hudhud.kit import sql
from hudhud.kit.localtime import zone_named
from hudhud.people.queries import country_of_zone

if TYPE_CHECKING:
    from hudhud.journeys.nodes.send import Send
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
BEST = {
    "person": "is there most often about {hour}:00: learned from {answers} hours with opens or clicks and {others} with other deeds",
    "everybody": "people here are there most often about {hour}:00; of this one nothing is known yet",
    "default": "{hour}:00, as nothing is known of anybody yet",
}
TOLD_BY = {
    "stated": "as they said",
    "device": "as their device said",
    "ip": "by the address that they came from",
    "zone": "as is known of them",
    "default": "as is known of them",
    "workspace": "the workspace's, as theirs is not known",
}


def tell_wait(ws: Scope, journey_id: int, run: dict[str, Any]) -> dict[str, Any] | None:
    """Return for a run that waits by the clock, or for an answer, `{code, text, data}`: `until` (a delay), `window` (a message outside the journey's hours), `request` (an answer) or `fallback` (a person's, to a message)."""
    if run["node"] is None:
        return None
    graph = parse(ws.value(QUERIES.get_graph, journey_id=journey_id, number=run["version"]))
    node = graph.nodes[run["node"]]
    if not run["waiting"]:
        return _tell_fallback(ws, node, run) if node.kind == "send" and node.fallbacks else None
    if node.kind == "webhook":
        asked = [one for (_, visit), one in sorted(tell_requests(ws, [run["id"]]).items()) if one["state"] == "waiting"]
        data = {"host": node.host, "at": run["due_at"].isoformat(), "request": asked[-1] if asked else None}
        return {"code": "request", "text": f"waits for the answer of {node.host}, until {data['at']} at the latest", "data": data}
    is_window = node.kind == "send" and graph.send_window is not None
    if not is_window and not (node.kind == "delay" and node.until is not None):
        return None
    life = find_lives(ws, [run["person_id"]])[run["person_id"]]
    clock = run["due_at"].astimezone(zone_named(life.zone))
    data = {"at": run["due_at"].isoformat(), "local": f"{clock:%Y-%m-%d %H:%M}", "zone": life.zone, "told_by": life.told_by}
    if node.kind == "delay" and isinstance(node.until, AtBusinessDay):
        data["country"] = node.until.country or life.country or country_of_zone(life.zone)
    what = "waits till the journey's hours begin" if is_window else "waits until the moment that is set"
    text = f"{what}: {data['local']} in {life.zone} ({TOLD_BY[life.told_by]})"
    if node.kind == "delay" and isinstance(node.until, AtBestHour):
        best = find_best(ws, [run["person_id"]], graph.send_window)[run["person_id"]]
        data["best"], text = best._asdict(), f"{text}; {BEST[best.learned_from].format(**best._asdict())}"
    return {"code": "window" if is_window else "until", "text": text, "data": data}


def _tell_fallback(ws: Scope, node: Send, run: dict[str, Any]) -> dict[str, Any] | None:
    ahead = sending.find_next(ws, node, run["node"], run["id"], run["visit"])
    if ahead is None:
        return None
    data = {"at": run["due_at"].isoformat(), "template": ahead.template, "channel": ahead.channel, "unless": ahead.unless}
    return {"code": "fallback", "text": f"gets {ahead.template} at {data['at']}, unless the message before is {ahead.unless}", "data": data}
