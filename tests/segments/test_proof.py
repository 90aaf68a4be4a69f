"""SQL == oracle == explain for many trees over many worlds, also after merges, un-merges, late and future events, as the clock goes on.

Hypothesis makes the worlds and trees; they are put together in batches, five worlds side by side in one workspace and all trees of the
batch over each: so every statement answers two hundred questions. A disagreement is told with all that it takes to repeat it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.segments import queries
from hudhud.segments.asking.ask import ask, count_people, find_atoms
from hudhud.segments.asking.together import Folding
from hudhud.segments.sql.question import Question
from hudhud.segments.types import And, from_json
from tests.segments import oracle
from tests.segments.test_meaning import QUICK, check_verdict, scope
from tests.segments.worlds import MS, NAMES, NOW, instants, objects, trees, worlds, write, write_events, write_merged, write_people

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from pyroaring import BitMap64

    from hudhud.segments.types import Condition

TREES, WORLDS = 8, 5  # trees that come with each world; worlds side by side
ROOM = 10  # ids of people that a world has for itself
_workspaces = itertools.count(100_000)  # apart from those of other tests of this file's database
# The clock goes on: a moment, over the hours that New York and Tallinn do twice or not at all, and for a year.
CLOCK_STEPS = (
    MS,
    timedelta(hours=1),
    datetime(2026, 4, 1, tzinfo=UTC) - NOW,
    datetime(2026, 10, 25, 0, 59, 59, 999_000, tzinfo=UTC) - NOW,
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC) - NOW,
    datetime(2026, 11, 1, 6, 0, tzinfo=UTC) - NOW,
    datetime(2027, 3, 28, 1, 0, tzinfo=UTC) - NOW,
)


@dataclass(frozen=True)
class Turn:
    """Something that happens to a world; people are named by place, an event comes late or is dated ahead."""

    what: str
    one: int
    other: int
    event: oracle.Event
    clock: timedelta


turns = st.builds(
    Turn,
    what=st.sampled_from(["merge", "merge", "undo", "event", "event", "nothing"]),
    one=st.integers(0, 5),
    other=st.integers(0, 5),
    event=st.builds(
        oracle.Event,
        actor_id=st.integers(1, 6),
        name=st.sampled_from(NAMES),
        at=st.one_of(instants, st.builds(lambda step, off: NOW + step + off * MS, st.sampled_from(CLOCK_STEPS), st.integers(-1, 1))),
        properties=objects(),
    ),
    clock=st.sampled_from(CLOCK_STEPS),
)


@dataclass
class Batch:
    """Worlds side by side, and the trees that all of them are asked about."""

    ch: Client
    workspace_id: int = field(default_factory=lambda: next(_workspaces))
    worlds: list[oracle.World] = field(default_factory=list)
    trees: list[dict[str, Any]] = field(default_factory=list)
    turns: list[list[Turn]] = field(default_factory=list)
    version: int = 1

    def add(self, world: oracle.World, given_trees: list[dict[str, Any]], given_turns: list[Turn]) -> None:
        self.worlds.append(_moved(world, ROOM * len(self.worlds)))
        self.trees += given_trees
        self.turns.append(given_turns)

    def check(self) -> int:
        """Compare everything; return how many pairs of a tree and a world that were."""
        for world in self.worlds:
            write(self.ch, self.workspace_id, world)
        now = NOW
        self.compare(now)
        for turn_of_each in zip(*self.turns, strict=True):
            self.version += 1
            for place, (world, turn) in enumerate(zip(self.worlds, turn_of_each, strict=True)):
                self.happen(world, turn, ROOM * place)
            now = max(now, NOW + turn_of_each[0].clock)
            self.compare(now)
        return len(self.trees) * len(self.worlds)

    def compare(self, now: datetime) -> None:
        ws = scope(self.workspace_id)
        compiled = dict(enumerate(from_json(tree) for tree in self.trees))
        everyone = [person.id for world in self.worlds for person in world.people]
        found = queries.matches(ws, self.ch, compiled, everyone, now)
        whole = queries.preview(ws, self.ch, And(tuple(compiled.values())), now)
        counts = {path: number.count for path, number in whole.conditions}
        together, of_facts = self.put_together(compiled, now)
        for number, tree in enumerate(self.trees):
            members = set().union(*(oracle.members(world, tree, now) for world in self.worlds))
            told = [world for world in self.worlds if (found[number] ^ members) & {person.id for person in world.people}]
            assert found[number] == members, (tree, now, told)
            assert counts[f"of[{number}]"] == len(members), (tree, now)
            assert len(together[number]) == len(members), (tree, now)
            assert of_facts.get(number, len(members)) == len(members), (tree, now)
        self.explain(now)

    def put_together(self, compiled: dict[int, Condition], now: datetime) -> tuple[list[BitMap64], dict[int, int]]:
        """Return for whom the trees are true when their facts are asked as one; and how many, counted row by row, where they ask for nothing else."""
        folding = Folding({})
        folded = [folding.fold(tree) for tree in compiled.values()]
        facts = ask(self.ch, self.workspace_id, find_atoms(folded, {}), now)
        wholes = {number: whole for number, tree in compiled.items() if (whole := folding.of_facts(tree)) is not None}
        counts = count_people(self.ch, Question(self.workspace_id, now, []), list(wholes.values()))
        return [facts.people(tree, {}) for tree in folded], dict(zip(wholes, counts[1:], strict=True))

    def explain(self, now: datetime) -> None:
        """Of each world one person is explained all trees at once."""
        living = [next(((world, person) for person in world.people if not person.gone), None) for world in self.worlds]
        asked = {one[1].id: one for one in living if one}
        tree = And(tuple(from_json(tree) for tree in self.trees))
        for verdict_of, verdict in queries.explain_all(scope(self.workspace_id), self.ch, tree, list(asked), now).items():
            world, person = asked[verdict_of]
            for part, plain in zip(verdict.of, self.trees, strict=True):
                check_verdict(part, world, person, plain, now)

    def happen(self, world: oracle.World, turn: Turn, room: int) -> None:
        one, other = (world.people[place % len(world.people)] for place in (turn.one, turn.other))
        if turn.what == "event" and one.id not in world.merged:
            event = replace(turn.event, actor_id=one.id)
            world.events.append(event)
            write_events(self.ch, self.workspace_id, [event])
        elif turn.what == "merge" and one.id != other.id and not one.gone and not other.gone:
            self.merge(world, one, other)
        elif turn.what == "undo" and one.id in world.merged:
            self.undo(world, one)
        assert all(room < person.id <= room + ROOM for person in world.people)

    def merge(self, world: oracle.World, one: oracle.Person, other: oracle.Person) -> None:
        moved = [one.id, *(actor for actor, person_id in world.merged.items() if person_id == one.id)]
        world.merged |= dict.fromkeys(moved, other.id)
        one.gone = True
        write_merged(self.ch, self.workspace_id, dict.fromkeys(moved, other.id), self.version)
        write_people(self.ch, self.workspace_id, [one, other], self.version)

    def undo(self, world: oracle.World, one: oracle.Person) -> None:
        del world.merged[one.id]
        one.gone = False
        write_merged(self.ch, self.workspace_id, {one.id: one.id}, self.version)
        write_people(self.ch, self.workspace_id, [one], self.version)


def _moved(world: oracle.World, room: int) -> oracle.World:
    """Give the people of a world other ids, so that several fit side by side."""
    people = [replace(person, id=person.id + room) for person in world.people]
    events = [replace(event, actor_id=event.actor_id + room) for event in world.events]
    return oracle.World(people, events, {actor + room: person + room for actor, person in world.merged.items()}, companies=world.companies)


def prove(ch: Client, rounds: int, changes: int) -> int:
    """Compare so many rounds of worlds, each before and after so many changes; return how many pairs of a tree and a world agreed."""
    batches = [Batch(ch)]

    @given(
        world=worlds(),
        given_trees=st.lists(trees(), min_size=TREES, max_size=TREES),
        given_turns=st.lists(turns, min_size=changes, max_size=changes),
    )
    @settings(QUICK, max_examples=rounds * WORLDS)
    def collect(world: oracle.World, given_trees: list[dict[str, Any]], given_turns: list[Turn]) -> None:
        if len(batches[-1].worlds) == WORLDS:
            batches.append(Batch(ch))
        batches[-1].add(world, given_trees, given_turns)

    collect()
    return sum(batch.check() for batch in batches)


def test_sql_oracle_and_explain_agree(ch: Client) -> None:
    assert prove(ch, 3, changes=1) >= 500


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_sql_oracle_and_explain_agree_twenty_thousand_times(ch: Client) -> None:
    assert prove(ch, 100, changes=3) >= 20_000
