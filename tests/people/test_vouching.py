"""A-26: what a public key may do to people. A matrix of key, call and field; then any story at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hudhud.people.actions import resolve
from hudhud.people.queries import find_current_ids, get_profile, search_people
from hudhud.people.types import Identity, Profile
from tests import make
from tests.make import NOW
from tests.people.test_resolve import claims, identifiers

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Database
    from hudhud.people.types import Identifier, Resolution

ANN, EVE = "ann@example.com", "eve@example.com"
OWN_BROWSER: Identifier = ("anonymous_id", "ann's")
KNOWN = [("anonymous_id", "ann's"), ("email", ANN), ("phone", "+3725551234"), ("user_id", "ann")]
TRAITS = {"email": ANN, "phone": "+3725551234", "plan": "gold", "city": "Tartu", "language": "et"}


def said(*names: Identifier, public: bool, cause: str = "identify", at: datetime = NOW, **traits: object) -> Identity:
    return Identity(names, cause, at, traits or None, is_public=public)


def alias(new: str, old: str, *, public: bool) -> Identity:
    return Identity((("user_id", new), ("user_id", old), ("anonymous_id", old)), "alias", NOW, is_public=public)


def user(name: str) -> Identifier:
    return ("user_id", name)


@pytest.fixture
def shop(db: Database) -> int:
    return open_shop(db)


def open_shop(db: Database) -> int:
    """Ann and Bob are customers whom the server has identified; Vera is a visitor, Lee somebody whom only a browser has named."""
    shop = make.workspace(db)
    told = [
        said(user("ann"), OWN_BROWSER, public=False, **TRAITS),
        said(user("bob"), public=False, email="bob@example.com"),
        said(("anonymous_id", "vera's"), public=True, plan="tin", visits=3),
        said(user("lee"), public=True, email="lee@example.com", plan="tin"),
    ]
    run(db, shop, *told)
    return shop


def run(db: Database, shop: int, *told: Identity, opened: frozenset[str] = frozenset()) -> Resolution:
    with db.workspace(shop) as ws:
        return resolve(ws, told, NOW, opened=opened)


def ann(db: Database, shop: int) -> Profile:
    with db.workspace(shop) as ws:
        (person_id,) = [person.id for person in search_people(ws, ANN)[0]]
        return get_profile(ws, person_id)


# What is said, and what of it a public key may not do. A server key may do all of it.
MATRIX: dict[str, tuple[Any, set[str]]] = {
    "email": (lambda public: said(user("ann"), public=public, email=EVE), {"email"}),
    "email by her browser": (lambda public: said(OWN_BROWSER, public=public, email=EVE), {"email"}),
    "email removed": (lambda public: said(user("ann"), public=public, email=None, plan="gold"), {"email"}),
    "phone": (lambda public: said(user("ann"), public=public, phone="+3725550000"), {"phone"}),
    "phone by her email": (lambda public: said(("email", ANN), public=public, phone="+3725550000"), {"phone"}),
    "attribute": (lambda public: said(user("ann"), public=public, plan="tin"), {"plan"}),
    "attribute removed": (lambda public: said(user("ann"), public=public, city=None, plan="gold"), {"city"}),
    "place": (lambda public: said(user("ann"), public=public, language="fa"), {"language"}),
    "alias of two known": (lambda public: alias("ann", "bob", public=public), {"alias"}),
    "alias to a new name": (lambda public: alias("new", "ann", public=public), {"alias"}),
    "many at once": (lambda public: said(user("ann"), public=public, email=EVE, plan="tin", city="Narva"), {"email", "plan", "city"}),
}  # fmt: skip


def test_a_public_key_changes_nothing_that_a_server_key_has_set(db: Database) -> None:
    for case in MATRIX:
        check_case(db, open_shop(db), case)


def check_case(db: Database, shop: int, case: str) -> None:
    tell, refused = MATRIX[case]
    before = ann(db, shop)

    found = run(db, shop, tell(True))

    assert replace(ann(db, shop), updated_at=before.updated_at) == before, case
    assert identifiers_of(before) == KNOWN
    assert [(note.reason, set(note.detail.partition(":")[0].split(", "))) for note in found.notes] == [("public_key", refused)]
    run(db, shop, tell(False))
    with db.workspace(shop) as ws:
        after = get_profile(ws, before.id)
    assert (after.attributes, identifiers_of(after), after.language, after.id) != (
        before.attributes, identifiers_of(before), before.language, before.id
    )  # fmt: skip


def identifiers_of(profile: Profile) -> list[tuple[str, str]]:
    return sorted((each["namespace"], each["value"]) for each in profile.identifiers)


def test_a_public_key_adds_what_nobody_has_said_and_what_is_open(db: Database, shop: int) -> None:
    told = [
        said(user("ann"), public=True, plan="gold", size=38),  # the same again is no change
        said(user("ann"), public=True, size=39, city="Narva", first_name="Ann"),
    ]
    notes = run(db, shop, *told, opened=frozenset({"city"})).notes
    assert notes == []
    assert ann(db, shop).attributes == {**TRAITS, "size": 39, "city": "Narva", "first_name": "Ann"}
    # What the server says next is the server's.
    run(db, shop, said(user("ann"), public=False, size=40))
    assert len(run(db, shop, said(user("ann"), public=True, size=41)).notes) == 1
    assert ann(db, shop).attributes["size"] == 40


def test_a_browser_comes_to_a_known_person_and_brings_no_more_than_was_missing(db: Database, shop: int) -> None:
    before = ann(db, shop)
    early = said(("anonymous_id", "vera's"), public=True, at=NOW - timedelta(days=900), cause="track")
    run(db, shop, early)

    assert run(db, shop, said(user("ann"), ("anonymous_id", "vera's"), public=True)).person_ids == [before.id]

    after = ann(db, shop)
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert identifiers_of(after) == sorted([*KNOWN, ("anonymous_id", "vera's")])
    assert after.attributes == {**TRAITS, "visits": 3}


def test_an_address_typed_into_a_form_brings_the_browser_and_nothing_else(db: Database, shop: int) -> None:
    before = ann(db, shop)
    run(db, shop, said(("anonymous_id", "vera's"), public=True, email=ANN, plan="vip"))
    after = ann(db, shop)
    assert (after.id, after.attributes) == (before.id, {**TRAITS, "visits": 3})


def test_a_user_id_cannot_be_put_on_somebody_who_is_vouched_for(db: Database, shop: int) -> None:
    subscriber = run(db, shop, said(("email", "sub@example.com"), ("anonymous_id", "s1"), public=False, cause="import", source="fair"))
    taken = run(db, shop, said(user("eve"), ("anonymous_id", "s1"), public=True, email="sub@example.com"))
    assert taken.person_ids != subscriber.person_ids
    assert [note.reason for note in taken.notes] == ["identifier_taken"]
    with db.workspace(shop) as ws:
        assert sorted(identifiers(ws, subscriber.person_ids[0])) == [("anonymous_id", "s1"), ("email", "sub@example.com")]


def test_nobody_vouched_for_is_as_before_and_becomes_so_by_one_word_of_the_server(db: Database, shop: int) -> None:
    assert run(db, shop, said(user("lee"), public=True, email="lee@example.org", plan="gold")).notes == []
    assert [note.detail.partition(":")[0] for note in run(db, shop, alias("lee", "ann", public=True)).notes] == ["alias"]
    run(db, shop, said(user("lee"), public=False))
    found = run(db, shop, said(user("lee"), public=True, email=EVE, plan="vip"))
    assert [note.detail.partition(":")[0] for note in found.notes] == ["email"]
    with db.workspace(shop) as ws:
        assert get_profile(ws, found.person_ids[0]).attributes == {"email": "lee@example.org", "plan": "vip"}


def test_what_is_vouched_for_outlives_what_is_claimed_when_two_become_one(db: Database, shop: int) -> None:
    run(db, shop, said(("anonymous_id", "vera's"), public=False, email="vera@example.com", city="Pärnu"))
    run(db, shop, said(("anonymous_id", "v2"), public=True, city="Narva", plan="vip", language="fa"))
    joined = run(db, shop, said(("anonymous_id", "v2"), public=False, email="vera@example.com"))
    with db.workspace(shop) as ws:
        assert get_profile(ws, joined.person_ids[0]).attributes == {
            "email": "vera@example.com", "city": "Pärnu", "plan": "vip", "language": "fa", "visits": 3,
        }  # fmt: skip
    assert run(db, shop, said(("anonymous_id", "v2"), public=True, plan="tin", language="de", city="Narva")).notes != []


def _facts(db: Database, shop: int) -> dict[int, tuple[Any, ...]]:
    """What is vouched for: who has which address and name, and each attribute that no public key has set. (A browser alone is nobody.)"""
    text = """
        SELECT p.id, (SELECT jsonb_agg(i.namespace || ' ' || i.value ORDER BY i.namespace, i.value) FROM identifier i
                      WHERE i.person_id = p.id AND i.namespace <> 'anonymous_id'),
               p.attributes - ARRAY(SELECT jsonb_array_elements_text(p.claimed))
        FROM person p WHERE p.workspace_id = %s AND p.merged_into IS NULL AND NOT p.claimed ? '*'"""
    with db.workspace(shop) as ws:
        return {row[0]: row[1:] for row in ws.conn.execute(text, (shop,)) if row[1] is not None}


@given(st.lists(claims, max_size=8), st.lists(claims, min_size=1, max_size=10))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_story_told_by_public_keys_touches_what_is_vouched_for(db: Database, told: list[Identity], lies: list[Identity]) -> None:
    shop = make.workspace(db)
    run(db, shop, *told)
    before = _facts(db, shop)

    run(db, shop, *(_publicly(lie) for lie in lies))

    after = _facts(db, shop)
    assert {person_id: after[person_id][0] for person_id in before} == {person_id: names for person_id, (names, _) in before.items()}
    # A browser that the server has told of may come to them, with what is known of it.
    assert all(known.items() <= after[person_id][1].items() for person_id, (_, known) in before.items())
    with db.workspace(shop) as ws:
        assert find_current_ids(ws, before) == {person_id: person_id for person_id in before}


def _publicly(one: Identity) -> Identity:
    return Identity(one.identifiers, one.cause, one.at, one.attributes, one.device, is_public=True)
