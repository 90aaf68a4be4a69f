"""A campaign from draft to done, with a real SMTP conversation: undo, pause, resume, cancel, and sums that always hold."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from hudhud.campaigns.materialising import write_chunk
from hudhud.campaigns.types import CampaignProblems, CampaignState
from tests.campaigns.test_crash import freeze

if TYPE_CHECKING:
    from tests.campaigns.conftest import Office


def test_everybody_who_agreed_gets_it_once_and_the_others_are_counted(office: Office) -> None:
    ada, bob, cem = office.people("ada@example.com", "bob@example.com", "cem@example.com")
    (dora,) = office.people("dora@example.com", topics=())
    office.desk.rows(
        "INSERT INTO suppression VALUES (%s, 'email', 'cem@example.com', 'manual', '', now()) RETURNING 1", office.workspace_id
    )
    campaign = office.send()
    assert office.state(campaign) == "sending"
    office.desk.work()
    assert sorted(office.desk.told()) == ["ada@example.com", "bob@example.com"]
    found = office.numbers(campaign)
    assert (found["audience"], found["accepted"], found["delivered"]) == (4, 2, 2)
    assert found["excluded"] == [{"reason": "suppressed_manual", "people": 1}, {"reason": "not_subscribed", "people": 1}]
    assert [row[0] for row in office.rows(campaign)] == [ada, bob]
    assert office.state(campaign) == "done"
    assert {cem, dora}.isdisjoint(row[0] for row in office.rows(campaign))
    assert not any([office.context.stop.is_set(), office.get(campaign).failing])


def test_nothing_is_there_before_the_undo_ends_and_taken_back_it_is_a_draft(office: Office) -> None:
    office.people("ada@example.com")
    campaign = office.draft()
    office.launch(campaign, at_once=False)
    office.work()
    assert (office.state(campaign), office.rows(campaign)) == ("scheduled", [])
    office.desk.clock.at += timedelta(seconds=59)
    office.work()
    assert office.rows(campaign) == []
    office.do("undo", campaign)
    office.desk.clock.at += timedelta(seconds=2)
    office.work()
    assert (office.state(campaign), office.rows(campaign)) == ("draft", [])
    office.launch(campaign, at_once=False)
    office.desk.clock.at += timedelta(seconds=60)
    office.work()
    assert len(office.rows(campaign)) == 1
    with pytest.raises(CampaignState):
        office.do("undo", campaign)


def test_what_is_paused_waits_and_goes_on_and_what_is_cancelled_ends(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(6)))
    campaign = office.send()
    office.do("pause", campaign)
    office.desk.work()
    assert office.desk.told() == []
    assert {row[1:] for row in office.rows(campaign)} == {("planned", "campaign_paused")}
    assert office.numbers(campaign)["pending_for"] == [{"reason": "campaign_paused", "people": 6}]
    office.do("resume", campaign)
    office.desk.work()
    assert len(office.desk.told()) == len(set(office.desk.told())) == 6
    later = office.send(name="Later", when={"kind": "at", "at": (office.desk.clock.at + timedelta(hours=1)).isoformat()})
    office.desk.clock.at += timedelta(hours=1)
    office.work()
    office.do("pause", later)
    office.desk.work()
    office.do("cancel", later)
    office.work()
    office.desk.work()
    assert {row[1:] for row in office.rows(later)} == {("skipped", "cancelled")}
    assert len(office.desk.told()) == 6
    assert office.state(later) == "cancelled"
    assert office.get(later).closed_at is not None


def test_a_draft_says_all_that_it_lacks(office: Office) -> None:
    campaign = office.draft(topic="", audience={}, variants=[{"name": "A"}, {"name": "B", "template": "none"}])
    with pytest.raises(CampaignProblems) as caught:
        office.launch(campaign)
    problems = caught.value.data["problems"]
    assert isinstance(problems, list)
    assert [(one["code"], one["variant"]) for one in problems] == [
        ("topic", None),
        ("audience", None),
        ("template", "A"),
        ("template", "B"),
        ("test", None),
    ]


def test_two_who_turn_out_to_be_one_get_it_once(office: Office) -> None:
    ids = office.people(*(f"p{number}@example.com" for number in range(5)))
    (stranger,) = office.people("stranger@example.com", topics=())
    campaign = office.send()
    for survivor, gone in ((ids[1], ids[0]), (stranger, ids[2]), (stranger, ids[3])):
        # As a merge does: the survivor has the addresses, and the newest word of both.
        office.desk.rows("DELETE FROM identifier WHERE person_id = %s RETURNING 1", gone)
        office.desk.rows("UPDATE person SET merged_into = %s WHERE id = %s RETURNING 1", survivor, gone)
    office.desk.work()
    assert sorted(office.desk.told()) == ["p1@example.com", "p4@example.com", "stranger@example.com"]
    assert {row[0] for row in office.rows(campaign) if row[2] == "already_seen"} == {ids[0], ids[3]}
    found = office.numbers(campaign)
    assert (found["accepted"], found["skipped"]) == (3, 2)


def test_what_a_pause_held_back_leaves_at_the_pace_that_was_asked_for(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(6)))
    campaign = office.send(per_hour=2)
    office.desk.clock.at += timedelta(minutes=1)
    office.do("pause", campaign)
    office.desk.clock.at += timedelta(hours=1, minutes=30)
    office.desk.work()
    office.do("resume", campaign)
    due = sorted(row[0] for row in office.rows(campaign, "due_at"))
    assert len(due) == 6
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(minutes=30)}
    assert due[0] > office.desk.clock.at
    office.desk.work()
    assert office.desk.told() == []


def test_chunks_after_a_pause_keep_the_pace_too(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(6)))
    campaign = office.draft(per_hour=2)
    office.launch(campaign)
    freeze(office, campaign)
    write(office, campaign, 3)
    office.do("pause", campaign)
    office.desk.clock.at += timedelta(hours=5)
    office.do("resume", campaign)
    write(office, campaign, 3)
    due = sorted(row[0] for row in office.rows(campaign, "due_at"))
    assert (len(due), due[0] > office.desk.clock.at) == (6, True)
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(minutes=30)}


def write(office: Office, campaign_id: int, size: int) -> None:
    with office.db.workspace(office.workspace_id) as ws:
        assert write_chunk(ws, campaign_id, office.desk.clock.now(), size) is not None
