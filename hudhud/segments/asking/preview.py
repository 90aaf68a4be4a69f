"""What a builder shows while somebody edits: numbers that follow every key stroke, estimated first where counting takes long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.consent.types import CHANNELS
from hudhud.kit.errors import Conflict, InvalidInput
from hudhud.segments.asking.ask import ask, asks_who_lives, count_people, find_atoms, read_definitions
from hudhud.segments.asking.sampling import Estimate, Sample, estimate
from hudhud.segments.asking.together import Folding
from hudhud.segments.conditions.atoms import Reachable, key
from hudhud.segments.sql.question import Question
from hudhud.segments.types import And, walk

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.types import Condition

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
    mark = _mark(ws.workspace_id, draft)
    if mark:
        _give_up(ch, mark)
    question = Question(ws.workspace_id, now, [], sample=sample, mark=mark)
    try:
        told = _tell(ch, question, tree, read_definitions(ws, [tree]))
    except DatabaseError as error:
        if mark and CANCELLED in str(error):
            raise Superseded(draft=draft) from error
        raise
    whole = told.asked if sample is None else _count_living(ch, ws.workspace_id)  # the same: what is found is counted, not estimated
    return Preview(
        estimate(told.found, told.asked, whole),
        [(path, estimate(found, told.asked, whole)) for path, found in told.nodes],
        {channel: estimate(found, told.asked, whole) for channel, found in told.reachable.items()},
        now,
        sample,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """How many were asked (0: not known), and for how many of them the tree is true, each of its nodes, and the tree for who can be reached."""

    asked: int
    found: int
    nodes: list[tuple[str, int]]
    reachable: dict[str, int]


def _tell(ch: Client, question: Question, tree: Condition, definitions: Definitions) -> _Told:
    below = [(path, node) for path, node in walk(tree) if path]
    folding = Folding(definitions)
    whole = folding.of_facts(tree)
    if whole is not None:
        inner = [folding.of_facts(node) or node for _, node in below]  # parts of what asks for facts only ask for nothing else
        reached = [And((whole, cast("Condition", Reachable(channel)))) for channel in CHANNELS]
        asked, found, *rest = count_people(ch, question, [whole, *inner, *reached])
        paths = [path for path, _ in below]
        return _Told(asked, found, list(zip(paths, rest, strict=False)), dict(zip(CHANNELS, rest[len(paths) :], strict=True)))
    channels = [Reachable(channel) for channel in CHANNELS]
    # Of a sample it must be known how many were asked, of everybody only where a condition is true for those of whom nothing is known.
    lives = question.sample is not None or any(asks_who_lives(node, definitions) for _, node in walk(tree))
    atoms = [*find_atoms([tree], definitions), *channels]
    facts = ask(ch, question.workspace_id, atoms, question.now, lives=lives, sample=question.sample, mark=question.mark)
    people = facts.people(tree, definitions)
    return _Told(
        len(facts.living),
        len(people),
        [(path, len(facts.people(node, definitions))) for path, node in below],
        {channel.channel: len(people & facts.sets[key(channel)]) for channel in channels},
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


def _count_living(ch: Client, workspace_id: int) -> int:
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
