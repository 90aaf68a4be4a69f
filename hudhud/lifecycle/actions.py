"""Writes about the lifecycle: its stages and their rules. Whatever changes, everybody is counted anew and nobody is told (moves.py tells)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from hudhud.accounts.actions import record_audit
from hudhud.kit.errors import InvalidInput
from hudhud.kit.text import is_one_line
from hudhud.lifecycle.moves import follow as follow
from hudhud.lifecycle.moves import look_back as look_back
from hudhud.lifecycle.moves import recount as recount
from hudhud.lifecycle.queries import QUERIES, find_stages, get_stage
from hudhud.lifecycle.ready import find_ready
from hudhud.lifecycle.types import COLOURS, MOST_STAGES, LastStage
from hudhud.segments import actions as segments
from hudhud.segments.queries import find_uses
from hudhud.segments.types import And, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.lifecycle.types import Stage
    from hudhud.segments.queries import Use
    from hudhud.segments.types import Condition

OWNER = "lifecycle"
LONGEST_NAME, LONGEST_TEXT = 60, 500


def install(ws: Scope, now: datetime) -> None:
    """Give a workspace the seven ready stages, unless it has, or had, stages."""
    segments.open_lock(ws)
    if ws.value(QUERIES.has_stages):
        return
    for ready in find_ready():
        _add(ws, ready.key, ready.names, ready.texts, ready.colour, ready.rule, now)
    _place(ws, now)


def count_anew(ws: Scope, now: datetime) -> None:
    """Let everybody be counted anew: people were brought in past the intake."""
    segments.open_lock(ws)
    _place(ws, now)


def create_stage(ws: Scope, name: str, rule: Condition, now: datetime, *, by: str, text: str = "", colour: str = "gray") -> int:
    """Add a stage at the end; return its id. Its people are counted within a second."""
    segments.open_lock(ws)
    if len(find_stages(ws)) >= MOST_STAGES:
        raise InvalidInput("stages", MOST_STAGES + 1, f"a lifecycle has at most {MOST_STAGES} stages; remove one first")
    key = str(ws.value(QUERIES.next_key))
    made = _add(ws, key, {"": _check_name(name)}, {"": _check_text(text)}, _check_colour(colour), rule, now)
    _place(ws, now)
    record_audit(ws, now, by, "lifecycle.create", f"stage:{made}", name=name)
    return made


def update_stage(
    ws: Scope,
    stage_id: int,
    now: datetime,
    *,
    by: str,
    name: str | None = None,
    text: str | None = None,
    colour: str | None = None,
    rule: Condition | None = None,
) -> None:
    """Call, describe, colour a stage otherwise, or give it another rule; raises `StageNotFound`. A name is the same in all languages then."""
    segments.open_lock(ws)
    stage = get_stage(ws, stage_id)
    ws.run(
        QUERIES.describe_stage,
        id=stage_id,
        names=None if name is None else Jsonb({"": _check_name(name)}),
        texts=None if text is None else Jsonb({"": _check_text(text)}),
        colour=None if colour is None else _check_colour(colour),
    )
    if rule is not None and rule != stage.rule:
        segments.define_part(ws, stage.rule_id, rule, now)
        _place(ws, now)
    record_audit(ws, now, by, "lifecycle.update", f"stage:{stage_id}", key=stage.key)


def order_stages(ws: Scope, stage_ids: Sequence[int], now: datetime, *, by: str) -> None:
    """Put the stages in another order; `stage_ids` has each of them once."""
    segments.open_lock(ws)
    stages = find_stages(ws)
    if sorted(stage_ids) != sorted(stage.id for stage in stages):
        raise InvalidInput("ids", list(stage_ids), "give the id of each stage once")
    if [stage.id for stage in stages] == list(stage_ids):
        return
    ws.run(QUERIES.order_stages, ids=list(stage_ids))
    _place(ws, now)
    record_audit(ws, now, by, "lifecycle.order", "", ids=list(stage_ids))


def remove_stage(ws: Scope, stage_id: int, now: datetime, *, by: str, uses: Callable[[Stage], Sequence[Use]]) -> None:
    """Keep a stage no longer; raises `SegmentInUse` while a segment asks for it or `uses` knows of others, `LastStage`, `StageNotFound`."""
    segments.open_lock(ws)
    stage = get_stage(ws, stage_id)
    kept = [other.id for other in find_stages(ws) if other.id != stage_id]
    if not kept:
        raise LastStage
    segments.check_unused(
        stage.names.get("", stage.names.get("en", stage.key)), stage.place_id, [*find_uses(ws, stage.place_id), *uses(stage)]
    )
    ws.run(QUERIES.order_stages, ids=kept)
    ws.run(QUERIES.leave_stage, id=stage_id)
    _place(ws, now)
    segments.drop_part(ws, stage.place_id, now)
    segments.drop_part(ws, stage.rule_id, now)
    record_audit(ws, now, by, "lifecycle.remove", f"stage:{stage_id}", key=stage.key)


def _add(ws: Scope, key: str, names: dict[str, str], texts: dict[str, str], colour: str, rule: Condition, now: datetime) -> int:
    title = names.get("en", names.get("", key))
    rule_id = segments.create_part(ws, f"{OWNER}:{key}", title, rule, now)
    place_id = segments.create_part(ws, OWNER, title, Segment(rule_id), now)
    return int(
        ws.value(QUERIES.add_stage, key=key, names=Jsonb(names), texts=Jsonb(texts), colour=colour, rule_id=rule_id, place_id=place_id)
    )


def _place(ws: Scope, now: datetime) -> None:
    """Say of each stage, all at once, who is there: its rule holds, and that of no later one."""
    later: tuple[Segment, ...] = ()
    for stage in reversed(find_stages(ws)):
        segments.define_part(ws, stage.place_id, And((Segment(stage.rule_id), *later)), now)
        later = (Segment(stage.rule_id, member=False), *later)


def _check_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not is_one_line(name):
        raise InvalidInput("name", name, f"use 1 to {LONGEST_NAME} characters on one line")
    return name.strip()


def _check_text(text: str) -> str:
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise InvalidInput("text", text, f"use at most {LONGEST_TEXT} characters")
    return text.strip()


def _check_colour(colour: str) -> str:
    if colour not in COLOURS:
        raise InvalidInput("colour", colour, f"use one of {', '.join(COLOURS)}")
    return colour
