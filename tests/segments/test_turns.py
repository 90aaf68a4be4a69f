"""A look at what time has turned names just the people with an event at an edge of a window, and the very next edge, as plain arithmetic over all events does."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.segments.asking.ask import find_atoms
from hudhud.segments.keeping import flips
from hudhud.segments.keeping.flips import AHEAD, find_turns
from hudhud.segments.types import from_json, to_ms
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import MS, NOW

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = {"Page Viewed": (HOUR, DAY, 7 * DAY), "Order Completed": (DAY,), "Cart Viewed": ()}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def asks(name: str, length: timedelta | None) -> dict[str, Any]:
    window = {"kind": "last", "amount": length // HOUR, "unit": "hours"} if length else {"kind": "ever"}
    return {"kind": "event", "name": name, "window": window}


TREES = [from_json(asks(name, length)) for name, lengths in ASKED.items() for length in (lengths or (None,))]


def turned(stage: Stage, name: str, length: timedelta, since: datetime, now: datetime) -> set[int]:
    mine = [event for event in stage.world.events if event.name == name and since - length < event.at <= now - length]
    return {stage.world.merged.get(event.actor_id, event.actor_id) for event in mine}


def next_edge(stage: Stage, name: str, length: timedelta, now: datetime) -> int | None:
    mine = [to_ms(event.at + length) for event in stage.world.events if event.name == name and event.at > now - length]
    if length:
        mine = [at for at in mine if at <= to_ms(now + length)]  # later ones are dated ahead
    return min(mine, default=None)


@pytest.mark.parametrize("seed", range(3))
def test_whom_and_when_as_arithmetic_says(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed == 1:
        monkeypatch.setattr(flips, "FEW_LENGTHS", 1)  # names are read apart
    lots = random.Random(seed)
    people = [stage.person() for _ in range(6)]
    spans = [timedelta(0), MS, AHEAD, AHEAD + MS, HOUR, DAY, 7 * DAY, 7 * DAY + AHEAD]
    stage.happen(
        *(
            Event(lots.choice(people).id, lots.choice([*ASKED, "Event of nobody"]), NOW - lots.choice(spans) + lots.randrange(-3, 4) * MS)
            for _ in range(60)
        ),
        Event(people[0].id, "Cart Viewed", NOW + 3 * DAY),
    )
    if seed:
        stage.merge(people[0], people[1])
    atoms = find_atoms(TREES, {})
    for since, now in ((NOW - MS, NOW), (NOW - HOUR, NOW), (NOW, NOW + MS), (NOW - 9 * DAY, NOW + DAY)):
        turns = find_turns(stage.ch, stage.workspace_id, atoms, since, now)
        for name, lengths in ASKED.items():
            for length in (timedelta(0), *lengths):
                place = (name, length // MS)
                assert set(turns.by_window.get(place, ())) == turned(stage, name, length, since, now), (place, since, now)
                assert turns.flips.get(place) == next_edge(stage, name, length, now), (place, since, now)
        for tree in TREES:
            (atom,) = find_atoms([tree], {})
            (name, length), *_ = [
                (name, length)
                for name, lengths in ASKED.items()
                for length in (lengths or (None,))
                if tree == from_json(asks(name, length))
            ]
            edges = [timedelta(0), *([length] if length else [])]
            assert set(turns.people([atom])) == set().union(*(turned(stage, name, edge, since, now) for edge in edges))


def test_nothing_to_ask_about_moves_nobody(stage: Stage) -> None:
    stage.happen(Event(stage.person().id, "Page Viewed", NOW))
    turns = find_turns(stage.ch, stage.workspace_id, [], NOW - DAY, NOW)
    assert (turns.by_window, turns.flips, set(turns.people([]))) == ({}, {}, set())
