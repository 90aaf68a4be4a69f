"""A-26 through the log: what a browser says stays what a browser says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hudhud.accounts.actions import update_workspace
from hudhud.events.types import Message
from hudhud.people.queries import find_people, get_profile
from hudhud.workers.messages import happened_at
from tests.make import NOW
from tests.workers.line import identify, track

if TYPE_CHECKING:
    from tests.workers.line import Line


def test_what_came_with_a_public_key_is_refused_in_part_and_kept_with_the_reason(line: Line) -> None:
    line.put(identify("ann", email="ann@example.com", plan="gold", city="Tartu"), identify("bob", email="bob@example.com"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        update_workspace(ws, NOW, "test", open_attributes=["city"])
    line.put(
        identify("ann", "a1", email="eve@example.com", plan="tin", city="Narva", size=38, subscriptions={"newsletter": True}),
        {"type": "alias", "userId": "ann", "previousId": "bob"},
        track("ann", "Segment Entered"),
        track("ann", "Order Completed", timestamp="2026-03-05T12:00:00Z", sentAt="2026-03-01T12:00:00Z"),
        track("ann", "Order Completed", timestamp="2026-03-05T12:00:00Z", sentAt="2026-03-05T12:00:00Z"),
        source="collect",
    )
    line.work()
    with line.db.workspace(line.shop) as ws:
        people = {person.attributes["email"]: person.attributes for person in find_people(ws)}
        agreed = ws.conn.execute("SELECT count(*) FROM subscription").fetchone()
    assert (people["ann@example.com"], len(people), agreed) == (
        {"email": "ann@example.com", "plan": "gold", "city": "Narva", "size": 38},
        2,
        (0,),
    )
    told = [(reason, detail.partition(":")[0]) for reason, detail in line.rejects()]
    assert sorted(told) == [
        ("consent_refused", "subscriptions"),
        ("future", "timestamp"),
        ("public_key", "alias"),
        ("public_key", "email, plan"),
        ("reserved", "event"),
    ]
    assert [at for name, at in line.events("name, toString(at)") if name == "Order Completed"] == [
        "2026-03-01 12:00:00.000",  # a clock that was four days fast
        "2026-03-05 12:00:00.000",
    ]


RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "sent", "expected"),
    [
        ("2026-03-01T09:59:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:59:00"),  # a clock two hours slow
        ("2026-03-04T11:59:00Z", "2026-03-04T12:00:00Z", "2026-03-01T11:59:00"),  # three days fast
        ("2025-12-24T18:00:00Z", "2026-03-01T11:59:58Z", "2025-12-24T18:00:00"),  # history, sent by a good clock
        ("2026-03-01T11:59:59.5Z", "2026-03-01T11:59:59Z", "2026-03-01T11:59:59.500000"),  # the way on the wire is no skew
        ("2026-03-01T09:00:00+05:00", "2026-03-01T05:00:00-03:00", "2026-03-01T08:00:00"),
        ("1970-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "1970-01-01T00:00:00"),  # never before time begins
    ],
)
def test_times_are_corrected_by_what_the_sender_s_clock_said(said: str, sent: str, expected: str) -> None:
    message = Message(original_timestamp=datetime.fromisoformat(said), sent_at=datetime.fromisoformat(sent))
    assert happened_at(message, RECEIVED) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert happened_at(Message(), RECEIVED) == RECEIVED


def test_a_country_by_address_is_the_weakest_word(line: Line) -> None:
    def country() -> tuple[str | None, str | None]:
        with line.db.workspace(line.shop) as ws:
            (person,) = find_people(ws)
            profile = get_profile(ws, person.id)
        return profile.country, profile.provenance.get("country")

    line.put({**identify("ann"), "ipPlace": {"country": "EE"}}, {**identify("ann"), "ipPlace": {"country": "FI"}}, source="collect")
    line.work()
    assert country() == ("FI", "ip")
    line.put(identify("ann", country="ir"), {**identify("ann"), "ipPlace": {"country": "EE"}}, source="collect")
    line.work()
    assert country() == ("IR", "stated")
