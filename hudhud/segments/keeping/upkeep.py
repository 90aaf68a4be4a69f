"""Seeing to it that what segments ask is remembered (tallies.py): sets are made from the whole base, and it is looked who is doubtful next."""
# ruff: noqa: S608 -- texts of users are parameters (expressions.py); only our own words and integers are written

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from clickhouse_connect.driver.exceptions import OperationalError
from pyroaring import BitMap64

from hudhud.segments.asking.ask import ask, find_atoms, has_merged, read_definitions, rows
from hudhud.segments.asking.sets import read_state
from hudhud.segments.conditions.atoms import Did, key
from hudhud.segments.keeping.membership import MAX_REASON, NOTHING, UNASKABLE, find_live, open_desk
from hudhud.segments.keeping.tallies import AHEAD, QUERIES, ground_of, place_of, read_tallies, save, times_of, to_atom, write_tally
from hudhud.segments.sql.compile import event_source
from hudhud.segments.sql.expressions import instant
from hudhud.segments.sql.question import Question
from hudhud.segments.sql.statement import Statement
from hudhud.segments.types import to_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.keeping.membership import Desk
    from hudhud.segments.keeping.tallies import Place, Tally

AT_ONCE = 10  # places that are made while batches wait for the lock

log = structlog.get_logger()


def keep_up(ws: Scope, ch: Client, now: datetime) -> int:
    """Remember what segments ask for, as far as it is missing or worn out, and nothing else; return how many places were made. Some may be left for another call."""
    if not ws.value(QUERIES.is_due):
        return 0
    desk = open_desk(ws, ch, now)
    wanted = _find_wanted(desk)
    names, lengths = [name for name, _ in wanted], [length for _, length in wanted]
    ws.run(QUERIES.drop_tallies, names=names, lengths=lengths)
    found = read_tallies(ws)
    poor = [place for place, times in wanted.items() if place not in found or len(found[place].levels) < times or found[place].is_poor]
    made = poor[:AT_ONCE]
    try:
        _make(desk, {place: wanted[place] for place in made})
        _extend(desk, [tally for place, tally in found.items() if place not in made])
    except UNASKABLE as error:
        if isinstance(error, OperationalError):
            raise
        # Not remembered is asked each time.
        log.warning("segment.not_remembered", workspace=desk.workspace_id, error=str(error)[:MAX_REASON])
        poor, made = [], []
    ws.run(QUERIES.settle_tallies, due=len(poor) > len(made))
    desk.close()
    return len(made)


def _find_wanted(desk: Desk) -> dict[Place, int]:
    """Return where live segments count what people did, and up to how often."""
    trees = [one.tree for one in find_live(desk, NOTHING) if one.built and not one.failing]
    wanted: dict[Place, int] = {}
    for atom in find_atoms(trees, read_definitions(desk.ws, trees)):
        if isinstance(atom, Did) and (place := place_of(atom)) is not None:
            wanted[place] = max(wanted.get(place, 0), times_of(atom))
        elif (ground := ground_of(atom)) is not None:
            wanted.setdefault(ground, 1)
    return wanted


def _make(desk: Desk, wanted: Mapping[Place, int]) -> None:
    """Count from the whole base. What lies in the log up to here may be in ClickHouse, and has not been decided: its batch will tell."""
    if not wanted:
        return
    atoms = {place: [to_atom(place, number + 1) for number in range(times)] for place, times in wanted.items()}
    facts = ask(desk.ch, desk.workspace_id, [atom for some in atoms.values() for atom in some], desk.now)
    until = desk.now + AHEAD
    doubtful = find_crossing(desk.ch, desk.workspace_id, wanted, desk.now, until)
    behind = BitMap64([one for row in desk.ws.rows(QUERIES.find_behind) for one in row])
    last_row = desk.ws.value(QUERIES.last_row)
    for place, some in atoms.items():
        levels = [facts.sets.get(key(atom), BitMap64()) for atom in some]
        write_tally(desk.ws, place, levels, doubtful[place] | behind, until, last_row)


def _extend(desk: Desk, tallies: Sequence[Tally]) -> None:
    """Look who is doubtful up to some time ahead."""
    until = desk.now + AHEAD
    short = [tally for tally in tallies if tally.until < until]
    if not short:
        return
    crossing = find_crossing(desk.ch, desk.workspace_id, [tally.place for tally in short], min(tally.until for tally in short), until)
    for tally in short:
        tally.doubt(crossing[tally.place])
        tally.until, tally.is_changed = until, True
    save(desk.ws, short)


def find_crossing(ch: Client, workspace_id: int, places: Collection[Place], since: datetime, until: datetime) -> dict[Place, BitMap64]:
    """Return whose events of each name leave the window after `since`, up to `until`, or happen only then, as they were dated ahead."""
    lengths = sorted({0, *(length for _, length in places)})
    names = sorted({name for name, _ in places})
    statement = Statement(workspace_id)
    source, who, bounds = event_source(statement, Question(workspace_id, until, [], merged=has_merged(ch, workspace_id)), ahead=True)
    start, end = to_ms(since), to_ms(until, up=True)
    tests = [f"e.at > {instant(start - length)} AND e.at <= {instant(end - length)}" for length in lengths]
    where = " AND ".join([*bounds, f"e.name IN {statement.bind(names, 'Array(String)')}", f"({' OR '.join(f'({one})' for one in tests)})"])
    states = ", ".join(f"toString(groupBitmapStateIf({who}, {one}))" for one in tests)
    statement.text = f"SELECT e.name AS name, [{states}] AS states FROM {source} WHERE {where} GROUP BY name"
    found = {row[0].decode(): dict(zip(lengths, map(read_state, row[1]), strict=True)) for row in rows(ch, statement)}
    nobody = dict.fromkeys(lengths, BitMap64())
    return {(name, length): found.get(name, nobody)[length] | found.get(name, nobody)[0] for name, length in places}
