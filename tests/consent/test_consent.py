"""Words about consent: the newest decides, the log keeps all, a direct "no" always counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent import actions, queries
from hudhud.consent.types import ConsentChange, State
from hudhud.kit.errors import Conflict, InvalidInput, NotFound
from hudhud.kit.sql import Query
from hudhud.people import queries as people
from tests import make

if TYPE_CHECKING:
    from hudhud.kit.db import Database, Scope


def word(person_id: int, state: State, minutes: int, source: str = "api", topic: str = "newsletter") -> ConsentChange:
    """A word at so many minutes after the beginning."""
    return ConsentChange(person_id, topic, "email", state, make.NOW + timedelta(minutes=minutes), source, {"n": minutes})


PEOPLE = Query(
    "people",
    "INSERT INTO person (workspace_id, attributes, created_at, updated_at) "
    "SELECT %(workspace_id)s, '{}', %(now)s, %(now)s FROM generate_series(1, %(amount)s) RETURNING id",
)
SOON = Query("soon", "SET LOCAL statement_timeout = '2s'")

CASES: list[tuple[list[tuple[Any, ...]], State]] = [
    ([("subscribed", 1)], "subscribed"),
    ([("subscribed", 1), ("unsubscribed", 2)], "unsubscribed"),
    ([("unsubscribed", 2), ("subscribed", 1)], "unsubscribed"),
    ([("unsubscribed", 2), ("subscribed", 2)], "unsubscribed"),
    ([("subscribed", 2), ("unsubscribed", 2)], "unsubscribed"),
    ([("unsubscribed", 1), ("subscribed", 2)], "subscribed"),
    ([("pending", 1), ("subscribed", 2), ("pending", 3)], "subscribed"),
    ([("unsubscribed", 1), ("pending", 2)], "pending"),
    ([("subscribed", 9), ("unsubscribed", 5, "one_click")], "unsubscribed"),
    ([("subscribed", 9), ("unsubscribed", 5)], "subscribed"),
    ([("unsubscribed", 1), ("subscribed", 2, "import:7")], "unsubscribed"),
    ([("unsubscribed", 1), ("subscribed", 2, "import:7"), ("subscribed", 3)], "subscribed"),
    ([("subscribed", 9, "import:7"), ("unsubscribed", 1, "import:8")], "unsubscribed"),
    ([("unsubscribed", 1, "import:8"), ("subscribed", 9, "import:7")], "unsubscribed"),
    ([("subscribed", 5), ("subscribed", 9, "import:7"), ("unsubscribed", 1, "import:8")], "subscribed"),
    ([("subscribed", 1), ("subscribed", 9, "import:7"), ("unsubscribed", 5, "import:8")], "unsubscribed"),
]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_said_last_counts(db: Database, at_once: bool) -> None:  # noqa: FBT001
    with db.workspace(make.workspace(db)) as ws:
        for number, (words, state) in enumerate(CASES):
            person_id = make.person(ws, f"p{number}@example.com", ())
            said = [word(person_id, *one) for one in words]
            for group in [said] if at_once else [[one] for one in said]:
                actions.record(ws, group)
            assert [one.state for one in queries.find_subscriptions(ws, person_id)] == [state], words
            assert len(queries.find_entries(ws, person_id)) == len(words)


def test_a_journey_confirms_no_request_and_whoever_asks_later_still_can(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        asked, late = make.person(ws, "asked@example.com", ()), make.person(ws, "late@example.com", ())
        actions.record(ws, [word(asked, "pending", 1), word(late, "subscribed", 1, "journey:j")])
        assert actions.record(ws, [word(asked, "subscribed", 2, "journey:j")]).changed == []
        assert queries.find_states(ws, "newsletter", [asked, late]) == {asked: "pending", late: "subscribed"}
        actions.record(ws, [word(asked, "subscribed", 3)])
        assert queries.find_states(ws, "newsletter", [asked]) == {asked: "subscribed"}


@pytest.mark.long
def test_words_of_many_are_kept_and_read_where_nobody_has_counted_the_tables(db: Database) -> None:
    # Without statistics a join takes each person through everybody: ten seconds for a batch, and more with each that came before.
    workspace_id, batch = make.workspace(db), 2_000
    with db.workspace(workspace_id) as ws:
        ids = [row[0] for row in ws.rows(PEOPLE, now=make.NOW, amount=6 * batch)]
    for begin in range(0, len(ids), batch):
        some = ids[begin : begin + batch]
        with db.workspace(workspace_id) as ws:
            ws.run(SOON)
            actions.record(ws, [word(person_id, "subscribed", 1, "journey:j") for person_id in some])
            assert queries.find_states(ws, "newsletter", some) == dict.fromkeys(some, "subscribed")


def test_repeating_words_changes_nothing(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        person_id = make.person(ws, topics=())
        words = [word(person_id, "subscribed", 1), word(person_id, "unsubscribed", 2, topic="offers")]
        assert actions.record(ws, words).changed == [person_id]
        assert actions.record(ws, words).changed == []
        entries = queries.find_entries(ws, person_id)
        assert [(one.topic_key, one.state, one.applied, one.proof) for one in entries] == [
            ("offers", "unsubscribed", True, {"n": 2}),
            ("newsletter", "subscribed", True, {"n": 1}),
        ]


def test_unknown_topics_come_back_and_the_rest_counts(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        person_id = make.person(ws, topics=())
        strange = word(person_id, "subscribed", 1, topic="nothing")
        recorded = actions.record(ws, [strange, word(person_id, "subscribed", 1)])
        assert (recorded.changed, recorded.unknown) == ([person_id], [strange])


def test_topics_have_keys_and_names(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        actions.create_topic(ws, "news_2", {"et": "Uudised"}, "marketing", make.NOW)
        with pytest.raises(Conflict):
            actions.create_topic(ws, "news_2", {"en": "News"}, "marketing", make.NOW)
        for key in ("", "Ünder", "UPPER", "a b", "x" * 65):
            with pytest.raises(InvalidInput, match="key"):
                actions.create_topic(ws, key, {"en": "News"}, "marketing", make.NOW)
        with pytest.raises(InvalidInput, match="names"):
            actions.create_topic(ws, "empty", {"en": " "}, "marketing", make.NOW)
        for nameless in ({}, {"en": " "}, {"en": "x" * 201}, {f"l{number}": "x" for number in range(51)}):
            with pytest.raises(InvalidInput, match="names"):
                actions.rename_topic(ws, "news_2", nameless)
        assert actions.rename_topic(ws, "news_2", {"en": "News"}).names == {"en": "News"}
        make.person(ws)
        numbers = {one.key: one.subscribed for one in queries.find_topic_numbers(ws)}
        assert numbers == {"newsletter": 1, "offers": 0, "transactional": 0, "news_2": 0}


def test_suppressed_addresses_keep_their_first_reason_but_a_complaint_outweighs(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        assert actions.suppress(ws, {"a@x.example": "first", "b@x.example": ""}, "hard_bounce", make.NOW) == 2
        assert actions.suppress(ws, {"a@x.example": "second"}, "manual", make.NOW) == 0
        actions.suppress(ws, {"b@x.example": "angry"}, "complaint", make.NOW)
        assert [(one.address, one.reason, one.detail) for one in queries.find_suppressions(ws)] == [
            ("a@x.example", "hard_bounce", "first"),
            ("b@x.example", "complaint", "angry"),
        ]
        lift(ws, "a@x.example")
        with pytest.raises(NotFound):
            lift(ws, "b@x.example")
        assert [one.address for one in queries.find_suppressions(ws, search="B@")] == ["b@x.example"]
        assert (queries.count_suppressions(ws), queries.find_suppressions(ws, reason="manual")) == ({"complaint": 1}, [])
        lift(ws, "b@x.example", by_owner=True)
        assert queries.find_suppressions(ws) == []
        logged = ws.conn.execute(
            "SELECT actor, object, detail ->> 'reason' FROM audit_log WHERE action = 'suppression.lift' ORDER BY id"
        ).fetchall()
        assert logged == [("user:1", "email:a@x.example", "hard_bounce"), ("user:1", "email:b@x.example", "complaint")]


def test_who_was_erased_stays_silent_whoever_asks(db: Database) -> None:
    with db.workspace(make.workspace(db)) as ws:
        actions.suppress(ws, {"a@x.example": ""}, "erased", make.NOW)
        with pytest.raises(NotFound):
            lift(ws, "a@x.example", by_owner=True)


def lift(ws: Scope, address: str, *, by_owner: bool = False) -> None:
    actions.lift_suppression(ws, "email", address, make.NOW, by_owner=by_owner, actor="user:1")


@pytest.mark.parametrize(("held", "silenced"), [("Ann.B@x.example", "ann.b@X.example"), ("ann.b@x.example", "ANN.B@x.example")])
def test_whoever_asks_for_silence_gets_it_however_the_address_is_capitalised(db: Database, held: str, silenced: str) -> None:
    with db.workspace(make.workspace(db)) as ws:
        person_id = make.person(ws, held)
        actions.suppress(ws, {silenced: "", held: ""}, "manual", make.NOW)
        assert [one["reason"] for one in people.get_profile(ws, person_id).suppressed] == ["manual"]
        assert ws.conn.execute("SELECT version > 1 FROM person WHERE id = %s", (person_id,)).fetchone() == (True,), "the mirror is told"
        lift(ws, held)
        assert people.get_profile(ws, person_id).suppressed == []
