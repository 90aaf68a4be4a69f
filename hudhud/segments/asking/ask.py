"""Ask ClickHouse: atoms in, sets of people out; and the algebra that turns them into the answer of a whole tree.

A condition on another segment means that segment's tree, at the same instant: it is unfolded here, never read from stored
membership, so that an answer is right at any `now`, also in a rehearsal of the past (docs/decisions/0006-segments.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from clickhouse_connect.driver.exceptions import DatabaseError
from pyroaring import BitMap64

from hudhud.kit import sql
from hudhud.kit.clickhouse import is_too_costly
from hudhud.segments.asking.sets import EVERYBODY, NOBODY, Group, Listed, load, read_state
from hudhud.segments.conditions.atoms import Atom, OfEvents, key, since_entry, to_atom
from hudhud.segments.sql.compile import MAX_ASKERS, MAX_IDS, MERGED_PART, compile_counts, compile_sets
from hudhud.segments.sql.expressions import id_list
from hudhud.segments.sql.question import Asker, Question
from hudhud.segments.types import And, Not, Or, Segment, SegmentNotFound, TooCostly, from_json, leaves, to_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.asking.sampling import Sample
    from hudhud.segments.sql.statement import Statement
    from hudhud.segments.types import Condition

    Definitions = Mapping[int, Condition | Listed]

QUERIES = sql.load("hudhud.segments")
# All segments of a workspace are asked about by one statement, which may be long.
ROOMY = {"max_query_size": 64_000_000, "max_ast_elements": 10_000_000, "max_expanded_ast_elements": 10_000_000, "max_execution_time": 60}
# Workspaces in which somebody was merged: their statements look up who people are today at once. That of any other asks whether it must, and is repeated if so.
_merging: set[int] = set()
MANY = 5 * MAX_IDS  # from here on it is quicker to ask about everybody


@dataclass(slots=True)
class Facts:
    """What is known of the living people asked about: one set of ids for each atom.

    With `gone` not who lives is known, but who of everybody does not: enough for trees that are true for nobody without a reason.
    """

    living: BitMap64 = field(default_factory=BitMap64)
    sets: dict[str, BitMap64] = field(default_factory=dict)
    gone: BitMap64 | None = None
    _segments: dict[int, Group] = field(
        default_factory=dict
    )  # answered already; a ladder of segments that name each other twice has endlessly many ways down

    def add(self, other: Facts) -> None:
        """Take over what is known of other people."""
        self._segments.clear()
        self.living |= other.living
        for name, ids in other.sets.items():
            self.sets[name] = self.sets.get(name, BitMap64()) | ids

    def people(self, tree: Condition, definitions: Definitions) -> BitMap64:
        """Return for whom the tree is true."""
        group = self.group(tree, definitions)
        if self.gone is None:
            return group.within(self.living)
        assert not group.outside
        return group.ids - self.gone

    def group(self, tree: Condition, definitions: Definitions) -> Group:
        """Return for whom the tree is true, complements unresolved."""
        if isinstance(tree, And | Or):
            whole = EVERYBODY if isinstance(tree, And) else NOBODY
            for child in tree.of:
                part = self.group(child, definitions)
                whole = whole & part if isinstance(tree, And) else whole | part
            return whole
        if isinstance(tree, Not):
            return ~self.group(tree.of, definitions)
        if isinstance(tree, Segment):
            inner = self._segment(tree.segment_id, definitions)
            return inner if tree.member else ~inner
        atom, positive = to_atom(tree)
        return Group(self.sets.get(key(atom), BitMap64()), outside=not positive)

    def _segment(self, segment_id: int, definitions: Definitions) -> Group:
        if segment_id not in self._segments:
            meant = definitions[segment_id]
            self._segments[segment_id] = Group(meant.people) if isinstance(meant, Listed) else self.group(meant, definitions)
        return self._segments[segment_id]


def asks_who_lives(tree: Condition, definitions: Definitions) -> bool:
    """Say whether the tree is true for people of whom nothing is known but that they live."""
    return Facts().group(tree, definitions).outside


def read_definitions(ws: Scope, trees: Iterable[Condition]) -> Definitions:
    """Read the trees of all segments that these are built on; raises `SegmentNotFound`."""
    wanted = {leaf.segment_id for tree in trees for leaf in leaves(tree) if isinstance(leaf, Segment)}
    if not wanted:
        return {}
    found = {row[0]: _read_definition(*row[1:]) for row in ws.rows(QUERIES.find_definitions, ids=sorted(wanted))}
    if missing := wanted - found.keys():
        raise SegmentNotFound(f"There is no segment {min(missing)}.", segment_id=min(missing))
    return found


def _read_definition(definition: object, members: bytes | None, turned: bytes | None) -> Condition | Listed:
    return Listed(load(members or b"") ^ load(turned or b"")) if definition is None else from_json(definition)


def find_atoms(trees: Iterable[Condition], definitions: Definitions) -> list[Atom]:
    """Return each atom of the trees once, those of segments they are built on included."""
    seen: set[int] = set()
    return list({key(atom): atom for tree in trees for atom in _atoms(tree, definitions, seen)}.values())


def _atoms(tree: Condition, definitions: Definitions, seen: set[int]) -> Iterator[Atom]:
    for leaf in leaves(tree):
        if isinstance(leaf, Segment):
            meant = definitions[leaf.segment_id]
            if leaf.segment_id not in seen and not isinstance(meant, Listed):
                seen.add(leaf.segment_id)
                yield from _atoms(meant, definitions, seen)
        else:
            yield to_atom(leaf)[0]


def ask(  # noqa: PLR0913 -- a question has as many sides
    ch: Client,
    workspace_id: int,
    atoms: Sequence[Atom],
    now: datetime,
    person_ids: Iterable[int] | None = None,
    *,
    wanted: Mapping[str, BitMap64] | None = None,
    lives: bool = True,
    sample: Sample | None = None,
    mark: str = "",
    merged: Sequence[tuple[int, int]] | None = None,
) -> Facts:
    """Answer atoms at `now`: about everybody (or a sample of them) in one statement, about given people in one for each five thousand.

    `wanted`: of which of these people an answer is wanted, by the atom's key; what is said of others then means nothing. `lives`: whether it is asked who
    lives; else nobody of given people is said to, and of everybody it is told who is gone. `merged`: (actor, survivor) of all who were merged into
    these people, where that has been asked.
    A statement about everybody begins with `mark`, a comment by which it is found while it runs.
    """
    people = None if person_ids is None else BitMap64(person_ids)
    if people is None or len(people) > MANY:
        lives = lives or people is not None
        whole = read_facts(ch, Question(workspace_id, now, atoms, merged=workspace_id in _merging, lives=lives, sample=sample, mark=mark))
        return whole if people is None else Facts(whole.living & people, whole.sets)
    facts = Facts()
    for some in parts(list(people), MAX_IDS):
        moved = find_merged(ch, workspace_id, some) if merged is None else among(merged, some)
        actors = sorted({*some, *(actor for actor, _ in moved)})
        theirs = None if wanted is None else _of_actors(wanted, some, moved)
        facts.add(
            read_facts(ch, Question(workspace_id, now, atoms, merged=bool(moved), people=some, actors=actors, wanted=theirs, lives=lives))
        )
    return facts


def _of_actors(wanted: Mapping[str, BitMap64], people: Iterable[int], moved: Sequence[tuple[int, int]]) -> dict[str, BitMap64]:
    """Return what is wanted of these people as what is wanted of their actors."""
    asked = BitMap64(people)
    return {name: (asked & some) | BitMap64(actor for actor, person in moved if person in some) for name, some in wanted.items()}


def ask_since(
    ch: Client,
    workspace_id: int,
    atoms: Sequence[Atom],
    pairs: Sequence[tuple[int, datetime]],
    now: datetime,
    merged: Sequence[tuple[int, int]] | None = None,
) -> Facts:
    """Answer atoms, some of them about the time since an entry; the answer is in numbers of pairs instead of people. `merged`: as in `ask`."""
    facts = Facts()
    for start in range(0, len(pairs), MAX_ASKERS):
        facts.add(_ask_some_since(ch, workspace_id, atoms, dict(enumerate(pairs[start : start + MAX_ASKERS], start)), now, merged))
    return facts


def _ask_some_since(
    ch: Client,
    workspace_id: int,
    atoms: Sequence[Atom],
    pairs: dict[int, tuple[int, datetime]],
    now: datetime,
    merged: Sequence[tuple[int, int]] | None,
) -> Facts:
    people = sorted({person_id for person_id, _ in pairs.values()})
    moved = find_merged(ch, workspace_id, people) if merged is None else among(merged, people)
    actors: dict[int, list[int]] = {person_id: [person_id] for person_id in people}
    numbers: dict[int, list[int]] = {}
    for actor_id, person_id in moved:
        actors[person_id].append(actor_id)
    for number, (person_id, _) in pairs.items():
        numbers.setdefault(person_id, []).append(number)
    askers = [Asker(number, actor, to_ms(since)) for number, (person_id, since) in pairs.items() for actor in actors[person_id]]
    everyone = sorted({*people, *(actor for actor, _ in moved)})
    question = Question(workspace_id, now, atoms, merged=bool(moved), people=people, actors=everyone, askers=askers)
    facts = read_facts(ch, question)
    own = {key(atom) for atom in atoms if isinstance(atom, OfEvents) and since_entry(atom)}
    sets = {name: ids if name in own else _numbered(ids, numbers) for name, ids in facts.sets.items()}
    return Facts(_numbered(facts.living, numbers), sets)


def _numbered(people: BitMap64, numbers: Mapping[int, Iterable[int]]) -> BitMap64:
    return BitMap64([number for person_id in people for number in numbers.get(person_id, ())])


def read_facts(ch: Client, question: Question) -> Facts:
    """Run one statement."""
    statement = compile_sets(question)
    found = run(ch, statement)
    if MERGED_PART in found:
        _merging.add(question.workspace_id)
        return read_facts(ch, replace(question, merged=True))
    # A part without a row is about events that nobody has.
    sets = {name: read_state(found[part][place]) for name, (part, place) in statement.places.items() if part in found}
    first = read_state(found[0][0]) if 0 in found else BitMap64()
    return Facts(sets=sets, gone=first) if question.people is None and not question.lives else Facts(first, sets)


def count_people(ch: Client, question: Question, trees: Sequence[Condition]) -> Sequence[int]:
    """Return how many people live (of a sample, if the question has one), then for how many each of these trees of nothing but facts holds."""
    return rows(ch, compile_counts(question, trees))[0]


def run(ch: Client, statement: Statement) -> dict[int, list[bytes]]:
    """Run a statement, return what each of its parts answers."""
    return {part: answers for part, answers in rows(ch, statement)}  # noqa: C416 -- rows are sequences of any length to mypy


def rows(ch: Client, statement: Statement) -> Sequence[Sequence[Any]]:
    """Run a statement; raises `TooCostly` when it is stopped for its time or memory (the engine's limit: 800 MB embedded)."""
    try:
        return ch.query(statement.text, parameters=statement.params, settings=ROOMY, query_formats={"String": "bytes"}).result_rows
    except DatabaseError as error:
        if is_too_costly(error):
            raise TooCostly from error
        raise


def has_merged(ch: Client, workspace_id: int) -> bool:
    """Say whether anybody was ever merged here; if not, no join is needed."""
    found = ch.query("SELECT 1 FROM person_override WHERE workspace_id = {w:UInt64} LIMIT 1", parameters={"w": workspace_id})
    return bool(found.result_rows)


def find_merged(ch: Client, workspace_id: int, person_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (actor, survivor) for all who were merged into these people."""
    query = "SELECT actor_id, person_id FROM person_override FINAL WHERE workspace_id = {w:UInt64} AND person_id IN {ids:Array(UInt64)}"
    found = ch.query(query, parameters={"w": workspace_id, "ids": id_list(person_ids)})
    return [(actor, person) for actor, person in found.result_rows if actor != person]


def among(merged: Sequence[tuple[int, int]], person_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return those of (actor, survivor) who were merged into these people."""
    people = BitMap64(person_ids) if merged else ()
    return [(actor, person) for actor, person in merged if person in people]


def find_all_merged(ch: Client, workspace_id: int, people: BitMap64) -> list[tuple[int, int]]:
    """Return the same for any number of people."""
    if len(people) <= MANY:
        return [pair for some in parts(list(people), MAX_IDS) for pair in find_merged(ch, workspace_id, some)]
    if not has_merged(ch, workspace_id):
        return []
    query = "SELECT actor_id, person_id FROM person_override FINAL WHERE workspace_id = {w:UInt64} AND actor_id <> person_id"
    with ch.query_row_block_stream(query, parameters={"w": workspace_id}) as blocks:
        return [(actor, person) for rows in blocks for actor, person in rows if person in people]


def parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Cut a list into pieces."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
