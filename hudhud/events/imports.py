"""Bring a file into the intake log: in chunks, each with the position behind it in one transaction, so that a kill costs nothing.

A message's id is made of the file's fingerprint and the line, so a second run has no second effect. Bad rows go into a file beside it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from hudhud.events.actions import append_rows
from hudhud.events.files import Record, Source, read_csv, read_header, read_json_lines
from hudhud.events.mapping import Mapping, Options, read_mapping
from hudhud.events.types import Row, check_text, lane_of, parse, person_key
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, HudhudError, InvalidInput
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.events")
CHUNK_ROWS = 5_000
# More than this unread in the log: wait for the workers, so that a large file does not fill the disk twice.
MAX_BACKLOG = 300_000
BACKLOG_PAUSE_S = 0.5
LOCK_SEED = 0x696D706F7274  # "import"


class ImportRunning(Conflict):
    """This file is being imported right now; wait for that to end."""

    code = "import_running"


@dataclass(slots=True)
class Report:
    """What an import did, over all its runs."""

    id: int
    accepted: int = 0
    rejected: int = 0
    rejects: str = ""  # path of the file with bad rows, when there are any
    line: int = 0
    already: bool = False  # it was complete before
    last_txid: str = "0"


@dataclass
class Job:
    """One file on its way in."""

    db: Database
    workspace_id: int
    kind: str
    source: Source
    mapping: Mapping | None  # None: JSON lines
    columns: list[str] = field(default_factory=list)
    delimiter: str = ","
    now: Callable[[], datetime] = field(kw_only=True)

    @property
    def fingerprint(self) -> bytes:
        """Stand for the file's bytes and how they are read."""
        return hashlib.sha256(self.source.digest + self.kind.encode() + repr(self.mapping).encode()).digest()

    @property
    def rejects_path(self) -> Path:
        """Where bad rows go."""
        return self.source.path.with_name(f"{self.source.path.name}.rejects.{'ndjson' if self.mapping is None else 'csv'}")

    def records(self, moved: Callable[[int], None]) -> Iterator[Record]:
        """Read the file."""
        if self.mapping is None:
            return read_json_lines(self.source, moved)
        return read_csv(self.source, self.columns, self.delimiter, moved)


def prepare(db: Database, workspace_id: int, kind: str, source: Source, options: Options, now: Callable[[], datetime]) -> Job:
    """Understand the file and the options; raises `InvalidInput` before anything is written."""
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith((".ndjson", ".jsonl", ".json")):
        if options.maps or options.subscribe:
            raise InvalidInput(
                "--map", ", ".join([*options.maps, *options.subscribe]), "is for CSV; JSON lines are Segment messages already"
            )
        return Job(db, workspace_id, kind, source, None, now=now)
    columns, delimiter = read_header(source)
    return Job(db, workspace_id, kind, source, read_mapping(kind, options, columns), columns, delimiter, now=now)


def run(job: Job, moved: Callable[[int], None]) -> Report:
    """Import what is not imported yet; `moved` is told how many bytes of the file are read. Raises `ImportRunning`."""
    with _alone(job):
        report = _open(job)
        if report.already:
            return report
        rejects = _Rejects(job, report.line)
        for chunk in _chunks(record for record in job.records(moved) if record.line > report.line):
            _take_chunk(job, report, chunk, rejects)
            reach("import.chunk")
            _wait_for_workers(job)
        with job.db.workspace(job.workspace_id) as ws:
            ws.run(QUERIES.finish_import, import_id=report.id, now=job.now())
    return report


def _open(job: Job) -> Report:
    with job.db.workspace(job.workspace_id) as ws:
        row = ws.one(QUERIES.open_import, kind=job.kind, digest=job.fingerprint, name=job.source.path.name, now=job.now())
    assert row is not None
    rejects = str(job.rejects_path) if row["rejected"] else ""
    return Report(row["id"], row["accepted"], row["rejected"], rejects, row["line"], row["finished_at"] is not None)


def _take_chunk(job: Job, report: Report, chunk: list[Record], rejects: _Rejects) -> None:
    rows: list[Row] = []
    for record in chunk:
        try:
            rows.append(_to_row(job, report.id, record))
        except HudhudError as error:
            rejects.add(record, error.message)
    # Bad rows first: what is lost by a kill in between is written again, and cut off at the position.
    rejected = rejects.flush()
    with job.db.workspace(job.workspace_id) as ws:
        append_rows(ws, rows, job.now())
        row = ws.one(QUERIES.move_import, import_id=report.id, line=chunk[-1].line, accepted=len(rows), rejected=rejected)
        assert row is not None
    report.line, report.accepted, report.rejected, report.last_txid = chunk[-1].line, row["accepted"], row["rejected"], row["txid"]
    if report.rejected:
        report.rejects = str(job.rejects_path)


def _to_row(job: Job, import_id: int, record: Record) -> Row:
    if record.problem:
        raise InvalidInput("row", record.problem, "mend it in the file of rejects and import that")
    if job.mapping is None:
        assert isinstance(record.raw, bytes)
        body = record.raw
    else:
        assert record.cells is not None
        body = msgspec.json.encode(job.mapping.message(record.cells))
    check_text(body)
    message = parse(body)
    if job.kind == "people" and message.type != "identify":
        raise InvalidInput("type", message.type, "people come as identify messages; use hudhud import events for the rest")
    if message.message_id is None:
        body = body[:-1] + b',"messageId":"import:%s:%d"}' % (job.fingerprint[:16].hex().encode(), record.line)
    return Row(job.workspace_id, lane_of(person_key(message), bulk=True), f"import:{import_id}", body)


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _wait_for_workers(job: Job) -> None:
    while True:
        with job.db.everywhere() as everywhere:
            if int(everywhere.value(QUERIES.backlog_of_imports, limit=MAX_BACKLOG)) < MAX_BACKLOG:
                return
        time.sleep(BACKLOG_PAUSE_S)


def is_processed(everywhere: Scope, report: Report) -> bool:
    """Say whether the workers are through with what this run brought."""
    return not everywhere.value(QUERIES.has_unread_imports, txid=report.last_txid)


def has_workers(everywhere: Scope) -> bool:
    """Say whether anybody reads the log."""
    return int(everywhere.value(QUERIES.count_workers)) > 0


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Hold a session lock on this import, so that two processes do not read one file at once."""
    key = int.from_bytes(job.fingerprint[:8], "big", signed=True) ^ LOCK_SEED
    with job.db.pool.connection() as conn:
        try:
            if not conn.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,):
                raise ImportRunning
            yield
        finally:
            if not conn.closed:
                conn.execute("SELECT pg_advisory_unlock(%s)", (key,))


class _Rejects:
    """The file of bad rows: line, reason, and the row as it was."""

    def __init__(self, job: Job, line: int) -> None:
        """Keep of an earlier run what stands at or before `line`: a killed one wrote beyond its position."""
        self.job = job
        self.waiting: list[str] = []
        if job.rejects_path.exists():
            self.waiting = [text for number, text in self._known() if number <= line]
            job.rejects_path.unlink()
            self.flush()

    def _known(self) -> Iterator[tuple[int, str]]:
        with self.job.rejects_path.open("r", encoding="utf-8", newline="") as file:
            if self.job.mapping is None:
                for text in file:
                    yield msgspec.json.decode(text)["line"], text
                return
            rows = csv.reader(file)
            next(rows, None)
            for row in rows:
                yield int(row[0]), _csv_text(row)

    def add(self, record: Record, reason: str) -> None:
        """Note a bad row."""
        if isinstance(record.raw, bytes):
            told = {"line": record.line, "reason": reason, "message": record.raw.decode("utf-8", "replace")}
            self.waiting.append(msgspec.json.encode(told).decode() + "\n")
        else:
            self.waiting.append(_csv_text([str(record.line), reason, *record.raw]))

    def flush(self) -> int:
        """Write what waits to disk; return how many rows that are."""
        if not self.waiting:
            return 0
        path = self.job.rejects_path
        fresh = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            if fresh and self.job.mapping is not None:
                file.write(_csv_text(["line", "reason", *self.job.columns]))
            file.writelines(self.waiting)
            file.flush()
            os.fsync(file.fileno())
        count = len(self.waiting)
        self.waiting = []
        return count


def _csv_text(row: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue()
