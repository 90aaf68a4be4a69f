"""F-06: kill -9 of the journeys worker at each of its system calls that write; another one goes on, and nobody is moved or written to twice."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.sql import Query
from tests import make
from tests.harness import checker
from tests.harness.checker import Evidence
from tests.journeys.stage import END, Stage, delay, send

if TYPE_CHECKING:
    from tests.faults.post import Post

# From one system call that is killed at to the next; `make prove` kills at each.
EVERY = int(os.environ.get("PROVE_EVERY", "29"))
SEVERAL = 4
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
GRAPH = {
    "key": "j",
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {
        "rest": delay(1, "days", "who"),
        "who": {"kind": "branch", "branches": [{"if": PRO, "next": "mail"}], "otherwise": "end"},
        "mail": send("hello", "end"),
        "end": END,
    },
    "start": "rest",
}
RUNS = Query("runs", "SELECT count(*), count(*) FILTER (WHERE outcome = 'finished') FROM run")
VISITS = Query(
    "visits", "SELECT r.person_id, array_agg(l.node ORDER BY l.visit) FROM run_log l JOIN run r ON r.id = l.run_id GROUP BY r.id"
)
WAY = ["", "rest", "who"]


class Sweep:
    """A journey in a small post office, and who has come in."""

    def __init__(self, post: Post) -> None:
        self.post, self.stage = post, Stage(post.db, post.ch, post.workspace_id)
        self.stage.publish(GRAPH, post.stage.at - timedelta(days=9))
        self.pros: dict[int, str] = {}
        self.others: list[int] = []

    def fill(self, number: int) -> None:
        """Let a few people come in who are due now."""
        addresses = [f"p{number}-{i}@example.com" for i in range(SEVERAL)]
        with self.post.db.workspace(self.post.workspace_id) as ws:
            people = make.people(ws, addresses)
        self.stage.mirror({person: {"plan": "pro" if i % 2 else "free"} for i, person in enumerate(people)})
        at = self.post.stage.at - timedelta(days=1, minutes=1)
        self.stage.take(*(self.stage.event(person, "Signed Up", at) for person in people))
        self.pros |= dict(zip(people[1::2], addresses[1::2], strict=True))
        self.others += people[::2]

    def is_over(self) -> bool:
        """Say whether everybody has come to the end."""
        with self.post.db.everywhere() as everywhere:
            begun, finished = everywhere.rows(RUNS)[0]
        return bool(begun == finished)

    def finish(self) -> None:
        """Let another worker do what is left; each person has taken each step once, and got one mail or none."""
        post = self.post
        post.end_leases()
        with post.worker(roles="journeys,delivery"):
            post.wait(self.is_over, 60)
            post.wait(lambda: post.states() == {"accepted": len(self.pros)}, 60)
        post.check()
        with post.db.everywhere() as everywhere:
            checker.check(Evidence(everywhere, post.ch), "I8")
            visits = sorted(tuple(row) for row in everywhere.rows(VISITS))
        assert visits == sorted([*((one, [*WAY, "mail", "end"]) for one in self.pros), *((one, [*WAY, "end"]) for one in self.others)])
        assert sorted(mail.recipient for mail in post.mails()) == sorted(self.pros.values())


@pytest.mark.skipif(
    shutil.which("strace") is None, reason="no strace here; the fail points in tests/journeys/test_crash.py cut between the same calls"
)
@pytest.mark.parametrize("call", [pytest.param("sendto", marks=pytest.mark.long), pytest.param("recvfrom", marks=pytest.mark.prove)])
def test_a_sweep_of_kills_over_the_planners_system_calls_moves_everybody_once(post: Post, call: str) -> None:
    sweep, number = Sweep(post), 1
    while True:
        sweep.fill(number)
        wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
        with post.worker(roles="journeys", wrapper=wrapper) as process:
            post.wait(lambda: process.poll() is not None or sweep.is_over(), 60)
            is_killed = process.poll() is not None
        if EVERY == 1:
            sweep.finish()
        if not is_killed:
            break
        number += EVERY
    sweep.finish()
    # It was no sweep that ended before anybody had begun to work.
    assert number > 2 * EVERY
