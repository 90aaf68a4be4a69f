"""Pairs of people who may be one are right within a moment after somebody came or changed: the same as a search through everybody finds."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.people import duplicates
from hudhud.people.actions import join, resolve
from hudhud.people.types import Identity
from hudhud.people.unmerge import undo_merge
from hudhud.workers import duplicates as worker
from tests import make
from tests.make import NOW
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope

EMAILS = (
    "ann.tamm@gmail.com",
    "AnnTamm+a@gmail.com",
    "anntamm@gmail.com",
    "bob@example.com",
    "Bob@Example.com",
    "b\u043eb@example.com",
    "bob+x@example.com",
)
PHONES = ("+3725551234", "00372 555 1234", "+372 555-12-34", "+3725550000", "\u06f3\u06f7\u06f2\u06f5\u06f5\u06f5\u06f0\u06f0\u06f0\u06f0")
NAMES = ("Ann Tamm", "ann  TAMM", "Bob", "B\u043eb")
PAIRS = "SELECT one_id, other_id, reasons, confidence FROM duplicate WHERE state = 'open' ORDER BY 1, 2"
KEYS = "SELECT key FROM duplicate_key GROUP BY key HAVING count(*) > 1 ORDER BY 1"


class Undone(Exception):
    """What was done is to be taken back."""


def follow(db: Database, shop: int) -> None:
    followed = 1
    while followed:
        with db.workspace(shop) as ws:
            followed = duplicates.follow(ws, few=3)


def read(ws: Scope) -> tuple[list[Any], list[Any]]:
    return ws.conn.execute(PAIRS).fetchall(), ws.conn.execute(KEYS).fetchall()


def assert_same_as_searched(db: Database, shop: int) -> list[Any]:
    follow(db, shop)
    with suppress(Undone), db.workspace(shop) as ws:
        followed = read(ws)
        duplicates.ask(ws, NOW, "user:1")
        assert duplicates.search(ws, NOW)
        assert followed == read(ws)
        raise Undone
    return followed[0]


def claim(dice: random.Random, people: int) -> Identity:
    traits = {"email": EMAILS, "phone": PHONES, "name": NAMES, "birthday": ("1990-03-01", "-"), "zip": ("51003", "51004")}
    told = {name: dice.choice(values) for name, values in traits.items() if dice.random() < 0.5}
    return Identity((("user_id", f"u{dice.randrange(people)}"),), "identify", NOW, told)


def act(dice: random.Random, ws: Scope, ids: list[int], people: int) -> None:
    kind = dice.random()
    merges = [row[0] for row in ws.conn.execute("SELECT id FROM person_merge WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1").fetchall()]
    living = [
        row[0] for row in ws.conn.execute("SELECT id FROM person WHERE merged_into IS NULL AND erased_at IS NULL ORDER BY id").fetchall()
    ]
    if kind < 0.1 and len(living) > 1:
        one, other = dice.sample(living, 2)
        join(ws, one, other, frozenset(), NOW, "user:1")
    elif (
        kind < 0.2
        and merges
        and ws.conn.execute(
            "SELECT erased_at IS NULL FROM person WHERE id = (SELECT survivor_id FROM person_merge WHERE id = %s)", merges
        ).fetchone()
        == (True,)
    ):
        undo_merge(ws, merges[0], NOW + timedelta(seconds=1), "user:1")
    elif kind < 0.25 and living:
        gone = dice.choice(living)
        ws.conn.execute("DELETE FROM identifier WHERE person_id = %s", (gone,))
        ws.conn.execute("UPDATE person SET erased_at = now(), attributes = '{}' WHERE id = %s", (gone,))
    else:
        ids += resolve(ws, [claim(dice, people) for _ in range(dice.randint(1, 4))], NOW).person_ids


@pytest.mark.parametrize(("seed", "steps"), [(1, 24), (2, 24), pytest.param(3, 200, marks=pytest.mark.long)])
def test_what_is_followed_is_what_a_search_finds(db: Database, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int) -> None:
    monkeypatch.setattr(duplicates, "MOST_ALIKE", 4)
    dice, shop, ids = random.Random(seed), make.workspace(db), list[int]()
    found = 0
    for step in range(steps):
        with db.workspace(shop) as ws:
            act(dice, ws, ids, 14)
        if step % 4 == 3:
            found += len(assert_same_as_searched(db, shop))
    assert found > steps


def test_a_number_that_many_share_is_no_evidence_until_few_do(db: Database) -> None:
    shop = make.workspace(db)
    desk = [Identity((("user_id", f"u{number}"),), "identify", NOW, {"phone": "+3726000000"}) for number in range(21)]
    with db.workspace(shop) as ws:
        ids = resolve(ws, desk[:20], NOW).person_ids
    assert len(assert_same_as_searched(db, shop)) == 20 * 19 / 2
    with db.workspace(shop) as ws:
        resolve(ws, desk[20:], NOW)
    assert assert_same_as_searched(db, shop) == []
    with db.workspace(shop) as ws:
        resolve(ws, [Identity((("user_id", "u3"),), "identify", NOW, {"phone": "+3726000001"})], NOW)
    assert len(assert_same_as_searched(db, shop)) == 20 * 19 / 2
    assert ids[3] not in {one for pair in assert_same_as_searched(db, shop) for one in pair[:2]}


def test_the_worker_compares_whoever_came_without_being_asked(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    line.put(identify("u1", email="Bob@Example.com"), identify("u2", email="bob@example.com"))
    line.work()
    worker.work_once(line.context)
    with line.db.workspace(line.shop) as ws:
        assert [pair.reasons for pair in duplicates.find_duplicates(ws)[0]] == [["email"]]
        assert duplicates.get_search(ws) is None


def test_who_joins_a_pair_waits_for_whoever_changes_people_before_holding_it(db: Database) -> None:
    """Else an erasure waits for who compares, who waits for the pair, whose holder waits for the erasure."""
    shop = make.workspace(db)
    with db.workspace(shop) as ws:
        one, _ = resolve(ws, [Identity((("user_id", f"u{n}"),), "identify", NOW, {"phone": PHONES[0]}) for n in range(2)], NOW).person_ids
    follow(db, shop)

    def join_them() -> None:
        with db.workspace(shop) as ws:
            duplicates.join_pair(ws, duplicates.find_duplicates(ws)[0][0].id, one, frozenset(), NOW, "user:1")

    joining = Thread(target=join_them)
    with db.workspace(shop) as ws:
        ws.run(duplicates.PEOPLE.lock)
        joining.start()
        while ws.conn.execute(
            "SELECT count(*) FROM pg_locks w WHERE NOT w.granted AND pg_backend_pid() = ANY(pg_blocking_pids(w.pid))"
        ).fetchone() == (0,):
            time.sleep(0.01)
        assert ws.conn.execute("SELECT state FROM duplicate FOR UPDATE NOWAIT").fetchall() == [("open",)]
    joining.join()
    assert assert_same_as_searched(db, shop) == []
