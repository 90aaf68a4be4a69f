"""What Hudhud takes when it idles: memory of each process, CPU of all of them together."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench.figures import Figure
from bench.stack import free_port
from tests.harness import sampler
from tests.harness.product import Product

SETTLE_S, WATCH_S = 10.0, 20.0
CEILINGS_MB = {"edge": 256, "web": 256, "worker": 256, "clickhouse": 1536}


def measure(*, settle_s: float = SETTLE_S, watch_s: float = WATCH_S) -> list[Figure]:
    """Start everything, let it settle, watch it do nothing."""
    folder = Path(tempfile.mkdtemp(prefix="hudhud-bench-"))
    folder.chmod(0o755)
    try:
        with Product(folder, free_port()) as hudhud:
            hudhud.command("owner", "create", "--email", "owner@example.com", "--password", "correct horse battery")
            hudhud.command("journey", "install", "cart")
            hudhud.command("journey", "start", "cart")
            time.sleep(settle_s)
            before, began = sampler.take(hudhud.pid), time.monotonic()
            time.sleep(watch_s)
            after, took = sampler.take(hudhud.pid), time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [_cpu(before, after, took), *memory(after)]


def _cpu(before: list[sampler.Sample], after: list[sampler.Sample], took: float) -> Figure:
    used = {sample.pid: -sample.cpu_s for sample in before}
    spent: dict[str, float] = defaultdict(float)
    for sample in after:
        spent[sample.part or "other"] += used.get(sample.pid, 0.0) + sample.cpu_s
    note = ", ".join(f"{part} {seconds / took:.1%}" for part, seconds in sorted(spent.items()))
    return Figure("idle CPU, everything together", 100 * sum(spent.values()) / took, "% of a core", target=5, at_least=False, note=note)


def memory(samples: list[sampler.Sample]) -> list[Figure]:
    """Return the largest process of each part as a figure."""
    most: dict[str, float] = defaultdict(float)
    for sample in samples:
        most[sample.part] = max(most[sample.part], sample.rss_mb)
    return [
        Figure(f"memory of the {part} process, idle", most[part], "MB", target=ceiling, at_least=False)
        for part, ceiling in CEILINGS_MB.items()
    ]
