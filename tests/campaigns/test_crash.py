"""F-05: killed while rows are written, started twice: nobody twice, nobody lost; and what is frozen is what is sent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hudhud.campaigns import materialising
from hudhud.workers import campaigns as role

if TYPE_CHECKING:
    from tests.campaigns.conftest import Office

ROOT = Path(__file__).parents[2]
PEOPLE = 45
WORKER = """
import sys
from datetime import datetime
from hudhud.campaigns import materialising
from hudhud.kit.clickhouse import connect
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import settings
from hudhud.kit.crypto import Keys
from hudhud.kit.db import Database
from hudhud.workers import campaigns as role
from hudhud.workers.context import Context

materialising.write_chunk.__defaults__ = (7,)
context = Context("killed", settings(), Database(sys.argv[1]).open(), FixedClock(datetime.fromisoformat(sys.argv[3])), Keys((b"k" * 32,)))
ch = connect(sys.argv[2])
while role.work_once(context, ch):
    pass
"""

# It stops dead in the middle of its second chunk, and its session is given up sooner than usual.
STOP = """
import os, signal
seen = []
def stop_at_second(name):
    if name == "campaign.written":
        seen.append(name)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGSTOP)
"""
FROZEN = WORKER.replace(
    "context = ", "role.LOST = \"idle_in_transaction_session_timeout = '300ms'\"\nrole.reach = stop_at_second\ncontext = "
).replace("\nmaterialising.write", STOP + "\nmaterialising.write")


def freeze(office: Office, campaign_id: int) -> None:
    with office.db.workspace(office.workspace_id) as ws:
        found = materialising.look(ws, office.ch, campaign_id, office.desk.clock.now())
        assert found is not None
        assert materialising.freeze(ws, *found, office.desk.clock.now())


def check_everybody_once(office: Office, campaign_id: int, ids: list[int]) -> None:
    assert [row[0] for row in office.rows(campaign_id)] == ids
    found = office.numbers(campaign_id)
    assert (found["audience"], found["selected"], found["remaining"]) == (PEOPLE + 1, PEOPLE, 0)
    assert found["excluded"] == [{"reason": "not_subscribed", "people": 1}]


@pytest.mark.parametrize(
    ("point", "rows"),
    [("campaign.looked:1", 0), ("campaign.frozen:1", 0), ("campaign.written:1", 0), ("campaign.written:3", 14), ("campaign.chunk:4", 28)],
)
def test_a_killed_worker_loses_nobody_and_repeats_nobody(office: Office, clickhouse_url: str, point: str, rows: int) -> None:
    ids = office.people(*(f"p{number}@example.com" for number in range(PEOPLE)))
    office.people("never@example.com", topics=())
    campaign_id = office.draft()
    office.launch(campaign_id)
    arguments = [sys.executable, "-c", WORKER, office.db.url, clickhouse_url, office.desk.clock.now().isoformat()]
    killed = subprocess.run(arguments, env={**os.environ, "HUDHUD_FAILPOINT": point}, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(office.rows(campaign_id)) == rows
    # Who comes while it lasts is not in it: the audience was frozen, or is only now.
    late = office.people("late@example.com") if "looked" not in point else []
    office.work()
    check_everybody_once(office, campaign_id, ids)
    assert not late or late[0] not in {row[0] for row in office.rows(campaign_id)}


def test_two_workers_do_what_one_does(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(materialising.write_chunk, "__defaults__", (3,))
    ids = office.people(*(f"p{number}@example.com" for number in range(PEOPLE)))
    office.people("never@example.com", topics=())
    campaign_id = office.draft()
    office.launch(campaign_id)

    def work() -> None:
        while role.work_once(office.context, office.ch):
            pass

    freeze(office, campaign_id)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_everybody_once(office, campaign_id, ids)


def test_paused_between_two_chunks_it_goes_on_where_it_stood_and_cancelled_it_counts_the_rest(office: Office) -> None:
    office.people(*(f"p{number}@example.com" for number in range(10)))
    campaign_id = office.draft()
    office.launch(campaign_id)
    freeze(office, campaign_id)
    with office.db.workspace(office.workspace_id) as ws:
        assert materialising.write_chunk(ws, campaign_id, office.desk.clock.now(), 4) is not None
    office.do("pause", campaign_id)
    office.work()
    assert (len(office.rows(campaign_id)), office.numbers(campaign_id)["remaining"]) == (4, 6)
    office.do("resume", campaign_id)
    with office.db.workspace(office.workspace_id) as ws:
        assert materialising.write_chunk(ws, campaign_id, office.desk.clock.now(), 4) is not None
    office.do("cancel", campaign_id)
    office.work()
    found_after = office.numbers(campaign_id)
    assert found_after["skipped_for"] == [{"reason": "cancelled", "people": 8}]
    assert (found_after["excluded"], found_after["remaining"]) == ([{"reason": "cancelled", "people": 2}], 0)
    office.desk.work()
    assert office.desk.told() == []


def test_who_is_frozen_longer_than_others_wait_commits_nothing_afterwards(office: Office, clickhouse_url: str) -> None:
    ids = office.people(*(f"p{number}@example.com" for number in range(PEOPLE)))
    office.people("never@example.com", topics=())
    campaign_id = office.draft()
    office.launch(campaign_id)
    arguments = [sys.executable, "-c", FROZEN, office.db.url, clickhouse_url, office.desk.clock.now().isoformat()]
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE) as frozen:
        _, status = os.waitpid(frozen.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert len(office.rows(campaign_id)) == 7
        until = time.monotonic() + 20
        while office.numbers(campaign_id)["remaining"] and time.monotonic() < until:
            office.work()
            time.sleep(0.05)
        check_everybody_once(office, campaign_id, ids)
        frozen.send_signal(signal.SIGCONT)
        _, problem = frozen.communicate(timeout=30)
        assert (frozen.returncode, b"Traceback" in problem) == (0, False)
    assert office.get(campaign_id).failing == ""
    check_everybody_once(office, campaign_id, ids)
