"""Topics that confirm: what others say for a person is a request; one mail for an address in a day; wordings and pasted lists."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudhud.consent import actions, confirming, queries
from hudhud.consent.pasted import read_addresses
from hudhud.consent.types import LISTED, ConsentChange, State
from hudhud.kit.errors import InvalidInput, NotFound
from tests import make
from tests.make import NOW

if TYPE_CHECKING:
    from hudhud.kit.db import Database, Scope

DAY = timedelta(days=1)


def say(ws: Scope, person_id: int, source: str = "api", state: State = "subscribed", minutes: int = 1, topic: str = "newsletter") -> None:
    actions.record(ws, [ConsentChange(person_id, topic, "email", state, NOW + timedelta(minutes=minutes), source)])


def stands(ws: Scope, person_id: int) -> str | None:
    return queries.find_states(ws, "newsletter", [person_id]).get(person_id)


@pytest.mark.parametrize(
    ("source", "state"),
    [("api", "pending"), ("journey:welcome", "pending"), ("form:1", "pending"), ("confirm_page", "subscribed"), ("preference_page", "subscribed"), (f"{LISTED}7", "subscribed")],
)  # fmt: skip
def test_only_their_own_mailbox_or_a_list_with_proof_subscribes_somebody_to_a_topic_that_confirms(
    db: Database, source: str, state: str
) -> None:
    with db.workspace(make.workspace(db)) as ws:
        person_id = make.person(ws, topics=())
        actions.set_confirms(ws, "newsletter", confirms=True)
        say(ws, person_id, source)
        say(ws, person_id, source, topic="offers")
        assert (stands(ws, person_id), queries.find_states(ws, "offers", [person_id])) == (state, {person_id: "subscribed"})


def test_who_is_subscribed_stays_so_and_who_left_is_asked_again(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        stayed, left = make.person(ws, "a@x.example", ()), make.person(ws, "b@x.example", ())
        for person_id in (stayed, left):
            say(ws, person_id)
        actions.set_confirms(ws, "newsletter", confirms=True)
        say(ws, left, "one_click", "unsubscribed", 2)
        for person_id in (stayed, left):
            say(ws, person_id, minutes=3)
        assert (stands(ws, stayed), stands(ws, left)) == ("subscribed", "pending")
        assert [one.person_id for one in confirming.find_to_confirm(ws, NOW, 10)] == [left]


def test_an_address_gets_one_mail_in_a_day_whoever_asks_how_often(db: Database) -> None:
    workspace_id = make.workspace(db)
    with db.workspace(workspace_id) as ws:
        ann, twin = make.person(ws, "ann@x.example", ()), make.person(ws, "Ann@x.example", ())
        for topic in ("newsletter", "offers"):
            actions.set_confirms(ws, topic, confirms=True)
        say(ws, ann)
        say(ws, ann, minutes=2)
        say(ws, ann, topic="offers")
        say(ws, twin)
        assert mail(ws) == [(ann, ["Newsletter", "Offers"])]
        say(ws, ann, minutes=3)
        assert (mail(ws), mail(ws, NOW + DAY / 2)) == ([], [])
        assert mail(ws, NOW + DAY) == [(twin, ["Newsletter"])]
        say(ws, ann, minutes=2000)
        assert (mail(ws, NOW + DAY), mail(ws, NOW + 2 * DAY)) == ([], [(ann, ["Newsletter"])])


def test_one_mailbox_by_many_names_gets_one_mail_and_no_more_when_nobody_answers(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        actions.set_confirms(ws, "newsletter", confirms=True)
        for address in ("ann@gmail.com", "a.n.n@gmail.com", "Ann+shop@gmail.com", *(f"bob+{number}@x.example" for number in range(5))):
            say(ws, make.person(ws, address, ()))
        days = [len(mail(ws, NOW + DAY * day)) for day in range(7)]
        assert days == [2, 2, 2, 1, 0, 0, 0]
        assert len(mail(ws, NOW + DAY * 31)) == 1


def test_who_has_said_otherwise_since_gets_no_mail(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        ids = [make.person(ws, f"p{number}@x.example", ()) for number in range(3)]
        actions.set_confirms(ws, "newsletter", confirms=True)
        for person_id in ids:
            say(ws, person_id)
        say(ws, ids[0], "one_click", "unsubscribed", 2)
        say(ws, ids[1], "preference_page", "subscribed", 2)
        assert mail(ws) == [(ids[2], ["Newsletter"])]
        assert ws.conn.execute("SELECT person_id FROM confirmation").fetchall() == [(ids[2],)]


def test_a_topic_that_needs_no_consent_confirms_nothing(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        for key in ("transactional", "nothing"):
            with pytest.raises(NotFound):
                actions.set_confirms(ws, key, confirms=True)


def mail(ws: Scope, now: object = NOW) -> list[tuple[int, list[str]]]:
    """Write to whoever is to be written to; return them with the topics."""
    made = [(one, confirming.add_mail(ws, one, now)) for one in confirming.find_to_confirm(ws, now, 10)]  # type: ignore[arg-type]
    return [(one.person_id, [names["en"] for names in found.names]) for one, found in made if found is not None]


def test_a_wording_is_a_new_version_and_never_changes(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        first = confirming.set_wording(ws, "gdpr", {"en": " We ask. ", "fa": ""}, NOW, "user:1")
        assert first is not None
        assert (first.version, first.texts) == (1, {"en": "We ask."})
        assert confirming.set_wording(ws, "gdpr", {"en": "We ask."}, NOW, "user:2") is None
        confirming.set_wording(ws, "own", {"en": "We ask."}, NOW, "user:2")
        confirming.set_wording(ws, "gdpr", {"en": "We ask."}, NOW, "user:2")
        assert [(one.version, one.law) for one in queries.find_wordings(ws)] == [(3, "gdpr"), (2, "own"), (1, "gdpr")]
        for law, texts in (("gdpr", {"en": " "}), ("own", {"en": "x" * 2001}), ("law", {"en": "x"})):
            with pytest.raises(InvalidInput):
                confirming.set_wording(ws, law, texts, NOW, "user:1")  # type: ignore[arg-type]


def test_ready_wordings_speak_all_languages() -> None:
    ready = confirming.read_ready_wordings()
    assert set(ready) == {"gdpr", "casl", "ccpa"}
    for texts in ready.values():
        assert set(texts) == {"en", "et", "fa", "ar"}
        assert all("{workspace}" in text and len(text) < confirming.LONGEST_WORDING for text in texts.values())


def test_pasted_lists_are_read_as_people_copy_them() -> None:
    text = '\ufeffEmail;Name\r\nAnn@Shop.example;Ann\n"bob@x.example","Bob, Jr."\nAnn <ann@shop.example>\n\nno address here\ncid@x.example\tCid\nbad@@x'
    assert read_addresses(text) == (
        ["Ann@shop.example", "bob@x.example", "ann@shop.example", "cid@x.example"],
        [(6, "no address here"), (8, "bad@@x")],
    )


@given(st.text(max_size=200))
def test_whatever_is_pasted_is_read_line_by_line(text: str) -> None:
    found, refused = read_addresses(text)
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    assert len(found) + len(refused) <= len(lines)
    assert all("@" in one for one in found)
