"""Search by how a name, an e-mail or a phone begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hudhud.people.queries import search_people
from hudhud.people.search import fold
from tests import make
from tests.people.test_resolve import identify, run

if TYPE_CHECKING:
    from hudhud.kit.db import Database

LETTERS = (
    st.sampled_from([*"aÄõŠßÉé0۵٥ يىیكکةآأئؤپ"])
    | st.sampled_from(["\u200c", "\u064e", "\u0640", "\u0301"])
    | st.characters(exclude_categories=["Cs", "Cn"])
)


@given(st.lists(st.text(LETTERS.filter(lambda letter: letter != "\0"), max_size=12), min_size=1, max_size=50))
@example(["كريم", "کریم", "Ōzgür", "مي‌شود", "میشود", "رَحْمٰن", "۰۹۱۲"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_engines_compare_the_same_form(db: Database, texts: list[str]) -> None:
    # Letters that are newer than one of the two know are let be.
    with db.everywhere() as everywhere:
        rows = everywhere.conn.execute("SELECT t, hudhud_fold(t) FROM unnest(%s::text[]) t", (texts,)).fetchall()
    assert [(text, folded) for text, folded in rows if text.isascii() or set(text) <= KNOWN] == [
        (text, fold(text)) for text in texts if text.isascii() or set(text) <= KNOWN
    ]


# Latin, Cyrillic, Greek, Arabic with Persian: where both engines' Unicode tables are old and equal.
KNOWN = {
    chr(number)
    for first, last in ((0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x600, 0x6FF), (0x200B, 0x200F))
    for number in range(first, last)
}


def test_every_way_of_writing_a_name_finds_it(db: Database) -> None:
    shop = make.workspace(db)
    names: dict[str, dict[str, Any]] = {
        "karim": {"first_name": "كريم", "last_name": "علی‌زاده"},
        "ozgur": {"name": "Özgür Õunapuu", "phone": "+905551234567"},
        "ann": {"firstName": "Ann", "lastName": "Smith", "email": "Ann.Smith@Example.com"},
    }
    ids = dict(
        zip(names, run(db, shop, *(identify(("user_id", f"u-{name}"), **traits) for name, traits in names.items())).person_ids, strict=True)
    )
    asked = {
        "کری": "karim",
        "كَري": "karim",
        "عليزا": "karim",
        "علی‌": "karim",
        "ozg": "ozgur",
        "ÕUNA": "ozgur",
        "+٩٠٥٥٥": "ozgur",
        "smi": "ann",
        "ann.smith@EX": "ann",
    }
    with db.workspace(shop) as ws:
        assert {text: [person.id for person in search_people(ws, text)[0]] for text in asked} == {
            text: [ids[name]] for text, name in asked.items()
        }
        assert [person.id for person in search_people(ws, "u-")[0]] == [ids["ann"], ids["karim"], ids["ozgur"]]
        # Ann is found by three words and comes once, on whatever page.
        found, cursor = search_people(ws, "a", limit=1)
        assert ([person.id for person in found], search_people(ws, "a", after=cursor or "", limit=1)) == ([ids["ann"]], ([], None))


def test_pages_follow_each_other_without_gaps_or_repeats(db: Database) -> None:
    shop = make.workspace(db)
    ids = run(
        db,
        shop,
        *(
            identify(("user_id", f"n{number:03}"), name=f"Nora {number % 7}", email=f"n{number % 50}x{number}@example.com")
            for number in range(200)
        ),
    ).person_ids
    seen: list[int] = []
    cursor: str | None = ""
    with db.workspace(shop) as ws:
        while cursor is not None:
            found, cursor = search_people(ws, "N", after=cursor, limit=9)
            seen += [person.id for person in found]
    assert (len(seen), sorted(seen)) == (200, sorted(ids))
