"""F-17 … F-20: peers that refuse, vanish, greylist, limit and mix their answers; every mail arrives once, or ends with the reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.harness.script import Script

if TYPE_CHECKING:
    from tests.faults.post import Post

POSITIONS = ("BANNER", "EHLO", "MAIL", "RCPT", "DATA")
FAULTS = ("close_at", "partial_at", "replies")


def settled(post: Post, minutes: float = 70) -> bool:
    """Move the clock over the waits of deferred mails until all have ended."""
    states = post.states()
    if states["deferred"] and not states["planned"] + states["claimed"] + states["handing_over"]:
        post.later(minutes)
    return not states.keys() & {"planned", "claimed", "handing_over", "deferred"}


def test_f17_dropped_at_each_verb(post: Post) -> None:
    with post.worker():
        for position in POSITIONS:
            for fault in FAULTS:
                value = {position: "421 4.3.2 going down"} if fault == "replies" else (position,)
                post.ledger.script = Script(times=1, **{fault: value})
                post.ledger.hang_up()
                post.plan(f"{position}-{fault}@example.com".lower())
                post.wait(lambda: settled(post), 40)
    assert post.states() == Counter(accepted=len(POSITIONS) * len(FAULTS))
    assert len(post.mails()) == len(POSITIONS) * len(FAULTS)
    post.check()


@pytest.mark.parametrize("fault", ["close_at", "partial_at"])
def test_f17_dropped_after_the_dot_is_in_doubt(post: Post, fault: str) -> None:
    with post.worker():
        post.ledger.script = Script(times=1, **{fault: ("DOT",)})
        post.plan("anna@example.com")
        post.wait_for(in_doubt=1)
        post.plan("ben@example.com")
        post.wait_for(accepted=1)
    assert [mail.recipient for mail in post.mails()] == ["anna@example.com", "ben@example.com"]
    post.check()


def test_f17_connection_refused(post: Post) -> None:
    post.ledger.refuse()
    with post.worker():
        post.plan("anna@example.com", "ben@example.com")
        post.wait(lambda: "deferred" in post.states())
        assert "accepted" not in post.states()
        post.ledger.listen()
        post.wait(lambda: settled(post), 40)
    assert post.states() == Counter(accepted=2)
    post.check()


def test_f18_greylisted_twice_is_accepted_at_the_third_try(post: Post) -> None:
    post.plan("greylist-2@example.com", "anna@example.com")
    with post.worker():
        post.wait(lambda: settled(post), 40)
    assert {row[4]: (row[1], row[3]) for row in post.rows()} == {
        "greylist-2@example.com": ("accepted", 3),
        "anna@example.com": ("accepted", 1),
    }
    assert sorted(mail.recipient for mail in post.mails()) == ["anna@example.com", "greylist-2@example.com"]
    post.check()


def test_f19_a_peer_that_takes_seven_a_connection(post: Post) -> None:
    post.ledger.script = Script(max_per_connection=7)
    post.plan(*[f"person{number}@example.com" for number in range(100)])
    with post.worker():
        post.wait(lambda: settled(post), 60)
    assert post.states() == Counter(accepted=100)
    assert Counter(mail.recipient for mail in post.mails()) == Counter(f"person{number}@example.com" for number in range(100))
    assert max(Counter(mail.connection for mail in post.mails()).values()) == 7
    post.check()


@pytest.mark.long
def test_f19_a_peer_that_takes_two_connections_and_no_pipelining(post: Post) -> None:
    post.ledger.script = Script(max_connections=2, pipelining=False)
    post.plan(*[f"person{number}@example.com" for number in range(60)])
    with post.worker():
        # Mails do not wait in connections that the peer does not take: each held one back for two seconds.
        post.wait(lambda: settled(post), 10)
    assert post.states() == Counter(accepted=60)
    assert len(post.mails()) == 60
    post.check()


@pytest.mark.long
def test_f20_mixed_answers_in_one_batch(post: Post) -> None:
    ordinary = [f"person{number}@example.com" for number in range(20)]
    odd = [
        "554@example.com",
        "550-5.1.1@example.com",
        "dot-552-5.3.4@example.com",
        "451@example.com",
        "421@example.com",
        "data-554-5.6.0@example.com",
    ]
    odd += ["drop-after-dot@example.com", "vanish-after-dot@example.com", "reply-then-close@example.com", "greylist-1@example.com"]
    # The first is refused for good, as in mautic#7226.
    post.plan(odd[0], *ordinary, *odd[1:])
    with post.worker():
        post.wait(lambda: post.states()["accepted"] >= 21)
        # A connection that a 421 ended may give a mail back without counting the attempt; the clock goes on until all have ended.
        post.wait(lambda: settled(post, minutes=60 * 5), 60)
    said = post.reasons()
    assert {address: said[address] for address in odd} == {
        "554@example.com": ("rejected", "peer_rejected"),
        "550-5.1.1@example.com": ("rejected", "peer_rejected"),
        "dot-552-5.3.4@example.com": ("rejected", "peer_rejected"),
        "data-554-5.6.0@example.com": ("rejected", "peer_rejected"),
        "451@example.com": ("rejected", "attempts_exhausted"),
        "421@example.com": ("rejected", "attempts_exhausted"),
        "drop-after-dot@example.com": ("in_doubt", "no_reply"),
        "vanish-after-dot@example.com": ("in_doubt", "no_reply"),
        "reply-then-close@example.com": ("accepted", ""),
        "greylist-1@example.com": ("accepted", ""),
    }
    assert all(said[address] == ("accepted", "") for address in ordinary)
    expected = {*ordinary, "drop-after-dot@example.com", "reply-then-close@example.com", "greylist-1@example.com"}
    assert Counter(mail.recipient for mail in post.mails()) == Counter(expected)
    with post.db.everywhere() as everywhere:
        assert [row[0] for row in everywhere.conn.execute("SELECT address FROM suppression").fetchall()] == ["550-5.1.1@example.com"]
    post.check()


@pytest.mark.long
def test_a_slow_recipient_does_not_hold_up_the_others(post: Post) -> None:
    slow = post.plan("slow-2s@example.com", *[f"person{number}@example.com" for number in range(30)])[0]
    with post.worker():
        post.wait_for(accepted=31)
    with post.db.everywhere() as everywhere:
        order = [row[0] for row in everywhere.conn.execute("SELECT message_id FROM message_outcome ORDER BY id").fetchall()]
    assert order.index(slow) >= 20
    post.check()


@pytest.mark.long
def test_a_peer_that_reads_slowly(post: Post) -> None:
    post.ledger.refuse()
    post.ledger.script = Script(read_bytes_per_s=1500)
    post.ledger.listen()
    post.plan("anna@example.com", "ben@example.com")
    with post.worker():
        post.wait_for(accepted=2)
    assert sorted(mail.recipient for mail in post.mails()) == ["anna@example.com", "ben@example.com"]
    post.check()
