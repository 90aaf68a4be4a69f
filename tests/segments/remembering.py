"""Helpers for tests of what is remembered of how often people did what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap64

from hudhud.kit.sql import Query
from hudhud.segments import actions
from hudhud.segments.asking.ask import ask
from hudhud.segments.conditions.atoms import key
from hudhud.segments.keeping import tallies
from hudhud.segments.keeping.tallies import read_tallies, to_atom
from hudhud.segments.types import Change, Touched

if TYPE_CHECKING:
    from tests.segments.oracle import Event
    from tests.segments.stage import Stage

ROW = Query("row", "SELECT nextval('intake_id_seq')")
DUE = Query("due", "SELECT tallies_due FROM segment_known WHERE workspace_id = %(workspace_id)s")


def next_row(stage: Stage) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        return int(ws.value(ROW))


def remember(stage: Stage) -> None:
    """Let the segments worker do all that there is to do; the stage has told ClickHouse of everybody."""
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET mirrored = version WHERE workspace_id = %s", (stage.workspace_id,))
    made = 1
    while made:
        with stage.db.workspace(stage.workspace_id) as ws:
            tallies.look_at_tallies(ws)
            made = actions.keep_up(ws, stage.ch, stage.now)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert not ws.value(DUE)


def batch(stage: Stage, *events: Event, **more: Any) -> Touched:  # noqa: ANN401 -- any field
    """Return what a batch says that comes for the first time."""
    who = {event.actor_id: stage.world.merged.get(event.actor_id, event.actor_id) for event in events}
    names = {event.name for event in events}
    return Touched(
        frozenset(who.values()),
        frozenset(names),
        instants={name: [one.at for one in events if one.name == name] for name in names},
        doers={name: [who[one.actor_id] for one in events if one.name == name] for name in names},
        properties={name: [json.dumps(one.properties).encode() for one in events if one.name == name] for name in names},
        **{"changed": (), "first_row": next_row(stage), **more},
    )


def happen(stage: Stage, *events: Event, **more: Any) -> list[Change]:  # noqa: ANN401 -- any field
    touched = batch(stage, *events, **more)
    stage.happen(*events)
    return stage.refresh(touched)


def check_remembered(stage: Stage) -> int:
    """What is believed is what everybody's histories say now; return of how many people and places."""
    believed = 0
    with stage.db.workspace(stage.workspace_id) as ws:
        found = read_tallies(ws)
    everybody = BitMap64([person.id for person in stage.world.people if not person.gone])
    for place, tally in found.items():
        if tally.until <= stage.now:
            continue
        atoms = [to_atom(place, times + 1) for times in range(len(tally.levels))]
        facts = ask(stage.ch, stage.workspace_id, atoms, stage.now)
        trusted = everybody - tally.doubtful
        for atom, level in zip(atoms, tally.among(trusted), strict=True):
            assert level == facts.sets.get(key(atom), BitMap64()) & trusted, (place, atom)
        believed += len(trusted)
    return believed
