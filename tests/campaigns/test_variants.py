"""Tests of variants: a small share first, then the winner to the rest; no winner by noise; a tie is said; what differs is what was sent. And second tries."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from hudhud.campaigns import actions, testing
from hudhud.campaigns.people import why
from hudhud.campaigns.testing import find_winner
from hudhud.campaigns.types import CampaignProblems, CampaignState
from hudhud.delivery.queries import get_copy
from hudhud.kit.evidence import counted
from hudhud.kit.posteriors import believe
from tests import make

if TYPE_CHECKING:
    from tests.campaigns.conftest import Office

TWO = [
    {"name": "A", "template": "hello"},
    {"name": "B", "template": "hello", "subject": {"en": "For {{ person.first_name }}"}, "sender_name": "Anna"},
]
TEST = {"percent": 50, "metric": {"kind": "open"}, "wait": {"amount": 1, "unit": "hours"}, "certainty": 90, "tie": "A"}
OPENS = (
    "INSERT INTO engagement (workspace_id, message_id, kind, at, method, verdict) "
    "SELECT workspace_id, id, 'open', state_at, 'GET', %s FROM message WHERE source_kind = 'campaign' AND source_id = %s AND state = 'accepted' AND {} RETURNING 1"
)


def open_mails(office: Office, campaign_id: int, verdict: str = "human", where: str = "true") -> int:
    return len(office.desk.rows(OPENS.format(where), verdict, campaign_id))


def by_edition(office: Office, campaign_id: int) -> dict[str, int]:
    rows = office.desk.rows("SELECT name, edition_id FROM campaign_variant WHERE campaign_id = %s", campaign_id)
    return {str(name): int(edition) for name, edition in rows}  # type: ignore[call-overload]


def half_way(office: Office, **given: object) -> int:
    """Send a test to half of 80 people."""
    office.people(*(f"p{number:02}@example.com" for number in range(80)))
    campaign_id = office.send(variants=TWO, test={**TEST, **given})
    office.desk.work()
    return campaign_id


def wait(office: Office) -> None:
    office.desk.clock.at += timedelta(hours=1, seconds=15)
    office.work()


def test_the_better_one_goes_to_the_rest_once_each(office: Office) -> None:
    campaign_id = half_way(office)
    found = office.numbers(campaign_id)
    assert found["accepted"] + found["remaining"] == 80
    assert 25 < found["accepted"] < 55
    assert (office.state(campaign_id), len(office.rows(campaign_id))) == ("testing", found["accepted"])
    mails = {(entry.message()["Subject"], entry.message()["From"].partition(" ")[0]) for entry in office.desk.ledger.entries()}
    assert mails == {("Hello Ada", "Shop"), ("For Ada", "Anna")}
    b = by_edition(office, campaign_id)["B"]
    opened = open_mails(office, campaign_id, where=f"edition_id = {b}")
    open_mails(office, campaign_id, "machine", "true")
    office.work()
    assert office.state(campaign_id) == "testing"
    wait(office)
    campaign = office.get(campaign_id)
    assert (campaign.winner, campaign.verdict, campaign.decided_by) == ("B", "better", "hudhud")
    office.desk.work()
    found = office.numbers(campaign_id)
    assert (found["accepted"], found["opened"], found["remaining"], office.state(campaign_id)) == (80, opened, 0, "done")
    assert len(set(office.desk.told())) == len(office.desk.told()) == 80
    variants = {one["name"]: one["accepted"] for one in found["variants"]}
    assert variants["B"] > 40 > variants["A"]


def test_where_nothing_is_shown_the_authors_rule_decides_and_it_is_said(office: Office) -> None:
    campaign_id = half_way(office)
    open_mails(office, campaign_id)
    wait(office)
    campaign = office.get(campaign_id)
    assert (campaign.winner, campaign.verdict) == ("A", "tie")
    with office.db.workspace(office.workspace_id) as ws:
        shown = testing.get_results(ws, office.ch, campaign, office.desk.clock.now())
    assert shown["decided_on"]["shown"] is None
    assert sum(one["people"] for one in shown["now"]["variants"]) == sum(one["people"] for one in shown["decided_on"]["variants"])


def test_or_the_author_is_asked_and_chooses_once(office: Office) -> None:
    campaign_id = half_way(office, tie=None)
    wait(office)
    assert (office.state(campaign_id), office.numbers(campaign_id)["remaining"] > 0) == ("undecided", True)
    with office.db.workspace(office.workspace_id) as ws:
        testing.choose(ws, office.ch, campaign_id, "B", office.desk.clock.now(), by="user:1")
    with office.db.workspace(office.workspace_id) as ws, pytest.raises(CampaignState):
        testing.choose(ws, office.ch, campaign_id, "A", office.desk.clock.now(), by="user:1")
    office.work()
    office.desk.work()
    assert (office.state(campaign_id), office.get(campaign_id).verdict) == ("done", "chosen")
    b = by_edition(office, campaign_id)["B"]
    rest = [row[1] for row in office.rows(campaign_id, "id, edition_id, planned_at") if row[2] > office.get(campaign_id).launched_at]
    assert rest
    assert set(rest) == {b}


def test_alike_variants_seldom_have_a_winner_and_different_ones_do() -> None:
    random = Random(48)

    def trial(*rates: float) -> str | None:
        tallies = {str(place): counted(400, sum(random.random() < rate for _ in range(400))) for place, rate in enumerate(rates)}
        beliefs = dict(zip(tallies, believe(list(tallies.values()), is_revenue=False), strict=True))
        return find_winner(95, tallies, beliefs)

    alike = sum(trial(0.2, 0.2) is not None for _ in range(60)) + sum(trial(0.2, 0.2, 0.2) is not None for _ in range(40))
    assert alike <= 11  # of 100, where 5 are to be expected
    assert sum(trial(0.2, 0.32) == "1" for _ in range(20)) >= 18
    assert trial(0.0, 0.0) is None


def test_editions_are_what_was_published_when_it_was_launched(office: Office) -> None:
    office.people("ada@example.com")
    campaign_id = office.draft(
        variants=[{"name": "A", "template": "hello", "subject": {"en": "Only {{ person.first_name }}"}, "sender_name": "Anna"}]
    )
    office.launch(campaign_id)
    with office.db.workspace(office.workspace_id) as ws:
        make.template(ws, office.desk.sandbox, subject="Changed", body="Changed")
    office.work()
    office.desk.work()
    (entry,) = office.desk.ledger.entries()
    mail = entry.message()
    assert (mail["Subject"], "Anna" in mail["From"]) == ("Only Ada", True)
    assert "Changed" not in str(mail)
    # What it said can be shown again.
    with office.db.workspace(office.workspace_id) as ws:
        copy = get_copy(ws, office.desk.sandbox, office.rows(campaign_id, "id")[0][0])
    assert copy is not None
    assert (copy["subject"], "Hi Ada" in copy["html"]) == ("Only Ada", True)


def test_a_second_try_goes_to_who_has_not_opened_with_something_else(office: Office) -> None:
    ada, bob, cem = office.people("ada@example.com", "bob@example.com", "cem@example.com")
    first = office.send()
    office.desk.work()
    open_mails(office, first, "human", f"person_id = {ada}")
    open_mails(office, first, "machine", f"person_id = {bob}")
    with office.db.workspace(office.workspace_id) as ws:
        from_first = actions.resend(ws, office.get(first), "Again", office.desk.clock.now(), by="user:1")
    with pytest.raises(CampaignProblems) as caught:
        office.launch(from_first)
    assert [one["code"] for one in caught.value.data["problems"]] == ["same_content"]  # type: ignore[attr-defined]
    again = office.draft(resend_of=first, audience={}, variants=[{"name": "A", "template": "hello", "subject": {"en": "Still time"}}])
    office.launch(again)
    office.work()
    office.desk.work()
    assert [row[0] for row in office.rows(again)] == [bob, cem]
    with office.db.workspace(office.workspace_id) as ws:
        said = why(ws, office.ch, office.get(again), ada, office.desk.clock.now())
    assert said["answer"] == "not_in_audience"


def test_why_somebody_did_not_get_it(office: Office) -> None:
    (ada,) = office.people("ada@example.com")
    (dora,) = office.people("dora@example.com", topics=())
    campaign_id = office.draft()

    def ask(person_id: int) -> tuple[str, str, bool]:
        with office.db.workspace(office.workspace_id) as ws:
            found = why(ws, office.ch, office.get(campaign_id), person_id, office.desk.clock.now())
        return found["answer"], found["reason"], found["conditions"] is not None

    assert ask(ada) == ("not_frozen", "", True)
    assert ask(dora) == ("not_frozen", "not_subscribed", True)
    office.launch(campaign_id)
    office.work()
    assert ask(ada) == ("message", "", False)
    assert ask(dora) == ("excluded", "not_subscribed", False)
    (late,) = office.people("late@example.com")
    assert ask(late) == ("not_in_audience", "", True)


def test_a_test_that_was_paused_is_looked_at_after_its_mails_have_left(office: Office) -> None:
    office.people(*(f"p{number:02}@example.com" for number in range(40)))
    campaign_id = office.send(variants=TWO, test=TEST)
    office.do("pause", campaign_id)
    office.desk.clock.at += timedelta(hours=5)
    office.do("resume", campaign_id)
    office.work()
    assert office.get(campaign_id).decided_at is None
    office.desk.work()
    wait(office)
    assert office.get(campaign_id).verdict == "tie"


def test_where_nobody_is_left_for_a_winner_nobody_is_asked_for_one(office: Office) -> None:
    campaign_id = office.send(variants=TWO, test={**TEST, "tie": None})
    wait(office)
    assert (office.state(campaign_id), office.get(campaign_id).undecided_at) == ("done", None)
