"""A-25, list bombing: whoever reads a website's key brings the addresses of thousands, or one mailbox in a hundred spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.edge.newcomers import KEPT, SPELLINGS, mailbox, normal
from hudhud.kit.sql import Query
from hudhud.people.identifiers import normal_email
from tests import make

if TYPE_CHECKING:
    from tests.edge.door import Answer, Door

CLIENT, DOMAIN, KEY = 10, 20, 60
# The proxy tells who asks.
ENVIRONMENT = {
    "HUDHUD_TRUSTED_PROXIES": "127.0.0.1",
    "HUDHUD_NEW_ADDRESSES_PER_CLIENT": str(CLIENT),
    "HUDHUD_NEW_ADDRESSES_PER_DOMAIN": str(DOMAIN),
    "HUDHUD_NEW_ADDRESSES_PER_KEY": str(KEY),
}
MAILBOX = Query("mailbox", "SELECT hudhud_mailbox(address) FROM unnest(%(addresses)s::text[]) WITH ORDINALITY AS a (address, n) ORDER BY n")


def identify(address: str) -> dict[str, Any]:
    return {"type": "identify", "anonymousId": f"a-{address}", "traits": {"email": address}}


def bring(door: Door, address: str, client: str, *, key: str = "collect") -> Answer:
    return door.post("/v1/identify", identify(address), key=key, headers={"X-Forwarded-For": client})


def bring_all(door: Door, addresses: list[str], client: str, *, key: str = "collect") -> Answer:
    return door.post("/v1/batch", {"batch": [identify(address) for address in addresses]}, key=key, headers={"X-Forwarded-For": client})


def taken(door: Door) -> list[str]:
    return [message["traits"]["email"] for message in door.log()]


def kept(door: Door) -> int:
    with door.db.everywhere() as everywhere:
        found = everywhere.conn.execute("SELECT count(*) FROM intake_reject WHERE reason = 'addresses'").fetchone()
    assert found is not None
    return int(found[0])


def test_one_mailbox_in_a_hundred_spellings_from_a_hundred_clients(door: Door) -> None:
    spellings = [f"a{'.' * (number % 2)}nn+{number}@{('gmail.com', 'GoogleMail.com')[number % 3 == 0]}" for number in range(100)]
    answers = [bring(door, address, f"203.0.113.{number}") for number, address in enumerate(spellings)]
    assert [answer.status for answer in answers] == [200] * SPELLINGS + [403] * (100 - SPELLINGS)
    assert (answers[-1].json()["code"], answers[-1].json()["limit"], answers[-1].json()["field"]) == (
        "too_many_addresses", "new_mailbox", "traits.email",
    )  # fmt: skip
    assert (taken(door), kept(door)) == (spellings[:SPELLINGS], 100 - SPELLINGS)
    # Those who are in already go on as before, from wherever.
    assert bring(door, spellings[0], "203.0.113.200").status == 200


def test_one_domain_in_a_hundred_spellings() -> None:
    for spelling in ("ann+1@ｇmail.com", "a.nn@gmail。com", "Ann@GMAIL．COM"):
        assert mailbox(spelling) == "ann@gmail.com"
        assert normal(spelling) == normal_email(spelling)
    for address in ("ann@Õlu.ee", "ann@例え.jp", "ann@xn--lu-bka.ee"):
        assert normal(address) == mailbox(address) == normal_email(address)
    assert mailbox(f"ann@{'õ' * 70}.ee") == f"ann@{'õ' * 70}.ee"


def test_thousands_of_domains_from_one_client(door: Door) -> None:
    strangers = [f"info@shop{number}.example" for number in range(2_500)]
    first = bring_all(door, [*strangers[:500], "no address"], "2001:db8::1")
    assert (first.status, len(first.json()["rejected"])) == (200, 500 - CLIENT)
    assert [told["index"] for told in first.json()["rejected"]] == list(range(CLIENT, 500))
    assert {told["limit"] for told in first.json()["rejected"]} == {"new_client"}
    # Beyond what is kept for somebody to look at nothing is taken, and nothing fills the disk.
    answers = [bring_all(door, strangers[place : place + 500], "2001:db8::ffff") for place in range(500, 2_500, 500)]
    refused = [answer for answer in answers if answer.status == 429]
    assert answers[0].status == 403
    assert refused
    assert refused == answers[-len(refused) :]
    assert (refused[0].json()["limit"], int(refused[0].headers["retry-after"]) > 60) == ("new_addresses", True)
    assert (len(taken(door)), kept(door)) == (CLIENT + 1, 500 * (5 - len(refused)) - CLIENT)
    assert kept(door) < KEPT + 500
    # What brings nobody new is not stopped by it.
    assert door.post("/v1/track", {"userId": "u1", "event": "A"}, headers={"X-Forwarded-For": "2001:db8::2"}).status == 200
    assert 'hudhud_edge_refused_total{limit="new_client"} ' in door.request("GET", "/metrics").body.decode()


def test_one_domain_from_many_clients_and_many_domains_by_one_key(door: Door) -> None:
    with door.db.workspace(door.shop) as ws:
        make.person(ws, "Known@firm.example")
    statuses = [bring(door, f"somebody{number}@firm.example", f"198.51.100.{number}", key="brief").status for number in range(DOMAIN + 5)]
    assert statuses == [200] * DOMAIN + [403] * 5
    assert bring(door, "Known@FIRM.example", "198.51.100.250", key="brief").status == 200
    # Where nobody is told from anybody (an unnamed proxy), the key's limit is left.
    answers = [bring(door, f"x@firm{number}.example", "", key="brief") for number in range(KEY)]
    assert [answer.status for answer in answers] == [200] * (KEY - DOMAIN) + [403] * DOMAIN
    assert answers[-1].json()["limit"] == "new_key"
    # A server knows whom it brings.
    assert bring_all(door, [f"y@firm{number}.example" for number in range(500)], "198.51.100.9", key="api").json() == {"success": True}


def test_a_mailbox_is_the_same_here_and_in_the_database(door: Door) -> None:
    addresses = [
        "Ann@Shop.example",
        "a.n.n+x+y@GMAIL.com",
        "a.nn+x@shop.example",
        "ann@googlemail.com",
        "+@gmail.com",
        "a@b@gmail.com",
        "Õie@xn--mk-xkaa.example",
    ]
    with door.db.everywhere() as everywhere:
        assert [row[0] for row in everywhere.rows(MAILBOX, addresses=addresses)] == [mailbox(address) for address in addresses]
