"""People who turn out to be one while a campaign is under way: one mail for them, and never none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.campaigns.test_crash import freeze

if TYPE_CHECKING:
    from tests.campaigns.conftest import Office


def merge(office: Office, one: int, survivor: int) -> None:
    office.desk.rows("UPDATE person SET merged_into = %s WHERE id = %s RETURNING 1", survivor, one)


def test_who_became_somebody_who_is_not_meant_gets_it_as_that_person_once(office: Office) -> None:
    ids = office.people("ada@example.com", "ada2@example.com", "bob@example.com", "bob2@example.com")
    campaign = office.draft()
    office.launch(campaign)
    freeze(office, campaign)
    late, silent = office.people("late@example.com", "silent@example.com")
    office.desk.rows(
        "INSERT INTO suppression VALUES (%s, 'email', 'silent@example.com', 'manual', '', now()) RETURNING 1", office.workspace_id
    )
    for one, survivor in zip(ids, (late, late, silent, ids[2]), strict=True):
        merge(office, one, survivor)
    office.work()
    office.desk.work()
    assert office.desk.told() == ["late@example.com"]
    found = office.numbers(campaign)
    assert {one["reason"]: one["people"] for one in found["excluded"]} == {"person_merged": 2, "suppressed_manual": 1}
    assert (found["accepted"], found["remaining"]) == (1, 0)


def test_whose_other_self_has_got_it_gets_it_no_second_time(office: Office) -> None:
    ada, other = office.people("ada@example.com", "other@example.com")
    campaign = office.send(per_hour=1)
    office.desk.work()
    assert office.desk.told() == ["ada@example.com"]
    merge(office, ada, other)
    office.desk.clock.at += timedelta(hours=2)
    office.desk.work()
    assert office.desk.told() == ["ada@example.com"]
    assert office.rows(campaign)[1] == (other, "skipped", "already_seen")
