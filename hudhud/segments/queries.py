"""Questions about conditions: how many, who, which of these, and why. All as of `now`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from pyroaring import BitMap64

from hudhud.segments.asking.ask import (
    QUERIES,
    ask,
    ask_since,
    asks_who_lives,
    count_people,
    find_all_merged,
    find_atoms,
    find_merged,
    read_definitions,
    rows,
)
from hudhud.segments.asking.known import About as About
from hudhud.segments.asking.known import find_values as find_values
from hudhud.segments.asking.preview import Preview as Preview
from hudhud.segments.asking.preview import choose_sample as choose_sample
from hudhud.segments.asking.preview import preview as preview
from hudhud.segments.asking.reasons import to_value
from hudhud.segments.asking.sets import Listed
from hudhud.segments.asking.together import Folding
from hudhud.segments.asking.totals import Asked as Asked
from hudhud.segments.asking.totals import total_within as total_within
from hudhud.segments.conditions.atoms import key, to_atom
from hudhud.segments.keeping.growth import find_growth as find_growth
from hudhud.segments.keeping.overlap import compare as compare
from hudhud.segments.keeping.recheck import find_recheck as find_recheck
from hudhud.segments.keeping.recheck import find_rechecks as find_rechecks
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.lists import find_named as find_named
from hudhud.segments.ready import count_ready as count_ready
from hudhud.segments.ready import find_installed as find_installed
from hudhud.segments.ready import find_ready as find_ready
from hudhud.segments.sql.compile import compile_values
from hudhud.segments.sql.question import Question
from hudhud.segments.types import And, Not, Or, Segment, SegmentNotFound, Verdict, children, from_json
from hudhud.segments.uses import Use as Use
from hudhud.segments.uses import find_asked_attributes as find_asked_attributes
from hudhud.segments.uses import find_asked_journeys as find_asked_journeys
from hudhud.segments.uses import find_missing as find_missing
from hudhud.segments.uses import find_uses as find_uses
from hudhud.segments.uses import use_to_json as use_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.ask import Definitions, Facts
    from hudhud.segments.conditions.atoms import Atom
    from hudhud.segments.types import Condition

K = TypeVar("K")
# (actor, survivor) of people who were merged.
Merged = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Saved:
    """A segment that somebody made, with what is recorded of its members; `built_at` None: it is being counted.

    The tree of a list says that one is on it.
    `failure`: why it could not be asked about lately; its members are as of `checked_at` then.
    """

    id: int
    name: str
    tree: Condition
    revision: int
    count: int
    created_at: datetime
    updated_at: datetime
    built_at: datetime | None
    checked_at: datetime | None
    failure: str | None
    is_list: bool = False


def count(ws: Scope, ch: Client, tree: Condition, now: datetime) -> int:
    """Return how many people the tree is true for."""
    folding = Folding(read_definitions(ws, [tree]))
    whole = folding.of_facts(tree)
    if whole is not None:
        return count_people(ch, Question(_workspace(ws), now, []), [whole])[1]
    return len(_everybody(ws, ch, folding, tree, now))


def members(ws: Scope, ch: Client, tree: Condition, now: datetime, *, after: int = 0, limit: int = 100) -> list[int]:
    """Return a page of the people the tree is true for, by id."""
    folding = Folding(read_definitions(ws, [tree]))
    return list(islice(_everybody(ws, ch, folding, tree, now).iter_equal_or_larger(after + 1), limit))


def find_everybody(ws: Scope, ch: Client, tree: Condition, now: datetime) -> BitMap64:
    """Return the numbers of everybody the tree is true for."""
    return _everybody(ws, ch, Folding(read_definitions(ws, [tree])), tree, now)


def find_merged_into(ws: Scope, ch: Client, person_ids: Iterable[int]) -> Merged:
    """Return (actor, survivor) of all who were merged into these people: for several questions about them, one after the other."""
    return find_all_merged(ch, _workspace(ws), BitMap64(person_ids))


def matches(
    ws: Scope, ch: Client, trees: Mapping[K, Condition], person_ids: Iterable[int], now: datetime, *, merged: Merged | None = None
) -> dict[K, set[int]]:
    """Return for each tree which of these people it is true for; all trees are answered by one statement. `merged`: where that has been asked."""
    definitions = read_definitions(ws, trees.values())
    facts = ask(ch, _workspace(ws), find_atoms(trees.values(), definitions), now, person_ids, merged=merged)
    return {name: set(facts.people(tree, definitions)) for name, tree in trees.items()}


def matches_since(
    ws: Scope,
    ch: Client,
    trees: Mapping[K, Condition],
    pairs: Iterable[tuple[int, datetime]],
    now: datetime,
    *,
    merged: Merged | None = None,
) -> dict[K, set[tuple[int, datetime]]]:
    """Return for each tree for which pairs of (person, moment of entry) it is true; trees may have `since_entry` windows. One statement answers all."""
    numbered = sorted(set(pairs))
    definitions = read_definitions(ws, trees.values())
    facts = ask_since(ch, _workspace(ws), find_atoms(trees.values(), definitions), numbered, now, merged)
    return {name: {numbered[number] for number in facts.people(tree, definitions)} for name, tree in trees.items()}


def explain(ws: Scope, ch: Client, tree: Condition, person_id: int, now: datetime) -> Verdict:
    """Return the verdict on one person, node by node, with the value that decided each leaf."""
    return explain_all(ws, ch, tree, [person_id], now)[person_id]


def explain_all(ws: Scope, ch: Client, tree: Condition, person_ids: Sequence[int], now: datetime) -> dict[int, Verdict]:
    """Return the verdict on each of a page of people."""
    definitions = read_definitions(ws, [tree])
    atoms = find_atoms([tree], definitions)
    facts = ask(ch, _workspace(ws), atoms, now, person_ids)
    values = _values(ch, _workspace(ws), atoms, person_ids, now)
    return {one: _Reasons(one, facts, values.get(one, {}), definitions).tell(tree, "") for one in person_ids}


def _everybody(ws: Scope, ch: Client, folding: Folding, whole: Condition, now: datetime) -> BitMap64:
    tree, definitions = folding.fold(whole), folding.fold_definitions()
    facts = ask(ch, _workspace(ws), find_atoms([tree], definitions), now, lives=asks_who_lives(tree, definitions))
    return facts.people(tree, definitions)


def _workspace(ws: Scope) -> int:
    assert ws.workspace_id is not None
    return ws.workspace_id


def _values(ch: Client, workspace_id: int, atoms: Sequence[Atom], person_ids: Sequence[int], now: datetime) -> dict[int, dict[str, object]]:
    """Return what is stored about people, by person and atom."""
    moved = find_merged(ch, workspace_id, person_ids)
    actors = sorted({*person_ids, *(actor for actor, _ in moved)})
    statement = compile_values(Question(workspace_id, now, atoms, merged=bool(moved), people=person_ids, actors=actors))
    found = {(part, who): texts for part, who, texts in rows(ch, statement)}
    placed = [(atom, *statement.places[key(atom)]) for atom in atoms if key(atom) in statement.places]
    return {who: {key(atom): to_value(atom, found.get((part, who)), place) for atom, part, place in placed} for who in person_ids}


class _Reasons:
    """Tells why a tree holds for one person or not. A segment is looked into where it is named first: they may name each other in endlessly many ways."""

    def __init__(self, person_id: int, facts: Facts, values: Mapping[str, object], definitions: Definitions) -> None:
        self._person_id, self._facts, self._values, self._definitions = person_id, facts, values, definitions
        self._told: set[int] = set()

    def tell(self, node: Condition, path: str) -> Verdict:
        """Return the verdict on a node and, below it, on its parts."""
        holds = self._person_id in self._facts.people(node, self._definitions)
        if not isinstance(node, And | Or | Not | Segment):
            return Verdict(path, node, holds, self._values.get(key(to_atom(node)[0])))
        below = [(f"{path}.{step}" if path else step, child) for step, child in children(node)]
        value = None
        if isinstance(node, Segment):
            meant = self._definitions[node.segment_id]
            if not isinstance(meant, Listed) and node.segment_id not in self._told:
                self._told.add(node.segment_id)
                below = [(f"{path}.segment" if path else "segment", meant)]
            value = holds == node.member
        return Verdict(path, node, holds, value, tuple(self.tell(child, step) for step, child in below))


def find_work(everywhere: Scope, now: datetime) -> list[int]:
    """Return the workspaces that have segments to build or to look at."""
    return [row[0] for row in everywhere.rows(QUERIES.find_work, now=now)]


def next_check(everywhere: Scope) -> datetime | None:
    """Return when time alone may next move somebody."""
    found: datetime | None = everywhere.value(QUERIES.next_check)
    return found


def find_segments(ws: Scope, *, after: int | None = None, limit: int = 50) -> list[Saved]:
    """Return a page of the listed segments, newest first."""
    return [_saved(row) for row in ws.all(QUERIES.find_segments, after=after, limit=limit)]


def count_segments(ws: Scope) -> int:
    """Return how many segments are listed."""
    return int(ws.value(QUERIES.count_segments))


def get_segment(ws: Scope, segment_id: int) -> Saved:
    """Return a segment; raises `SegmentNotFound`."""
    row = ws.one(QUERIES.get_segment, id=segment_id)
    if row is None:
        raise SegmentNotFound(segment_id=segment_id)
    return _saved(row)


def _saved(row: dict[str, Any]) -> Saved:
    definition = row.pop("definition")
    is_list = definition is None
    return Saved(tree=Segment(row["id"]) if is_list else from_json(definition), is_list=is_list, **row)


def find_members(ws: Scope, segment: Saved, *, after: int = 0, limit: int = 50) -> list[tuple[int, datetime | None]]:
    """Return a page of the recorded members of a segment, by id: (person, since when); None: since before the segment was built."""
    stored = read_members(ws, [segment.id]).get(segment.id, BitMap64())
    ids = list(islice(stored.iter_equal_or_larger(after + 1), limit))
    since = dict(ws.rows(QUERIES.find_entered, id=segment.id, people=ids)) if ids else {}
    return [(one, since.get(one)) for one in ids]


def count_waiting(ws: Scope, segment_id: int) -> int:
    """Return how many people are still to be put into a list or taken out."""
    return int(ws.value(QUERIES.count_edits, id=segment_id))


def find_faces(ws: Scope, person_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what people are called: {"name", "email"}, either may be missing."""
    rows = ws.all(QUERIES.find_faces, ids=list(person_ids))
    return {row["id"]: {"name": row["name"], "email": row["email"]} for row in rows}
