"""F-01 … F-04: kill -9 of a delivery worker at each point of a hand-over; another one goes on."""

from __future__ import annotations

import shutil
import signal
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.replay import Stage
from tests.harness.script import Script

if TYPE_CHECKING:
    from tests.faults.post import Post


def finish(post: Post) -> None:
    """Let another worker do what is left, then check everything."""
    post.end_leases()
    with post.worker():
        post.wait(lambda: not {"planned", "claimed", "handing_over", "deferred"} & post.states().keys())
    post.check()


def test_f01_after_the_claim_before_the_connection(post: Post) -> None:
    post.ledger.script = Script(delays={"BANNER": 20.0})
    post.plan("anna@example.com")
    with post.worker() as process:
        post.wait_for(claimed=1)
        process.kill()
    assert post.states() == {"claimed": 1}
    post.ledger.script = Script()
    finish(post)
    assert post.states() == {"accepted": 1}
    assert len(post.mails()) == 1


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("delivery.before_commit:1", marks=pytest.mark.long),
        pytest.param("delivery.after_commit:1", marks=pytest.mark.long),
        "delivery.before_dot:1",
    ],
)
def test_f02_before_the_final_dot(post: Post, point: str) -> None:
    post.plan("anna@example.com")
    post.run_until_killed(point)
    assert post.mails() == []
    finish(post)
    assert post.states() == {"accepted": 1}, post.rows()
    assert len(post.mails()) == 1


def test_f02_without_a_flight_record_nobody_knows(post: Post) -> None:
    """Another machine has to take over: what was marked may have left, and marketing is not repeated."""
    post.plan("anna@example.com")
    post.run_until_killed("delivery.before_dot:1")
    (record,) = (post.folder / "data" / "flights").iterdir()
    record.unlink()
    finish(post)
    assert post.states() == {"in_doubt": 1}
    assert post.mails() == []


def test_f03_after_the_dot_marketing_is_in_doubt_and_not_repeated(post: Post) -> None:
    post.plan("anna@example.com", "ben@example.com", "carla@example.com")
    post.run_until_killed("delivery.after_dot:1")
    finish(post)
    doubtful = post.states()["in_doubt"]
    assert 1 <= doubtful <= 3  # one for each open connection at most
    assert post.states() == Counter(in_doubt=doubtful, accepted=3 - doubtful)
    assert 3 - doubtful <= len(post.mails()) <= 3


@pytest.mark.parametrize("point", ["delivery.after_reply:1", pytest.param("delivery.before_commit:2", marks=pytest.mark.long)])
def test_f04_a_reply_that_was_read_is_not_lost(post: Post, point: str) -> None:
    post.plan("anna@example.com")
    post.run_until_killed(point)
    assert len(post.mails()) == 1
    finish(post)
    assert post.states() == {"accepted": 1}
    assert len(post.mails()) == 1


@pytest.mark.long
def test_f03_transactional_is_repeated_with_the_same_message_id(post: Post) -> None:
    post.plan("anna@example.com", topic="transactional")
    post.run_until_killed("delivery.after_dot:1")
    post.wait(lambda: len(post.mails()) == 1)
    finish(post)
    assert post.states() == {"accepted": 1}
    assert len(post.mails()) == 2
    assert len({mail.message_id for mail in post.mails()}) == 1


@pytest.mark.long
def test_f26_a_worker_that_stood_still_longer_than_its_lease_sends_nothing_twice(post: Post) -> None:
    post.ledger.script = Script(delays={"DATA": 3.0})
    post.plan("anna@example.com")
    with post.worker() as frozen:
        post.wait_for(claimed=1)
        frozen.send_signal(signal.SIGSTOP)
        try:
            post.ledger.script = Script()
            finish(post)
            assert post.states() == {"accepted": 1}
        finally:
            frozen.send_signal(signal.SIGCONT)
        # Long enough for the reply that it waits for, and what it would do then.
        time.sleep(3.5)
    assert len(post.mails()) == 1
    post.check()


@pytest.mark.long
def test_f13_a_worker_whose_clock_is_a_year_ahead_takes_no_lease_away(post: Post) -> None:
    """Leases end by the database's clock, which is the same for all workers."""
    post.ledger.script = Script(delays={"DATA": 4.0})
    post.plan("anna@example.com")
    with post.worker():
        post.wait_for(claimed=1)
        post.environment["HUDHUD_CLOCK"] = Stage(post.folder / "ahead", post.stage.at + timedelta(days=365)).setting
        with post.worker():
            post.wait_for(accepted=1)
    assert [row[3] for row in post.rows()] == [1]
    assert len(post.mails()) == 1
    post.check()


@pytest.mark.long
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here; the fail points above cut at the same places")
@pytest.mark.parametrize("call", ["sendto", "recvfrom", "connect", "write"])
def test_a_sweep_of_kills_over_system_calls_loses_and_repeats_nothing(post: Post, call: str) -> None:
    for number in range(1, 400, 7):
        post.plan(f"person{number}@example.com")
        wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
        with post.worker(wrapper=wrapper) as process:
            post.wait(lambda: process.poll() is not None or post.rows()[-1][1] in {"accepted", "in_doubt"}, 60)
            survived = process.poll() is None
        finish(post)
        assert post.states()["accepted"] + post.states()["in_doubt"] == len(post.rows())
        if survived:
            break
    assert post.states()["accepted"] > post.states()["in_doubt"] or call == "recvfrom"


@pytest.mark.long
def test_f01_a_lost_worker_is_noticed_without_help_within_ten_seconds(post: Post) -> None:
    post.plan("anna@example.com")
    post.run_until_killed("delivery.before_commit:1")
    with post.worker():
        post.wait(lambda: post.states() == {"accepted": 1}, 15)
    post.check()


@pytest.mark.long
def test_a_graceful_stop_leaves_nothing_in_doubt(post: Post) -> None:
    post.plan(*[f"person{number}@example.com" for number in range(300)])
    post.ledger.script = Script(delays={"DOT": 0.02})
    with post.worker() as process:
        post.wait(lambda: post.states()["accepted"] >= 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0, post.log()
    assert not post.states().keys() & {"in_doubt", "handing_over", "claimed"}
    assert post.states()["planned"] > 0
    post.ledger.script = Script()
    finish(post)
    assert post.states() == {"accepted": 300}
    assert len(post.mails()) == 300
