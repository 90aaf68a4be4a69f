"""F-32: much more comes in than can be taken: refused early, nothing that was acknowledged is lost, the disk has an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.sql import Query

if TYPE_CHECKING:
    from tests.faults.door import Door
    from tests.harness.history import Call, History

LIMIT_MB = 4
LONGEST_S = 5.0
SIZE = Query("size", "SELECT pg_total_relation_size('intake')")


def batch(name: str, count: int) -> list[dict[str, Any]]:
    note = "x" * 6_000
    return [
        {"type": "track", "messageId": f"{name}-{number}", "userId": f"u{number}", "event": "A", "properties": {"note": note}}
        for number in range(count)
    ]


def burst(client: History, name: str) -> list[Call]:
    """Send as fast as answers come, until refused some times."""
    calls: list[Call] = []
    while sum(call.status == 429 for call in calls) < 5:
        calls.append(client.collect(batch(f"{name}-{len(calls)}", 50)))
        assert len(calls) < 1_000
    return calls


@pytest.mark.long
def test_f32_a_burst_fills_the_log_to_its_limit_and_loses_nothing(door: Door) -> None:
    door.environment["HUDHUD_INTAKE_LIMIT_MB"] = str(LIMIT_MB)
    clients = [door.client() for _ in range(4)]
    with door.edge():
        # Nobody reads: more comes in than can be taken, however quick this machine is.
        with ThreadPoolExecutor(len(clients)) as pool:
            calls = [call for done in pool.map(lambda place: burst(clients[place], f"b{place}"), range(len(clients))) for call in done]
        assert {call.status for call in calls} == {200, 429}
        refused = [call for call in calls if call.status == 429]
        assert {call.retry_after for call in refused} == {"1"}
        took = sorted(call.answered_at - call.sent_at for call in refused)
        assert took[len(took) // 2] < 1.0
        # Who is let in is answered, too, and nobody waits for long: there is no queue that has no end.
        waited = sorted(call.answered_at - call.sent_at for call in calls if call.status == 200)
        assert waited[int(len(waited) * 0.95)] < LONGEST_S
        with door.db.everywhere() as everywhere:
            # What comes in one second may pass before it is seen that there is no more room.
            assert LIMIT_MB < everywhere.value(SIZE) / 1024**2 < 50 * LIMIT_MB
        # The workers catch up, and there is room again.
        with door.flow():
            door.wait(lambda: clients[0].collect(batch("later", 1)).status == 200)
            door.drain()
    door.check("I1", "I2")
