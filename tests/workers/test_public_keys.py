"""A-26 through the log: what a browser says stays what a browser says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.accounts.actions import update_workspace
from hudhud.people.queries import find_people
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
