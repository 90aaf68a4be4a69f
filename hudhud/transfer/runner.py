"""Bring a file into the intake log: in chunks, each with the position behind it and its bad rows in one transaction, so that a kill costs nothing.

Two imports at once cannot harm each other: rows become messages, and people are changed by the intake alone. Of two values for one attribute
the one whose row is processed last stands, field by field; an empty cell never erases. A message's id is made of the file's fingerprint and the
line (events, and what the command line reads: a second run has no second effect) or of the import's number (people sent by the API: whoever
sends the same list again means it).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hudhud.consent.actions import suppress_listed
from hudhud.consent.queries import find_topics
from hudhud.events.actions import append_rows
from hudhud.events.types import Row, check_text, lane_of, parse, person_key
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.kit.failpoint import reach
from hudhud.people.actions import hold
from hudhud.people.queries import upsert_in
from hudhud.transfer.erased import Chunk, Made, without_erased
from hudhud.transfer.guess import guess_delimiter
from hudhud.transfer.mapping import Maker
from hudhud.transfer.plans import Options, mapping_of, read_options
from hudhud.transfer.sayings import check_proof, refusal_of
from hudhud.transfer.source import examine
from hudhud.transfer.tables import Record, format_of, header_of, read_rows
from hudhud.transfer.types import ImportRunning, Reading, source_of
from hudhud.transfer.values import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from hudhud.consent.types import Topic
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database, Scope
    from hudhud.transfer.rules import Mapping
    from hudhud.transfer.source import Source
    from hudhud.transfer.types import Kind, Plan, Typed

QUERIES = sql.load("hudhud.transfer")
LOG = sql.load("hudhud.events")
CHUNK_ROWS = 5_000
CHUNK_BYTES = 16 * 1024 * 1024  # of what becomes of them: a row may be as large as 200 others
# More than this unread in the log: wait for the workers, so that a large file does not fill the disk twice.
MAX_BACKLOG = 300_000
# A reading of a customer's database begins when there is room for a good part of it.
MAX_BACKLOG_BEFORE = MAX_BACKLOG // 2
BACKLOG_PAUSE_S = 0.5
LEASE_S = 60.0
LOCK_SEED = 0x696D706F7274  # "import"
MAX_REASON = 300
# Of one import the bad rows that are kept; of each its body, its reason and what the table adds.
MOST_REJECT_BYTES = 64 * 1024 * 1024
ROW_BYTES = 60


class Stopped(HudhudError):
    """Somebody stopped this import, or another worker has taken it over."""

    code = "import_stopped"


@dataclass(slots=True)
class Report:
    """What an import did, over all its runs."""

    id: int
    accepted: int = 0
    rejected: int = 0
    rejects: str = ""  # path of the file with bad rows, when there are any (command line)
    line: int = 0
    already: bool = False  # it was complete before
    last_txid: str = "0"


class Rows(Protocol):
    """Rows that come from elsewhere than a file; they begin behind what is in already."""

    def records(self, typed: Typed | None = None) -> Iterator[Record]:
        """Read them; in the columns of `typed` as values."""

    def leave(self) -> bool:
        """Stop here if another run can go on; return whether it can."""

    def id_of(self, record: Record) -> str:
        """Return the id of the message that a row becomes: the same whenever it is read again."""

    def keep_place(self, ws: Scope) -> None:
        """Write down how far was read, in the transaction that keeps these rows."""


@dataclass
class Job:
    """One file, or whatever else has rows, understood, on its way in."""

    db: Database
    workspace_id: int
    kind: Kind
    source: Source
    reading: Reading
    columns: list[str]
    mapping: Mapping | None  # None: JSON lines
    now: Callable[[], datetime]
    id: int = 0  # known from the start when it came by the API
    fence: int = 0
    read_bytes: int = 0
    rows: Rows | None = None  # None: the source's
    takes_erased: bool = False  # also rows about people who were erased here
    keys: Keys = field(kw_only=True)  # by which those are known
    wait: Callable[[float], object] = field(kw_only=True)  # sleep, and give signs of life

    @property
    def fingerprint(self) -> bytes:
        """Stand for the file's bytes and how they are read."""
        how = (self.reading, self.mapping, *(("erased",) if self.takes_erased else ()))
        return hashlib.sha256(self.source.digest + self.kind.encode() + repr(how).encode()).digest()

    @property
    def message_base(self) -> str:
        """What the ids of its messages begin with."""
        return f"import:{self.id}" if self.fence and self.kind != "events" else f"import:{self.fingerprint[:16].hex()}"

    def records(self, moved: Callable[[int], None], typed: Typed | None = None) -> Iterator[Record]:
        """Read the rows behind the header; `typed`: the columns whose values their `Maker` takes as they are."""
        if self.rows:
            return self.rows.records(typed)
        rows = read_rows(self.source, self.reading, len(self.columns) if self.mapping else None, moved, typed)
        if self.mapping and self.reading.has_header:
            next(rows, None)
        return rows

    def namer(self) -> Callable[[Record], str]:
        """Return what names the message that a row becomes, unless the row has an id of its own."""
        if self.rows:
            return self.rows.id_of
        base = self.message_base
        return lambda record: f"{base}:{record.line}"


def read_columns(source: Source, reading: Reading) -> list[str]:
    """Return the names of the columns; raises `InvalidInput`."""
    first = next(iter(read_rows(source, reading, None, lambda _: None)), None)
    if first is None or not isinstance(first.raw, list):
        raise InvalidInput("FILE", source.name, "it is empty")
    return header_of(first.raw, has_header=reading.has_header)


def prepare(  # noqa: PLR0913 -- what a job needs
    db: Database,
    workspace_id: int,
    kind: Kind,
    source: Source,
    options: Options,
    now: Callable[[], datetime],
    wait: Callable[[float], object],
    given: Reading | None = None,
    *,
    keys: Keys,
) -> Job:
    """Understand a file by the command line's options; raises `InvalidInput` before anything is written."""
    known = examine(source)
    form = format_of(known)
    said = given or Reading()
    reading = replace(said, format=form, encoding=said.encoding if given and said.encoding else known.encoding)
    if form == "ndjson":
        if said_too_much := [*options.maps, *options.subscribe, *([options.refused] if options.refused else ())]:
            raise InvalidInput("--map", ", ".join(said_too_much), "is for tables; JSON lines are Segment messages already")
        return Job(db, workspace_id, kind, known, reading, [], None, now, takes_erased=options.takes_erased, keys=keys, wait=wait)
    if form == "csv" and not (given and given.delimiter):
        reading = replace(reading, delimiter=guess_delimiter(known, reading.encoding))
    columns = read_columns(known, reading)

    def topics() -> Sequence[Topic]:
        with db.workspace(workspace_id) as ws:
            return find_topics(ws)

    mapping = read_options(kind, options, columns, reading, topics)
    return Job(db, workspace_id, kind, known, reading, columns, mapping, now, takes_erased=options.takes_erased, keys=keys, wait=wait)


def from_plan(source: Source, kind: Kind, plan: Plan, topics: Sequence[Topic]) -> tuple[Source, list[str], Mapping | None]:
    """Understand a file by a plan; raises `InvalidInput` when they do not fit. Its fingerprint is taken on the way."""
    known = examine(source)
    if plan.reading.format == "ndjson":
        return known, [], None
    columns = read_columns(known, plan.reading)
    return known, columns, mapping_of(kind, plan, columns, topics)


def run_file(job: Job, moved: Callable[[int], None]) -> Report:
    """Import a file of the command line, alone: what is not in yet. Raises `ImportRunning`."""
    with _alone(job):
        report = _open(job)
        if not report.already:
            run(job, report, moved)
    return report


def run(job: Job, report: Report, moved: Callable[[int], None]) -> None:
    """Bring in what lies behind the report's line; raises `Stopped`, and `InvalidInput` for a file that cannot be read to its end."""

    def tell(place: int) -> None:
        job.read_bytes = place
        moved(place)

    maker = Maker(job.mapping) if job.mapping else None
    records = job.records(tell, maker.typed if maker else None)
    ahead = (record for record in records if record.line > report.line)
    while (chunk := make(job, ahead, maker)).line:
        _take_chunk(job, report, chunk)
        reach("import.chunk")
        # Nobody's query is kept open while our own workers are behind.
        if job.rows and not has_room(job, MAX_BACKLOG) and job.rows.leave():
            break
        wait_for_room(job, MAX_BACKLOG)
    with job.db.workspace(job.workspace_id) as ws:
        ws.run(QUERIES.end_import, import_id=job.id, state="done", now=job.now(), problem="", numbers=None, fence=job.fence)
        ws.run(QUERIES.delete_pieces, import_id=job.id)


def _open(job: Job) -> Report:
    with job.db.workspace(job.workspace_id) as ws:
        row = ws.one(QUERIES.open_import, kind=job.kind, digest=job.fingerprint, name=job.source.name, size=job.source.size, now=job.now())
    assert row is not None
    job.id, job.fence = row["id"], row["fence"]
    return Report(row["id"], row["accepted"], row["rejected"], "", row["line"], row["finished_at"] is not None)


def make(job: Job, records: Iterator[Record], maker: Maker | None, most: int = CHUNK_ROWS) -> Chunk:
    """Turn the next rows into messages, so many as memory has room for: of the rows themselves it keeps one."""
    made: list[Made] = []
    bad: list[tuple[int, str, bytes]] = []
    line = weight = 0
    id_of = job.namer()
    for record in records:
        line = record.line
        reach("import.row")
        try:
            if record.problem:
                raise InvalidInput("row", record.problem, "mend it in the file of rejects and import that")
            one = _from_cells(maker, record, id_of) if maker else _from_line(job, record, id_of)
            made.append(one)
            weight += len(one.body)
        except HudhudError as error:
            bad.append((line, _clean(error.message)[:MAX_REASON], _raw(record)))
            weight += len(bad[-1][2])
        if len(made) + len(bad) >= most or weight >= CHUNK_BYTES:
            break
    return Chunk(made, bad, line)


def _from_cells(maker: Maker, record: Record, id_of: Callable[[Record], str]) -> Made:
    assert isinstance(record.raw, list)
    message, refusal = maker.message(record.raw, is_read=record.is_read)
    # Who is only never to be written to need not become a person.
    if maker.mapping.kind == "suppressions" and "subscriptions" not in message["traits"]:
        return Made(record.line, "", b"", refusal)
    body = maker.body(message, id_of(record))
    return Made(record.line, message.get("userId") or message.get("anonymousId") or message["traits"]["email"], body, refusal)


def _from_line(job: Job, record: Record, id_of: Callable[[Record], str]) -> Made:
    assert isinstance(record.raw, bytes)
    check_text(record.raw)
    if job.kind == "suppressions":
        return Made(record.line, "", b"", refusal_of(record.raw))
    message = parse(record.raw)
    if message.type == "identify":
        upsert_in(bytes(message.context))
    if job.kind != "events" and message.type != "identify":
        raise InvalidInput("type", message.type, "people come as identify messages; use hudhud import events for the rest")
    if job.kind == "consent":
        check_proof(bytes(message.traits), bytes(message.context))
    body = record.raw
    if message.message_id is None:
        body = body[:-1] + b',"messageId":"%s"}' % id_of(record).encode()
    return Made(record.line, person_key(message), body)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


def _raw(record: Record) -> bytes:
    if isinstance(record.raw, bytes):
        return msgspec.json.encode(record.raw.decode("utf-8", "replace"))
    return msgspec.json.encode([to_text(cell).encode("utf-8", "replace").decode() for cell in record.raw])


def _take_chunk(job: Job, report: Report, chunk: Chunk) -> None:
    source = source_of(job.id)
    with job.db.workspace(job.workspace_id) as ws:
        made, bad, line = chunk if job.takes_erased else without_erased(ws, job.keys, chunk)
        rows = [Row(job.workspace_id, lane_of(one.key, bulk=True), source, one.body) for one in made if one.body]
        refusals = [one.refusal for one in made if one.refusal]
        if refusals:
            hold(ws)  # before the import's row, as the intake does: the list's trigger touches people
        row = _move(job, ws, line, len(made), len(bad))
        if refusals:
            suppress_listed(ws, refusals, source, job.now())
        if job.rows:
            job.rows.keep_place(ws)
        if rows:
            append_rows(ws, rows, job.now())
        keep_rejects(ws, job.id, bad, MOST_REJECT_BYTES - row["reject_bytes"])
    report.line, report.accepted, report.rejected, report.last_txid = line, row["accepted"], row["rejected"], row["txid"]


def keep_rejects(ws: Scope, import_id: int, bad: Sequence[tuple[int, str, bytes]], room: int) -> None:
    """Keep the first of these bad rows, so many bytes of them; of the others their number."""
    sizes = list(accumulate(len(body) + len(reason) + ROW_BYTES for _, reason, body in bad))
    kept = bisect_right(sizes, room)
    if kept:
        lines, reasons, bodies = (list(column) for column in zip(*bad[:kept], strict=True))
        ws.run(QUERIES.add_rejects, import_id=import_id, lines=lines, reasons=reasons, bodies=bodies)
    if bad:
        # What does not fit closes the door for smaller ones behind it: kept is the beginning of the file.
        size = sizes[kept - 1] if kept else 0
        ws.run(QUERIES.count_rejects, import_id=import_id, bytes=size if kept == len(bad) else max(room, 0), gone=len(bad) - kept)


def _move(job: Job, ws: Scope, line: int, accepted: int, rejected: int) -> dict[str, Any]:
    numbers = {"line": line, "accepted": accepted, "rejected": rejected, "read_bytes": job.read_bytes}
    row = ws.one(QUERIES.move_import, import_id=job.id, fence=job.fence, lease_s=LEASE_S, **numbers)
    if row is None:
        raise Stopped
    return row


def has_room(job: Job, most: int) -> bool:
    """Say whether less than `most` rows of imports wait in the log."""
    with job.db.everywhere() as everywhere:
        return int(everywhere.value(LOG.backlog_of_imports, limit=most)) < most


def wait_for_room(job: Job, most: int) -> None:
    """Wait until that is so; raises `Stopped`."""
    while not has_room(job, most):
        renew(job)
        job.wait(BACKLOG_PAUSE_S)


def renew(job: Job) -> None:
    """Keep the lease; raises `Stopped`."""
    with job.db.workspace(job.workspace_id) as ws:
        if not ws.run(QUERIES.renew, import_id=job.id, fence=job.fence, lease_s=LEASE_S, read_bytes=job.read_bytes):
            raise Stopped


def is_processed(everywhere: Scope, report: Report) -> bool:
    """Say whether the workers are through with what this run brought."""
    return not everywhere.value(LOG.has_unread_imports, txid=report.last_txid)


def has_workers(everywhere: Scope) -> bool:
    """Say whether anybody reads the log."""
    return int(everywhere.value(LOG.count_workers)) > 0


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
