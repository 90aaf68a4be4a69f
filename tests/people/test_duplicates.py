"""People who may be one: who is found and why, what is never found again, and joining them by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from hudhud.kit.errors import InvalidInput
from hudhud.people import duplicates
from hudhud.people.actions import resolve
from hudhud.people.queries import get_profile
from hudhud.people.types import DuplicateNotFound, Identity
from hudhud.people.unmerge import undo_merge
from hudhud.workers import duplicates as worker
from tests import make
from tests.make import NOW
from tests.workers.line import Line, identify
from tests.workers.test_main import until

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope

PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"email": "ann.tamm@gmail.com", "name": "Ann Tamm", "birthday": "1990-03-01"},
    "ann2": {"email": "AnnTamm+shop@googlemail.com", "name": "ann  TAMM"},
    "case": {"email": "Bob@Example.com"},
    "case2": {"email": "bob@example.com"},
    "phone": {"phone": "+372 5551 234"},
    "look": {"email": "cara@example.com"},
    "look2": {"email": "c\u0430ra@example.com"},  # a Cyrillic а
    "born": {"name": "Ann Tamm", "date_of_birth": "1990-03-01T00:00:00Z"},
    "home": {"first_name": "Eva", "last_name": "Kask", "address": {"street": "Tähe 1"}},
    "home2": {"name": "Eva Kask", "address": {"street": "Tähe 1"}},
    "mail": {"email": "dora@example.com"},
    "alone": {"email": "zoe@example.com", "name": "Ann Tamm", "birthday": "1971-01-01"},
}
SECOND = timedelta(seconds=1)


def fill(ws: Scope) -> dict[str, int]:
    told = [Identity((("user_id", name),), "identify", NOW, traits) for name, traits in PEOPLE.items()]
    # Somebody whose phone or e-mail is another's stays without it as an identifier; what they said stands among their attributes.
    told.append(Identity((("user_id", "phone2"),), "identify", NOW, {"phone": "00372-5551234"}))
    told.append(Identity((("user_id", "mail2"),), "identify", NOW, {"email": "dora@example.com"}))
    # A number that everybody gives is nobody's.
    told += [Identity((("user_id", f"desk{number}"),), "identify", NOW, {"phone": "+3726000000"}) for number in range(30)]
    return dict(zip([*PEOPLE, "phone2", "mail2"], resolve(ws, told, NOW).person_ids, strict=False))


def find(ws: Scope, people: dict[str, int]) -> dict[tuple[str, ...], tuple[list[str], int]]:
    names = {person_id: name for name, person_id in people.items()}
    found, _ = duplicates.find_duplicates(ws, limit=200)
    return {tuple(sorted(names[one.id] for one in pair.people)): (pair.reasons, pair.confidence) for pair in found}


def search(ws: Scope) -> None:
    duplicates.ask(ws, NOW, "user:1")
    assert duplicates.search(ws, NOW)


def test_who_may_be_one_and_what_speaks_for_it(db: Database) -> None:
    shop = make.workspace(db)
    with db.workspace(shop) as ws:
        people = fill(ws)
        assert duplicates.get_search(ws) is None
        search(ws)
        assert find(ws, people) == {
            ("ann", "ann2"): (["mailbox", "name"], 88),
            ("ann", "born"): (["name_birthday"], 80),
            ("case", "case2"): (["email"], 95),
            ("mail", "mail2"): (["email"], 95),
            ("phone", "phone2"): (["phone"], 70),
            ("look", "look2"): (["lookalike"], 50),
            ("home", "home2"): (["name_address"], 70),
        }
        first, cursor = duplicates.find_duplicates(ws, limit=4)
        rest, end = duplicates.find_duplicates(ws, limit=4, after=cursor or "")
        assert ([one.confidence for one in first + rest], end) == ([95, 95, 88, 80, 70, 70, 50], None)
        assert (state := duplicates.get_search(ws)) is not None
        assert (state.open, state.finished_at) == (7, NOW)
        with pytest.raises(InvalidInput, match="after"):
            duplicates.find_duplicates(ws, after="x")
    other = make.workspace(db, "Other")
    with db.workspace(other) as ws:
        assert duplicates.find_duplicates(ws) == ([], None)
        with pytest.raises(DuplicateNotFound):
            duplicates.tell_apart(ws, first[0].id, NOW, "user:1")


def test_what_was_told_apart_is_not_found_again(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        people = fill(ws)
        search(ws)
        for pair in duplicates.find_duplicates(ws)[0]:
            if pair.reasons == ["email"]:
                duplicates.tell_apart(ws, pair.id, NOW, "user:1")
                with pytest.raises(DuplicateNotFound):
                    duplicates.tell_apart(ws, pair.id, NOW, "user:1")
        search(ws)
        assert ("case", "case2") not in find(ws, people)
        assert len(find(ws, people)) == 5


def test_joined_by_hand_with_a_value_of_each_and_taken_back(db: Database, ch: Client, clickhouse_url: str) -> None:
    line = Line(db, ch, clickhouse_url)
    line.put(identify("a", email="Eva@example.com", city="Tartu", plan="gold", country="EE"))
    line.put(identify("b", email="eva@example.com", city="Narva", tier=2, country="FI"))
    line.work()
    with db.workspace(line.shop) as ws:
        duplicates.ask(ws, NOW, "user:1")
    assert (worker.work_once(line.context), worker.work_once(line.context)) == (1, 0)
    with db.workspace(line.shop) as ws:
        ((pair,), _) = duplicates.find_duplicates(ws)
        a, b = sorted(pair.people, key=lambda one: str(one.attributes["email"]))
        before = [get_profile(ws, one.id) for one in (a, b)]
        for wrong in ({"survivor_id": 10**9, "chosen": frozenset()}, {"survivor_id": a.id, "chosen": frozenset({"email"})}):
            with pytest.raises(InvalidInput), ws.conn.transaction():
                duplicates.join_pair(ws, pair.id, now=NOW, by="user:1", **wrong)  # type: ignore[arg-type]
        duplicates.join_pair(ws, pair.id, a.id, frozenset({"city", "@country"}), NOW, "user:1")
        joined = get_profile(ws, b.id)
        assert (joined.id, joined.attributes, joined.country) == (
            a.id,
            {"email": "Eva@example.com", "city": "Narva", "plan": "gold", "tier": 2, "country": "EE"},
            "FI",
        )
        assert {one["value"] for one in joined.identifiers} == {"a", "b", "Eva@example.com"}
        assert duplicates.find_duplicates(ws) == ([], None)
        undo_merge(ws, joined.merged[0]["id"], NOW, "user:1")
        after = [get_profile(ws, one.id) for one in (a, b)]
        assert [(one.attributes, one.country, {each["value"] for each in one.identifiers}) for one in after] == [
            (one.attributes, one.country, {each["value"] for each in one.identifiers}) for one in before
        ]
    line.work()
    assert line.sql("SELECT count(*) FROM person WHERE version > mirrored") == [(0,)]


def test_digits_of_any_script_are_compared_and_a_birthday_that_nobody_knows_is_no_evidence(db: Database) -> None:
    people: tuple[dict[str, Any], ...] = (
        {"phone": "+989123456789"},
        {"phone": "+۹۸۹۱۲۳۴۵۶۷۸۹"},
        {"name": "علی رضایی", "birthday": "1370/01/01"},
        {"name": "علي رضايي", "birthday": "۱۳۷۰/۰۱/۰۱"},
        {"name": "Mari", "birthday": "unknown"},
        {"name": "Mari", "birthday": "unknown"},
        # A form that was left empty is no name, and hides none.
        {"first_name": "", "last_name": "", "birthday": "1990-01-01", "phone": "+3725551111"},
        {"first_name": "", "last_name": "", "birthday": "1990-01-01", "phone": "003725551111"},
        {"first_name": " ", "last_name": "", "birthday": "1990-01-01"},
        {"first_name": "", "last_name": "", "name": "Tiit Kask", "address": "Tähe 1"},
        {"first_name": "Tiit", "last_name": "Kask", "address": "Tähe 1"},
        {"name": "Jaan", "address": {}},
        {"name": "Jaan", "address": {}},
        {"name": "Leo", "address": " "},
        {"name": "Leo", "address": " "},
        {"name": "سارا", "address": "تهران"},
        {"name": "سارا", "address": "تهران"},
    )
    with db.workspace(make.workspace(db)) as ws:
        ids = [
            resolve(ws, [Identity((("user_id", str(place)),), "identify", NOW, said)], NOW).person_ids[0]
            for place, said in enumerate(people)
        ]
        search(ws)
        found = {(tuple(each.reasons), tuple(ids.index(one.id) for one in each.people)) for each in duplicates.find_duplicates(ws)[0]}
    assert found == {
        (("phone",), (0, 1)),
        (("name_birthday",), (2, 3)),
        (("phone",), (6, 7)),
        (("name_address",), (9, 10)),
        (("name_address",), (15, 16)),
    }


def test_a_search_that_takes_long_holds_back_no_reader_of_the_log(db: Database) -> None:
    shop = make.workspace(db)

    def look() -> bool:
        with db.workspace(shop) as ws:
            return duplicates.search(ws, NOW)

    with db.workspace(shop) as ws:
        duplicates.ask(ws, NOW, "user:1")
    waiting = "SELECT backend_xid IS NULL FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'addressed' AND datname = current_database()"
    with ThreadPoolExecutor(1) as beside, psycopg.connect(db.url, autocommit=True) as watcher:
        with db.everywhere() as everywhere:
            everywhere.conn.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE")
            looking = beside.submit(look)
            # From a transaction of its own each time: within one, who does what is read but once.
            until(lambda: watcher.execute(waiting).fetchall())
            assert watcher.execute(waiting).fetchall() == [(True,)]
            assert not look()  # somebody is at it
            with db.workspace(shop) as ws:
                duplicates.ask(ws, NOW + SECOND, "user:2")
        assert looking.result()
    # What was new when it was asked for again may have been passed over.
    with db.workspace(shop) as ws:
        assert (state := duplicates.get_search(ws)) is not None
        assert (state.asked_at, state.finished_at) == (NOW + SECOND, None)
    assert look()
    assert not look()


@pytest.mark.parametrize("cursor", ["99999|1", "1|9223372036854775808", "5|", "x|1"])
def test_a_cursor_that_nobody_was_given_is_refused(db: Database, cursor: str) -> None:
    with db.workspace(make.workspace(db)) as ws, pytest.raises(InvalidInput):
        duplicates.find_duplicates(ws, after=cursor)
