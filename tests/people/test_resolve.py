from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import UniqueViolation

from hudhud.people.actions import resolve
from hudhud.people.queries import count_people, find_current_ids, find_people, get_profile, search_people
from hudhud.people.types import PLACES, Identity, PersonNotFound, Resolution
from tests import make
from tests.make import NOW
from tests.people.model import Town

if TYPE_CHECKING:
    from hudhud.kit.db import Database, Scope
    from hudhud.people.types import Identifier

USER, ANONYMOUS = ("user_id", "u1"), ("anonymous_id", "a1")


def identify(*identifiers: Identifier, device: dict[str, str] | None = None, **traits: object) -> Identity:
    return Identity(identifiers, "identify", NOW, traits, device)


def track(identifier: Identifier) -> Identity:
    return Identity((identifier,), "track", NOW)


def alias(new: str, old: str) -> Identity:
    return Identity((("user_id", new), ("user_id", old), ("anonymous_id", old)), "alias", NOW)


@pytest.fixture
def shop(db: Database) -> int:
    return make.workspace(db)


def run(db: Database, shop: int, *identities: Identity) -> Resolution:
    with db.workspace(shop) as ws:
        return resolve(ws, identities, NOW)


def identifiers(ws: Scope, person_id: int) -> list[tuple[str, str]]:
    return [(each["namespace"], each["value"]) for each in get_profile(ws, person_id).identifiers]


def test_identify_joins_the_visitor_with_the_customer(db: Database, shop: int) -> None:
    visitor = run(db, shop, track(ANONYMOUS)).person_ids[0]
    customer = run(db, shop, track(USER)).person_ids[0]
    joined = run(db, shop, identify(USER, ANONYMOUS, first_name="Ann"))
    assert (joined.person_ids, joined.created, joined.changed) == ([customer], [], {"first_name"})
    with db.workspace(shop) as ws:
        assert find_current_ids(ws, [visitor, customer]) == {visitor: customer, customer: customer}
        profile = get_profile(ws, visitor)
        assert (profile.id, profile.attributes, [each["person_id"] for each in profile.merged]) == (
            customer,
            {"first_name": "Ann"},
            [visitor],
        )
        assert identifiers(ws, customer) == [ANONYMOUS, USER] or identifiers(ws, customer) == [USER, ANONYMOUS]
        snapshot = ws.conn.execute("SELECT snapshot FROM person_merge").fetchone()
    assert snapshot is not None
    assert snapshot[0]["merged"] == {
        "person_id": visitor,
        "attributes": {},
        "places": dict.fromkeys(PLACES),
        "provenance": {},
        "claimed": ["*"],
        "identifiers": [[*ANONYMOUS, NOW.isoformat()]],
        "created_at": NOW.isoformat(),
    }


def test_a_first_identify_names_the_visitor_instead_of_making_somebody_new(db: Database, shop: int) -> None:
    visitor = run(db, shop, track(ANONYMOUS)).person_ids[0]
    assert run(db, shop, identify(USER, ANONYMOUS)).person_ids == [visitor]
    assert run(db, shop, track(USER)).person_ids == [visitor]
    with db.workspace(shop) as ws:
        assert count_people(ws) == 1


def test_a_shared_computer_does_not_join_two_customers(db: Database, shop: int) -> None:
    run(db, shop, identify(USER, ANONYMOUS))
    other = run(db, shop, identify(("user_id", "u2"), ANONYMOUS))
    with db.workspace(shop) as ws:
        assert count_people(ws) == 2
        assert identifiers(ws, other.person_ids[0]) == [("user_id", "u2")]
    assert other.notes == []


def test_an_event_with_both_ids_joins_nobody(db: Database, shop: int) -> None:
    both = run(db, shop, Identity((USER, ANONYMOUS), "track", NOW)).person_ids[0]
    assert run(db, shop, track(ANONYMOUS)).person_ids != [both]


def test_alias_joins_two_user_ids_and_chains_end_at_the_last_survivor(db: Database, shop: int) -> None:
    first, second, third = run(db, shop, *(track(("user_id", name)) for name in ("a", "b", "c"))).person_ids
    assert run(db, shop, alias("b", "a")).person_ids == [second]
    assert run(db, shop, alias("c", "b")).person_ids == [third]
    with db.workspace(shop) as ws:
        assert find_current_ids(ws, [first, second, third]) == dict.fromkeys((first, second, third), third)
        assert sorted(identifiers(ws, first)) == [("user_id", "a"), ("user_id", "b"), ("user_id", "c")]


def test_repeating_changes_nothing(db: Database, shop: int) -> None:
    claims = [
        track(ANONYMOUS),
        identify(USER, ANONYMOUS, email="ann@example.com", plan="gold"),
        alias("u1", "old"),
        track(("anonymous_id", "old")),
    ]
    first = run(db, shop, *claims)
    dump = "SELECT (SELECT jsonb_agg(to_jsonb(p) ORDER BY id) FROM person p), (SELECT jsonb_agg(to_jsonb(i) ORDER BY value) FROM identifier i), (SELECT count(*) FROM person_merge)"
    with db.workspace(shop) as ws:
        before = ws.conn.execute(dump).fetchone()
    again = run(db, shop, *claims)
    with db.workspace(shop) as ws:
        assert ws.conn.execute(dump).fetchone() == before
    assert (again.person_ids, again.created, again.changed_ids, again.changed) == (first.person_ids, [], [], frozenset())


def test_a_new_address_replaces_the_old_one(db: Database, shop: int) -> None:
    person_id = run(db, shop, identify(USER, email="ann@Example.com")).person_ids[0]
    run(db, shop, identify(USER, email="lee@example.com"))
    with db.workspace(shop) as ws:
        assert sorted(identifiers(ws, person_id)) == [("email", "lee@example.com"), USER]
        assert get_profile(ws, person_id).attributes == {"email": "lee@example.com"}


def test_an_invalid_address_costs_only_itself(db: Database, shop: int) -> None:
    found = run(db, shop, identify(USER, email="not an address", first_name="Ann"))
    assert [(note.index, note.reason, note.detail[:6]) for note in found.notes] == [(0, "invalid_identifier", "email:")]
    with db.workspace(shop) as ws:
        assert get_profile(ws, found.person_ids[0]).attributes == {"email": "not an address", "first_name": "Ann"}
        assert identifiers(ws, found.person_ids[0]) == [USER]


def test_an_address_of_another_customer_stays_there(db: Database, shop: int) -> None:
    owner = run(db, shop, identify(USER, email="ann@example.com")).person_ids[0]
    other = run(db, shop, identify(("user_id", "u2"), email="ann@example.com"))
    assert [note.reason for note in other.notes] == ["identifier_taken"]
    with db.workspace(shop) as ws:
        assert sorted(identifiers(ws, owner)) == [("email", "ann@example.com"), USER]
        assert identifiers(ws, other.person_ids[0]) == [("user_id", "u2")]


def test_a_subscriber_known_by_address_becomes_the_customer(db: Database, shop: int) -> None:
    subscriber = run(db, shop, Identity((("email", "ann@example.com"),), "import", NOW, {"email": "ann@example.com"})).person_ids[0]
    assert run(db, shop, identify(USER, email="ann@example.com")).person_ids == [subscriber]


def test_what_a_person_states_beats_what_the_device_says(db: Database, shop: int) -> None:
    person_id = run(db, shop, identify(USER, device={"language": "en-US", "time_zone": "Europe/Tallinn"})).person_ids[0]
    run(db, shop, identify(USER, locale="fa-IR", country="ir"))
    run(db, shop, identify(USER, device={"language": "de", "time_zone": "Mars/Base"}))
    with db.workspace(shop) as ws:
        profile = get_profile(ws, person_id)
    assert (profile.language, profile.country, profile.time_zone) == ("fa", "IR", "Europe/Tallinn")
    assert profile.provenance == {
        "language": "stated",
        "country": "stated",
        "time_zone": "device",
        "place_at": "2026-03-01T12:00:00.000+00:00",
    }


def test_none_removes_an_attribute_and_types_count(db: Database, shop: int) -> None:
    run(db, shop, identify(USER, plan="gold", visits=1))
    assert run(db, shop, identify(USER, plan=None, visits=True)).changed == {"plan", "visits"}
    assert run(db, shop, identify(USER, plan=None, visits=True)).changed == frozenset()


def test_search_finds_the_beginnings_of_names_and_identifiers_only(db: Database, shop: int) -> None:
    ann, bob = run(
        db, shop, identify(USER, email="ann@example.com", first_name="Ann", last_name="100%"), identify(("user_id", "x"), name="Bob ann")
    ).person_ids
    with db.workspace(shop) as ws:
        found = {
            text: [person.id for person in search_people(ws, text)[0]] for text in ("ANN", "u1", "bob", "100%", "1%", "_nn", "", "example")
        }
    assert found == {"ANN": [ann, bob], "u1": [ann], "bob": [bob], "100%": [ann], "1%": [], "_nn": [], "": [], "example": []}


def test_nobody_sees_the_people_of_another_workspace(db: Database, shop: int) -> None:
    person_id = run(db, shop, identify(USER, email="ann@example.com")).person_ids[0]
    other = make.workspace(db, "Other")
    elsewhere = run(db, other, identify(USER, email="ann@example.com")).person_ids[0]
    assert elsewhere != person_id
    with db.workspace(other) as ws, pytest.raises(PersonNotFound):
        get_profile(ws, person_id)


def test_the_database_itself_refuses_a_second_holder(db: Database, shop: int) -> None:
    first, second = run(db, shop, track(USER), track(ANONYMOUS)).person_ids
    insert = "INSERT INTO identifier VALUES (%s, %s, %s, %s, now())"
    with db.workspace(shop) as ws, pytest.raises(UniqueViolation):
        ws.conn.execute(insert, (shop, *USER, second))
    with db.workspace(shop) as ws, pytest.raises(UniqueViolation):
        ws.conn.cursor().executemany(insert, [(shop, "email", f"{name}@example.com", first) for name in "ab"])


USERS, VISITORS, MAILS = ("u1", "u2", "u3"), ("a1", "a2", "a3"), ("m1@example.com", "m2@example.com")
user_ids = st.sampled_from(USERS).map(lambda name: ("user_id", name))
visitor_ids = st.sampled_from(VISITORS).map(lambda name: ("anonymous_id", name))
traits = st.fixed_dictionaries(
    {}, optional={"email": st.sampled_from(MAILS), "plan": st.sampled_from(["gold", "tin", None]), "age": st.integers(1, 3)}
)
claims = st.one_of(
    st.builds(track, st.one_of(user_ids, visitor_ids)),
    st.builds(lambda user, visitor, known: identify(user, visitor, **known), user_ids, visitor_ids, traits),
    st.builds(lambda name, known: identify(name, **known), st.one_of(user_ids, visitor_ids), traits),
    st.tuples(st.sampled_from(USERS), st.sampled_from(USERS + VISITORS))
    .filter(lambda names: names[0] != names[1])
    .map(lambda names: alias(*names)),
)


@given(st.lists(claims, max_size=14), st.lists(st.integers(1, 13), max_size=5))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sets_decide_as_one_claim_at_a_time_does(db: Database, told: list[Identity], cuts: list[int]) -> None:
    """Any way to cut the list into batches leaves the people, identifiers and attributes of the plain model."""
    shop = make.workspace(db)
    town = Town()
    about = [town.claim(identity) for identity in told]
    edges = [0, *sorted({cut for cut in cuts if cut < len(told)}), len(told)]
    actors = [actor for start, end in pairwise(edges) for actor in run(db, shop, *told[start:end]).person_ids]
    with db.workspace(shop) as ws:
        today = find_current_ids(ws, actors)
        people = {person.id: person for person in find_people(ws, limit=100)}
        merges = ws.conn.execute("SELECT count(*) FROM person_merge WHERE workspace_id = %s", (shop,)).fetchone()
    assert merges == (town.merges,)
    assert _shape(people.values()) == sorted((sorted(human.identifiers), sorted(human.attributes.items())) for human in town.humans)
    for human, actor in zip(about, actors, strict=True):
        if human in town.humans:
            assert {(each["namespace"], each["value"]) for each in people[today[actor]].identifiers} == human.identifiers


def _shape(people: Any) -> list[Any]:  # noqa: ANN401 -- Person
    return sorted(
        (sorted((each["namespace"], each["value"]) for each in person.identifiers), sorted(person.attributes.items())) for person in people
    )


def test_created_at_is_when_the_person_was_first_seen(db: Database, shop: int) -> None:
    early = Identity((ANONYMOUS,), "track", NOW - timedelta(days=3))
    run(db, shop, early, track(USER), identify(USER, ANONYMOUS))
    with db.workspace(shop) as ws:
        (person,) = find_people(ws)
    assert (person.created_at, person.updated_at) == (NOW - timedelta(days=3), NOW)
