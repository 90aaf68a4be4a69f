"""Whole journeys: another one like it, put away and taken out again, forgotten. And what is being worked on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.delivery import actions as delivery
from hudhud.journeys.editing import drafts
from hudhud.journeys.types import JourneyExists, JourneyInUse, JourneyNotFound
from hudhud.kit import sql
from hudhud.segments.actions import open_lock, release_owned

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

KEEPING = sql.load("hudhud.journeys.editing", "keeping.sql")
LOCK = sql.load("hudhud.journeys").lock_journey


def find_drafts(ws: Scope, *, after: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Return a page of drafts by key, each with the names that stand in it; `number` None: nothing is published yet."""
    rows = ws.all(KEEPING.find_drafts, after=after, limit=limit)
    for row in rows:
        names = msgspec.json.decode(row.pop("graph")).get("names")
        row["names"] = names if isinstance(names, dict) else {}
    return rows


def duplicate(ws: Scope, key: str, new_key: str, now: datetime, *, by: str) -> None:
    """Make a draft of a new journey out of this one; raises `JourneyNotFound`, `JourneyExists`, `InvalidInput`.

    Steps that draw lots get lots of their own, so that the same people do not go the same way in both.
    """
    graph = drafts.get_draft(ws, key)["graph"]
    if ws.value(KEEPING.has_journey, key=new_key):
        raise JourneyExists(f"There is a journey {new_key!r} already; choose another key.", key=new_key)
    nodes = graph.get("nodes")
    if isinstance(nodes, dict):
        graph["nodes"] = {node_id: _without_salt(node) for node_id, node in nodes.items()}
    drafts.put_draft(ws, new_key, graph, 0, now, by=by)
    record_audit(ws, now, by, "journey.duplicate", f"journey:{new_key}", of=key)


def _without_salt(node: Any) -> Any:  # noqa: ANN401 -- a draft's, which may be anything
    return {name: value for name, value in node.items() if name != "salt"} if isinstance(node, dict) else node


def archive(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Put a journey away; its history stays, and "why?" still tells it. Mails of it that waited are cancelled. Raises `JourneyNotFound`, `JourneyInUse`."""
    journey = _check_free(ws, key)
    ws.run(KEEPING.set_archived, journey_id=journey["id"], at=now, now=now)
    # The gate has another answer for them now.
    delivery.go_on(ws, "journey", key, now)
    record_audit(ws, now, by, "journey.archive", f"journey:{key}")


def restore(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Take a journey out again, not started; raises `JourneyNotFound`."""
    journey = _lock(ws, key)
    ws.run(KEEPING.set_archived, journey_id=journey["id"], at=None, now=now)
    record_audit(ws, now, by, "journey.restore", f"journey:{key}")


def delete(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Forget a journey in which nobody ever was; raises `JourneyNotFound`, `JourneyInUse`.

    One that people have been in explains the messages they got: it can be put away.
    """
    open_lock(ws)
    journey = _check_free(ws, key)
    if ws.value(KEEPING.has_runs, journey_id=journey["id"]):
        raise JourneyInUse(f"People have been in {key!r}, and it explains what they got: archive it instead.", key=key, here=0, uses=[])
    release_owned(ws, f"journey:{key}", now)
    ws.run(KEEPING.let_go, journey_id=journey["id"])
    ws.run(KEEPING.forget_flow, journey_id=journey["id"])
    ws.run(KEEPING.drop_journey, journey_id=journey["id"])
    record_audit(ws, now, by, "journey.delete", f"journey:{key}")


def _lock(ws: Scope, key: str) -> dict[str, Any]:
    journey = ws.one(LOCK, key=key)
    if journey is None:
        raise JourneyNotFound(f"There is no journey {key!r}.", key=key)
    return journey


def _check_free(ws: Scope, key: str) -> dict[str, Any]:
    """Return the journey, locked, if nobody is in it, can come in, or asks for it; raises `JourneyInUse` with what to do."""
    journey = _lock(ws, key)
    here = int(ws.value(KEEPING.count_here, journey_id=journey["id"]))
    if here:
        how = 'let them run out (`drain`), or publish it with `"runs": {"runs": "move", "nodes": {step: {"kind": "exit"}}}`'
        raise JourneyInUse(f"{here} people are in {key!r}: {how}.", key=key, here=here, uses=[])
    if journey["status"] in {"running", "draining"}:
        raise JourneyInUse(f"{key!r} is {journey['status']}: pause it first.", key=key, here=0, uses=[])
    uses = [
        {"kind": kind, "name": name} for kind, name in ws.rows(KEEPING.find_asking, key=key, quoted=json.dumps(key, ensure_ascii=False))
    ]
    if uses:
        where = ", ".join(f"the {use['kind']} “{use['name']}”" for use in uses)
        raise JourneyInUse(f"{key!r} is asked for by {where}: take it out there first.", key=key, here=0, uses=uses)
    return journey
