"""Imports by the command line: a file of people into the log, its memory, and on to the people they become."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet

from bench.figures import Figure
from bench.shop import open_shop
from bench.stack import ROOT, Stack, wait_until

# Below what an import lets wait in the log: so nobody has to empty it meanwhile.
ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "100000"))
PROCESSED = 30_000
LOOK_EVERY_S = 0.02
HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
HEADER = "id,email,first_name,last_name,city,age,spent,vip\n"
LEFT = "SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)"


def measure() -> list[Figure]:
    """CSV and Parquet of the same people; then the workers take what waits."""
    with Stack() as stack:
        open_shop(stack)
        table = stack.folder / "people.csv"
        _write(table, ROWS)
        columns = _to_parquet(table)
        csv_rate, csv_mb, csv_s = _import(stack, table)
        _empty(stack)
        parquet_rate, parquet_mb, parquet_s = _import(stack, columns)
        # What the command takes before its first row, and the library for Parquet with it.
        start = stack.folder / "start.csv"
        _write(start, 10)
        csv_us = (csv_s - _import(stack, start)[2]) / ROWS * 1e6
        parquet_us = (parquet_s - _import(stack, _to_parquet(start))[2]) / ROWS * 1e6
        _empty(stack)
        few = stack.folder / "few.csv"
        _write(few, PROCESSED)
        _import(stack, few)
        with stack.process("hudhud.workers.main", "--roles", "intake,segments,journeys"):
            wait_until(lambda: _left(stack) < PROCESSED, 60, what="the first batch")
            began, left = time.perf_counter(), _left(stack)
            wait_until(lambda: _left(stack) == 0, 120, what="the log to be empty")
            processed = left / (time.perf_counter() - began)
    size = f"{ROWS:,} rows"
    return [
        Figure("CSV import: file to log", csv_rate, "rows/s", target=20_000, note=size),
        Figure("CSV import: memory", csv_mb, "MB", target=256, at_least=False),
        Figure("Parquet import: file to log", parquet_rate, "rows/s", target=20_000, note=size),
        Figure("Parquet import: memory", parquet_mb, "MB", target=256, at_least=False),
        # What a busy machine changes least.
        Figure("Parquet import: processor time of a row", parquet_us, "µs", at_least=False, floor=csv_us, floor_name="CSV", ratio_target=1),
        Figure("import: log to new people in both engines, one worker", processed, "rows/s", note=f"{PROCESSED:,} rows, all new people"),
    ]


def _write(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(
            f"c{n},person{n}@example.com,Ann{n % 977},Lee,Tallinn,{20 + n % 60},{n % 1000}.5,{'true' if n % 9 == 0 else 'false'}\n"
            for n in range(rows)
        )


def _to_parquet(table: Path) -> Path:
    path = table.with_suffix(".parquet")
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(table), path)
    return path


def _import(stack: Stack, path: Path) -> tuple[float, float, float]:
    """Return rows/s from the first byte on, the largest resident memory of the command in MB, and its processor time in seconds.

    Not by wait4: the kernel counts what this process had when it forked as the command's own.
    """
    program = [sys.executable, "-m", "hudhud.cli", "import", "people", str(path), "--map", "user_id=id", "--no-wait", "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(program, env=stack.env(), cwd=ROOT, stdout=subprocess.PIPE) as running:
        most = 0.0
        while running.poll() is None:
            most = max(most, _high_water_mb(running.pid))
            time.sleep(LOOK_EVERY_S)
        assert running.stdout is not None
        report = json.loads(running.stdout.read())
    if running.returncode or report["rejected"]:
        raise RuntimeError(report)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return report["accepted"] / report["seconds"], most, spent_s


def _high_water_mb(pid: int) -> float:
    """Return the most memory that a process has had resident; 0 when it has just ended."""
    found = HIGH_WATER.search(Path(f"/proc/{pid}/status").read_text("utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def _left(stack: Stack) -> int:
    with stack.db.everywhere() as everywhere:
        row = everywhere.conn.execute(LEFT).fetchone()
    return int(row[0]) if row else 0


def _empty(stack: Stack) -> None:
    with stack.admin() as admin:
        admin.execute("TRUNCATE intake")
