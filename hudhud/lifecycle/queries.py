"""Reads about the lifecycle: its stages, where people stand, what became of those who came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.kit import sql
from hudhud.lifecycle.types import Flow, Move, Passage, Stage, StageNotFound
from hudhud.segments.queries import Use
from hudhud.segments.types import from_json

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.lifecycle")
NOBODY = Passage(0, 0, 0, None)


def find_stages(ws: Scope) -> list[Stage]:
    """Return the stages in order."""
    return [Stage(rule=from_json(row.pop("definition")), **row) for row in ws.all(QUERIES.find_stages)]


def get_stage(ws: Scope, stage_id: int) -> Stage:
    """Return a stage; raises `StageNotFound`, also for one that was removed."""
    found = next((stage for stage in find_stages(ws) if stage.id == stage_id), None)
    if found is None:
        raise StageNotFound(stage_id=stage_id)
    return found


def find_names(ws: Scope) -> dict[int, dict[str, Any]]:
    """Return {"id", "key", "names", "colour"} of all stages that there ever were, by id."""
    return {row["id"]: row for row in ws.all(QUERIES.find_names)}


def count_outside(ws: Scope, stages: list[Stage]) -> int:
    """Return how many people are in no stage."""
    return max(0, int(ws.value(QUERIES.count_living)) - sum(stage.count for stage in stages))


def get_passages(ws: Scope, since: datetime, now: datetime) -> dict[int, Passage]:
    """Return what became of everybody who entered a stage after `since`, by stage; a person counts as often as they entered."""
    return {row[0]: Passage(*row[1:]) for row in ws.rows(QUERIES.funnel, since=since, now=now)}


def find_flows(ws: Scope, since: datetime, now: datetime) -> list[Flow]:
    """Return how many went from where to where after `since`, the broadest first."""
    return ws.into(Flow, QUERIES.find_flows, since=since, now=now)


def get_place(ws: Scope, person_id: int) -> tuple[int, datetime | None] | None:
    """Return the stage somebody is in and since when, where that is known; None: in no stage."""
    row = ws.one(QUERIES.get_place, person_id=person_id)
    return None if row is None else (row["stage_id"], row["since"])


def find_moves(ws: Scope, person_id: int, *, before: int | None = None, limit: int = 50) -> list[Move]:
    """Return a page of somebody's moves, newest first."""
    return ws.into(Move, QUERIES.find_moves, person_id=person_id, before=before, limit=limit)


def find_people(ws: Scope, stage_id: int, *, after: int = 0, limit: int = 50) -> list[tuple[int, datetime | None]]:
    """Return a page of who is in a stage, by id, with since when."""
    return [(row[0], row[1]) for row in ws.rows(QUERIES.find_people, stage_id=stage_id, after=after, limit=limit)]


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the stages whose rules ask for a segment."""
    return [Use("stage", row[0], row[1]) for row in ws.rows(QUERIES.find_asking, segment_id=segment_id)]
