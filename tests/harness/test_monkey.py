"""The monkey kills below its root and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from tests.harness.monkey import Monkey

PARENT = """
import subprocess, sys, time
children = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", name]) for name in ("hudhud.workers.main", "hudhud.edge.main", "hudhud.workers.main")]
print("ready", flush=True)
time.sleep(60)
"""


def family() -> subprocess.Popen[str]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    return parent


def test_kills_a_part_by_name_and_then_everything() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "hudhud.workers.main"])
    parent = family()
    monkey = Monkey(parent.pid, seed=7)
    victims = {process.pid for process in monkey.parts("worker")}
    assert len(victims) == 2
    assert monkey.kill("worker")
    assert monkey.log[-1][2] in victims
    assert not monkey.kill("clickhouse")
    deadline = time.monotonic() + 5
    while len([p for p in monkey.parts("worker") if p.status() != psutil.STATUS_ZOMBIE]) == 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    rest = monkey.family()
    monkey.kill_everything()
    assert parent.wait(5) == -9
    assert psutil.wait_procs(rest, timeout=5)[1] == []
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert parent.stdout is not None
    parent.stdout.close()
