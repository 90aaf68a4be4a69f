"""Who moves from stage to stage: told from what the segments decide, in the transaction in which they decide it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hudhud.events.actions import Fact, tell
from hudhud.kit import sql
from hudhud.lifecycle.queries import QUERIES, find_stages
from hudhud.lifecycle.types import MOVED
from hudhud.segments.actions import read_members
from hudhud.segments.queries import matches
from hudhud.segments.types import Segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client
    from pyroaring import BitMap64

    from hudhud.kit.db import Scope
    from hudhud.lifecycle.types import Stage
    from hudhud.segments.types import Change

CHUNK = 100_000


class Step(NamedTuple):
    """Somebody's way from one stage to another; None: from outside, or out."""

    person_id: int
    origin: Stage | None
    target: Stage | None
    since: datetime | None
    at: datetime

    @property
    def is_forward(self) -> bool:
        """Whether it leads to a later stage; outside comes before all of them."""
        return (self.target.position if self.target else 0) > (self.origin.position if self.origin else 0)


def follow(ws: Scope, changes: Sequence[Change], now: datetime, quiet: Collection[int] = ()) -> int:
    """Write down and tell who moved by these changes of segments (of the `quiet` nobody is told); return how many. Call it in the transaction that decided them.

    The event goes through the intake log under the number of the move: so it is told exactly once, to timelines, conditions and journeys alike.
    """
    stages = find_stages(ws) if changes else []
    places = {stage.place_id for stage in stages}
    moments = {change.person_id: change.at for change in changes if change.segment_id in places}
    if not moments:
        return 0
    steps = _find_steps(ws, stages, read_members(ws, sorted(places)), moments)
    made = {person_id: move_id for move_id, person_id in _write(ws, steps)} if steps else {}
    assert ws.workspace_id is not None
    told = [step for step in steps if step.person_id in made and step.person_id not in quiet]
    tell(ws, [_to_fact(ws.workspace_id, made[step.person_id], step) for step in told], now)
    return len(made)


def recount(ws: Scope, built: Iterable[int]) -> None:
    """Put people where the stages have them after these segments were counted anew. Nobody has moved by that: the rules did change, not they."""
    stages = find_stages(ws)
    if not {stage.place_id for stage in stages}.intersection(built):
        return
    sets = read_members(ws, [stage.place_id for stage in stages])
    for stage in stages:
        people = list(sets[stage.place_id])
        ws.run(QUERIES.unsettle, stage_id=stage.id, people=sql.numbers(people))
        for start in range(0, len(people), CHUNK):
            ws.run(QUERIES.settle, stage_id=stage.id, people=sql.numbers(people[start : start + CHUNK]))


def look_back(ws: Scope, ch: Client, joined: Mapping[int, datetime], instants: Sequence[datetime]) -> int:
    """Write down how people came to where they are, by today's rules, from their events; return the number of moves. Nobody is told.

    For people whose past is brought in whole and whom no move was told of yet. `joined`: since when each of them is known; `instants`:
    when to look, in order. A move is dated somewhere between two looks.
    """
    stages = find_stages(ws)
    trees = {stage.place_id: Segment(stage.place_id) for stage in stages}
    moved = 0
    for last, at in pairwise(instants):
        people = [person_id for person_id, since in joined.items() if since <= at]
        moments = {person_id: max(joined[person_id], last + (at - last) * (person_id % 97 / 97)) for person_id in people}
        steps = _find_steps(ws, stages, matches(ws, ch, trees, people, at), moments)
        moved += len(_write(ws, steps))
    return moved


def _find_steps(ws: Scope, stages: Sequence[Stage], sets: Mapping[int, set[int] | BitMap64], moments: Mapping[int, datetime]) -> list[Step]:
    """Return who is elsewhere than it was told; `sets`: who is in each place."""
    known = {stage.id: stage for stage in stages}
    before = {row[0]: (row[1], row[2]) for row in ws.rows(QUERIES.find_places, people=sql.numbers(moments))}
    steps = []
    for person_id, at in sorted(moments.items()):
        stage_id, since = before.get(person_id, (0, None))
        target = next((stage for stage in reversed(stages) if person_id in sets[stage.place_id]), None)
        if stage_id != (target.id if target else 0):
            steps.append(Step(person_id, known.get(stage_id), target, since, at))
    return steps


def _write(ws: Scope, steps: Sequence[Step]) -> list[tuple[int, int]]:
    """Return (move, person)."""
    made = ws.rows(
        QUERIES.add_moves,
        people=[step.person_id for step in steps],
        origins=[step.origin and step.origin.id for step in steps],
        targets=[step.target and step.target.id for step in steps],
        forward=[step.is_forward for step in steps],
        sinces=[step.since for step in steps],
        instants=[step.at for step in steps],
    )
    moves = sql.numbers(row[0] for row in made)
    ws.run(QUERIES.put_places, moves=moves)
    ws.run(QUERIES.clear_places, moves=moves)
    return [(row[0], row[1]) for row in made]


def _to_fact(workspace_id: int, move_id: int, step: Step) -> Fact:
    properties = {
        "from": step.origin.key if step.origin else None,
        "to": step.target.key if step.target else None,
        "forward": step.is_forward,
    }
    return Fact(workspace_id, step.person_id, MOVED, f"lifecycle:{move_id}", step.at, properties)
