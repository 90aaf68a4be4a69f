"""F-07 and F-08: everything killed at once, and PostgreSQL killed again and again, while people sign up and get their welcome mail."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.acceptance.quiet import in_doubt, look_behind, wait_until_quiet
from tests.harness import checker, history
from tests.harness.history import History
from tests.harness.ledger import LedgerProcess
from tests.harness.monkey import Monkey
from tests.harness.product import Product
from tests.harness.sampler import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.harness.sampler import Sample

# `make prove` cuts the power 50 times.
CUTS = int(os.environ.get("PROVE_CUTS", "3"))
RESTARTS_S = float(os.environ.get("PROVE_RESTARTS_S", "25"))


class Crowd:
    """People who sign up, one batch after the other, from their own thread; each call is written down."""

    def __init__(self, client: History) -> None:
        self.client = client
        self.number = 0
        self.signed_up: set[str] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._done.is_set():
            people = [self.number + i for i in range(5)]
            self.number += 5
            batch = [message for person in people for message in sign_up(person)]
            # Repeated until it is taken, as the SDKs do.
            while not self.client.collect(batch).is_promise and not self._done.is_set():
                time.sleep(0.3)
            self.signed_up |= {f"p{person}@example.com" for person in people}
            time.sleep(0.05)


def sign_up(person: int) -> list[dict[str, Any]]:
    traits = {"email": f"p{person}@example.com", "first_name": "Ada", "language": "en", "subscriptions": {"newsletter": True}}
    return [
        {"type": "identify", "messageId": f"i{person}", "userId": f"u{person}", "traits": traits},
        {"type": "track", "messageId": f"t{person}", "userId": f"u{person}", "event": "Signed Up", "properties": {"n": person}},
    ]


class Now:
    """The wall clock, in the place of a replayed one."""

    @property
    def at(self) -> datetime:
        return datetime.now(UTC)

    def move_to(self, _at: object) -> None:
        """Nobody moves the wall clock."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerProcess]:
    with LedgerProcess(tmp_path / "mails.ndjson", 28130) as ledger:
        yield ledger


def start(tmp_path: Path, ledger: LedgerProcess) -> tuple[Product, History]:
    hudhud = Product(tmp_path, 28131, HUDHUD_SMTP_URL=ledger.url).start()
    hudhud.command("owner", "create", "--email", "owner@example.com", "--password", "correct horse battery")
    hudhud.command("journey", "install", "welcome")
    hudhud.command("journey", "start", "welcome")
    return hudhud, History(tmp_path / "calls.ndjson", hudhud.url, key=hudhud.key("api"))


def finish(
    hudhud: Product, client: History, ledger: LedgerProcess, crowd: Crowd, *deaths: int, samples: Sequence[Sample] = ()
) -> list[history.Call]:
    """Wait for quiet, check everything; everybody who signed up for sure has one welcome mail or is in doubt."""
    client.close()
    hudhud.wait_ready()
    wait_until_quiet(hudhud, Now(), seconds=180)  # type: ignore[arg-type]
    calls = history.read(client.path)
    with look_behind(hudhud) as (ws, ch):
        doubtful = in_doubt(ws)
        checker.check(checker.Evidence(ws, ch, calls, ledger.entries(), samples))
    got = Counter(mail.recipient for mail in ledger.entries())
    said = f"{len(crowd.signed_up)} signed up, {len(got)} mails, {len(doubtful)} in doubt, {sum(deaths)} deaths, calls {Counter(call.status for call in calls)}"
    print(said)  # noqa: T201 -- figures for the closing note
    assert max(got.values()) == 1
    assert crowd.signed_up <= got.keys() | doubtful
    assert len(doubtful) <= 10 * sum(deaths)
    return calls


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_f07_the_power_is_cut_again_and_again(tmp_path: Path, ledger: LedgerProcess) -> None:
    hudhud, client = start(tmp_path, ledger)
    try:
        with Crowd(client) as crowd:
            for _ in range(CUTS):
                time.sleep(4)
                hudhud.power_cut()
                hudhud.start()
            time.sleep(2)
        finish(hudhud, client, ledger, crowd, CUTS)
    finally:
        hudhud.stop()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_f08_postgresql_is_killed_every_few_seconds(tmp_path: Path, ledger: LedgerProcess) -> None:
    hudhud, client = start(tmp_path, ledger)
    try:
        monkey, done = Monkey(hudhud.pid), threading.Event()
        rampage = threading.Thread(target=monkey.rampage, args=(done, ["postgres"]), kwargs={"pause_s": (5.0, 20.0)}, daemon=True)
        with Crowd(client) as crowd, Sampler(hudhud.pid) as sampler:
            rampage.start()
            time.sleep(RESTARTS_S)
            done.set()
            rampage.join()
            time.sleep(2)
        assert len(monkey.log) >= 2
        calls = finish(hudhud, client, ledger, crowd, len(monkey.log), samples=sampler.samples)
    finally:
        hudhud.stop()
    assert {call.status for call in calls} <= {200, None, 503}
    assert all(call.retry_after for call in calls if call.status == 503)
