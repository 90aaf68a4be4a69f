"""What a builder shows while somebody edits: numbers that follow every key stroke, estimated first where counting takes long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.kit.errors import Conflict, InvalidInput
from hudhud.segments.ask import ask, asks_who_lives, find_atoms, read_definitions
from hudhud.segments.atoms import Reachable, key
from hudhud.segments.sampling import Estimate, Sample, estimate
from hudhud.segments.types import walk

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

CHANNELS = ("email",)
# So many people are asked at least: 3 % of them then stand for 3 % of all, give or take a twentieth.
SAMPLED_PEOPLE = 50_000
# Up to so many people with so many events, all of them are counted within the time that an estimate may take.
FEW_PEOPLE, FEW_EVENTS = 2 * SAMPLED_PEOPLE, 5_000_000
MAX_DRAFT = 40
CANCELLED = "QUERY_WAS_CANCELLED"


class Superseded(Conflict):
    """These conditions were edited again before they were counted; the newer ones are counted instead."""

    code = "superseded"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a builder shows: the number, the number each condition has alone, and how many of all can be reached."""

    count: Estimate
    conditions: list[tuple[str, Estimate]]  # (path, people), the tree itself left out
    reachable: dict[str, Estimate]
    as_of: datetime
    sample: Sample | None = None  # None: everybody was counted


def preview(ws: Scope, ch: Client, tree: Condition, now: datetime, *, draft: str = "", sample: Sample | None = None) -> Preview:
    """Count people for the tree and for each of its conditions in one statement, or estimate it from a `sample`.

    Raises `Superseded` when the same `draft` (letters and digits, 40 at most) was asked about again meanwhile: what it had asked before is given up.
    """
    assert ws.workspace_id is not None
    definitions = read_definitions(ws, [tree])
    channels = [Reachable(channel) for channel in CHANNELS]
    mark = _mark(ws.workspace_id, draft)
    if mark:
        _give_up(ch, mark)
    try:
        # Of a sample it must be known how many were asked, of everybody only where a condition is true for those of whom nothing is known.
        lives = sample is not None or any(asks_who_lives(node, definitions) for _, node in walk(tree))
        facts = ask(ch, ws.workspace_id, [*find_atoms([tree], definitions), *channels], now, lives=lives, sample=sample, mark=mark)
    except DatabaseError as error:
        if mark and CANCELLED in str(error):
            raise Superseded(draft=draft) from error
        raise
    asked = len(facts.living)
    whole = asked if sample is None else _count_people(ch, ws.workspace_id)  # the same: what is found is counted, not estimated
    people = facts.people(tree, definitions)
    return Preview(
        estimate(len(people), asked, whole),
        [(path, estimate(len(facts.people(node, definitions)), asked, whole)) for path, node in walk(tree) if path],
        {channel.channel: estimate(len(people & facts.sets[key(channel)]), asked, whole) for channel in channels},
        now,
        sample,
    )


def choose_sample(ch: Client, workspace_id: int) -> Sample | None:
    """Return the sample that answers quickly here; None: everybody can be counted as quickly."""
    query = (
        "SELECT (SELECT count() FROM person WHERE workspace_id = {w:UInt64}), (SELECT count() FROM event WHERE workspace_id = {w:UInt64})"
    )
    people, events = ch.query(query, parameters={"w": workspace_id}).result_rows[0]
    if people <= FEW_PEOPLE and events <= FEW_EVENTS:
        return None
    parts = 1 << max(people // SAMPLED_PEOPLE, 1).bit_length() - 1
    return Sample(parts) if parts > 1 else None


def _count_people(ch: Client, workspace_id: int) -> int:
    query = "SELECT count() FROM person FINAL WHERE workspace_id = {w:UInt64} AND gone = 0"
    return int(ch.query(query, parameters={"w": workspace_id}).result_rows[0][0])


def _mark(workspace_id: int, draft: str) -> str:
    """Return the comment that a draft's statements begin with."""
    if not draft:
        return ""
    if len(draft) > MAX_DRAFT or not (draft.isascii() and draft.isalnum()):
        raise InvalidInput("draft", draft, f"send letters and digits, {MAX_DRAFT} at most: a new one for each form that somebody edits")
    return f"/*draft {workspace_id:d} {draft}*/ "


def _give_up(ch: Client, mark: str) -> None:
    """Cancel what the draft asked before. The embedded engine puts a mark of its own before ours."""
    ch.command("KILL QUERY WHERE position(query, {mark:String}) > 0 ASYNC", {"mark": mark})
