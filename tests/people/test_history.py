"""What was known of a person before: who changed what, and the person as they were on any day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hudhud.people import history
from hudhud.people.actions import resolve
from hudhud.people.queries import find_current_ids, get_profile
from hudhud.people.types import Identity, PersonNotFound
from hudhud.people.unmerge import undo_merge
from tests import make
from tests.make import NOW
from tests.people.test_resolve import alias, claims

if TYPE_CHECKING:
    from hudhud.kit.db import Database

HOUR = timedelta(hours=1)


def say(db: Database, shop: int, hours: int, *told: Identity) -> list[int]:
    with db.workspace(shop) as ws:
        return resolve(ws, told, NOW + hours * HOUR).person_ids


def server(user: str, source: str = "server", **traits: Any) -> Identity:  # noqa: ANN401 -- any JSON
    return Identity((("user_id", user),), "identify", NOW, traits, source=source)


def picture(profile: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- a profile or a portrait
    held = sorted((one["namespace"], one["value"]) for one in profile.identifiers)
    return profile.attributes, held, profile.time_zone, profile.language, profile.country


def test_a_field_s_history_names_old_and_new_and_who_said_it(db: Database) -> None:
    shop = make.workspace(db)
    (ann,) = say(db, shop, 0, server("ann", "import:7", email="ann@example.com", city="Tartu"))
    say(
        db,
        shop,
        1,
        server("ann", city="Narva", tier=2),
        Identity((("user_id", "ann"), ("anonymous_id", "a1")), "identify", NOW, {"wish": 1}, source="collect"),
    )
    say(db, shop, 2, server("ann", city="Narva", tier=2))
    say(db, shop, 3, server("ann", email="new@example.com", city=None, country="ee"))
    with db.workspace(shop) as ws:
        found, cursor = history.find_changes(ws, ann)
        assert cursor is None
        told = [(int((one.at - NOW) / HOUR), one.source, one.name, one.old, one.new) for one in found]
        assert [one[0] for one in told] == sorted((one[0] for one in told), reverse=True)
        assert sorted(told, key=str) == [
            (0, "import:7", "@city", None, "Tartu"),
            (0, "import:7", "city", None, "Tartu"),
            (0, "import:7", "email", None, "ann@example.com"),
            (1, "collect", "#anonymous_id", None, "a1"),
            (1, "collect", "wish", None, 1),
            (1, "server", "@city", "Tartu", "Narva"),
            (1, "server", "city", "Tartu", "Narva"),
            (1, "server", "tier", None, 2),
            (3, "server", "#email", "ann@example.com", None),
            (3, "server", "#email", None, "new@example.com"),
            (3, "server", "@city", "Narva", None),
            (3, "server", "@country", None, "EE"),
            (3, "server", "city", "Narva", None),
            (3, "server", "country", None, "ee"),
            (3, "server", "email", "ann@example.com", "new@example.com"),
        ]
        city, _ = history.find_changes(ws, ann, name="city")
        assert [(one.old, one.new) for one in city] == [("Narva", None), ("Tartu", "Narva"), (None, "Tartu")]
        first, cursor = history.find_changes(ws, ann, name="city", limit=2)
        assert first + history.find_changes(ws, ann, name="city", before=cursor)[0] == city
    other = make.workspace(db, "Other")
    with db.workspace(other) as ws, pytest.raises(PersonNotFound):
        history.find_changes(ws, ann)


@given(st.lists(st.lists(claims, min_size=1, max_size=3), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everybody_can_be_seen_as_they_were_after_any_batch(db: Database, batches: list[list[Identity]]) -> None:
    shop = make.workspace(db)
    seen: list[dict[int, Any]] = []
    known: set[int] = set()
    for hour, batch in enumerate(batches):
        known |= set(say(db, shop, hour, *batch))
        with db.workspace(shop) as ws:
            living = set(find_current_ids(ws, known).values())
            seen.append({one: picture(get_profile(ws, one)) for one in living})
    with db.workspace(shop) as ws:
        living = set(find_current_ids(ws, known).values())
        for hour, then in enumerate(seen):
            for one in living & then.keys():
                portrait = history.get_portrait(ws, one, NOW + hour * HOUR, NOW + HOUR * len(seen))
                assert (picture(portrait), portrait.is_exact) == (then[one], True)


def test_a_merge_is_a_change_of_the_survivor_and_undoing_it_another(db: Database) -> None:
    shop = make.workspace(db)
    (ann, old) = say(db, shop, 0, server("ann", city="Tartu"), server("old", tier=1, email="old@example.com"))
    say(db, shop, 1, alias("ann", "old"))
    with db.workspace(shop) as ws:
        joined = picture(get_profile(ws, ann))
        found, _ = history.find_changes(ws, ann)
        assert {(one.source, one.name, one.old, one.new) for one in found if one.person_id == ann} >= {(f"merge:{old}", "tier", None, 1)}
        # What they had been told as themselves is told, too.
        assert {(one.name, one.new) for one in found if one.person_id == old} == {("tier", 1), ("email", "old@example.com")}
        (merge,) = get_profile(ws, ann).merged
        undo_merge(ws, merge["id"], NOW + 2 * HOUR, "user:1")
        for hours, expected in (
            (0, ({"city": "Tartu"}, [("user_id", "ann")])),
            (1, joined[:2]),
            (2, ({"city": "Tartu"}, [("user_id", "ann")])),
        ):
            assert picture(history.get_portrait(ws, ann, NOW + hours * HOUR, NOW))[:2] == expected
        assert picture(history.get_portrait(ws, old, NOW, NOW)) == picture(get_profile(ws, old))


def test_what_is_too_old_or_too_much_is_forgotten_and_said_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 5)
    shop = make.workspace(db)
    for hour in range(8):
        ann, _ = say(db, shop, hour, server("ann", visits=hour), server("bob", visits=0))
    later: datetime = NOW + 8 * HOUR
    with db.everywhere() as everywhere:
        assert history.forget_old(everywhere, NOW + 9 * HOUR, 2) == 2
        assert history.forget_old(everywhere, NOW + 9 * HOUR, 2) == 1
        assert history.forget_old(everywhere, NOW + 9 * HOUR, 2) == 0
    with db.workspace(shop) as ws:
        assert len(history.find_changes(ws, ann)[0]) == 5
        assert [history.get_portrait(ws, ann, NOW + hours * HOUR, later).is_exact for hours in (0, 2, 3, 7)] == [False, False, True, True]
    with db.everywhere() as everywhere:
        assert history.forget_old(everywhere, later + history.KEPT, 100) == 6
    with db.workspace(shop) as ws:
        assert not history.get_portrait(ws, ann, NOW, later + history.KEPT).is_exact
