"""Reading ahead: rows of the log never change, so those behind a batch are read and decoded while ClickHouse takes the batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from hudhud.events import actions as events
from hudhud.events.types import Event, Reason, Refusal, reason_of, reread
from hudhud.kit.errors import HudhudError
from hudhud.workers.messages import to_event
from hudhud.workers.quarantine import explain

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

    from hudhud.events.actions import Claim, LogRow
    from hudhud.kit.db import Database, Scope

    Decoded = dict[int, Event | Refusal]


class Ahead:
    """What was read ahead, by the rows' ids; a help, never the truth: which rows a batch has is asked each time."""

    def __init__(self, db: Database) -> None:
        """Begin with nothing."""
        self._db = db
        self._thread = ThreadPoolExecutor(1)
        self._reading: Future[Decoded] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """End with what is being read."""
        self._thread.shutdown()

    def read_on(self, claim: Claim) -> None:
        """Read what lies behind this batch, in a thread and a transaction of its own."""
        self._reading = self._thread.submit(self._read, claim)

    def decode(self, everywhere: Scope, claim: Claim) -> list[Event | Refusal]:
        """Return every row of the batch, in order within each lane: a message, or why it is none."""
        known = self._take()
        if not known:
            return [decode_row(row) for row in events.read_batch(everywhere, claim)]
        ids = events.read_batch_ids(everywhere, claim)
        if missing := [row_id for row_id in ids if row_id not in known]:
            known |= {row[0]: decode_row(row) for row in events.read_batch(everywhere, claim, missing)}
        return [known[row_id] for row_id in ids]

    def _take(self) -> Decoded:
        reading, self._reading = self._reading, None
        return reading.result() if reading is not None else {}

    def _read(self, claim: Claim) -> Decoded:
        try:
            with self._db.everywhere() as everywhere:
                return {row[0]: decode_row(row) for row in events.read_behind(everywhere, claim)}
        except (psycopg.OperationalError, PoolTimeout):
            return {}


def decode_row(row: LogRow) -> Event | Refusal:
    """Make an event of a row; what is no message is refused with the reason."""
    row_id, workspace_id, received_at, source, body = row
    try:
        return to_event(reread(body), workspace_id, row_id, received_at, source)
    except HudhudError as error:
        return Refusal(workspace_id, source, reason_of(error), error.message, body, row_id)
    except Exception as error:  # noqa: BLE001 -- one row that nobody foresaw must not stop the others
        return Refusal(workspace_id, source, Reason.POISON, explain(error), body, row_id)
