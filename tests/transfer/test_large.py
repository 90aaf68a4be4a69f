"""F-35 at full size: a file of a gigabyte (100 MB in the long run) in bounded memory, each bad row told with its line, all others taken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.db import Database

SIZE = int(os.environ.get("PROVE_IMPORT_MB", "60")) * 1_000_000
MOST_MB = 256
HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
LOOK_EVERY_S = 0.02
HEADER = "id,email,city,age,spent,note\n"
NOTE = "Bought boots; asks about sizes and about when they come; " * 8
EVERY = 1_000
# What goes wrong with every thousandth row by turns; None: as many lines as it has are good rows.
BROKEN = (
    "{n},no address,Tallinn,1,2.5,x\n",
    "{n},short@b.ee,Tallinn\n",
    "{n},long@b.ee,Tallinn,1,2.5,x,y\n",
    '{n},open@b.ee,"Tallinn,1,2.5,x\n',
    "{n},nul@b.ee,\0,1,2.5,x\n",
    "{n},large@b.ee,Tallinn,1,2.5," + "x" * 100_000 + "\n",
)


def rows(size: int, bad: list[int]) -> Iterator[str]:
    """Yield the lines of a file of `size` bytes; the numbers of the bad ones are added to `bad`."""
    yield HEADER
    done = 0
    for line in count(2):
        if line % EVERY == 0:
            bad.append(line)
            text = BROKEN[len(bad) % len(BROKEN)].format(n=line)
        else:
            text = f"c{line},p{line}@example.com,Tallinn,{20 + line % 60},{line % 1000}.5,{NOTE}\n"
        yield text
        done += len(text)
        if done >= size:
            return


def imported(db: Database, path: Path, *options: str) -> tuple[dict[str, Any], float, list[int]]:
    """Import a file by the command; return its report, the most memory it had resident (MB) and the lines of the bad rows."""
    shop = make.workspace(db, path.name)
    program = [sys.executable, "-m", "hudhud.cli", "import", "people", str(path), "--workspace", str(shop), "--no-wait", "--json", *options]
    env = {**os.environ, "DATABASE_URL": db.url, "HUDHUD_DATA": str(path.parent)}
    most = 0.0
    with subprocess.Popen(program, env=env, stdout=subprocess.PIPE) as running:
        for look in count():
            if running.poll() is not None:
                break
            found = HIGH_WATER.search(Path(f"/proc/{running.pid}/status").read_text("utf-8"))
            most = max(most, int(found[1]) / 1024 if found else 0.0)
            if look % 50 == 0:
                # In the workers' place, who would need an hour for a gigabyte: an import waits for a log that is full.
                with db.everywhere() as everywhere:
                    everywhere.conn.execute("TRUNCATE intake")
            time.sleep(LOOK_EVERY_S)
        assert running.stdout is not None
        report = json.loads(running.stdout.read())
    with db.workspace(shop) as ws:
        lines = [line for (line,) in ws.conn.execute("SELECT line FROM import_reject ORDER BY line").fetchall()]
    sys.stdout.write(
        f"\n{path.name}: {path.stat().st_size / 1e6:,.0f} MB, {report['accepted']:,} rows and {report['rejected']:,} bad in {report['seconds']} s, {most:.0f} MB of memory\n"
    )
    return report, most, lines


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_large_file_costs_its_bad_rows_and_little_memory(db: Database, tmp_path: Path) -> None:
    path, bad = tmp_path / "large.csv", list[int]()
    with path.open("w", encoding="utf-8") as file:
        file.writelines(rows(SIZE, bad))
    report, most, lines = imported(db, path, "--map", "user_id=id")
    assert lines == bad
    assert report["accepted"] == report["line"] - 1 - len(bad)
    assert most <= MOST_MB


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_quote_left_open_over_all_of_a_large_file_costs_one_row(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    with path.open("wb") as file:
        file.write(b'id,email\n1,a@b.ee\n2,"')
        file.seek(SIZE)  # a hole: nothing is written, NULs are read
        file.write(b"\n3,c@b.ee\n")
    report, most, lines = imported(db, path)
    assert (report["accepted"], lines) == (2, [3])
    assert most <= MOST_MB


@pytest.mark.long
def test_ten_thousand_columns_and_few_cells(db: Database, tmp_path: Path) -> None:
    columns, bad = 10_000, list[int]()
    path = tmp_path / "wide.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["email", *(f"c{place}" for place in range(1, columns))]) + "\n")
        for line in range(2, 3_502):
            if line % 100 == 0:
                bad.append(line)
            file.write(f"p{line}@b.ee,1," + "," * (columns - 3 - (line % 100 == 0)) + "x\n")
    report, most, lines = imported(db, path)
    assert lines == bad
    assert report["accepted"] == 3_500 - len(bad)
    assert most <= MOST_MB
