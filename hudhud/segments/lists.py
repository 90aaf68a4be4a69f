"""Lists: segments whose people are put in and taken out one by one, by hand, by API or from a file.

What somebody asks for is written down at once (`segment_edit`) and done by the segments worker, in the transaction that
also tells the journeys: so people enter and leave a list like any other segment, and what is built on it follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pyroaring import BitMap64

from hudhud.accounts.actions import record_audit
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput
from hudhud.people.identifiers import normal_email
from hudhud.people.queries import find_current_ids, find_holders
from hudhud.people.types import BadIdentifier
from hudhud.segments.asking.ask import QUERIES, ask
from hudhud.segments.keeping import membership
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import Change, SegmentNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.keeping.membership import Desk, Live

MOST_LINES = 20_000
MOST_NAMED = 100  # people whom the audit log names; of more it keeps the number
HEADERS = frozenset({"email", "e-mail", "email address", "user_id", "userid", "id"})


class NotAList(Conflict):
    """The people of this segment follow from its conditions; nobody is put in or taken out by hand."""

    code = "not_a_list"


@dataclass(frozen=True, slots=True)
class Found:
    """Whom the lines of a file name, and which lines (number, text) name nobody."""

    people: list[int]
    unknown: list[tuple[int, str]]


def change_list(ws: Scope, segment_id: int, person_ids: Iterable[int], now: datetime, *, belongs: bool, by: str) -> int:
    """Ask for people to be put into a list, or taken out; return how many. Raises `NotAList`, `SegmentNotFound`.

    Who is not known (any more) is left out; who was merged stands for the survivor.
    """
    row = ws.one(QUERIES.get_segment, id=segment_id)
    if row is None:
        raise SegmentNotFound(segment_id=segment_id)
    if row["definition"] is not None:
        raise NotAList(segment_id=segment_id)
    people = sorted(set(find_current_ids(ws, person_ids).values()))
    if people:
        ws.run(QUERIES.add_edits, id=segment_id, people=sql.numbers(people), belongs=belongs)
        named = {"people": people} if len(people) <= MOST_NAMED else {}
        action = "segment.add" if belongs else "segment.remove"
        record_audit(ws, now, by, action, f"segment:{segment_id}", name=row["name"], count=len(people), **named)
        ws.run(QUERIES.ring)
    return len(people)


def find_named(ws: Scope, lines: Sequence[str], *, first: int = 1) -> Found:
    """Look up people by e-mail address or user_id, one a line (the first column counts); `first` is the number of the first line."""
    if len(lines) > MOST_LINES:
        raise InvalidInput("lines", f"{len(lines)} lines", f"send at most {MOST_LINES} at a time")
    cells = {
        number: cell for number, line in enumerate(lines, first) if (cell := _cell(line)) and not (number == 1 and cell.lower() in HEADERS)
    }
    holders = _holders(ws, "user_id", set(cells.values()))
    emails = {cell: email for cell in cells.values() if (email := _email(cell))}
    held = _holders(ws, "email", set(emails.values()))
    holders |= {cell: held[email] for cell, email in emails.items() if email in held}
    unknown = [(number, cell) for number, cell in cells.items() if cell not in holders]
    return Found(list(dict.fromkeys(holders[cell] for cell in cells.values() if cell in holders)), unknown)


def _cell(line: str) -> str:
    """Return the first column of a line, in whatever way columns are told apart."""
    text = line.strip("\ufeff \r\n")
    text = text[1:].partition('"')[0] if text[:1] == '"' else min((text.partition(mark)[0] for mark in ",;\t"), key=len)
    return text.replace("\0", "").strip()[:1024]


def _email(cell: str) -> str | None:
    try:
        return normal_email(cell) if "@" in cell else None
    except BadIdentifier:
        return None


def _holders(ws: Scope, namespace: Literal["email", "user_id"], values: set[str]) -> dict[str, int]:
    return find_holders(ws, namespace, sorted(values)) if values else {}


def apply_edits(ws: Scope, ch: Client, now: datetime) -> list[Change]:
    """Do what was asked for, not more than a transaction should hold; return who came and who went, also in what is built on the lists.

    Whom the segments do not know yet waits for the batch that brings them.
    """
    if not ws.rows(QUERIES.find_edits, after=0, limit=1):
        return []
    desk = membership.open_desk(ws, ch, now)
    current: dict[int, int] = {}
    ready: list[tuple[int, int, int, bool]] = []
    for page in _pages(ws):
        current = find_current_ids(ws, {person_id for _, _, person_id, _ in page})
        ready = [edit for edit in page if (person := current.get(edit[2])) is None or person in desk.known]
        if ready:
            break
    wanted: dict[int, dict[int, bool]] = {}
    for _, segment_id, person_id, belongs in ready:
        if person_id in current:
            wanted.setdefault(segment_id, {})[current[person_id]] = belongs
    changes = _write(desk, wanted)
    changes += _follow(desk, wanted)
    ws.run(QUERIES.close_edits, ids=sql.numbers(edit[0] for edit in ready))
    desk.close()
    return changes


def _pages(ws: Scope) -> Iterator[list[tuple[int, int, int, bool]]]:
    after = 0
    while page := [(row[0], row[1], row[2], row[3]) for row in ws.rows(QUERIES.find_edits, after=after, limit=membership.MOST_CHANGES)]:
        yield page
        after = page[-1][0]


def _write(desk: Desk, wanted: dict[int, dict[int, bool]]) -> list[Change]:
    people = BitMap64(person for some in wanted.values() for person in some)
    living = ask(desk.ch, desk.workspace_id, [], desk.now, people).living if people else people
    turns = {}
    stored = read_members(desk.ws, list(wanted), people)
    for segment_id, some in wanted.items():
        members = stored[segment_id]
        turns[segment_id] = BitMap64(
            person for person, belongs in some.items() if belongs is not (person in members) and (person in living or not belongs)
        )
    return membership.turn(desk, stored, turns, living)


def _follow(desk: Desk, wanted: dict[int, dict[int, bool]]) -> list[Change]:
    """Ask again about these people in what is built on the lists."""
    live: dict[int, Live] = {one.id: one for one in membership.find_live(desk, membership.NOTHING) if one.built and not one.failing}
    people: dict[int, set[int]] = {}
    for segment_id, some in wanted.items():
        for row in desk.ws.rows(QUERIES.find_dependents, id=segment_id):
            people.setdefault(row[0], set()).update(some)
    groups: dict[frozenset[int], list[Live]] = {}
    for segment_id, some_people in people.items():
        if segment_id in live:
            groups.setdefault(frozenset(some_people), []).append(live[segment_id])
    return [
        change
        for asked, segments in groups.items()
        for change in membership.apart(desk, segments, lambda some, asked=asked: membership.decide(desk, some, asked).changes)  # type: ignore[misc]
    ]
