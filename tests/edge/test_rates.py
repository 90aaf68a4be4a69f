"""Limits of what one sender may bring: who is counted as one, what is refused, and that nothing acknowledged is lost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.edge import rates
from hudhud.edge.rates import Rate, client_of

if TYPE_CHECKING:
    from tests.edge.door import Door

ENVIRONMENT = {
    "HUDHUD_PUBLIC_KEY_PER_S": "20",
    "HUDHUD_SERVER_KEY_PER_S": "5",
    "HUDHUD_CLIENT_PER_S": "2",
    "HUDHUD_TRUSTED_PROXIES": "127.0.0.1",
}
SHOP, OTHER = "203.0.113.7", "203.0.113.8"


def test_a_bucket_holds_its_burst_and_fills_at_its_rate() -> None:
    rate = Rate(per_s=2, burst=6)
    for _ in range(6):
        assert rate.wait_s("a", 100.0) == 0.0
        rate.spend("a", 1, 100.0)
    assert (rate.wait_s("a", 100.0), rate.wait_s("b", 100.0)) == (0.5, 0.0)
    assert (rate.wait_s("a", 100.25), rate.wait_s("a", 100.5)) == (0.25, 0.0)
    rate.spend("a", 20, 100.5)  # a whole batch while there is one left: the rest is owed
    assert rate.wait_s("a", 100.5) == 10.0
    free = Rate(per_s=0, burst=0)
    free.spend("a", 10**9, 1.0)
    assert free.wait_s("a", 1.0) == 0.0


def test_forgetting_the_quiet_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    rate, now, full = Rate(per_s=3, burst=9, most=5), 0.0, dict.fromkeys("abcde", 0.0)
    for _ in range(5_000):
        now += chance.expovariate(2)
        name, count = chance.choice("abcde"), chance.randint(1, 5)
        plain = max(0.0, full[name] - now - 8 / 3)
        assert rate.wait_s(name, now) == pytest.approx(plain)
        if not plain:
            rate.spend(name, count, now)
            full[name] = max(full[name], now) + count / 3
    monkeypatch.setattr(rates, "REMEMBERED", 50)
    for number in range(1_000):
        rate.spend(number, 1, now)
    assert len(rate._full_until) + len(rate._before) <= 100


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::4", "2001:db8:1:3::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:10.0.0.1", ""),
        ("172.31.255.1", ""),
        ("fd00::1", ""),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_who_counts_as_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def batch(name: str, count: int) -> dict[str, Any]:
    return {"batch": [{"type": "track", "messageId": f"{name}{number}", "userId": "u1", "event": "A"} for number in range(count)]}


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_what_is_beyond_a_limit_is_refused_by_name_and_the_rest_is_on_disk(door: Door) -> None:
    kept: list[str] = []

    def send(name: str, count: int, key: str, address: str = "") -> tuple[int, str]:
        """Send a batch; return the answer's status and the limit that it names."""
        sent = batch(name, count)
        answer = door.post("/v1/batch", sent, key=key, headers=from_(address) if address else {})
        if answer.status == 200:
            kept.extend(message["messageId"] for message in sent["batch"])
            return 200, ""
        told = answer.json()
        assert (answer.status, told["code"], told["success"]) == (429, "rate_limited", False)
        assert int(answer.headers["retry-after"]) == told["retry_after_s"] > 5
        assert told["message"].startswith(told["limit"])
        return answer.status, told["limit"]

    # A browser: a whole batch passes, and what is owed is waited for; who is somebody else is not stopped.
    assert send("a", 60, "collect", SHOP) == (200, "")
    assert send("b", 1, "collect", SHOP) == (429, "client")
    assert send("c", 1, "collect", OTHER) == (200, "")
    assert send("d", 60, "collect", "2001:db8:1:2::1") == (200, "")
    assert send("e", 1, "collect", "2001:db8:1:2:9::") == (429, "client")
    assert send("f", 1, "collect", "2001:db8:1:3::1") == (200, "")
    # From our own machines there is only the limit of the key, and a server's address is not counted.
    assert send("g", 60, "collect") == (200, "")
    assert send("h", 300, "api", SHOP) == (200, "")
    assert send("i", 1, "api", OTHER) == (429, "server_key")
    assert send("j", 1_000, "brief") == (200, "")
    assert send("k", 1, "brief") == (429, "public_key")
    assert send("l", 1, "collect") == (200, "")
    # Of a body that names its key, too; and a batch is refused whole.
    inside = {**batch("m", 3), "writeKey": door.keys["brief"]}
    assert door.request("POST", "/v1/batch", str(inside).replace("'", '"').encode()).json()["limit"] == "public_key"
    assert sorted(message["messageId"] for message in door.log()) == sorted(kept)
    text = door.request("GET", "/metrics").body.decode()
    assert 'hudhud_edge_refused_total{limit="client"} 2.0' in text
    assert 'hudhud_edge_refused_total{limit="public_key"} 2.0' in text


def test_who_guesses_keys_is_stopped_before_the_database_is_asked(door: Door) -> None:
    guesser = "203.0.113.99"
    statuses: list[int] = []
    while 429 not in statuses:
        paths = ("/v1/batch", f"/hooks/guess-{len(statuses)}")
        statuses.append(door.post(paths[len(statuses) % 2], {"batch": []}, key=f"hk_guess_{len(statuses)}", headers=from_(guesser)).status)
        assert len(statuses) < 2_000
    assert set(statuses) == {401, 404, 429}
    assert len(statuses) > rates.GUESSES_PER_S * rates.BURST_S
    # A key that was good passes from there all the same.
    assert door.post("/v1/batch", {"batch": []}, key="collect", headers=from_(guesser)).status == 200
