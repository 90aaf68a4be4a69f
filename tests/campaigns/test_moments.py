"""When it leaves: at an instant, so many an hour, at a wall time where each lives (through gaps and folds), at each one's best hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.campaigns.moments import find_start, is_over, next_moment
from hudhud.campaigns.types import CampaignProblems, read

if TYPE_CHECKING:
    from tests.campaigns.conftest import Office

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(office: Office, campaign_id: int) -> dict[int, datetime]:
    return {row[0]: row[1].astimezone(UTC) for row in office.rows(campaign_id, "person_id, due_at")}


def test_f14_each_gets_it_once_at_the_first_instant_that_shows_the_time(office: Office) -> None:
    office.desk.clock.at = at("2027-03-01T00:00:00")
    (paris,) = office.people("paris@example.com", zone="Europe/Paris")
    (lord_howe,) = office.people("howe@example.com", zone="Australia/Lord_Howe")
    (kathmandu,) = office.people("kathmandu@example.com", zone="Asia/Kathmandu")
    (unknown,) = office.people("unknown@example.com")
    campaign_id = office.draft(when={"kind": "local", "on": "2027-03-28", "at": "02:30"})
    office.launch(campaign_id)
    assert office.get(campaign_id).starts_at == at("2027-03-27T12:30:00")  # where the day begins first
    office.desk.clock.at = at("2027-03-27T12:30:00")
    office.work()
    # 02:30 does not come in Paris that night: the first valid instant is 03:00.
    assert due(office, campaign_id) == {
        paris: at("2027-03-28T01:00:00"),
        lord_howe: at("2027-03-27T15:30:00"),
        kathmandu: at("2027-03-27T20:45:00"),
        unknown: at("2027-03-28T02:30:00"),
    }
    office.desk.clock.at = at("2026-10-20T00:00:00")
    again = office.draft(name="Fold", when={"kind": "local", "on": "2026-10-25", "at": "02:30"})
    office.launch(again)
    office.desk.clock.at = at("2026-10-24T12:30:00")
    office.work()
    assert due(office, again)[paris] == at("2026-10-25T00:30:00")  # of the two the first


@pytest.mark.parametrize(("passed", "expected"), [("now", "2026-12-01T12:00:00"), ("tomorrow", "2026-12-02T08:00:00"), ("skip", None)])
def test_whose_moment_was_over_goes_by_the_authors_rule(office: Office, passed: str, expected: str | None) -> None:
    office.desk.clock.at = at("2026-12-01T12:00:00")
    (tallinn,) = office.people("tallinn@example.com", zone="Europe/Tallinn")  # 14:00 there
    (lima,) = office.people("lima@example.com", zone="America/Lima")  # 07:00
    campaign_id = office.send(when={"kind": "local", "on": "2026-12-01", "at": "10:00", "passed": passed})
    found = due(office, campaign_id)
    assert found[lima] == at("2026-12-01T15:00:00")
    assert found.get(tallinn) == (expected and at(expected))
    left_out = [{"reason": "moment_passed", "people": 1}] if expected is None else []
    assert office.numbers(campaign_id)["excluded"] == left_out


def test_so_many_an_hour_in_one_row_whatever_the_chunks(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(5)))
    moment = office.desk.clock.at + HOUR
    campaign_id = office.draft(when={"kind": "at", "at": moment.isoformat()}, per_hour=2)
    office.launch(campaign_id)
    office.work()
    assert office.rows(campaign_id) == []
    office.desk.clock.at = moment
    office.work()
    assert sorted(due(office, campaign_id).values()) == [moment + HOUR / 2 * place for place in range(5)]


def test_nothing_leaves_after_the_end(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(3)))
    ends_at = office.desk.clock.at + HOUR
    campaign_id = office.send(per_hour=1, ends_at=ends_at.isoformat())
    office.desk.work()
    office.desk.clock.at += 2 * HOUR
    office.desk.work()
    assert [row[1:] for row in office.rows(campaign_id)] == [("accepted", ""), ("skipped", "expired"), ("skipped", "expired")]


def test_at_the_best_hour_of_each(office: Office) -> None:
    office.desk.clock.at = at("2026-12-01T00:00:00")
    night, usual = office.people("night@example.com", "usual@example.com", zone="Europe/Tallinn")
    hours = bytes(120 if hour == 22 else 0 for hour in range(24))
    for person_id in (0, night):
        office.desk.rows(
            "INSERT INTO active_hours (workspace_id, person_id, hours, answers, others, learned_at) VALUES (%s, %s, %s, 40, 0, %s) RETURNING 1",
            office.workspace_id, person_id, hours if person_id else bytes(24), office.desk.clock.at + timedelta(days=30),
        )  # fmt: skip
    campaign_id = office.draft(when={"kind": "best_hour", "on": "2026-12-05"})
    office.launch(campaign_id)
    office.desk.clock.at = at("2026-12-04T10:00:00")
    office.work()
    assert due(office, campaign_id) == {night: at("2026-12-05T20:00:00"), usual: at("2026-12-05T08:00:00")}


def test_a_moment_that_is_over_everywhere_is_refused(office: Office) -> None:
    office.desk.clock.at = at("2026-12-01T12:00:00")
    campaign_id = office.draft(when={"kind": "local", "on": "2026-11-30", "at": "09:00"})
    with pytest.raises(CampaignProblems):
        office.launch(campaign_id)


def test_starts_and_ends_of_a_day() -> None:
    plain: dict[str, Any] = {"name": "X", "when": {"kind": "local", "on": "2026-12-01", "at": "09:00"}}
    now = at("2026-11-01T00:00:00")
    assert find_start(read(plain), now, at_once=False) == at("2026-11-30T19:00:00")
    assert find_start(read({"name": "X"}), now, at_once=False) == now + timedelta(seconds=60)
    assert not is_over(read(plain), at("2026-12-01T20:59:00"))
    assert is_over(read(plain), at("2026-12-01T21:01:00"))
    # The next morning, where that is shorter by an hour.
    assert next_moment("09:00", "Europe/Paris", at("2027-03-27T12:00:00")) == at("2027-03-28T07:00:00")
